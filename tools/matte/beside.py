"""Beside: a neighbouring frame, from which a masker learns what stays while people move."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.media.geometry import Box, Rgb


@dataclass(frozen=True)
class Beside:
    """A neighbouring frame of the same shot.

    movement: 2 x 3, takes its pixels to those of the image beside which it is seen. people: where people stand in it,
    in pixels of its own.
    """

    image: Rgb
    movement: NDArray[np.float64]
    people: tuple[Box, ...] = ()
