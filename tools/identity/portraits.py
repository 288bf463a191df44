"""The best few pictures of a person: large, sharp, looking into the camera, and not all alike."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tools.identity.album import points, shown
from tools.identity.exemplars import exemplars
from tools.media.errors import MediaError
from tools.media.geometry import Box, Rgb
from tools.media.image import read_rgb

Measured = NDArray[np.float64]

AROUND = 0.7
"""Room around the face, as a share of its size."""

FULL_PX = 160.0
"""A face this high fills its place on the sheet."""


def portraits(base: Path, rows: Sequence[sqlite3.Row], count: int) -> Iterator[tuple[Rgb | None, sqlite3.Row]]:
    """The heads of a cluster, the best first: one from each part of its faces; None where its picture is lost."""
    best = sorted(shown(rows), key=lambda row: (-_worth(row), str(row["address"])))[: 8 * count]
    for row in varied(best, count):
        try:
            crop = read_rgb(base / str(row["path"]), math.inf)
        except (FileNotFoundError, MediaError):
            yield None, row
        else:
            yield _head(crop, row), row


def varied(best: Sequence[sqlite3.Row], count: int) -> list[sqlite3.Row]:
    """Of rows with an embedding, the best first, so many that are not all alike, in the same order."""
    return [best[index] for index in sorted(exemplars(points(best), count))]


def worth(face_height_px: Measured, face_sharpness: Measured, turned: Measured) -> Measured:
    """How well pictures show who it is, 0 to 3 each."""
    return np.minimum(1.0, face_height_px / FULL_PX) + face_sharpness + 1.0 - turned


def _worth(row: sqlite3.Row) -> float:
    numbers = (np.array(row[name] or 0.0) for name in ("face_height_px", "face_sharpness", "turned"))
    return float(worth(*numbers))


def _head(crop: Rgb, row: sqlite3.Row) -> Rgb:
    """The face with room around it."""
    height, width = crop.shape[:2]
    face = Box(*(row[f"face_{name}_px"] for name in ("x0", "y0", "x1", "y1")))
    x, y = AROUND * face.width, AROUND * face.height
    head = Box(face.x0 - x, face.y0 - y, face.x1 + x, face.y1 + y).clipped(width, height)
    return crop[int(head.y0) : math.ceil(head.y1), int(head.x0) : math.ceil(head.x1)]
