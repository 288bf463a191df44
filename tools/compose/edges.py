"""The rim of a cut-out: how much of the old background is in its colours, and how far it is drawn in for that."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.compose.extent import OPAQUE

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

FAINT = 13
"""Alpha from which a pixel shows: a twentieth."""

RIM_PX, RIM_SHARE = 3, 0.004
"""How broad the rim is: so many px, or this share of the longer side of the cut-out where that is more."""

CLEAR_PX = 2
"""How far from the rim colours count as the subject's own, and as the background's own."""

FIELD_STEP = 4
"""The two fields of colours are smooth: they are made on a picture so many times smaller."""

FIELD_SIGMA_PX = 8.0
"""How far around a pixel of the rim both colours are looked for: the Gaussian's standard deviation."""

MIN_CONTRAST = 30.0
"""Levels of RGB distance between the two colours below which nobody could tell one from the other."""

MIN_PIXELS = 50
"""Fewer pixels of rim that can be judged say nothing."""

CLEAN = 0.20
"""A halo up to here is left: outlines drawn by hand have 0.05 to 0.22 when drawn in by one step."""

MAX_STEPS = 3
"""The outline is drawn in by at most so many steps: what is thicker is no rim, but a wrong mask."""


def rim_px(shape: tuple[int, ...]) -> int:
    """The width of the rim of a cut-out of height x width."""
    return max(RIM_PX, round(RIM_SHARE * max(shape[:2])))


def halo(rgba: Pixels, picture: Pixels) -> float | None:
    """The share of the old background in the colours of a cut-out's rim; about 0 where they are the subject's own.

    rgba: height x width x 4 uint8, straight alpha, as it is laid over a new ground. picture: height x width x 3 uint8,
    what it was cut from. None where the rim is too short, or the subject too like the background to tell.

    By definition: a rim's colour is C = (1 - h) F + h B, the compositing equation (Porter and Duff 1984) with F, the
    mean colour of the subject near by but clear of the rim, and B, that of the old background near by. h is fitted over
    the whole rim by least squares, each pixel weighted by its opacity: sum a (C - F)(B - F) / sum a |B - F|^2. Shading
    that has nothing to do with the old background averages out. 0 to 1; below 0 where rims are unlike the background.
    """
    alpha, width = rgba[..., 3], rim_px(rgba.shape)
    core, shown = (alpha >= OPAQUE).astype(np.uint8), (alpha >= FAINT).astype(np.uint8)
    rim = (shown > 0) & (_eroded(core, width) == 0)
    front, front_weight = _field(rgba[..., :3], _eroded(core, width + CLEAR_PX))
    back, back_weight = _field(picture, 1 - _grown(shown, CLEAR_PX))
    rows, columns = np.divmod(np.flatnonzero(rim), rim.shape[1])
    places = rows // FIELD_STEP, columns // FIELD_STEP
    known = np.minimum(front_weight[places], back_weight[places]) > 0.01
    way = (back[places] - front[places]).astype(np.float64)
    square = (way**2).sum(axis=1)
    judged = known & (square >= MIN_CONTRAST**2)
    if judged.sum() < MIN_PIXELS:
        return None
    off = rgba[rows, columns, :3].astype(np.float64) - front[places]
    opacity = alpha[rows, columns].astype(np.float64)
    share = (opacity * (off * way).sum(axis=1))[judged].sum() / (opacity * square)[judged].sum()
    return float(share)


def drawn_in(rgba: Pixels, depth_px: int = 1) -> Pixels:
    """The cut-out, height x width x 4 uint8, with its outline further in; not from the border of the picture.

    Masks tend to keep a rim of the old ground.
    """
    alpha = _eroded(np.ascontiguousarray(rgba[..., 3]), depth_px, square=True)
    return np.dstack([rgba[..., :3], alpha])


def cleaned(rgba: Pixels, picture: Pixels) -> tuple[Pixels, float | None]:
    """The cut-out with its outline drawn in as far as its halo asks for, and the halo that is left.

    By one step always, by up to MAX_STEPS while more than CLEAN is left; a step is a third of the rim. Below a new edge
    the colours are freed from the background anew.
    """
    from tools.matte.foreground import cut_out

    step = max(1, round(rim_px(rgba.shape) / MAX_STEPS))
    best = drawn_in(rgba, step)
    left = halo(best, picture)
    for steps in range(2, MAX_STEPS + 1):
        if left is None or left <= CLEAN:
            break
        deeper = cut_out(picture, drawn_in(rgba, steps * step)[..., 3])
        found = halo(deeper, picture)
        if found is None or found >= left:
            break
        best, left = deeper, found
    return best, left


def _field(picture: Pixels, known: Pixels) -> tuple[Floats, Floats]:
    """The mean colour of the known pixels around, and how much was known: both at one FIELD_STEP-th of the size.

    Normalised convolution (Knutsson and Westin 1993).
    """
    height, width = known.shape
    size = -(-width // FIELD_STEP), -(-height // FIELD_STEP)
    masked = np.asarray(cv2.bitwise_and(picture, picture, mask=np.ascontiguousarray(known)), np.uint8)
    sigma = FIELD_SIGMA_PX / FIELD_STEP

    def smooth(values: Pixels) -> Floats:
        padded = cv2.copyMakeBorder(
            values, 0, size[1] * FIELD_STEP - height, 0, size[0] * FIELD_STEP - width, cv2.BORDER_REPLICATE
        )
        small = cv2.resize(padded.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.GaussianBlur(small, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE), np.float32)

    weight = smooth(known)
    return np.asarray(smooth(masked) / np.maximum(weight, 1e-6)[..., None], np.float32), weight


def _disc(radius_px: int) -> Pixels:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius_px + 1, 2 * radius_px + 1)), np.uint8)


def _eroded(mask: Pixels, radius_px: int, *, square: bool = False) -> Pixels:
    element = np.ones((2 * radius_px + 1,) * 2, np.uint8) if square else _disc(radius_px)
    return np.asarray(cv2.erode(mask, element, borderType=cv2.BORDER_REPLICATE), np.uint8)


def _grown(mask: Pixels, radius_px: int) -> Pixels:
    return np.asarray(cv2.dilate(mask, _disc(radius_px), borderType=cv2.BORDER_REPLICATE), np.uint8)
