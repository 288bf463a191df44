"""Walk the user's folders. Names are bytes. Standard library only: `changes` runs this over 100,000 files each time."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tools.mill.plan import FOLDERS

IGNORED = frozenset({b"Thumbs.db", b"desktop.ini", b"lost+found"})
"""What operating systems leave in folders; so do all names that begin with a dot."""


class Found(NamedTuple):
    """One user file: the kind it is meant to be, its raw path below that kind's folder, and what tells a change."""

    kind: str
    path: bytes
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


def walk(base: Path, nowhere: list[bytes] | None = None) -> Iterator[Found]:
    """All user files of a workspace, at any depth, links followed (each folder once, the real one before its links).

    nowhere: gets the paths of links that lead nowhere; they are no files.
    Raises OSError where a folder cannot be listed: what it holds must not be taken for vanished.
    """
    for kind, folder in FOLDERS.items():
        root = os.path.join(os.fsencode(base), os.fsencode(folder))
        if os.path.isdir(root):
            yield from _below(root, kind, nowhere)


def _below(root: bytes, kind: str, nowhere: list[bytes] | None) -> Iterator[Found]:
    seen: set[tuple[int, int]] = set()
    real: list[bytes] = [b""]
    linked: list[bytes] = []
    while real or linked:
        inside = real.pop() if real else linked.pop()
        folder = os.path.join(root, inside)
        stat = os.stat(folder)
        if (stat.st_dev, stat.st_ino) in seen:
            continue
        seen.add((stat.st_dev, stat.st_ino))
        with os.scandir(folder) as entries:
            listed = sorted(entries, key=lambda entry: entry.name, reverse=True)
        for entry in listed:
            name = entry.name
            if name.startswith(b".") or name in IGNORED:
                continue
            path = inside + b"/" + name if inside else name
            try:
                if entry.is_dir():
                    (linked if entry.is_symlink() else real).append(path)
                elif entry.is_file():
                    stat = entry.stat()
                    yield Found(kind, path, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)
                elif nowhere is not None and entry.is_symlink():
                    nowhere.append(os.path.join(os.path.basename(root), path))
            except OSError as error:
                # It went away since it was listed, or it is a link to nowhere or to itself.
                if error.errno not in (errno.ENOENT, errno.ELOOP, errno.ENOTDIR):
                    raise
                if nowhere is not None and entry.is_symlink():
                    nowhere.append(os.path.join(os.path.basename(root), path))


def shown(path: bytes) -> str:
    """A name as people can read it: what is not UTF-8, and what would break a line, is escaped."""
    text = path.decode("utf-8", "backslashreplace")
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
