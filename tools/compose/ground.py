"""Grounds to stand before: plain colours, gradients, mottled cloth, blurred pictures, the subject's own place."""

from __future__ import annotations

import colorsys
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.compose.draw import fraction, seed

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

Maker = Callable[[str, int, int], Pixels]
"""Makes a ground: from an address, a width and a height in px, height x width x 3 uint8."""

REFERENCE_SIDE_PX = 1024
"""Blur radii are given for a canvas of this mean side and grow and shrink with it."""

_WORKING_SIDE_PX = 256
"""Long side at which the subject's own place is filled: all that is finer is blurred away anyway."""

_MARGIN_SHARE = 0.025
"""Of the frame's long side: how far around somebody nothing is believed to be background."""


def _colour(address: str, name: str, hue: float | None = None) -> Floats:
    """A muted colour that the address alone decides: 3 float32, 0 to 255. Strong ones would be learned."""
    hue = fraction(address, name, "hue") if hue is None else hue
    saturation = 0.25 * fraction(address, name, "saturation") ** 1.5
    value = 0.25 + 0.65 * fraction(address, name, "value")
    return np.array([255 * share for share in colorsys.hsv_to_rgb(hue, saturation, value)], np.float32)


def _settled(pixels: Floats, address: str) -> Pixels:
    """Rounded to uint8 with noise of one level, without which slow gradients would show as bands."""
    noise = np.random.Generator(np.random.PCG64(seed(address, "dither"))).random(pixels.shape[:2], np.float32)
    return np.asarray(np.clip(np.floor(pixels + noise[..., None]), 0, 255), np.uint8)


def flat(address: str, width: int, height: int) -> Pixels:
    """One muted colour: height x width x 3."""
    return np.full((height, width, 3), np.rint(_colour(address, "flat")), np.uint8)


def gradient(address: str, width: int, height: int) -> Pixels:
    """From one muted colour to a lighter or darker one of nearly its hue, in any direction: height x width x 3."""
    angle = 2 * np.pi * fraction(address, "angle")
    hue = fraction(address, "hue")
    first, second = _colour(address, "first", hue), _colour(address, "second", (hue + 0.08) % 1)
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :] * np.float32(np.cos(angle))
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None] * np.float32(np.sin(angle))
    way = x + y
    way = (way - way.min()) / (way.max() - way.min())
    return _settled(first + (second - first) * way[..., None], address)


def noise(address: str, width: int, height: int) -> Pixels:
    """A mottled cloth: smooth noise of five octaves about a muted colour, height x width x 3. It has no grain."""
    generator = np.random.Generator(np.random.PCG64(seed(address, "noise")))
    total = np.zeros((height, width), np.float32)
    for octave in range(5):
        cells = 3 * 2**octave
        grid = generator.standard_normal((cells + 3, cells + 3), np.float32)
        total += cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC) * np.float32(0.55**octave)
    return _settled(_colour(address, "noise") * (1 + 0.04 * total[..., None]), address)


def blurred(picture: Pixels, address: str, width: int, height: int, radius_px: float, *, low: bool = False) -> Pixels:
    """The middle of a picture that has the canvas's shape, filling it: height x width x 3.

    radius_px: the Gaussian's standard deviation on a canvas of REFERENCE_SIDE_PX; 0 leaves it sharp. low: its lower end
    instead, for somebody who stands there.
    """
    part = _part(picture, width, height, 0.5, low)
    way = cv2.INTER_AREA if part.shape[1] >= width else cv2.INTER_CUBIC
    filled = np.asarray(cv2.resize(part, (width, height), interpolation=way), np.uint8)
    sigma = _sigma(radius_px, width, height)
    if sigma <= 0.3:
        return filled
    smooth = cv2.GaussianBlur(filled.astype(np.float32), (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    return _settled(np.asarray(smooth, np.float32), address)


def own(
    frame: Pixels, mask: Pixels, address: str, width: int, height: int, radius_px: float, *, low: bool = False
) -> Pixels:
    """The place where the subject stood, without the subject and strongly blurred: height x width x 3.

    frame: H x W x 3. mask: H x W uint8, above 0 where somebody was. What was behind is filled in from around, with a
    margin, so that no ghost remains. radius_px, low: as in `blurred`.
    """
    columns = np.flatnonzero((mask > 0).any(axis=0))
    centre = float(columns.mean()) / mask.shape[1] if columns.size else 0.5
    share = min(1.0, _WORKING_SIDE_PX / max(frame.shape[:2]))
    size = max(1, round(frame.shape[1] * share)), max(1, round(frame.shape[0] * share))
    small = np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.float32)
    covered = cv2.resize((mask > 0).astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0
    margin = 2 * round(_MARGIN_SHARE * max(size)) + 1
    covered = cv2.dilate(covered.astype(np.uint8), np.ones((margin, margin), np.uint8)) > 0
    part = _part(_fill(small, (~covered).astype(np.float32)), width, height, centre, low)
    sigma = _sigma(radius_px, width, height) * part.shape[1] / width
    smooth = cv2.GaussianBlur(part, (0, 0), max(sigma, 1.0), borderType=cv2.BORDER_REPLICATE)
    large = cv2.resize(smooth, (width, height), interpolation=cv2.INTER_CUBIC)
    return _settled(np.asarray(large, np.float32), address)


def _fill(picture: Floats, known: Floats) -> Floats:
    """Unknown pixels get the average of the known ones around them, from ever wider surroundings.

    Normalised convolution (Knutsson and Westin 1993) over a pyramid of blurs.
    """
    result, missing = picture.copy(), known < 0.5
    sigma = 2.0
    while missing.any():
        weight = cv2.GaussianBlur(known, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
        spread = cv2.GaussianBlur(picture * known[..., None], (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
        reached = missing & (weight > 0.02)
        result[reached] = spread[reached] / weight[reached, None]
        missing &= ~reached
        sigma *= 2
        if sigma > max(known.shape):
            mean = picture[known > 0.5].mean(axis=0) if (known > 0.5).any() else picture.mean(axis=(0, 1))
            result[missing] = mean
            break
    return result


def _part(picture: NDArray[Any], width: int, height: int, centre: float, low: bool) -> NDArray[Any]:
    """The largest part of a picture with the canvas's shape, about `centre` of its width; low: at its lower end."""
    rows, columns = picture.shape[:2]
    part_w = min(columns, max(1, round(rows * width / height)))
    part_h = min(rows, max(1, round(columns * height / width)))
    x = min(max(round(centre * columns - part_w / 2), 0), columns - part_w)
    y = rows - part_h if low else (rows - part_h) // 2
    return np.ascontiguousarray(picture[y : y + part_h, x : x + part_w])


def _sigma(radius_px: float, width: int, height: int) -> float:
    """A blur radius, given for REFERENCE_SIDE_PX, on a canvas."""
    return radius_px * float(np.sqrt(width * height)) / REFERENCE_SIDE_PX
