"""How probable it is that a person shows at each pixel: shape, colours, ways and neighbouring frames together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.matte.beside import Beside
from tools.matte.body import Pose, probability
from tools.matte.colours import Palette, to_lab
from tools.matte.guided import smoothed
from tools.matte.reach import Terrain
from tools.matte.still import stillness
from tools.media.geometry import Rgb

Floats = NDArray[np.floating[Any]]

ROUNDS = 2
CERTAIN = 0.99

STAYS, ELSEWHERE = -2.5, 0.5
"""What stayed for sure while people moved (log odds), where the person is hardly (probability), is background like what
is outside the box."""

HEAD_HEIGHT, HEAD_LIKELY, HEAD_SEEN = 0.4, 0.75, 1.5
"""In the upper part of a loose box, what shape (probability) and picture (log odds) agree on is the person's: heads in
colours of the background get lost otherwise."""


def person_probability(rgb: Rgb, pose: Pose, beside: Sequence[Beside] = (), scale: float = 1.0) -> Floats:
    """For each pixel how probable it is that the person shows there: height x width, float32, 0 to 1.

    Log odds add up: those of the body's shape, of the colour (how often inside against how often outside), of the reach
    and of what stays in the neighbouring frames; the sum follows the picture's edges, and what comes out says anew
    which colours are inside. scale: how many times as large the picture is as the image that the neighbours lead to.
    """
    height, width = rgb.shape[:2]
    lab, guide = to_lab(rgb), rgb.astype(np.float32) / 255.0
    shape, still = probability(pose, width, height), stillness(lab, beside, scale)
    outside = np.maximum(_outside(pose, width, height), (still < STAYS) & (shape < ELSEWHERE)).astype(np.float32)
    palette, terrain = Palette(lab), Terrain(lab, outside)
    sure, radius = certain(pose, (width, height)), max(1, round(0.02 * max(height, width)))

    def settled(odds: Floats) -> Floats:
        found = _logistic(smoothed(guide, np.asarray(odds, dtype=np.float32), radius, 1e-3))
        found[sure] = CERTAIN
        return found

    likely: Floats = shape
    if outside.mean() > 0.05:
        seen = _from_outside(palette, terrain, outside, shape) + still
        if pose.slack:
            shape = probability(pose, width, height, seen)
            sure |= _head(pose, shape, seen)
        likely = settled(np.clip(seen + log_odds(shape), -8.0, 8.0))
    everywhere = palette.density(np.ones((height, width)))
    for _ in range(ROUNDS):
        least = 0.005 * everywhere + 1e-9
        inside, outer = palette.density(likely**2), palette.density((1.0 - likely) ** 2)
        colour = np.clip(0.7 * np.log((inside + least) / (outer + least)), -4.0, 4.0)
        likely = settled(colour + log_odds(shape) + 2.0 * terrain.closeness(likely) + still)
    return likely


def _from_outside(palette: Palette, terrain: Terrain, outside: Floats, shape: Floats) -> Floats:
    """Log odds of colours that occur in the box but not around it, and of what no smooth way leads to from outside."""
    around, within = palette.density(outside * (1.0 - shape)), palette.density((1.0 - outside) * shape)
    own = np.clip(1.0 - 0.5 * around / (within + 1e-12), 0.03, 0.97)
    return 2.0 * log_odds(own) + 2.0 * terrain.closeness(own * shape)


def _head(pose: Pose, shape: Floats, seen: Floats) -> NDArray[np.bool_]:
    rows = np.arange(shape.shape[0])[:, None]
    upper = rows < pose.box.y0 + HEAD_HEIGHT * pose.box.height
    return np.asarray((shape > HEAD_LIKELY) & (seen > HEAD_SEEN) & upper)


def _outside(pose: Pose, width: int, height: int) -> Floats:
    """1 where background is certain: outside the box, less its slack; height x width, float32."""
    box, slack = pose.box, 0.8 * pose.slack
    x0, y0 = box.x0 - slack * box.width, box.y0 - slack * box.height
    x1, y1 = box.x1 + slack * box.width, box.y1 + slack * box.height
    rows, columns = np.mgrid[0:height, 0:width] + 0.5
    inside = (columns > x0) & (columns < x1) & (rows > y0) & (rows < y1)
    return np.asarray(~inside, dtype=np.float32)


def log_odds(p: Floats) -> Floats:
    return np.asarray(np.log(p / (1.0 - p)))


def _logistic(values: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(values, -12.0, 12.0))), dtype=np.float32)


def certain(pose: Pose, size: tuple[int, int]) -> NDArray[np.bool_]:
    """What is the person's whatever its colours: the middle of the face, hair above it, neck and breastbone below it.

    dlib's box ends at the brow; the crown is more than half its height above that.
    """
    drawn = np.zeros((size[1], size[0]), dtype=np.uint8)
    if pose.face is not None:
        (x, y), wide, high = pose.face.centre, pose.face.width, pose.face.height
        for across, along, above in ((0.3, 0.5, 0.05), (0.2, 0.35, 0.45)):
            axes = max(1, round(across * wide)), max(1, round(along * high))
            cv2.ellipse(drawn, (round(x), round(y - above * high)), axes, 0.0, 0.0, 360.0, 1, -1)
        neck = round(x - 0.2 * wide), round(y)
        cv2.rectangle(drawn, neck, (round(x + 0.2 * wide), round(pose.face.y1 + high)), 1, -1)
    return drawn > 0
