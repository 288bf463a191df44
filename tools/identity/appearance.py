"""What somebody wears, as a few numbers: enough to tell who is who from one frame of a shot to the next."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.media.geometry import Box, Rgb

LEVELS = 4
"""Of each of red, green and blue."""

SIDE_PX = 64
"""The middle of the box is looked at in this size."""


def colours(crop: Rgb, box: Box) -> bytes:
    """The shares of 64 colours in the middle half of the box, in 255ths of the commonest: 64 bytes."""
    height, width = crop.shape[:2]
    x, y = box.centre
    middle = Box(x - box.width / 4, y - box.height / 4, x + box.width / 4, y + box.height / 4).clipped(width, height)
    x0, y0 = min(int(middle.x0), width - 1), min(int(middle.y0), height - 1)
    part = crop[y0 : max(int(middle.y1), y0 + 1), x0 : max(int(middle.x1), x0 + 1)]
    small = cv2.resize(part, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    steps = np.asarray(small, np.int64) * LEVELS // 256
    counts = np.bincount((steps @ np.array([LEVELS * LEVELS, LEVELS, 1])).ravel(), minlength=LEVELS**3)
    return bytes(np.rint(counts * (255.0 / counts.max())).astype(np.uint8))


def likeness(one: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much of the colours two people share, 0 to 1. one: 64; others: N x 64; each row adds up to 1.

    The intersection of histograms (M. J. Swain, D. H. Ballard: Color indexing, 1991).
    """
    return np.asarray(np.minimum(one, others).sum(axis=-1), np.float32)
