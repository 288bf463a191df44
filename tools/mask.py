"""Cut each person out of their crop: a soft outline, clean edge colours, nobody else.

Reads: persons that passed match.  Writes: cutout (RGBA).  Rejects: empty_mask, full_mask.
Example: python -m tools.mask --base data --limit 10
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.mill.tool import Bench, Limit, Made, Result, Row, Tool, of_engine, operational, rejected

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tools.engines.protocols import MaskJob, Rgb

VERSION = 1

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
)


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
    weights: str = of_engine("rembg", "")
    alpha_matting: bool = of_engine("rembg", False)
    matting_foreground: int = of_engine("rembg", 240)
    matting_background: int = of_engine("rembg", 10)
    matting_erode_px: int = of_engine("rembg", 10)
    post_process: bool = of_engine("rembg", False)
    device: str = operational("auto")
    deadline_s: float = operational(60.0)


def work(row: Row, bench: Bench[Params]) -> Result:
    from tools import engines
    from tools.matte.foreground import cut_out
    from tools.measure.outline import coverage, largest_share, soft_share
    from tools.media.image import read_rgb

    image = read_rgb(bench.file(row), math.inf)
    (alpha,) = engines.of("mask", bench).run([_job(row, image, bench.params)])
    if not (alpha > 127).any():
        return Result(rejected("empty_mask", "The mask is empty."))
    if (alpha > 127).all():
        return Result(rejected("full_mask", "The mask is the whole crop."))
    measures = {
        "coverage": coverage(alpha),
        "largest_share": largest_share(alpha),
        "soft_share": soft_share(alpha),
    }
    return Result(made=(_made(row, bench, cut_out(image, alpha), measures),))


def _job(row: Row, image: Rgb, params: Params) -> MaskJob:
    from tools.engines.protocols import Box, Keypoint, MaskJob

    def box(name: str, dx: float = 0.0, dy: float = 0.0) -> Box:
        return Box(*(row[f"{name}_{side}_px"] for side in ("x0", "y0", "x1", "y1"))).moved(-dx, -dy)

    points = json.loads(row["keypoints_json"] or "[]")
    height, width = image.shape[:2]
    others = [Box(*other).clipped(width, height) for other in json.loads(row["others_json"])]
    return MaskJob(
        image,
        box("box", row["crop_x_px"], row["crop_y_px"]),
        None if row["face_x0_px"] is None else box("face"),
        tuple(Keypoint(*point) for point in points) or None,
        tuple(other for other in others if other.width > 0 and other.height > 0),
        row["box_slack"],
        bool(row["box_whole"]),
        params.working_side_px,
    )


def _made(row: Row, bench: Bench[Params], cutout: NDArray[np.uint8], measures: dict[str, float]) -> Made:
    import hashlib

    from tools.measure.outline import extent
    from tools.media.image import encode_webp_lossless
    from tools.people.framing import crop_path

    data = encode_webp_lossless(cutout)
    path = crop_path("03_masked_subjects", row["address"], hashlib.sha256(data).hexdigest(), "webp")
    height, width = cutout.shape[:2]
    sides = ("subject_x0_px", "subject_y0_px", "subject_x1_px", "subject_y1_px")
    facts = dict(zip(sides, extent(cutout[..., 3]), strict=True))
    return Made("cutout", row["address"], bench.store(path, data), width, height, facts=facts, measures=measures)


TOOL = Tool(name="mask", version=VERSION, params=Params, limits=LIMITS, work=work, engine="mask")

if __name__ == "__main__":
    from tools.mill.command import main

    main("mask")
