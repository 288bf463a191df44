"""Whether sharpness stays the same when a subject is scaled or lit differently, and falls when it is blurred."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from tools.accuracy.crops import Person, Pixels, opaque, people
from tools.measure.exposure import luma_of
from tools.measure.sharpness import SIDE_PX, sharpness

LIMIT = 0.40
LARGE_PX = 400
"""Longer side from which on a quarter of a subject still has 100 px."""

BLURS_PX = (0.0, 2.0, 3.0)
"""Gaussians that the subjects are blurred with, in pixels of 512, so that all of the scale is measured on."""

Change = Callable[[Pixels], Pixels]


def scaled(factor: float) -> Change:
    def change(rgb: Pixels) -> Pixels:
        return np.asarray(cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)

    return change


def lit(gain: float) -> Change:
    """Darker, or brighter as far as nothing is burnt out that was not."""

    def change(rgb: Pixels) -> Pixels:
        most = max(1.0, 250 / max(1.0, float(np.percentile(rgb, 99.5))))
        return np.asarray(np.clip(np.rint(rgb * min(gain, most)), 0, 255), np.uint8)

    return change


CHANGES: dict[str, Change] = {
    "half the size": scaled(0.5),
    "a quarter of the size": scaled(0.25),
    "half the light": lit(0.5),
    "1.3 times the light": lit(1.3),
}


def blurred(rgb: Pixels, blur_px: float) -> Pixels:
    """Blurred by a Gaussian of blur_px where the longer side is 512."""
    sigma = blur_px * max(rgb.shape[:2]) / SIDE_PX
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), sigma), np.uint8) if sigma else rgb


def measured(rgb: Pixels) -> float:
    rgba = opaque(rgb)
    return sharpness(luma_of(rgba[..., :3]), rgba[..., 3]).sharpness or 0.0


def section(shared: Path) -> str:
    """The Markdown of this part."""
    everybody = people(shared)
    large = [one for one in everybody if one.side_px >= LARGE_PX]
    small = [one for one in everybody if 200 <= one.side_px < LARGE_PX]
    sharp = float(np.median([measured(one.rgb) for one in large]))
    lines = [
        "## Scale-independence of sharpness",
        "",
        f"People in the photographs and clips, each as it is and blurred by 2 and 3 px of {SIDE_PX}, then changed. The",
        f"median of the {len(large)} whose longer side is {LARGE_PX} px or more is {sharp:.2f} as they are, the limit",
        f"{LIMIT:.2f}: a tenth of the distance is {(sharp - LIMIT) / 10:.3f}. The columns say by how much sharpness",
        f"moves at most for half, for 90 % and for all of these; the last, for 90 % of the {len(small)} of 200 px or",
        "more, whose quarter may have 50 px.",
        "",
        "| change | 50 % | 90 % | all | 90 % of the small |",
        "|---|---|---|---|---|",
    ]
    for name, change in CHANGES.items():
        moved, of_small = moves(large, change), moves(small, change)
        half, most, every = np.percentile(moved, (50, 90, 100))
        lines.append(f"| {name} | {half:.3f} | {most:.3f} | {every:.3f} | {np.percentile(of_small, 90):.3f} |")
    lines += [
        "",
        "What a blur does to the median of the large ones:",
        "",
        "| blur, px of 512 | sharpness |",
        "|---|---|",
    ]
    for blur_px in (0.0, 1.0, 2.0, 3.0, 4.0, 6.0):
        lines.append(f"| {blur_px:g} | {np.median([measured(blurred(one.rgb, blur_px)) for one in large]):.2f} |")
    return "\n".join(lines) + "\n"


def moves(subjects: Sequence[Person], change: Change) -> list[float]:
    """By how much a change moves the sharpness of each subject at each of BLURS_PX."""
    found = []
    for one in subjects:
        for blur_px in BLURS_PX:
            rgb = blurred(one.rgb, blur_px)
            found.append(abs(measured(change(rgb)) - measured(rgb)))
    return found
