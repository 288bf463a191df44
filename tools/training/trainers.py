"""Six trainers and what each makes of an image's size: its bucket, and whether it is enlarged, shrunk or cropped.

From their documentation and what they do at this writing, with the settings of `dataset.toml` where they read it and
their own defaults elsewhere: kohya's sd-scripts (docs/config_README-en.md) and musubi-tuner (docs/dataset_config.md)
with `bucket_no_upscale`; ai-toolkit (README, toolkit/buckets.py); OneTrainer (mgds, AspectBucketing); SimpleTuner
(documentation/DATALOADER.md); diffusers' examples/dreambooth (train_dreambooth_lora_*.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

Size = tuple[int, int]
"""Width and height in px."""


@dataclass(frozen=True)
class Seen:
    """One image as a trainer takes it: the bucket's width and height; what happens to the image on the way."""

    bucket: Size
    enlarged: bool
    shrunk: bool
    cropped: bool


@dataclass(frozen=True)
class Trainer:
    """A trainer. see: what becomes of an image, by its size, the resolution's side, and the step, in px.

    targets: what of ours it trains. whole_batches: what fills no batch of its bucket is left out. advice: what to do so
    that it reads the package right; {repeats} and {less} stand for num_repeats, and one less.
    """

    name: str
    targets: frozenset[str]
    see: Callable[[Size, int, int], Seen]
    whole_batches: bool
    advice: str


def _fitted(size: Size, bucket: Size) -> Seen:
    """An image scaled until it covers its bucket, and cropped to it."""
    scale = max(bucket[0] / size[0], bucket[1] / size[1])
    scaled = round(size[0] * scale), round(size[1] * scale)
    return Seen(bucket, scale > 1, scale < 1, scaled != bucket)


def kohya(size: Size, side_px: int, step_px: int) -> Seen:
    """Not enlarged; above the area shrunk to it; then cropped to multiples of the step."""
    shrink = min(1.0, math.sqrt(side_px**2 / (size[0] * size[1])))
    scaled = size if shrink == 1 else (round(size[0] * shrink), round(size[1] * shrink))
    bucket = scaled[0] // step_px * step_px, scaled[1] // step_px * step_px
    return Seen(bucket, enlarged=False, shrunk=shrink < 1, cropped=bucket != scaled)


def ai_toolkit(size: Size, side_px: int, _step_px: int) -> Seen:
    """SDXL's own shapes at the smaller of the resolution and the image's, in steps of 64; least is cropped away."""
    share = min(side_px, math.isqrt(size[0] * size[1])) / 1024
    buckets = [(int(w * share) // 64 * 64, int(h * share) // 64 * 64) for w, h in _sdxl_shapes()]
    if size in buckets:
        return Seen(size, enlarged=False, shrunk=False, cropped=False)
    return _fitted(size, min((one for one in buckets if min(one)), key=lambda one: (_lost(size, one), one)))


def _sdxl_shapes() -> list[Size]:
    """The shapes of SDXL's training (D. Podell and others: SDXL, 2023, appendix I): about 1024² in steps of 64."""
    shapes = {(1024, 1024), (1344, 704), (1152, 832), (1088, 896), (1024, 960)}
    shapes |= {(long, 1024**2 // long // 64 * 64) for long in range(1024, 2049, 64)}
    return sorted(shapes | {(height, width) for width, height in shapes})


def _lost(size: Size, bucket: Size) -> float:
    """The share of a scaled image that is cropped away."""
    scale = max(bucket[0] / size[0], bucket[1] / size[1])
    return 1 - bucket[0] * bucket[1] / (size[0] * size[1] * scale**2)


def onetrainer(size: Size, side_px: int, _step_px: int) -> Seen:
    """Shapes of the resolution's area, rounded to 64; the nearest by height to width; enlarged where smaller."""
    ratios = (1, 1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4)
    heights = [*ratios, *(1 / ratio for ratio in ratios)]
    buckets = {
        (round(side_px / math.sqrt(ratio) / 64) * 64, round(side_px * math.sqrt(ratio) / 64) * 64) for ratio in heights
    }
    aspect = size[1] / size[0]
    return _fitted(size, min(buckets, key=lambda one: (abs(one[1] / one[0] - aspect), one)))


def simpletuner(size: Size, side_px: int, _step_px: int) -> Seen:
    """The resolution's area at the image's own shape, rounded to 64; enlarged where smaller."""
    root = math.sqrt(size[0] / size[1])
    return _fitted(size, (max(64, round(side_px * root / 64) * 64), max(64, round(side_px / root / 64) * 64)))


def diffusers(size: Size, side_px: int, _step_px: int) -> Seen:
    """One square: the shorter side is brought to the resolution, and the rest of the longer one cropped away."""
    return _fitted(size, (side_px, side_px))


_ALL = frozenset({"sdxl", "flux", "wan"})
_IMAGES = frozenset({"sdxl", "flux"})

TRAINERS = (
    Trainer("sd-scripts", _IMAGES, kohya, False, "--dataset_config dataset.toml"),
    Trainer("musubi-tuner", frozenset({"wan"}), kohya, False, "--dataset_config dataset.toml"),
    Trainer("ai-toolkit", _ALL, ai_toolkit, False, "looks into folders too: give it a copy without masks/"),
    Trainer("OneTrainer", _IMAGES, onetrainer, True, "reads a mask as STEM-masklabel.png beside its image"),
    Trainer("SimpleTuner", _ALL, simpletuner, True, "caption_strategy textfile, repeats {less}, a copy without masks/"),
    Trainer(
        "diffusers",
        _IMAGES,
        diffusers,
        False,
        "--caption_column text --repeats {repeats}: it reads metadata.jsonl",
    ),
)
