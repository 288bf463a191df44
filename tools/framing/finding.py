"""Who was found: what detectors say made comparable, windows that agree merged, faces and bodies joined.

What is fitted by hand here (confidences, proportions) is part of the builtin detector's model.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tools.framing.detection import Detection
from tools.media.geometry import Box

OVERLAP = 0.4
"""Windows that overlap more (IoU) are the same person."""

PART = 0.6
"""A people box with so much of its area in another body is a part of it."""

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
    people from lamp posts better than the best margin does. A logistic fit to 80 finds in three clips and eight
    photographs that were labelled by hand: 82 % are right at 0.5, with the margin alone 79 %.
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


def is_head(face: Box, body: Box) -> bool:
    """Whether a face can be that of a body: near the middle of its upper third, and of a likely size."""
    x, y = face.centre
    return (
        abs(x - body.centre[0]) < 0.25 * body.width
        and body.y0 - 0.05 * body.height < y < body.y0 + 0.3 * body.height
        and 0.06 * body.height < face.height < 0.25 * body.height
    )


def merged_windows(boxes: NDArray[np.float64], margins: NDArray[np.float64]) -> list[tuple[Box, float, int]]:
    """Windows that agree become one: mean box weighted by margin, best margin, number of windows.

    boxes: n x 4 (x0, y0, x1, y1), margins: n, above 0. Greedy from the best margin down.
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

    A face in the upper middle of a people box is that person's. A people box that lies mostly in the body of a face is
    a part of that body (a hand, a tie), and so is one that lies mostly in a surer one. An unsure face on the breast of
    a sure one is a badge.
    """
    people = sorted(people, key=lambda each: -each.confidence)
    faces = [each for each in faces if not any(_is_print(each, other) for other in faces)]
    kept: list[Detection] = []
    for found in faces:
        owner = next((each for each in people if found.face and is_head(found.face, each.box)), None)
        if owner is not None:
            people.remove(owner)
        kept.append(found if owner is None else _as_one(found, owner))
    bodies = [found.box for found in faces]
    for each in people:
        if all(each.box.common(body) < PART * each.box.area for body in [*bodies, *(other.box for other in kept)]):
            kept.append(each)
    return sorted(kept, key=lambda each: (-each.confidence, each.box))


def _is_print(each: Detection, other: Detection) -> bool:
    if each.face is None or other.face is None or each.confidence >= 0.8 or other.confidence < 0.9:
        return False
    x, y = each.face.centre
    below = (y - other.face.y1) / other.face.height
    return abs(x - other.face.centre[0]) < 1.5 * other.face.width and 0.5 < below < 4.0


def _as_one(found: Detection, owner: Detection) -> Detection:
    """A face and the people box it belongs to: surer than either."""
    confidence = 1.0 - (1.0 - found.confidence) * (1.0 - owner.confidence)
    if found.face is None or owner.box.height <= WHOLE_BODY * found.face.height:
        return replace(found, confidence=confidence, source="face+people")
    box = owner.box._replace(y0=min(owner.box.y0, found.box.y0))
    return replace(owner, box=box, confidence=confidence, source="face+people", face=found.face)
