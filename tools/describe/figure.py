"""How much of a person is seen, by keypoints or the outline: nobody cut off at the hips is called a full body."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tools.media.geometry import Box

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


def framing(shot: str, whole: bool, extent: str | None, cut_below: bool) -> str:
    """close, bust, mid, far (to the knees, or more of somebody cut off), whole or unknown.

    extent: how far down the person is seen by their keypoints, or None. Where it is known it decides: shot is how large
    somebody is in the picture, and who crouches near the camera is seen from head to toe all the same.
    """
    if extent is None:
        return "whole" if shot == "far" and whole else shot
    if extent in ("head", "bust"):
        return "bust" if shot in ("mid", "far") else "close"
    if extent == "waist":
        return "mid"
    return "whole" if extent == "full" and not cut_below else "far"
