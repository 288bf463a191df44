"""What people did in a package by hand: texts they edited, files they took away or put in. Standard library only."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.training.names import MANIFEST, TOML, files_of

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".avif", ".jxl"})
"""What trainers take for a training image when it lies beside ours."""


@dataclass(frozen=True)
class Touched:
    """What differs between a package and what was written.

    texts: by stem, the bytes of a caption that says something else; blank ones count as gone. gone: files that are not
    there. changed: images and masks of another size in bytes. added: images that no package of ours brought. toml:
    somebody edited dataset.toml.
    """

    texts: Mapping[str, bytes]
    gone: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    toml: bool = False

    @property
    def calls_for_work(self) -> bool:
        """True where the next make has something to read back or to put back."""
        return bool(self.texts or self.gone or self.changed)


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest.json of a package; None where there is none that can be read, as in a folder that is not ours."""
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return content if isinstance(content, dict) and isinstance(content.get("images"), list) else None
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None


def one_line(text: str) -> str:
    """A text with every run of white space, line breaks included, as one space, and none at its ends."""
    return " ".join(text.split())


def digest(content: bytes | str) -> str:
    """SHA-256 as hexadecimal digits; of a text in UTF-8."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def touched(folder: Path) -> Touched:
    """Compare a package with its own manifest by names, sizes and texts; no image is opened.

    Of a folder that is none of ours nothing is said.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        return Touched({})
    texts: dict[str, bytes] = {}
    gone, changed = [], []
    for image in manifest["images"]:
        picture, mask, caption = files_of(image["stem"])
        for name, key in ((picture, "bytes"), (mask, "mask_bytes")):
            size = _size(folder / name)
            if size is None:
                gone.append(name)
            elif size != image.get(key, size):
                changed.append(name)
        content = _content(folder / caption)
        if not content.strip():
            gone.append(caption)
        elif _says_otherwise(content, image["caption_sha256"]):
            texts[image["stem"]] = content
    toml, wrote = _content(folder / TOML), manifest.get("files", {}).get(TOML)
    gone += [] if toml else [TOML]
    edited = bool(toml) and wrote is not None and digest(toml) != wrote
    return Touched(texts, tuple(gone), tuple(changed), tuple(_added(folder, manifest)), edited)


def stands(folder: Path, wanted: str | None = None) -> bool:
    """True where a package is as it was put there, by names, sizes and texts. wanted: its digest; None takes any."""
    manifest = read_manifest(folder)
    if manifest is None or wanted not in (None, manifest.get("digest")):
        return False
    return not touched(folder).calls_for_work


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _says_otherwise(content: bytes, wrote: str) -> bool:
    try:
        return digest(one_line(content.decode("utf-8-sig"))) != wrote
    except UnicodeDecodeError:
        return True


def _added(folder: Path, manifest: Mapping[str, Any]) -> Iterator[str]:
    """Images in the package itself, where trainers look, that are not in its manifest."""
    ours = {files_of(image["stem"])[0] for image in manifest["images"]}
    for name in sorted(os.listdir(folder)):
        if os.path.splitext(name)[1].lower() in PICTURES and name not in ours:
            yield name
