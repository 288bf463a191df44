"""Raw: the user's files as the manifest knows them. Each is read once, for its digest; nothing is written to them."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from tools.mill import files
from tools.mill.items import ADDRESS_HEX, VERSION_HEX
from tools.mill.manifest import transaction
from tools.mill.plan import FOLDERS
from tools.mill.pool import run_all
from tools.mill.progress import progress
from tools.mill.settings import UsageError
from tools.mill.walk import Found, shown
from tools.mill.way import Way

COPY = "~"
"""In the address of a file that is the copy of another."""

_COMMIT_S = 1.0
_CHUNK = 1 << 20
_COPY_HEX = 12
_NOTHING = hashlib.sha256().hexdigest()
"""The digest of an empty file."""


@dataclass(frozen=True)
class Source:
    """One user file as the manifest knows it. sha256 is None where it could not be read."""

    kind: str
    path: bytes
    sha256: str | None

    @property
    def group(self) -> str:
        """Files of one group are the same picture or film; one that is empty or could not be read is like no other."""
        if self.sha256 in (None, _NOTHING):
            return "unread" + hashlib.sha256(self.path).hexdigest()
        return str(self.sha256)

    def address(self, first: bool) -> str:
        plain = self.group[:ADDRESS_HEX]
        return plain if first else f"{plain}{COPY}{hashlib.sha256(self.path).hexdigest()[:_COPY_HEX]}"

    @property
    def version(self) -> str:
        # A reference is also whose folder it lies in.
        named = self.path.split(b"/")[0] if self.kind == "reference" else b""
        return hashlib.sha256(self.group.encode() + b"/" + named).hexdigest()[:VERSION_HEX]


def is_fresh(file: Found, row: sqlite3.Row | None) -> bool:
    """Whether a file is new, was changed, or could not be read when its row in `file` was written."""
    return row is None or _stat(file) != _row_stat(row)


def _stat(file: Found) -> tuple[int, int, int, int]:
    return file.size, file.mtime_ns, file.ctime_ns, file.inode


def _row_stat(row: sqlite3.Row) -> tuple[int, int, int, int] | None:
    stat = row["size"], row["mtime_ns"], row["ctime_ns"], row["inode"]
    return stat if row["sha256"] else None


def read(db: sqlite3.Connection, base: Path, fresh: list[Found], workers: int) -> None:
    """Hash new and changed files and write them down, a second's worth at a time.

    Raises UsageError, which names the file, where one cannot be read for a cause that is not its own.
    """
    batch: list[tuple[object, ...]] = []
    last = time.monotonic()
    stop = threading.Event()
    way = Way("threads", max(1, workers), idle_s=_COMMIT_S, idle=lambda: _save(db, batch), halt=stop.set)
    for answer in progress(run_all(_digest, fresh, (base, stop), way), "read", len(fresh)):
        file = answer.job
        if answer.error:
            raise UsageError(f"{answer.error}. Mend it, or take the file out of {FOLDERS[file.kind]}.")
        batch.append((FOLDERS[file.kind], file.path, shown(file.path), *_stat(file), answer.value))
        if time.monotonic() - last > _COMMIT_S:
            _save(db, batch)
            last = time.monotonic()
    _save(db, batch)


def _save(db: sqlite3.Connection, batch: list[tuple[object, ...]]) -> None:
    with transaction(db):
        db.executemany(
            """insert into file (folder, path, shown, size, mtime_ns, ctime_ns, inode, sha256)
            values (?, ?, ?, ?, ?, ?, ?, ?)
            on conflict (folder, path) do update set size = excluded.size, mtime_ns = excluded.mtime_ns,
            ctime_ns = excluded.ctime_ns, inode = excluded.inode, sha256 = excluded.sha256, item_id = null""",
            batch,
        )
    batch.clear()


def _digest(file: Found, shared: tuple[Path, threading.Event]) -> str | None:
    """SHA-256 of a user's file, or None where it cannot be read: intake says why. Gives up when told to stop."""
    base, stop = shared
    try:
        with open(files.source_path(base, FOLDERS[file.kind], file.path), "rb", buffering=0) as stream:
            digest = hashlib.sha256()
            while (chunk := stream.read(_CHUNK)) and not stop.is_set():
                digest.update(chunk)
            return digest.hexdigest()
    except (PermissionError, FileNotFoundError, IsADirectoryError):
        return None
    except OSError as error:
        if error.errno in files.NO_ROOM:
            # A dying disk gives EIO on reading: this file's fault, not the workspace's.
            return None
        raise
