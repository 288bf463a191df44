"""Counted: what was counted lately over the whole manifest, so that it is not counted again for every page.

It is counted anew after a decision of ours, and once it is older than a moment while a pipeline writes.
"""

from __future__ import annotations

import sqlite3
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from datasette.app import Datasette

from tools.lighttable import asked, sets
from tools.lighttable.desk import Desk
from tools.mill.manifest import NAME

T = TypeVar("T")
FRESH_S = 5.0
MOST = 64

Files = tuple[tuple[int, int], ...]
Known = OrderedDict[Hashable, tuple[int, Files, float, Any]]
_KNOWN: WeakKeyDictionary[Datasette, Known] = WeakKeyDictionary()


def counted(desk: Desk, db: sqlite3.Connection, key: Hashable, count: Callable[[], T]) -> T:
    """What `count` finds, or found lately under the same key: new after each decision, else FRESH_S old at most."""
    known = _KNOWN.setdefault(desk.datasette, OrderedDict())
    last, stats, now = _last_decision(db), files(desk.base), time.monotonic()
    if key in known:
        decided, seen, at, found = known[key]
        if decided == last and (seen == stats or now - at < FRESH_S):
            remembered: T = found
            return remembered
    fresh = count()
    known[key] = (last, stats, now, fresh)
    while len(known) > MOST:
        known.popitem(last=False)
    return fresh


def all_sets(desk: Desk, db: sqlite3.Connection) -> list[sets.Set]:
    return counted(desk, db, "sets", lambda: sets.all_sets(db))


def chosen_set(desk: Desk, db: sqlite3.Connection, word: str) -> sets.Set | None:
    """As `sets.chosen_set`."""
    return counted(desk, db, ("set", word), lambda: sets.chosen_set(db, all_sets(desk, db), word))


def cube(desk: Desk, db: sqlite3.Connection, one: sets.Set, query: asked.Query) -> sets.Cube:
    """As `sets.cube`."""
    return counted(desk, db, (one.step_id, one.kind, query.ranges), lambda: sets.cube(db, one, query))


def _last_decision(db: sqlite3.Connection) -> int:
    return int(db.execute("select coalesce(max(id), 0) from decision").fetchone()[0])


def files(base: Path) -> Files:
    """Size and time of the manifest and its log: one of them changes with every commit."""
    found = [path.stat() for path in (base / NAME, base / f"{NAME}-wal") if path.exists()]
    return tuple((stat.st_size, stat.st_mtime_ns) for stat in found)
