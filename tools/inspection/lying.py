"""Lying: what lies in the folders, as rows that checks can ask: temp.lying, temp.busy and temp.outdated."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tools.care.still import at_work
from tools.care.strays import FOLDERS
from tools.mill.files import TEMPORARY
from tools.mill.settings import UsageError
from tools.mill.walk import IGNORED, shown
from tools.stamps.changes import outdated
from tools.training.names import PACKAGES

_OWNERS = {**FOLDERS, PACKAGES: "package"}
"""The folders that are looked into, with the tool that writes to each."""

_TABLES = (
    # On disk, not in memory: there may be a million files.
    "pragma temp_store = file",
    "create temp table lying (path text primary key, bytes integer not null, tool text not null) without rowid",
    "create temp table busy (tool text primary key) without rowid",
    "create temp table outdated (step text primary key, detail text not null) without rowid",
)


def prepare(db: sqlite3.Connection, base: Path, *, look: bool) -> list[str]:
    """Make temp.lying (path below the workspace, bytes, whose folder) and temp.busy (tools at work); returns those.

    temp.outdated: steps that the next make would look at again. Without look nothing is in it and in temp.lying. What a
    tool at work has just written has no row yet: no check speaks of it.
    """
    for statement in _TABLES:
        db.execute(statement)
    busy = set(at_work(db))
    if look:
        db.execute("begin")
        db.executemany("insert or ignore into temp.lying values (?, ?, ?)", _all(base))
        db.executemany("insert into temp.outdated values (?, ?)", [] if busy else _outdated(base))
        db.commit()
        busy |= at_work(db)
    db.executemany("insert into temp.busy values (?)", [(tool,) for tool in sorted(busy)])
    return sorted(busy)


@dataclass
class Watch:
    """Tools that began since: what the checks find of theirs may be but a moment of their work.

    db: a connection of its own, which sees what is written while the checks read. newest: the last run of before.
    """

    db: sqlite3.Connection
    newest: int
    tools: set[str] = field(default_factory=set)

    def stirs(self, path: str | None) -> bool:
        """Whether the tool that a path speaks of has begun since; it is among `tools` from then on.

        path: below the workspace, or a step: its tool, then its dataset.
        """
        head = re.split(r"[/ .]", path or "")[0]
        tool = _OWNERS.get(head, head)
        if tool not in self.tools:
            asked = "select 1 from run join step on step.id = run.step_id where run.id > ? and step.tool = ? limit 1"
            if not self.db.execute(asked, (self.newest, tool)).fetchone():
                return False
            self.tools.add(tool)
        return True


def watch(db: sqlite3.Connection) -> Watch:
    """Watch from now on."""
    return Watch(db, int(db.execute("select coalesce(max(id), 0) from run").fetchone()[0]))


def _outdated(base: Path) -> list[tuple[str, str]]:
    try:
        return [
            (step, "Its sources, settings, decisions or program have changed since the last make.")
            for step in outdated(base)
        ]
    except UsageError as error:
        return [("config.toml", str(error))]


def _all(base: Path) -> Iterator[tuple[str, int, str]]:
    for folder, tool in _OWNERS.items():
        for path, size in _below(os.path.join(os.fsencode(base), os.fsencode(folder))):
            yield shown(os.path.relpath(path, os.fsencode(base))), size, tool


def _below(folder: bytes) -> Iterator[tuple[bytes, int]]:
    """Everything that is no folder, with its size; what operating systems leave in folders is left out."""
    for root, _, names in os.walk(folder):
        for name in names:
            hidden = name.startswith(b".") and not name.startswith(TEMPORARY.encode())
            if hidden or name in IGNORED:
                continue
            path = os.path.join(root, name)
            try:
                yield path, os.stat(path).st_size
            except OSError:  # it went away since it was listed, or is a link to nowhere or to itself: it is not there
                continue
