"""Who else works on a workspace, and having it for oneself."""

from __future__ import annotations

import os
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tools.mill.lock import hold
from tools.mill.manifest import sql


@contextmanager
def alone(db: sqlite3.Connection, base: Path) -> Iterator[None]:
    """Hold the locks of all tools while inside, so that none of them writes. Raises Held where one runs."""
    steps = db.execute("select tool, dataset from step order by position, dataset").fetchall()
    with ExitStack() as held:
        for tool, dataset in steps:
            held.enter_context(hold(base, tool, dataset))
        yield


def at_work(db: sqlite3.Connection) -> set[str]:
    """The tools that run at this moment. A run whose process has gone was killed; of another machine nobody knows."""
    rows = db.execute(sql("status/running")).fetchall()
    return {row["tool"] for row in rows if row["host"] != socket.gethostname() or _lives(int(row["pid"]))}


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
