"""The builtin masker: GrabCut, seeded by what face, box, keypoints and neighbouring frames say of where a body is.

C. Rother, V. Kolmogorov, A. Blake: GrabCut, SIGGRAPH 2004. Left to a box alone it gives up on people in colours of the
background; here the seeds come from a probability (`matte.likely`) made of four things: the shape of a body below a
face or in a box (`matte.body`), colours that occur in the box but not around it (`matte.colours`), ways that lead in
from outside without crossing an edge (`matte.reach`), and what stays in neighbouring frames while people move
(`matte.still`).
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.engines.protocols import MaskJob
from tools.matte.body import Pose
from tools.matte.guided import smoothed
from tools.matte.likely import certain, log_odds, person_probability
from tools.matte.outline import Edges, softened, tidied
from tools.matte.skull import skull
from tools.media.geometry import Alpha, Keypoint, Rgb

Floats = NDArray[np.floating[Any]]

SEED_SIDE_PX = 224
"""The longer side of the picture in which the probability is worked out."""

SURE, SURELY_NOT = 0.95, 0.02
CUT_ROUNDS = 3
TRUST = 2.0
"""How much GrabCut's word counts beside the probability, in log odds."""

PROBABLE = 0.3
"""What is as probable as that belongs to the outline that the probability draws alone."""


SKULL = 0.95
"""The inner part of the skull above a face, theirs whatever was cut off: landmarks are a few pixels off."""


class GrabCut:
    name = "builtin"
    digest = "grabcut-4"

    def run(self, jobs: list[MaskJob]) -> list[Alpha]:
        return [self._one(job) for job in jobs]

    def _one(self, job: MaskJob) -> Alpha:
        small, scale = _shrunk(job.image, job.working_side_px)
        seed, seed_scale = _shrunk(small, SEED_SIDE_PX)
        likely = person_probability(seed, _pose(job, scale * seed_scale), job.beside, scale * seed_scale)
        size = small.shape[1], small.shape[0]
        likely = np.asarray(cv2.resize(likely, size, interpolation=cv2.INTER_LINEAR), dtype=np.float32)
        mask = cut(small, likely, certain(_pose(job, scale), size))
        if job.landmarks is not None:
            mask = tidied(mask | skull([(x * scale, y * scale) for x, y in job.landmarks], *size, SKULL))
        return softened(job.image, mask)


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


def cut(rgb: Rgb, likely: Floats, sure: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The person's mask, 0 and 1, height x width, from a probability of the same size and what is certain.

    GrabCut gives up much of a person to a background of the same colours, and the probability alone takes in what is
    next to them: of both, and of what they say together, the outline that lies best on the picture's edges is taken.
    """
    found = _grabbed(rgb, likely, sure)
    radius = max(1, round(0.01 * max(likely.shape)))
    odds = TRUST * np.where(found, 1.0, -1.0) + np.clip(log_odds(np.clip(likely, 1e-3, 1.0 - 1e-3)), -4.0, 4.0)
    both = smoothed(rgb.astype(np.float32) / 255.0, odds.astype(np.float32), radius, 1e-3) > 0.0
    edges = Edges(rgb)
    outlines = [tidied(each.astype(np.uint8)) for each in (found, both | sure, (likely > PROBABLE) | sure)]
    return max(outlines, key=edges.under)


def _grabbed(rgb: Rgb, likely: Floats, sure: NDArray[np.bool_]) -> NDArray[np.bool_]:
    labels = np.where(likely > 0.5, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[(likely > SURE) | sure] = cv2.GC_FGD
    labels[(likely < SURELY_NOT) & ~sure] = cv2.GC_BGD
    if (labels == cv2.GC_FGD).any() and (labels == cv2.GC_BGD).any():
        # GrabCut begins its colour models at random: seeded, so that the same picture gives the same mask.
        cv2.setRNGSeed(0)
        models = np.zeros((2, 1, 65), dtype=np.float64)
        no_box = (0, 0, 0, 0)
        cv2.grabCut(rgb, labels, no_box, models[0], models[1], CUT_ROUNDS, cv2.GC_INIT_WITH_MASK)
    return np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD))
