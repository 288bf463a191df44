"""Groups: images of which one was kept and the others left out, because they look like it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.decide import Subject, say
from tools.lighttable import counted, sets
from tools.lighttable.desk import Desk
from tools.lighttable.writes import Written, last_decision, since
from tools.mill import settings
from tools.mill.manifest import connect, sql, transaction
from tools.mill.settings import UsageError

MOST = 60
"""Images of one group that are shown; how many there are is always said."""

STRIP = 120
"""Groups of the strip below, around the one that is looked at."""

KINDS = {"extract": "frame", "select": "cutout"}
"""The tools that leave out what looks alike, and what they choose from."""


@dataclass(frozen=True)
class Group:
    """A group as the list has it: the id of what was kept, and how many were left out for it."""

    kept_id: int
    n: int


@dataclass(frozen=True)
class Chosen:
    """The group that is looked at. place: from 0. members: rows of compare.*_members, the kept one first, with why.

    own: whether the image that was asked for is in it.
    """

    groups: Sequence[Group]
    place: int
    members: Sequence[dict[str, Any]]
    own: bool

    @property
    def kept(self) -> dict[str, Any]:
        return self.members[0]

    @property
    def strip(self) -> Sequence[tuple[int, Group]]:
        """The groups around this one with their places."""
        first = max(0, min(self.place - STRIP // 2, len(self.groups) - STRIP))
        return list(enumerate(self.groups))[first : first + STRIP]


def sets_of(there: Sequence[sets.Set]) -> list[sets.Set]:
    """The sets of which something may have been left out because it looks alike."""
    return [one for one in there if KINDS.get(one.tool) == one.kind]


def all_groups(desk: Desk, db: sqlite3.Connection, one: sets.Set) -> list[Group]:
    """The groups of a set, in the order of what was kept; counted anew after a decision."""
    name = "pages/compare.twins" if one.tool == "extract" else "pages/compare.alike"

    def count() -> list[Group]:
        return [Group(row["id"], row["n"]) for row in db.execute(sql(name), {"step": one.step_id})]

    return counted.counted(desk, db, ("groups", one.step_id), count)


def chosen(db: sqlite3.Connection, one: sets.Set, groups: Sequence[Group], item_id: int, place: int) -> Chosen | None:
    """The group of an item, else the one at a place. None where there are none."""
    if not groups:
        return None
    kept_id = kept_for(db, one, item_id) if item_id else None
    places = {group.kept_id: at for at, group in enumerate(groups)}
    own = kept_id in places
    at = places[kept_id] if own and kept_id is not None else max(0, min(len(groups) - 1, place))
    return Chosen(groups, at, members(db, one, groups[at].kept_id), own)


def kept_for(db: sqlite3.Connection, one: sets.Set, item_id: int) -> int | None:
    """What was kept instead of an item, or the item itself."""
    name = "pages/compare.twin_of" if one.tool == "extract" else "pages/compare.alike_of"
    row = db.execute(sql(name), {"step": one.step_id, "item": item_id}).fetchone()
    return int(row["id"]) if row and row["id"] is not None else None


def members(db: sqlite3.Connection, one: sets.Set, kept_id: int) -> list[dict[str, Any]]:
    address = db.execute("select address from item where id = ?", (kept_id,)).fetchone()[0]
    name = "pages/compare.twin_members" if one.tool == "extract" else "pages/compare.alike_members"
    found = db.execute(sql(name), {"address": address, "step": one.step_id, "limit": MOST + 1})
    return [{**dict(row), "why": why(row["detail"])} for row in found]


def why(detail: str | None) -> str:
    """Why an image was left out, without the path of the kept one, which stands beside it."""
    match = re.fullmatch(r"Kept instead: .*? \((.*)\)", detail or "", re.DOTALL)
    return match[1] if match else detail or ""


def swap(base: Path, step_id: int, wanted: int, kept: int, dataset: str) -> Written:
    """Have another image of a group instead of the kept one: it is pinned, and one that was pinned is rejected.

    One transaction. The next `make` chooses: the pinned one stays, and what looks like it goes. Raises UsageError where
    the image cannot be pinned.
    """
    if dataset and dataset not in settings.dataset_names(settings.load(base)):
        raise UsageError(f"There is no dataset {dataset}.")
    with closing(connect(base)) as db, transaction(db):
        before = last_decision(db)
        found = {row["id"]: row for row in db.execute(sql("pages/decide.subjects"), {"ids": f"[{wanted}, {kept}]"})}
        if set(found) != {wanted, kept}:
            raise UsageError("These images are no longer there. Load the page again.")
        say(db, "pin", [Subject(found[wanted], dataset)], "")
        standing = db.execute(sql("pages/compare.standing"), {"step": step_id, "item": kept}).fetchone()
        was_pinned = standing["verdict"] == "pin"
        if was_pinned:
            say(db, "reject", [Subject(found[kept], dataset)], f"Swapped for {found[wanted]['kind']} {wanted}.")
        return Written(since(db, before), [wanted, kept] if was_pinned else [wanted])
