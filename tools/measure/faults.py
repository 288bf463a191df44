"""What tells a mask that is plainly wrong: where head and feet are missing, what it holds
that is not the person, and where one sees through them.

Opacities are height x width, uint8; a pixel belongs to the subject where it is over 127. Boxes and landmarks are in
pixels of the crop.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from tools.matte.pyramid import halved
from tools.matte.skull import skull
from tools.measure.outline import Alpha, extent, face_covered_share, opaque
from tools.media.geometry import Box

TOP = 0.05
"""The part of the subject's height at its top where a head is narrow."""

NONE, SURE = 63, 204
"""Up to a quarter of 255 a pixel shows nothing of the person; from four fifths on it shows them and nothing else."""

RIM = 0.05
"""Where an outline may be soft: so deep, by the square root of the subject's area."""

MEASURED_PX = 320
"""Longer side, at most, at which the inside is measured, halved until it fits: no limit of this kind hangs on single
pixels."""


class Sides(NamedTuple):
    """One flag for each side of a crop or box."""

    left: bool
    top: bool
    right: bool
    bottom: bool


def head_share(alpha: Alpha, landmarks: Sequence[tuple[float, float]] | None) -> float | None:
    """How much of the head above the nasion is opaque, 0 to 1; None without landmarks and beyond the crop."""
    if landmarks is None:
        return None
    height, width = alpha.shape
    drawn = skull(landmarks, width, height)
    pixels = int(np.count_nonzero(drawn))
    return float(np.count_nonzero(drawn & (alpha > 127))) / pixels if pixels else None


def crown_gap(alpha: Alpha, box: Box) -> float:
    """How far below the top of the person's box the subject begins, by the box's height; below 0 above it."""
    return (extent(alpha)[1] - box.y0) / box.height


def feet_gap(alpha: Alpha, box: Box) -> float:
    """How far above the bottom of the person's box the subject ends, by the box's height; below 0 under it."""
    return (box.y1 - extent(alpha)[3]) / box.height


def top_width(alpha: Alpha) -> float:
    """The subject's width in its uppermost twentieth by its width where it is widest (95th percentile), 0 to 1.

    A head is narrow, shoulders without one are not: masks of people drawn by hand lie between 0.09 and 0.37.
    """
    _, y0, _, y1 = extent(alpha)
    widths = np.count_nonzero(alpha[y0:y1] > 127, axis=1)
    top = widths[: max(1, round(TOP * len(widths)))]
    return float(top.mean() / np.percentile(widths, 95.0))


def straight_share(alpha: Alpha, inner: Sides) -> float:
    """How much of the subject's outline runs along sides of the crop where the picture goes on, 0 to 1.

    inner: the sides of the crop that are not the frame's own.
    """
    mask = opaque(alpha)
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    inside = cv2.erode(mask, cross, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    outline = np.asarray(mask - inside, dtype=np.uint8)
    along = np.zeros_like(mask)
    along[:, 0] |= inner.left
    along[0] |= inner.top
    along[:, -1] |= inner.right
    along[-1] |= inner.bottom
    return float(cv2.countNonZero(outline & along)) / float(cv2.countNonZero(outline))


def other_face_share(alpha: Alpha, faces: Sequence[Box]) -> float:
    """How much of another person's face belongs to the subject, 0 to 1: the most of all faces, 0 of none.

    Of the whole face: one that the crop shows a rim of cannot be in the mask with more than that rim.
    """
    crop = Box(0.0, 0.0, alpha.shape[1], alpha.shape[0])
    seen = ((face, face.common(crop)) for face in faces)
    shares = ((face_covered_share(alpha, face) or 0.0) * common / face.area for face, common in seen if common > 0.0)
    return max(shares, default=0.0)


def translucent_share(alpha: Alpha) -> float | None:
    """How much of the subject's inside, away from its outline, is neither sure nor none, 0 to 1; None without one.

    Inside is what lies deeper than `RIM` below the outline of all that is over `NONE`. Holes have outlines too; a side
    of the crop is none. So hair and a blurred edge do not count, and a body that one sees through does.
    """
    shrunk = _shrunk(alpha)
    mask = (shrunk > NONE).astype(np.uint8)
    rim = max(2.0, RIM * float(np.count_nonzero(mask)) ** 0.5)
    beyond = np.pad(mask, 1, mode="edge")
    deep = cv2.distanceTransform(beyond, cv2.DIST_L2, cv2.DIST_MASK_5)[1:-1, 1:-1] > rim
    pixels = int(np.count_nonzero(deep))
    return float(np.count_nonzero(deep & (shrunk < SURE))) / pixels if pixels else None


def _shrunk(alpha: Alpha) -> Alpha:
    """Halved, opacities averaged, until its longer side is at most `MEASURED_PX`."""
    return halved(alpha, max(0, math.ceil(math.log2(max(alpha.shape) / MEASURED_PX))))[-1]
