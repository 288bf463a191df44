"""Beside: whom somebody without a face may be: those who are seen in the same clip, the nearest in time first."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tools.mill.manifest import sql

NEAR_S = 60.0
"""Who is seen further away in time is no likely answer, and a long clip has hundreds of frames."""


@dataclass(frozen=True)
class Beside:
    """A cluster that is seen near somebody. off_s: seconds later, below 0 earlier."""

    cluster: int
    same_shot: bool
    off_s: float

    @property
    def where(self) -> str:
        """In words: how near."""
        place = "same shot" if self.same_shot else "same clip"
        return f"{place}, {abs(self.off_s):.1f} s {'later' if self.off_s > 0 else 'before'}"


def beside(db: sqlite3.Connection, frames: Collection[Mapping[str, Any]]) -> dict[int, list[Beside]]:
    """By frame, the clusters seen in its source but not in it: who is there too is somebody else. The nearest first.

    frames: rows of sql/pages/people.frames.sql.
    """
    asked = {"ids": json.dumps([frame["id"] for frame in frames]), "near_s": NEAR_S}
    rows = db.execute(sql("pages/people.beside"), asked).fetchall()
    by_source: dict[int, list[sqlite3.Row]] = {}
    for row in rows:
        by_source.setdefault(row["source_id"], []).append(row)
    return {frame["id"]: _nearest(frame, by_source.get(frame["source_id"], ())) for frame in frames}


def _nearest(frame: Mapping[str, Any], seen: Sequence[sqlite3.Row]) -> list[Beside]:
    here = {row["cluster"] for row in seen if row["frame_id"] == frame["id"]}
    best: dict[int, Beside] = {}
    for row in seen:
        one = Beside(row["cluster"], row["shot"] == frame["shot"], row["time_s"] - frame["time_s"])
        if one.cluster not in here and (one.cluster not in best or _far(one) < _far(best[one.cluster])):
            best[one.cluster] = one
    return sorted(best.values(), key=lambda one: (*_far(one), one.cluster))


def _far(one: Beside) -> tuple[bool, float]:
    return not one.same_shot, abs(one.off_s)
