"""Which weights a tool's engine would run now, as a stamp sees them: by path, size and times. No file is read.

Whether they are the right ones is for the tool to say, which knows their SHA-256 (`tools.engines.weights`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tools.mill.settings import UsageError

Trace = dict[str, list[list[str | int]]]
"""By engine whose files are all there: path, size in bytes, mtime_ns, ctime_ns and inode of each."""


def trace(tool: str, section: Mapping[str, Any], pinned: str | None, base: Path) -> Trace:
    """The files of the engine that a tool's section names; {} for one that runs no files of the user's.

    pinned: what "auto" means in this workspace; as long as nobody has said, all count that it may become.
    """
    engine = pinned if pinned and section.get("engine") == "auto" else section.get("engine")
    if "weights" not in section or engine == "builtin":
        return {}
    # Not above: it would be a fourth of a check's time, and builtin engines have no such files.
    from tools.engines import ENGINES

    found = {
        name: _files(entry.files, section, base)
        for name, entry in ENGINES[tool].items()
        if entry.files is not None and engine in (name, "auto")
    }
    # Where nothing is there, "auto" becomes builtin, and to be pinned as that is no change.
    return {name: files for name, files in found.items() if files}


def _files(find: Any, section: Mapping[str, Any], base: Path) -> list[list[str | int]]:
    try:
        found = [(path, path.stat()) for path in find(SimpleNamespace(**section), base)]
    except (UsageError, OSError):
        return []
    return [[os.fspath(path), at.st_size, at.st_mtime_ns, at.st_ctime_ns, at.st_ino] for path, at in found]
