"""What the base models are trained at: image area, the step of their buckets, how their captions are written."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from tools.mill.settings import UsageError

MAX_ASPECT = 1.8
"""Longest canvas, long side by short side: 768×1344 (9:16) is in, strips that no model was shown are not."""

MIN_SIDE_PX = 256
"""Shortest side of any canvas: the least bucket of kohya's trainers (`min_bucket_reso`)."""


@dataclass(frozen=True)
class Target:
    """One family of base models.

    side_px: the training resolution as a square; a canvas has at most its area. step_px: widths and heights are
    multiples of it. style: comma-separated tags, or sentences. min_words, max_words: sane length of a caption.
    max_tokens: what the text encoder reads, None where captions cannot reach it. trainer, program: whose `dataset.toml`
    the package carries.
    """

    name: str
    side_px: int
    step_px: int
    style: Literal["tags", "prose"]
    min_words: int
    max_words: int
    trainer: Literal["sd-scripts", "musubi-tuner"]
    program: str
    max_tokens: int | None = None

    @property
    def area_px(self) -> int:
        return self.side_px**2


TARGETS = {
    target.name: target
    for target in (
        # SDXL's text encoders read 77 tokens, start and end with them.
        Target("sdxl", 1024, 64, "tags", 1, 60, "sd-scripts", "sdxl_train_network.py", 75),
        Target("flux", 1024, 64, "prose", 15, 60, "sd-scripts", "flux_train_network.py"),
        Target("wan", 704, 16, "prose", 20, 80, "musubi-tuner", "src/musubi_tuner/wan_train_network.py"),
    )
}


def target_of(name: str) -> Target:
    """The target of a dataset. Raises UsageError that names the known ones."""
    if name not in TARGETS:
        raise UsageError(f'[dataset.NAME] target = "{name}" is not known. Use one of: {", ".join(TARGETS)}.')
    return TARGETS[name]


def buckets(side_px: int, step_px: int) -> list[tuple[int, int]]:
    """Widths and heights in px of the canvases with an area of about side_px², never above, in multiples of step_px.

    For each width the highest canvas that fits, as kohya's trainers make them, up to MAX_ASPECT either way; sorted.
    """
    found = set()
    for short in range(MIN_SIDE_PX // step_px * step_px, side_px + 1, step_px):
        long = side_px**2 // short // step_px * step_px
        if short >= MIN_SIDE_PX and short <= long <= short * MAX_ASPECT:
            found |= {(short, long), (long, short)}
    return sorted(found)


def nearest(shapes: list[tuple[int, int]], aspect: float) -> tuple[int, int]:
    """Of several (width, height) the one whose width by height is nearest to aspect, by ratio; of equals the larger."""
    return min(shapes, key=lambda shape: (abs(math.log(shape[0] / shape[1] / aspect)), -shape[0] * shape[1], shape))


def levels(target: Target) -> list[list[tuple[int, int]]]:
    """The target's own canvases, then ever smaller ones down to MIN_SIDE_PX, for subjects with too few pixels."""
    sides = range(target.side_px, MIN_SIDE_PX - 1, -target.step_px)
    return [shapes for side in sides if (shapes := buckets(side, target.step_px))]
