"""Links for a file browser: `rejected/TOOL/[DATASET/]REASON/` shows what each tool rejected, `people/` who passed."""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from tools.mill.manifest import sql

FOLDER = "rejected"

PEOPLE = "people"
"""Below it: shot/close, view/back, posture/sitting and so on, with links to the crops of everybody who passed match."""


def rebuild(db: sqlite3.Connection, base: Path, step_id: int, tool: str, dataset: str) -> None:
    """Bring one step's links in line with the manifest: missing ones made, stale ones removed, the rest left alone.

    Raises OSError where the file system knows no symbolic links.
    """
    _in_line(base, base / FOLDER / tool / dataset, db.execute(sql("mill/rejected_files"), {"step": step_id}))


def lay_out(db: sqlite3.Connection, base: Path, folder: str, question: str, step_id: int) -> None:
    """Bring a folder of links in line with the manifest: the SQL file gives `reason` (the subfolder), `folder`, `path`
    and `raw_path` of what a step shows. Raises OSError as `rebuild` does.
    """
    _in_line(base, base / folder, db.execute(sql(question), {"step": step_id}))


def _in_line(base: Path, folder: Path, rows: Iterable[sqlite3.Row]) -> None:
    """Have a folder hold links to these files alone, each in the subfolder `reason`, beside what is somebody's own."""
    root = os.fsencode(folder)
    wanted: dict[bytes, bytes] = {}
    numbers: Counter[bytes] = Counter()
    for row in rows:
        raw = row["raw_path"]
        target = os.path.join(os.fsencode(row["folder"]), raw) if raw else os.fsencode(row["path"])
        link = _free_name(os.path.join(os.fsencode(row["reason"]), os.path.basename(target)), wanted, numbers)
        up = os.path.relpath(os.fsencode(base), os.path.join(root, os.path.dirname(link)))
        wanted[link] = os.path.join(up, target)
    have = dict(_existing(root))
    for link, target in have.items():
        if wanted.get(link) != target:
            os.unlink(os.path.join(root, link))
    for link, target in wanted.items():
        if have.get(link) != target:
            path = os.path.join(root, link)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            # What somebody put there is theirs; the link can wait, it is only to look at.
            if not os.path.lexists(path):
                os.symlink(target, path)
    _remove_empty(root)


def _free_name(link: bytes, taken: Mapping[bytes, bytes], numbers: Counter[bytes]) -> bytes:
    """A name that no other link has: files of one name may lie in several folders. No name is longer than 255 bytes."""
    stem, extension = os.path.splitext(link)
    folder, name = os.path.split(stem)
    free = link
    while free in taken:
        numbers[link] += 1
        tail = b"~%d" % (numbers[link] + 1) + extension
        free = os.path.join(folder, name[: 255 - len(tail)] + tail)
    return free


def _existing(root: bytes) -> list[tuple[bytes, bytes]]:
    found = []
    for folder, _, names in os.walk(root):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.islink(path):
                found.append((os.path.relpath(path, root), os.readlink(path)))
    return found


def _remove_empty(root: bytes) -> None:
    for folder, _, _ in os.walk(root, topdown=False):
        if not os.listdir(folder):
            os.rmdir(folder)
