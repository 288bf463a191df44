"""The builtin embedder: dlib's face embedding, faces aligned by five landmarks.

128 numbers in which photographs of one person lie within a Euclidean distance of about 0.6 (D. E. King, dlib's
face_recognition_resnet_model_v1, a ResNet-29 after K. He and others, 2015; 99.38 % on Labeled Faces in the Wild).
"""

from __future__ import annotations

import dlib
import numpy as np
from numpy.typing import NDArray

from tools.engines import FACE_EMBEDDING, FACE_LANDMARKS, identify, weights_path
from tools.engines.hog import Hog
from tools.engines.landmarks import rectangle
from tools.engines.protocols import FaceFound, MatchJob
from tools.framing.finding import joined
from tools.media.geometry import Box, Rgb

MIN_FACE_PX = 40.0
SURE = 0.7

CHIP_PX = 150
"""The side of the aligned crop that the network takes."""

JITTERS = tuple((padding, mirrored) for padding in (0.25, 0.20, 0.30) for mirrored in (False, True))
"""The crops of a face, the most telling first: how much room around it, as a share of its size (0.25 as in training),
and whether it is mirrored. dlib's own jitters are random and remember the faces before."""


class Faces:
    name = "builtin"

    def __init__(self) -> None:
        self.digest = identify("embed", self.name).digest
        self._landmarks = dlib.shape_predictor(str(weights_path(FACE_LANDMARKS)))
        self._model = dlib.face_recognition_model_v1(str(weights_path(FACE_EMBEDDING)))
        self._detector = Hog()

    def run(self, jobs: list[MatchJob]) -> list[list[FaceFound]]:
        return [self._one(job) for job in jobs]

    def _one(self, job: MatchJob) -> list[FaceFound]:
        faces = [job.face] if job.face else self.faces(job.image)
        return [self._embedded(job.image, face, job.jitters) for face in faces]

    def _embedded(self, image: Rgb, face: Box, jitters: int) -> FaceFound:
        image = np.ascontiguousarray(image)
        shape = self._landmarks(image, rectangle(face))
        crops = [_crop(image, shape, *jitter) for jitter in JITTERS[:jitters]]
        # dlib takes the list as one batch.
        points = np.asarray(self._model.compute_face_descriptor(crops), dtype=np.float64)
        mean = points.mean(axis=0)
        spread = float(np.linalg.norm(points - mean, axis=1).mean()) if len(points) > 1 else None
        return FaceFound(face, mean, spread)

    def faces(self, image: Rgb) -> list[Box]:
        return sure(self._detector, image)


def sure(detector: Hog, image: Rgb) -> list[Box]:
    """The faces of a picture that are sure, largest first."""
    found = joined(detector.faces(image, MIN_FACE_PX), [])
    faces = [each.face for each in found if each.face and each.confidence >= SURE]
    return sorted(faces, key=lambda face: (-face.area, face))


def _crop(image: Rgb, shape: dlib.full_object_detection, padding: float, mirrored: bool) -> NDArray[np.uint8]:
    """The face upright and at the network's size."""
    crop = np.asarray(dlib.get_face_chip(image, shape, CHIP_PX, padding), dtype=np.uint8)
    return np.ascontiguousarray(crop[:, ::-1]) if mirrored else crop
