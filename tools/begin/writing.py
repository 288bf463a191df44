"""The configuration of a workspace: a section for a dataset, put into a new file or behind what stands there."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.mill.files import TEMPORARY
from tools.mill.settings import UsageError

CONFIG = "config.toml"

HEAD = """\
# What differs here from Framemill's own config.toml, where every key stands with its unit and its reason.
# A limit is moved like this, and decides again without opening a file:
#
# [score]
# min_sharpness = 0.35    # old footage

"""

COMMENTS = {
    "subject": "the name of a folder in 00_reference_faces; empty takes everybody",
    "trigger": "the word that calls what is trained, first in each caption",
    "class_word": "what it is in general",
    "target": "the model it is for: image sizes and caption lengths follow from it",
    "count": "images; people train on 20 to 60",
}


def section(name: str, values: Mapping[str, Any]) -> str:
    """A dataset as TOML, each key with its comment."""
    lines = [f"{key} = {json.dumps(values[key], ensure_ascii=False)}" for key in COMMENTS]
    width = max(map(len, lines))
    told = [f"{line:{width}}    # {comment}" for line, comment in zip(lines, COMMENTS.values(), strict=True)]
    return "\n".join([f"[dataset.{name}]", *told]) + "\n"


def add_dataset(base: Path, name: str, values: Mapping[str, Any]) -> bool:
    """Write the section into the workspace's configuration; True where the file is new.

    What stands there stays as it is, byte for byte. Raises UsageError where the dataset is there already or the file
    cannot take another section, OSError where it cannot be written.
    """
    path = base / CONFIG
    try:
        before = path.read_bytes()
    except FileNotFoundError:
        _write(path, (HEAD + section(name, values)).encode())
        return True
    gap = b"" if not before or before.endswith(b"\n\n") else b"\n" if before.endswith(b"\n") else b"\n\n"
    after = before + gap + section(name, values).encode()
    _compare(path, before, after, name)
    _write(path, after)
    return False


def _compare(path: Path, before: bytes, after: bytes, name: str) -> None:
    """Raise UsageError unless the new text says what the old one did, and the dataset beside it."""
    old = tomllib.loads(before.decode())
    if name in old.get("dataset", {}):
        raise UsageError(f"{path} has a [dataset.{name}] already. Edit it there, or take another name.")
    try:
        new = tomllib.loads(after.decode())
    except tomllib.TOMLDecodeError as error:
        raise UsageError(
            f"{path} writes its datasets so that no section can be added ({error}). Add [dataset.{name}] by hand."
        ) from error
    del new["dataset"][name]
    if not new["dataset"]:
        del new["dataset"]
    if new != old and new | {"dataset": {}} != old:
        raise UsageError(f"{path} would change its meaning. Add [dataset.{name}] by hand.")


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all. Raises OSError that names the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{TEMPORARY}{os.getpid()}-{path.name}")
    try:
        with open(part, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from error
