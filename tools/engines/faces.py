"""The builtin matcher: dlib's face embedding, faces aligned by five landmarks.

128 numbers in which photographs of one person lie within a Euclidean distance of about 0.6 (D. E. King, dlib's
face_recognition_resnet_model_v1, a ResNet-29 after K. He and others, 2015; 99.38 % on Labeled Faces in the Wild).
"""

from __future__ import annotations

import dlib
import numpy as np

from tools.engines import FACE_EMBEDDING, FACE_LANDMARKS, identify, weights_path
from tools.engines.hog import Hog
from tools.engines.protocols import Box, Embedding, FaceFound, MatchJob, Rgb
from tools.people.finding import joined

MIN_FACE_PX = 40.0
SURE = 0.7


class Faces:
    name = "builtin"

    def __init__(self) -> None:
        self.digest = identify("match", self.name).digest
        self._landmarks = dlib.shape_predictor(str(weights_path(FACE_LANDMARKS)))
        self._model = dlib.face_recognition_model_v1(str(weights_path(FACE_EMBEDDING)))
        self._detector = Hog()

    def run(self, jobs: list[MatchJob]) -> list[list[FaceFound]]:
        return [self._one(job) for job in jobs]

    def _one(self, job: MatchJob) -> list[FaceFound]:
        faces = [job.face] if job.face else self.faces(job.image)
        return [FaceFound(face, self._embedding(job.image, face)) for face in faces]

    def _embedding(self, image: Rgb, face: Box) -> Embedding:
        image = np.ascontiguousarray(image)
        corners = (round(value) for value in (face.x0, face.y0, face.x1 - 1, face.y1 - 1))
        landmarks = self._landmarks(image, dlib.rectangle(*corners))
        return np.asarray(self._model.compute_face_descriptor(image, landmarks), dtype=np.float64)

    def faces(self, image: Rgb) -> list[Box]:
        """The faces that are sure, largest first."""
        found = joined(self._detector.faces(image, MIN_FACE_PX), [])
        faces = [each.face for each in found if each.face and each.confidence >= SURE]
        return sorted(faces, key=lambda face: (-face.area, face))
