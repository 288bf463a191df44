"""Measure each cutout: sharpness, exposure, outline, face, size, and what camera and codec have added.

Reads: cutouts that passed mask.  Writes: nothing.
Rejects: blurry, under_exposed, over_exposed, face_covered, subject_too_small, low_solidity, too_many_contours,
eyes_closed, noisy, blocky, letterboxed, burnt_in.
Example: python -m tools.score --base data --limit 10
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.mill.tool import Bench, Limit, Result, Row, Tool, operational

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tools.media.geometry import Box

VERSION = 2

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
    Limit(
        "eyes_closed",
        "eye_aspect",
        "<",
        "min_eye_aspect",
        0.10,
        "The eyes are shut.",
        "Lower score.min_eye_aspect, or keep the ones that are meant so.",
    ),
    Limit(
        "noisy",
        "noise_level",
        ">",
        "max_noise",
        15.0,
        "The picture is full of noise, which would be learned as texture.",
        "Take footage with more light, or raise score.max_noise.",
    ),
    Limit(
        "blocky",
        "blocking",
        ">",
        "max_blocking",
        1.3,
        "The blocks of a strong compression show.",
        "Take a better copy of the footage, or raise score.max_blocking.",
    ),
    Limit(
        "letterboxed",
        "bar_share",
        ">",
        "max_bars",
        0.02,
        "Black bars of the frame are part of the cut-out.",
        "Crop the bars off the footage, or take a better mask engine.",
    ),
    Limit(
        "burnt_in",
        "overlay_share",
        ">",
        "max_overlay",
        0.05,
        "A logo or text that is burnt into the footage lies over the subject.",
        "Take footage without it, or raise score.max_overlay where it is none.",
    ),
)


@dataclass(frozen=True)
class Params:
    """What is measured has no parameters; what is enough stands in the limits."""

    deadline_s: float = operational(60.0)


def work(row: Row, bench: Bench[Params]) -> Result:
    from tools.media.image import read_rgba

    return Result(measures=measure(read_rgba(bench.file(row), math.inf), subject_of(row)))


@dataclass(frozen=True)
class Subject:
    """What is known of a cutout before it is looked at. Boxes in its pixels, but for the frame's own things.

    landmarks: 68 of x, y. corner: of the crop in the frame. picture: the frame without its bars. overlays: what is
    burnt into the frame. These three in pixels of the frame; None where nobody can tell.
    """

    face: Box | None = None
    landmarks: tuple[tuple[float, float], ...] | None = None
    corner: tuple[int, int] = (0, 0)
    picture: Box | None = None
    overlays: tuple[Box, ...] | None = None


def subject_of(row: Row) -> Subject:
    """A row of `sql/inputs/score.sql` as what is known of its subject."""
    from tools.media.geometry import Box

    sides = ("x0_px", "y0_px", "x1_px", "y1_px")

    def box(name: str) -> Box | None:
        return None if row[f"{name}_x0_px"] is None else Box(*(float(row[f"{name}_{side}"]) for side in sides))

    landmarks, overlays = json.loads(row["landmarks_json"] or "null"), json.loads(row["overlays_json"] or "null")
    return Subject(
        face=box("face"),
        landmarks=landmarks and tuple((x, y) for x, y in landmarks),
        corner=(row["crop_x_px"], row["crop_y_px"]),
        picture=box("picture"),
        overlays=None if overlays is None else tuple(Box(*each) for each in overlays),
    )


def measure(rgba: NDArray[np.uint8], known: Subject) -> dict[str, float | int | bytes | None]:
    """Every column of `score` for a cutout: height x width x 4 uint8, straight alpha.

    height_share: the subject's height by the crop's. crop_mp: megapixels of the crop, before any scaling.
    """
    from tools.measure.burnt import bar_share, overlay_share
    from tools.measure.exposure import exposure, luma_of
    from tools.measure.face import eye_aspect
    from tools.measure.grain import blocking, inside, noise_level
    from tools.measure.outline import contour_count, extent, face_covered_share, solidity
    from tools.measure.sharpness import sharpness
    from tools.media.likeness import embed

    alpha = rgba[..., 3]
    luma = luma_of(rgba[..., :3])
    subject = inside(alpha)
    height, width = alpha.shape
    _, top, _, bottom = extent(alpha)
    return {
        **sharpness(luma, alpha)._asdict(),
        **exposure(luma, alpha)._asdict(),
        "solidity": solidity(alpha),
        "contours": contour_count(alpha),
        "face_covered_share": face_covered_share(alpha, known.face),
        "face_height_px": known.face and known.face.height,
        "eye_aspect": eye_aspect(known.landmarks),
        "noise_level": noise_level(luma, subject),
        "blocking": blocking(luma, subject, *known.corner),
        "bar_share": bar_share(alpha, known.corner, known.picture),
        "overlay_share": overlay_share(alpha, known.corner, known.overlays),
        "height_share": (bottom - top) / height,
        "crop_mp": width * height / 1e6,
        "likeness": embed(rgba),
    }


TOOL = Tool(name="score", version=VERSION, params=Params, limits=LIMITS, work=work, recalls=True)

if __name__ == "__main__":
    from tools.mill.command import main

    main("score")
