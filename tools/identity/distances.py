"""Distances between many points, in blocks, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tools.identity.people import Points

BLOCK = 1024


def squared(some: Points, others: Points) -> Points:
    """Squared Euclidean distances, N x M float32."""
    lengths = (some * some).sum(axis=1)[:, None] + (others * others).sum(axis=1)
    return np.asarray(np.maximum(lengths - 2 * (some @ others.T), 0), np.float32)


def near_pairs(points: Points, within: float, added: Points) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Pairs i < j whose squared distance and both of whose `added` (N) come to no more than within², block by block."""
    for start in range(0, len(points), BLOCK):
        block, own = points[start : start + BLOCK], added[start : start + BLOCK, None]
        for low in range(start, len(points), 4 * BLOCK):
            found = squared(block, points[low : low + 4 * BLOCK]) + own + added[low : low + 4 * BLOCK]
            rows, columns = np.nonzero(found <= within * within)
            keep = rows + start < columns + low
            yield rows[keep] + start, columns[keep] + low
