"""Packages: whether each holds what its own manifest.json says, and whether that is the package that was made.

Captions and `dataset.toml` are for people to edit: only that they are there and can be read is asked.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tools.care.hashing import Claim, look
from tools.care.verification import Fault
from tools.mill.manifest import sql
from tools.mill.walk import IGNORED
from tools.training.caches import theirs
from tools.training.edits import content_of, digest, one_line, read_manifest
from tools.training.names import MANIFEST, TOML, files_of


def faults(db: sqlite3.Connection, base: Path) -> Iterator[Fault]:
    """What is wrong with the current packages, file by file."""
    for row in db.execute(sql("care/packages")).fetchall():
        yield from _package(base, row["step_id"], Path(row["first_path"]).parent, row["digest"])


def guests(db: sqlite3.Connection, base: Path) -> Iterator[tuple[Path, list[str]]]:
    """By folder of the current packages, the files in it that no package of ours brought: they are no faults."""
    for row in db.execute(sql("care/packages")).fetchall():
        folder = Path(row["first_path"]).parent
        found = [(name, os.fsencode(os.path.basename(name))) for name in theirs(base / folder)]
        seen = [name for name, last in found if not last.startswith(b".") and last not in IGNORED]
        if seen:
            yield folder, seen


def _package(base: Path, step_id: int, folder: Path, made: str) -> Iterator[Fault]:

    def fault(name: str, sort: str, detail: str | None = None, sha256: str | None = None) -> Fault:
        path = os.fsencode(folder / name) if name else os.fsencode(folder)
        return Fault("packages", step_id, path, sort, sha256, detail)

    if not (base / folder).is_dir():
        yield fault("", "missing", "the whole package")
        return
    manifest = read_manifest(base / folder)
    if manifest is None:
        there = (base / folder / MANIFEST).exists()
        yield fault(MANIFEST, "changed" if there else "missing", "it is no list of images" if there else None)
        return
    if manifest.get("digest") != made:
        yield fault(MANIFEST, "changed", "it is of another package than the one that was made last")
    wanted: dict[str, str] = {}
    captions: dict[str, str] = {}
    for image in manifest["images"]:
        picture, mask, text = files_of(image["stem"])
        wanted |= {picture: image["sha256"], mask: image["mask_sha256"]}
        captions[text] = image["caption_sha256"]
    yield from (fault(*wrong) for wrong in _files(base / folder, wanted))
    yield from (fault(*wrong) for wrong in _captions(base / folder, captions))
    listed = {name: sha256 for name, sha256 in manifest.get("files", {}).items() if name != TOML}
    yield from (fault(*wrong) for wrong in _files(base / folder, listed))
    toml = _text(base / folder / TOML)
    if toml is None:
        yield fault(TOML, "missing")
    elif not _is_toml(toml):
        yield fault(TOML, "changed", "it is no TOML any more")


def _files(folder: Path, wanted: dict[str, str]) -> Iterator[tuple[str, str, str | None, str | None]]:
    """Files that do not hold what they did: name, sort, detail, what they hold. wanted: digests by name."""
    owners = {sha256: name for name, sha256 in wanted.items()}
    for name, sha256 in wanted.items():
        seen = look(Claim(0, name.encode(), sha256, 0), (os.fsencode(folder), threading.Event()))
        owner = owners.get(seen.sha256 or "")
        if seen.state == "changed" and owner:
            yield name, "swapped", f"it holds what belongs to {owner}", seen.sha256
        elif seen.state != "right":
            yield name, seen.state, seen.detail, seen.sha256


def _captions(folder: Path, wanted: dict[str, str]) -> Iterator[tuple[str, str, str | None]]:
    """Captions that are gone, empty, or another image's. One that a person has edited is none."""
    owners = {sha256: name for name, sha256 in wanted.items()}
    for name, sha256 in wanted.items():
        text = _text(folder / name)
        if text is None:
            yield name, "missing", None
            continue
        found = digest(one_line(text))
        if not text.strip():
            yield name, "changed", "it is empty: trainers stop at that"
        elif found != sha256 and found in owners:
            yield name, "swapped", f"it holds what belongs to {owners[found]}"


def _is_toml(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _text(path: Path) -> str | None:
    """What a text file holds, what is no UTF-8 escaped; None where there is none, or a folder or a pipe."""
    return content_of(path).decode("utf-8", "backslashreplace") if path.is_file() else None
