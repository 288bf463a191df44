"""The manifest: one SQLite file per workspace. Opening, migrating, transactions."""

from __future__ import annotations

import hashlib
import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from tools.mill.settings import ROOT, UsageError

NAME = "manifest.db"
SQL = ROOT / "sql"
BUSY_MS = 60_000


@cache
def sql(name: str) -> str:
    """The text of one SQL file below `sql/`, without its extension: `sql("inputs/score")`."""
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")


def utc_now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def connect(base: Path, *, create: bool = False) -> sqlite3.Connection:
    """Open a workspace's manifest, bring it to the current schema, and return the connection.

    Raises UsageError where there is none and it is not to be created, or where it is newer than this program.
    """
    path = base / NAME
    if create:
        base.mkdir(parents=True, exist_ok=True)
    else:
        require(base)
    db = sqlite3.connect(path, isolation_level=None, timeout=BUSY_MS / 1000)
    db.row_factory = sqlite3.Row
    _use_wal(db)
    db.execute("pragma synchronous = full")
    db.execute("pragma cache_size = -65536")
    db.execute("pragma temp_store = memory")
    _migrate(db, path)
    db.execute("pragma foreign_keys = on")
    return db


def _use_wal(db: sqlite3.Connection) -> None:
    """Switch to a write-ahead log. For this alone SQLite does not wait while another opens the same new manifest."""
    deadline = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            db.execute("pragma journal_mode = wal")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def require(base: Path) -> None:
    """Raise UsageError where a workspace has no manifest."""
    if not (base / NAME).exists():
        folder = base / "00_raw_videos"
        raise UsageError(f"{base / NAME} does not exist. Mend BASE, or put footage into {folder} and type `make all`.")


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Everything inside is written together or not at all. The lock is taken at the start, so it cannot be lost later.

    Inside another transaction this one is a part of it.
    """
    if db.in_transaction:
        yield
        return
    db.execute("begin immediate")
    try:
        yield
        db.commit()
    except BaseException:
        db.rollback()
        raise


def meta(db: sqlite3.Connection, key: str) -> str | None:
    row = db.execute("select value from meta where key = ?", (key,)).fetchone()
    return row[0] if row else None


def set_meta(db: sqlite3.Connection, key: str, value: str) -> None:
    db.execute("insert into meta values (?, ?) on conflict (key) do update set value = excluded.value", (key, value))


def _migrate(db: sqlite3.Connection, path: Path) -> None:
    files = sorted((SQL / "migrations").glob("*.sql"))
    views = sorted((SQL / "views").glob("*.sql"))
    texts = [file.read_text(encoding="utf-8") for file in views]
    digest = hashlib.sha256("\0".join(texts).encode()).hexdigest()
    have = db.execute("pragma user_version").fetchone()[0]
    if have > len(files):
        raise UsageError(
            f"{path} was made by a newer Framemill (schema {have}, here {len(files)}). Update the program."
        )
    if have == len(files) and meta(db, "views") == digest:
        return
    # A migration may make a table anew; the rows that point at it are looked through before anything is committed.
    db.execute("pragma foreign_keys = off")
    with transaction(db):
        # Another process may have migrated while this one waited for the lock.
        have = db.execute("pragma user_version").fetchone()[0]
        # Renaming a table fails where a view speaks of one that is just not there.
        for (view,) in db.execute("select name from sqlite_schema where type = 'view'").fetchall():
            db.execute(f'drop view "{view}"')
        for file in files[have:]:
            _execute_all(db, file.read_text(encoding="utf-8"))
        if have < len(files) and db.execute("pragma foreign_key_check").fetchone():
            raise UsageError(f"{path} holds rows that point at nothing. Put a backup of it back.")
        db.execute(f"pragma user_version = {len(files)}")
        if have == 0:
            set_meta(db, "uid", uuid.uuid4().hex)
        for text in texts:
            _execute_all(db, text)
        set_meta(db, "views", digest)


def _execute_all(db: sqlite3.Connection, script: str) -> None:
    """Run every statement of a script inside the open transaction (`executescript` would commit it)."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            db.execute(statement)
            statement = ""
    if statement.strip() and any(not s.startswith("--") for s in statement.split("\n") if s.strip()):
        raise sqlite3.OperationalError(f"The script ends in the middle of a statement: {statement.strip()[:80]}")
