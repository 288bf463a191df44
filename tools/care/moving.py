"""Moving what lies at a path, to another disk too: it is whole there, and on the disk, before it goes here."""

from __future__ import annotations

import errno
import os
import shutil
import stat

from tools.mill.files import TEMPORARY


def move(source: bytes, target: bytes) -> None:
    """Rename, or to another disk: copy, sync, rename, remove. Links are moved as links. Raises OSError."""
    try:
        os.rename(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        part = os.path.join(os.path.dirname(target), TEMPORARY.encode() + b"moved")
        try:
            # Of one that was killed.
            _remove(part)
            _copy(source, part)
            os.rename(part, target)
        except OSError:
            _remove(part)
            raise
        _sync(os.path.dirname(target))
        _remove(source)


def _copy(source: bytes, target: bytes) -> None:
    mode = os.lstat(source).st_mode
    if stat.S_ISDIR(mode):
        os.mkdir(target)
        for name in os.listdir(source):
            _copy(os.path.join(source, name), os.path.join(target, name))
    elif stat.S_ISFIFO(mode):
        os.mkfifo(target)
        return
    else:
        shutil.copy2(source, target, follow_symlinks=False)
    if not stat.S_ISLNK(mode):
        _sync(target)


def _sync(path: bytes) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _remove(path: bytes) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)
