"""Placing: where a cut-out lies in its composite, read from the composite's mask and the cut-out's opacity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.media.errors import MediaError
from tools.media.image import read_rgb, read_rgba

OPAQUE = 128
SLACK_PX = 6
"""How far the subject's size in the composite may be off what its scale says, before it counts as cut."""

SEARCHED_PX = 12.0
STEP_PX = 0.5
"""How far around the first guess, by the subject's box, the outlines are laid over each other, and how finely."""

Profile = NDArray[np.float64]


@dataclass(frozen=True)
class Placed:
    """A pixel (x, y) of the cut-out lies at (left + scale * x, top + scale * y) of the composite."""

    left: float
    top: float
    scale: float


def placed(mask: bytes, cutout: bytes, composite: Mapping[str, Any]) -> Placed | None:
    """Where the cut-out lies; None where a file cannot be read or nothing of the subject is in the mask.

    mask, cutout: paths. composite: a row of compare.composites.
    """
    return _placed(mask, composite["mask_sha256"], cutout, float(composite["scale"]))


@lru_cache(maxsize=256)
def _placed(mask_path: bytes, _digest: str, cutout_path: bytes, scale: float) -> Placed | None:
    """First by the boxes of what is opaque, then by what lies in each column and row: a ragged side may be trimmed."""
    try:
        mask, alpha = read_rgb(mask_path)[..., 0], read_rgba(cutout_path)[..., 3]
    except (MediaError, OSError):
        return None
    box, own = _box(mask), _box(alpha)
    if box is None or own is None:
        return None
    height, width = mask.shape
    left = _along(box[0], box[2], own[0], own[2], scale, width)
    top = _along(box[1], box[3], own[1], own[3], scale, height)
    left = _slid(_profile(mask, 0), _profile(_seen(alpha, top, scale, height), 0), left, scale)
    top = _slid(_profile(mask, 1), _profile(_seen(alpha.T, left, scale, width), 0), top, scale)
    return Placed(round(left, 2), round(top, 2), scale)


def _along(low: int, high: int, first: int, last: int, scale: float, size: int) -> float:
    """Where pixel 0 of the cut-out lies on one axis. A subject that the canvas cuts is held by its other side."""
    whole = abs((high - low) - scale * (last - first)) <= SLACK_PX
    if whole:
        return (low + high) / 2 - scale * (first + last) / 2
    return high - scale * last if low <= 0 and high < size else low - scale * first


def _profile(alpha: NDArray[np.uint8], axis: int) -> Profile:
    """The sum over an axis, in opaque pixels."""
    return np.asarray(alpha.sum(axis=axis, dtype=np.float64) / 255)


def _seen(alpha: NDArray[np.uint8], at: float, scale: float, size: int) -> NDArray[np.uint8]:
    """The rows that lie on a canvas of that many pixels where row 0 lies at `at`."""
    return alpha[max(0, round(-at / scale)) : max(0, round((size - at) / scale))]


def _slid(profile: Profile, own: Profile, at: float, scale: float) -> float:
    """Where `own`, scaled, differs least from the profile of the canvas, near `at`."""
    places, pixels = np.arange(len(profile)) + 0.5, np.arange(len(own)) + 0.5
    shifts = at + np.arange(-SEARCHED_PX, SEARCHED_PX + STEP_PX, STEP_PX)
    laid = [scale * np.interp((places - shift) / scale, pixels, own, left=0, right=0) for shift in shifts]
    costs = np.abs(np.asarray(laid) - profile).sum(axis=1)
    # Of equal ones the nearest to the first guess.
    return float(shifts[np.lexsort((np.abs(shifts - at), costs.round(3)))[0]])


def _box(alpha: NDArray[np.uint8]) -> tuple[int, int, int, int] | None:
    """The rectangle of what is more opaque than not, x1 and y1 just outside; None for none."""
    inside = alpha >= OPAQUE
    columns, rows = np.flatnonzero(inside.any(0)), np.flatnonzero(inside.any(1))
    if not len(columns):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
