"""What an engine takes and gives: plain arrays and boxes, the same for a model of any size.

An engine is a class with a `name`, the `digest` of its model and `run(list) -> list`; the answer has one entry for each
question, in the same order. It is loaded by name in the worker, once (`tools.engines.load`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]
"""RGB, uint8, height x width x 3."""

Alpha = NDArray[np.uint8]
"""Opacity, uint8, height x width: 0 outside, 255 inside."""

Embedding = NDArray[np.float64]
"""A face as a point: so many numbers that Euclidean distances between them tell people apart; 128 for dlib's."""


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


@dataclass(frozen=True)
class Detection:
    """A person in a frame.

    confidence: how probable it is that a person is in the box, 0 to 1. source: what found them. slack: how far the
    sides of the box may be off, as a share of its size. whole: the box was found around the whole person, not guessed
    from the face.
    """

    box: Box
    confidence: float
    source: str
    face: Box | None = None
    keypoints: tuple[Keypoint, ...] | None = None
    slack: float = 0.0
    whole: bool = True


@dataclass(frozen=True)
class DetectJob:
    """A frame to look through. min_face_px: the height of the smallest face that matters."""

    image: Rgb
    min_face_px: float = 40.0
    min_confidence: float = 0.3


@dataclass(frozen=True)
class MatchJob:
    """A picture with a face: where it is, or None to look for all faces that are sure.

    jitters: how many crops of each face are embedded, 1 to 6: their mean is a steadier point than one of them.
    """

    image: Rgb
    face: Box | None = None
    jitters: int = 2


@dataclass(frozen=True)
class FaceFound:
    """A face, where it is in its image, and its embedding.

    spread: the mean distance of the embeddings of its crops to their mean, which is the embedding; None of one crop.
    """

    box: Box
    embedding: Embedding
    spread: float | None = None


@dataclass(frozen=True)
class Beside:
    """A neighbouring frame of the same shot.

    movement: 2 x 3, takes its pixels to those of the image beside which it is seen. people: where people stand in it,
    in pixels of its own.
    """

    image: Rgb
    movement: NDArray[np.float64]
    people: tuple[Box, ...] = ()


@dataclass(frozen=True)
class MaskJob:
    """The person to cut out: all boxes in pixels of the image; slack and whole as in Detection.

    others: boxes of the people who are not meant. working_side_px: the longer side of the picture that an engine
    without a size of its own works on. beside: neighbouring frames of the shot, for engines that learn from them what
    stays while people move. landmarks: the face's 68 points of the iBUG 300-W scheme, x and y.
    """

    image: Rgb
    box: Box
    face: Box | None = None
    keypoints: tuple[Keypoint, ...] | None = None
    others: tuple[Box, ...] = ()
    slack: float = 0.0
    whole: bool = False
    working_side_px: int = 448
    beside: tuple[Beside, ...] = ()
    landmarks: tuple[tuple[float, float], ...] | None = None


class Engine(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def digest(self) -> str: ...


class Detector(Engine, Protocol):
    def run(self, jobs: list[DetectJob]) -> list[list[Detection]]: ...


class Embedder(Engine, Protocol):
    """Gives the faces of each image, largest first: one where the job says where it is, none where there is none."""

    def run(self, jobs: list[MatchJob]) -> list[list[FaceFound]]: ...


class Masker(Engine, Protocol):
    def run(self, jobs: list[MaskJob]) -> list[Alpha]: ...
