"""Nothing: why a page has nothing to show: the first step that let nothing pass, and what to do about that."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tools.lighttable.asked import Query
from tools.lighttable.desk import Desk
from tools.lighttable.words import thousands
from tools.mill.manifest import sql
from tools.mill.words import listing

SOURCES = ("video", "photo")
"""What a dataset is made of. Backgrounds and references alone are no footage."""

BESIDE = ("background", "reference")
REASONS = 3


@dataclass(frozen=True)
class Nothing:
    """how: 'begin' where there is no footage, 'works' where a step is at work, 'waits', 'out' where a step let nothing
    pass, 'through' where all of them let something pass.

    tool, kinds: of that step; n: how many came in there. set: its word in the gallery. reasons: the most frequent, each
    with n, its set's address, description and remedy; more: how many reasons are not named.
    """

    how: str
    tool: str = ""
    kinds: tuple[str, ...] = ()
    n: int = 0
    set: str = ""
    reasons: tuple[Mapping[str, Any], ...] = ()
    more: int = 0

    @property
    def called(self) -> str:
        """What came in, with its number: "1 video", "5 photos or videos"."""
        ending = "" if self.n == 1 else "s"
        return f"{thousands(self.n)} {listing([kind + ending for kind in self.kinds], 'or')}"


def first(funnel: Sequence[Mapping[str, Any]], until: str, dataset: str = "") -> Nothing:
    """The first step, up to `until`, that let nothing pass; without its reasons. funnel: rows of that view, in order.

    dataset: leaves out the steps of others, '' none.
    """
    rows = [row for row in funnel if row["kind"] not in BESIDE and (not dataset or row["dataset"] in ("", dataset))]
    last = max((place for place, row in enumerate(rows) if row["tool"] == until), default=len(rows) - 1)
    if not any(row["inputs"] for row in rows if row["kind"] in SOURCES):
        return Nothing("begin")
    steps: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows[: last + 1]:
        steps.setdefault((row["tool"], "" if row["kind"] in SOURCES else row["kind"]), []).append(row)
    for (tool, _), step in steps.items():
        if any(row["ok"] for row in step):
            continue
        how = "waits" if any(row["waiting"] for row in step) else "out"
        there = max(step, key=lambda row: int(row["inputs"]))
        word = f"{tool}{'.' if there['dataset'] else ''}{there['dataset']}:{there['kind']}"
        kinds = tuple(dict.fromkeys(row["kind"] for row in step if row["inputs"]))
        return Nothing(how, tool, kinds, sum(row["waiting" if how == "waits" else "inputs"] for row in step), word)
    return Nothing("through")


async def why(desk: Desk, until: str, dataset: str = "") -> Nothing:
    """Why nothing has come as far as a step: what `first` finds, with its reasons; or that a step is at work."""

    def found(db: sqlite3.Connection) -> Nothing:
        one = first(db.execute("select * from funnel").fetchall(), until, dataset)
        if one.how == "out":
            return _reasoned(db, one)
        running = db.execute(sql("pages/overview.running")).fetchone() if one.how != "through" else None
        return Nothing("works", running["tool"]) if running else one

    return await desk.read(found)


def _reasoned(db: sqlite3.Connection, one: Nothing) -> Nothing:
    rows = [row for row in db.execute(sql("pages/nothing.reasons"), {"tool": one.tool}) if row["kind"] in one.kinds]
    reasons = tuple({**dict(row), "address": _set(row)} for row in rows[:REASONS])
    return Nothing(one.how, one.tool, one.kinds, one.n, one.set, reasons, max(0, len(rows) - REASONS))


def _set(row: Mapping[str, Any]) -> str:
    word = f"{row['tool']}{'.' if row['dataset'] else ''}{row['dataset']}:{row['kind']}"
    return Query(word, {"reason": (row["reason"],)}).address()
