"""The texts of a package: what kohya's trainers, Hugging Face and people read beside the images."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tools.mill.tool import Dataset
from tools.training.edits import digest
from tools.training.pairs import Pair
from tools.training.targets import Target

FORMAT = 2
"""Of manifest.json; raised when what it says changes."""

SHOTS_OF_ALL = ("close", "mid", "far", "unknown")

_WHERE = """\
# {images} images. Start the trainer in this folder, so that "." is found:
#     {command} --dataset_config dataset.toml …
# or write the full path of this folder in place of ".".
"""

_SD_SCRIPTS = """\
[general]
enable_bucket = true
bucket_no_upscale = true        # no image is enlarged: softness would be learned
bucket_reso_steps = {step}
caption_extension = ".txt"
flip_aug = false                # faces and writing are not symmetric

[[datasets]]
resolution = [{side}, {side}]
batch_size = {batch}

  [[datasets.subsets]]
  image_dir = "."
  num_repeats = {repeats}
  # Masked loss, to learn from the subject alone: start the trainer with --masked_loss and take the mark off the next
  # line. The masks are white where the subject is, and have the names of their images.
  # conditioning_data_dir = "masks"
"""

_MUSUBI = """\
[general]
resolution = [{side}, {side}]   # buckets in steps of {step}, which this trainer knows by the model
caption_extension = ".txt"
batch_size = {batch}
enable_bucket = true
bucket_no_upscale = true        # no image is enlarged: softness would be learned

[[datasets]]
image_directory = "."
cache_directory = "cache"       # kept for unchanged images when the package is made anew
num_repeats = {repeats}
# Masked loss: this trainer has none. masks/ holds one for each image, by its name, white where the subject is.
"""


def dataset_toml(images: int, target: Target, num_repeats: int, batch_size: int) -> str:
    """`dataset.toml` for sd-scripts, or for musubi-tuner, whose keys differ and which refuses what it does not know."""
    body = {"sd-scripts": _SD_SCRIPTS, "musubi-tuner": _MUSUBI}[target.trainer]
    values = {"side": target.side_px, "step": target.step_px, "batch": batch_size, "repeats": num_repeats}
    where = _WHERE.format(images=images, command=f"accelerate launch {target.trainer.upper()}/{target.program}")
    return where + "\n" + body.format(**values)


def metadata_jsonl(pairs: Sequence[Pair]) -> str:
    """One JSON object a line, as Hugging Face's `imagefolder` reads it: file_name, text."""
    lines = [json.dumps({"file_name": f"{pair.stem}.png", "text": pair.text}, ensure_ascii=False) for pair in pairs]
    return "".join(f"{line}\n" for line in lines)


def shots_json(pairs: Sequence[Pair]) -> str:
    """The files by framing: close, mid, far, unknown."""
    files = {shot: [f"{pair.stem}.png" for pair in pairs if pair.shot == shot] for shot in SHOTS_OF_ALL}
    return json.dumps(files, indent=2) + "\n"


def metadata_json(pairs: Sequence[Pair], dataset: Dataset) -> str:
    """What the package is: trigger, class, target, and how many images of which framing, view, ground and size."""
    content = {"trigger": dataset.trigger, "class": dataset.class_word, "kind": dataset.kind, "target": dataset.target}
    counts = {
        "shots": {shot: sum(pair.shot == shot for pair in pairs) for shot in SHOTS_OF_ALL},
        "views": _counted([pair.view or "unknown" for pair in pairs]),
        "grounds": _counted([pair.mode for pair in pairs]),
        "sizes": _counted([f"{pair.width_px}x{pair.height_px}" for pair in pairs]),
    }
    return json.dumps(content | {"images": len(pairs)} | counts, indent=2, ensure_ascii=False) + "\n"


def _counted(words: Sequence[str]) -> dict[str, int]:
    return dict(sorted(Counter(words).items()))


def manifest_json(pairs: Sequence[Pair], dataset: Dataset, texts: Mapping[str, str]) -> str:
    """What each image was made from, by address and digest: no path of a source, no name but the trigger.

    texts: the other texts of the package by name, of which it keeps the digests.
    """
    images = [_image(pair) for pair in pairs]
    content = {"kind": dataset.kind, "target": dataset.target, "trigger": dataset.trigger, "class": dataset.class_word}
    files = {name: digest(text) for name, text in sorted(texts.items())}
    whole = json.dumps([FORMAT, content, images, files], sort_keys=True)
    told = {"format": FORMAT, "digest": digest(whole), **content, "count": len(images), "files": files}
    return json.dumps(told | {"images": images}, indent=2, ensure_ascii=False) + "\n"


def _image(pair: Pair) -> dict[str, Any]:
    *cutout, _, variant = pair.address.split("/")
    return {
        "stem": pair.stem,
        "sha256": pair.sha256,
        "mask_sha256": pair.mask_sha256,
        "bytes": pair.source.stat().st_size,
        "mask_bytes": pair.mask_source.stat().st_size,
        "caption_sha256": digest(pair.text),
        "caption_version": pair.caption_version,
        "width_px": pair.width_px,
        "height_px": pair.height_px,
        "ground": pair.mode,
        "shot": pair.shot,
        "cutout": "/".join(cutout),
        "variant": variant,
    }
