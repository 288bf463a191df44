"""Ours: which files tools may move or remove. Whoever unlinks or moves a file of a workspace asks here first.

Never touched is what lies in the user's folders or outside of the workspace. A folder that tools write to, or one right
below it, may be a link to another disk: what it leads to counts as inside, unless that is the user's.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from tools.mill.plan import FOLDERS, PLAN
from tools.mill.settings import TEST_NAME, UsageError
from tools.mill.walk import shown
from tools.training.names import PACKAGES

WRITTEN = frozenset(os.fsencode(folder) for folder in (*(step.folder for step in PLAN if step.folder), PACKAGES))
"""The folders that tools write to."""


def users_folders(base: Path) -> list[bytes]:
    """Where the user's folders of a workspace lie in truth."""
    return [os.path.realpath(os.path.join(os.fsencode(base), os.fsencode(folder))) for folder in FOLDERS.values()]


def all_users_folders(base: Path) -> list[bytes]:
    """The same, with those of the workspace above where this one is its slice."""
    here = base.absolute()
    return users_folders(here) + (users_folders(here.parent) if here.name == TEST_NAME else [])


def is_below(path: bytes, folder: bytes) -> bool:
    """Whether a real path is a real folder or lies in it."""
    return path == folder or path.startswith(os.path.join(folder, b""))


def refuse_users(users: Sequence[bytes], paths: Iterable[bytes]) -> None:
    """Raise UsageError where a path lies in one of the user's folders, by whatever links. users: their real paths."""
    for folder in {os.path.dirname(path) for path in paths}:
        real = os.path.realpath(folder)
        if any(is_below(real, own) for own in users):
            raise UsageError(
                f"{shown(folder)} leads into your own folder {shown(real)}, where nothing is ever written or removed. "
                "Take away the link that leads there and type the command again."
            )


def refuse_foreign(base: Path, paths: Iterable[bytes]) -> None:
    """Raise UsageError where a path below the workspace is not one that tools have written. Nothing is touched then."""
    home = os.fsencode(base)
    asked = list(paths)
    for path in asked:
        if not _is_written(home, path):
            raise UsageError(
                f"{shown(os.path.join(home, path))} lies outside of the folders that tools write to, so it is neither "
                "moved nor removed. Look at the file or the link that leads there, mend it and type the command again."
            )
    refuse_users(all_users_folders(base), (os.path.join(home, path) for path in asked))


def _is_written(home: bytes, path: bytes) -> bool:
    parts = path.split(b"/")
    if len(parts) < 2 or parts[0] not in WRITTEN or os.path.normpath(path) != path:
        return False
    real = os.path.realpath(os.path.join(home, *parts[:-1]))
    roots = {os.path.join(home, *parts[:depth]) for depth in (1, 2) if depth < len(parts)}
    return any(is_below(real, os.path.realpath(root)) for root in roots)


def unlink(base: Path, paths: Iterable[bytes]) -> None:
    """Remove files that tools have written; one that is gone already is none. Raises UsageError as above, OSError."""
    asked = list(paths)
    refuse_foreign(base, asked)
    for path in asked:
        try:
            os.unlink(os.path.join(os.fsencode(base), path))
        except FileNotFoundError:
            continue
