"""Pictures halved, so that what is found on them lies over the same pixels again when it is enlarged."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


def halved(values: NDArray[np.uint8], times: int) -> list[NDArray[np.uint8]]:
    """A picture (height x width, or with channels), half of it, a quarter… down to 1 / 2^times, as means of pixels.

    Its last row and column are repeated first, until its sides can be divided so often.
    """
    height, width = values.shape[:2]
    edges = 0, -height % 2**times, 0, -width % 2**times
    found = [np.asarray(cv2.copyMakeBorder(values, *edges, cv2.BORDER_REPLICATE), dtype=np.uint8)]
    for _ in range(times):
        size = found[-1].shape[1] // 2, found[-1].shape[0] // 2
        found.append(np.asarray(cv2.resize(found[-1], size, interpolation=cv2.INTER_AREA), dtype=np.uint8))
    return found


def multiplied(values: Floats, times: int) -> Floats:
    """So many times as large, between its pixels linear; float32."""
    return np.asarray(cv2.resize(values, None, fx=times, fy=times, interpolation=cv2.INTER_LINEAR), dtype=np.float32)
