"""The frames before and after a person's, brought over their crop: each read once for all the people of a frame."""

from __future__ import annotations

import functools
import json
import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tools.matte.align import camera_movement
from tools.matte.beside import Beside
from tools.media.geometry import Box, Rgb
from tools.media.image import read_rgb
from tools.mill.tool import Row

KEPT_FRAMES = 3
"""A frame and its two neighbours, in each worker."""


def beside(base: Path, row: Row) -> tuple[Beside, ...]:
    """What stands beside a person in time, for a row of `sql/inputs/mask.sql`; none where the frames do not agree.

    Paths carry the version, so what was read of them stays true.
    """
    near = json.loads(row["beside_json"])
    corner = row["crop_x_px"], row["crop_y_px"]
    own = Box(*(row[f"box_{side}_px"] for side in ("x0", "y0", "x1", "y1")))
    people = [own, *(Box(*other).moved(*corner) for other in json.loads(row["others_json"]))]
    everybody = tuple(sorted(Box(*(round(side, 1) for side in each)) for each in people))
    found = []
    for each in near:
        there = tuple(Box(*box) for box in each["people"])
        movement = _movement(base / row["frame_path"], base / each["path"], everybody, there)
        if movement is not None:
            over_crop = movement.copy()
            over_crop[:, 2] -= corner
            found.append(Beside(_frame(base / each["path"]), over_crop, there))
    return tuple(found)


@functools.lru_cache(maxsize=KEPT_FRAMES)
def _frame(path: Path) -> Rgb:
    return read_rgb(path, math.inf)


@functools.lru_cache(maxsize=2 * KEPT_FRAMES)
def _movement(frame: Path, other: Path, people: tuple[Box, ...], others: tuple[Box, ...]) -> NDArray[np.float64] | None:
    return camera_movement(_frame(frame), _frame(other), people, others)
