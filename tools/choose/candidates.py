"""Candidates: the cutouts that a set is chosen from, as plain values, and how good each is by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tools.media.geometry import Box

WEIGHTS = {"sharpness": 0.40, "face": 0.20, "eyes": 0.15, "size": 0.15, "clean": 0.10}
"""What the score is made of; the parts add up to 1."""

FULL_FACE_PX = 256
"""A face this high has all the detail that a training image of 1 megapixel can show."""

FULL_CROP_MP = 1.0
"""As many pixels as a training image has."""

SHUT, OPEN = 0.12, 0.25
"""Eye aspect ratios: at and below the first eyes count nothing, from the second on they count as open."""

FULL_NOISE, FULL_BLOCKING, FULL_OVERLAY = 15.0, 1.3, 0.05
"""Where noise, blocks and what is burnt in take all of their part: the defaults of the limits."""

UNKNOWN = 0.5
"""What counts for a measurement that is missing: neither praise nor blame."""


SIDES = ("view", "posture", "arms")
"""In what people differ that has a word: `person.view` and so on, as far as the detector tells."""


@dataclass(frozen=True)
class Candidate:
    """One cutout. source: the first part of its address. box: in frame px. shot: close, mid, far or unknown.

    who: the person's name, else the number of their cluster, else empty. track: who is followed through a camera shot,
    empty where nobody was. parts: what the score is made of, by the names of WEIGHTS, each 0 to 1; lost: the share of
    the subject that is black or burnt out. sides: the words of SIDES for it, None where nobody could tell.
    """

    item_id: int
    address: str
    path: str
    source: str
    time_s: float
    shot_index: int
    box: Box
    shot: str
    who: str
    track: str
    parts: Mapping[str, float]
    lost: float
    pinned: bool
    sides: tuple[str | None, ...]

    @property
    def score(self) -> float:
        """How good the image is by itself, 0 to 1: its parts by their weights, less half of what is black or burnt."""
        return sum(WEIGHTS[name] * part for name, part in self.parts.items()) * (1 - 0.5 * self.lost)


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
        who=who(row),
        track=row["track"] or "",
        parts=parts(row),
        lost=max(row["dark_share"] or 0.0, row["bright_share"] or 0.0),
        pinned=bool(row.get("pinned")),
        sides=tuple(row[name] for name in SIDES),
    )


def who(row: Mapping[str, Any]) -> str:
    """Whom a row shows: the name, else the number of the cluster, else nobody that is known."""
    if row["identity"]:
        return str(row["identity"])
    return f"person {row['cluster']}" if row["cluster"] is not None else ""


def parts(row: Mapping[str, Any]) -> dict[str, float]:
    """What the score is made of, each 0 to 1; what was not measured counts half.

    sharpness: of the subject. face: its height, full at 256 px. eyes: open, from an aspect of 0.12 to 0.25. size: of
    the crop, full at 1 megapixel. clean: without noise, blocks, a logo over it, and with the head inside the frame.
    """
    dirt = [
        _share(row["noise_level"], FULL_NOISE),
        _share(row["blocking"], FULL_BLOCKING),
        _share(row["overlay_share"], FULL_OVERLAY),
        UNKNOWN if row["cut_top"] else 0.0,
    ]
    eyes = row["eye_aspect"]
    return {
        "sharpness": UNKNOWN if row["sharpness"] is None else float(row["sharpness"]),
        "face": UNKNOWN if row["face_height_px"] is None else _share(row["face_height_px"], FULL_FACE_PX),
        "eyes": UNKNOWN if eyes is None else max(0.0, _share(eyes - SHUT, OPEN - SHUT)),
        "size": UNKNOWN if row["crop_mp"] is None else _share(row["crop_mp"], FULL_CROP_MP),
        "clean": 1.0 - max(dirt),
    }


def _share(value: float | None, full: float) -> float:
    return 0.0 if value is None else min(1.0, value / full)


def told(one: Candidate) -> str:
    """What a score is made of, in words."""
    points = [f"{name} {WEIGHTS[name] * part:.2f} of {WEIGHTS[name]:.2f}" for name, part in one.parts.items()]
    lost = f"; less {50 * one.lost:.0f} % for what is black or burnt out" if one.lost >= 0.01 else ""
    return ", ".join(points) + lost


def better_by(kept: Candidate, other: Candidate) -> str:
    """In what the kept image is ahead of another, in words; the largest gain first. Empty where it is in nothing."""
    gains = {name: WEIGHTS[name] * (kept.parts[name] - other.parts[name]) for name in WEIGHTS}
    ahead = [name for name in sorted(gains, key=lambda name: (-gains[name], name)) if gains[name] >= 0.01]
    return ", ".join(ahead[:2])
