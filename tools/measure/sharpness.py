"""How sharp a subject is, whatever its size, its light and its background."""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.measure.outline import extent

Floats = NDArray[np.floating[Any]]

SIDE_PX = 512
"""The longer side of the subject at which sharpness is measured; a smaller subject is not enlarged."""

EDGE_PX = 4
"""The outline is soft by the mask's making, so that much of the subject's rim is left out."""

BLUR_PX = 11
LEAST_PX = 256
"""Fewer pixels than this say nothing."""


class Sharpness(NamedTuple):
    """sharpness: 0 to 1. laplacian_variance, tenengrad: of luma 0 to 255, for those who know them."""

    sharpness: float | None
    laplacian_variance: float | None
    tenengrad: float | None


def sharpness(luma: Floats, alpha: NDArray[np.uint8]) -> Sharpness:
    """Sharpness of the subject (alpha over 127, of which there must be some); luma and alpha: height x width.

    1 less the perceptual blur of F. Crete and others (The Blur Effect, SPIE 6492, 2007), as scikit-image's
    `measure.blur_effect` defines it, but summed over the subject without its rim. Measured on the subject's bounding
    box, shrunk to 512 px where it is larger; around the subject its own luma goes on smoothly, so that the cut is no
    edge.

    laplacian_variance: variance of the Laplacian (J. L. Pech-Pacheco and others, ICPR 2000). tenengrad: mean square of
    the Sobel gradient (J. M. Tenenbaum, 1970). Both change with light and size, which sharpness does little. None where
    too little is left.
    """
    picture, mask = _prepared(luma, alpha)
    inside = mask.astype(bool)
    if np.count_nonzero(inside) < LEAST_PX:
        return Sharpness(None, None, None)
    laplacian = cv2.Laplacian(picture, cv2.CV_32F)[inside]
    gradient = _sobel(picture, 0) ** 2 + _sobel(picture, 1) ** 2
    blur = max(crete_blur(picture, inside, axis) for axis in (0, 1))
    return Sharpness(1.0 - blur, float(laplacian.var(dtype=np.float64)), float(gradient[inside].mean(dtype=np.float64)))


def crete_blur(luma: Floats, inside: NDArray[np.bool_], axis: int) -> float:
    """The share of the differences between neighbours along an axis that a box blur of 11 px leaves: 1 is all blurred.

    A picture without any difference has none to lose and counts as blurred.
    """
    size = (1, BLUR_PX) if axis == 0 else (BLUR_PX, 1)
    sharp = np.abs(_sobel(luma, axis))
    blurred = np.abs(_sobel(np.asarray(cv2.blur(luma, size, borderType=cv2.BORDER_REFLECT), dtype=np.float32), axis))
    before = float(sharp[inside].sum(dtype=np.float64))
    lost = float(np.maximum(sharp - blurred, 0.0)[inside].sum(dtype=np.float64))
    return 1.0 if before <= 0.0 else abs(before - lost) / before


def _sobel(luma: Floats, axis: int) -> Floats:
    dx, dy = (0, 1) if axis == 0 else (1, 0)
    return np.asarray(cv2.Sobel(luma, cv2.CV_32F, dx, dy, borderType=cv2.BORDER_REFLECT), dtype=np.float32)


def _prepared(luma: Floats, alpha: NDArray[np.uint8]) -> tuple[Floats, NDArray[np.uint8]]:
    """The subject's bounding box, at most 512 px a side, its luma carried on around it; its mask without the rim."""
    x0, y0, x1, y1 = extent(alpha)
    opacity = (alpha[y0:y1, x0:x1].astype(np.float32)) / 255.0
    weighted = np.asarray(luma[y0:y1, x0:x1], dtype=np.float32) * opacity
    scale = min(1.0, SIDE_PX / max(opacity.shape))
    if scale < 1.0:
        size = max(1, round((x1 - x0) * scale)), max(1, round((y1 - y0) * scale))
        weighted = np.asarray(cv2.resize(weighted, size, interpolation=cv2.INTER_AREA), dtype=np.float32)
        opacity = np.asarray(cv2.resize(opacity, size, interpolation=cv2.INTER_AREA), dtype=np.float32)
    side = (2 * BLUR_PX + 1, 2 * BLUR_PX + 1)
    around = cv2.blur(weighted, side, borderType=cv2.BORDER_REFLECT) / np.maximum(
        cv2.blur(opacity, side, borderType=cv2.BORDER_REFLECT), 1e-3
    )
    picture = np.asarray(weighted + (1.0 - opacity) * around, dtype=np.float32)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * EDGE_PX + 1, 2 * EDGE_PX + 1))
    # Where the frame cuts the subject, there is no rim: beyond the border counts as subject.
    mask = cv2.erode((opacity > 0.5).astype(np.uint8), kernel, borderType=cv2.BORDER_CONSTANT, borderValue=1)
    return picture, np.asarray(mask, dtype=np.uint8)
