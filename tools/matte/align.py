"""Neighbouring frames of a shot, brought over one another: what the camera's own movement did is taken out.

Corners are followed from one frame to the other (B. D. Lucas, T. Kanade, IJCAI 1981, in a pyramid: J.-Y. Bouguet, 2001)
where nobody stands, and what most of them agree on (RANSAC: M. A. Fischler, R. C. Bolles, CACM 1981) is the camera.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.media.geometry import Box, Rgb

Floats = NDArray[np.floating[Any]]

SIDE_PX = 480
"""The longer side of the copies on which corners are followed."""

CORNERS = 300
WINDOW_PX = 21
LEVELS = 4
TOLERANCE_PX = 1.5
"""How far a corner may be from where the camera's movement puts it, on the small copy."""

LEAST_AGREEING, LEAST_SHARE = 20, 0.25
"""So many corners, and such a part of those followed, must agree, or the frames are not brought together."""

LEAST_SCALE, MOST_SCALE = 0.9, 1.11


def camera_movement(frame: Rgb, other: Rgb, people: Sequence[Box], others: Sequence[Box]) -> NDArray[np.float64] | None:
    """The similarity that takes pixels of `other` to pixels of `frame`: 2 x 3, float64; None where they do not agree.

    frame, other: height x width x 3, of one size. people, others: where people stand in each.
    """
    if frame.shape != other.shape:
        return None
    scale = min(1.0, SIDE_PX / max(frame.shape))
    here, there = _grey(frame, scale), _grey(other, scale)
    corners: Any = cv2.goodFeaturesToTrack(there, CORNERS, 0.01, 6, mask=_nobody(others, there.shape, scale))
    if corners is None:
        return None
    window = (WINDOW_PX, WINDOW_PX)
    followed, status, _ = cv2.calcOpticalFlowPyrLK(there, here, corners, np.empty(0), winSize=window, maxLevel=LEVELS)
    start, end = corners[status.ravel() > 0].reshape(-1, 2), followed[status.ravel() > 0].reshape(-1, 2)
    free = _nobody(people, here.shape, scale)
    x, y = (np.clip(np.rint(end[:, axis]), 0, free.shape[1 - axis] - 1).astype(np.intp) for axis in (0, 1))
    clear = free[y, x] > 0
    if np.count_nonzero(clear) < LEAST_AGREEING:
        return None
    cv2.setRNGSeed(0)
    found, agreeing = cv2.estimateAffinePartial2D(start[clear], end[clear], ransacReprojThreshold=TOLERANCE_PX)
    if found is None or agreeing.sum() < max(LEAST_AGREEING, LEAST_SHARE * len(agreeing)):
        return None
    if not LEAST_SCALE < float(np.hypot(found[0, 0], found[1, 0])) < MOST_SCALE:
        return None
    movement = np.asarray(found, dtype=np.float64)
    movement[:, 2] /= scale
    return movement


def _grey(image: Rgb, scale: float) -> NDArray[np.uint8]:
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def _nobody(people: Sequence[Box], shape: tuple[int, ...], scale: float) -> NDArray[np.uint8]:
    free = np.full(shape, 255, dtype=np.uint8)
    for box in people:
        x0, y0, x1, y1 = (max(0, round(value * scale)) for value in box)
        free[y0:y1, x0:x1] = 0
    return free
