"""The builtin detector: dlib's HOG faces with a body built below each, joined with OpenCV's HOG people.

Both are histograms of oriented gradients under a linear classifier (N. Dalal, B. Triggs: Histograms of Oriented
Gradients for Human Detection, CVPR 2005; D. E. King: Max-Margin Object Detection, arXiv:1502.00046), shipped inside the
two libraries: no download. The faces are frontal ones, the people upright, whole and seen from head to foot: a person
from behind who fills the frame, or a profile, is found by neither.
"""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import dlib
import numpy as np

from tools.engines.protocols import DetectJob
from tools.framing.detection import Detection
from tools.framing.finding import body_below, face_confidence, is_head, joined, merged_windows, people_confidence
from tools.media.geometry import Box, Rgb

DLIB_FACE_PX = 80.0
"""dlib's face window: what is smaller is found only after enlarging."""

FACE_SCALE_MAX = 2.0
FACE_WORKING_PX = 2.1e6
"""Area of the image that faces are looked for in: 1080p as it is, 0.12 s on one core."""

PEOPLE_SCALE_MAX = 1.5
PEOPLE_WORKING_PX = 0.25e6
"""Area of the image that people are looked for in: finds who is over a third of the frame's height, 0.17 s."""

PEOPLE_SLACK = 0.1
"""How far the people detector's boxes are off at their sides, as a share of their size."""

HEAD_SCALE = 4.0
HEAD_WORKING_PX = 0.3e6
HEAD_LEAST_PX = 16
HEAD_SCORE = 0.2
"""The closer look for the face of a person without one: how much larger, on how many pixels at most, not at all under
so many a side, and dlib's margin from which it counts."""


def _resized(image: Rgb, scale: float) -> Rgb:
    if scale == 1.0:
        return image
    height, width = image.shape[:2]
    size = max(1, round(width * scale)), max(1, round(height * scale))
    method = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size, interpolation=method), dtype=np.uint8)


def _at_least(image: Rgb, width: int, height: int) -> Rgb:
    """The image, carried on at its right and lower edge where it is smaller: OpenCV crashes below its window's size."""
    below, beside = max(0, height - image.shape[0]), max(0, width - image.shape[1])
    if not below and not beside:
        return image
    return np.asarray(cv2.copyMakeBorder(image, 0, below, 0, beside, cv2.BORDER_REPLICATE), dtype=np.uint8)


class Hog:
    name = "builtin"
    digest = "hog-1"

    def __init__(self) -> None:
        self._faces = dlib.get_frontal_face_detector()
        self._people = cv2.HOGDescriptor()
        self._people.setSVMDetector(np.asarray(cv2.HOGDescriptor.getDefaultPeopleDetector()))

    def run(self, jobs: list[DetectJob]) -> list[list[Detection]]:
        return [self._one(job) for job in jobs]

    def _one(self, job: DetectJob) -> list[Detection]:
        found = joined(self.faces(job.image, job.min_face_px), self.people(job.image))
        sure = [each for each in found if each.confidence >= job.min_confidence]
        return [self._with_face(job.image, each) for each in sure]

    def faces(self, image: Rgb, min_face_px: float) -> list[Detection]:
        """People by their frontal faces, surest first."""
        height, width = image.shape[:2]
        scale = min(DLIB_FACE_PX / min_face_px, FACE_SCALE_MAX)
        found = self._faces_at(image, scale, FACE_WORKING_PX)
        return [
            Detection(body_below(face, width, height), face_confidence(score), "face", face, whole=False)
            for face, score in found
        ]

    def face_in(self, image: Rgb, body: Box) -> Box | None:
        """The face of a person whose box is known, if only a small one: looked for in the enlarged upper part."""
        height, width = image.shape[:2]
        head = Box(body.x0, body.y0 - 0.05 * body.height, body.x1, body.y0 + 0.45 * body.height).clipped(width, height)
        x0, y0, x1, y1 = math.floor(head.x0), math.floor(head.y0), math.ceil(head.x1), math.ceil(head.y1)
        if x1 - x0 < HEAD_LEAST_PX or y1 - y0 < HEAD_LEAST_PX:
            return None
        for face, score in self._faces_at(image[y0:y1, x0:x1], HEAD_SCALE, HEAD_WORKING_PX):
            face = face.moved(x0, y0)
            if score >= HEAD_SCORE and is_head(face, body):
                return face
        return None

    def _with_face(self, image: Rgb, person: Detection) -> Detection:
        """The person with the face that only a closer look finds."""
        face = None if person.face else self.face_in(image, person.box)
        return person if face is None else replace(person, face=face)

    def _faces_at(self, image: Rgb, scale: float, most_px: float) -> list[tuple[Box, float]]:
        """Faces and dlib's margins in an image that is scaled first, to at most so many pixels; surest first."""
        height, width = image.shape[:2]
        scale = min(scale, math.sqrt(most_px / (width * height)))
        grey = cv2.cvtColor(_resized(np.ascontiguousarray(image), scale), cv2.COLOR_RGB2GRAY)
        found, scores, _ = self._faces.run(grey, 0, -0.5)
        boxes = [Box(each.left(), each.top(), each.right() + 1, each.bottom() + 1) for each in found]
        inside = [
            (box.scaled(1.0 / scale).clipped(width, height), float(score))
            for box, score in zip(boxes, scores, strict=True)
        ]
        return [(face, score) for face, score in inside if face.width > 0 and face.height > 0]

    def people(self, image: Rgb) -> list[Detection]:
        """People by their upright shape. The classifier's window has a margin around them."""
        height, width = image.shape[:2]
        scale = min(PEOPLE_SCALE_MAX, math.sqrt(PEOPLE_WORKING_PX / (width * height)))
        windows, margins = self._people.detectMultiScale(
            _at_least(_resized(image, scale), *self._people.winSize),
            hitThreshold=0.0,
            winStride=(4, 4),
            padding=(32, 32),
            scale=1.1,
            groupThreshold=0,
        )
        if len(windows) == 0:
            return []
        boxes = np.asarray(windows, dtype=np.float64)
        boxes[:, 2:] += boxes[:, :2]
        people = []
        for window, margin, support in merged_windows(boxes / scale, np.ravel(margins)):
            inset_x, inset_y = window.width * 0.15, window.height * 0.06
            # Feet may reach the window's lower edge, heads keep away from the upper one.
            box = Box(window.x0 + inset_x, window.y0 + inset_y, window.x1 - inset_x, window.y1 - 0.02 * window.height)
            box = box.clipped(width, height)
            if box.area > 0:
                people.append(Detection(box, people_confidence(margin, support), "people", slack=PEOPLE_SLACK))
        return people
