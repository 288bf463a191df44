"""Strays: files in the folders that tools write to, of which no row speaks."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from tools.care.still import at_work
from tools.care.verification import Fault
from tools.mill.files import TEMPORARY
from tools.mill.manifest import sql
from tools.mill.plan import PLAN
from tools.mill.walk import IGNORED

FOLDERS = {step.folder: step.tool for step in PLAN if step.folder}
"""The folders that tools write to, with the tool."""


def strays(db: sqlite3.Connection, base: Path) -> tuple[list[Fault], list[str]]:
    """The strays, and the folders in which nobody can tell, because their tool is at work: its rows come last."""
    found: list[Fault] = []
    unsure = []
    for folder, tool in FOLDERS.items():
        candidates = [path for path in _files(os.fsencode(base), os.fsencode(folder)) if not is_known(db, path)]
        if candidates and tool in at_work(db):
            unsure.append(folder)
            continue
        # Whoever was at work when they were listed has written its rows by now.
        found += [_fault(path) for path in candidates if not is_known(db, path)]
    return found, unsure


def _files(base: bytes, folder: bytes) -> Iterator[bytes]:
    """Everything that is no folder, below the workspace; what operating systems leave in folders is left out."""
    for root, _, names in os.walk(os.path.join(base, folder)):
        for name in sorted(names):
            hidden = name.startswith(b".") and not name.startswith(TEMPORARY.encode())
            if not hidden and name not in IGNORED:
                yield os.path.relpath(os.path.join(root, name), base)


def is_known(db: sqlite3.Connection, path: bytes) -> bool:
    """Whether a row speaks of a file that a tool made. A name that is no text is none of ours."""
    try:
        text = path.decode()
    except UnicodeDecodeError:
        return False
    return bool(db.execute(sql("mill/is_known"), {"path": text}).fetchone()[0])


def _fault(path: bytes) -> Fault:
    half = os.path.basename(path).startswith(TEMPORARY.encode())
    return Fault("strays", None, path, "orphaned", detail="it is half written" if half else None)
