"""Sweep: what a killed run left behind, cleared before the next one begins."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from tools.mill.files import TEMPORARY
from tools.mill.manifest import sql, transaction, utc_now


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
    """Remove half-written files, and files that no row speaks of (each with an audit row), from a step's own folder."""
    if folder is None or not (base / folder).is_dir():
        return
    lost = []
    for root, _, names in os.walk(base / folder):
        for name in names:
            path = os.path.join(root, name)
            relative = os.path.relpath(path, base)
            if name.startswith(TEMPORARY):
                os.unlink(path)
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
