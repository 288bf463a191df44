"""The guided filter: values that follow the edges of a picture.

K. He, J. Sun, X. Tang: Guided Image Filtering, TPAMI 2013, with a colour guide; the coefficients may be found on a
small picture and applied to a large one (K. He, J. Sun: Fast Guided Filter, arXiv:1505.00996).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


def coefficients(guide: Floats, values: Floats, radius_px: int, epsilon: float) -> tuple[Floats, Floats]:
    """The local linear model values = a . guide + b, averaged: a (height x width x 3) and b (height x width), float32.

    guide: height x width x 3, float32, 0 to 1; values: height x width, float32. epsilon: variance of the guide below
    which an area counts as flat.
    """
    side = (2 * radius_px + 1, 2 * radius_px + 1)

    def mean(array: Any) -> Floats:
        return np.asarray(cv2.blur(array, side, borderType=cv2.BORDER_REFLECT), dtype=np.float32)

    # Planes: numpy takes twice the time over every third number of an array.
    red, green, blue = (np.asarray(plane, dtype=np.float32) for plane in cv2.split(guide))
    m_r, m_g, m_b, mean_values = (mean(each) for each in (red, green, blue, values))
    covariance = [mean(c * values) - m * mean_values for c, m in ((red, m_r), (green, m_g), (blue, m_b))]
    rr = mean(red * red) - m_r * m_r + epsilon
    gg = mean(green * green) - m_g * m_g + epsilon
    bb = mean(blue * blue) - m_b * m_b + epsilon
    rg = mean(red * green) - m_r * m_g
    rb = mean(red * blue) - m_r * m_b
    gb = mean(green * blue) - m_g * m_b
    a_r, a_g, a_b = _solved(rr, gg, bb, rg, rb, gb, covariance)
    b = mean_values - (a_r * m_r + a_g * m_g + a_b * m_b)
    return mean(cv2.merge([a_r, a_g, a_b])), mean(b)


def _solved(
    rr: Floats, gg: Floats, bb: Floats, rg: Floats, rb: Floats, gb: Floats, right: Sequence[Floats]
) -> tuple[Floats, Floats, Floats]:
    """The solutions of one symmetric 3 x 3 system per pixel, by cofactors."""
    c_rr, c_rg, c_rb = gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg
    c_gg, c_gb, c_bb = rr * bb - rb * rb, rg * rb - rr * gb, rr * gg - rg * rg
    share = 1.0 / (rr * c_rr + rg * c_rg + rb * c_rb)
    x, y, z = (each * share for each in right)
    return c_rr * x + c_rg * y + c_rb * z, c_rg * x + c_gg * y + c_gb * z, c_rb * x + c_gb * y + c_bb * z


def smoothed(guide: Floats, values: Floats, radius_px: int, epsilon: float) -> Floats:
    """values (height x width, float32), smoothed within areas of one colour of the guide and kept at its edges."""
    a, b = coefficients(guide, values, radius_px, epsilon)
    return np.asarray(np.sum(a * guide, axis=-1) + b, dtype=np.float32)
