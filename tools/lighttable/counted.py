"""Counted: the cubes of sets that were asked for lately, so that the next filter is counted without reading anything.

A cube is counted anew after a decision of ours, and when it is older than a moment while others write.
"""

from __future__ import annotations

import sqlite3
import time
from collections import OrderedDict
from pathlib import Path
from weakref import WeakKeyDictionary

from datasette.app import Datasette

from tools.lighttable import sets
from tools.lighttable.desk import Desk
from tools.mill.manifest import NAME

FRESH_S = 5.0
MOST = 32

Files = tuple[tuple[int, int], ...]
Known = OrderedDict[tuple[object, ...], tuple[int, Files, float, sets.Cube]]
_KNOWN: WeakKeyDictionary[Datasette, Known] = WeakKeyDictionary()


def cells(desk: Desk, db: sqlite3.Connection, one: sets.Set, query: sets.Query) -> sets.Cube:
    """The cube of a set under the ranges of a query.

    It is as of now where nothing but a running pipeline has written since; then it is at most FRESH_S old.
    """
    known = _KNOWN.setdefault(desk.datasette, OrderedDict())
    key = (one.step_id, one.kind, query.ranges)
    last, files, now = _last_decision(db), _files(desk.base), time.monotonic()
    if key in known:
        decided, seen, at, found = known[key]
        if decided == last and (seen == files or now - at < FRESH_S):
            return found
    found = sets.cube(db, one, query)
    known[key] = (last, files, now, found)
    while len(known) > MOST:
        known.popitem(last=False)
    return found


def _last_decision(db: sqlite3.Connection) -> int:
    return int(db.execute("select coalesce(max(id), 0) from decision").fetchone()[0])


def _files(base: Path) -> Files:
    """Size and time of the manifest and its log: one of them changes with every commit."""
    stats = [path.stat() for path in (base / NAME, base / f"{NAME}-wal") if path.exists()]
    return tuple((stat.st_size, stat.st_mtime_ns) for stat in stats)
