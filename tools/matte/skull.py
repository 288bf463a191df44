"""The upper half of a head, from the landmarks of its face: where hair or a bald crown must be."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

JAW_ENDS = (0, 16)
CHIN, NASION = 8, 27
"""Landmarks of the iBUG 300-W scheme."""

ACROSS, ABOVE = 0.5, 1.0
"""Half the width by the distance between the ends of the jaw, and the height by that of the nasion above the chin.

The eyes lie half way up a head, so that a skull is as high above the nasion as the chin lies below it.
"""

BEHIND = 0.3
"""Of a head in profile the skull reaches beyond the jaw by twice this share of its height, away from where it looks."""


def skull(landmarks: Sequence[tuple[float, float]], width: int, height: int, share: float = 1.0) -> NDArray[np.bool_]:
    """The half ellipse above the nasion, upright with the face: height x width, bool; a part of it where share < 1.

    landmarks: the 68 points, in pixels of the picture. It stands on the middle between the ends of the jaw and reaches
    further back the further the nasion is from there, so that it stays within a head that is turned or tilted.
    """
    points = np.asarray(landmarks, dtype=np.float64)
    up = points[NASION] - points[CHIN]
    high = float(np.linalg.norm(up))
    left, right = points[JAW_ENDS[0]], points[JAW_ENDS[1]]
    wide = float(np.linalg.norm(right - left))
    drawn = np.zeros((height, width), dtype=np.uint8)
    if not high or not wide:
        return drawn > 0
    up /= high
    across = np.array([-up[1], up[0]])
    middle = float(((left + right) / 2 - points[NASION]) @ across)
    behind = BEHIND * high * float(np.clip(2.0 * middle / wide, -1.0, 1.0))
    foot = points[NASION] + across * (middle + behind)
    axes = max(1, round(share * (ACROSS * wide + abs(behind)))), max(1, round(share * ABOVE * high))
    angle = math.degrees(math.atan2(up[0], -up[1]))
    cv2.ellipse(drawn, (round(foot[0]), round(foot[1])), axes, angle, 180.0, 360.0, 1, -1)
    return drawn > 0
