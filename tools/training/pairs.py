"""Pairs of image and caption: opened, compared with what was recorded, and fit for training or not."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.media.errors import MediaError
from tools.media.image import read_rgb
from tools.training.names import stem


@dataclass(frozen=True)
class Pair:
    """An image, its mask and its caption. source, mask_source: the files; sizes in px; address: of the composite."""

    item_id: int
    caption_id: int
    address: str
    stem: str
    source: Path
    sha256: str
    mask_source: Path
    mask_sha256: str
    width_px: int
    height_px: int
    mode: str
    text: str
    caption_version: str


@dataclass(frozen=True)
class Checked:
    """The pairs that are good, in the order of the rows, and by item id (reason, sentence) for the others."""

    pairs: tuple[Pair, ...]
    refused: Mapping[int, tuple[str, str]]


def check(rows: Sequence[Mapping[str, Any]], base: Path, min_canvas_mp: float) -> Checked:
    """Open every image and mask wholly and judge the pairs. Of images with the same pixels the first row's stays."""
    pairs: list[Pair] = []
    refused: dict[int, tuple[str, str]] = {}
    seen: dict[str, str] = {}
    for row in rows:
        fault = _fault(row, base, min_canvas_mp, seen)
        if fault:
            refused[row["item_id"]] = fault
        else:
            pairs.append(_pair(row, base))
    return Checked(tuple(pairs), refused)


def _pair(row: Mapping[str, Any], base: Path) -> Pair:
    return Pair(
        row["item_id"],
        row["caption_id"],
        row["address"],
        stem(row["address"], row["sha256"]),
        base / row["path"],
        row["sha256"],
        base / row["mask_path"],
        row["mask_sha256"],
        row["width"],
        row["height"],
        row["mode"],
        row["text"],
        row["caption_version"],
    )


def _fault(row: Mapping[str, Any], base: Path, min_canvas_mp: float, seen: dict[str, str]) -> tuple[str, str] | None:
    """What stands against a row. seen: pixels' digests of the images before it, with their paths; grown here."""
    sizes = []
    pixels_digest = ""
    for path, sha256 in ((row["mask_path"], row["mask_sha256"]), (row["path"], row["sha256"])):
        opened = _opened(base / path, sha256)
        if isinstance(opened, str):
            return "unreadable", f"{path} {opened}"
        (width, height), pixels_digest = opened
        sizes.append((width, height))
    if sizes[0] != sizes[1]:
        return "unreadable", f"{row['mask_path']} has {sizes[0]} px, its image {sizes[1]}."
    megapixels = sizes[1][0] * sizes[1][1] / 1e6
    if megapixels < min_canvas_mp:
        size = f"{sizes[1][0]}×{sizes[1][1]} px are {megapixels:.3f} megapixels"
        return "too_small_for_training", f"{size}, below package.min_canvas_mp = {min_canvas_mp:g}."
    if not row["caption_id"] or not (row["text"] or "").strip():
        return "missing_caption", "No caption passed for its cutout."
    if pixels_digest in seen:
        return "duplicate_image", f"Kept instead: {seen[pixels_digest]}, which has the same pixels."
    seen[pixels_digest] = row["path"]
    return None


def _opened(path: Path, sha256: str) -> tuple[tuple[int, int], str] | str:
    """Width and height, and a digest of the pixels; or the end of a sentence about what is wrong."""
    try:
        if hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
            return "does not hold what was written there. Delete it and run composite again."
        pixels = read_rgb(path)
    except FileNotFoundError:
        return "is gone. Run composite again."
    except MediaError as error:
        return f"cannot be opened: {error.detail}"
    height, width = pixels.shape[:2]
    return (width, height), hashlib.sha256(f"{width}x{height}".encode() + pixels.tobytes()).hexdigest()
