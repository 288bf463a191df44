"""The light on somebody, read off the skin: two cheeks and the forehead say how bright it is and how even."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tools.engines.protocols import Box

Light = Literal["dim", "bright", "high-contrast", "soft"]
Pixels = NDArray[np.uint8]

DIM_BELOW, BRIGHT_ABOVE = 60, 205
"""Luma, 0 to 255, of the middle one of the three patches."""

UNEVEN_BELOW, EVEN_FROM = 0.65, 0.85
"""Luma of the darker cheek by that of the lighter one: below, one side lies in shadow; from there on, neither does."""

PATCHES = {"left": (0.12, 0.50, 0.35, 0.75), "right": (0.65, 0.50, 0.88, 0.75), "forehead": (0.33, 0.0, 0.67, 0.15)}
"""x0, y0, x1, y1 as shares of the face's box."""


def light(image: Pixels, face: Box | None) -> Light | None:
    """One word for the light, None where nothing about it stands out. image: height x width x 4 uint8.

    Without a face only darkness is told, by the brightest tenth of the subject: dark clothes are no dim light.
    """
    if face is None:
        opaque = image[..., :3][image[..., 3] >= 128]
        return "dim" if len(opaque) and np.percentile(_luma(opaque), 90) < DIM_BELOW else None
    found = {name: _patch(image, face, share) for name, share in PATCHES.items()}
    level = float(np.median(list(found.values())))
    if level < DIM_BELOW:
        return "dim"
    evenness = min(found["left"], found["right"]) / max(found["left"], found["right"], 1.0)
    if evenness < UNEVEN_BELOW:
        return "high-contrast"
    if level > BRIGHT_ABOVE:
        return "bright"
    return "soft" if evenness >= EVEN_FROM else None


def _patch(image: Pixels, face: Box, share: tuple[float, float, float, float]) -> float:
    """Median luma of a part of the face; 0 where it lies outside of the picture."""
    height, width = image.shape[:2]
    x0, y0, x1, y1 = (
        *(face.x0 + share[0] * face.width, face.y0 + share[1] * face.height),
        *(face.x0 + share[2] * face.width, face.y0 + share[3] * face.height),
    )
    part = image[max(0, int(y0)) : min(height, int(y1) + 1), max(0, int(x0)) : min(width, int(x1) + 1), :3]
    return float(np.median(_luma(part.reshape(-1, 3)))) if part.size else 0.0


def _luma(rgb: Pixels) -> NDArray[np.float64]:
    return np.asarray(rgb @ np.array([0.299, 0.587, 0.114]), np.float64)
