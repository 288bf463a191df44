"""The texts of a package: what kohya's trainers, Hugging Face and people read beside the images."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from tools.mill.tool import Dataset
from tools.training.pairs import Pair
from tools.training.targets import Target

MANIFEST, METADATA, TOML, EMPTY = "manifest.json", "metadata.jsonl", "dataset.toml", "EMPTY.txt"

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
  # To learn from the subject alone, start the trainer with --masked_loss and take the mark off the next line.
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


def manifest_json(pairs: Sequence[Pair], dataset: Dataset, toml: str) -> str:
    """What each image was made from, by address and digest: no path of a source, no name but the trigger."""
    images = [_image(pair) for pair in pairs]
    content = {"kind": dataset.kind, "target": dataset.target, "trigger": dataset.trigger, "class": dataset.class_word}
    text = json.dumps([content, images, toml], sort_keys=True)
    told = {"format": 1, "digest": hashlib.sha256(text.encode()).hexdigest(), **content, "count": len(images)}
    return json.dumps(told | {"images": images}, indent=2, ensure_ascii=False) + "\n"


def _image(pair: Pair) -> dict[str, Any]:
    *cutout, _, variant = pair.address.split("/")
    return {
        "stem": pair.stem,
        "sha256": pair.sha256,
        "mask_sha256": pair.mask_sha256,
        "caption_sha256": hashlib.sha256(pair.text.encode()).hexdigest(),
        "caption_version": pair.caption_version,
        "width_px": pair.width_px,
        "height_px": pair.height_px,
        "ground": pair.mode,
        "cutout": "/".join(cutout),
        "variant": variant,
    }
