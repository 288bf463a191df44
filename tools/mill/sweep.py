"""Sweep: what a killed run left behind, cleared before the next one begins."""

from __future__ import annotations

import os
import re
import sqlite3
from datetime import datetime
from pathlib import Path

from tools.mill.files import TEMPORARY
from tools.mill.manifest import sql, transaction, utc_now

OURS = re.compile(r"[_-][0-9a-f]{12}\.(webp|png)\Z")
"""How the names of files that tools make end: with a digest. Whatever else lies there is the user's."""

CLOCK_S = 2.0
"""How much the clocks of a file system and of this machine may differ."""


def after_crash(db: sqlite3.Connection, base: Path, step_id: int, folder: str | None) -> None:
    """A run still 'running' while its lock is free was killed: say so, and remove the files it had no rows for."""
    dead = db.execute("select id from run where step_id = ? and status = 'running'", (step_id,)).fetchall()
    if dead:
        orphans(db, base, folder, dead[-1][0])
        with transaction(db):
            db.executemany(
                "update run set status = 'killed', finished_at = ? where id = ?", [(utc_now(), row[0]) for row in dead]
            )


def orphans(db: sqlite3.Connection, base: Path, folder: str | None, run_id: int) -> None:
    """Remove what a run left behind in a step's own folder, each file with an audit row.

    That is half-written files, and files named as tools name them, written since the run began, that no row speaks of.
    """
    if folder is None or not (base / folder).is_dir():
        return
    began = db.execute("select started_at from run where id = ?", (run_id,)).fetchone()[0]
    began_s = datetime.fromisoformat(began).timestamp() - CLOCK_S
    lost = []
    for root, _, names in os.walk(base / folder):
        for name in names:
            path = os.path.join(root, name)
            relative = os.path.relpath(path, base)
            if name.startswith(TEMPORARY):
                os.unlink(path)
            elif not OURS.search(name) or os.stat(path).st_mtime < began_s:
                continue
            elif not db.execute(sql("mill/is_known"), {"path": relative}).fetchone()[0]:
                lost.append(relative)
    with transaction(db):
        db.executemany(
            """insert into audit (at, run_id, actor, action, path, why)
            values (?, ?, 'sweep', 'orphan_removed', ?, 'A run ended before its rows were written.')""",
            [(utc_now(), run_id, path) for path in lost],
        )
    for path in lost:
        os.unlink(base / path)
