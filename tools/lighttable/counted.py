"""Counted: what was counted lately over the whole manifest, so that it is not counted again for every page.

After a decision it is counted anew, or brought up to date from the sources that were decided on, where that can be
done. While a pipeline writes it is counted anew once it is older than a moment. How many stand judged where is never
remembered here: the manifest keeps that tally itself.
"""

from __future__ import annotations

import sqlite3
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from datasette.app import Datasette

from tools.lighttable import asked, sets
from tools.lighttable.desk import Desk
from tools.mill.manifest import NAME, sql

T = TypeVar("T")
FRESH_S = 5.0
"""While a run is at work nothing is counted again before it is so old."""

MOST = 64
MOST_SOURCES = 50
"""Where more sources than these were decided on, counting anew is no slower."""

_GROWING = ("decision", "run", "outcome", "item", "audit")
"""Every tool that changes what is counted leaves a row in one of these."""

_LAST = f"""select {", ".join(f"(select coalesce(max(id), 0) from {name})" for name in _GROWING)},
    (select coalesce(max(finished_at), '') from run)"""

Files = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class _Moment:
    """When something was counted. decided: the last decision; runs: what tools leave behind when they change counts.

    working: a run had not ended, so that what was counted may change without a trace.
    """

    decided: int
    runs: tuple[int | str, ...]
    working: bool
    files: Files
    at: float


Known = OrderedDict[Hashable, tuple[_Moment, Any]]
_KNOWN: WeakKeyDictionary[Datasette, Known] = WeakKeyDictionary()


def counted(
    desk: Desk,
    db: sqlite3.Connection,
    key: Hashable,
    count: Callable[[], T],
    mend: Callable[[T, int], T | None] | None = None,
) -> T:
    """What `count` finds, or found before under the same key, where nothing was written since.

    While a run is at work it may be FRESH_S old, but for decisions.

    mend: brings what was found up to the decisions after one, by its id; None where it is to be counted anew.
    """
    known = _KNOWN.setdefault(desk.datasette, OrderedDict())
    now = _moment(desk, db)
    if key in known:
        then, found = known[key]
        if then.decided == now.decided:
            # The runs too: a commit may lie between what this transaction sees and the files.
            same = (then.runs, then.files) == (now.runs, now.files)
            if same or (now.working and now.at - then.at < FRESH_S):
                remembered: T = found
                return remembered
        elif mend and then.runs == now.runs and not then.working:
            mended = mend(found, then.decided)
            if mended is not None:
                known[key] = (replace(now, at=then.at), mended)
                return mended
    fresh = count()
    known[key] = (now, fresh)
    while len(known) > MOST:
        known.popitem(last=False)
    return fresh


def _moment(desk: Desk, db: sqlite3.Connection) -> _Moment:
    last, *grown = db.execute(_LAST).fetchone()
    return _Moment(last, tuple(grown), working(db), files(desk.base), time.monotonic())


def working(db: sqlite3.Connection) -> bool:
    """Whether a run has not ended: then what is counted here may be FRESH_S old, and a page is to say so."""
    return db.execute("select 1 from run where status = 'running'").fetchone() is not None


def chosen_set(desk: Desk, db: sqlite3.Connection, there: Sequence[sets.Set], word: str) -> sets.Set | None:
    """As `sets.chosen_set`. Which measurements it has, no decision changes."""

    def mended(found: sets.Set | None, _since: int) -> sets.Set | None:
        now = next((one for one in there if found and one.word == found.word), None)
        return replace(now, metrics=found.metrics) if now and found else None

    return counted(desk, db, ("set", word), lambda: sets.chosen_set(db, there, word), mended)


def cube(desk: Desk, db: sqlite3.Connection, one: sets.Set, query: asked.Query) -> sets.Cube:
    """As `sets.cube`. A decision changes what comes from one source alone: only that is counted again."""
    place = list(asked.FACETS).index("source")

    def mended(cells: sets.Cube, since: int) -> sets.Cube | None:
        rows = db.execute(sql("pages/gallery.changed"), {"since": since, "limit": MOST_SOURCES + 1}).fetchall()
        sources = {row["source"] for row in rows}
        if len(sources) > MOST_SOURCES:
            return None
        kept = [cell for cell in cells if cell[0][place] not in sources]
        return [*kept, *sets.cube(db, one, query, sorted(sources))]

    return counted(desk, db, (one.step_id, one.kind, query.ranges), lambda: sets.cube(db, one, query), mended)


def files(base: Path) -> Files:
    """Size and time of the manifest and its log: one of them changes with every commit."""
    found = [path.stat() for path in (base / NAME, base / f"{NAME}-wal") if path.exists()]
    return tuple((stat.st_size, stat.st_mtime_ns) for stat in found)
