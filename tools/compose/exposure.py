"""How bright a subject is made for its ground: gently, in light, and without touching its colours."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

STRENGTH = 0.2
"""Share of the difference in stops that is made up: black clothes on a light ground stay black clothes."""

HIGHLIGHT = 0.90
"""Linear light that the subject's bright parts may be raised to: skin must not burn out."""

HIGHLIGHT_SHARE = 0.99
"""Share of the subject that is darker than its bright parts."""

STRIDE = 4
"""Every so many rows and columns are looked at: means of thousands of pixels."""

DARKEST = 0.005
"""Least mean light that is believed: below it there is no picture to match."""

_CODE = np.arange(256) / 255
_LIGHT = np.where(_CODE <= 0.04045, _CODE / 12.92, ((_CODE + 0.055) / 1.055) ** 2.4)
"""Linear light of an sRGB code value (IEC 61966-2-1)."""

_LUMA = (0.2126, 0.7152, 0.0722)


def mean_light(pixels: Pixels) -> float:
    """Mean luminance in linear light, 0 to 1, of N x 3 uint8 sRGB. Counted by code value, so that it is exact."""
    if not len(pixels):
        return 0.0
    counts = [np.bincount(pixels[:, channel], minlength=256) for channel in range(3)]
    return sum(share * float(count @ _LIGHT) for share, count in zip(_LUMA, counts, strict=True)) / len(pixels)


def exposure_ev(layer: Pixels, ground: Pixels, most_ev: float) -> float:
    """By how many stops a subject is brightened (darkened below 0) for its ground, at most most_ev either way.

    layer: H x W x 4 uint8. ground: H x W x 3 uint8. The subject's mean light goes a fifth of the way to the ground's,
    counted in stops; upwards only as far as its bright parts stay below HIGHLIGHT.
    """
    sparse, behind = layer[::STRIDE, ::STRIDE], ground[::STRIDE, ::STRIDE].reshape(-1, 3)
    subject = sparse[sparse[..., 3] >= 250][:, :3]
    if not len(subject) or most_ev <= 0:
        return 0.0
    ratio = max(mean_light(behind), DARKEST) / max(mean_light(subject), DARKEST)
    wanted = STRENGTH * math.log2(ratio)
    brightest = np.bincount(subject.max(axis=1), minlength=256).cumsum()
    bright = float(_LIGHT[int(np.searchsorted(brightest, HIGHLIGHT_SHARE * len(subject)))])
    room = max(0.0, math.log2(HIGHLIGHT / max(bright, DARKEST)))
    return round(max(-most_ev, min(wanted, most_ev, room)), 3)


def exposed(layer: Pixels, ev: float) -> Pixels:
    """H x W x 4 uint8, brightened by ev stops: all three channels by one factor in linear light, so no hue changes."""
    if ev == 0:
        return layer
    light = np.clip(_LIGHT * 2.0**ev, 0, 1)
    code = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    table = np.asarray(np.rint(code * 255), np.uint8)
    return np.dstack([cv2.LUT(np.ascontiguousarray(layer[..., :3]), table), layer[..., 3]])
