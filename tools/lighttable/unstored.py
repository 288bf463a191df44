"""Unstored: what stands for a frame that was dropped as it looks like the one before: no file of it was written."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from tools.mill.manifest import sql
from tools.mill.words import figure


@dataclass(frozen=True)
class Unstored:
    """The frame that was kept in place of one, and why that one has no file, as a sentence.

    id, version, width, height: of the kept frame; id None where it is gone.
    """

    id: int | None
    version: str
    width: int | None
    height: int | None
    sentence: str

    @property
    def kind(self) -> str:
        return "frame"


def unstored(db: sqlite3.Connection, ids: Iterable[int]) -> dict[int, Unstored]:
    """By id, those of some items that were dropped as near-duplicates."""
    asked = json.dumps(list(ids))
    if asked == "[]":
        return {}
    return {int(row["id"]): _unstored(row) for row in db.execute(sql("pages/unstored.kept"), {"ids": asked})}


def _unstored(row: sqlite3.Row) -> Unstored:
    of = f" of {figure(row['identical'])}" if row["identical"] is not None else ""
    by = f", difference {figure(row['luma_difference'])}{of}" if row["luma_difference"] is not None else ""
    what = "near-duplicate of this frame" if row["kept_id"] else "near-duplicate of a frame that is gone"
    return Unstored(row["kept_id"], row["version"] or "", row["width"], row["height"], f"Not stored: {what}{by}.")
