"""Measure what tells people apart: the embedding of each person's face, and the colours of what they wear.

Reads: persons that passed detect.  Writes: nothing.  Rejects: nobody; who shows no face has no embedding.
Example: python -m tools.embed --base data --limit 10
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.mill.tool import Asking, Bench, Result, Row, Tool, operational

if TYPE_CHECKING:
    from tools.engines.protocols import FaceFound

VERSION = 1


@dataclass(frozen=True)
class Params:
    """jitters: how many crops of a face the embedding is the mean of, 1 to 6; jitters_small: of a face that is less
    than small_face_px high.
    """

    engine: str = "auto"
    jitters: int = 2
    jitters_small: int = 6
    small_face_px: float = 64.0
    deadline_s: float = operational(60.0)


def work(row: Row, bench: Bench[Params]) -> Asking:
    from tools.engines.protocols import MatchJob
    from tools.identity.appearance import colours
    from tools.media.geometry import Box
    from tools.media.image import read_rgb

    params = bench.params
    crop = read_rgb(bench.file(row), math.inf)
    box = Box(*(row[f"box_{name}_px"] for name in ("x0", "y0", "x1", "y1"))).moved(-row["crop_x_px"], -row["crop_y_px"])
    measures: dict[str, bytes | float | None] = {"colours": colours(crop, box)}
    if row["face_x0_px"] is None:
        return Result(measures=measures)
    face = Box(*(row[f"face_{name}_px"] for name in ("x0", "y0", "x1", "y1")))
    jitters = params.jitters_small if face.height < params.small_face_px else params.jitters
    found: FaceFound
    (found,) = yield MatchJob(crop, face, jitters)
    measures |= {
        "embedding": found.embedding.astype("<f4").tobytes(),
        "spread": found.spread and round(found.spread, 4),
        "face_height_px": round(face.height, 2),
    }
    return Result(measures=measures)


TOOL = Tool(name="embed", version=VERSION, params=Params, work=work, engine="embed", recalls=True)

if __name__ == "__main__":
    from tools.mill.command import main

    main("embed")
