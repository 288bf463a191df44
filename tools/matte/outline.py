"""Outlines: no islands and no holes where there are none, and soft edges at the picture's own resolution."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.matte.colours import to_lab
from tools.matte.guided import coefficients
from tools.matte.pyramid import halved, sampled

Floats = NDArray[np.floating[Any]]

ISLAND = 0.2
"""A part of less than this share of the largest is an island."""

HOLE = 0.01
"""A gap of less than this share of the subject is a hole; what shows between arm and trunk is larger."""

CRACK = 0.005
"""Half the width of a crack, as a share of the picture's longer side: a seam, not the gap between arm and trunk."""

SPECK = 0.01
FAINT = 12
"""A spot, opaque to more than 12 of 255, of less than a hundredth of the largest part is no part of the outline."""

EDGE_REACH = 0.0045
"""How far an outline may be from an edge to lie on it, as a share of the picture's longer side."""

STRONG = 90.0
"""An edge as strong as the strongest tenth of the picture is as good as any: a percentile."""

BAND = 0.012
"""Half the width of the band in which an edge may be soft, as a share of the picture's longer side."""

GUIDE_STEP = 2.0
"""How opacity follows from colour is found on a picture so many times smaller than the mask; it is applied at full size
(K. He, J. Sun: Fast Guided Filter, arXiv:1505.00996)."""


class Edges:
    """A picture's edges, to see which of several outlines lies on them."""

    def __init__(self, rgb: NDArray[np.uint8]) -> None:
        """rgb: height x width x 3."""
        step = max(1, round(EDGE_REACH * max(rgb.shape)))
        lab = to_lab(np.asarray(cv2.GaussianBlur(rgb, (0, 0), step), dtype=np.uint8))
        across, down = cv2.Sobel(lab, cv2.CV_32F, 1, 0), cv2.Sobel(lab, cv2.CV_32F, 0, 1)
        strength = np.sqrt(np.sum(across**2 + down**2, axis=-1, dtype=np.float32))
        near = cv2.dilate(strength, np.ones((2 * step + 1, 2 * step + 1), np.uint8))
        self._near = np.minimum(near / max(float(np.percentile(near, STRONG)), 1e-6), 1.0)

    def under(self, mask: NDArray[np.uint8]) -> float:
        """How strong the edges under a mask's outline are on average, 0 to 1; 0 without an outline.

        mask: 0 and 1, height x width. The picture's border is no outline.
        """
        outline = cv2.morphologyEx(mask, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
        outline[[0, -1]] = False
        outline[:, [0, -1]] = False
        return float(self._near[outline].mean()) if outline.any() else 0.0


def tidied(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A mask of 0 and 1 without small parts beside the largest and without small gaps inside; height x width, uint8."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    if count < 2:
        return mask
    areas = stats[:, cv2.CC_STAT_AREA].astype(np.int64)
    areas[0] = 0
    whole = (areas >= ISLAND * areas.max())[labels].astype(np.uint8)
    whole = _closed(whole)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(1 - whole, connectivity=4)
    x, y, wide, high, area = stats.T
    inside = (x > 0) & (y > 0) & (x + wide < mask.shape[1]) & (y + high < mask.shape[0])
    holes = inside & (area < HOLE * np.count_nonzero(whole))
    holes[0] = False
    whole[holes[labels]] = 1
    return np.asarray(whole, dtype=np.uint8)


def _closed(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Without cracks: gaps narrower than a share of the mask's longer side."""
    radius = round(CRACK * max(mask.shape))
    if not radius:
        return mask
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    # Carried on beyond the border, so that what ends there is not cut short.
    wide = cv2.copyMakeBorder(mask, radius, radius, radius, radius, cv2.BORDER_REPLICATE)
    closed = cv2.morphologyEx(wide, cv2.MORPH_CLOSE, kernel)
    return np.asarray(closed[radius:-radius, radius:-radius], dtype=np.uint8)


def softened(rgb: NDArray[np.uint8], small_mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The opacity of a picture from a mask of 0 and 1 that was found on a smaller copy of it.

    rgb: height x width x 3. Returns height x width, uint8. Within a band around the outline the opacity follows the
    picture's edges (guided filter); outside it is 0 or 255.
    """
    radius = max(2, round(BAND * max(small_mask.shape)))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    full = np.asarray(small_mask * np.uint8(255), dtype=np.uint8)
    least = _enlarged(cv2.erode(full, kernel, borderType=cv2.BORDER_REPLICATE), rgb)
    most = _enlarged(cv2.dilate(full, kernel, borderType=cv2.BORDER_REPLICATE), rgb)
    band = np.asarray(cv2.subtract(most, least), dtype=np.uint8)
    x, y, wide, high = cv2.boundingRect(band)
    if wide:
        per_px = math.sqrt(small_mask.size / (rgb.shape[0] * rgb.shape[1]))
        # Two means make the model: from farther away nothing reaches the band.
        reach = math.ceil(2 * radius / per_px)
        x0, y0 = max(0, x - reach), max(0, y - reach)
        near = slice(y0, y + high + reach), slice(x0, x + wide + reach)
        halvings = max(0, round(math.log2(GUIDE_STEP / per_px)))
        model = _model(rgb[near], _enlarged(full, rgb)[near], radius / per_px, halvings)
        places = np.flatnonzero(band > 0)
        rows, columns = np.divmod(places, rgb.shape[1])
        slopes = sampled(model, 2**halvings, columns - x0, rows - y0)
        colours = np.take(rgb.reshape(-1, 3), places, axis=0)
        found = slopes[:, 3] + sum(slopes[:, channel] * colours[:, channel] for channel in range(3))
        soft = np.rint(np.clip(found, 0.0, 255.0)) * np.take(most, places) * np.float32(1.0 / 255.0)
        least.reshape(-1)[places] = np.maximum(np.rint(soft).astype(np.uint8), np.take(least, places))
    return _without_specks(least)


def _model(rgb: NDArray[np.uint8], mask: NDArray[np.uint8], radius_px: float, halvings: int) -> Floats:
    """How opacity (0 to 255) follows from the picture's colours (0 to 255), on a picture made smaller (halvings):
    height x width x 4, float32: three slopes and a constant. Of what it says a tenth is cut off at both ends."""
    guide, values = (halved(each, halvings)[-1].astype(np.float32) / np.float32(255.0) for each in (rgb, mask))
    a, b = coefficients(guide, values, max(1, round(radius_px / 2**halvings)), 1e-4)
    steep = np.float32(1.0 / 0.8)
    constant = (b - np.float32(0.1)) * (np.float32(255.0) * steep)
    return np.asarray(cv2.merge([*cv2.split(a * steep), constant]), dtype=np.float32)


def _without_specks(alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Opacity without what following the picture's edges left beside the subject."""
    seen = np.asarray(alpha > FAINT, dtype=np.uint8)
    outlines, _ = cv2.findContours(seen, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not outlines:
        return np.zeros_like(alpha)
    # Pixels from their corners (G. Pick, 1899), gaps inside included.
    areas = np.array([cv2.contourArea(each) + len(each) / 2.0 + 1.0 for each in outlines])
    specks = np.flatnonzero(areas < SPECK * areas.max())
    for number in specks:
        cv2.drawContours(seen, outlines, int(number), 0, cv2.FILLED)
    return np.asarray(alpha * cv2.dilate(seen, np.ones((3, 3), np.uint8)), dtype=np.uint8)


def _enlarged(values: Any, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    size = rgb.shape[1], rgb.shape[0]
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
