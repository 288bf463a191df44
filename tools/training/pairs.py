"""Pairs of image and caption: opened, compared with what was recorded, and fit for training or not.

A limit decides who is too small; whom it keeps out is not opened.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.media.errors import MediaError
from tools.media.image import read_rgb
from tools.training.grounds import with_ground
from tools.training.names import stem


@dataclass(frozen=True)
class Pair:
    """An image, its mask and its caption. source, mask_source: the files; sizes in px; address: of the composite.

    shot: as the dataset's quotas count it. text: the caption's, and a clause about the ground where that was asked for.
    """

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
    shot: str
    view: str | None
    text: str
    caption_version: str


@dataclass(frozen=True)
class Checked:
    """The pairs that are good, in the order of the rows, and by item id (reason, sentence) for the others."""

    pairs: tuple[Pair, ...]
    refused: Mapping[int, tuple[str, str]]


@dataclass(frozen=True)
class _Opened:
    """A picture that was opened whole: its size in px, and a digest of its pixels."""

    size: tuple[int, int]
    pixels: NDArray[np.uint8]
    digest: str


def check(rows: Sequence[Mapping[str, Any]], base: Path) -> Checked:
    """Open every image and mask wholly and judge the pairs. Of images with the same pixels the first row's stays."""
    pairs: list[Pair] = []
    refused: dict[int, tuple[str, str]] = {}
    seen: dict[str, str] = {}
    for row in rows:
        judged = _judge(row, base, seen)
        if isinstance(judged, Pair):
            pairs.append(judged)
        else:
            refused[row["item_id"]] = judged
    return Checked(tuple(pairs), refused)


def unopened(rows: Sequence[Mapping[str, Any]], base: Path) -> tuple[Pair, ...] | None:
    """The pairs as the manifest has them; None where one must be opened first, to name its ground or to refuse it."""
    if any(row["ground"] or not row["caption_id"] or not (row["text"] or "").strip() for row in rows):
        return None
    pairs = tuple(_pair(row, base, row["text"]) for row in rows)
    there = all(path.is_file() for pair in pairs for path in (pair.source, pair.mask_source))
    return pairs if there else None


def _judge(row: Mapping[str, Any], base: Path, seen: dict[str, str]) -> Pair | tuple[str, str]:
    """The pair of a row, or what stands against it. seen: by digest of the pixels the images before it; grown here."""
    opened = []
    for path, sha256 in ((row["mask_path"], row["mask_sha256"]), (row["path"], row["sha256"])):
        one = _open(base / path, sha256)
        if isinstance(one, str):
            return "unreadable", f"{path} {one}"
        opened.append(one)
    mask, image = opened
    if mask.size != image.size:
        return "unreadable", f"{row['mask_path']} has {mask.size} px, its image {image.size}."
    if not row["caption_id"] or not (row["text"] or "").strip():
        return "missing_caption", "No caption passed for its cutout."
    if image.digest in seen:
        return "duplicate_image", f"Kept instead: {seen[image.digest]}, which has the same pixels."
    seen[image.digest] = row["path"]
    text = with_ground(row["text"], row["mode"], image.pixels, mask.pixels) if row["ground"] else row["text"]
    return _pair(row, base, text)


def _pair(row: Mapping[str, Any], base: Path, text: str) -> Pair:
    return Pair(
        item_id=row["item_id"],
        caption_id=row["caption_id"],
        address=row["address"],
        stem=stem(row["address"], row["sha256"]),
        source=base / row["path"],
        sha256=row["sha256"],
        mask_source=base / row["mask_path"],
        mask_sha256=row["mask_sha256"],
        width_px=row["width"],
        height_px=row["height"],
        mode=row["mode"],
        shot=row["shot"],
        view=row["view"],
        text=text,
        caption_version=row["caption_version"],
    )


def _open(path: Path, sha256: str) -> _Opened | str:
    """A picture, or the end of a sentence about what is wrong with it."""
    try:
        if hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
            return "does not hold what was written there. Delete it and run composite again."
        pixels = read_rgb(path)
    except FileNotFoundError:
        return "is gone. Run composite again."
    except MediaError as error:
        return f"cannot be opened: {error.detail}"
    height, width = pixels.shape[:2]
    digest = hashlib.sha256(f"{width}x{height}".encode() + pixels.tobytes()).hexdigest()
    return _Opened((width, height), pixels, digest)
