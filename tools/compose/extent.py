"""Where a cut-out is opaque."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

OPAQUE = 128
"""Alpha from which a pixel belongs to the subject."""


class Extent(NamedTuple):
    """Pixels of a picture; x1 and y1 lie just outside."""

    x0: int
    y0: int
    x1: int
    y1: int


def extent(alpha: NDArray[np.uint8]) -> Extent | None:
    """The bounding box of what is opaque in H×W uint8; None where nothing is."""
    rows = np.flatnonzero((alpha >= OPAQUE).any(axis=1))
    columns = np.flatnonzero((alpha >= OPAQUE).any(axis=0))
    if not rows.size:
        return None
    return Extent(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
