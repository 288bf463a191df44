"""Sources in a raw folder, and what the manifest says of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.mill.tool import Asked

VIDEOS = "00_raw_videos"
ACCEPT, REFUSE = Asked(accept_vanished=True), Asked()
Refresh = Callable[..., tuple[str, ...]]


def put(workspace: Path, path: str, data: bytes = b"") -> Path:
    target = workspace / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data or path.encode())
    return target


def in_force(db: sqlite3.Connection) -> dict[str, int]:
    """The sources in force: id by path."""
    return {
        row["path"]: row["id"] for row in db.execute("select id, path from item where parent_id is null and newest")
    }


def audits(db: sqlite3.Connection) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in db.execute("select action, path, why from audit order by id")]


def state(db: sqlite3.Connection) -> list[tuple[Any, ...]]:
    tables = ("item", "file", "audit")
    return [tuple(row) for table in tables for row in db.execute(f"select * from {table} order by id")]
