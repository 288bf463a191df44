"""How a decoded picture must be turned and stretched to stand as a player shows it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import numpy as np
from av.sidedata.sidedata import SideData, Type
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from tools.media.geometry import Box

SQUARE_TOLERANCE = 0.02
"""Pixels that differ from a square by less are rounding of an encoder, and left as they are."""


@dataclass(frozen=True)
class Turn:
    """One of the eight orientations: transposed first, then mirrored left-right (x) and top-bottom (y).

    rotation_deg: clockwise, 0, 90, 180 or 270; of a mirrored picture, before it is mirrored left-right.
    """

    transposed: bool = False
    mirrored_x: bool = False
    mirrored_y: bool = False
    rotation_deg: int = 0

    def apply(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Turn H x W or H x W x C pixels; a view where that is possible, not necessarily contiguous."""
        if self.transposed:
            pixels = pixels.swapaxes(0, 1)
        if self.mirrored_x:
            pixels = pixels[:, ::-1]
        return pixels[::-1] if self.mirrored_y else pixels


def upright(box: Box, turn: Turn) -> Box:
    """A box of a picture as it is coded, in shares of its sides, as it stands in the turned picture."""
    x0, y0, x1, y1 = (box.y0, box.x0, box.y1, box.x1) if turn.transposed else box
    x0, x1 = (1 - x1, 1 - x0) if turn.mirrored_x else (x0, x1)
    y0, y1 = (1 - y1, 1 - y0) if turn.mirrored_y else (y0, y1)
    return Box(x0, y0, x1, y1)


def turn_from_matrix(matrix: tuple[int, ...]) -> Turn:
    """Read a display matrix of nine numbers, as MP4 stores it: x' = a·x + c·y and y' = b·x + d·y.

    An angle between the right ones counts as the nearest.
    """
    a, b, _, c, d = matrix[:5]
    transposed = abs(b) + abs(c) > abs(a) + abs(d)
    if transposed:
        mirrored_x, mirrored_y = c < 0, b < 0
    else:
        mirrored_x, mirrored_y = a < 0, d < 0
    sign = -1 if a * d - b * c < 0 else 1
    quarters = round(math.degrees(math.atan2(b, a * sign)) / 90) % 4
    return Turn(transposed, mirrored_x, mirrored_y, 90 * quarters)


def turn_of(frame: VideoFrame) -> Turn:
    """The turn that the container asks for; none where it does not ask."""
    # It yields the data themselves, whatever its annotation as a mapping says.
    for data in cast(Iterable[SideData], frame.side_data):
        if data.type == Type.DISPLAYMATRIX:
            return turn_from_matrix(tuple(np.frombuffer(bytes(data), np.int32).tolist()))
    return Turn()


def square_size(width: int, height: int, pixel_aspect: Fraction | None) -> tuple[int, int]:
    """Width and height in square pixels: the side that is too short is stretched, so that nothing is lost."""
    if not pixel_aspect or pixel_aspect <= 0 or abs(pixel_aspect - 1) < SQUARE_TOLERANCE:
        return width, height
    if pixel_aspect > 1:
        return round(width * pixel_aspect), height
    return width, round(height / pixel_aspect)


def shown_size(frame: VideoFrame, pixel_aspect: Fraction | None) -> tuple[int, int]:
    """Width and height in which a player shows the frame."""
    width, height = square_size(frame.width, frame.height, pixel_aspect)
    return (height, width) if turn_of(frame).transposed else (width, height)
