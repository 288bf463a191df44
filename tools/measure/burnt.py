"""How much of a subject lies in black bars, and behind what is burnt into the footage."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tools.media.geometry import Box

Alpha = NDArray[np.uint8]


def bar_share(alpha: Alpha, corner: tuple[int, int], picture: Box | None) -> float | None:
    """The share of the subject (alpha over 127) that lies outside the picture, in the frame's bars: 0 to 1.

    alpha: height x width; corner: x, y of the crop in the frame; picture: in pixels of the frame. None where the
    picture is not known.
    """
    if picture is None:
        return None
    return 1.0 - _share(alpha, corner, [picture])


def overlay_share(alpha: Alpha, corner: tuple[int, int], overlays: Sequence[Box] | None) -> float | None:
    """The share of the subject that lies in the boxes of what is burnt in, in pixels of the frame; None: not known."""
    return None if overlays is None else _share(alpha, corner, overlays)


def _share(alpha: Alpha, corner: tuple[int, int], boxes: Sequence[Box]) -> float:
    subject = alpha > 127
    height, width = subject.shape
    covered = np.zeros(subject.shape, bool)
    for box in boxes:
        here = box.moved(-corner[0], -corner[1])
        rows = slice(max(0, math.floor(here.y0)), max(0, min(height, math.ceil(here.y1))))
        columns = slice(max(0, math.floor(here.x0)), max(0, min(width, math.ceil(here.x1))))
        covered[rows, columns] = True
    return float(np.count_nonzero(subject & covered)) / float(np.count_nonzero(subject))
