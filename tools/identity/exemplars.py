"""A few faces that stand for many: each the middle one of a part of them."""

from __future__ import annotations

import numpy as np

from tools.identity.distances import squared
from tools.identity.people import Points

ROUNDS = 10
"""Of k-means; the parts of one person's faces have settled by then."""


def exemplars(faces: Points, count: int) -> list[int]:
    """The indices of at most so many faces (E x 128), spread over all: k-medoids by k-means.

    The first is the middle one of all. Begins with that and the face furthest from those before it, so that nothing is
    left to chance.
    """
    if len(faces) == 0:
        return []
    middle = int(squared(faces, faces.mean(axis=0, keepdims=True)).argmin())
    chosen = [middle]
    apart = squared(faces, faces[[middle]])[:, 0]
    while len(chosen) < min(count, len(faces)):
        chosen.append(int(apart.argmax()))
        apart = np.minimum(apart, squared(faces, faces[chosen[-1:]])[:, 0])
    centres = faces[chosen]
    for _ in range(ROUNDS):
        part = squared(faces, centres).argmin(axis=1)
        centres = np.stack(
            [faces[part == k].mean(axis=0) if (part == k).any() else centres[k] for k in range(len(centres))]
        )
    nearest = [int(index) for index in squared(faces, centres).argmin(axis=0)]
    return list(dict.fromkeys([middle, *nearest]))[: max(count, 1)]
