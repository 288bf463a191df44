"""The subject's own colours where its edge is soft, without the background that shines through.

M. Forte: Approximate Fast Foreground Colour Estimation, ICIP 2021 (blur fusion, two rounds).
"""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

COARSE_PX, FINE_PX = 91, 7
"""Sides of the box blurs of the two rounds."""

COARSE_STEP = 4
"""The coarse round works on a picture so many times smaller."""


def cut_out(rgb: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """RGBA, height x width x 4, straight alpha.

    The picture under full opacity, estimated colours under part of it, black under none, which costs a lossless file no
    bytes. rgb: height x width x 3; alpha: height x width.
    """
    height, width = alpha.shape
    shown = np.asarray(cv2.copyTo(np.ascontiguousarray(rgb), (alpha > 0).astype(np.uint8)), dtype=np.uint8)
    soft = (alpha > 0) & (alpha < 255)
    if soft.any():
        opacity = (alpha.astype(np.float32) / 255.0)[..., None]
        picture = rgb.astype(np.float32) / 255.0
        size = math.ceil(width / COARSE_STEP), math.ceil(height / COARSE_STEP)
        small = _resized(picture, size)
        front, back = _fused(small, small, small, _resized(opacity, size), COARSE_PX // COARSE_STEP)
        front, back = _resized(front, (width, height)), _resized(back, (width, height))
        # The second round looks no farther than its blur: the rest of the picture is left out.
        part = _around(soft, FINE_PX // 2)
        where = np.flatnonzero(soft[part])
        front, _ = _fused(picture[part], front[part], back[part], opacity[part], FINE_PX, where)
        shown[soft] = np.rint(front * 255.0).astype(np.uint8)
    return np.asarray(cv2.merge([*cv2.split(shown), np.ascontiguousarray(alpha)]), dtype=np.uint8)


def _around(mask: NDArray[np.bool_], margin: int) -> tuple[slice, slice]:
    """The rows and columns of a mask that hold all that is true in it, with a margin as far as the picture goes."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    down, across = (slice(max(0, int(each[0]) - margin), int(each[-1]) + margin + 1) for each in (rows, columns))
    return down, across


def _resized(values: Floats, size: tuple[int, int]) -> Floats:
    method = cv2.INTER_AREA if size[0] < values.shape[1] else cv2.INTER_LINEAR
    resized = np.asarray(cv2.resize(values, size, interpolation=method), dtype=np.float32)
    return resized.reshape(*resized.shape[:2], values.shape[2])


def _fused(
    picture: Floats,
    front: Floats,
    back: Floats,
    opacity: Floats,
    side: int,
    where: NDArray[np.intp] | None = None,
) -> tuple[Floats, Floats]:
    """One round of blur fusion: both colours, of all pixels, or of those asked for, as a list (n x 3)."""

    def asked(values: Floats) -> Floats:
        return values if where is None else values.reshape(-1, values.shape[2])[where]

    def mean(values: Floats) -> Floats:
        blurred = cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT)
        return asked(np.asarray(blurred.reshape(values.shape), dtype=np.float32))

    share = mean(opacity)
    # As three equal channels: numpy is slow where it has to repeat one.
    thrice = cv2.merge([opacity[..., 0]] * 3)
    near_front = mean(front * thrice) / (share + 1e-5)
    near_back = mean(back * (1.0 - thrice)) / (1.0 - share + 1e-5)
    picture, opacity = asked(picture), asked(opacity)
    rest = picture - opacity * near_front - (1.0 - opacity) * near_back
    return np.clip(near_front + opacity * rest, 0.0, 1.0), near_back
