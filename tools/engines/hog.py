"""The builtin detector: dlib's HOG faces with a body built below each, joined with OpenCV's HOG people.

Both are histograms of oriented gradients under a linear classifier (N. Dalal, B. Triggs: Histograms of Oriented Gradients
for Human Detection, CVPR 2005; D. E. King: Max-Margin Object Detection, arXiv:1502.00046), shipped inside the two libraries: no download. The
faces are frontal ones, the people upright, whole and seen from head to foot: a person from behind who fills the frame,
or a profile, is found by neither.
"""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import dlib
import numpy as np
from numpy.typing import NDArray

from tools.engines.protocols import Box, Detection, DetectJob, Rgb

DLIB_FACE_PX = 80.0
"""dlib's face window: what is smaller is found only after enlarging."""

FACE_SCALE_MAX = 2.0
FACE_WORKING_PX = 2.1e6
"""Area of the image that faces are looked for in: 1080p as it is, 0.12 s on one core."""

PEOPLE_WORKING_PX = 0.25e6
"""Area of the image that people are looked for in: finds who is over a third of a 720p frame's height, 0.17 s."""

PEOPLE_SCALE_MAX = 1.5
OVERLAP = 0.4
"""Boxes of one detector that overlap more (IoU) are the same person."""

HEAD_SCALE, HEAD_WORKING_PX, HEAD_LEAST_PX = 4.0, 0.3e6, 16
HEAD_SCORE = 0.2
"""The closer look at a person without a face: how much larger, how many pixels at most and at least a side, dlib's margin."""

PEOPLE_SLACK = 0.1
"""How far the people detector's boxes are off at their sides, as a share of their size."""

WHOLE_BODY = 8.0
"""A people box of fewer face heights has found head and trunk only: the body below the face is the better box."""


def _logistic(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x))


def face_confidence(score: float) -> float:
    """dlib's margin as a probability: one half at -0.1, a little below dlib's own bound of 0."""
    return _logistic(4.0 * (score + 0.1))


def people_confidence(margin: float, support: int) -> float:
    """The probability that a box found by OpenCV's people detector frames one person.

    support: how many windows of neighbouring places and sizes found the same (margin over 0, IoU over 0.5): it tells
    people from lamp posts better than the best margin does. A logistic fit to 80 detections labelled by hand in three clips and
    eight photographs (82 % of them right at 0.5; with the margin alone 79 %).
    """
    return _logistic(1.6 * math.log(support) + 0.25 * margin - 4.0)


def body_below(face: Box, width: int, height: int) -> Box:
    """Where the body of a face is, as far as the frame goes.

    dlib's box spans brow to chin: about a tenth of an adult's height, 0.4 of the shoulders' width. Elbows and hands
    reach further; legs are assumed, since a face does not tell whether they are seen.
    """
    x, _ = face.centre
    reach = 2.1 * face.width
    return Box(x - reach, face.y0 - 0.55 * face.height, x + reach, face.y0 + 10.0 * face.height).clipped(width, height)


def _resized(image: Rgb, scale: float) -> Rgb:
    if scale == 1.0:
        return image
    method = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=method), dtype=np.uint8)


def merged_windows(boxes: NDArray[np.float64], margins: NDArray[np.float64]) -> list[tuple[Box, float, int]]:
    """Windows that agree become one: mean box weighted by margin, best margin, number of windows.

    boxes: n x 4 (x0, y0, x1, y1), margins: n. Greedy from the best margin down.
    """
    left = np.ones(len(margins), dtype=bool)
    merged = []
    for best in np.argsort(-margins, kind="stable"):
        if not left[best]:
            continue
        top = np.maximum(boxes[best, :2], boxes[:, :2])
        bottom = np.minimum(boxes[best, 2:], boxes[:, 2:])
        common = np.prod(np.clip(bottom - top, 0.0, None), axis=1)
        areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
        iou = common / (areas + areas[best] - common)
        same = left & (iou > 0.5)
        mean = np.average(boxes[same], axis=0, weights=margins[same] + 1e-6)
        merged.append((Box(*map(float, mean)), float(margins[best]), int(same.sum())))
        left &= iou <= OVERLAP
    return merged


def joined(faces: list[Detection], people: list[Detection]) -> list[Detection]:
    """One detection for each person, surest first.

    A face in the upper middle of a people box is that person's. A people box that lies mostly in the body of a face is a part
    of that body (a hand, a tie), and so is one that overlaps a surer one.
    """
    people = sorted(people, key=lambda each: -each.confidence)
    kept: list[Detection] = []
    for face in faces:
        owner = next((each for each in people if face.face and is_head(face.face, each.box)), None)
        if owner is not None:
            people.remove(owner)
            face = _with_body(face, owner)
        kept.append(face)
    for each in people:
        if all(each.box.common(other.box) < 0.6 * each.box.area for other in kept):
            kept.append(each)
    return sorted(kept, key=lambda each: (-each.confidence, each.box))


def is_head(face: Box, body: Box) -> bool:
    """Whether a face can be that of a body: near the middle of its upper third, and of a likely size."""
    x, y = face.centre
    return (
        abs(x - body.centre[0]) < 0.25 * body.width
        and body.y0 - 0.05 * body.height < y < body.y0 + 0.3 * body.height
        and 0.06 * body.height < face.height < 0.25 * body.height
    )


def _with_body(face: Detection, body: Detection) -> Detection:
    assert face.face is not None
    whole = body.box.height > WHOLE_BODY * face.face.height
    box = Box(body.box.x0, min(body.box.y0, face.box.y0), body.box.x1, body.box.y1) if whole else face.box
    confidence = 1.0 - (1.0 - face.confidence) * (1.0 - body.confidence)
    return Detection(box, confidence, "face+people", face.face, slack=body.slack if whole else 0.0, whole=whole)


class Hog:
    name = "builtin"
    digest = "hog-1"

    def __init__(self) -> None:
        self._faces = dlib.get_frontal_face_detector()
        self._people = cv2.HOGDescriptor()
        self._people.setSVMDetector(cv2.HOGDescriptor.getDefaultPeopleDetector())

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
        inside = [(box.scaled(1.0 / scale).clipped(width, height), float(score)) for box, score in zip(boxes, scores, strict=True)]
        return [(face, score) for face, score in inside if face.width > 0 and face.height > 0]

    def people(self, image: Rgb) -> list[Detection]:
        """People by their upright shape. The classifier's window has a margin of an eighth of its height around them."""
        height, width = image.shape[:2]
        scale = min(PEOPLE_SCALE_MAX, math.sqrt(PEOPLE_WORKING_PX / (width * height)))
        windows, margins = self._people.detectMultiScale(
            _resized(image, scale), hitThreshold=0.0, winStride=(4, 4), padding=(32, 32), scale=1.1, groupThreshold=0
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
