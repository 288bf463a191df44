"""Hashing a file, whatever it has become meanwhile: gone, a folder, a pipe, a disk that no longer reads."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import threading
from dataclasses import dataclass

from tools.mill import files

CHUNK = 1 << 20
_GONE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)


@dataclass(frozen=True)
class Claim:
    """A file that a row speaks of. row_id: of that row; path: below the workspace; sha256: what it should hold."""

    row_id: int
    path: bytes
    sha256: str
    bytes: int


@dataclass(frozen=True)
class Seen:
    """What lies at a path. state: 'right', 'missing', 'changed' or 'unreadable'. sha256: of an ordinary file."""

    state: str
    sha256: str | None = None
    detail: str | None = None


def look(claim: Claim, shared: tuple[bytes, threading.Event]) -> Seen:
    """Hash what lies at a claim's path below a folder. state is 'right' where it is what it should be.

    Gives up, with a digest that means nothing, when told to stop. Raises OSError where the machine has no means left.
    """
    base, stop = shared
    try:
        found = digest(os.path.join(base, claim.path), stop)
    except OSError as error:
        if error.errno in files.NO_MEANS:
            raise
        if error.errno in _GONE:
            return Seen("missing")
        return Seen("unreadable", detail=error.strerror)
    if found is None:
        return Seen("changed", detail="it is no ordinary file")
    return Seen("right" if found == claim.sha256 else "changed", found)


def digest(path: bytes, stop: threading.Event) -> str | None:
    """SHA-256 of a file in hex; None where it is no ordinary file. Reads a MiB at a time."""
    # A pipe without a writer would hold us up for ever.
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        return None
    with open(number, "rb", buffering=0) as stream:
        found = hashlib.sha256()
        block = memoryview(bytearray(CHUNK))
        while (size := stream.readinto(block)) and not stop.is_set():
            found.update(block[:size])
    return found.hexdigest()
