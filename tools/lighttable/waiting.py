"""Waiting: what people decided for a dataset that its last make has not seen yet."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tools.mill.manifest import sql
from tools.stamps.changes import STAMPS

MOST = 5000
"""So many words are looked at, the newest."""

OBEYED_BY = {"caption": "captioned_at", "identity": "matched_at"}
"""When the tool that obeys a word began last; of every other word that is select."""


def decided(db: sqlite3.Connection, base: Path, name: str) -> list[dict[str, Any]]:
    """The last word in each matter since a make came by, newest first. about: the verdict, of an undo what it undid.

    A word is seen by the next run of the tool that obeys it, and by the next make that ends with the package: not every
    word gives a tool something to do. What was said and taken back in between is no change.
    """
    row = db.execute(sql("pages/final.runs"), {"dataset": name}).fetchone()
    ran: Mapping[str, Any] = dict(row) if row else {}
    made = _stamped(base / STAMPS / f"package.{name}")
    since = {key: max(ran.get(key) or "", made) for key in ("chosen_at", *OBEYED_BY.values())}
    asked = {"dataset": name, "since": min(since.values()), "limit": MOST}
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in db.execute(sql("pages/final.decided"), asked):
        about = row["undone"] if row["verdict"] == "undo" else row["verdict"]
        matter = "fate" if about in ("keep", "reject", "pin") else str(about)
        seen = since[OBEYED_BY.get(matter, "chosen_at")]
        if row["created_at"] > seen and (row["undone_at"] or "") <= seen:
            found.setdefault((row["kind"], row["address"], matter), {**dict(row), "about": about})
    return list(found.values())


def before_select(db: sqlite3.Connection) -> list[tuple[str, int]]:
    """How many items wait at each step that all datasets share: what they will give cannot be foreseen."""
    rows = db.execute("select tool, sum(waiting) as n from funnel where dataset = '' group by tool").fetchall()
    return [(row["tool"], row["n"]) for row in rows if row["n"]]


def _stamped(stamp: Path) -> str:
    """When a stamp was made, as the manifest writes times; '' where there is none."""
    try:
        at = datetime.fromtimestamp(stamp.stat().st_mtime, UTC)
    except FileNotFoundError:
        return ""
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
