"""How a person stands and looks, as numbers whose distances say how different two pictures of one person are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.media.likeness import DIMENSIONS

Floats = NDArray[np.float32]

SHARES = {"appearance": 0.6, "pose": 0.2, "face": 0.2}
"""What appearance (brightness pattern, colours, edges, outline), pose and face count in a squared difference."""

LIMBS = (5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)
"""Shoulders to ankles among COCO's 17 keypoints."""

SURE = 0.3
"""Keypoints that are less sure are not known."""

POSE, FACE = 6 + 3 * len(LIMBS), 7
"""How many numbers describe a pose and a face."""

SIZE = DIMENSIONS + POSE + FACE

_ABSENT = 0.7
"""How far a picture with a face lies from one without, in units of the block: most of the way."""


def looks(appearance: NDArray[np.floating[Any]], row: Mapping[str, Any]) -> Floats:
    """The embedding that select compares: float32; the Euclidean distance of two is 0 (the same) to about 1.

    appearance: the likeness that score measured. row: of `sql/inputs/select.sql`. Each block is scaled so that the
    distances in it reach about 1 and then weighed by SHARES.
    """
    blocks = {"appearance": appearance, "pose": pose(row), "face": face(row)}
    return np.concatenate([np.sqrt(SHARES[name]) * values for name, values in blocks.items()]).astype(np.float32)


def pose(row: Mapping[str, Any]) -> Floats:
    """Where limbs and head are within the person's box, and the box's shape: POSE numbers.

    From the keypoints where there are some; the rest is the box's shape, how much of it the face takes and where in it
    the face is. What is not known is 0.
    """
    width = max(1.0, row["box_x1_px"] - row["box_x0_px"])
    height = max(1.0, row["box_y1_px"] - row["box_y0_px"])
    found = np.zeros(POSE, np.float32)
    found[0] = np.clip(np.log2(height / width) / 3, -1, 1)
    corner = row["box_x0_px"] - row["crop_x_px"], row["box_y0_px"] - row["crop_y_px"]
    if row["face_x0_px"] is not None:
        middle_x, middle_y = (row["face_x0_px"] + row["face_x1_px"]) / 2, (row["face_y0_px"] + row["face_y1_px"]) / 2
        found[1] = np.clip((row["face_y1_px"] - row["face_y0_px"]) / height, 0, 1)
        found[2] = np.clip((middle_x - corner[0]) / width - 0.5, -1, 1)
        found[3] = np.clip((middle_y - corner[1]) / height, 0, 1) / 2
    found[4], found[5] = 0.3 * (row["cut_left"] + row["cut_right"]), 0.3 * row["cut_bottom"]
    points = np.array(json.loads(row["keypoints_json"] or "[]"), np.float32).reshape(-1, 3)
    if len(points):
        limbs = points[list(LIMBS)]
        known = limbs[:, 2] >= SURE
        limbs = (limbs[:, :2] - corner) / (width, height) - 0.5
        placed = np.column_stack([np.where(known[:, None], np.clip(limbs, -1, 1), 0), 0.5 * known])
        found[6:] = placed.ravel() / np.sqrt(len(LIMBS) / 3)
    return found


def face(row: Mapping[str, Any]) -> Floats:
    """View and expression from the landmarks: FACE numbers, all 0 without a face.

    There is one; turned left or right; nodding; tilted; eyes open; mouth open; mouth wide. (An embedding that tells
    people apart is made to be blind for these.)
    """
    found = np.zeros(FACE, np.float32)
    points = np.array(json.loads(row["landmarks_json"] or "[]"), np.float64).reshape(-1, 2)
    if not len(points):
        return found
    left, right = points[36:42].mean(axis=0), points[42:48].mean(axis=0)
    eyes, across = (left + right) / 2, right - left
    span = max(1e-6, float(np.linalg.norm(across)))
    down = np.array([-across[1], across[0]]) / span  # across the line of the eyes, towards the chin
    nose, chin = float((points[30] - eyes) @ down), float((points[8] - eyes) @ down)
    lips, corners = points[62] - points[66], points[48] - points[54]
    aspect = row["eye_aspect"]
    found[:] = (
        _ABSENT,
        np.clip(row["turn"] if row["turn"] is not None else ((points[30] - eyes) @ across) / span**2 * 2, -1, 1) / 2,
        np.clip(nose / max(chin, 1e-6) - 0.4, -0.5, 0.5),
        np.clip(np.arctan2(across[1], across[0]), -1, 1) / 2,
        np.clip(0.0 if aspect is None else aspect - 0.3, -0.3, 0.3),
        np.clip(np.linalg.norm(lips) / span, 0, 1) / 2,
        np.clip(np.linalg.norm(corners) / span - 0.8, -0.5, 0.5) / 2,
    )
    return found
