"""Whether a figure is whole: told from its outline, so that nobody cut off at the hips is called a full body."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tools.engines.protocols import Box

FACE_SHARE = 0.14
"""A detector's face box is about a tenth of a standing figure and a fifth of one that ends at the hips."""

SLENDERNESS = 1.75
"""Height by width from which a figure without a visible face is taken as standing and whole."""


def whole(alpha: NDArray[np.uint8], face: Box | None, cut_below: bool) -> bool:
    """True where head and feet are in the picture. alpha: height x width uint8; cut_below: detection's own word."""
    opaque = alpha >= 128
    rows, columns = np.flatnonzero(opaque.any(axis=1)), np.flatnonzero(opaque.any(axis=0))
    if cut_below or not rows.size or rows[-1] >= alpha.shape[0] - 2:
        return False
    height, width = float(rows[-1] - rows[0] + 1), float(columns[-1] - columns[0] + 1)
    return height >= SLENDERNESS * width if face is None else face.height <= FACE_SHARE * height
