"""A clause about what stands behind somebody, for captions that shall name it: read off the finished image.

A cutout has one caption and may have several grounds, so the clause is no part of the caption: the package adds it,
image by image. Of a library's picture and of the frame's own region nothing is said: what they show is not known.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tools.describe.colours import lab

Pixels = NDArray[np.uint8]

CLAUSES = {
    "flat": "plain {} background",
    "gradient": "smooth {} gradient background",
    "noise": "textured {} background",
    "own": "blurred background",
}

GREY_BELOW, MUTED_BELOW = 5.0, 14.0
"""Chroma in CIELAB: below, a ground is grey; from there on it has a colour, and a muted one at first."""

HUES = (
    (20, "pink", "red"),
    (50, "pink", "brown"),
    (80, "beige", "brown"),
    (105, "yellow", "olive"),
    (165, "green", "green"),
    (220, "teal", "teal"),
    (295, "blue", "blue"),
    (340, "purple", "purple"),
    (360, "pink", "red"),
)
"""Names of hues by the angle in CIELAB up to which they go, in degrees: of light colours, and of dark ones."""

LIGHT_FROM = 60.0
"""Lightness in CIELAB."""

GREYS = ((12, "black"), (38, "dark grey"), (66, "grey"), (90, "light grey"), (101, "white"))
"""Names of greys by the lightness up to which they go."""


def with_ground(text: str, mode: str, image: Pixels, mask: Pixels) -> str:
    """A caption with the clause behind it: one tag or one sentence more. mode: as composites have it.

    image: height x width x 3 uint8. mask: of the same size, above 0 where somebody is.
    """
    if mode not in CLAUSES:
        return text
    clause = " ".join(CLAUSES[mode].format(_colour(image, mask)).split())
    if not text.endswith("."):
        return f"{text}, {clause}"
    return f"{text} Behind is {'an' if clause[0] in 'aeiou' else 'a'} {clause}."


def _colour(image: Pixels, mask: Pixels) -> str:
    """The name of the ground's median colour; empty where nothing of the ground is seen.

    Clothes are named by the nearest of a few strong colours. Grounds are muted: among those, all would be grey.
    """
    outside = image[(mask if mask.ndim == 2 else mask.max(axis=2)) == 0]
    if not len(outside):
        return ""
    lightness, a, b = np.median(lab(outside[:: max(1, len(outside) // 20_000)]), axis=0)
    chroma, hue = math.hypot(a, b), math.degrees(math.atan2(b, a)) % 360
    if chroma < GREY_BELOW:
        return next(name for least, name in GREYS if lightness <= least)
    name = next(light if lightness >= LIGHT_FROM else dark for most, light, dark in HUES if hue <= most)
    return f"muted {name}" if chroma < MUTED_BELOW else name
