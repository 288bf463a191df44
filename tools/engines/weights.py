"""Weights: where the files of a model lie, what they are (SHA-256), and whether they still are what they were.

Looked for, in this order: as a path, in the project's `models/`, in the workspace's `models/`, in the user's cache, and
where the library that downloads them keeps them. Nothing heavy is imported here and nothing is downloaded.
"""

from __future__ import annotations

import functools
import hashlib
import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from tools.engines import whole
from tools.mill.manifest import meta, set_meta, transaction
from tools.mill.settings import ROOT, UsageError

MODELS = ROOT / "models"


def user_cache() -> Path:
    """The user's own folder for weights that several projects share."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "framemill" / "models"


def places(base: Path | None) -> tuple[Path, ...]:
    """The folders in which weights are looked for, first to last. base: the workspace."""
    own = (base / "models",) if base else ()
    return (MODELS, *own, user_cache())


def find(name: str, base: Path | None, more: Sequence[Path] = ()) -> Path | None:
    """The file of that name; None where it is nowhere. more: folders of the library that downloads it.

    A path with a folder in it is taken as it stands, from the workspace where it is relative.
    """
    path = Path(name).expanduser()
    if path.parent != Path():
        path = path if path.is_absolute() or base is None else base / path
        return path if path.is_file() else None
    return next((folder / name for folder in (*places(base), *more) if (folder / name).is_file()), None)


class Missing(UsageError):
    """Weights that are nowhere. library, model: who may fetch them, and by which name; None where nobody can."""

    def __init__(self, said: str, library: str | None, model: str) -> None:
        super().__init__(said)
        self.library, self.model = library, model


def required(
    name: str, base: Path | None, key: str, more: Sequence[Path] = (), library: str | None = None, model: str = ""
) -> Path:
    """As `find`. Raises Missing, that says what to do, where it is nowhere. key: the setting that names it."""
    found = find(name, base, more)
    if found is not None:
        return found
    apart = Path(name).parent != Path()
    looked = name if apart else ", ".join(str(folder) for folder in places(base))
    said = f"The weights {name} ({key}) are not there; looked in {looked}. "
    fetched = "`make models` fetches them where there is a network; else put" if library else "Put"
    raise Missing(f"{said}{fetched} the file into {MODELS}, or choose another engine.", library, model or name)


def sha256_of(path: Path) -> str:
    """The file's SHA-256, read once per process. Raises UsageError where it cannot be read."""
    try:
        stat = path.stat()
        return _sha256(path, stat.st_size, stat.st_mtime_ns, stat.st_ino)
    except OSError as error:
        raise UsageError(f"The weights {path} cannot be read ({error.strerror}). Mend their permissions.") from error


@functools.lru_cache(maxsize=64)
def _sha256(path: Path, _size: int, _mtime_ns: int, _inode: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check(db: sqlite3.Connection, kind: str, files: Sequence[Path]) -> tuple[str, ...]:
    """Write down what weights are at their first use in a workspace, and refuse others of the same name later.

    Returns sentences about what was written down. Raises UsageError where a file is another than it was, or not whole.
    """
    told = []
    for path in files:
        key, digest = f"weights.{kind}.{path.name}", sha256_of(path)
        known = meta(db, key)
        if known is None:
            _require_whole(path)
            with transaction(db):
                set_meta(db, key, digest)
            told.append(f"{kind}: the weights {path} are used for the first time here (SHA-256 {digest[:16]}…).")
        elif known != digest:
            raise UsageError(broken(path) or _refused(path, known, digest))
    return tuple(told)


def replaced(db: sqlite3.Connection, kind: str, files: Sequence[Path]) -> str | None:
    """The sentence with which `check` would refuse one of the files; None where it would not. Writes nothing."""
    for path in files:
        known, digest = meta(db, f"weights.{kind}.{path.name}"), sha256_of(path)
        if known not in (None, digest):
            return broken(path) or _refused(path, str(known), digest)
    return None


def broken(path: Path) -> str | None:
    """The sentence that says why a file can be no weights; None where its form is right."""
    amiss = whole.lack(path)
    return amiss and (
        f"The weights {path} are damaged, or none: {amiss}. Remove the file, then copy it here again, or let "
        "`make models` fetch it."
    )


def _require_whole(path: Path) -> None:
    said = broken(path)
    if said:
        raise UsageError(said)


def _refused(path: Path, known: str, digest: str) -> str:
    return (
        f"The weights {path} are not those that this workspace began with: their SHA-256 was {known[:16]}…, "
        f"now it is {digest[:16]}…. Put the old file back, or accept the new one with `make models ACCEPT=1`: "
        "what they made is made again."
    )


def accept(db: sqlite3.Connection, kind: str, files: Sequence[Path]) -> tuple[str, ...]:
    """From now on these files are the right ones. Returns a sentence for each that is another than before.

    Raises UsageError where one is not whole; those before it are accepted.
    """
    told = []
    for path in files:
        key, digest = f"weights.{kind}.{path.name}", sha256_of(path)
        known = meta(db, key)
        if known != digest:
            _require_whole(path)
            with transaction(db):
                set_meta(db, key, digest)
            before = f" instead of {known[:16]}…" if known else ""
            told.append(f"{kind}: {path} is accepted with SHA-256 {digest[:16]}…{before}.")
    return tuple(told)
