"""Joining a cut-out with a ground: scaled with its opacity, laid over, and the mask that goes with it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.compose.extent import Extent
from tools.compose.framing import Placement

Pixels = NDArray[np.uint8]


def scaled(rgba: Pixels, size: tuple[int, int]) -> Pixels:
    """H×W×4 uint8 with straight alpha, resized to (width, height).

    Colours are weighted by their opacity, so that nothing invisible bleeds in. Shrinking averages the area.
    """
    if (rgba.shape[1], rgba.shape[0]) == size:
        return rgba
    alpha = rgba[..., 3:].astype(np.float32) / 255
    premultiplied = np.dstack([rgba[..., :3].astype(np.float32) * alpha, alpha])
    way = cv2.INTER_AREA if size[0] < rgba.shape[1] else cv2.INTER_CUBIC
    small = cv2.resize(premultiplied, size, interpolation=way)
    opacity = np.clip(small[..., 3:], 0, 1)
    colour = np.where(opacity > 0, small[..., :3] / np.maximum(opacity, 1e-6), 0)
    return np.asarray(np.clip(np.rint(np.dstack([colour, opacity * 255])), 0, 255), np.uint8)


def on_canvas(rgba: Pixels, box: Extent, placement: Placement) -> Pixels:
    """The cut-out's layer on a transparent canvas: height_px × width_px × 4 uint8.

    The box comes to lie where the placement says; soft edges and whatever else lies around the box go with it.
    """
    scale_x = placement.subject_width_px / (box.x1 - box.x0)
    scale_y = placement.subject_height_px / (box.y1 - box.y0)
    size = max(1, round(rgba.shape[1] * scale_x)), max(1, round(rgba.shape[0] * scale_y))
    layer = scaled(rgba, size)
    left = placement.left_px - round(box.x0 * size[0] / rgba.shape[1])
    top = placement.top_px - round(box.y0 * size[1] / rgba.shape[0])
    canvas = np.zeros((placement.height_px, placement.width_px, 4), np.uint8)
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + size[0], placement.width_px), min(top + size[1], placement.height_px)
    canvas[y0:y1, x0:x1] = layer[y0 - top : y1 - top, x0 - left : x1 - left]
    return canvas


def over(layer: Pixels, ground: Pixels) -> Pixels:
    """H×W×4 over H×W×3 uint8: H×W×3.

    Mixed in sRGB as it is stored, not in linear light: the cut-out's soft edge was estimated in sRGB, and mixing in the
    same space is what gives the old picture back over the old ground. In linear light dark hair would wear a pale rim.
    """
    mixed = ground.copy()
    x, y, wide, high = cv2.boundingRect(np.ascontiguousarray(layer[..., 3]))
    if wide:
        part = slice(y, y + high), slice(x, x + wide)
        alpha = np.asarray(cv2.merge([layer[part][..., 3]] * 3), dtype=np.uint16)
        # At most 255 * 255 + 127, which 16 bits hold.
        total = layer[part][..., :3] * alpha + ground[part] * (255 - alpha) + np.uint16(127)
        mixed[part] = total // 255
    return mixed
