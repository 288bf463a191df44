"""Desk: what every page works with: the workspace, questions to the manifest, answers as pages or JSON."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from datasette.app import Datasette
from datasette.utils import sqlite_timelimit
from datasette.utils.asgi import Request, Response

from tools.lighttable.live import SHOWN
from tools.mill.manifest import NAME, sql
from tools.mill.words import command

T = TypeVar("T")
DATABASE = "manifest"
TIME_LIMIT_MS = 5000


def identity(base: Path) -> str:
    """A word for the manifest that lies in a workspace now: another has another. '' where there is none."""
    try:
        found = (base / NAME).stat()
    except FileNotFoundError:
        return ""
    return hashlib.sha256(f"{base} {found.st_dev} {found.st_ino}".encode()).hexdigest()[:12]


@dataclass
class Desk:
    """One light table: a workspace and the Datasette that serves it.

    base: the workspace. reviewer: whose name stands on decisions. writer: one thread, so that they keep their order.
    manifest: `identity` of the one that it was opened over.
    """

    datasette: Datasette
    base: Path
    reviewer: str
    writer: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "writes"))
    painter: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(2, "pictures"))
    manifest: str = field(init=False)

    def __post_init__(self) -> None:
        self.manifest = identity(self.base)

    async def read(self, question: Callable[[sqlite3.Connection], T], limit_ms: int = TIME_LIMIT_MS) -> T:
        """What a function finds in the manifest, on a read-only connection, as it stands at one moment.

        Raises sqlite3.OperationalError where it takes longer than limit_ms.
        """

        def asked(db: sqlite3.Connection) -> T:
            with sqlite_timelimit(db, limit_ms):
                db.execute("begin")
                try:
                    return question(db)
                finally:
                    db.rollback()

        found: T = await self.datasette.get_database(DATABASE).execute_fn(asked)
        return found

    async def ask(self, name: str, **values: object) -> list[sqlite3.Row]:
        """The rows of one file below `sql/`: `ask("pages/overview.runs", limit=12)`."""
        return await self.read(lambda db: db.execute(sql(name), values).fetchall())

    async def write(self, act: Callable[..., T], *values: Any, **named: Any) -> T:
        """Run a function that writes, after those before it, away from the loop that serves."""
        return await asyncio.get_running_loop().run_in_executor(self.writer, partial(act, *values, **named))

    async def paint(self, act: Callable[..., T], *values: Any) -> T:
        """Run a function that decodes or encodes pictures, in one of two threads."""
        return await asyncio.get_running_loop().run_in_executor(self.painter, partial(act, *values))

    async def page(self, word: str, status: int = 200, **context: Any) -> Response:
        """The template of that word as a page. Everything in it is escaped unless the template says otherwise."""
        template = self.datasette.jinja_env.get_template(f"table/{word}.html")
        text = await template.render_async(word=word, desk=self, moment=SHOWN.get(), **context)
        return Response(text, status=status, content_type="text/html; charset=utf-8")

    def typed(self, target: str, **variables: str) -> str:
        """The command that a page tells: `make target`, for this workspace."""
        return command(self.base, target, **variables)

    def json(self, value: object, status: int = 200) -> Response:
        return Response(json.dumps(value), status=status, content_type="application/json; charset=utf-8")

    def close(self) -> None:
        self.writer.shutdown()
        self.painter.shutdown(cancel_futures=True)


Show = Callable[[Desk, Request], Awaitable[Response]]
"""Answers a GET. What the route's expression named stands in `request.url_vars`."""

Act = Callable[[Desk, Mapping[str, Any]], Awaitable[Mapping[str, Any]]]
"""Answers a POST: gets the JSON object that was sent, returns one. A UsageError becomes a sentence for the reviewer."""


@dataclass(frozen=True)
class Page:
    """One page, found by its word: its address is `/-/WORD`, its template `templates/WORD.html`.

    title: in the navigation, '' to stay out of it. place: where in the navigation. shows: by regular expression of what
    follows the word in the address, '' for the page itself. acts: by the word that follows, as in POST `/-/WORD/name`.
    """

    word: str
    title: str
    place: int
    shows: Mapping[str, Show]
    acts: Mapping[str, Act] = field(default_factory=dict)


def values_of(request: Request, names: Sequence[str]) -> dict[str, str]:
    """The named values of an address, '' for what it does not say."""
    return {name: request.args.get(name) or "" for name in names}
