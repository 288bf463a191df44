"""Comparing: what stands beside an image: its frame, who else is in it, its cut-out, its composites; and its joints."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tools.mill.manifest import sql

MOST = 100
"""Persons of a frame, and composites of a cut-out, that are looked at."""

JOINTS = (
    *("nose", "left eye", "right eye", "left ear", "right ear", "left shoulder", "right shoulder"),
    *("left elbow", "right elbow", "left wrist", "right wrist", "left hip", "right hip"),
    *("left knee", "right knee", "left ankle", "right ankle"),
)
"""COCO's 17 keypoints, in its order. Left and right are the person's own."""

BONES = (
    *((15, 13), (13, 11), (16, 14), (14, 12), (11, 12), (5, 11), (6, 12), (5, 6), (5, 7), (7, 9), (6, 8), (8, 10)),
    *((1, 2), (0, 1), (0, 2), (1, 3), (2, 4), (3, 5), (4, 6)),
)
"""COCO's skeleton: which keypoints are joined, by their places in JOINTS."""

SEEN = 0.3
"""Below this confidence a keypoint is drawn faintly."""

SAME_BOX_IOU = 0.8

Row = dict[str, Any]


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels of a picture. item_id: of the person it belongs to, None for somebody who is no item."""

    x: float
    y: float
    width: float
    height: float
    item_id: int | None = None
    passed: bool = True

    def moved(self, x: float, y: float) -> Box:
        return Box(self.x + x, self.y + y, self.width, self.height, self.item_id, self.passed)


@dataclass(frozen=True)
class Joint:
    """One keypoint in pixels of a picture. side: left, right or face."""

    name: str
    side: str
    x: float
    y: float
    confidence: float
    seen: bool


@dataclass(frozen=True)
class Bone:
    """A line between two keypoints that are both seen, or faint."""

    side: str
    x0: float
    y0: float
    x1: float
    y1: float
    seen: bool


@dataclass(frozen=True)
class Drawing:
    """What is drawn over a picture of width x height pixels, in its pixels. points: landmarks of the face, as x, y."""

    width: int
    height: int
    box: Box | None = None
    face: Box | None = None
    crop: Box | None = None
    others: Sequence[Box] = ()
    joints: Sequence[Joint] = ()
    bones: Sequence[Bone] = ()
    points: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True)
class Beside:
    """An image and what stands beside it, each None or empty where there is none. people: rows of compare.people.

    composite: the one that is looked at, of composites (rows of compare.composites).
    """

    item: Row
    source: Row | None
    frame: Row | None
    person: Row | None
    cutout: Row | None
    composite: Row | None
    people: Sequence[Row]
    composites: Sequence[Row]


def beside(db: sqlite3.Connection, item_id: int) -> Beside | None:
    """What stands beside an item: up its line, and down to what was made of it first. None where there is no item."""
    line = [dict(row) for row in db.execute(sql("pages/compare.line"), {"item": item_id})]
    if not line:
        return None
    by_kind = {row["kind"]: row for row in line}
    source = next((row for row in line if row["kind"] in ("video", "photo")), None)
    frame = by_kind.get("frame") or (_first(db, source, "frame") if source else None)
    people = _people(db, frame["id"]) if frame else []
    wanted = by_kind["person"]["id"] if "person" in by_kind else None
    person = next((row for row in people if row["id"] == wanted), None) if wanted else _best(people)
    cutout = by_kind.get("cutout") or (_first(db, person, "cutout") if person else None)
    found = {"cutout": cutout["id"], "limit": MOST} if cutout else None
    composites = [dict(row) for row in db.execute(sql("pages/compare.composites"), found)] if found else []
    composite = next((row for row in composites if row["id"] == item_id), composites[0] if composites else None)
    return Beside(line[-1], source, frame, person, cutout, composite, people, composites)


def _first(db: sqlite3.Connection, parent: Row, kind: str) -> Row | None:
    row = db.execute(sql("pages/compare.below"), {"item": parent["id"], "kind": kind, "limit": 1}).fetchone()
    return dict(row) if row else None


def _people(db: sqlite3.Connection, frame_id: int) -> list[Row]:
    return [dict(row) for row in db.execute(sql("pages/compare.people"), {"frame": frame_id, "limit": MOST})]


def _best(people: Sequence[Row]) -> Row | None:
    """Who is looked at where a whole frame was asked for: the first who was cut out, else the first."""
    return next((row for row in people if row["cutout_id"]), people[0] if people else None)


def on_frame(one: Beside) -> Drawing:
    """The person and all others, in pixels of the frame."""
    frame, person = one.frame, one.person
    assert frame
    if person is None:
        return Drawing(frame["width"] or 1, frame["height"] or 1)
    x, y = person["crop_x_px"], person["crop_y_px"]
    inside = on_crop(one)
    return Drawing(
        frame["width"] or 1,
        frame["height"] or 1,
        _box(person, "box"),
        inside.face.moved(x, y) if inside.face else None,
        Box(x, y, person["width"] or 0, person["height"] or 0),
        [box.moved(x, y) for box in inside.others],
        [Joint(j.name, j.side, j.x + x, j.y + y, j.confidence, j.seen) for j in inside.joints],
        [Bone(b.side, b.x0 + x, b.y0 + y, b.x1 + x, b.y1 + y, b.seen) for b in inside.bones],
        [(px + x, py + y) for px, py in inside.points],
    )


def on_crop(one: Beside) -> Drawing:
    """The same in pixels of the crop."""
    person = one.person
    assert person
    x, y = person["crop_x_px"], person["crop_y_px"]
    box = _box(person, "box")
    joints = _joints(person["keypoints_json"])
    return Drawing(
        person["width"] or 1,
        person["height"] or 1,
        box.moved(-x, -y) if box else None,
        _box(person, "face"),
        None,
        others(person, one.people),
        joints,
        _bones(joints),
        [(px, py) for px, py in json.loads(person["landmarks_json"] or "[]")],
    )


def others(person: Row, people: Sequence[Row]) -> list[Box]:
    """Everybody else in the frame, in pixels of the crop: whoever is an item leads there, whoever is none is a box."""
    x, y = person["crop_x_px"], person["crop_y_px"]
    known = []
    for row in people:
        box = _box(row, "box")
        if row["id"] != person["id"] and box:
            moved = box.moved(-x, -y)
            known.append(Box(moved.x, moved.y, moved.width, moved.height, row["id"], bool(row["passed"])))
    seen = [Box(x0, y0, x1 - x0, y1 - y0) for x0, y0, x1, y1 in json.loads(person["others_json"] or "[]")]
    return known + [box for box in seen if all(iou(box, other) < SAME_BOX_IOU for other in known)]


def iou(a: Box, b: Box) -> float:
    """The part that two boxes share of all they cover, 0 to 1."""
    wide = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    high = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    shared = max(0.0, wide) * max(0.0, high)
    covered = a.width * a.height + b.width * b.height - shared
    return shared / covered if covered > 0 else 0.0


def _box(row: Mapping[str, Any], name: str) -> Box | None:
    corners = [row[f"{name}_{corner}_px"] for corner in ("x0", "y0", "x1", "y1")]
    if any(corner is None for corner in corners):
        return None
    x0, y0, x1, y1 = corners
    return Box(x0, y0, x1 - x0, y1 - y0)


def _joints(text: str | None) -> list[Joint]:
    """The keypoints of `person.keypoints_json`. Those without any confidence are not there at all."""
    found = []
    for name, (x, y, confidence) in zip(JOINTS, json.loads(text or "[]"), strict=False):
        side = "face" if name in JOINTS[:5] else name.split()[0]
        found.append(Joint(name, side, x, y, confidence, confidence >= SEEN))
    return found


def _bones(joints: Sequence[Joint]) -> list[Bone]:
    if len(joints) != len(JOINTS):
        return []
    found = []
    for first, second in BONES:
        a, b = joints[first], joints[second]
        if a.confidence > 0 and b.confidence > 0:
            side = a.side if a.side == b.side else "face" if "face" in (a.side, b.side) else "trunk"
            found.append(Bone(side, a.x, a.y, b.x, b.y, a.seen and b.seen))
    return found
