"""What an engine takes and gives: plain arrays and boxes, the same for a model of any size.

An engine is a class with a `name`, the `digest` of its model and `run(list) -> list`; the answer has one entry for each
question, in the same order. It is loaded by name in the worker, once (`tools.engines.load`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tools.framing.detection import Detection
from tools.matte.beside import Beside
from tools.media.geometry import Alpha, Box, Keypoint, Rgb

Embedding = NDArray[np.float64]
"""A face as a point: so many numbers that Euclidean distances between them tell people apart; 128 for dlib's."""


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
