"""Copy the manifest of a workspace to one file, also while tools are at work, and check the copy.

Reads: manifest.db.  Writes: TO, or BASE/backups/manifest-TIME.db. It never writes over a file.
Example: python -m tools.backup --base data ~/manifest-before.db

The manifest holds every measurement and every decision of yours; the images can be made again from the sources.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import click

from tools.mill.command import guard
from tools.mill.ends import Stop
from tools.mill.files import TEMPORARY, told
from tools.mill.manifest import NAME, require
from tools.mill.settings import UsageError
from tools.mill.walk import shown
from tools.mill.words import command, volume

FOLDER = "backups"


def target(base: Path, to: Path | None, now: datetime) -> Path:
    """Where the copy goes. to: a file, a folder, or None. Raises UsageError where something lies there."""
    name = f"manifest-{now:%Y%m%dT%H%M%SZ}.db"
    if to is None:
        path = base / FOLDER / name
    else:
        path = to / name if to.is_dir() else to
        if not path.parent.is_dir():
            raise UsageError(f"{_shown(path.parent)} is no folder. Make it, or name another place.")
    if os.path.lexists(path):
        raise UsageError(f"{_shown(path)} exists, and nothing is written over. Name another file.")
    return path


def backup(base: Path, path: Path) -> int:
    """Copy the manifest of a workspace to a path that is free; returns the bytes.

    Raises UsageError where somebody was faster, Stop where the copy cannot be written or is not sound.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{TEMPORARY}{os.getpid()}-{path.name[-100:]}")
    try:
        _copy(base, part)
        _check(part, path)
        with open(part, "rb") as file:
            os.fsync(file.fileno())
        _name(part, path)
    except sqlite3.Error as error:
        raise Stop(f"{error}: {_shown(base / NAME)} -> {_shown(path)}") from error
    except OSError as error:
        raise Stop(told(error)) from error
    finally:
        for end in ("", "-wal", "-shm", "-journal"):
            Path(f"{part}{end}").unlink(missing_ok=True)
    return path.stat().st_size


def _copy(base: Path, part: Path) -> None:
    """The whole manifest as it is at one moment: a reader of a write-ahead log keeps nobody from writing."""
    if os.statvfs(base).f_flag & os.ST_RDONLY:
        # SQLite cannot open a log there, and nobody can write: the files as they lie are one moment.
        shutil.copyfile(base / NAME, part)
        if (base / f"{NAME}-wal").exists():
            shutil.copyfile(base / f"{NAME}-wal", f"{part}-wal")
    else:
        with closing(sqlite3.connect(base / NAME, timeout=60)) as source, closing(sqlite3.connect(part)) as copy:
            source.backup(copy)
    with closing(sqlite3.connect(part)) as copy:
        # One file without a log beside it, so that it can be carried about.
        copy.execute("pragma journal_mode = delete")


def _check(part: Path, path: Path) -> None:
    with closing(sqlite3.connect(part)) as copy:
        answers = [row[0] for row in copy.execute("pragma integrity_check(3)")]
        strangers = copy.execute("pragma foreign_key_check").fetchone()
    if answers != ["ok"] or strangers:
        why = "; ".join(answers) if answers != ["ok"] else f"a row of {strangers[0]} speaks of one that is not there"
        raise Stop(f"The copy is not sound ({why}), so {_shown(path)} was not written. `make doctor` looks at the disk")


def _name(part: Path, path: Path) -> None:
    """Give the finished copy its name, unless somebody has taken it meanwhile."""
    try:
        os.link(part, path)
    except FileExistsError as error:
        raise UsageError(f"{_shown(path)} exists, and nothing is written over. Name another file.") from error
    except OSError:
        # Some file systems know no links.
        if os.path.lexists(path):
            raise UsageError(f"{_shown(path)} exists, and nothing is written over. Name another file.") from None
        os.rename(part, path)


def how_to_put_back(base: Path, path: Path) -> str:
    """What to type to have the copy in the manifest's place: the log of the other one must not be read with it."""
    copy = shlex.quote(str(path))
    place, new, *logs = (shlex.quote(f"{base / NAME}{end}") for end in ("", "-new", "-wal", "-shm"))
    back = f"cp {copy} {new} && rm -f {' '.join(logs)} && mv {new} {place}"
    return f"To put it back, while no tool runs: {back} && {command(base, 'verify')}"


def _shown(path: Path) -> str:
    return shown(os.fsencode(path))


@click.command("backup", help=(__doc__ or "").replace("\n\n", "\n\n\b\n", 1))
@click.option("--base", type=click.Path(path_type=Path), default=Path("data"), show_default=True, help="the workspace")
@click.argument("to", type=click.Path(path_type=Path), required=False)
def main(base: Path, to: Path | None) -> None:
    """Make the copy; its path on stdout."""
    require(base)
    path = target(base, to, datetime.now(UTC))
    size = backup(base, path)
    click.echo(_shown(path))
    click.echo(f"backup: {volume(size)}, checked. {how_to_put_back(base, path)}", err=True)


if __name__ == "__main__":
    guard(lambda: main(prog_name="python -m tools.backup", standalone_mode=False))
