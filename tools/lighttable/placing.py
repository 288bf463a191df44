"""Placing: where a cut-out lies in its composite, read from the composite's mask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

OPAQUE = 128
SLACK_PX = 6
"""How far the subject's size in the composite may be off what its scale says, before it counts as cut."""


@dataclass(frozen=True)
class Placed:
    """A pixel (x, y) of the cut-out lies at (left + scale * x, top + scale * y) of the composite."""

    left: float
    top: float
    scale: float


def placed(path: bytes, composite: Mapping[str, Any]) -> Placed | None:
    """Where the cut-out lies; None where the mask cannot be read or nothing of the subject is in it.

    composite: a row of compare.composites.
    """
    box = _box(path, composite["mask_sha256"])
    if box is None or composite["subject_x0_px"] is None:
        return None
    scale = float(composite["scale"])
    left = _along(box[0], box[2], composite["subject_x0_px"], composite["subject_x1_px"], scale, composite["width"])
    top = _along(box[1], box[3], composite["subject_y0_px"], composite["subject_y1_px"], scale, composite["height"])
    return Placed(round(left, 2), round(top, 2), scale)


def _along(low: int, high: int, first: int, last: int, scale: float, size: int) -> float:
    """Where pixel 0 of the cut-out lies on one axis. A subject that the canvas cuts is held by its other side."""
    whole = abs((high - low) - scale * (last - first)) <= SLACK_PX
    if whole:
        return (low + high) / 2 - scale * (first + last) / 2
    return high - scale * last if low <= 0 and high < size else low - scale * first


@lru_cache(maxsize=256)
def _box(path: bytes, _digest: str) -> tuple[int, int, int, int] | None:
    """The rectangle of a mask file that is more opaque than not, x1 and y1 just outside; None for none."""
    import numpy as np

    from tools.media.errors import MediaError
    from tools.media.image import read_rgb

    try:
        inside = read_rgb(path)[..., 0] >= OPAQUE
    except (MediaError, OSError):
        return None
    columns, rows = np.flatnonzero(inside.any(0)), np.flatnonzero(inside.any(1))
    if not len(columns):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
