"""Alpha matting: the opacity of hair and other soft edges, solved for from the colours on both sides.

A. Levin, D. Lischinski, Y. Weiss: A Closed-Form Solution to Natural Image Matting, TPAMI 2008, as PyMatting has it
(T. Germer and others, JOSS 2020).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

MOST_PX = 1.0e6
"""Larger pictures are matted at this size: the system has some 80 numbers for each pixel."""


class Trimap(NamedTuple):
    """foreground: more is surely inside; background: less is surely outside (0 to 255); erode_px: both drawn back."""

    foreground: int
    background: int
    erode_px: int


def refined(rgb: NDArray[np.uint8], alpha: NDArray[np.uint8], bounds: Trimap) -> NDArray[np.uint8]:
    """The opacity solved for between what is surely inside and surely outside; height x width, uint8.

    Where there is no such inside or outside, nothing can be solved for, and the mask stays as it is.
    """
    from pymatting.alpha.estimate_alpha_cf import estimate_alpha_cf

    height, width = alpha.shape
    scale = min(1.0, math.sqrt(MOST_PX / alpha.size))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    method = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LINEAR
    small = np.asarray(cv2.resize(alpha, size, interpolation=method), dtype=np.uint8)
    trimap = trimap_of(small, bounds._replace(erode_px=round(bounds.erode_px * scale)))
    if not ((trimap == 0.0).any() and (trimap == 1.0).any() and (trimap == 0.5).any()):
        return alpha
    picture = np.asarray(cv2.resize(rgb, size, interpolation=method), dtype=np.float64) / 255.0
    solved = np.clip(estimate_alpha_cf(picture, trimap), 0.0, 1.0).astype(np.float32)
    whole = cv2.resize(solved, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.rint(np.asarray(whole) * 255.0), dtype=np.uint8)


def trimap_of(alpha: NDArray[np.uint8], bounds: Trimap) -> NDArray[np.float64]:
    """1 surely inside, 0 surely outside, 0.5 to be solved for; height x width, float64. The picture's border counts as
    both, so that nothing is drawn back there."""
    inside = (alpha > bounds.foreground).astype(np.uint8)
    outside = (alpha < bounds.background).astype(np.uint8)
    if bounds.erode_px > 0:
        kernel = np.ones((bounds.erode_px, bounds.erode_px), np.uint8)
        inside, outside = (
            np.asarray(cv2.erode(each, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=1), dtype=np.uint8)
            for each in (inside, outside)
        )
    trimap = np.full(alpha.shape, 0.5)
    trimap[inside > 0] = 1.0
    trimap[outside > 0] = 0.0
    return trimap
