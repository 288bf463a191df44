"""A trainer's own files: found in the package that is replaced, and carried over where they still hold."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.training.edits import read_manifest
from tools.training.names import EMPTY, MANIFEST, METADATA, NEW_TOML, SHOTS, SUMMARY, TOML, files_of

_OF_ALL = frozenset({"metadata_cache.json"})
"""Caches that speak of the whole folder, captions included; sd-scripts makes it with `cache_info`."""

_OF_TEXT = re.compile(r"_te[_.0-9]", re.IGNORECASE)
"""In the name of what a trainer computed from a caption: `STEM_te_outputs.npz`, `STEM_wan_te.safetensors`."""


def written(manifest: dict[str, Any]) -> set[str]:
    """The files that a package with this manifest was made with, as paths below it."""
    names = {MANIFEST, METADATA, TOML, NEW_TOML, SHOTS, SUMMARY, EMPTY}
    return names.union(*(files_of(image["stem"]) for image in manifest["images"]))


def carry_over(old: Path, new: Path) -> int:
    """Link (or copy) into the new package the files and links that others put into the old one; returns how many.

    Left behind: what belongs to an image that is gone or changed, what was computed from a caption that changed, caches
    of the whole folder, and everything where the old folder has no manifest that tells ours from theirs.
    """
    before, after = read_manifest(old), read_manifest(new)
    if before is None or after is None:
        return 0
    ours = written(before) | written(after)
    captions = {image["stem"]: image["caption_sha256"] for image in after["images"]}
    stems = {image["stem"]: image["caption_sha256"] for image in before["images"]}
    count = 0
    for path in _files(old):
        if path in ours or os.path.basename(path) in _OF_ALL:
            continue
        stem = _stem_of(os.path.basename(path), stems)
        if stem is not None and stem not in captions:
            continue
        if stem is not None and stems[stem] != captions[stem] and _OF_TEXT.search(os.path.basename(path)[len(stem) :]):
            continue
        _link(old / path, new / path)
        count += 1
    return count


def theirs(folder: Path) -> list[str]:
    """The files and links that others put into a package, as paths below it; nothing where no manifest tells whose."""
    manifest = read_manifest(folder)
    return [] if manifest is None else [path for path in _files(folder) if path not in written(manifest)]


def _files(folder: Path) -> Iterator[str]:
    for root, _, names in os.walk(folder):
        for name in sorted(names):
            path = os.path.join(root, name)
            # A pipe or a socket holds nothing that could be kept.
            if os.path.islink(path) or os.path.isfile(path):
                yield os.path.relpath(path, folder)


def _stem_of(name: str, stems: dict[str, str]) -> str | None:
    """The image that a file's name begins with."""
    return next((stem for stem in stems if name.startswith(stem) and name[len(stem) :][:1] in "._-"), None)


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        # Some file systems know no links.
        shutil.copy2(source, target, follow_symlinks=False)
