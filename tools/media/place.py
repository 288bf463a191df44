"""Places to stand in, made from textures: a plastered wall, and before it a floor that comes towards the camera."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Look:
    """The sRGB colours that the means of the textures become."""

    wall: Colour
    floor: Colour


YARD = Look((188, 178, 164), (142, 136, 126))
"""A pale wall above gravel."""

GARDEN = Look((196, 160, 122), (88, 112, 54))
"""A warm wall above a lawn."""

WALL_CONTRAST, FLOOR_CONTRAST = 0.25, 0.6
"""How much of a texture's contrast stays."""

PLASTER_PX = 14
"""Standard deviation of the blur that makes plaster of stones."""

FLOOR_SHARE = 0.36
"""Share of the picture's height that is floor: who stands low on a canvas stands on it."""

NEAR = 0.4
"""Share of the floor's far edge that is left of it at the near one: stones come closer, and look so much larger."""

CORNER, SIDES = 0.22, 0.12
"""How much light the corner between wall and floor loses, and the left and right edge."""


def place(wall: Pixels, floor: Pixels, look: Look, width: int, height: int) -> Pixels:
    """A wall above a floor in perspective: height x width x 3 uint8 sRGB.

    wall, floor: H x W uint8 grey, the wall seen from the front, the floor from above; both are repeated by mirroring,
    so that no seam shows.
    """
    floor_px = round(FLOOR_SHARE * height)
    upright = _mirrored(wall)[: height - floor_px, :width]
    plaster = cv2.GaussianBlur(upright, (0, 0), PLASTER_PX)
    upper = _tinted(np.asarray(plaster, np.float32), look.wall, WALL_CONTRAST)
    lower = _tinted(_receding(floor, width, floor_px), look.floor, FLOOR_CONTRAST)
    rows = np.abs(np.arange(height, dtype=np.float32) - (height - floor_px)) / height
    columns = np.linspace(-1, 1, width, dtype=np.float32)
    light = (1 - CORNER * np.exp(-rows / 0.04))[:, None] * (1 - SIDES * columns**2)[None]
    return np.asarray(np.clip(np.rint(np.vstack([upper, lower]) * light[..., None]), 0, 255), np.uint8)


def _mirrored(texture: Pixels) -> Pixels:
    """The texture four times as high and as wide, every other one turned over."""
    pair = np.hstack([texture, texture[:, ::-1]])
    return np.tile(np.vstack([pair, pair[::-1]]), (2, 2))


def _receding(texture: Pixels, width: int, height: int) -> Floats:
    """The texture as a floor: all of its columns across the far edge, a share of them across the near one."""
    large = _mirrored(texture).astype(np.float32)
    rows, columns = texture.shape[0] * 2, large.shape[1]
    margin = 0.5 * (1 - NEAR) * columns
    seen = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    whole = np.array([(0, 0), (columns, 0), (columns - margin, rows), (margin, rows)], np.float32)
    way = cv2.getPerspectiveTransform(whole, seen)
    # Softer first: the far edge shows the texture at a third of its size.
    soft = cv2.GaussianBlur(large, (0, 0), 1.2)
    return np.asarray(cv2.warpPerspective(soft, way, (width, height), flags=cv2.INTER_LINEAR), np.float32)


def _tinted(texture: Floats, colour: Colour, contrast: float) -> Floats:
    """Grey made a colour: H x W x 3 float32, its mean the colour, its contrast as given."""
    share = 1 + contrast * (texture / max(float(texture.mean()), 1.0) - 1)
    return np.asarray(share[..., None] * np.array(colour, np.float32), np.float32)
