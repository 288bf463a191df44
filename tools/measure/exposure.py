"""How light and dark a subject is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

DARK, BRIGHT = 8, 247
"""Luma under and over which nothing can be told apart any more."""


class Exposure(NamedTuple):
    """Shares of the subject's pixels (0 to 1), mean and standard deviation of its luma (0 to 255)."""

    dark_share: float
    bright_share: float
    mean_luma: float
    luma_std: float


def luma_of(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Luma of sRGB as stored, 0 to 255, with the weights of ITU-R BT.601: height x width, float32."""
    return rgb.astype(np.float32) @ np.array([0.299, 0.587, 0.114], dtype=np.float32)


def exposure(luma: NDArray[np.float32], alpha: NDArray[np.uint8]) -> Exposure:
    """Of the pixels with alpha over 127, of which there must be some; luma and alpha: height x width."""
    subject = luma[alpha > 127].astype(np.float64)
    return Exposure(
        float(np.mean(subject < DARK)),
        float(np.mean(subject > BRIGHT)),
        float(subject.mean()),
        float(subject.std()),
    )
