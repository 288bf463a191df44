"""What people did in a package by hand: texts they edited, files they took away or put in. Standard library only."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.training.names import MANIFEST, TOML, files_of

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".avif", ".jxl"})
"""What trainers take for a training image when it lies beside ours."""

_STEM, _FILE = re.compile(r"[0-9a-z-]+"), re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]*")
"""What `names.stem` makes, and the names of the texts: neither leads out of the package."""

_NONE_THERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EISDIR, errno.ENXIO)

_TEXTS, _SIZES = ("sha256", "mask_sha256", "caption_sha256", "cutout"), ("width_px", "height_px")


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
    """The manifest.json of a package; None where there is none that could be ours, as in a stranger's folder.

    Every image has a stem and digests, and no name in it leads out of the package: whoever edited it.
    """
    try:
        content = json.loads(content_of(folder / MANIFEST))
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or not isinstance(content.get("images"), list):
        return None
    content.setdefault("files", {})
    whole = all(map(_is_image, content["images"])) and _is_listing(content["files"])
    return content if whole and isinstance(content.get("digest"), str) else None


def _is_image(image: Any) -> bool:
    if not isinstance(image, dict) or not all(isinstance(image.get(key), str) for key in ("stem", *_TEXTS)):
        return False
    return _STEM.fullmatch(image["stem"]) is not None and all(isinstance(image.get(key), int) for key in _SIZES)


def _is_listing(files: Any) -> bool:
    """Whether these are digests by name, as of the texts beside the images."""
    if not isinstance(files, dict):
        return False
    return all(_FILE.fullmatch(name) and isinstance(sha256, str) for name, sha256 in files.items())


def content_of(path: Path) -> bytes:
    """What an ordinary file holds; nothing where there is none, or a folder or a pipe in its place."""
    try:
        # A pipe without a writer would hold us up for ever.
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno not in _NONE_THERE:
            raise
        return b""
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        return b""
    with open(number, "rb") as stream:
        return stream.read()


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
        content = content_of(folder / caption)
        if not content.strip():
            gone.append(caption)
        elif _says_otherwise(content, image["caption_sha256"]):
            texts[image["stem"]] = content
    toml, wrote = content_of(folder / TOML), manifest["files"].get(TOML)
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
    except (FileNotFoundError, NotADirectoryError):
        return None


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
