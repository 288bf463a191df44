"""People: who everybody is: the unsure first, then each cluster as a row of faces, to be named, merged, split."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from datasette.utils.asgi import Request, Response

from tools import name as names
from tools.lighttable import crowd, heads, lineup, naming, writes
from tools.lighttable.desk import Desk, Page
from tools.mill.manifest import sql
from tools.mill.settings import UsageError

ROWS = 30
PER = 200
"""Faces of one cluster on a page."""

PARTED = 24
"""Of each part of a split so many are shown."""


async def show(desk: Desk, request: Request) -> Response:
    """The unsure, the datasets, every cluster as a row."""
    page = _page(request)

    def found(db: sqlite3.Connection) -> dict[str, Any]:
        seen = lineup.look(desk, db)
        everybody = lineup.everybody(seen)
        here = everybody[(page - 1) * ROWS : page * ROWS]
        cards, waiting = lineup.cards(db, seen)
        return {
            **lineup.common(seen, everybody),
            "cards": cards,
            "waiting": waiting,
            "people": [lineup.with_faces(db, seen, one) for one in here],
            "datasets": [lineup.dataset(db, seen, row) for row in seen.datasets],
            "pages": -(-len(everybody) // ROWS),
            "faceless": next((row for row in seen.known.listed if row["cluster"] is None), None),
        }

    await desk.read(partial(crowd.now, desk), crowd.LIMIT_MS)
    return await desk.page("people", title="People", page=page, **await desk.read(found))


async def one(desk: Desk, request: Request) -> Response:
    """All faces of one cluster."""
    number, page = int(request.url_vars["cluster"]), _page(request)

    def found(db: sqlite3.Connection) -> dict[str, Any]:
        seen = lineup.look(desk, db)
        everybody = lineup.everybody(seen)
        person = next((each for each in everybody if each.number == number), None)
        if person is None:
            raise UsageError(f"There is no cluster {number}. The people may have changed; the People page shows them.")
        values = {"cluster": number, "limit": PER, "offset": (page - 1) * PER}
        rows = db.execute(sql("pages/people.cluster"), values).fetchall()
        total = rows[0]["n"] if rows else 0
        return {
            **lineup.common(seen, everybody),
            "person": person,
            "faces": [{**dict(row), "value": seen.unheard.get(row["id"], "")} for row in rows],
            "pages": -(-total // PER),
            "others": [lineup.with_faces(db, seen, each) for each in everybody[:ROWS] if each.number != number],
        }

    return await desk.page("people", page=page, **await desk.read(found))


async def parts(desk: Desk, request: Request) -> Response:
    """The two parts into which a cluster would be split: `{parts: [{name, n, ids}]}`, or `{error}`."""
    number = int(request.url_vars["cluster"])

    def found(db: sqlite3.Connection) -> dict[str, Any]:
        return {"parts": [_part(rows, value) for rows, value in names.halves(db, names.cluster_of(db, number))]}

    try:
        return desk.json(await desk.read(found))
    except UsageError as error:
        return desk.json({"error": str(error)}, 400)


def _part(rows: Sequence[sqlite3.Row], value: str) -> dict[str, Any]:
    return {"name": value, "n": len(rows), "ids": [row["id"] for row in rows[:: max(1, len(rows) // PARTED)][:PARTED]]}


def _page(request: Request) -> int:
    text = request.args.get("page") or "1"
    if not text.isdecimal() or not 1 <= len(text) <= 6 or int(text) < 1:
        raise UsageError(f"There is no page {text}.")
    return int(text)


# --- what is said ---


async def name(desk: Desk, said: Mapping[str, Any]) -> Mapping[str, Any]:
    """`{cluster, name, seen}`."""
    value, seen = writes.text_of(said, "name", 200), writes.text_of(said, "seen", 64)
    return _told(await desk.write(naming.name, desk.base, _number(said), value, seen))


async def merge(desk: Desk, said: Mapping[str, Any]) -> Mapping[str, Any]:
    """`{clusters, name, seen}`: name '' takes the one that one of them has."""
    clusters = writes.ids_of(said, "clusters")
    value, seen = writes.text_of(said, "name", 200), writes.text_of(said, "seen", 64)
    return _told(await desk.write(naming.merge, desk.base, clusters, value, seen))


async def split(desk: Desk, said: Mapping[str, Any]) -> Mapping[str, Any]:
    """`{cluster, name, seen}`: into the parts that `parts` shows. name: of the smaller one, '' for a new one."""
    value, seen = writes.text_of(said, "name", 200), writes.text_of(said, "seen", 64)
    return _told(await desk.write(naming.split, desk.base, _number(said), value, seen))


async def move(desk: Desk, said: Mapping[str, Any]) -> Mapping[str, Any]:
    """`{ids, name}`, or `{ids, cluster, seen}` for a cluster without a name.

    `{like, expected}` in place of ids: a waiting image and all in its cluster that wait and look like the same person.
    """
    ids = await _alike(desk, said) if "like" in said else writes.ids_of(said)
    if "cluster" in said:
        seen = writes.text_of(said, "seen", 64)
        return _told(await desk.write(naming.move, desk.base, ids, _number(said), seen))
    return _told(await desk.write(naming.identify, desk.base, ids, writes.text_of(said, "name", 200)))


async def _alike(desk: Desk, said: Mapping[str, Any]) -> list[int]:
    """Raises UsageError where they are not as many as was confirmed."""
    (item_id,) = writes.ids_of({"ids": [said["like"]]})

    def found(db: sqlite3.Connection) -> list[int]:
        return crowd.queue(*crowd.now(desk, db)).alike(item_id)

    ids = await desk.read(found)
    if not ids:
        raise UsageError("Nobody waits who is like it. Load the page again; nothing was written.")
    if len(ids) != said.get("expected"):
        raise UsageError(
            f"{len(ids):,} images are like it now, not the number you confirmed. Look again; nothing was written."
        )
    return ids


async def forget(desk: Desk, said: Mapping[str, Any]) -> Mapping[str, Any]:
    """`{ids}`: what was said of them is taken back."""
    return _told(await desk.write(naming.forget, desk.base, writes.ids_of(said)))


def _number(said: Mapping[str, Any]) -> int:
    number = said.get("cluster")
    if type(number) is not int or not 0 < number < 10**9:
        raise UsageError("The cluster is not named by its number. Nothing was written.")
    return number


def _told(told: naming.Told) -> Mapping[str, Any]:
    return {"words": told.written.span, "ids": list(told.written.ids), "sentences": list(told.sentences)}


PAGE = Page(
    "people",
    "People",
    30,
    {
        "": show,
        r"/(?P<cluster>[1-9][0-9]{0,8})": one,
        r"/(?P<cluster>[1-9][0-9]{0,8})/parts": parts,
        rf"/face/(?P<item>[1-9][0-9]{{0,17}})/(?P<size>{'|'.join(heads.SIZES)})": heads.answer,
    },
    {"name": name, "merge": merge, "split": split, "move": move, "forget": forget},
)
