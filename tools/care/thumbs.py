"""Thumbs: the small pictures that the light table keeps; the oldest go where they are too many."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from tools.care import ours

FOLDER = "cache/thumbs"
MOST_BYTES = 2_000_000_000
"""About 200,000 pictures of 256 px. What goes is made again when it is seen."""

_NAME = re.compile(r"\w+/[0-9a-f]{2}/[0-9a-f]{32}")


def surplus(base: Path, most_bytes: int) -> list[tuple[str, int]]:
    """Paths below the workspace, with their bytes, of the oldest thumbnails beyond so many bytes of all.

    Raises UsageError where they lie in one of the user's folders, by whatever links.
    """
    kept, found = 0, []
    for _, size, path in sorted(_all(base / FOLDER), reverse=True):
        kept += size
        if kept > most_bytes:
            found.append((f"{FOLDER}/{path}", size))
    home = os.fsencode(base)
    ours.refuse_users(ours.all_users_folders(base), (os.path.join(home, path.encode()) for path, _ in found))
    return found


def _all(folder: Path) -> Iterator[tuple[int, int, str]]:
    """When each was made, its bytes, its path below the folder. What has another name is none of ours."""
    for root, _, names in os.walk(folder):
        for name in names:
            path = os.path.relpath(os.path.join(root, name), folder)
            if _NAME.fullmatch(path):
                stat = os.lstat(folder / path)
                yield stat.st_mtime_ns, stat.st_size, path


def remove(base: Path, paths: Iterable[str]) -> None:
    """Raises OSError where one cannot be removed."""
    for path in paths:
        (base / path).unlink(missing_ok=True)
