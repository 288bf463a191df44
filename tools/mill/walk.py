"""Walk the user's folders. Names are bytes. Standard library only: `changes` runs this over 100,000 files each time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.mill.plan import FOLDERS

IGNORED = frozenset({b"Thumbs.db", b"desktop.ini"})
"""What operating systems leave in folders; so do all names that begin with a dot."""


@dataclass(frozen=True, slots=True)
class Found:
    """One user file: the kind it is meant to be, its raw path below that kind's folder, and what tells a change."""

    kind: str
    path: bytes
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


def walk(base: Path) -> Iterator[Found]:
    """All user files of a workspace, at any depth, links followed (each folder once)."""
    for kind, folder in FOLDERS.items():
        root = os.path.join(os.fsencode(base), os.fsencode(folder))
        yield from _below(root, b"", kind, set())


def _below(root: bytes, inside: bytes, kind: str, seen: set[tuple[int, int]]) -> Iterator[Found]:
    folders = []
    try:
        with os.scandir(os.path.join(root, inside)) as entries:
            for entry in entries:
                if entry.name.startswith(b".") or entry.name in IGNORED:
                    continue
                path = os.path.join(inside, entry.name)
                if entry.is_dir():
                    folders.append(path)
                    continue
                try:
                    stat = entry.stat()
                except FileNotFoundError:
                    # It went away since it was listed, or it is a link to nowhere.
                    continue
                if entry.is_file():
                    yield Found(kind, path, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)
    except (FileNotFoundError, NotADirectoryError):
        return
    for path in folders:
        stat = os.stat(os.path.join(root, path))
        if (stat.st_dev, stat.st_ino) not in seen:
            seen.add((stat.st_dev, stat.st_ino))
            yield from _below(root, path, kind, seen)


def shown(path: bytes) -> str:
    """A name as people can read it: what is not UTF-8, and what would break a line, is escaped."""
    text = path.decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
