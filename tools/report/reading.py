"""Reading: the manifest for those who only ask. Nothing can be written through it, and it stands still while read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.mill.manifest import connect


@contextmanager
def reading(base: Path) -> Iterator[sqlite3.Connection]:
    """A workspace's manifest as it is at this moment, whatever runs beside. Raises UsageError where there is none."""
    db = connect(base)
    try:
        db.execute("pragma query_only = on")
        db.execute("begin")
        yield db
    finally:
        db.close()
