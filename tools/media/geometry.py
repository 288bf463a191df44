"""Geometry: pictures as arrays, boxes and keypoints in their pixels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]
"""RGB, uint8, height x width x 3."""

Alpha = NDArray[np.uint8]
"""Opacity, uint8, height x width: 0 outside, 255 inside."""


class Box(NamedTuple):
    """A rectangle in pixels of its image; x1 and y1 lie just outside."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        return self.y1 - self.y0

    @property
    def area(self) -> float:
        return max(self.width, 0.0) * max(self.height, 0.0)

    @property
    def centre(self) -> tuple[float, float]:
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    def moved(self, dx: float, dy: float) -> Box:
        return Box(self.x0 + dx, self.y0 + dy, self.x1 + dx, self.y1 + dy)

    def scaled(self, factor: float) -> Box:
        return Box(self.x0 * factor, self.y0 * factor, self.x1 * factor, self.y1 * factor)

    def clipped(self, width: float, height: float) -> Box:
        """What of it lies in an image of width x height."""
        return Box(max(self.x0, 0.0), max(self.y0, 0.0), min(self.x1, width), min(self.y1, height))

    def common(self, other: Box) -> float:
        """The area that both cover, in square pixels."""
        return Box(max(self.x0, other.x0), max(self.y0, other.y0), min(self.x1, other.x1), min(self.y1, other.y1)).area

    def iou(self, other: Box) -> float:
        """Intersection over union, 0 to 1."""
        common = self.common(other)
        union = self.area + other.area - common
        return common / union if union > 0 else 0.0


class Keypoint(NamedTuple):
    """One of the 17 COCO keypoints: pixels of its image, confidence 0 to 1."""

    x: float
    y: float
    confidence: float
