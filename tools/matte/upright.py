"""Somebody on their feet in the window of a people detector, which is loose: where crown, soles and middle are."""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tools.media.geometry import Box

Floats = NDArray[np.floating[Any]]

BELOW_CROWN = (0.0, 0.03, 0.06, 0.12, 0.16, 0.21, 0.35, 0.5, 0.6, 0.8, 1.0)
HALF_SHARE = (0.10, 0.15, 0.17, 0.17, 0.18, 0.3, 0.36, 0.35, 0.31, 0.27, 0.27)
"""Half the width of a walker as a share of the window's, by the distance below the crown as a share of the height."""


class Stance(NamedTuple):
    """Crown and soles by the window's height from its top, the middle and the girth by its width (girth 1: average)."""

    crown: float = 0.03
    soles: float = 0.87
    middle: float = 0.5
    girth: float = 1.0


STANCES = tuple(
    Stance(*each)
    for each in itertools.product((-0.06, -0.02, 0.02, 0.06, 0.1), (0.82, 0.87, 0.92), (0.42, 0.5, 0.58), (0.75, 1.0))
)
SPREAD = (0.04, 0.03, 0.05, 0.2)
"""How far crown, soles, middle and girth stray from the average: standard deviations."""

FIT_SIZE = 24, 56
"""Width and height of the copy on which a stance is looked for."""

TRUST = 0.03
"""How much one place of that copy says: neighbours say the same again."""

BORDER = 0.045, 0.022
"""How soft the figure's outline is, by the window's width and height."""


def figure(box: Box, stance: Stance, x: Floats, y: Floats) -> Floats:
    """How probable it is that somebody who stands so covers a place, 0 to 0.95."""
    u, v = np.abs((x - box.x0) / box.width - stance.middle), (y - box.y0) / box.height
    below = (v - stance.crown) / (stance.soles - stance.crown)
    half = stance.girth * np.interp(below, BELOW_CROWN, HALF_SHARE)
    high = BORDER[1]
    wide = np.interp(below, (0.5, 1.0), (BORDER[0], 1.7 * BORDER[0]))
    down = _logistic((v - stance.crown) / high) * _logistic((stance.soles - v) / high)
    return np.asarray(0.95 * _logistic((half - u) / wide) * down)


def fitted(box: Box, evidence: Floats, x: Floats, y: Floats) -> Floats:
    """The figures that agree with what the picture says, averaged by how well they do.

    evidence: height x width, log odds of a person for each pixel from everything but the shape. x, y: where pixels are.
    """
    wide, high = FIT_SIZE
    columns = box.x0 + ((np.arange(wide) + 0.5) / wide * 1.3 - 0.15) * box.width
    rows = box.y0 + ((np.arange(high) + 0.5) / high * 1.25 - 0.15) * box.height
    height, width = evidence.shape
    inside = np.ix_((rows > 0) & (rows < height), (columns > 0) & (columns < width))
    grid_x, grid_y = (
        np.broadcast_to(columns, (high, wide))[inside],
        np.broadcast_to(rows[:, None], (high, wide))[inside],
    )
    seen = _logistic(np.clip(evidence[grid_y.astype(np.intp), grid_x.astype(np.intp)], -3.0, 3.0))
    scores = np.array([_score(figure(box, each, grid_x, grid_y), seen) + _usual(each) for each in STANCES])
    weights = np.exp(scores - scores.max())
    weights /= weights.sum()
    found = np.zeros(evidence.shape)
    for stance, weight in zip(STANCES, weights, strict=True):
        if weight > 0.01:
            found += weight * figure(box, stance, x, y)
    return np.asarray(found / weights[weights > 0.01].sum())


def _score(drawn: Floats, seen: Floats) -> float:
    return TRUST * float(np.sum(np.log(drawn * seen + (1.0 - drawn) * (1.0 - seen))))


def _usual(stance: Stance) -> float:
    strayed = (np.array(stance) - np.array(Stance())) / np.array(SPREAD)
    return -0.5 * float(np.sum(strayed**2))


def _logistic(values: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(values, -30.0, 30.0))))
