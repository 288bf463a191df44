"""The guided filter: values that follow the edges of a picture.

K. He, J. Sun, X. Tang: Guided Image Filtering, TPAMI 2013, with a colour guide; the coefficients may be found on a
small picture and applied to a large one (K. He, J. Sun: Fast Guided Filter, arXiv:1505.00996).
"""

from __future__ import annotations

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

    def mean(array: Floats) -> Floats:
        return np.asarray(cv2.blur(array, side, borderType=cv2.BORDER_REFLECT), dtype=np.float32)

    red, green, blue = (np.ascontiguousarray(guide[..., channel]) for channel in range(3))
    mean_guide, mean_values = mean(guide), mean(values)
    covariance = mean(guide * values[..., None]) - mean_guide * mean_values[..., None]
    m_r, m_g, m_b = (mean_guide[..., channel] for channel in range(3))
    rr = mean(red * red) - m_r * m_r + epsilon
    gg = mean(green * green) - m_g * m_g + epsilon
    bb = mean(blue * blue) - m_b * m_b + epsilon
    rg = mean(red * green) - m_r * m_g
    rb = mean(red * blue) - m_r * m_b
    gb = mean(green * blue) - m_g * m_b
    a = _solved(rr, gg, bb, rg, rb, gb, covariance)
    b = mean_values - np.sum(a * mean_guide, axis=-1)
    return mean(a), mean(b)


def _solved(rr: Floats, gg: Floats, bb: Floats, rg: Floats, rb: Floats, gb: Floats, right: Floats) -> Floats:
    """The solutions of one symmetric 3 x 3 system per pixel, by cofactors."""
    c_rr, c_rg, c_rb = gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg
    c_gg, c_gb, c_bb = rr * bb - rb * rb, rg * rb - rr * gb, rr * gg - rg * rg
    determinant = rr * c_rr + rg * c_rg + rb * c_rb
    x, y, z = (right[..., channel] for channel in range(3))
    solved = np.stack(
        [c_rr * x + c_rg * y + c_rb * z, c_rg * x + c_gg * y + c_gb * z, c_rb * x + c_gb * y + c_bb * z], axis=-1
    )
    return np.asarray(solved / determinant[..., None], dtype=np.float32)


def smoothed(guide: Floats, values: Floats, radius_px: int, epsilon: float) -> Floats:
    """values (height x width, float32), smoothed within areas of one colour of the guide and kept at its edges."""
    a, b = coefficients(guide, values, radius_px, epsilon)
    return np.asarray(np.sum(a * guide, axis=-1) + b, dtype=np.float32)
