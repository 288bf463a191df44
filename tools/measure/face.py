"""What the landmarks of a face tell: how far its eyes are open."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LANDMARKS = 68
EYES = (slice(36, 42), slice(42, 48))
"""The six points of each eye in the iBUG 300-W scheme: corner, two of the upper lid, corner, two of the lower lid."""


def eye_aspect(landmarks: Sequence[Sequence[float]] | None) -> float | None:
    """The mean of both eyes' aspect ratios, height by width; None without landmarks.

    T. Soukupova and J. Cech, Real-time eye blink detection using facial landmarks, CVWW 2016: about 0.3 for open eyes,
    under 0.2 for closed ones. Raises ValueError for another number of points than 68.
    """
    if landmarks is None:
        return None
    points = np.asarray(landmarks, np.float64)
    if points.shape != (LANDMARKS, 2):
        raise ValueError(f"A face has {LANDMARKS} landmarks of x and y, not {points.shape}. Detect its people again.")
    ratios = [_aspect(points[eye]) for eye in EYES]
    return float(np.mean(ratios))


def _aspect(eye: NDArray[np.float64]) -> float:
    width = float(np.linalg.norm(eye[0] - eye[3]))
    heights = float(np.linalg.norm(eye[1] - eye[5]) + np.linalg.norm(eye[2] - eye[4]))
    return heights / (2 * width) if width > 0 else 0.0
