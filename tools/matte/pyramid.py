"""Pictures halved, so that what is found on them lies over the same pixels again when it is enlarged."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

ROW = 4096


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


def sampled(values: Floats, times: int, columns: NDArray[np.intp], rows: NDArray[np.intp]) -> Floats:
    """What `multiplied` gives at some of its places alone: n x channels, float32.

    values: height x width x channels. columns, rows: n of each, pixels of the enlarged picture.
    """
    count, channels = len(columns), values.shape[2]
    # OpenCV takes at most 32,767 places in a row or a column.
    where = np.zeros(((count // ROW + 1) * ROW, 2), dtype=np.float32)
    where[:count, 0], where[:count, 1] = columns, rows
    where += np.float32(0.5)
    where *= np.float32(1.0 / times)
    where -= np.float32(0.5)
    lines = where.reshape(-1, ROW, 2)
    found = cv2.remap(values, lines, np.empty(0), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found, dtype=np.float32).reshape(-1, channels)[:count]
