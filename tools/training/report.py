"""What trainers would make of a package, worked out from the folder as a trainer would read it."""

from __future__ import annotations

import math
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.mill.settings import UsageError
from tools.mill.words import command
from tools.training.edits import content_of
from tools.training.names import TOML
from tools.training.targets import Target, target_of
from tools.training.trainers import TRAINERS, Seen, Size, Trainer

MOST_BUCKETS = 10
"""So many buckets are listed, the fullest; the rest is counted."""

SMALL_SHARE = 0.5
"""Canvases below this share of the target's area are named: they are trained as they are, at fewer pixels."""


@dataclass(frozen=True)
class Contents:
    """A package as trainers find it: the sizes of its images, how many have no caption or cannot be read, and what
    dataset.toml says.
    """

    name: str
    sizes: tuple[Size, ...]
    without_caption: int
    side_px: int
    step_px: int
    repeats: int
    batch: int
    unreadable: int = 0


@dataclass(frozen=True)
class Fate:
    """What one trainer makes of a package. steps: optimizer steps of an epoch. left_out: images that fill no batch."""

    seen: tuple[Seen, ...]
    buckets: Counter[Size]
    steps: dict[Size, int]
    left_out: int


def contents(folder: Path, target: Target) -> Contents:
    """Read the headers of the images in the folder itself, and its `dataset.toml`, which a person may have edited.

    Raises UsageError where dataset.toml is none that a trainer could take.
    """
    try:
        settings = _toml(folder / TOML)
        resolution = _numbers(settings, "resolution", target.side_px)
        side = round(math.prod(resolution) ** (1 / len(resolution)))
        names = {"bucket_reso_steps": target.step_px, "num_repeats": 1, "batch_size": 1}
        step, repeats, batch = (_numbers(settings, name, default)[0] for name, default in names.items())
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{folder / TOML} cannot be read ({error}). Mend it, or delete it to have ours put there."
        ) from error
    images = sorted(folder.glob("*.png"))
    sizes = [size for path in images if (size := _size_of(path))]
    without = sum(not _caption(path) for path in images)
    return Contents(folder.name, tuple(sizes), without, side, step, repeats, batch, len(images) - len(sizes))


def _size_of(path: Path) -> Size | None:
    """None where the file is no picture: a trainer stops there."""
    from tools.media.errors import MediaError
    from tools.media.image import probe_image

    try:
        facts = probe_image(path)
    except (MediaError, OSError):
        return None
    return facts.width_px, facts.height_px


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise ValueError("it is not UTF-8") from error


def fate(found: Contents, trainer: Trainer) -> Fate:
    """Put every image into its bucket and count the steps."""
    seen = tuple(trainer.see(size, found.side_px, found.step_px) for size in found.sizes)
    buckets = Counter(one.bucket for one in seen)
    shown = {bucket: count * found.repeats for bucket, count in buckets.items()}
    if not trainer.whole_batches:
        return Fate(seen, buckets, {bucket: math.ceil(count / found.batch) for bucket, count in shown.items()}, 0)
    left_out = sum(buckets[bucket] for bucket, count in shown.items() if count < found.batch)
    return Fate(seen, buckets, {bucket: count // found.batch for bucket, count in shown.items()}, left_out)


def training_report(folder: Path, target_name: str) -> str:
    """What the target's own trainer sees: buckets, images in each, repeats, steps, losses. Plain text."""
    target = target_of(target_name)
    found = contents(folder, target)
    if not found.sizes:
        return f"{folder.name}: the package is empty. `{command(folder.parent.parent, 'failures')}` says why."
    trainer = next(one for one in TRAINERS if one.name == target.trainer)
    made = fate(found, trainer)
    lines = [f"{folder.name}: what {target.trainer} sees for {target.name}, in steps of {found.step_px} px"]
    listed, more = _fullest(made, MOST_BUCKETS)
    for bucket in sorted(listed):
        count = made.buckets[bucket]
        lines.append(f"  {_size(bucket):>9}  {count:3} {_images(count):6}  {made.steps[bucket]:4} steps")
    lines += [f"  and {more}"] if more else []
    lines.append(
        f"  {len(found.sizes)} {_images(len(found.sizes))} × {found.repeats} repeats, batch size {found.batch}: "
        f"{sum(made.steps.values())} steps an epoch"
    )
    lines.append(f"  {_lost(made, found)}")
    small = sum(width * height < SMALL_SHARE * found.side_px**2 for width, height in found.sizes)
    if small:
        area = found.side_px**2 / 1e6
        lines.append(f"  {small} below {SMALL_SHARE:.0%} of {area:.2f} megapixels: trained at their own size")
    return "\n".join(lines)


def trainers_report(folder: Path, target_name: str) -> str:
    """A line or two for each trainer: buckets with their images, repeats, steps, losses, advice. Plain text."""
    target = target_of(target_name)
    found = contents(folder, target)
    if not found.sizes:
        return f"{folder.name}: the package is empty. `{command(folder.parent.parent, 'failures')}` says why."
    count = len(found.sizes)
    lines = [
        f"{folder.name}: {count} {_images(count)} for {target.name} at {found.side_px} px, {found.repeats} repeats, "
        f"batch size {found.batch}"
    ]
    for trainer in TRAINERS:
        if target.name not in trainer.targets:
            lines.append(f"  {trainer.name}: does not train {target.name}")
            continue
        made = fate(found, trainer)
        steps = sum(made.steps.values())
        lines.append(f"  {trainer.name}: {_listed(made)}; {steps} steps an epoch; {_lost(made, found)}")
        lines.append(f"    {trainer.advice.format(repeats=found.repeats, less=found.repeats - 1)}")
    return "\n".join(lines)


def _listed(made: Fate) -> str:
    """The fullest buckets with their images, on one line."""
    listed, more = _fullest(made, 6)
    told = ", ".join(f"{_size(bucket)} {made.buckets[bucket]}" for bucket in listed)
    return f"{told}, and {more}" if more else told


def _fullest(made: Fate, at_most: int) -> tuple[list[Size], str]:
    """The buckets with most images, and how many there are beside."""
    ordered = sorted(made.buckets, key=lambda bucket: (-made.buckets[bucket], bucket))
    more = len(ordered) - at_most
    return ordered[:at_most], f"{more} {'bucket' if more == 1 else 'buckets'} more" if more > 0 else ""


def losses(made: Fate, found: Contents) -> dict[str, int]:
    """What of the images is lost or changed, in words, and how many; without what is nothing."""
    counts = {
        "unreadable": found.unreadable,
        "without a caption": found.without_caption,
        "dropped for want of a full batch": made.left_out,
        "enlarged": sum(one.enlarged for one in made.seen),
        "shrunk": sum(one.shrunk for one in made.seen),
        "cropped": sum(one.cropped for one in made.seen),
    }
    return {what: n for what, n in counts.items() if n}


def _lost(made: Fate, found: Contents) -> str:
    told = ", ".join(f"{n} {what}" for what, n in losses(made, found).items())
    return told or "nothing dropped, enlarged, shrunk or cropped"


def _size(bucket: Size) -> str:
    return f"{bucket[0]}×{bucket[1]}"


def _images(count: int) -> str:
    return "image" if count == 1 else "images"


def _caption(image: Path) -> str:
    return content_of(image.with_suffix(".txt")).decode(errors="replace").strip()


def _numbers(settings: dict[str, Any], key: str, default: int) -> Sequence[int]:
    """A key of dataset.toml, wherever the trainer would find it: subset, dataset, general. A resolution may be two."""
    (dataset, *_) = _tables(settings, "datasets") or [{}]
    places = (*_tables(dataset, "subsets"), dataset, *_tables({"general": [settings.get("general", {})]}, "general"))
    value = next((table[key] for table in places if key in table), default)
    pair = value if isinstance(value, list) and key == "resolution" and len(value) == 2 else [value]
    if not all(type(one) is int and one > 0 for one in pair):
        raise ValueError(f"{key} is {value!r}, which is no whole number above 0")
    return pair


def _tables(settings: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = settings.get(name, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ValueError(f"{name} is {found!r}, and is to be tables")
    return found
