"""What a camera and a codec add to a subject: noise, and the blocks of a grid of 8 x 8 px."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

GRID_PX = 8
LEAST_PX = 256
"""Fewer pixels than this say nothing."""

_LAPLACIANS = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
"""The difference of two Laplacians: blind to what changes evenly, so that noise remains."""

RIM_PX = 5

SEEN = 0.5
"""Added to the steps between the lines, in levels: in the dark the steps of blocks are too small to be seen."""


def inside(alpha: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """The subject without the rim that the mask's making softens: height x width."""
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (2 * RIM_PX + 1, 2 * RIM_PX + 1))
    opaque = (alpha > 127).astype(np.uint8)
    return cv2.erode(opaque, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=1).astype(bool)


def noise_level(luma: Floats, subject: NDArray[np.bool_]) -> float | None:
    """Standard deviation of the noise of luma 0 to 255, height x width, at full size; None where too little is left.

    J. Immerkaer, Fast noise variance estimation, CVIU 64 (1996), over the flatter half of the subject: its edges would
    count as noise (S.-C. Tai and S.-M. Yang, ISCCSP 2008).
    """
    if np.count_nonzero(subject) < LEAST_PX:
        return None
    smooth = cv2.GaussianBlur(luma, (0, 0), 2.0)
    steep = np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1))
    flat = subject & (steep <= np.median(steep[subject]))
    response = np.abs(cv2.filter2D(np.asarray(luma, np.float32), cv2.CV_32F, _LAPLACIANS))
    return math.sqrt(math.pi / 2) / 6 * float(response[flat].mean(dtype=np.float64))


def blocking(luma: Floats, subject: NDArray[np.bool_], crop_x_px: int, crop_y_px: int) -> float | None:
    """By how much the steps across the lines of the frame's 8 x 8 grid exceed those between them: 0 is none.

    The mean absolute difference of neighbours across each of the eight places that a grid could have; that of the place
    it does have, less the median of all, by that median and half a level, never below 0; the mean of both directions.
    After Z. Wang, A. C. Bovik and B. L. Evans, Blind measurement of blocking artifacts in images, ICIP 2000. crop_x_px,
    crop_y_px: the crop's corner in the frame. A picture that was scaled after it was coded has lost its grid, and gives
    0. None where too little is left.
    """
    if np.count_nonzero(subject) < LEAST_PX:
        return None
    across = _excess(luma, subject, crop_x_px)
    down = _excess(luma.T, subject.T, crop_y_px)
    return None if across is None or down is None else (across + down) / 2


def _excess(luma: Floats, subject: NDArray[np.bool_], corner_px: int) -> float | None:
    """Along rows: the steps at columns that are multiples of 8 in the frame, by those at any other."""
    steps = np.abs(np.diff(luma, axis=1))
    both = subject[:, 1:] & subject[:, :-1]
    place = (np.arange(1, luma.shape[1]) + corner_px) % GRID_PX
    sums = np.bincount(place, np.where(both, steps, 0).sum(axis=0, dtype=np.float64), GRID_PX)
    counts = np.bincount(place, both.sum(axis=0), GRID_PX)
    if not counts.all():
        return None
    means = sums / counts
    usual = float(np.median(means))
    return max(0.0, (float(means[0]) - usual) / (usual + SEEN))
