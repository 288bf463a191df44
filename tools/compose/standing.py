"""Whether a cut-out ends below in feet that stand, and the shadow that they throw on the ground."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.compose.extent import OPAQUE, Extent

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

CONFIDENT = 0.5
"""Confidence from which a keypoint is believed."""

HIPS, ANKLES = (11, 12), (15, 16)
"""Their places in COCO's order of keypoints."""

ANKLE_SHARE = 0.12
"""An ankle is at most this share of a standing person's height above the ground."""

LEG_SHARE = 0.40
"""From hip to ankle, standing: 0.48 of the height; sitting on a chair 0.35."""

BOX_SHARE, SLACKS = 0.06, 1.2
"""How far above the end of a box around the whole person the mask may end and still show the feet: a share of the
box's height, and so many times the box's own slack."""

HEADS = 6.0
"""Least height of a whole person in faces, brow to chin: grown people have 9 to 11, children of five 7."""

UPRIGHT = 1.5
"""Least height by width of somebody who stands, arms and bags included."""

FOOT_SHARE = 0.10
"""Share of the height, from below, in which feet are looked for."""

TOUCH_SHARE = 0.05
"""A foot that ends no further above the lowest, as a share of the height, stands on the ground too: in a stride the one
behind is higher in the picture."""

CONTACT, AROUND = 0.55, 0.25
"""How much of its light the ground loses right at the foot, and around both feet."""


@dataclass(frozen=True)
class Body:
    """What detection knows of a person, in px of the cut-out.

    top_px, bottom_px: of the box. slack: how far its sides may be off, as a share of its size. whole: it was found
    around the whole person. face_px: height of the face, brow to chin; None without one. points: COCO's 17 keypoints
    as x, y, confidence; none where the detector gives none.
    """

    top_px: float = 0.0
    bottom_px: float = 0.0
    slack: float = 0.0
    whole: bool = False
    face_px: float | None = None
    points: Sequence[tuple[float, float, float]] = ()


def feet_show(box: Extent, body: Body) -> bool:
    """Whether the lower end of what is opaque (its bounding box) is where the person stands, or sits or lies.

    Ankles decide where they were seen. Else the box must be one around a whole person, the mask must reach its end, and
    the whole be as many heads high as people are.
    """
    height = box.y1 - box.y0
    ankles = [y for _, y, confidence in _of(body, ANKLES) if confidence >= CONFIDENT]
    if ankles:
        return max(ankles) <= box.y1 <= max(ankles) + ANKLE_SHARE * height
    if body.points or not body.whole:
        return False
    gap = (body.bottom_px - box.y1) / max(body.bottom_px - body.top_px, 1.0)
    grown = body.face_px is None or height >= HEADS * body.face_px
    return grown and gap <= BOX_SHARE + SLACKS * body.slack


def stands(box: Extent, body: Body) -> bool:
    """Whether it is a figure on its feet: they show, it is upright, and its legs are long where hips were seen."""
    height, width = box.y1 - box.y0, box.x1 - box.x0
    if height < UPRIGHT * width or not feet_show(box, body):
        return False
    hips = [y for _, y, confidence in _of(body, HIPS) if confidence >= CONFIDENT]
    ankles = [y for _, y, confidence in _of(body, ANKLES) if confidence >= CONFIDENT]
    return not (hips and ankles) or max(ankles) - min(hips) >= LEG_SHARE * height


def _of(body: Body, places: tuple[int, ...]) -> list[tuple[float, float, float]]:
    return [body.points[place] for place in places if place < len(body.points)]


def feet(alpha: Pixels, box: Extent) -> list[Extent]:
    """The parts of H x W uint8 alpha that touch the ground, from the left: the soles' columns, and one row each."""
    height = box.y1 - box.y0
    y0 = box.y1 - max(2, round(FOOT_SHARE * height))
    part = (alpha[y0 : box.y1, box.x0 : box.x1] >= OPAQUE).astype(np.uint8)
    count, labels = cv2.connectedComponents(part, connectivity=8)
    found = []
    for label in range(1, count):
        rows = np.flatnonzero((labels == label).any(axis=1))
        last = int(rows[-1])
        if part.shape[0] - 1 - last > TOUCH_SHARE * height:
            continue
        sole = labels[max(0, last - max(1, round(0.02 * height))) : last + 1] == label
        columns = np.flatnonzero(sole.any(axis=0)) + box.x0
        found.append(Extent(int(columns[0]), y0 + last, int(columns[-1]) + 1, y0 + last + 1))
    return sorted(found)


def with_shadow(ground: Pixels, alpha: Pixels, box: Extent, dither: np.random.Generator) -> Pixels:
    """The ground, H x W x 3 uint8, darkened where feet stand on it: close and dark under each, wide and faint around.

    alpha: H x W uint8, the subject on this canvas. box: its bounding box there. dither: a seeded generator, so that the
    soft ends show no bands.
    """
    soles = feet(alpha, box)
    if not soles:
        return ground
    height = box.y1 - box.y0
    reach = max(6, round(0.12 * height))
    y0, y1 = max(0, box.y1 - reach), min(ground.shape[0], box.y1 + reach)
    size = y1 - y0, ground.shape[1]
    near, wide = np.zeros(size, np.float32), np.zeros(size, np.float32)
    for sole in soles:
        _ellipse(near, sole, y0, 0.50 * (sole.x1 - sole.x0) + 0.008 * height, 0.010 * height)
    whole = Extent(
        min(s.x0 for s in soles), min(s.y0 for s in soles), max(s.x1 for s in soles), max(s.y1 for s in soles)
    )
    _ellipse(wide, whole, y0, 0.5 * (whole.x1 - whole.x0) + 0.05 * height, 0.025 * height + 0.5 * (whole.y1 - whole.y0))
    light = 1 - CONTACT * _soft(near, 0.006 * height)
    light *= 1 - AROUND * _soft(wide, 0.022 * height)
    darkened = ground.copy()
    noise = dither.random(size, np.float32) * (light < 1)
    darkened[y0:y1] = np.floor(ground[y0:y1] * light[..., None] + noise[..., None])
    return darkened


def _ellipse(canvas: Floats, around: Extent, y0: int, half_width: float, half_height: float) -> None:
    """Draw a filled ellipse of 1 about the middle of a box."""
    centre = (around.x0 + around.x1 - 1) / 2, (around.y0 + around.y1 - 1) / 2 - y0
    cv2.ellipse(
        canvas,
        (round(centre[0]), round(centre[1])),
        (max(1, round(half_width)), max(1, round(half_height))),
        *(0, 0, 360, 1.0, -1),
    )


def _soft(canvas: Floats, sigma: float) -> Floats:
    blurred = cv2.GaussianBlur(canvas, (0, 0), max(1.0, sigma), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(blurred, np.float32)
