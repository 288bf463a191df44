"""Put each chosen cut-out onto a canvas that its dataset's trainer likes, before a ground that is not to be learned.

Reads: chosen cutouts, their crops and frames, the background library.  Writes: composite (PNG) with its mask.
Rejects: halo.
Example: python -m tools.composite --base data --dataset emma --limit 10
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tools.mill.files import Stored
from tools.mill.tool import Bench, Limit, Made, Result, Row, Tool, operational

if TYPE_CHECKING:
    from tools.compose.picture import Cutout, Grounds, Picture
    from tools.compose.standing import Body

VERSION = 3

LIMITS = (
    Limit(
        "halo",
        "halo",
        ">",
        "max_halo",
        0.35,
        "The subject wears a rim of its old background.",
        "Take a better mask engine, raise composite.max_halo, or keep the composites that look right.",
    ),
)

PNG_LEVEL = 4
"""zlib's: a third of the time of its default, 6, for 4 to 8 % more bytes."""

SIDES = ("left", "top", "right", "bottom")


@dataclass(frozen=True)
class Params:
    """modes: relative shares of what stands behind; without a library its share goes to the others.

    max_upscale: factor; above 1 softness is learned. min_cover (by shot), max_cover: share of the canvas's height that
    the subject takes. blur_radius, own_blur_radius: standard deviation in px on a canvas of 1024 px. max_exposure:
    stops by which the subject may be brightened or darkened for its ground.
    """

    modes: dict[str, float] = field(
        default_factory=lambda: {
            "library": 0.50,
            "own": 0.20,
            "gradient": 0.15,
            "flat": 0.10,
            "noise": 0.05,
            "original": 0.0,
        }
    )
    max_upscale: float = 1.0
    min_cover: dict[str, float] = field(
        default_factory=lambda: {"close": 0.65, "mid": 0.60, "far": 0.55, "unknown": 0.55}
    )
    max_cover: float = 0.85
    blur_radius: float = 6.0
    own_blur_radius: float = 48.0
    max_exposure: float = 0.3
    deadline_s: float = operational(60.0)

    def __post_init__(self) -> None:
        from tools.compose.draw import MODES
        from tools.mill.settings import UsageError

        for name in self.modes:
            if name not in MODES:
                raise UsageError(f"[composite] modes has {name!r}, which is none. There are: {', '.join(MODES)}.")
        if not any(weight > 0 for weight in self.modes.values()):
            raise UsageError("[composite] modes leaves nothing to draw from: give at least one a weight above 0.")
        if "unknown" not in self.min_cover:
            raise UsageError("[composite] min_cover needs a value for unknown, for persons whose shot is not known.")


def work(row: Row, bench: Bench[Params]) -> Result:
    from tools.compose.draw import draw_background, draw_mode
    from tools.compose.framing import Rules
    from tools.compose.picture import compose
    from tools.training.targets import target_of

    params, library = bench.params, {str(side["address"]): side for side in bench.sides.get("library", ())}
    address = f"{row['address']}/{bench.dataset.name}/v0"
    mode = draw_mode(address, params.modes, bool(library))
    background = library[draw_background(address, list(library))] if mode == "library" else None
    rules = Rules(params.max_upscale, params.min_cover, params.max_cover)
    picture = compose(
        *(_cutout(row, bench), mode, address, target_of(bench.dataset.target), rules),
        _grounds(row, background, bench),
    )
    return Result(made=(_made(row, bench, address, mode, background, picture),))


def _cutout(row: Row, bench: Bench[Params]) -> Cutout:
    from tools.compose.picture import Cutout
    from tools.media.image import read_rgb, read_rgba

    return Cutout(
        read_rgba(bench.file(row), math.inf),
        read_rgb(bench.base / str(row["crop_path"]), math.inf),
        tuple(side for side in SIDES if row[f"cut_{side}"]),
        row["shot"],
        (round(row["crop_x_px"]), round(row["crop_y_px"])),
        _people(row),
        _body(row),
    )


def _body(row: Row) -> Body:
    from tools.compose.standing import Body

    face = None if row["face_y0_px"] is None else row["face_y1_px"] - row["face_y0_px"]
    return Body(
        row["box_y0_px"] - row["crop_y_px"],
        row["box_y1_px"] - row["crop_y_px"],
        row["box_slack"],
        bool(row["box_whole"]),
        face,
        tuple((x, y, confidence) for x, y, confidence in json.loads(row["keypoints_json"] or "[]")),
    )


def _people(row: Row) -> list[tuple[int, int, int, int]]:
    """The boxes of everybody in the frame, the subject too, in frame pixels."""
    x, y = row["crop_x_px"], row["crop_y_px"]
    own = [row[f"box_{side}_px"] for side in ("x0", "y0", "x1", "y1")]
    others = [(x0 + x, y0 + y, x1 + x, y1 + y) for x0, y0, x1, y1 in json.loads(row["others_json"])]
    return [(round(x0), round(y0), round(x1), round(y1)) for x0, y0, x1, y1 in (own, *others)]


def _grounds(row: Row, background: Row | None, bench: Bench[Params]) -> Grounds:
    from tools.compose.picture import Grounds
    from tools.media.image import read_rgb

    return Grounds(
        lambda: read_rgb(bench.base / str(row["frame_path"]), math.inf),
        lambda: read_rgb(bench.source(background or {}), math.inf),
        bench.params.blur_radius,
        bench.params.own_blur_radius,
        bench.params.max_exposure,
    )


def _made(row: Row, bench: Bench[Params], address: str, mode: str, background: Row | None, picture: Picture) -> Made:
    """Store image and mask under one stem and say what they are."""
    image, mask = _store(bench, address, picture)
    height, width = picture.mask.shape
    return Made(
        "composite",
        address,
        image,
        width,
        height,
        facts={
            "mode": mode,
            "background_address": background["address"] if background else None,
            "scale": picture.scale,
            "cover": picture.cover,
            "flush": " ".join(picture.flush),
            "exposure_ev": picture.exposure_ev,
            "standing": int(picture.standing),
            "mask_path": mask.path,
            "mask_sha256": mask.sha256,
        },
        measures={"halo": picture.halo},
        sides=((int(background["item_id"]), "background"),) if background else (),
    )


def _store(bench: Bench[Params], address: str, picture: Picture) -> tuple[Stored, Stored]:
    import hashlib

    from tools.media.image import encode_png
    from tools.training.names import stem

    image, mask = encode_png(picture.image, PNG_LEVEL), encode_png(picture.mask, PNG_LEVEL)
    folder, name = f"05_augmented/{bench.dataset.name}", stem(address, hashlib.sha256(image).hexdigest())
    # The mask first: an image that is there has its mask.
    stored_mask = bench.store(f"{folder}/masks/{name}.png", mask)
    return bench.store(f"{folder}/{name}.png", image), stored_mask


TOOL = Tool(
    name="composite",
    version=VERSION,
    params=Params,
    limits=LIMITS,
    work=work,
    sides=("library",),
    dataset_keys=("name", "target"),
)

if __name__ == "__main__":
    from tools.mill.command import main

    main("composite")
