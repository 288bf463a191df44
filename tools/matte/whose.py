"""Of a mask that shows several people, or other things beside one, the part that is the person who is meant.

Networks that look for people, or for whatever stands out, do not know whose crop it is. Here the mask is divided: a
watershed from what is surely theirs and what is surely somebody else's (F. Meyer: Color image segmentation, 1992), so
that the border between two who touch runs along the picture's edges.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.matte.body import Pose, probability
from tools.matte.pyramid import halved
from tools.media.geometry import Box

Floats = NDArray[np.floating[Any]]

SIDE_PX = 256
"""The longer side, at most, of the halved mask in which people are told apart."""

COARSE_STEP = 3
"""Where a body may be is worked out on a picture so many times smaller yet: nothing in it has a sharp edge."""

SURELY, HARDLY = 0.6, 0.25
"""A probability from which a place is surely one person's, and below which it is hardly the other's."""

NEAR = 0.02
"""A part of the mask where the person is nowhere more probable than that is something else."""

SUBJECT, OTHER, NOTHING = 1, 2, 3

SOFT_PX = 1.0


def mine(mask: NDArray[np.uint8], rgb: NDArray[np.uint8], pose: Pose) -> NDArray[np.uint8]:
    """The mask without what is not the person's: height x width, uint8, 0 to 255, like the mask.

    rgb: the picture, of any size and shape; pose in the mask's pixels.
    """
    height, width = mask.shape
    halvings = max(0, math.ceil(math.log2(max(height, width) / SIDE_PX)))
    small = halved(mask, halvings)[-1] > 127
    if not small.any():
        return mask
    share = _share(small, rgb, _scaled(pose, 0.5**halvings))
    if share.all():
        return mask
    soft = cv2.GaussianBlur(share.astype(np.uint8) * np.uint8(255), (0, 0), SOFT_PX)
    if halvings:
        soft = cv2.resize(soft, None, fx=2**halvings, fy=2**halvings, interpolation=cv2.INTER_LINEAR)
    # Twice as steep, around the middle.
    steep = cv2.addWeighted(soft, 2.0, soft, 0.0, -127.5)[:height, :width]
    return np.asarray(cv2.multiply(mask, steep, scale=1.0 / 255.0), dtype=np.uint8)


def _share(mask: NDArray[np.bool_], rgb: NDArray[np.uint8], pose: Pose) -> NDArray[np.bool_]:
    """Where the person's part of the picture is: all of it that is not somebody else's, nor an island apart."""
    own = _probability(replace(pose, others=()), mask.shape)
    near = [other for other in pose.others if other.area > 0.0]
    share = np.ones(mask.shape, dtype=bool)
    if near:
        each = [_probability(Pose(other, whole=True), mask.shape) for other in near]
        share = _divided(mask, rgb, own, _without(np.maximum.reduce(each), pose))
    count, labels = cv2.connectedComponents((mask & share).astype(np.uint8), connectivity=8)
    likely = float((own * (labels > 0)).max())
    kept = np.zeros(count, dtype=bool)
    # Each part that is likely enough anywhere.
    kept[labels[own >= max(NEAR, 0.2 * likely)]] = True
    kept[0] = False
    ours = np.take(kept, np.asarray(labels))
    return _nearer(ours, mask & ~ours)


def _probability(pose: Pose, shape: tuple[int, ...]) -> Floats:
    """As `probability`, from a coarse grid: height x width, float32."""
    height, width = shape
    wide, high = math.ceil(width / COARSE_STEP), math.ceil(height / COARSE_STEP)
    coarse = probability(_scaled(pose, 1.0 / COARSE_STEP), wide, high)
    fine = cv2.resize(coarse, None, fx=COARSE_STEP, fy=COARSE_STEP, interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(fine[:height, :width])


def _divided(mask: NDArray[np.bool_], rgb: NDArray[np.uint8], own: Floats, theirs: Floats) -> NDArray[np.bool_]:
    """The watershed between what is surely the person's and surely others'. True on the person's side."""
    markers = np.zeros(mask.shape, dtype=np.int32)
    markers[mask & (own > SURELY) & (theirs < HARDLY)] = SUBJECT
    markers[mask & (theirs > SURELY) & (own < HARDLY)] = OTHER
    if not (markers == OTHER).any():
        return np.ones(mask.shape, dtype=bool)
    if not (markers == SUBJECT).any():
        return np.asarray(own >= theirs)
    markers[~mask] = NOTHING
    smaller = halved(rgb, max(0, int(math.log2(max(rgb.shape) / SIDE_PX))))[-1]
    cv2.watershed(cv2.resize(smaller, mask.shape[::-1], interpolation=cv2.INTER_LINEAR), markers)
    return _nearer(markers == SUBJECT, markers == OTHER)


def _nearer(ours: NDArray[np.bool_], theirs: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where our places are nearer than theirs: what is neither's, a line or a faint fringe, goes with the nearer."""
    if not theirs.any():
        return np.ones(ours.shape, dtype=bool)
    distances = (cv2.distanceTransform((~each).astype(np.uint8), cv2.DIST_L2, 3) for each in (ours, theirs))
    to_ours, to_theirs = distances
    return np.asarray(to_ours < to_theirs)


def _without(theirs: Floats, pose: Pose) -> Floats:
    """Others' probability, less the middle of the person's own face, which is nobody else's."""
    if pose.face is None:
        return theirs
    height, width = theirs.shape
    inner = _shrunk(pose.face).clipped(width, height)
    if inner.area > 0.0:
        theirs[round(inner.y0) : round(inner.y1), round(inner.x0) : round(inner.x1)] = 0.0
    return theirs


def _shrunk(box: Box) -> Box:
    dx, dy = 0.2 * box.width, 0.2 * box.height
    return Box(box.x0 + dx, box.y0 + dy, box.x1 - dx, box.y1 - dy)


def _scaled(pose: Pose, scale: float) -> Pose:
    points = pose.keypoints and tuple(point._replace(x=point.x * scale, y=point.y * scale) for point in pose.keypoints)
    others = tuple(other.scaled(scale) for other in pose.others)
    return Pose(pose.box.scaled(scale), pose.face and pose.face.scaled(scale), points, others, pose.slack, pose.whole)
