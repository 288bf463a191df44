"""From a person's box to what is stored of them: the crop, its shot, the sides that the frame cuts, the address."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from tools.media.geometry import Box

AREA_CLOSE, AREA_FAR = 0.25, 0.08
"""Face area by crop area, for shot_rule "area"."""

AT_EDGE = 0.02
"""A box that ends within this share of its size from the frame's edge is cut by it."""

COUNTED_CONFIDENCE, COUNTED_HEIGHT = 0.5, 0.5
"""Who counts as one of the people of a frame: as probable as not, and at least half as tall as the tallest of these."""


class Crop(NamedTuple):
    """A part of a frame in whole pixels; x1 and y1 lie just outside."""

    x0: int
    y0: int
    x1: int
    y1: int


def padded(box: Box, width: int, height: int, pad: float, pad_above: float) -> Crop:
    """The box with room around it, never beyond the frame.

    pad: share of the box's width at its sides, of its height below; pad_above: share of its height above.
    """
    wide = Box(
        box.x0 - pad * box.width,
        box.y0 - pad_above * box.height,
        box.x1 + pad * box.width,
        box.y1 + pad * box.height,
    ).clipped(width, height)
    return Crop(math.floor(wide.x0), math.floor(wide.y0), math.ceil(wide.x1), math.ceil(wide.y1))


def shot_of(face: Box | None, crop: Crop, rule: str, close: float, far: float) -> str:
    """close, mid, far, or unknown without a face.

    rule "face": face height by crop height, close from `close` on, far below `far`. rule "area": face area by crop
    area, close from 25 % on, far below 8 %.
    """
    if face is None:
        return "unknown"
    wide, high = crop.x1 - crop.x0, crop.y1 - crop.y0
    share = face.height / high
    if rule == "area":
        share, close, far = face.area / (wide * high), AREA_CLOSE, AREA_FAR
    return "close" if share >= close else "far" if share < far else "mid"


def cut_sides(box: Box, width: int, height: int) -> dict[str, int]:
    """1 for each side at which the person's box reaches the frame's edge, so that the frame may cut them."""
    near_x, near_y = AT_EDGE * box.width, AT_EDGE * box.height
    return {
        "cut_left": int(box.x0 <= near_x),
        "cut_top": int(box.y0 <= near_y),
        "cut_right": int(box.x1 >= width - near_x),
        "cut_bottom": int(box.y1 >= height - near_y),
    }


def places(boxes: Sequence[Box], width: int, height: int) -> list[str]:
    """The last part of each person's address: the box's centre in thousandths of the frame, such as p0512-0347.

    A second box in the same place is p0512-0347b, a third p0512-0347c.
    """
    taken: dict[str, int] = {}
    found = []
    for box in boxes:
        x, y = box.centre
        place = f"p{_thousandth(x / width):04d}-{_thousandth(y / height):04d}"
        taken[place] = taken.get(place, 0) + 1
        found.append(place + (chr(ord("a") + taken[place] - 1) if taken[place] > 1 else ""))
    return found


def _thousandth(share: float) -> int:
    return min(max(round(share * 1000), 0), 1000)


def counted(boxes: Sequence[Box], confidences: Sequence[float]) -> int:
    """How many people a frame shows, without a distant crowd behind them."""
    heights = [box.height for box, sure in zip(boxes, confidences, strict=True) if sure >= COUNTED_CONFIDENCE]
    return sum(height >= COUNTED_HEIGHT * max(heights) for height in heights)


def crop_path(folder: str, address: str, sha256: str, suffix: str) -> str:
    """Where a person's picture lies: folder/<source>/<time>_<place>_<version>.suffix, from its address and bytes."""
    source, time, place = address.split("/")
    return f"{folder}/{source[:12]}/{time.removeprefix('t')}_{place}_{sha256[:12]}.{suffix}"
