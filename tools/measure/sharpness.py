"""How sharp a subject is, whatever its size, its light and its background."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.measure.outline import extent

Floats = NDArray[np.floating[Any]]

SIDE_PX = 512
"""The longer side of the subject to which `blur_px` refers, and at which the older metrics are measured at most."""

BLUR_SIDE_PX = 256
"""The longer side at which blur is measured, so that a subject and its copy at half the size are the same picture."""

HALF_PX = 2.6
"""The blur at which sharpness is one half. The limit's default, 0.40, is then a blur of 3 px of 512."""

FINE_PX, COARSE_PX = 1.0, 2.0
"""Standard deviations of the Gaussians at whose scales edges are compared."""

EDGE_SHARE = 0.5
"""Of the crests of the gradient, the share that is steepest: the subject's edges."""

LEAST_EDGES = 8

PIXEL_VARIANCE = 0.1
"""What the pixels of a picture add to its blur by being pixels, in squares of their side."""

DIFFERENCE_VARIANCE = 1 / 3
"""What central differences add, in squared pixels: a step of 2 px is a box of that width."""

RIM = 6 / 512
"""The outline is soft by the mask's making, so that this share of the side is left out along it."""

BOX_PX = 11
LEAST_PX = 64
"""Fewer pixels than this say nothing."""

LEAST_ENERGY = 1e-3
"""Mean squared gradient, in squared levels, below which there are no edges at all."""

MOST_BLUR_PX = 40.0


class Sharpness(NamedTuple):
    """sharpness, perceptual_blur: 0 to 1. blur_px: see `sharpness`. The other two: of luma 0 to 255."""

    sharpness: float | None
    blur_px: float | None
    perceptual_blur: float | None
    laplacian_variance: float | None
    tenengrad: float | None


def sharpness(luma: Floats, alpha: NDArray[np.uint8]) -> Sharpness:
    """Sharpness of the subject (alpha over 127, of which there must be some); luma and alpha: height x width.

    blur_px is the standard deviation of the Gaussian that would have made the subject's edges as wide as they are, in
    pixels of a picture in which its longer side is 512: it belongs to the subject, not to the number of its pixels.
    sharpness = 1 / (1 + (blur_px / 2.6)^3).

    For those who know them: perceptual_blur (F. Crete and others, The Blur Effect, SPIE 6492, 2007, as scikit-image's
    `measure.blur_effect`, over the subject alone), laplacian_variance (J. L. Pech-Pacheco and others, ICPR 2000) and
    tenengrad, the mean square of the Sobel gradient (J. M. Tenenbaum, 1970), all at a longer side of at most 512 px.
    They change with size, the last two also with light. None where too little is left.
    """
    picture, inside, _ = _prepared(luma, alpha, SIDE_PX, enlarge=False)
    if np.count_nonzero(inside) < LEAST_PX:
        return Sharpness(None, None, None, None, None)
    laplacian = cv2.Laplacian(picture, cv2.CV_32F)[inside]
    gradient = _sobel(picture, 0) ** 2 + _sobel(picture, 1) ** 2
    blur_px = edge_blur_px(luma, alpha)
    return Sharpness(
        sharpness=0.0 if blur_px is None else 1.0 / (1.0 + (blur_px / HALF_PX) ** 3),
        blur_px=blur_px,
        perceptual_blur=max(crete_blur(picture, inside, axis) for axis in (0, 1)),
        laplacian_variance=float(laplacian.var(dtype=np.float64)),
        tenengrad=float(gradient[inside].mean(dtype=np.float64)),
    )


def edge_blur_px(luma: Floats, alpha: NDArray[np.uint8]) -> float | None:
    """The blur of a subject's edges, as `Sharpness.blur_px`; at most 40. None where it has no edges or no inside.

    Blurred by a Gaussian, the steepest gradient of an edge falls with its width; the ratio of two such gradients gives
    the width that the edge had, whatever its height (J. H. Elder and S. W. Zucker, PAMI 20, 1998; S. Zhuo and T. Sim,
    Defocus map estimation from a single image, Pattern Recognition 44, 2011). Here the ratio is that of the summed
    energies at two scales, along the steeper half of the crests at the coarser one.
    """
    picture, inside, factor = _prepared(luma, alpha, BLUR_SIDE_PX, enlarge=True)
    fine, coarse = _gradient(picture, FINE_PX), _gradient(picture, COARSE_PX)
    below = _energy(coarse)
    edges = inside & _crests(*coarse, below) & (below > LEAST_ENERGY)
    if np.count_nonzero(edges) < LEAST_EDGES:
        return None
    edges &= below >= np.quantile(below[edges], 1 - EDGE_SHARE)
    ratio = float(_energy(fine)[edges].mean(dtype=np.float64) / below[edges].mean(dtype=np.float64))
    narrow, wide = FINE_PX**2 + DIFFERENCE_VARIANCE, COARSE_PX**2 + DIFFERENCE_VARIANCE
    variance = (wide - ratio * narrow) / (ratio - 1) if ratio > 1 else math.inf
    variance -= PIXEL_VARIANCE * max(1.0, factor) ** 2
    return min(MOST_BLUR_PX, math.sqrt(max(0.0, variance)) * SIDE_PX / BLUR_SIDE_PX)


def crete_blur(luma: Floats, inside: NDArray[np.bool_], axis: int) -> float:
    """The share of the differences between neighbours along an axis that a box blur of 11 px leaves: 1 is all blurred.

    A picture without any difference has none to lose and counts as blurred.
    """
    size = (1, BOX_PX) if axis == 0 else (BOX_PX, 1)
    sharp = np.abs(_sobel(luma, axis))
    blurred = np.abs(_sobel(np.asarray(cv2.blur(luma, size, borderType=cv2.BORDER_REFLECT), dtype=np.float32), axis))
    before = float(sharp[inside].sum(dtype=np.float64))
    lost = float(np.maximum(sharp - blurred, 0.0)[inside].sum(dtype=np.float64))
    return 1.0 if before <= 0.0 else abs(before - lost) / before


def _sobel(luma: Floats, axis: int) -> Floats:
    dx, dy = (0, 1) if axis == 0 else (1, 0)
    return np.asarray(cv2.Sobel(luma, cv2.CV_32F, dx, dy, borderType=cv2.BORDER_REFLECT), dtype=np.float32)


def _gradient(luma: Floats, sigma_px: float) -> tuple[Floats, Floats]:
    """The gradient at a scale, across and down, by central differences: height x width float32 each."""
    smooth = cv2.GaussianBlur(luma, (0, 0), sigma_px, borderType=cv2.BORDER_REFLECT)
    step = np.array([[-0.5, 0.0, 0.5]], np.float32)
    across = cv2.filter2D(smooth, cv2.CV_32F, step, borderType=cv2.BORDER_REFLECT)
    down = cv2.filter2D(smooth, cv2.CV_32F, step.T, borderType=cv2.BORDER_REFLECT)
    return np.asarray(across, np.float32), np.asarray(down, np.float32)


def _energy(gradient: tuple[Floats, Floats]) -> Floats:
    return gradient[0] * gradient[0] + gradient[1] * gradient[1]


def _crests(across: Floats, down: Floats, energy: Floats) -> NDArray[np.bool_]:
    """Where the gradient is steeper than at both neighbours in the nearer of its two directions, row or column."""
    framed = cv2.copyMakeBorder(energy, 1, 1, 1, 1, cv2.BORDER_REFLECT)
    lying = np.abs(across) >= np.abs(down)
    in_row = (energy >= framed[1:-1, :-2]) & (energy > framed[1:-1, 2:])
    in_column = (energy >= framed[:-2, 1:-1]) & (energy > framed[2:, 1:-1])
    return np.where(lying, in_row, in_column)


def _prepared(
    luma: Floats, alpha: NDArray[np.uint8], side_px: int, *, enlarge: bool
) -> tuple[Floats, NDArray[np.bool_], float]:
    """The subject in its bounding box, longer side at side_px, its luma carried on around it; its inside; the factor.

    A smaller one is enlarged to that side only where that is asked for. Around the subject its own luma goes on
    smoothly, so that the cut is no edge; its rim does not belong to the inside.
    """
    x0, y0, x1, y1 = extent(alpha)
    opacity = (alpha[y0:y1, x0:x1].astype(np.float32)) / 255.0
    weighted = np.asarray(luma[y0:y1, x0:x1], dtype=np.float32) * opacity
    factor = side_px / max(opacity.shape)
    if factor < 1.0 or enlarge:
        size = max(1, round((x1 - x0) * factor)), max(1, round((y1 - y0) * factor))
        method = cv2.INTER_AREA if factor < 1.0 else cv2.INTER_CUBIC
        weighted = np.asarray(cv2.resize(weighted, size, interpolation=method), dtype=np.float32)
        opacity = np.clip(np.asarray(cv2.resize(opacity, size, interpolation=method), dtype=np.float32), 0.0, 1.0)
    box = (2 * BOX_PX + 1, 2 * BOX_PX + 1)
    around = cv2.blur(weighted, box, borderType=cv2.BORDER_REFLECT) / np.maximum(
        cv2.blur(opacity, box, borderType=cv2.BORDER_REFLECT), 1e-3
    )
    picture = np.asarray(weighted + (1.0 - opacity) * around, dtype=np.float32)
    rim = 2 * max(1, round(RIM * max(opacity.shape))) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (rim, rim))
    # Where the frame cuts the subject, there is no rim: beyond the border counts as subject.
    inside = cv2.erode((opacity > 0.5).astype(np.uint8), kernel, borderType=cv2.BORDER_CONSTANT, borderValue=1)
    return picture, inside.astype(bool), factor
