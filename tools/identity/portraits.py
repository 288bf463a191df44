"""The best few pictures of a person: large, sharp, looking into the camera, and not all alike."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from tools.engines.protocols import Box, Rgb
from tools.identity.album import points, shown
from tools.identity.exemplars import exemplars
from tools.media.errors import MediaError
from tools.media.image import read_rgb

AROUND = 0.7
"""Room around the face, as a share of its size."""

FULL_PX = 160.0
"""A face this high fills its place on the sheet."""


def portraits(base: Path, rows: Sequence[sqlite3.Row], count: int) -> Iterator[tuple[Rgb | None, sqlite3.Row]]:
    """The heads of a cluster, the best first: one from each part of its faces; None where its picture is lost."""
    best = sorted(shown(rows), key=lambda row: (-worth(row), str(row["address"])))[: 8 * count]
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


def worth(row: sqlite3.Row) -> float:
    """How well a picture shows who it is, 0 to 3."""
    size = min(1.0, float(row["face_height_px"]) / FULL_PX)
    return size + float(row["face_sharpness"] or 0.0) + 1.0 - float(row["turned"] or 0.0)


def _head(crop: Rgb, row: sqlite3.Row) -> Rgb:
    """The face with room around it."""
    height, width = crop.shape[:2]
    face = Box(*(row[f"face_{name}_px"] for name in ("x0", "y0", "x1", "y1")))
    x, y = AROUND * face.width, AROUND * face.height
    head = Box(face.x0 - x, face.y0 - y, face.x1 + x, face.y1 + y).clipped(width, height)
    return crop[int(head.y0) : math.ceil(head.y1), int(head.x0) : math.ceil(head.x1)]
