"""Survey: every source with what its header says; what the manifest knows already is not opened again."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tools.media.header import Header
from tools.mill import files, machine
from tools.mill.manifest import NAME, sql
from tools.mill.plan import FOLDERS
from tools.mill.pool import run_all
from tools.mill.progress import progress
from tools.mill.settings import UsageError
from tools.mill.walk import Found, shown, walk
from tools.mill.way import Way
from tools.mill.words import command, listing

MAIN = ("video", "photo")
"""What images are made from."""

Known = Mapping[tuple[str, bytes], tuple[tuple[int, int, int, int], Header | None]]


@dataclass(frozen=True)
class Source:
    """One video or photo. header: None where it cannot be opened."""

    file: Found
    header: Header | None


def survey(base: Path) -> list[Source]:
    """All videos and photos of a workspace, by kind and name. Only headers are read.

    Raises OSError where a folder cannot be listed or the machine has no means left.
    """
    found = [file for file in walk(base) if file.kind in MAIN]
    known = _known(base)
    sources = []
    unread = []
    for file in found:
        stat, header = known.get((file.kind, file.path), (None, None))
        if stat == (file.size, file.mtime_ns, file.ctime_ns, file.inode):
            sources.append(Source(file, header))
        else:
            unread.append(file)
    sources += _opened(base, unread)
    return sorted(sources, key=lambda source: (source.file.kind, source.file.path))


def refuse_none(base: Path, sources: Sequence[Source], target: str) -> None:
    """Raise UsageError where there are no sources, which says what to do before `make target`."""
    if not sources:
        folders = listing([f"{shown(os.fsencode(base))}/{FOLDERS[kind]}" for kind in MAIN], "or")
        raise UsageError(f"There is no footage in {folders}. Put some there; then: {command(base, target)}")


def _opened(base: Path, unread: list[Found]) -> Iterator[Source]:
    way = Way("threads", machine.cores())
    with closing(run_all(_header, unread, base, way)) as answers:
        for answer in progress(answers, "headers", len(unread)):
            yield Source(answer.job, answer.value)


def _header(file: Found, base: Path) -> Header | None:
    from tools.media.errors import MediaError
    from tools.media.header import picture_header, video_header

    path = files.source_path(base, FOLDERS[file.kind], file.path)
    try:
        return video_header(path) if file.kind == "video" else picture_header(path)
    except MediaError:
        return None
    except OSError as error:
        if error.errno in files.NO_MEANS:
            raise
        return None


def _known(base: Path) -> Known:
    """What intake has found out, by kind and name; nothing where it has not run."""
    if not (base / NAME).exists():
        return {}
    with closing(sqlite3.connect(base / NAME, timeout=60)) as db:
        try:
            rows = db.execute(sql("care/headers")).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return {}
            raise
    kinds = {folder: kind for kind, folder in FOLDERS.items()}
    return {
        (kinds[folder], bytes(path)): ((size, mtime, ctime, inode), Header(width, height, seconds, rate))
        for folder, path, size, mtime, ctime, inode, width, height, seconds, rate in rows
        if os.fspath(folder) in kinds
    }
