"""The persons of a workspace as columns: small enough to hold a hundred thousand of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from tools.identity.appearance import LEVELS
from tools.mill.tool import Row

Points = NDArray[np.float32]

SIDE = "side"


@dataclass(frozen=True)
class People:
    """Persons in the order of source, time and address.

    rows: as they came, in that order. boxes: N x 4 float32, x0, y0, x1, y1 in pixels of the frame. faces: E x 128
    float32, the embeddings; face: N, the index of each person's embedding, -1 without one. worn: N x 64 float32, shares
    of colours. shots: ranges of persons who are in the same shot, each with the ranges of its frames.
    """

    rows: Sequence[Row]
    boxes: NDArray[np.float32]
    faces: Points
    face: NDArray[np.int64]
    worn: Points
    shots: tuple[tuple[range, ...], ...]

    def __len__(self) -> int:
        return len(self.rows)

    def address(self, index: int) -> str:
        return str(self.rows[index]["address"])

    def said(self, index: int) -> str | None:
        """A person's word on who it is: a name, "other", or None."""
        value = self.rows[index].get("said")
        return None if value is None else str(value)


def people(rows: Sequence[Row], min_face_px: float = 0.0) -> People:
    """Rows of `sql/inputs/match.sql` as columns. A face less high than min_face_px counts as none."""
    ordered = sorted(rows, key=lambda row: (_source(row), row["shot"], row["time_s"], row["address"]))
    with_face = [index for index, row in enumerate(ordered) if _tells(row, min_face_px)]
    face = np.full(len(ordered), -1, np.int64)
    face[with_face] = np.arange(len(with_face))
    sides = ("box_x0_px", "box_y0_px", "box_x1_px", "box_y1_px")
    worn = np.frombuffer(b"".join(row["colours"] for row in ordered), np.uint8).astype(np.float32)
    worn = worn.reshape(len(ordered), LEVELS**3)
    return People(
        ordered,
        np.array([[row[side] for side in sides] for row in ordered], np.float32).reshape(len(ordered), 4),
        embeddings([ordered[index]["embedding"] for index in with_face]),
        face,
        worn / np.maximum(worn.sum(axis=1, keepdims=True), np.float32(1)),
        tuple(_shots(ordered)),
    )


def _tells(row: Row, min_face_px: float) -> bool:
    return row["embedding"] is not None and float(row["face_height_px"]) >= min_face_px


def embeddings(blobs: Sequence[bytes]) -> Points:
    """Stored embeddings as rows of float32."""
    return np.frombuffer(b"".join(blobs), "<f4").reshape(len(blobs), -1 if blobs else 128)


def _shots(ordered: Sequence[Row]) -> list[tuple[range, ...]]:
    found, start = [], 0
    for _, together in groupby(ordered, key=lambda row: (_source(row), row["shot"])):
        frames = []
        for _, side_by_side in groupby(together, key=lambda row: row["time_s"]):
            count = sum(1 for _ in side_by_side)
            frames.append(range(start, start + count))
            start += count
        found.append(tuple(frames))
    return found


def _source(row: Row) -> str:
    return str(row["address"]).split("/", 1)[0]
