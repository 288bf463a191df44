"""The colours of what somebody wears, by name."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.engines.protocols import Box

Floats = NDArray[np.floating[Any]]
Pixels = NDArray[np.uint8]

NAMED = {
    "black": ((18, 18, 20),),
    "dark grey": ((62, 62, 66),),
    "grey": ((122, 122, 124),),
    "light grey": ((186, 186, 188),),
    "white": ((240, 240, 240),),
    "red": ((190, 28, 38), (250, 20, 20)),
    "dark red": ((100, 18, 26),),
    "orange": ((228, 108, 36), (255, 160, 20)),
    "yellow": ((232, 202, 58), (250, 240, 40)),
    "brown": ((98, 64, 40), (140, 74, 26)),
    "beige": ((206, 186, 154),),
    "green": ((48, 136, 62), (40, 220, 60)),
    "dark green": ((28, 64, 38),),
    "olive": ((106, 104, 48),),
    "teal": ((24, 126, 128),),
    "light blue": ((150, 194, 228),),
    "blue": ((42, 92, 188), (20, 20, 240)),
    "navy": ((26, 32, 74), (10, 10, 120)),
    "purple": ((108, 48, 134), (150, 40, 190)),
    "pink": ((232, 150, 178), (250, 80, 160)),
}
"""Names of clothes' colours, each with typical sRGB values; a pixel has the name that is nearest in CIELAB."""

FAMILY = {
    "dark grey": "black",
    "grey": "black",
    "light grey": "white",
    "dark red": "red",
    "dark green": "green",
    "navy": "blue",
    "light blue": "blue",
    "beige": "brown",
}
"""Shades that folds and light make of one colour: the second of a family is not named."""

FIRST_SHARE, SECOND_SHARE = 0.3, 0.2
"""Shares of the clothes' pixels from which a colour is named, as the first and as the second."""

LIGHTNESS_WEIGHT = 0.7
"""Of differences in lightness against those in colour: the same cloth is light and dark in one picture."""

SKIN_DISTANCE = 14.0
"""Pixels nearer than this to the face's median colour, in a and b of CIELAB, are skin."""


def lab(rgb: Pixels) -> Floats:
    """N x 3 uint8 sRGB as CIELAB (D65): L 0 to 100, a and b."""
    scaled = rgb.reshape(-1, 1, 3).astype(np.float32) / np.float32(255)
    return np.asarray(cv2.cvtColor(scaled, cv2.COLOR_RGB2LAB), np.float32).reshape(-1, 3)


def shares(rgb: Pixels) -> dict[str, float]:
    """How much of N x 3 pixels has each name, the largest share first."""
    weights = np.array([LIGHTNESS_WEIGHT, 1, 1], np.float32)
    typical = [(name, value) for name, values in NAMED.items() for value in values]
    references = lab(np.array([value for _, value in typical], np.uint8)) * weights
    pixels = lab(rgb) * weights
    nearest = np.linalg.norm(pixels[:, None] - references[None], axis=2).argmin(axis=1)
    counts = np.bincount(nearest, minlength=len(typical)) / max(1, len(pixels))
    found = dict.fromkeys(NAMED, 0.0)
    for (name, _), count in zip(typical, counts.tolist(), strict=True):
        found[name] += count
    return dict(sorted(found.items(), key=lambda pair: -pair[1]))


def clothing(image: Pixels, face: Box | None, max_pixels: int = 20_000) -> tuple[str, ...]:
    """The one or two colours of what the subject wears, the greater share first; () where none stands out.

    image: height x width x 4 uint8. Looked at are the opaque pixels below the face, or without one the middle of the
    subject, less those that have the colour of the face.
    """
    opaque = image[..., 3] >= 200
    rows = np.flatnonzero(opaque.any(axis=1))
    if not rows.size:
        return ()
    first, last = int(rows[0]), int(rows[-1])
    if face is not None:
        first = min(last, int(face.y1 + 0.35 * face.height))
    else:
        first, last = first + (last - first) // 4, last - (last - first) // 10
    worn = opaque.copy()
    worn[:first] = worn[last + 1 :] = False
    pixels = image[..., :3][worn]
    pixels = pixels[:: max(1, len(pixels) // max_pixels)]
    if face is None:
        return _named(shares(pixels), None) if len(pixels) else ()
    pixels = _without_skin(pixels, image, face)
    return _named(shares(pixels), _hair(image, face)) if len(pixels) else ()


def _hair(image: Pixels, face: Box) -> str | None:
    """The name of the colour above the face: long hair lies on clothes, and is not the second colour of them."""
    part = image[max(0, int(face.y0 - 0.4 * face.height)) : max(0, int(face.y0)), max(0, int(face.x0)) : int(face.x1)]
    pixels = part[..., :3][part[..., 3] >= 200]
    return next(iter(shares(pixels))) if len(pixels) else None


def _without_skin(pixels: Pixels, image: Pixels, face: Box) -> Pixels:
    """Neck, arms and hands taken out by the colour of the middle of the face; dark cloth stays, whatever its hue."""
    x, y = face.centre
    half = max(1.0, face.width / 4)
    middle = image[max(0, int(y - half)) : int(y + half), max(0, int(x - half)) : int(x + half), :3].reshape(-1, 3)
    if not len(middle):
        return pixels
    skin, found = np.median(lab(middle), axis=0), lab(pixels)
    near = np.hypot(found[:, 1] - skin[1], found[:, 2] - skin[2]) < SKIN_DISTANCE
    alike = near & (np.abs(found[:, 0] - skin[0]) < 25) & (np.hypot(skin[1], skin[2]) > 8)
    return np.asarray(pixels[~alike], np.uint8)


def _named(found: dict[str, float], hair: str | None) -> tuple[str, ...]:
    """From shares in falling order: the first, and the second where it is no shade of the first or of the hair."""
    grouped: dict[str, float] = {}
    for name, share in found.items():
        same = next((other for other in grouped if _family(other) == _family(name)), name)
        grouped[same] = grouped.get(same, 0.0) + share
    ordered = sorted(grouped.items(), key=lambda pair: -pair[1])
    if ordered[0][1] < FIRST_SHARE:
        return ()
    second = [
        name
        for name, share in ordered[1:2]
        if share >= SECOND_SHARE and (hair is None or _family(name) != _family(hair))
    ]
    return (ordered[0][0], *second)


def _family(name: str) -> str:
    return FAMILY.get(name, name)
