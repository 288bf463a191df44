"""What stays while people move is background: a picture compared with neighbouring frames of its shot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.matte.beside import Beside
from tools.matte.body import covered
from tools.matte.colours import to_lab
from tools.media.geometry import Box

Floats = NDArray[np.floating[Any]]

SAME, OTHER = 3.0, 9.0
"""Differences in Lab units: up to the first it is the same thing, from the second on another."""

STAYED, CHANGED = -3.0, 1.2
"""Log odds of the person where all stayed, and where something else is seen now."""

OVERSAMPLED = 1.5
"""So many times as finely as needed a neighbour is kept before it is moved."""

REACH_PX = 2
"""How far the frames may be off one another after the camera's movement was taken out."""


def stillness(lab: Floats, beside: Sequence[Beside], scale: float) -> Floats:
    """Log odds of a person for each pixel, from where the picture agrees with its neighbours; height x width, float32.

    Counts only where nobody stands in the neighbour: what is the same there is what stands behind the people, what
    differs is somebody. lab: height x width x 3 of the picture, so many times (scale) as large as the image that the
    neighbours' movements lead to.
    """
    found = np.zeros(lab.shape[:2], dtype=np.float32)
    for each in beside:
        found += _agreement(lab, each, scale)
    return np.clip(found, STAYED, CHANGED)


def _agreement(lab: Floats, beside: Beside, scale: float) -> Floats:
    height, width = lab.shape[:2]
    there = _brought_over(beside, scale, (width, height))
    smooth = cv2.GaussianBlur(np.ascontiguousarray(lab, dtype=np.float32), (0, 0), 1.0)
    difference = np.full((height, width), np.inf, dtype=np.float32)
    for dy in range(-REACH_PX, REACH_PX + 1):
        for dx in range(-REACH_PX, REACH_PX + 1):
            moved = np.roll(there, (dy, dx), (0, 1))
            np.minimum(difference, np.linalg.norm(moved - smooth, axis=-1), out=difference)
    odds = np.interp(difference, (SAME, OTHER), (STAYED, CHANGED)).astype(np.float32)
    return np.asarray(odds * _empty(beside, scale, (width, height)), dtype=np.float32)


def _brought_over(beside: Beside, scale: float, size: tuple[int, int]) -> Floats:
    """The neighbour in Lab as the picture shows it, height x width x 3, float32; carried on beyond its edges."""
    movement = beside.movement * scale
    shrunk = min(1.0, scale * OVERSAMPLED)
    small = cv2.resize(beside.image, None, fx=shrunk, fy=shrunk, interpolation=cv2.INTER_AREA)
    movement[:, :2] /= shrunk
    picture = cv2.warpAffine(small, movement, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    smooth = cv2.GaussianBlur(to_lab(np.asarray(picture, dtype=np.uint8)), (0, 0), 1.0)
    return np.asarray(smooth, dtype=np.float32)


def _empty(beside: Beside, scale: float, size: tuple[int, int]) -> Floats:
    """How sure it is that nobody stands there in the neighbour, 0 to 1; 0 beyond its edges."""
    width, height = size
    back = cv2.invertAffineTransform(beside.movement)
    rows, columns = (np.mgrid[0:height, 0:width].astype(np.float32) + 0.5) / scale
    x, y = (back[axis, 0] * columns + back[axis, 1] * rows + back[axis, 2] for axis in (0, 1))
    empty = ((x > 0) & (y > 0) & (x < beside.image.shape[1]) & (y < beside.image.shape[0])).astype(np.float32)
    for box in beside.people:
        reach = Box(
            box.x0 - 0.2 * box.width, box.y0 - 0.1 * box.height, box.x1 + 0.2 * box.width, box.y1 + 0.1 * box.height
        )
        if x.max() > reach.x0 and x.min() < reach.x1 and y.max() > reach.y0 and y.min() < reach.y1:
            empty *= 1.0 - covered(box, x, y)
    return np.asarray(empty)
