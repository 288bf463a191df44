"""Measure each cutout: sharpness, exposure, outline, face, size.

Reads: cutouts that passed mask.  Writes: nothing.
Rejects: blurry, under_exposed, over_exposed, face_covered, subject_too_small, low_solidity, too_many_contours.
Example: python -m tools.score --base data --limit 10
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.mill.tool import Bench, Limit, Result, Row, Tool, operational

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tools.engines.protocols import Box

VERSION = 1

LIMITS = (
    Limit(
        "subject_too_small",
        "crop_mp",
        "<",
        "min_crop_mp",
        0.25,
        "The crop has too few pixels to train on.",
        "Take footage in which the person is larger, or lower score.min_crop_mp.",
    ),
    Limit(
        "blurry",
        "sharpness",
        "<",
        "min_sharpness",
        0.40,
        "The subject is out of focus or moves.",
        "Lower score.min_sharpness, or keep the ones whose blur is wanted.",
    ),
    Limit(
        "face_covered",
        "face_covered_share",
        "<",
        "face_covered",
        0.95,
        "The mask takes a bite out of the face.",
        "Take a better mask engine, or lower score.face_covered.",
    ),
    Limit(
        "under_exposed",
        "dark_share",
        ">",
        "max_dark",
        0.40,
        "Too much of the subject is black.",
        "Raise score.max_dark where dark clothes are the reason.",
    ),
    Limit(
        "over_exposed",
        "bright_share",
        ">",
        "max_bright",
        0.10,
        "Too much of the subject is burnt out to white.",
        "Raise score.max_bright where white clothes are the reason.",
    ),
    Limit(
        "low_solidity",
        "solidity",
        "<",
        "min_solidity",
        0.30,
        "The outline is torn: far smaller than the hull around it.",
        "Look at the mask; take a better mask engine, or lower score.min_solidity for wide poses.",
    ),
    Limit(
        "too_many_contours",
        "contours",
        ">",
        "max_contours",
        20.0,
        "The mask falls into too many parts and holes.",
        "Look at the mask; take a better mask engine, or raise score.max_contours.",
    ),
)


@dataclass(frozen=True)
class Params:
    """What is measured has no parameters; what is enough stands in the limits."""

    deadline_s: float = operational(60.0)


def work(row: Row, bench: Bench[Params]) -> Result:
    from tools.engines.protocols import Box
    from tools.media.image import read_rgba

    face = None
    if row["face_x0_px"] is not None:
        face = Box(*(row[f"face_{side}_px"] for side in ("x0", "y0", "x1", "y1")))
    return Result(measures=measure(read_rgba(bench.file(row), math.inf), face))


def measure(rgba: NDArray[np.uint8], face: Box | None) -> dict[str, float | int | bytes | None]:
    """Every column of `score` for a cutout: height x width x 4 uint8, straight alpha; the face in its pixels.

    height_share: the subject's height by the crop's. crop_mp: megapixels of the crop, before any scaling.
    """
    from tools.measure.exposure import exposure, luma_of
    from tools.measure.outline import contour_count, extent, face_covered_share, solidity
    from tools.measure.sharpness import sharpness
    from tools.media.likeness import embed

    alpha = rgba[..., 3]
    luma = luma_of(rgba[..., :3])
    height, width = alpha.shape
    _, top, _, bottom = extent(alpha)
    return {
        **sharpness(luma, alpha)._asdict(),
        **exposure(luma, alpha)._asdict(),
        "solidity": solidity(alpha),
        "contours": contour_count(alpha),
        "face_covered_share": face_covered_share(alpha, face),
        "height_share": (bottom - top) / height,
        "crop_mp": width * height / 1e6,
        "likeness": embed(rgba),
    }


TOOL = Tool(name="score", version=VERSION, params=Params, limits=LIMITS, work=work)

if __name__ == "__main__":
    from tools.mill.command import main

    main("score")
