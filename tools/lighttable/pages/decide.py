"""Decide: what every page sends when the reviewer keeps, rejects, pins, clears or undoes. It has no page of its own."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from datasette.utils import MultiParams
from datasette.utils.asgi import Request, Response

from tools.decide import OnlyPinned
from tools.lighttable import asked, sets, writes
from tools.lighttable.desk import Desk, Page
from tools.mill.settings import UsageError


async def decide(desk: Desk, said: Mapping[str, Any]) -> Mapping[str, Any]:
    """`{verdict, ids | all, expected, dataset, why, set}`. all: a set's query; expected: the confirmed number.

    The answer is `{pin: why}`, and nothing is written, where a keep cannot be obeyed but a pin can.
    """
    ids = await _matching(desk, said) if "all" in said else writes.ids_of(said)
    verdict, dataset, why = (writes.text_of(said, name) for name in ("verdict", "dataset", "why"))
    try:
        written = await desk.write(writes.decide, desk.base, verdict, ids, dataset, why)
    except OnlyPinned as error:
        return {"pin": error.cause}
    return await _told(desk, said, written)


async def clear(desk: Desk, said: Mapping[str, Any]) -> Mapping[str, Any]:
    """`{ids | all, expected, set}`: free again. all and expected as in `decide`."""
    ids = await _matching(desk, said) if "all" in said else writes.ids_of(said)
    return await _told(desk, said, await desk.write(writes.clear, desk.base, ids))


async def undo(desk: Desk, said: Mapping[str, Any]) -> Mapping[str, Any]:
    """`{words, set}`: the uids that an earlier answer gave."""
    words = said.get("words")
    if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
        raise UsageError("There is nothing to undo.")
    return await _told(desk, said, await desk.write(writes.undo, desk.base, words))


async def _matching(desk: Desk, said: Mapping[str, Any]) -> list[int]:
    """The ids of all that match a set's address. Raises UsageError where they are not as many as was confirmed."""
    args = MultiParams(_parsed(writes.text_of(said, "all", 8000)))

    def found(db: sqlite3.Connection) -> list[int]:
        query = asked.parse(args)
        one = sets.chosen_set(db, sets.all_sets(db), query.set)
        if one is None:
            return []
        text, values = sets.items_question(one, query, sets.bounds(db, one))
        return [int(row["id"]) for row in db.execute(text, values | {"limit": writes.MOST + 1, "offset": 0})]

    ids = await desk.read(found)
    if len(ids) != said.get("expected"):
        raise UsageError(
            f"{len(ids):,} images match now, not the number you confirmed. Look again; nothing was written."
        )
    return writes.ids_of({"ids": ids})


def _parsed(text: str) -> dict[str, list[str]]:
    from urllib.parse import parse_qs

    return parse_qs(text.lstrip("?"), keep_blank_values=True)


async def _told(desk: Desk, said: Mapping[str, Any], written: writes.Written) -> Mapping[str, Any]:
    """What a page needs to show the change: the words to undo it, and the fate of each item in the page's set."""
    word = writes.text_of(said, "set", 200)

    def found(db: sqlite3.Connection) -> dict[str, dict[str, Any]]:
        step = next((one.step_id for one in sets.all_sets(db) if one.word == word), None)
        return writes.fates(db, step, written.ids) if step is not None else {}

    return {"words": list(written.words), "ids": list(written.ids), "fates": await desk.read(found)}


async def show(desk: Desk, _request: Request) -> Response:
    return await desk.page("message", 405, title="Nothing to see", sentence="Decisions are made on the other pages.")


PAGE = Page("decide", "", 0, {"": show}, {"write": decide, "clear": clear, "undo": undo})
