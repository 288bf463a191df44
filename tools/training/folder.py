"""The package as a folder: built beside the one it replaces, every pair opened again, then swapped in whole."""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.media.errors import MediaError
from tools.media.image import read_rgb
from tools.mill.settings import UsageError
from tools.mill.tool import Dataset
from tools.training.caches import carry_over
from tools.training.edits import content_of, digest, one_line, read_manifest, stands, touched
from tools.training.formats import dataset_toml, manifest_json, metadata_json, metadata_jsonl, shots_json
from tools.training.names import EMPTY, MANIFEST, METADATA, NEW_TOML, SHOTS, SUMMARY, TOML, files_of
from tools.training.pairs import Pair
from tools.training.swap import part_of, previous_of, recover, swap_back, swap_in
from tools.training.targets import target_of

EMPTY_TEXT = "This package is empty: no image passed every step. `make failures` says why.\n"


@dataclass(frozen=True)
class Published:
    """A package that stands. digest: of all that is in it. swapped: it was made anew, and the one before kept."""

    digest: str
    swapped: bool


def texts_of(pairs: Sequence[Pair], dataset: Dataset, num_repeats: int, batch_size: int) -> dict[str, str]:
    """The texts that stand beside images, masks and captions, by name; manifest.json among them."""
    texts = {
        TOML: dataset_toml(len(pairs), target_of(dataset.target), num_repeats, batch_size),
        METADATA: metadata_jsonl(pairs),
        SHOTS: shots_json(pairs),
        SUMMARY: metadata_json(pairs, dataset),
    }
    return texts | {MANIFEST: manifest_json(pairs, dataset, texts)}


def standing(
    folder: Path, pairs: Sequence[Pair], dataset: Dataset, num_repeats: int, batch_size: int
) -> Published | None:
    """The package of these pairs where it stands already, told without opening an image; else None."""
    recover(folder)
    wanted = str(json.loads(texts_of(pairs, dataset, num_repeats, batch_size)[MANIFEST])["digest"])
    return Published(wanted, swapped=False) if stands(folder, wanted) else None


def publish(
    folder: Path,
    pairs: Sequence[Pair],
    dataset: Dataset,
    num_repeats: int,
    batch_size: int,
    edits: Mapping[str, bytes],
) -> Published:
    """Make `folder` hold these pairs. An unchanged and whole package is not touched.

    edits: by stem, the edited captions that were there when they were read back. A dataset.toml that a person edited
    stays, and ours lies beside it as dataset.new.toml.

    Raises UsageError where the folder holds somebody else's files or somebody wrote there meanwhile, and OSError where
    the disk is full or a pair does not reopen: each time with the old package still in its place.
    """
    recover(folder)
    _refuse_strangers(folder)
    texts = texts_of(pairs, dataset, num_repeats, batch_size)
    wanted = str(json.loads(texts[MANIFEST])["digest"])
    if is_whole(folder, wanted):
        return Published(wanted, swapped=False)
    written = {name: text.encode() for name, text in texts.items()}
    toml = content_of(folder / TOML)
    if touched(folder).toml:
        written |= {NEW_TOML: written[TOML], TOML: toml}
    part, stood = part_of(folder), folder.exists()
    try:
        _build(part, pairs, written)
        if not is_whole(part, wanted):
            raise OSError(errno.EIO, "It does not hold what was just written to it", str(part))
        carry_over(folder, part)
        _refuse_late(folder, folder, edits, toml)
        swap_in(folder)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    if stood:
        try:
            _refuse_late(previous_of(folder), folder, edits, toml)
        except UsageError:
            swap_back(folder)
            raise
    return Published(wanted, swapped=True)


def _refuse_late(where: Path, folder: Path, edits: Mapping[str, bytes], toml: bytes) -> None:
    """Raise UsageError where the package, wherever it lies now, holds texts that nobody has read back yet."""
    late = [files_of(stem)[2] for stem, text in touched(where).texts.items() if edits.get(stem) != text]
    late += [TOML] if content_of(where / TOML) != toml else []
    if late:
        raise UsageError(
            f"{', '.join(str(folder / name) for name in late)}: edited while the package was made anew. It is kept, "
            "and nothing else has changed: type make again."
        )


def _refuse_strangers(folder: Path) -> None:
    """Raise UsageError where the folder holds files that no package of ours brought there: they would be lost."""
    if folder.is_dir() and any(folder.iterdir()) and read_manifest(folder) is None:
        raise UsageError(
            f"{folder} holds files, but no {MANIFEST} that says they are a package. Move them to another place: "
            "the package will stand there."
        )


def is_whole(folder: Path, wanted: str) -> bool:
    """True where a folder holds the package of that digest: every image, mask and text as recorded.

    dataset.toml need only be there: a person may have edited it, and that is no reason to write over it.
    """
    manifest = read_manifest(folder)
    if manifest is None or manifest.get("digest") != wanted:
        return False
    names = {TOML, *manifest["files"]}
    if any(not (folder / name).is_file() for name in names):
        return False
    same = all(digest(content_of(folder / name)) == manifest["files"][name] for name in names - {TOML})
    return same and all(_reopens(folder, image) for image in manifest["images"])


def _reopens(folder: Path, image: Mapping[str, Any]) -> bool:
    path, mask, text = (folder / name for name in files_of(image["stem"]))
    try:
        if digest(content_of(path)) != image["sha256"] or digest(content_of(mask)) != image["mask_sha256"]:
            return False
        pixels = read_rgb(path)
        line = content_of(text).decode()
    except (FileNotFoundError, MediaError, UnicodeDecodeError):
        return False
    right_size = pixels.shape[:2] == (image["height_px"], image["width_px"])
    return right_size and line == one_line(line) + "\n" and digest(one_line(line)) == image["caption_sha256"]


def _build(part: Path, pairs: Sequence[Pair], texts: Mapping[str, bytes]) -> None:
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
        (part / name).write_bytes(text)
