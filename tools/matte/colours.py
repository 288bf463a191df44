"""How often each colour of a picture occurs in a part of it: joint histograms in Lab, in steps that suit the picture."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

Floats = NDArray[np.floating[Any]]

BINS = (28, 20, 20)
"""Steps of lightness, green to red, blue to yellow, over the range that the picture uses: dark pictures get fine ones."""

MIN_RANGE = (20.0, 12.0, 12.0)
"""In Lab units: a picture of one colour is not stretched until its noise looks like colours."""

BLUR_BINS = 1.0


class Palette:
    """The pixels of a picture by colour."""

    def __init__(self, lab: Floats) -> None:
        """lab: height x width x 3, float32, lightness 0 to 100."""
        self.shape = lab.shape[:2]
        index = np.zeros(self.shape, dtype=np.int64)
        for channel, (bins, least) in enumerate(zip(BINS, MIN_RANGE, strict=True)):
            low, high = np.percentile(lab[..., channel], [0.5, 99.5])
            step = (lab[..., channel] - low) / max(high - low, least) * (bins - 1)
            index = index * bins + np.clip(np.rint(step), 0, bins - 1).astype(np.int64)
        self._index = index.ravel()

    def density(self, weights: Floats) -> Floats:
        """For each pixel, the share of weights (height x width, not negative) that lies on its colour; float64."""
        total = float(weights.sum())
        counts = np.bincount(self._index, weights=weights.ravel(), minlength=int(np.prod(BINS)))
        smooth = gaussian_filter(counts.reshape(BINS), BLUR_BINS, mode="constant").ravel()
        return np.asarray(smooth[self._index].reshape(self.shape) / max(total, 1e-9), dtype=np.float64)


def to_lab(rgb: NDArray[np.uint8]) -> Floats:
    """Lab of sRGB: height x width x 3, float32."""
    return np.asarray(cv2.cvtColor(rgb.astype(np.float32) / 255.0, cv2.COLOR_RGB2Lab), dtype=np.float32)
