"""How a face is turned, by its landmarks."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

THREE_QUARTER, SIDE = 0.35, 0.8
"""Where `turn` leaves the front, and where only one cheek is left."""

NOSE_TIP, JAW_LEFT, JAW_RIGHT = 30, slice(0, 3), slice(14, 17)
EYE_LEFT, EYE_RIGHT = slice(36, 42), slice(42, 48)


def turn_of(points: NDArray[np.float64]) -> float:
    """How far a face is turned: -1 to 1, positive to the right of the picture, 0 into the camera.

    points: the 68 landmarks. The tip of the nose stands before the middle of the head, so that a turn moves it towards
    one edge of the jaw: the difference of its distances to both edges by their sum, along the line of the eyes.
    """
    left, right = points[EYE_LEFT].mean(axis=0), points[EYE_RIGHT].mean(axis=0)
    along = right - left
    length = math.hypot(*along)
    if length == 0.0:
        return 0.0
    places = points @ (along / length)
    to_left = float(places[NOSE_TIP] - places[JAW_LEFT].mean())
    to_right = float(places[JAW_RIGHT].mean() - places[NOSE_TIP])
    whole = max(to_left, 0.0) + max(to_right, 0.0)
    return min(max((to_left - to_right) / whole, -1.0), 1.0) if whole > 0.0 else 0.0


def view_of(turn: float) -> str:
    """front, three-quarter or side."""
    if abs(turn) < THREE_QUARTER:
        return "front"
    return "three-quarter" if abs(turn) < SIDE else "side"
