"""Packages for tests: composites written to a workspace, rows as the tool is given them, and the tool run over them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from cutouts import SOURCE, Pixels, bench
from skimage import data

from tools import package
from tools.media.image import encode_png
from tools.mill import files
from tools.mill.tool import Result
from tools.training.names import stem

FOLDER = "07_final_training/emma"
TEXTS = {"dataset.toml", "metadata.jsonl", "metadata.json", "shots.json", "manifest.json"}


def picture(number: int, width: int = 320, height: int = 320) -> Pixels:
    """A part of a photograph, another one for each number."""
    coffee = np.tile(data.coffee(), (1 + height // 200, 1 + width // 300, 1))
    return np.ascontiguousarray(coffee[number : number + height, 2 * number : 2 * number + width])


def row(base: Path, number: int, pixels: Pixels | None = None, text: str | None = "", **columns: Any) -> dict[str, Any]:
    """Write a composite with its mask; returns a row as `sql/inputs/package.sql` gives it."""
    pixels = picture(number) if pixels is None else pixels
    mask = np.zeros(pixels.shape[:2], np.uint8)
    mask[40:, 40:-40] = 255
    image = files.store(base, f"05_augmented/emma/{number}.png", encode_png(pixels))
    cover = files.store(base, f"05_augmented/emma/masks/{number}.png", encode_png(mask))
    text = f"ohwx, woman, picture of number {number}" if text == "" else text
    values = {"item_id": number, "kind": "composite", "address": f"{SOURCE}/t{number:013.6f}/p0500-0500/emma/v0"}
    values |= {"path": image.path, "sha256": image.sha256, "mask_path": cover.path, "mask_sha256": cover.sha256}
    values |= {"width": pixels.shape[1], "height": pixels.shape[0], "mode": "flat", "rank": number}
    values |= {"shot": "mid", "view": "front", "ground": 0 if text is not None else None}
    caption = (100 + number, "c0ffee") if text is not None else (None, None)
    values |= {"caption_lack": None, "caption_lack_detail": None}
    return values | {"text": text, "caption_id": caption[0], "caption_version": caption[1]} | columns


def make(
    base: Path, rows: list[dict[str, Any]], params: package.Params | None = None, **dataset: Any
) -> dict[int, Result]:
    settings = {"trigger": "ohwx", "class_word": "woman", **dataset}
    return dict(package.work_set(rows, bench(base, params or package.Params(), **settings)))


def name_of(one: dict[str, Any]) -> str:
    return stem(one["address"], one["sha256"])


def listing(folder: Path) -> dict[str, str]:
    """Every file below a folder with its digest."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def packed(results: Mapping[int, Result]) -> dict[int, package.Packed]:
    """Those that went into the package."""
    return {item_id: result for item_id, result in results.items() if isinstance(result, package.Packed)}
