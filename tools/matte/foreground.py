"""The subject's own colours where its edge is soft, without the background that shines through.

M. Forte: Approximate Fast Foreground Colour Estimation, ICIP 2021 (blur fusion, two rounds).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.matte.pyramid import halved, sampled

Floats = NDArray[np.floating[Any]]

EPSILON = np.float32(1e-5)
ONE_MORE = np.float32(1.0) + EPSILON

HALVINGS = 2
"""The two rounds work on a picture halved so often: what they find are means, that change slowly."""

STEP = 2**HALVINGS

WIDE_SIDE = 23
"""Side of the first round's box blur, in pixels of that picture."""

NARROW = np.array([1.0, 4.0, 1.0], dtype=np.float32) / np.float32(6.0)
"""Weights of the second round's, which is one and a half pixels wide."""

AT_ONCE = 1_000_000
"""Soft pixels that are worked on together: they need some 100 bytes each."""

MARGIN_PX = 24
"""So far around all that is soft the picture is looked at."""


def cut_out(rgb: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """RGBA, height x width x 4, straight alpha.

    The picture under full opacity, estimated colours under part of it, black under none, which costs a lossless file no
    bytes. rgb: height x width x 3; alpha: height x width.
    """
    shown = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2RGBA), dtype=np.uint8)
    cv2.insertChannel(alpha, shown, 3)
    shown = np.asarray(cv2.copyTo(shown, alpha), dtype=np.uint8)
    soft = np.asarray(cv2.inRange(alpha, 1, 254), dtype=np.uint8)
    x, y, wide, high = cv2.boundingRect(soft)
    if wide:
        y0, x0 = max(0, y - MARGIN_PX), max(0, x - MARGIN_PX)
        around = slice(y0, y + high + MARGIN_PX), slice(x0, x + wide + MARGIN_PX)
        near, pixels = _near(rgb[around], alpha[around]), shown.reshape(-1, 4)
        places = np.flatnonzero(soft > 0)
        for part in np.split(places, range(AT_ONCE, len(places), AT_ONCE)):
            rows, columns = np.divmod(part, rgb.shape[1])
            values = _cleaned(np.take(pixels, part, axis=0), sampled(near, STEP, columns - x0, rows - y0))
            # Four bytes at once.
            pixels.view(np.uint32)[part] = values.view(np.uint32)
    return shown


def _cleaned(values: NDArray[np.uint8], near: Floats) -> NDArray[np.uint8]:
    """Pixels (n x 4) with the subject's colours alone. near: n x 6, the subject's and the background's around each."""
    *colours, alpha = cv2.split(values[:, None])
    around = [np.asarray(each, dtype=np.float32) for each in cv2.split(near[:, None])]
    opacity = alpha * np.float32(1.0 / 255.0)
    # Plane by plane: numpy is slow where it has to repeat an opacity.
    clean = [
        np.rint(_fused(colour * np.float32(1.0 / 255.0), around[place], around[place + 3], opacity) * np.float32(255.0))
        for place, colour in enumerate(colours)
    ]
    return np.asarray(cv2.merge([*(each.astype(np.uint8) for each in clean), alpha]), dtype=np.uint8)[:, 0]


def _near(rgb: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> Floats:
    """The subject's and the background's colours around each pixel of a picture made smaller by the step: height x
    width x 6, float32, 0 to 1."""
    small, share = (_unit(halved(each, HALVINGS)[-1]) for each in (rgb, alpha))
    front, back = _means(small, small, share, _wide)
    front = _fused(small, front, back, share)
    return np.concatenate(_means(front, back, share, _narrow), axis=-1)


def _wide(values: Floats) -> Floats:
    side = WIDE_SIDE, WIDE_SIDE
    return np.asarray(cv2.blur(values, side, borderType=cv2.BORDER_REFLECT), dtype=np.float32)


def _narrow(values: Floats) -> Floats:
    return np.asarray(cv2.sepFilter2D(values, -1, NARROW, NARROW, borderType=cv2.BORDER_REFLECT), dtype=np.float32)


def _means(front: Floats, back: Floats, opacity: Floats, mean: Callable[[Floats], Floats]) -> tuple[Floats, Floats]:
    """Means of both colours around each pixel, by how much they show there: height x width x 3; opacity likewise."""
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
    return np.clip(front + opacity * rest, np.float32(0.0), np.float32(1.0))


def _unit(values: NDArray[np.uint8]) -> Floats:
    """From 0 to 1 instead of 255: height x width x 3, float32; opacities as three equal channels."""
    found = values.astype(np.float32) / np.float32(255.0)
    return found if found.ndim == 3 else _thrice(found)
