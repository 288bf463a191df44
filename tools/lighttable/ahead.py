"""Ahead: what takes long to find out over a large manifest is found out before somebody asks for it.

When the table opens, and whenever the last run has ended: who everybody is, and the numbers beside the filters of each
set. Nothing rests on it: who asks sooner waits until it is found out.
"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import suppress
from functools import partial

from tools.lighttable import counted, crowd, sets
from tools.lighttable.asked import Query
from tools.lighttable.desk import Desk

PAUSE_S = 2.0
"""Between two looks whether a run has ended."""


async def keep(desk: Desk) -> None:
    """Look again and again, until cancelled."""
    done: object = None
    while True:
        ended = await desk.read(_ended)
        if ended not in (done, None):
            done = ended
            # What takes too long is told to whoever asks for it.
            with suppress(sqlite3.OperationalError):
                await _find_out(desk)
        await asyncio.sleep(PAUSE_S)


async def _find_out(desk: Desk) -> None:
    await desk.read(partial(crowd.now, desk), crowd.LIMIT_MS)
    for one in await desk.read(sets.all_sets):
        await desk.read(partial(_count, desk, one.word))


def _ended(db: sqlite3.Connection) -> tuple[int, str] | None:
    """The last run, and when one ended last; None while one is at work."""
    last, at = db.execute("select coalesce(max(id), 0), coalesce(max(finished_at), '') from run").fetchone()
    return None if counted.working(db) else (last, at)


def _count(desk: Desk, word: str, db: sqlite3.Connection) -> None:
    one = counted.chosen_set(desk, db, sets.all_sets(db), word)
    if one:
        counted.cube(desk, db, one, Query(word))
