"""Into a network of one size and back: the picture scaled to fit, grey around it, as ultralytics does it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

GREY = 114
"""What ultralytics fills up with, in training too."""


@dataclass(frozen=True)
class Fit:
    """How one picture lies in the network's, in pixels.

    shape: its height and width; inner: those of its scaled copy; corner: where that lies (x, y); padded: height and
    width of the whole.
    """

    shape: tuple[int, int]
    inner: tuple[int, int]
    corner: tuple[int, int]
    padded: tuple[int, int]

    def back(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points (n x 2 or more: x, y, …) of the network's picture in pixels of the original, never outside it."""
        moved = points.copy()
        for axis in (0, 1):
            length, inner = self.shape[1 - axis], self.inner[1 - axis]
            moved[:, axis] = np.clip((points[:, axis] - self.corner[axis]) * (length / inner), 0.0, length)
        return moved


def fitting(shape: tuple[int, int], side_px: int, stride: int, fixed: tuple[int, ...] | None = None) -> Fit:
    """How a picture of that height and width fits into side_px, padded to multiples of stride or to a fixed size.

    Each picture is judged alone, so that what stands beside it in a batch changes nothing.
    """
    height, width = shape
    high, wide = (fixed[0], fixed[1]) if fixed else (side_px, side_px)
    scale = min(high / height, wide / width)
    inner = max(1, round(height * scale)), max(1, round(width * scale))
    if fixed is None:
        high, wide = (stride * math.ceil(length / stride) for length in inner)
    # Half pixels go to the right and below.
    corner = round((wide - inner[1]) / 2 - 0.1), round((high - inner[0]) / 2 - 0.1)
    return Fit((height, width), inner, corner, (high, wide))


def fitted(rgb: NDArray[np.uint8], fit: Fit) -> NDArray[np.uint8]:
    """The picture as the network takes it: padded height x padded width x 3, uint8."""
    height, width = fit.inner
    if (height, width) != fit.shape:
        rgb = np.asarray(cv2.resize(rgb, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
    whole = np.full((*fit.padded, 3), GREY, dtype=np.uint8)
    x, y = fit.corner
    whole[y : y + height, x : x + width] = rgb
    return whole
