"""Candidates: the cutouts that a set is chosen from, as plain values, and how good each is by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tools.engines.protocols import Box

FULL_FACE_PX = 256
"""A face this high has all the detail that a training image of 1 megapixel can show."""

FULL_CROP_MP = 1.0
"""As many pixels as a training image has."""

UNKNOWN = 0.5
"""What counts for a measurement that is missing: neither praise nor blame."""


@dataclass(frozen=True)
class Candidate:
    """One cutout. source: the first part of its address. box: in frame px. shot: close, mid, far or unknown.

    score: 0 to 1, see `score`. likeness: the embedding, once it is needed.
    """

    item_id: int
    address: str
    path: str
    source: str
    time_s: float
    shot_index: int
    box: Box
    shot: str
    identity: str
    score: float
    pinned: bool


def candidate(row: Mapping[str, Any]) -> Candidate:
    """A row of `sql/inputs/select.sql` as a candidate."""
    return Candidate(
        item_id=row["item_id"],
        address=row["address"],
        path=row["path"],
        source=row["address"].split("/")[0],
        time_s=row["time_s"],
        shot_index=row["shot_index"],
        box=Box(row["box_x0_px"], row["box_y0_px"], row["box_x1_px"], row["box_y1_px"]),
        shot=row["shot"],
        identity=row["identity"] or "",
        score=score(row),
        pinned=bool(row.get("pinned")),
    )


def score(row: Mapping[str, Any]) -> float:
    """How good an image is by itself, 0 to 1.

    Half of it is the subject's sharpness (0 to 1), a quarter the height of its face (full at FULL_FACE_PX), a quarter
    the size of the crop (full at FULL_CROP_MP); what is blown out or black is taken off. What is missing counts half.
    """
    face, crop = row["face_height_px"], row["crop_mp"]
    sharpness = UNKNOWN if row["sharpness"] is None else float(row["sharpness"])
    face_share = UNKNOWN if face is None else min(1.0, face / FULL_FACE_PX)
    crop_share = UNKNOWN if crop is None else min(1.0, crop / FULL_CROP_MP)
    lost = max(row["dark_share"] or 0.0, row["bright_share"] or 0.0)
    return max(0.0, (0.5 * sharpness + 0.25 * face_share + 0.25 * crop_share) * (1 - 0.5 * lost))
