"""The rim of a finished composite: whether a line runs around the subject that belongs to neither side of it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.compose.edges import FAINT, MIN_PIXELS, rim_px
from tools.compose.extent import OPAQUE

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

STEP = 24.0
"""Levels of luma by which a line must stand out from both sides: less is grain and shading."""

SIGMA_PX = 6.0
"""How far from the rim its two sides are looked for: the Gaussian's standard deviation, at a rim of 3 px."""


def outlined(rgb: Pixels, alpha: Pixels) -> float | None:
    """The share of a rim's pixels that are lighter than both sides of it, or that are darker: the greater of the two.

    rgb: height x width x 3 uint8. alpha: its mask, height x width. 0 to 1; None where the rim is too short to tell. The
    two sides are the mean luma of the subject and of the ground near by, each clear of the rim (normalised convolution,
    Knutsson and Westin 1993).
    """
    luma = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.float32)
    width = rim_px(alpha.shape)
    core, shown = (alpha >= OPAQUE).astype(np.uint8), (alpha >= FAINT).astype(np.uint8)
    kernel = np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * width + 1,) * 2), np.uint8)
    inner = np.asarray(cv2.erode(core, kernel, borderType=cv2.BORDER_REPLICATE), np.uint8)
    outer = 1 - np.asarray(cv2.dilate(shown, kernel), np.uint8)
    rim = (inner == 0) & (outer == 0)
    sigma = SIGMA_PX * width / 3
    (inside, inside_weight), (outside, outside_weight) = (_mean(luma, known, sigma) for known in (inner, outer))
    judged = rim & (inside_weight > 0.01) & (outside_weight > 0.01)
    if judged.sum() < MIN_PIXELS:
        return None
    values, one, other = luma[judged], inside[judged], outside[judged]
    lighter = values > np.maximum(one, other) + STEP
    darker = values < np.minimum(one, other) - STEP
    return float(max(lighter.mean(), darker.mean()))


def _mean(luma: Floats, known: Pixels, sigma: float) -> tuple[Floats, Floats]:
    """The mean of the known pixels around each, and how much was known."""

    def smooth(values: Floats) -> Floats:
        return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE), np.float32)

    weight = smooth(known.astype(np.float32))
    return np.asarray(smooth(luma * known) / np.maximum(weight, 1e-6), np.float32), weight
