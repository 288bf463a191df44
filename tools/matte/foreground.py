"""The subject's own colours where its edge is soft, without the background that shines through.

M. Forte: Approximate Fast Foreground Colour Estimation, ICIP 2021 (blur fusion, two rounds).
"""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.matte.pyramid import halved, multiplied

Floats = NDArray[np.floating[Any]]

EPSILON = np.float32(1e-5)
ONE_MORE = np.float32(1.0) + EPSILON

COARSE, FINE = 2, 1
"""The two rounds work on a picture halved so often: what they find are means, that change slowly."""

STEP = 2**FINE

COARSE_SIDE, FINE_SIDE = 23, 3
"""Sides of their box blurs, in pixels of these."""

MARGIN_PX = 24
"""So far around all that is soft the picture is looked at."""


def cut_out(rgb: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """RGBA, height x width x 4, straight alpha.

    The picture under full opacity, estimated colours under part of it, black under none, which costs a lossless file no
    bytes. rgb: height x width x 3; alpha: height x width.
    """
    shown = np.asarray(cv2.copyTo(cv2.merge([*cv2.split(rgb), alpha]), alpha), dtype=np.uint8)
    x, y, wide, high = cv2.boundingRect(cv2.inRange(alpha, 1, 254))
    if wide:
        y0, x0 = max(0, y - MARGIN_PX), max(0, x - MARGIN_PX)
        around = slice(y0, y + high + MARGIN_PX), slice(x0, x + wide + MARGIN_PX)
        top, left = (y - y0) // STEP, (x - x0) // STEP
        bottom, right = math.ceil((y - y0 + high) / STEP), math.ceil((x - x0 + wide) / STEP)
        front, back = (each[top:bottom, left:right] for each in _near(rgb[around], alpha[around]))
        rows, columns = (
            slice(at, at + STEP * size)
            for at, size in ((y0 + STEP * top, bottom - top), (x0 + STEP * left, right - left))
        )
        part = np.ascontiguousarray(shown[rows, columns])
        _clean(part, multiplied(front, STEP), multiplied(back, STEP))
        shown[rows, columns] = part
    return shown


def _clean(shown: NDArray[np.uint8], front: Floats, back: Floats) -> None:
    """Put the estimated colours where shown (height x width x 4) is neither transparent nor opaque.

    front, back: what the colours are around each pixel: at least height x width x 3, float32, 0 to 1.
    """
    height, width = shown.shape[:2]
    where = np.flatnonzero(shown[..., 3] - np.uint8(1) < 254)
    pixels = shown.reshape(-1, 4)
    values = np.take(pixels, where, axis=0)
    opacity = values[:, 3:] / np.float32(255.0)
    around, behind = (np.take(each[:height, :width].reshape(-1, 3), where, axis=0) for each in (front, back))
    clean = _fused(values[:, :3] / np.float32(255.0), around, behind, opacity)
    values[:, :3] = np.rint(clean * np.float32(255.0))
    # Four bytes at once.
    pixels.view(np.uint32)[where] = values.view(np.uint32)


def _near(rgb: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> tuple[Floats, Floats]:
    """The subject's and the background's colours around each pixel of a picture made smaller by the fine step."""
    pictures, opacities = (halved(each, COARSE) for each in (rgb, alpha))
    small, share = _unit(pictures[COARSE]), _unit(opacities[COARSE])
    front, back = _means(small, small, share, COARSE_SIDE)
    front = _fused(small, front, back, share)
    times = 2 ** (COARSE - FINE)
    return _means(multiplied(front, times), multiplied(back, times), _unit(opacities[FINE]), FINE_SIDE)


def _means(front: Floats, back: Floats, opacity: Floats, side: int) -> tuple[Floats, Floats]:
    """Means of both colours around each pixel, by how much they show there: height x width x 3; opacity likewise."""

    def mean(values: Floats) -> Floats:
        return np.asarray(cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT), dtype=np.float32)

    shown = front * opacity
    behind = back - back * opacity if front is not back else back - shown
    share = _thrice(mean(np.ascontiguousarray(opacity[..., 0])))
    return mean(shown) / (share + EPSILON), mean(behind) / (ONE_MORE - share)


def _thrice(values: Floats) -> Floats:
    """As three equal channels: numpy is slow where it has to repeat one."""
    return np.asarray(cv2.merge([values] * 3), dtype=np.float32)


def _fused(picture: Floats, front: Floats, back: Floats, opacity: Floats) -> Floats:
    """The subject's colours: those around, and what of the picture they leave unexplained."""
    rest = picture - opacity * front - (1.0 - opacity) * back
    return np.clip(front + opacity * rest, 0.0, 1.0)


def _unit(values: NDArray[np.uint8]) -> Floats:
    """From 0 to 1 instead of 255: height x width x 3, float32; opacities as three equal channels."""
    found = values.astype(np.float32) / np.float32(255.0)
    return found if found.ndim == 3 else _thrice(found)
