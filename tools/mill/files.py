"""Files of the workspace: written whole or not at all, named by what they are, never the user's own."""

from __future__ import annotations

import errno
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from tools.mill.walk import shown

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO})
"""Errors of a disk, not of an item: they stop the run."""

NO_MEANS = frozenset({errno.ENOMEM, errno.EMFILE, errno.ENFILE})
"""Errors of a machine that has no memory or no file handles left: they stop the run too."""

TEMPORARY = ".part-"
"""How the name of a file begins that is not yet whole; a sweep may delete it."""


@dataclass(frozen=True)
class Stored:
    """A file in the workspace: its path below it, and what it holds."""

    path: str
    sha256: str
    bytes: int


def store(base: Path, path: str, data: bytes) -> Stored:
    """Write data to base/path: temporary name, sync, rename. A reader sees the old file, the new one or none.

    Raises OSError with the path in `filename`.
    """
    target = base / path
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{TEMPORARY}{os.getpid()}-{target.name}")
    try:
        with open(part, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(target)) from error
    return Stored(path, hashlib.sha256(data).hexdigest(), len(data))


def told(error: OSError) -> str:
    """An error of the system as people read it: what, and of which files. A name that is no text is escaped."""
    what = error.strerror or str(error)
    names = [name for name in (error.filename, error.filename2) if isinstance(name, str | bytes)]
    where = " -> ".join(shown(os.fsencode(name)) for name in names)
    return f"{what}: {where}" if where else what


def source_path(base: Path, folder: str, raw_path: bytes) -> bytes:
    """The absolute path of a user's file. Names are bytes: they need not be text in any encoding."""
    return os.path.join(os.fsencode(base.absolute()), os.fsencode(folder), raw_path)
