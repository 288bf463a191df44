"""Where in a crop a person's body is likely to be, from boxes, face and keypoints alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.matte.upright import Stance, figure, fitted
from tools.media.geometry import Box, Keypoint

Floats = NDArray[np.floating[Any]]

LEAST, MOST = 0.001, 0.985
SOMEWHERE = 0.06
"""In the box, but where bodies seldom are."""

STANDING = 1.6
"""A box higher than so many times its width holds somebody upright."""

BELOW_CHIN = (-0.2, 0.1, 0.35, 0.7, 1.5, 3.5, 5.0, 9.0)
HALF_WIDTH = (0.35, 0.45, 0.8, 1.3, 1.5, 1.4, 1.0, 0.9)
"""Half the width of neck, shoulders, trunk and legs in face widths, by the distance below the chin in face heights."""

APART = Stance(crown=-0.04, soles=0.95, girth=1.35)
"""The largest that a walker can be in the window around them."""

LIMBS = ((5, 7), (7, 9), (6, 8), (8, 10), (11, 13), (13, 15), (12, 14), (14, 16))
TRUNK = (5, 6, 12, 11)
HEAD = (0, 1, 2, 3, 4)
"""Indices of COCO's keypoints."""


@dataclass(frozen=True)
class Pose:
    """Who is meant, and who is not; boxes in pixels of the picture that the probabilities are for.

    slack: how far the sides of the box may be off, as a share of its size. whole: the box was found around the whole
    person, not guessed from the face.
    """

    box: Box
    face: Box | None = None
    keypoints: tuple[Keypoint, ...] | None = None
    others: tuple[Box, ...] = ()
    slack: float = 0.0
    whole: bool = False


def probability(pose: Pose, width: int, height: int, evidence: Floats | None = None) -> Floats:
    """For each pixel how probable it is that the person shows there: height x width, float32, 0.001 to 0.985.

    evidence: log odds of a person for each pixel from the picture; where it is known, a loose box is looked through for
    the place where they stand.
    """
    # A row and a column: what hangs on one of them alone is worked out for it alone.
    columns, rows = (np.arange(side, dtype=np.float32) + np.float32(0.5) for side in (width, height))
    rows = rows[:, None]
    found: Floats = _of_one(pose, columns, rows, evidence) * _within(pose.box, 0.05 + pose.slack, columns, rows) + LEAST
    for other in pose.others:
        if other.common(pose.box) >= 0.02 * pose.box.area:
            theirs, in_front = _body(other, pose.slack, columns, rows), other.y1 > pose.box.y1 + 0.03 * pose.box.height
            found = _yielding(found, theirs, in_front)
    return np.clip(found, LEAST, MOST).astype(np.float32)


def _of_one(pose: Pose, x: Floats, y: Floats, evidence: Floats | None) -> Floats:
    if pose.keypoints is not None:
        skeleton = _skeleton(pose.keypoints, np.broadcast_shapes(x.shape, y.shape))
        if skeleton is not None:
            return skeleton
    if pose.face is not None:
        below = _below_face(pose.face, x, y)
        standing = pose.whole and pose.box.height > STANDING * pose.box.width
        return np.maximum(below, 0.9 * _body(pose.box, pose.slack, x, y, evidence)) if standing else below
    return _body(pose.box, pose.slack, x, y, evidence)


def _logistic(values: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(values, -30.0, 30.0))))


def _below_face(face: Box, x: Floats, y: Floats) -> Floats:
    """A head around the face, neck, shoulders, trunk and legs below it, arms anywhere beside them."""
    wide, high = face.width, face.height
    centre_x, centre_y = face.centre
    distance = np.hypot((x - centre_x) / (0.68 * wide), (y - (centre_y - 0.12 * high)) / (0.95 * high))
    head = 0.97 * _logistic((1.0 - distance) / 0.3 * 4.0)
    below = (y - face.y1) / high
    half = np.interp(below, BELOW_CHIN, HALF_WIDTH) * wide
    trunk = _logistic((half - np.abs(x - centre_x)) / (0.45 * wide) * 2.0) * _logistic((below + 0.1) * 12.0)
    trunk *= np.where(below > 3.5, 0.8, 0.95)
    arms = 0.2 * _logistic(below * 6.0)
    return np.asarray(np.clip(np.maximum(np.maximum(head, trunk), arms), SOMEWHERE, 0.97))


def _standing(box: Box, x: Floats, y: Floats) -> Floats:
    """The middle of the box; of a narrow one the top is a head."""
    u, v = (x - box.x0) / box.width, (y - box.y0) / box.height
    standing = box.height > STANDING * box.width
    half = 0.42 if standing else 0.44
    tall = np.exp(-(np.clip(np.abs(v - 0.5) / 0.5, 0.0, 2.0) ** 8))
    found = 0.85 * np.exp(-((np.abs(u - 0.5) / half) ** 4)) * tall
    if standing:
        head = 0.85 * np.exp(-((np.abs(u - 0.5) / (0.6 * half)) ** 4)) * (v > -0.02)
        top = _logistic((0.16 - v) * 40.0)
        found = found * (1.0 - top) + head * top
    return np.asarray(np.clip(found, SOMEWHERE, 0.97))


def covered(box: Box, x: Floats, y: Floats) -> Floats:
    """How probable it is at most that somebody of whom only the box is known covers a place, arms and feet apart."""
    if box.height > STANDING * box.width:
        # A foot on the ground stays where it is while the person walks on.
        strides = 0.95 * _within(box, 0.05, x, y) * (y > box.centre[1])
        return np.asarray(np.maximum(figure(box, APART, x, y), strides))
    found = _standing(box, x, y)
    return np.asarray(np.where(found > SOMEWHERE, found, 0.0))


def _body(box: Box, slack: float, x: Floats, y: Floats, evidence: Floats | None = None) -> Floats:
    if slack > 0.0 and box.height > STANDING * box.width:
        found = figure(box, Stance(), x, y) if evidence is None else fitted(box, evidence, x, y)
        return np.clip(found, SOMEWHERE, 0.97)
    return _standing(box, x, y)


def _within(box: Box, margin: float, x: Floats, y: Floats) -> Floats:
    """1 in the box, falling off to e^-1 at the margin (share of the box's size)."""
    across = np.maximum(np.maximum(box.x0 - x, x - box.x1), 0.0) / (margin * box.width)
    down = np.maximum(np.maximum(box.y0 - y, y - box.y1), 0.0) / (margin * box.height)
    return np.asarray(np.exp(-(across**2 + down**2)))


def _yielding(mine: Floats, theirs: Floats, in_front: bool) -> Floats:
    """What of mine another leaves: less all of their body where they stand in front, else only where they are likelier.

    Whose feet are lower stands in front.
    """
    theirs = np.where(theirs > SOMEWHERE, theirs, 0.0)
    taken = theirs if in_front else np.clip(theirs - mine, 0.0, 1.0)
    return mine * (1.0 - np.minimum(1.4 * taken, 1.0))


def _skeleton(keypoints: tuple[Keypoint, ...], shape: tuple[int, ...]) -> Floats | None:
    """Head, trunk and limbs drawn around the keypoints that are seen; None where too few are."""
    seen = {index: (point.x, point.y) for index, point in enumerate(keypoints) if point.confidence > 0.3}
    trunk = [seen[index] for index in TRUNK if index in seen]
    if len(trunk) < 3:
        return None
    corners = np.array(trunk, dtype=np.float64)
    size = float(max(np.linalg.norm(a - b) for a in corners for b in corners))
    drawn = np.zeros(shape, dtype=np.uint8)
    cv2.fillConvexPoly(drawn, cv2.convexHull(np.rint(corners).astype(np.int32)), 255)
    cv2.polylines(drawn, [np.rint(corners).astype(np.int32)], True, 255, max(1, round(0.25 * size)))
    for start, end in LIMBS:
        if start in seen and end in seen:
            ends = [tuple(round(value) for value in seen[index]) for index in (start, end)]
            cv2.line(drawn, ends[0], ends[1], 255, max(1, round(0.2 * size)))
    head = [seen[index] for index in HEAD if index in seen]
    if head:
        centre = np.mean(head, axis=0)
        cv2.circle(drawn, (round(centre[0]), round(centre[1] - 0.03 * size)), max(1, round(0.2 * size)), 255, -1)
    soft = cv2.GaussianBlur(drawn, (0, 0), max(0.05 * size, 0.5)).astype(np.float32) / 255.0
    near = cv2.GaussianBlur(drawn, (0, 0), max(0.2 * size, 0.5)).astype(np.float32) / 255.0
    return np.asarray(np.clip(np.maximum(0.95 * soft, 0.5 * near), 0.01, 0.97))
