"""The package as a folder: built beside the one it replaces, every pair opened again, then swapped in whole."""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.media.errors import MediaError
from tools.media.image import read_rgb
from tools.mill.settings import UsageError
from tools.mill.tool import Dataset
from tools.training.caches import carry_over, files_of, read_manifest
from tools.training.formats import EMPTY, MANIFEST, METADATA, TOML, dataset_toml, manifest_json, metadata_jsonl
from tools.training.pairs import Pair
from tools.training.swap import part_of, recover, swap_in
from tools.training.targets import target_of

EMPTY_TEXT = "This package is empty: no image passed every step. `make failures` says why.\n"


def publish(folder: Path, pairs: Sequence[Pair], dataset: Dataset, num_repeats: int, batch_size: int) -> str:
    """Make `folder` hold these pairs and return the package's digest. An unchanged and whole package is not touched.

    Raises UsageError where the folder holds somebody else's files, and OSError, with the old package still in its
    place, where the disk is full or a pair does not reopen.
    """
    recover(folder)
    _refuse_strangers(folder)
    toml = dataset_toml(len(pairs), target_of(dataset.target), num_repeats, batch_size)
    manifest = manifest_json(pairs, dataset, toml)
    digest = str(json.loads(manifest)["digest"])
    if is_whole(folder, digest):
        return digest
    part = part_of(folder)
    try:
        _build(part, pairs, {TOML: toml, METADATA: metadata_jsonl(pairs), MANIFEST: manifest})
        if not is_whole(part, digest):
            raise OSError(errno.EIO, "It does not hold what was just written to it", str(part))
        carry_over(folder, part)
        swap_in(folder)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return digest


def _refuse_strangers(folder: Path) -> None:
    """Raise UsageError where the folder holds files that no package of ours brought there: they would be lost."""
    if folder.is_dir() and any(folder.iterdir()) and read_manifest(folder) is None:
        raise UsageError(
            f"{folder} holds files, but no {MANIFEST} that says they are a package. Move them to another place: "
            "the package will stand there."
        )


def is_whole(folder: Path, digest: str) -> bool:
    """True where a folder holds the package of that digest: every image and mask as recorded, every caption one line.

    What a caption says is not compared: a person may have edited it, and that is no reason to write over it.
    """
    manifest = read_manifest(folder)
    if manifest is None or manifest.get("digest") != digest:
        return False
    return all(_reopens(folder, image) for image in manifest["images"])


def _reopens(folder: Path, image: Mapping[str, Any]) -> bool:
    path, mask, text = (folder / name for name in files_of(image["stem"]))
    try:
        same = _digest(path) == image["sha256"] and _digest(mask) == image["mask_sha256"]
        pixels = read_rgb(path)
        lines = text.read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, MediaError, UnicodeDecodeError):
        return False
    right_size = pixels.shape[:2] == (image["height_px"], image["width_px"])
    return same and right_size and len(lines) == 1 and bool(lines[0].strip())


def _build(part: Path, pairs: Sequence[Pair], texts: Mapping[str, str]) -> None:
    """Write a package into a new folder. Images are copied, not linked: work on a package harms no composite."""
    (part / "masks").mkdir(parents=True)
    for pair in pairs:
        image, mask, caption = (part / name for name in files_of(pair.stem))
        shutil.copyfile(pair.source, image)
        shutil.copyfile(pair.mask_source, mask)
        caption.write_text(pair.text + "\n", encoding="utf-8")
    if not pairs:
        (part / EMPTY).write_text(EMPTY_TEXT, encoding="utf-8")
    for name, text in texts.items():
        (part / name).write_text(text, encoding="utf-8")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
