"""How far a pixel lies from places that are known, along ways that cross few edges.

Geodesic distances (X. Bai, G. Sapiro: Geodesic Matting, IJCV 2009): background runs on smoothly from outside the
person's box, a person from their own middle, whatever their colours.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.graph import MCP_Geometric

Floats = NDArray[np.floating[Any]]

SIDE_PX = 128
STEP_COST = 0.003
"""What a step over an even area costs, where an edge of 10 Lab units costs 1."""


class Terrain:
    """A small picture of the edges, and the distances in it from outside."""

    def __init__(self, lab: Floats, outside: Floats) -> None:
        """lab: height x width x 3, float32. outside: height x width, 0 to 1: what is known to be background."""
        self.shape = height, width = lab.shape[:2]
        scale = min(1.0, SIDE_PX / max(height, width))
        self.size = max(3, round(width * scale)), max(3, round(height * scale))
        smooth = cv2.bilateralFilter(np.ascontiguousarray(lab, dtype=np.float32), 5, 12, 3)
        self._cost = _edges(np.asarray(cv2.resize(smooth, self.size, interpolation=cv2.INTER_AREA), np.float32))
        self._outside = self._small(outside) > 0.5
        self._from_outside = self._distances(self._outside) if self._outside.any() else None

    def closeness(self, person: Floats) -> Floats:
        """-1 (outside) to 1 (person) for each pixel, 0 where nothing tells. person: height x width, 0 to 1; float32."""
        small = self._small(person)
        core = (small > max(0.9, 0.999 * float(np.quantile(small, 0.97)))) & ~self._outside
        if self._from_outside is None or not core.any():
            return np.zeros(self.shape, dtype=np.float32)
        from_core = self._distances(core)
        near = (self._from_outside - from_core) / (self._from_outside + from_core + 1e-3)
        size = self.shape[1], self.shape[0]
        return np.asarray(cv2.resize(near.astype(np.float32), size, interpolation=cv2.INTER_LINEAR), np.float32)

    def _small(self, values: Floats) -> Floats:
        return np.asarray(cv2.resize(values.astype(np.float32), self.size, interpolation=cv2.INTER_AREA), np.float32)

    def _distances(self, places: NDArray[np.bool_]) -> Floats:
        found, _ = MCP_Geometric(self._cost).find_costs(np.argwhere(places))
        return np.asarray(found)


def _edges(lab: Floats) -> Floats:
    across, down = np.zeros((2, *lab.shape[:2]), dtype=np.float32)
    across[:, 1:-1] = np.linalg.norm(lab[:, 2:] - lab[:, :-2], axis=-1) / 2
    down[1:-1] = np.linalg.norm(lab[2:] - lab[:-2], axis=-1) / 2
    return np.asarray((across + down) / 10.0 + STEP_COST, dtype=np.float64)
