"""What a face does, from its 68 points (iBUG 300-W): said only where the geometry leaves no doubt.

Thresholds from 34 faces of clips and photographs, looked at one by one: the nine that smile have a width of 0.934 and
more and a lift of 0.113 and more, the others stay below one of the two; the one open mouth has a gap of 0.43, bared
teeth up to 0.26. Closed eyes are not said: none were among them, and laughing eyes (aspect ratio 0.18) are as narrow.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Expression = Literal["smiling", "mouth open"]
Points = NDArray[np.float64]

MIN_FACE_PX = 60.0
"""Height of a face, from chin to brows or of its box, below which the points of a mouth are guesses and cheeks are too
few pixels for their light."""

MAX_TURN = 0.4
"""Share of the nose's way from the middle to a cheek: beyond, the mouth is foreshortened."""

SMILE_WIDTH, SMILE_LIFT = 0.93, 0.105
"""Width of the mouth by the distance of the eyes; height of its corners above its middle by its width."""

OPEN_GAP = 0.34
"""Distance between the lips by the inner width of the mouth."""


def expression(points: Points | None) -> Expression | None:
    """One word for the face, None where nothing is sure. points: 68 x 2, px."""
    if points is None or height_px(points) < MIN_FACE_PX or abs(turn(points)) > MAX_TURN:
        return None
    if mouth_gap(points) >= OPEN_GAP:
        return "mouth open"
    return "smiling" if mouth_width(points) >= SMILE_WIDTH and mouth_lift(points) >= SMILE_LIFT else None


def height_px(points: Points) -> float:
    return float(points[:, 1].max() - points[:, 1].min())


def turn(points: Points) -> float:
    """How far the nose has left the middle between the cheeks, -1 to 1."""
    across = np.array([-_up(points)[1], _up(points)[0]])
    left, right = abs((points[30] - points[2]) @ across), abs((points[14] - points[30]) @ across)
    return float((left - right) / max(left + right, 1e-9))


def mouth_gap(points: Points) -> float:
    """Distance between the inner lips, the mean of three, by the distance of the mouth's inner corners."""
    gap = np.mean([_distance(points[61 + n], points[67 - n]) for n in range(3)])
    return float(gap / max(_distance(points[60], points[64]), 1e-9))


def mouth_width(points: Points) -> float:
    """Distance of the mouth's corners by that of the eyes' middles."""
    eyes = _distance(points[36:42].mean(axis=0), points[42:48].mean(axis=0))
    return _distance(points[48], points[54]) / max(eyes, 1e-9)


def mouth_lift(points: Points) -> float:
    """How far the corners of the mouth lie above its middle, by its width: above 0 in a smile."""
    middle = points[[51, 57, 62, 66]].mean(axis=0)
    lift = ((points[48] + points[54]) / 2 - middle) @ _up(points)
    return float(lift / max(_distance(points[48], points[54]), 1e-9))


def _up(points: Points) -> Points:
    """The direction from mouth to eyes, of length 1."""
    way = points[36:48].mean(axis=0) - points[48:68].mean(axis=0)
    return np.asarray(way / max(float(np.linalg.norm(way)), 1e-9), np.float64)


def _distance(a: Points, b: Points) -> float:
    return float(np.linalg.norm(a - b))
