"""Writes: what the reviewer decides, through the very functions that the commands use. One transaction each time."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.decide import Subject, say
from tools.mill import decisions, settings, settle
from tools.mill.manifest import connect, sql, transaction
from tools.mill.reattach import item_today
from tools.mill.settings import UsageError

VERDICTS = ("keep", "reject", "pin")
MOST = 100_000
"""Items in one decision."""


@dataclass(frozen=True)
class Written:
    """What was written. words: the uids of the rows, in their order. ids: of the items that they speak of."""

    words: Sequence[str]
    ids: Sequence[int]

    @property
    def span(self) -> tuple[str, ...]:
        """The first and the last of the rows: by these all of them are taken back, however many they are."""
        return (self.words[0], self.words[-1]) if self.words else ()


def decide(base: Path, verdict: str, ids: Sequence[int], dataset: str = "", why: str = "") -> Written:
    """Keep, reject or pin items, all or nothing. dataset '' speaks for all. Raises UsageError as `tools.decide`."""
    if verdict not in VERDICTS:
        raise UsageError(f"{verdict} is no decision. There are: {', '.join(VERDICTS)}.")
    if dataset and dataset not in settings.dataset_names(settings.load(base)):
        raise UsageError(f"There is no dataset {dataset}.")
    with closing(connect(base)) as db, transaction(db):
        before = last_decision(db)
        found = _subjects(db, ids)
        say(db, verdict, [Subject(item, dataset or item["packaged_for"]) for item in found], why)
        return Written(since(db, before), [int(item["asked"]) for item in found])


def _subjects(db: sqlite3.Connection, ids: Sequence[int]) -> list[sqlite3.Row]:
    found = db.execute(sql("pages/decide.subjects"), {"ids": json.dumps(list(ids))}).fetchall()
    if len(found) != len(ids):
        raise UsageError("Some of these items are no longer there. Load the page again.")
    return found


def clear(base: Path, ids: Sequence[int], dataset: str = "") -> Written:
    """Take back all that was decided on each item, also what came to it from another address; those of which nothing
    was stay as they are.

    dataset: only what is said of it or of all; '' takes any. Raises UsageError where nothing was decided on any.
    """
    with closing(connect(base)) as db, transaction(db):
        asked = {int(item["id"]): int(item["asked"]) for item in _subjects(db, ids)}
        found = _standing(db, list(asked), dataset)
        if not found:
            raise UsageError("There is no decision on this image itself. Its page shows what it obeys.")
        written = _taken_back(db, list(found))
        return Written(written.words, list(dict.fromkeys(asked[item_id] for item_id in found.values())))


def _standing(db: sqlite3.Connection, ids: Sequence[int], dataset: str) -> dict[sqlite3.Row, int]:
    """The decisions in force on some items, each with its item's id."""
    here = db.execute(sql("pages/decide.standing"), {"ids": json.dumps(ids), "dataset": dataset}).fetchall()
    settle.load_decisions(db, dataset)
    question = "select decision_id, item_id from temp.in_force where item_id in (select value from json_each(?))"
    homes = dict(db.execute(question, (json.dumps(ids),)).fetchall())
    values = {"decisions": json.dumps(list(homes)), "dataset": dataset}
    moved = db.execute(sql("pages/decide.adopted"), values).fetchall()
    known = {row["uid"] for row in here}
    return {row: row["id"] for row in here} | {row: homes[row["decision"]] for row in moved if row["uid"] not in known}


def take_back(base: Path, words: Sequence[str]) -> Written:
    """Take back decisions by their uids. Raises UsageError where all are taken back already."""
    with closing(connect(base)) as db, transaction(db):
        found = db.execute(sql("pages/decide.words"), {"uids": json.dumps(list(words))}).fetchall()
        if not found:
            raise UsageError("This was taken back already.")
        return _taken_back(db, found)


def undo(base: Path, first: str, last: str) -> Written:
    """Undo the rows of one `Written` by the ends of its span: what they said is taken back, what they took back is said
    again. Empty where that was done already, in another way.
    """
    span = {"first": first, "last": last}
    with closing(connect(base)) as db, transaction(db):
        again = _said_again(db, db.execute(sql("pages/decide.again"), span).fetchall())
        back = _taken_back(db, db.execute(sql("pages/decide.span"), span).fetchall())
    return Written([*back.words, *again.words], [*back.ids, *again.ids])


def _taken_back(db: sqlite3.Connection, rows: Sequence[sqlite3.Row]) -> Written:
    before = last_decision(db)
    for row in rows:
        decisions.undo(db, row["uid"], row, row["dataset"], "")
    _settle(db, db.execute(sql("pages/decide.undone"), {"uids": json.dumps([row["uid"] for row in rows])}).fetchall())
    return Written(since(db, before), _ids(rows))


def _said_again(db: sqlite3.Connection, rows: Sequence[sqlite3.Row]) -> Written:
    before, words = last_decision(db), defaultdict[str, str](decisions.one_word)
    for row in rows:
        together = words[row["together"]] if row["together"] else None
        value, why = row["value"], row["note"] or ""
        decisions.write(db, row["verdict"], row, row["dataset"], why, value=value, together=together)
    _settle(db, db.execute(sql("pages/decide.undone"), {"uids": json.dumps(since(db, before))}).fetchall())
    return Written(since(db, before), _ids(rows))


def _settle(db: sqlite3.Connection, rows: Iterable[sqlite3.Row]) -> None:
    today = [item_today(db, row) for row in rows]
    settle.settle_below(db, [item_id for item_id in today if item_id is not None])


def _ids(rows: Iterable[sqlite3.Row]) -> list[int]:
    return list(dict.fromkeys(int(row["id"]) for row in rows if row["id"]))


def last_decision(db: sqlite3.Connection) -> int:
    """The id of the last decision, 0 where there is none: what is written after it is found by `since`."""
    return int(db.execute("select coalesce(max(id), 0) from decision").fetchone()[0])


def since(db: sqlite3.Connection, last: int) -> list[str]:
    """The uids of the decisions after one, in their order."""
    return [row[0] for row in db.execute("select uid from decision where id > ? order by id", (last,))]


def fates(db: sqlite3.Connection, step_id: int, ids: Sequence[int]) -> dict[str, dict[str, Any]]:
    """What a step says now of some items, by id as text; None of an item that it no longer reaches."""
    rows = db.execute(sql("pages/decide.fates"), {"step": step_id, "ids": json.dumps(list(ids))})
    return {str(row["id"]): dict(row) for row in rows}


def ids_of(said: Mapping[str, Any], name: str = "ids") -> list[int]:
    """The item ids that a request names, each once. Raises UsageError where they are none or too many."""
    given = said.get(name)
    if not isinstance(given, list) or not all(type(one) is int and 0 < one < 2**63 for one in given):
        raise UsageError("The images are not named as a list of ids. Nothing was written.")
    if not given or len(given) > MOST:
        raise UsageError(f"Choose between 1 and {MOST:,} images. Nothing was written.")
    return list(dict.fromkeys(given))


def text_of(said: Mapping[str, Any], name: str, most: int = 2000) -> str:
    """A text that a request carries, '' where it does not. Raises UsageError where it is no text, or too long."""
    given = said.get(name, "")
    if not isinstance(given, str) or len(given) > most or any("\ud800" <= sign <= "\udfff" for sign in given):
        raise UsageError(f"{name} is to be a text of at most {most:,} characters. Nothing was written.")
    return given
