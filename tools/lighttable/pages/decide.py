"""Decide: what every page sends when the reviewer keeps, rejects, pins, clears or undoes. It has no page of its own."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from datasette.utils import MultiParams
from datasette.utils.asgi import Request, Response

from tools.decide import OnlyPinned, SomeRefused
from tools.identity import unnamed
from tools.lighttable import asked, sets, writes
from tools.lighttable.desk import Desk, Page
from tools.mill.settings import UsageError


async def decide(desk: Desk, said: Mapping[str, Any]) -> Mapping[str, Any]:
    """`{verdict, ids | all, expected, except, dataset, why, set}`.

    all: a set's query; expected: the confirmed number of all that match it; except: ids of these that are not meant.
    Where not all can obey nothing is written, and the answer is `{pin: why}` for a single one that can be pinned
    instead of kept, else `{refused: [ids], why}`. note: what the reviewer should know of it, '' for nothing.
    """
    ids = await _meant(desk, said)
    verdict, dataset, why = (writes.text_of(said, name) for name in ("verdict", "dataset", "why"))
    try:
        written = await desk.write(writes.decide, desk.base, verdict, ids, dataset, why)
    except OnlyPinned as error:
        return {"pin": error.cause}
    except SomeRefused as error:
        return {"refused": [ids[place] for place in error.places], "why": str(error)}
    note = await desk.read(lambda db: unnamed.note(db, desk.base, verdict, written.ids))
    return {**await _told(desk, said, written), "note": note}


async def clear(desk: Desk, said: Mapping[str, Any]) -> Mapping[str, Any]:
    """`{ids | all, expected, except, set}`: free again, as far as the set's dataset is concerned."""
    ids = await _meant(desk, said)
    one = await desk.read(lambda db: _set(db, said))
    return await _told(desk, said, await desk.write(writes.clear, desk.base, ids, one.dataset if one else ""))


async def undo(desk: Desk, said: Mapping[str, Any]) -> Mapping[str, Any]:
    """`{words, set}`: the span that an earlier answer gave. The answer is `{gone: true}` where nothing of it stands."""
    words = said.get("words")
    if not isinstance(words, list) or len(words) != 2 or not all(isinstance(word, str) for word in words):
        raise UsageError("There is nothing to undo.")
    written = await desk.write(writes.undo, desk.base, *words)
    return await _told(desk, said, written) if written.words else {"gone": True}


async def _meant(desk: Desk, said: Mapping[str, Any]) -> list[int]:
    ids = await _matching(desk, said) if "all" in said else writes.ids_of(said)
    spared = set(writes.ids_of(said, "except")) if said.get("except") else set()
    return writes.ids_of({"ids": [one for one in ids if one not in spared]})


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
    return ids


def _parsed(text: str) -> dict[str, list[str]]:
    from urllib.parse import parse_qs

    return parse_qs(text.lstrip("?"), keep_blank_values=True)


async def _told(desk: Desk, said: Mapping[str, Any], written: writes.Written) -> Mapping[str, Any]:
    """What a page needs to show the change: the words to undo it, and the fate of each item in the page's set."""

    def found(db: sqlite3.Connection) -> dict[str, dict[str, Any]]:
        one = _set(db, said)
        return writes.fates(db, one.step_id, written.ids) if one else {}

    return {"words": written.span, "ids": list(written.ids), "fates": await desk.read(found)}


def _set(db: sqlite3.Connection, said: Mapping[str, Any]) -> sets.Set | None:
    """The set that the page shows, if it shows one."""
    word = writes.text_of(said, "set", 200)
    return next((one for one in sets.all_sets(db) if one.word == word), None)


async def show(desk: Desk, _request: Request) -> Response:
    return await desk.page("message", 405, title="Nothing to see", sentence="Decisions are made on the other pages.")


PAGE = Page("decide", "", 0, {"": show}, {"write": decide, "clear": clear, "undo": undo})
