"""Putting a finished folder in the place of another so that a reader sees the old one or the new one, never neither.

On Linux the two are exchanged by one system call. Elsewhere it takes two renames; whoever looks between them finds no
folder, and after a crash there `recover` puts the old one back.
"""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import sys
from pathlib import Path

from tools.mill.settings import UsageError

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_NOT_HERE = frozenset({errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP})


def place_of(folder: Path) -> Path:
    """Where a package lies: a folder that is a link leads there, and stays a link.

    Raises UsageError where it leads to nothing.
    """
    if folder.is_symlink() and not folder.exists():
        raise UsageError(
            f"{folder} is a link to {os.readlink(folder)}, where nothing is. Mount that disk, make that folder, or "
            "remove the link."
        )
    return folder.resolve()


def part_of(folder: Path) -> Path:
    """Where the new folder is built."""
    return folder.with_name(f".part-{folder.name}")


def previous_of(folder: Path) -> Path:
    """Where the one before it is kept."""
    return folder.with_name(f".previous-{folder.name}")


def recover(folder: Path) -> None:
    """After a crash: remove what was half built, and put the old folder back where it stood between two renames."""
    part, previous = part_of(folder), previous_of(folder)
    remove(part)
    if previous.exists() and not folder.exists():
        os.rename(previous, folder)


def swap_in(folder: Path) -> None:
    """Put the built folder into its place and keep the one that was there. All of it is on the disk at the return."""
    part, previous = part_of(folder), previous_of(folder)
    sync_tree(part)
    remove(previous)
    if not folder.exists():
        os.rename(part, folder)
    else:
        # First under the name of the kept one: then one exchange leaves both where they belong.
        os.rename(part, previous)
        if not exchange(previous, folder):
            os.rename(previous, part)
            os.rename(folder, previous)
            os.rename(part, folder)
    _sync(folder.parent)


def swap_back(folder: Path) -> None:
    """Undo `swap_in`: what stood before stands again, and the built folder lies where that was kept."""
    part, previous = part_of(folder), previous_of(folder)
    if not exchange(previous, folder):
        os.rename(folder, part)
        os.rename(previous, folder)
        os.rename(part, previous)
    _sync(folder.parent)


def remove(path: Path) -> None:
    """Remove a folder with all in it, or a link and nothing of where it leads; there may be none."""
    if path.is_symlink():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)


def exchange(first: Path, second: Path) -> bool:
    """Exchange two names in one step. False where the system or the file system cannot. Raises OSError otherwise."""
    if not sys.platform.startswith("linux"):
        return False
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "renameat2"):
        return False
    names = (_AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second))
    if library.renameat2(*names, _RENAME_EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in _NOT_HERE:
        return False
    raise OSError(code, os.strerror(code), str(first), None, str(second))


def sync_tree(folder: Path) -> None:
    """Write a folder, its files and its folders through to the disk."""
    for root, _, names in os.walk(folder, topdown=False):
        for name in names:
            path = Path(root, name)
            if not path.is_symlink():
                _sync(path)
        _sync(Path(root))


def _sync(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
