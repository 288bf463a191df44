"""The subject's own colours where its edge is soft, without the background that shines through.

M. Forte: Approximate Fast Foreground Colour Estimation, ICIP 2021 (blur fusion, two rounds).
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

RADII = (91, 7)
"""Sides of the box blurs in pixels, coarse and fine."""


def cut_out(rgb: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """RGBA, height x width x 4, straight alpha: the picture under full opacity, estimated colours under part of it, black
    under none (which costs no bytes in a lossless file)."""
    opacity = (alpha.astype(np.float32) / 255.0)[..., None]
    picture = rgb.astype(np.float32) / 255.0
    front = back = picture
    for side in RADII:
        front, back = _fused(picture, front, back, opacity, side)
    colours = np.where(opacity == 1.0, picture, front) * (opacity > 0.0)
    return np.dstack([np.rint(colours * 255.0).astype(np.uint8), alpha])


def _fused(picture: Floats, front: Floats, back: Floats, opacity: Floats, side: int) -> tuple[Floats, Floats]:
    def mean(values: Floats) -> Floats:
        blurred = cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT)
        return np.asarray(blurred.reshape(values.shape), dtype=np.float32)

    share = mean(opacity)
    near_front = mean(front * opacity) / (share + 1e-5)
    near_back = mean(back * (1.0 - opacity)) / (1.0 - share + 1e-5)
    rest = picture - opacity * near_front - (1.0 - opacity) * near_back
    return np.clip(near_front + opacity * rest, 0.0, 1.0), near_back
