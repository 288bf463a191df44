"""The plugin: what Datasette asks of us, and nothing else."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from datasette import NotFound, hookimpl
from datasette.app import Datasette
from datasette.utils.asgi import Request, Response
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader
from markupsafe import Markup

from tools.lighttable import nothing, words
from tools.lighttable.access import MAX_BODY_BYTES, Access, App, gate
from tools.lighttable.desk import Act, Desk, Show
from tools.lighttable.live import SHOWN, moment
from tools.lighttable.pages import all_pages
from tools.mill.settings import UsageError
from tools.mill.words import clean
from tools.report import queries

ITEM_ID = re.compile(r"(\w+_)?item_id|(cutout|composite|caption|frame|person|video|photo|source|parent|child)_id")
TEMPLATES = Path(__file__).parent / "templates"
BUSY_SENTENCE = "The manifest is busy, nothing was written. Try again in a moment."
SLOW_SENTENCE = "This took longer than five seconds. Narrow the filter."
LONGEST = 4_000_000
"""Bytes of the longest text or blob in a question or an answer: SQL may be typed here, and rows are built in memory."""


@dataclass(frozen=True)
class Served:
    """What belongs to one Datasette."""

    desk: Desk
    access: Access


F = TypeVar("F", bound=Callable[..., object])
hook: Callable[[F], F] = hookimpl

TABLES: WeakKeyDictionary[Datasette, Served] = WeakKeyDictionary()


@hook
def register_routes(datasette: Datasette) -> list[tuple[str, Callable[..., Awaitable[Response]]]]:
    if datasette not in TABLES:
        return []
    desk = TABLES[datasette].desk
    routes = []
    for page in all_pages():
        routes += [(rf"^/-/{page.word}{rest}$", _shown(desk, show)) for rest, show in page.shows.items()]
        routes += [(rf"^/-/{page.word}/{name}$", _acted(desk, act)) for name, act in page.acts.items()]
        if page.word == "overview":
            routes.append((r"^/$", _shown(desk, page.shows[""])))
    return routes


def _shown(desk: Desk, show: Show) -> Callable[..., Awaitable[Response]]:
    async def view(request: Request) -> Response:
        try:
            if "text/html" in request.headers.get("accept", ""):  # a whole page, that will ask whether it still stands
                SHOWN.set(await desk.read(lambda db: moment(db, desk.base)))
            return await show(desk, request)
        except UsageError as error:
            return await desk.page("message", 404, title="Not found", sentence=str(error))
        except sqlite3.OperationalError as error:
            if "interrupted" not in str(error):
                raise
            return await desk.page("message", 503, title="Too slow", sentence=SLOW_SENTENCE)

    return view


def _acted(desk: Desk, act: Act) -> Callable[..., Awaitable[Response]]:
    async def view(request: Request) -> Response:
        if request.method != "POST":
            raise NotFound("There is no such page.")
        body = await request.post_body()
        try:
            said = json.loads(body) if len(body) <= MAX_BODY_BYTES else None
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict):
            return desk.json({"error": "A JSON object was expected. Nothing was written."}, 400)
        try:
            return desk.json(await act(desk, said))
        except UsageError as error:
            return desk.json({"error": str(error)}, 400)
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            return desk.json({"error": BUSY_SENTENCE}, 503)

    return view


@hook
def asgi_wrapper(datasette: Datasette) -> Callable[[App], App]:
    if datasette not in TABLES:
        return lambda app: app
    served = TABLES[datasette]

    async def refused(status: int, sentence: str) -> str:
        template = datasette.jinja_env.get_template("table/sign-in.html")
        return str(await template.render_async(status=status, sentence=sentence))

    def wrapped(app: App) -> App:
        furnish(datasette.jinja_env, served.desk)  # the page that says no is needed before Datasette has started
        return gate(app, served.access, refused)

    return wrapped


def furnish(env: Environment, desk: Desk) -> None:
    """Give templates their folder, `table/`, and their words; Datasette's own pages get our frame."""
    ours = [PrefixLoader({"table": FileSystemLoader(TEMPLATES)}), FileSystemLoader(TEMPLATES / "datasette")]
    env.loader = ChoiceLoader([*ours, *([env.loader] if env.loader else [])])
    env.filters.update(words.FILTERS)
    env.globals.update(nav=[page for page in all_pages() if page.title], stamp=words.stamp, picture=words.picture)
    env.globals.update(workspace=desk.base.name, reviewer=desk.reviewer, why_nothing=nothing.why)


@hook
def prepare_connection(conn: sqlite3.Connection, datasette: Datasette) -> None:
    if datasette in TABLES:
        conn.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)


@hook
def skip_csrf(datasette: Datasette, scope: Mapping[str, Any]) -> bool | None:
    """Ours are checked by the gate: Datasette's own check lets a request without a cookie pass."""
    return True if datasette in TABLES and scope["path"] in TABLES[datasette].access.acts else None


@hook
def permission_allowed(datasette: Datasette, actor: Mapping[str, Any] | None) -> bool | None:
    """Nobody but the reviewer sees anything, also where a request should come past the gate."""
    return False if datasette in TABLES and not actor else None


@hook
def render_cell(row: Mapping[str, object], value: object, column: str, datasette: Datasette) -> Markup | None:
    """In Datasette's tables an item's number leads to its page, as does its path; datasette.js adds its picture."""
    if datasette not in TABLES:
        return None
    if ITEM_ID.fullmatch(column) and _is_id(value):
        return Markup('<a class="shown" href="/-/item/{0}">{0}</a>').format(value)
    if column == "path" and isinstance(value, str) and "item_id" in row.keys() and _is_id(row["item_id"]):  # noqa: SIM118
        return Markup('<a href="/-/item/{0}">{1}</a>').format(row["item_id"], clean(value))
    return None


def _is_id(value: object) -> bool:
    return type(value) is int and value > 0


@hook
def canned_queries(datasette: Datasette, database: str) -> Mapping[str, Any]:
    """The questions that `make query` answers."""
    if datasette not in TABLES:
        return {}
    found = [queries.load(name) for name in queries.names()]
    return {
        one.name: {"sql": one.sql, "title": one.title, "description": one.description, "hide_sql": True}
        for one in found
    }
