"""Cut each person out of their crop: a soft outline, clean edge colours, nobody else.

Reads: persons that passed match.  Writes: cutout (RGBA).  Rejects: empty_mask, full_mask,
head_missing, feet_missing, straight_edge, other_person_in_mask, translucent.
Example: python -m tools.mask --base data --limit 10
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.engines.catalogue import CUSTOM
from tools.mill.tool import Asking, Bench, Limit, Made, Result, Row, Tool, of_engine, operational, rejected

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tools.engines.protocols import MaskJob
    from tools.media.geometry import Alpha, Rgb

VERSION = 5

LIMITS = (
    Limit(
        "empty_mask",
        "coverage",
        "<",
        "min_coverage",
        0.05,
        "The mask covers too little of the crop: most of the person is missing.",
        "Take a better mask engine, lower mask.min_coverage, or keep the cutouts that are right.",
    ),
    Limit(
        "full_mask",
        "coverage",
        ">",
        "max_coverage",
        0.92,
        "The mask covers nearly all of the crop: the background is in it.",
        "Take a better mask engine, raise mask.max_coverage, or keep the cutouts that are right.",
    ),
    Limit(
        "head_missing",
        "head_share",
        "<",
        "min_head_share",
        0.80,
        "The head above the face is not in the mask: hair or crown are missing.",
        "Take a better mask engine, lower mask.min_head_share, or keep the cutouts that are right.",
    ),
    Limit(
        "head_missing",
        "crown_gap",
        ">",
        "max_crown_gap",
        0.12,
        "The mask begins far below the top of the person's box: the head is missing.",
        "Take a better mask engine, raise mask.max_crown_gap, or keep the cutouts that are right.",
    ),
    Limit(
        "head_missing",
        "top_width",
        ">",
        "max_top_width",
        0.38,
        "The mask is as wide at its top as shoulders are: the head is missing.",
        "Take a better mask engine, raise mask.max_top_width, or keep the cutouts that are right.",
    ),
    Limit(
        "feet_missing",
        "feet_gap",
        ">",
        "max_feet_gap",
        0.19,
        "The mask ends far above the bottom of the person's box: the feet are missing.",
        "Take a better mask engine, raise mask.max_feet_gap, or keep the cutouts that are right.",
    ),
    Limit(
        "straight_edge",
        "straight_share",
        ">",
        "max_straight_share",
        0.035,
        "The outline runs along a side of the crop where the picture goes on: the background is in it.",
        "Take a better mask engine, raise mask.max_straight_share, or keep the cutouts that are right.",
    ),
    Limit(
        "other_person_in_mask",
        "other_face_share",
        ">",
        "max_other_face_share",
        0.30,
        "Another person's face is in the mask.",
        "Take a better mask engine, raise mask.max_other_face_share, or keep the cutouts that are right.",
    ),
    Limit(
        "translucent",
        "translucent_share",
        ">",
        "max_translucent_share",
        0.30,
        "One sees through the person: much of the mask's inside is neither opaque nor transparent.",
        "Take a better mask engine, raise mask.max_translucent_share, or keep the cutouts that are right.",
    ),
)


MATTING = "alpha_matting", (True,)


@dataclass(frozen=True)
class Params:
    """working_side_px: longer side of the picture on which the builtin engine cuts; edges get the crop's own detail.

    The rest is rembg's. model: one of its networks, by its name; weights: the ONNX file of a network of your own, where
    model is u2net_custom, dis_custom or ben_custom. alpha_matting: solve for soft edges between what is surely inside
    (over matting_foreground of 255, drawn back by matting_erode_px) and surely outside (under matting_background).
    post_process: smooth the outline and make it hard. device: auto, cpu, cuda, cuda:N, tensorrt.
    """

    engine: str = "auto"
    working_side_px: int = of_engine("builtin", 448)
    model: str = of_engine("rembg", "u2net_human_seg")
    weights: str = of_engine("rembg", "", where=("model", CUSTOM), file=True)
    alpha_matting: bool = of_engine("rembg", False)
    matting_foreground: int = of_engine("rembg", 240, where=MATTING)
    matting_background: int = of_engine("rembg", 10, where=MATTING)
    matting_erode_px: int = of_engine("rembg", 10, where=MATTING)
    post_process: bool = of_engine("rembg", False)
    device: str = operational("auto")
    deadline_s: float = operational(60.0)


def work(row: Row, bench: Bench[Params]) -> Asking:
    from tools.matte.foreground import cut_out
    from tools.measure.outline import coverage, extent, largest_share, soft_share
    from tools.media.image import read_rgb

    image = read_rgb(bench.file(row), math.inf)
    alpha: Alpha = yield _job(row, image, bench)
    if not (alpha > 127).any():
        return Result(rejected("empty_mask", "The mask is empty."))
    if (alpha > 127).all():
        return Result(rejected("full_mask", "The mask is the whole crop."))
    measures: dict[str, float | None] = {
        "coverage": coverage(alpha),
        "largest_share": largest_share(alpha),
        "soft_share": soft_share(alpha),
        **_faults(row, alpha),
    }
    return Result(made=(_made(row, bench, cut_out(image, alpha), extent(alpha), measures),))


def _job(row: Row, image: Rgb, bench: Bench[Params]) -> MaskJob:
    from tools.engines.protocols import MaskJob
    from tools.matte.neighbours import beside
    from tools.media.geometry import Box, Keypoint

    def box(name: str, dx: float = 0.0, dy: float = 0.0) -> Box:
        return Box(*(row[f"{name}_{side}_px"] for side in ("x0", "y0", "x1", "y1"))).moved(-dx, -dy)

    points = json.loads(row["keypoints_json"] or "[]")
    height, width = image.shape[:2]
    # Whole boxes: what the crop shows of somebody tells less of where they stand than all of their box.
    others = tuple(Box(*other) for other in json.loads(row["others_json"]))
    crop = Box(0.0, 0.0, width, height)
    return MaskJob(
        image,
        box("box", row["crop_x_px"], row["crop_y_px"]),
        None if row["face_x0_px"] is None else box("face"),
        tuple(Keypoint(*point) for point in points) or None,
        tuple(other for other in others if other.common(crop) > 0.0),
        row["box_slack"],
        bool(row["box_whole"]),
        bench.params.working_side_px,
        beside(bench.base, row),
        _landmarks(row),
    )


def _landmarks(row: Row) -> tuple[tuple[float, float], ...] | None:
    points = json.loads(row["landmarks_json"] or "[]")
    return tuple((x, y) for x, y in points) or None


def _faults(row: Row, alpha: Alpha) -> dict[str, float | None]:
    """What tells a mask that is plainly wrong, by the columns of the table mask; None where nobody can tell."""
    from tools.measure import faults
    from tools.media.geometry import Box

    height, width = alpha.shape
    x, y = row["crop_x_px"], row["crop_y_px"]
    inner = faults.Sides(x > 0, y > 0, x + width < row["frame_width_px"], y + height < row["frame_height_px"])
    box = Box(*(row[f"box_{side}_px"] for side in ("x0", "y0", "x1", "y1"))).moved(-x, -y)
    others = [Box(*face).moved(-x, -y) for face in json.loads(row["other_faces_json"])]
    crown = row["box_whole"] and not row["cut_top"]
    return {
        "head_share": faults.head_share(alpha, _landmarks(row)),
        "crown_gap": faults.crown_gap(alpha, box) if crown else None,
        "feet_gap": faults.feet_gap(alpha, box) if row["box_whole"] and not row["cut_bottom"] else None,
        # A close-up is as wide at its top as anywhere: with a face, the landmarks tell.
        "top_width": faults.top_width(alpha) if crown and row["face_x0_px"] is None else None,
        "straight_share": faults.straight_share(alpha, inner),
        "other_face_share": faults.other_face_share(alpha, others),
        "translucent_share": faults.translucent_share(alpha),
    }


def _made(
    row: Row,
    bench: Bench[Params],
    cutout: NDArray[np.uint8],
    subject: tuple[int, int, int, int],
    measures: dict[str, float | None],
) -> Made:
    import hashlib

    from tools.framing.crops import crop_path
    from tools.media.image import encode_webp_lossless

    data = encode_webp_lossless(cutout)
    path = crop_path("03_masked_subjects", row["address"], hashlib.sha256(data).hexdigest(), "webp")
    height, width = cutout.shape[:2]
    sides = ("subject_x0_px", "subject_y0_px", "subject_x1_px", "subject_y1_px")
    facts = dict(zip(sides, subject, strict=True))
    return Made("cutout", row["address"], bench.store(path, data), width, height, facts=facts, measures=measures)


TOOL = Tool(name="mask", version=VERSION, params=Params, limits=LIMITS, work=work, engine="mask", recalls=True)

if __name__ == "__main__":
    from tools.mill.command import main

    main("mask")
