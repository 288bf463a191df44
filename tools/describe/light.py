"""The light on somebody, read off the face and the whole figure, and never off how dark somebody's skin is."""

from __future__ import annotations

import math
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.describe.expression import MIN_FACE_PX
from tools.media.geometry import Box

Light = Literal["backlit", "dim", "bright", "high-contrast", "soft", "red", "green", "blue", "purple"]
Pixels = NDArray[np.uint8]
Points = NDArray[np.float64]

DIM_FACE, DIM_FIGURE = 60, 110
"""Luma, 0 to 255: the median of the face, and the brightest twentieth of the figure, eyes, teeth and linen with it."""

BRIGHT_FACE = 205
UNEVEN_BELOW, EVEN_FROM = 0.65, 0.85
"""Luma of the darker cheek by that of the lighter one: below, one side lies in shadow; from there on, neither does."""

BACK_ABOVE, BACK_FACE = 200, 100
"""Median luma around the figure, and the brightest fiftieth of a face that only gets light from behind."""

TINT_CHROMA, RED_CHROMA = 14.0, 50.0
"""Chroma in CIELAB. Skin in white light, of any colour, has hues of 15° to 80°; red light only deepens those."""

HUES: dict[Light, tuple[float, float]] = {"green": (100, 215), "blue": (215, 312), "purple": (312, 345)}
"""Hue angles in CIELAB, in degrees, that no skin has by itself."""


def light(image: Pixels, face: Box | None, points: Points | None = None, around: Pixels | None = None) -> Light | None:
    """One word for the light, None where nothing about it stands out.

    image: height x width x 4 uint8. points: the face's 68, without which one side is not compared with the other.
    around: the picture that the figure was cut from, of the same size, height x width x 3.
    """
    figure = image[..., :3][image[..., 3] >= 128]
    if not len(figure):
        return None
    dark = np.percentile(luma(figure), 95) < DIM_FIGURE
    skin = _middle(image, face) if face is not None else None
    if face is None or skin is None or not len(skin):
        return "dim" if dark and np.percentile(luma(figure), 90) < DIM_FACE else None
    level, best = np.percentile(luma(skin), [50, 98])
    if around is not None and best < BACK_FACE and _surroundings(image, around) > BACK_ABOVE:
        return "backlit"
    tint = _tint(skin)
    if tint:
        return tint
    if level < DIM_FACE and dark:
        return "dim"
    evenness = _evenness(image, face, points)
    if evenness is not None and evenness < UNEVEN_BELOW:
        return "high-contrast"
    if level > BRIGHT_FACE:
        return "bright"
    return "soft" if evenness is not None and evenness >= EVEN_FROM else None


def luma(rgb: Pixels) -> NDArray[np.float64]:
    return np.asarray(rgb @ np.array([0.299, 0.587, 0.114]), np.float64)


def _middle(image: Pixels, face: Box) -> Pixels:
    """The opaque pixels of the middle of the face, N x 3."""
    x, y = face.centre
    part = _part(image, x, y, 0.35 * face.width, 0.35 * face.height)
    return np.asarray(part[..., :3][part[..., 3] >= 128], np.uint8)


def _surroundings(image: Pixels, around: Pixels) -> float:
    """The median luma of what is not the figure; 0 where that is less than a tenth of the picture."""
    outside = around[image[..., 3] < 16]
    return float(np.median(luma(outside))) if len(outside) >= 0.1 * image.shape[0] * image.shape[1] else 0.0


def _tint(skin: Pixels) -> Light | None:
    """The colour of the light, where skin has one that it cannot have in white light."""
    scaled = skin.reshape(-1, 1, 3).astype(np.float32) / np.float32(255)
    _, a, b = np.median(np.asarray(cv2.cvtColor(scaled, cv2.COLOR_RGB2LAB)).reshape(-1, 3), axis=0)
    hue, chroma = math.degrees(math.atan2(b, a)) % 360, math.hypot(a, b)
    if chroma >= RED_CHROMA and (hue <= 45 or hue >= 345):
        return "red"
    return next((name for name, (low, high) in HUES.items() if chroma >= TINT_CHROMA and low <= hue < high), None)


def _evenness(image: Pixels, face: Box, points: Points | None) -> float | None:
    """The darker cheek's luma by the lighter one's; None where the cheeks cannot be seen well."""
    if points is None or face.height < MIN_FACE_PX:
        return None
    levels = []
    for corners in ([2, 31, 36, 48], [14, 35, 45, 54]):
        x, y = points[corners].mean(axis=0)
        part = _part(image, x, y, 0.08 * face.width, 0.08 * face.height)
        cheek = part[..., :3][part[..., 3] >= 128]
        if len(cheek) < 0.5 * part.shape[0] * part.shape[1] or not len(cheek):
            return None
        levels.append(float(np.median(luma(cheek))))
    return min(levels) / max(*levels, 1.0)


def _part(image: Pixels, x: float, y: float, half_width: float, half_height: float) -> Pixels:
    top, left = max(0, int(y - half_height)), max(0, int(x - half_width))
    return image[top : max(top, int(y + half_height) + 1), left : max(left, int(x + half_width) + 1)]
