"""The builtin masker: GrabCut, seeded by what face, box and keypoints say of where a body is.

C. Rother, V. Kolmogorov, A. Blake: GrabCut, SIGGRAPH 2004. Left to a box alone it gives up on people in colours of the
background; here the seeds come from a probability made of three things: the shape of a body below a face or in a box
(`matte.body`), colours that occur in the box but not around it (`matte.colours`), and ways that lead in from outside
without crossing an edge (`matte.reach`).
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.engines.protocols import Alpha, Keypoint, MaskJob, Rgb
from tools.matte.body import Pose, probability
from tools.matte.colours import Palette, to_lab
from tools.matte.guided import smoothed
from tools.matte.outline import softened, tidied
from tools.matte.reach import Terrain

Floats = NDArray[np.floating[Any]]

SEED_SIDE_PX = 224
"""The longer side of the picture in which the probability is worked out."""

ROUNDS = 2
SURE, SURELY_NOT = 0.95, 0.02
CERTAIN = 0.99
CUT_ROUNDS = 3
GIVEN_UP = 0.7
"""A mask of a smaller share of what is probable is GrabCut's giving up, not a better outline."""


class GrabCut:
    name = "builtin"
    digest = "grabcut-1"

    def run(self, jobs: list[MaskJob]) -> list[Alpha]:
        return [self._one(job) for job in jobs]

    def _one(self, job: MaskJob) -> Alpha:
        small, scale = _shrunk(job.image, job.working_side_px)
        seed, seed_scale = _shrunk(small, SEED_SIDE_PX)
        likely = person_probability(seed, _pose(job, scale * seed_scale))
        size = small.shape[1], small.shape[0]
        likely = np.asarray(cv2.resize(likely, size, interpolation=cv2.INTER_LINEAR), dtype=np.float32)
        return softened(job.image, small, tidied(cut(small, likely, certain(_pose(job, scale), size))))


def _shrunk(image: Rgb, side_px: int) -> tuple[Rgb, float]:
    height, width = image.shape[:2]
    scale = min(1.0, side_px / max(height, width))
    if scale == 1.0:
        return image, 1.0
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8), scale


def _pose(job: MaskJob, scale: float) -> Pose:
    keypoints = job.keypoints and tuple(Keypoint(p.x * scale, p.y * scale, p.confidence) for p in job.keypoints)
    others = tuple(other.scaled(scale) for other in job.others)
    return Pose(job.box.scaled(scale), job.face and job.face.scaled(scale), keypoints, others, job.slack, job.whole)


def person_probability(rgb: Rgb, pose: Pose) -> Floats:
    """For each pixel how probable it is that the person shows there: height x width, float32, 0 to 1.

    Log odds add up: those of the body's shape, of the colour (how often inside against how often outside) and of the
    reach; the sum follows the picture's edges, and what comes out says anew which colours are inside.
    """
    height, width = rgb.shape[:2]
    lab, guide = to_lab(rgb), rgb.astype(np.float32) / 255.0
    shape = probability(pose, width, height)
    outside = _outside(pose, width, height)
    palette, terrain = Palette(lab), Terrain(lab, outside)
    sure, radius = certain(pose, (width, height)), max(1, round(0.02 * max(height, width)))

    def settled(odds: Floats) -> Floats:
        found = _logistic(smoothed(guide, np.asarray(odds, dtype=np.float32), radius, 1e-3))
        found[sure] = CERTAIN
        return found

    likely: Floats = shape
    if outside.mean() > 0.05:
        around, within = palette.density(outside * (1.0 - shape)), palette.density((1.0 - outside) * shape)
        own = np.clip(1.0 - 0.5 * around / (within + 1e-12), 0.03, 0.97)
        reach = terrain.closeness(own * shape)
        likely = settled(np.clip(2.0 * _odds(own) + _odds(shape) + 2.0 * reach, -8.0, 8.0))
    everywhere = palette.density(np.ones((height, width)))
    for _ in range(ROUNDS):
        least = 0.005 * everywhere + 1e-9
        inside, outer = palette.density(likely**2), palette.density((1.0 - likely) ** 2)
        colour = np.clip(0.7 * np.log((inside + least) / (outer + least)), -4.0, 4.0)
        likely = settled(colour + _odds(shape) + 2.0 * terrain.closeness(likely))
    return likely


def _outside(pose: Pose, width: int, height: int) -> Floats:
    """1 where background is certain: outside the box, less its slack; height x width, float32."""
    box, slack = pose.box, 0.8 * pose.slack
    x0, y0 = box.x0 - slack * box.width, box.y0 - slack * box.height
    x1, y1 = box.x1 + slack * box.width, box.y1 + slack * box.height
    rows, columns = np.mgrid[0:height, 0:width] + 0.5
    inside = (columns > x0) & (columns < x1) & (rows > y0) & (rows < y1)
    return np.asarray(~inside, dtype=np.float32)


def _odds(p: Floats) -> Floats:
    return np.asarray(np.log(p / (1.0 - p)))


def _logistic(values: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(values, -12.0, 12.0))), dtype=np.float32)


def certain(pose: Pose, size: tuple[int, int]) -> NDArray[np.bool_]:
    """What belongs to the person whatever its colours: the middle of the face, and neck and breastbone below it."""
    drawn = np.zeros((size[1], size[0]), dtype=np.uint8)
    if pose.face is not None:
        (x, y), wide, high = pose.face.centre, pose.face.width, pose.face.height
        axes = max(1, round(0.3 * wide)), max(1, round(0.5 * high))
        cv2.ellipse(drawn, (round(x), round(y - 0.05 * high)), axes, 0.0, 0.0, 360.0, 1, -1)
        neck = round(x - 0.2 * wide), round(y)
        cv2.rectangle(drawn, neck, (round(x + 0.2 * wide), round(pose.face.y1 + high)), 1, -1)
    return drawn > 0


def cut(rgb: Rgb, likely: Floats, sure: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The person's mask, 0 and 1, height x width, from a probability of the same size and what is certain.

    Where GrabCut gives up most of the person to a background of the same colours, the probability alone decides.
    """
    labels = np.where(likely > 0.5, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[(likely > SURE) | sure] = cv2.GC_FGD
    labels[(likely < SURELY_NOT) & ~sure] = cv2.GC_BGD
    if (labels == cv2.GC_FGD).any() and (labels == cv2.GC_BGD).any():
        # GrabCut begins its colour models at random: seeded, so that the same picture gives the same mask.
        cv2.setRNGSeed(0)
        models = np.zeros((2, 1, 65), dtype=np.float64)
        no_box = (0, 0, 0, 0)
        cv2.grabCut(rgb, labels, no_box, models[0], models[1], CUT_ROUNDS, cv2.GC_INIT_WITH_MASK)
    mask = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD))
    probable = (likely > 0.5) | sure
    return (probable if mask.sum() < GIVEN_UP * probable.sum() else mask).astype(np.uint8)
