"""What a mask looks like: how much it covers, in how many parts, how solid.

All take the opacity of a cut-out: height x width, uint8. A pixel belongs to the subject where it is over 127.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.media.geometry import Box

Alpha = NDArray[np.uint8]

SPECK = 0.0005
"""Contours around less than this share of the subject do not count."""

FACE_MIDDLE = 0.7


def opaque(alpha: Alpha) -> NDArray[np.uint8]:
    """1 where the subject is, else 0; height x width, uint8."""
    return (alpha > 127).astype(np.uint8)


def extent(alpha: Alpha) -> tuple[int, int, int, int]:
    """The subject's bounding box x0, y0, x1, y1 in pixels, x1 and y1 just outside. The subject must not be empty."""
    x, y, width, height = cv2.boundingRect(opaque(alpha))
    return x, y, x + width, y + height


def coverage(alpha: Alpha) -> float:
    """Opacity by area: the mean of alpha / 255 over the crop, 0 to 1."""
    return cv2.sumElems(alpha)[0] / alpha.size / 255.0


def soft_share(alpha: Alpha) -> float:
    """Pixels neither transparent nor opaque (alpha 13 to 242) by pixels of the subject."""
    return float(np.count_nonzero((alpha > 12) & (alpha < 243))) / float(np.count_nonzero(alpha > 127))


def largest_share(alpha: Alpha) -> float:
    """The largest connected part (8 neighbours) by the whole subject, 0 to 1."""
    mask = opaque(alpha)
    found, tree = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    outlines = [outline for outline, parent in zip(found, tree[0, :, 3], strict=True) if parent < 0]
    if len(outlines) == 1:
        return 1.0
    subject, largest = cv2.countNonZero(mask), 0
    # No part has more pixels than its outline encloses: seldom is more than one counted.
    for most, outline in sorted(((cv2.contourArea(each) + len(each), each) for each in outlines), key=_first)[::-1]:
        if most <= largest:
            break
        area, *_ = cv2.floodFill(mask, None, tuple(map(int, outline[0, 0])), 2, flags=8)
        largest = max(largest, area)
    return largest / subject


def _first(pair: tuple[float, object]) -> float:
    return pair[0]


def solidity(alpha: Alpha) -> float:
    """Area of the largest part by the area of its convex hull, 0 to 1 (as scikit-image's region property).

    Both in pixels: the hull is drawn and counted. Hand-drawn masks of people lie between 0.43 and 0.93, by pose.
    """
    _, labels, stats, _ = cv2.connectedComponentsWithStats(opaque(alpha), connectivity=8)
    number = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    outlines, _ = cv2.findContours((labels == number).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    hull = np.zeros(alpha.shape, dtype=np.uint8)
    cv2.fillConvexPoly(hull, cv2.convexHull(outlines[0]), 1)
    return float(stats[number, cv2.CC_STAT_AREA]) / float(np.count_nonzero(hull))


def contour_count(alpha: Alpha) -> int:
    """Outlines of parts and of holes, but for specks: 1 for a whole figure with nothing showing through."""
    mask = opaque(alpha)
    least = SPECK * float(np.count_nonzero(mask))
    parts = _areas(mask, 8)
    gaps = _areas(1 - mask, 4, inner=True)
    return sum(area >= least for area in parts + gaps)


def _areas(mask: NDArray[np.uint8], connectivity: int, inner: bool = False) -> list[int]:
    """Areas of the parts of a mask in pixels. inner: only of those that do not touch the border."""
    height, width = mask.shape
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=connectivity)
    return [
        int(area)
        for x, y, wide, high, area in stats[1:]
        if not inner or (x > 0 and y > 0 and x + wide < width and y + high < height)
    ]


def face_covered_share(alpha: Alpha, face: Box | None) -> float | None:
    """How much of the face belongs to the subject, 0 to 1; None without a face, whose box is in pixels of the crop.

    Of the ellipse in the middle seven tenths of the box: eyes, nose and mouth, which a turned head has there too, where
    the box itself reaches beyond the cheek. A bite that a mask takes out of the face lowers it.
    """
    if face is None:
        return None
    x0, y0 = math.floor(max(face.x0, 0.0)), math.floor(max(face.y0, 0.0))
    part = alpha[y0 : math.ceil(face.y1), x0 : math.ceil(face.x1)]
    columns, rows = np.arange(part.shape[1]) + 0.5, np.arange(part.shape[0])[:, None] + 0.5
    x, y = face.centre[0] - x0, face.centre[1] - y0
    half_width, half_height = FACE_MIDDLE * face.width / 2, FACE_MIDDLE * face.height / 2
    ellipse = ((columns - x) / half_width) ** 2 + ((rows - y) / half_height) ** 2 <= 1.0
    pixels = np.count_nonzero(ellipse)
    return float(np.count_nonzero(ellipse & (part > 127))) / float(pixels) if pixels else None
