"""How often each colour of a picture occurs in a part of it: joint histograms in Lab, in steps made for the picture."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

BINS = (28, 20, 20)
"""Steps of lightness, green to red, blue to yellow, over the range that the picture uses: fine ones if it is dark."""

MIN_RANGE = (20.0, 12.0, 12.0)
"""In Lab units: a picture of one colour is not stretched until its noise looks like colours."""

BLUR = np.asarray(cv2.getGaussianKernel(9, 1.0), dtype=np.float64)
"""Each colour counts for its neighbours as well: Gaussian weights, of a standard deviation of one step."""


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
        counts: Floats = np.bincount(self._index, weights.ravel(), int(np.prod(BINS))).astype(np.float64)
        smooth = _blurred(counts.reshape(BINS)).ravel()
        return np.asarray(smooth[self._index].reshape(self.shape) / max(total, 1e-9), dtype=np.float64)


def _blurred(counts: Floats) -> Floats:
    """A histogram of three axes, blurred along each; nothing is beyond its ends."""
    for _ in range(3):
        flat = np.ascontiguousarray(counts.reshape(counts.shape[0], -1))
        flat = np.asarray(cv2.sepFilter2D(flat, cv2.CV_64F, np.ones(1), BLUR, borderType=cv2.BORDER_CONSTANT))
        counts = np.moveaxis(flat.reshape(counts.shape), 0, -1)
    return counts


def to_lab(rgb: NDArray[np.uint8]) -> Floats:
    """Lab of sRGB: height x width x 3, float32."""
    return np.asarray(cv2.cvtColor(rgb.astype(np.float32) / 255.0, cv2.COLOR_RGB2Lab), dtype=np.float32)
