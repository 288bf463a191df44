"""What a trainer would make of a package, worked out from the folder as the trainer would read it."""

from __future__ import annotations

import math
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.media.image import probe_image
from tools.training.formats import TOML
from tools.training.targets import TARGETS, Target

SMALL_SHARE = 0.5
"""Canvases below this share of the target's area are named: they are trained as they are, at fewer pixels."""


@dataclass(frozen=True)
class Seen:
    """One image as the trainer takes it: the bucket's width and height; what happens to the image on the way."""

    bucket: tuple[int, int]
    shrunk: bool
    cropped: bool


def see(width: int, height: int, target: Target) -> Seen:
    """The bucket of an image where none is enlarged (`bucket_no_upscale`).

    As sd-scripts and musubi-tuner do it: an image of at most the target's area keeps its size, a larger one is shrunk
    to that area, and either is then cropped to multiples of the step.
    """
    shrink = min(1.0, math.sqrt(target.area_px / (width * height)))
    size = (width, height) if shrink == 1 else (round(width * shrink), round(height * shrink))
    bucket = size[0] // target.step_px * target.step_px, size[1] // target.step_px * target.step_px
    return Seen(bucket, shrink < 1, bucket != size)


def training_report(folder: Path, target_name: str) -> str:
    """Buckets, images in each, repeats, steps of an epoch, and what is dropped, shrunk, cropped or small. Plain text.

    Reads the headers of the images in the folder itself (trainers do not look into masks/) and `dataset.toml`.
    """
    target = TARGETS[target_name]
    settings = tomllib.loads((folder / TOML).read_text(encoding="utf-8"))
    repeats, batch = _setting(settings, "num_repeats"), _setting(settings, "batch_size")
    images = sorted(folder.glob("*.png"))
    if not images:
        return f"{folder.name}: the package is empty. `make failures` says why."
    named = [path for path in images if _caption(path)]
    seen = []
    small = 0
    for path in named:
        facts = probe_image(path)
        seen.append(see(facts.width_px, facts.height_px, target))
        small += facts.width_px * facts.height_px < SMALL_SHARE * target.area_px
    counts = Counter(one.bucket for one in seen)
    steps = {bucket: math.ceil(count * repeats / batch) for bucket, count in counts.items()}
    lines = [f"{folder.name}: what {target.trainer} sees for {target.name}, in steps of {target.step_px} px"]
    for bucket in sorted(counts):
        size = f"{bucket[0]}×{bucket[1]}"
        lines.append(f"  {size:>9}  {counts[bucket]:3} {_images(counts[bucket])}  {steps[bucket]:4} steps")
    lines.append(
        f"  {len(named)} {_images(len(named))} × {repeats} repeats, batch size {batch}: "
        f"{sum(steps.values())} steps an epoch"
    )
    losses = {
        "dropped for want of a caption": len(images) - len(named),
        "shrunk": sum(one.shrunk for one in seen),
        "cropped": sum(one.cropped for one in seen),
    }
    told = ", ".join(f"{count} {what}" for what, count in losses.items() if count)
    lines.append(f"  {told or 'nothing dropped, shrunk or cropped'}; nothing enlarged")
    if small:
        lines.append(
            f"  {small} below {SMALL_SHARE:.0%} of {target.area_px / 1e6:.2f} megapixels: trained at their own size"
        )
    return "\n".join(lines)


def _images(count: int) -> str:
    return "image" if count == 1 else "images"


def _caption(image: Path) -> str:
    path = image.with_suffix(".txt")
    return path.read_text(encoding="utf-8").strip() if path.exists() else ""


def _setting(settings: dict[str, Any], key: str) -> int:
    """A key of dataset.toml, wherever the trainer would find it: subset, dataset, general."""
    dataset = settings["datasets"][0]
    for table in (*dataset.get("subsets", ()), dataset, settings.get("general", {})):
        if key in table:
            return int(table[key])
    return 1
