"""The names of colours, as people use them for clothes."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

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
"""Shades that folds and light make of one colour: together they are one, by the name of the larger."""

LIGHTNESS_WEIGHT = 0.7
"""Of differences in lightness against those in colour: the same cloth is light and dark in one picture."""


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


def family(name: str) -> str:
    """The name that all shades of one colour share."""
    return FAMILY.get(name, name)


def grouped(found: dict[str, float]) -> dict[str, float]:
    """Shares in falling order with the shades of one colour taken together, by the name of the largest."""
    result: dict[str, float] = {}
    for name, share in found.items():
        same = next((other for other in result if family(other) == family(name)), name)
        result[same] = result.get(same, 0.0) + share
    return dict(sorted(result.items(), key=lambda pair: -pair[1]))
