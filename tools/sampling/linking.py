"""Linking: files of the raw folders above into those of the slice, and taking out what an earlier slice put there."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.care import ours
from tools.mill.files import TEMPORARY
from tools.mill.plan import FOLDERS
from tools.mill.settings import UsageError
from tools.mill.walk import Found, shown

RECORD = "slice.json"
"""In the slice: which of its files are copies of ours, by name with what tells a change. Links tell it themselves."""


@dataclass(frozen=True)
class Linked:
    """What was done. made: names below the workspace; kept: files of the user's own in whose place none was put."""

    made: tuple[bytes, ...]
    kept: tuple[bytes, ...]


def name_of(file: Found) -> bytes:
    """The path of a source below its workspace."""
    return os.fsencode(FOLDERS[file.kind]) + b"/" + file.path


def refuse_shared(above: Path, base: Path) -> None:
    """Raise UsageError where a raw folder of the slice is one above, lies in one or holds one, by whatever links."""
    for folder in FOLDERS.values():
        real = os.path.realpath(os.path.join(os.fsencode(base), os.fsencode(folder)))
        for own in ours.users_folders(above):
            if ours.is_below(real, own) or ours.is_below(own, real):
                raise UsageError(
                    f"{shown(os.fsencode(base / folder))} leads to your own files in {shown(own)}, which a slice would "
                    "change. Take that link away and type the command again."
                )


def placed(above: Path, base: Path) -> Iterator[bytes]:
    """The names of what slices have put there: links to the file of that name above, and copies written down."""
    copies = _record(base)
    for folder in FOLDERS.values():
        root = os.path.join(os.fsencode(base), os.fsencode(folder))
        for inside, _, names in os.walk(root):
            for entry in sorted(names):
                path = os.path.join(inside, entry)
                name = os.path.relpath(path, os.fsencode(base))
                original = os.path.join(os.fsencode(above), name)
                if _is_apart(path, original) and (_is_link(path, original) or _is_copy(path, original, copies, name)):
                    yield name


def _is_apart(path: bytes, original: bytes) -> bool:
    """Whether two names are two files or links, and not one that is reached in two ways."""
    return _place(path) != _place(original) and (os.path.islink(path) or os.path.realpath(original) != _place(path))


def _place(path: bytes) -> bytes:
    """Where a name lies in truth; where it leads to, if it is a link, is not asked."""
    return os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))


def _is_copy(path: bytes, original: bytes, copies: Mapping[bytes, list[int]], name: bytes) -> bool:
    """Whether a file is an unchanged copy that was written down. Without its original it may be the last one left."""
    return copies.get(name) == _stat(path) and os.path.exists(original)


def _is_link(path: bytes, original: bytes) -> bool:
    """Whether a file is a symbolic or hard link to its original, which may be gone."""
    if os.path.islink(path):
        target = os.path.join(os.path.realpath(os.path.dirname(path)), os.readlink(path))
        return os.path.normpath(target) == os.path.normpath(_place(original))
    return os.path.exists(original) and os.path.samefile(path, original)


def take_out(above: Path, base: Path, names: Sequence[bytes]) -> None:
    """Remove files that `placed` named, and the folders that are empty then, but for the raw folders themselves.

    Raises UsageError, and removes nothing, where one lies in a folder above.
    """
    ours.refuse_users(ours.users_folders(above), [os.path.join(os.fsencode(base), name) for name in names])
    roots = {os.path.join(os.fsencode(base), os.fsencode(folder)) for folder in FOLDERS.values()}
    for name in names:
        path = os.path.join(os.fsencode(base), name)
        os.unlink(path)
        folder = os.path.dirname(path)
        while folder not in roots and not os.listdir(folder):
            os.rmdir(folder)
            folder = os.path.dirname(folder)


def link(above: Path, base: Path, names: Iterable[bytes]) -> Linked:
    """Put files of the workspace above into the slice under their own names, where nothing lies there.

    As symbolic links; as hard links or copies where the file system knows none. Raises OSError that names the file,
    UsageError where its place lies in a folder above.
    """
    made, kept = [], []
    users = ours.users_folders(above)
    for name in names:
        target = os.path.join(os.fsencode(base), name)
        if os.path.lexists(target):
            kept.append(name)
            continue
        ours.refuse_users(users, [target])
        os.makedirs(os.path.dirname(target), exist_ok=True)
        _put(base, os.path.join(os.fsencode(above.absolute()), name), target, name)
        made.append(name)
    return Linked(tuple(made), tuple(kept))


def _put(base: Path, original: bytes, target: bytes, name: bytes) -> None:
    start = os.path.realpath(os.path.dirname(target))
    folder, last = os.path.split(original)
    try:
        # Relative, so that the workspace may be moved; by real folders, for that is how the system follows it.
        os.symlink(os.path.relpath(os.path.join(os.path.realpath(folder), last), start), target)
    except (PermissionError, NotImplementedError):
        _link_or_copy(base, original, target, name)


def _link_or_copy(base: Path, original: bytes, target: bytes, name: bytes) -> None:
    try:
        os.link(os.path.realpath(original), target)
    except OSError:
        part = os.path.join(os.path.dirname(target), TEMPORARY.encode() + b"slice")
        try:
            shutil.copy2(original, part)
            # Before it has its name: a copy that nobody wrote down would be taken for the user's own.
            _write_down(base, name, _stat(part))
            os.rename(part, target)
        finally:
            if os.path.exists(part):
                os.unlink(part)


def _stat(path: bytes) -> list[int]:
    stat = os.lstat(path)
    return [stat.st_size, stat.st_mtime_ns]


def _record(base: Path) -> dict[bytes, list[int]]:
    try:
        content = json.loads((base / RECORD).read_text(encoding="ascii"))
        return {bytes.fromhex(name): stat for name, stat in content.items()}
    except (FileNotFoundError, ValueError, AttributeError):
        return {}


def _write_down(base: Path, name: bytes, stat: list[int]) -> None:
    content = {key.hex(): value for key, value in {**_record(base), name: stat}.items()}
    part = base / f"{TEMPORARY}{RECORD}"
    part.write_text(json.dumps(content), encoding="ascii")
    os.replace(part, base / RECORD)
