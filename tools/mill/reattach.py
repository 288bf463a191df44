"""Which item a decision speaks of today: the one at its address, or the person who overlaps most with whom it meant."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tools.mill.manifest import sql

MIN_IOU = 0.5
"""Below this overlap two boxes are not taken for the same person."""

_PERSON_PART = 2
"""Address: source / time / person / …"""


@dataclass(frozen=True)
class Box:
    """A person's box in frame pixels."""

    x0: float
    y0: float
    x1: float
    y1: float


def iou(a: Box, b: Box) -> float:
    """Intersection over union of two boxes, 0 to 1."""
    width = min(a.x1, b.x1) - max(a.x0, b.x0)
    height = min(a.y1, b.y1) - max(a.y0, b.y0)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    union = (a.x1 - a.x0) * (a.y1 - a.y0) + (b.x1 - b.x0) * (b.y1 - b.y0) - shared
    return shared / union


def adopt(db: sqlite3.Connection, standing: Iterable[sqlite3.Row]) -> list[tuple[int, int, str]]:
    """(item_id, decision_id, verdict) of every decision that finds its item, oldest first, so that the latest wins."""
    found = []
    for decision in sorted(standing, key=lambda row: int(row["id"])):
        item_id = item_today(db, decision)
        if item_id is not None:
            found.append((item_id, int(decision["id"]), str(decision["verdict"])))
    return found


def item_today(db: sqlite3.Connection, decision: sqlite3.Row) -> int | None:
    """The id of the item that a decision speaks of, or None where nobody is found."""
    here = _at(db, decision["kind"], decision["address"])
    if here is not None:
        return here
    parts = str(decision["address"]).split("/")
    if len(parts) <= _PERSON_PART or decision["item_id"] is None:
        return None
    frame = "/".join(parts[:_PERSON_PART])
    address = _same_person(db, int(decision["item_id"]), frame)
    if address is None:
        return None
    return _at(db, decision["kind"], "/".join([address, *parts[_PERSON_PART + 1 :]]))


def _at(db: sqlite3.Connection, kind: str, address: str) -> int | None:
    row = db.execute(sql("mill/standing_item"), {"kind": kind, "address": address}).fetchone()
    return int(row[0]) if row else None


def _same_person(db: sqlite3.Connection, item_id: int, frame: str) -> str | None:
    """The address of the newest person of the frame who overlaps most with the person that item_id stems from."""
    meant = db.execute(sql("mill/person_above"), {"item": item_id}).fetchone()
    if meant is None:
        return None
    rows: Sequence[sqlite3.Row] = db.execute(
        sql("mill/persons_of_frame"), {"low": f"{frame}/", "high": f"{frame}0"}
    ).fetchall()
    best = max(rows, key=lambda row: iou(_box(meant), _box(row)), default=None)
    return str(best["address"]) if best and iou(_box(meant), _box(best)) >= MIN_IOU else None


def _box(row: sqlite3.Row) -> Box:
    return Box(row["x0"], row["y0"], row["x1"], row["y1"])
