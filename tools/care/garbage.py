"""Garbage: the files of items that nothing can reach any more unless a setting is edited back."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.care import ours
from tools.care.repair import forget_files, forget_masks
from tools.care.strays import is_known
from tools.mill.manifest import sql, transaction, utc_now

BATCH = 500
WHY = "No settings of today lead to it any more."


@dataclass(frozen=True)
class Waste:
    """A file that may go. what: 'image' or 'mask'; bytes: 0 where it is gone already."""

    item_id: int
    path: str
    sha256: str | None
    what: str
    bytes: int


def find(db: sqlite3.Connection) -> None:
    """Fill temp.reachable with what could be in force, and temp.waste with the files that may go."""
    db.execute("create temp table if not exists reachable (id integer primary key)")
    db.execute("create temp table if not exists waste (item_id, path, sha256, what)")
    db.execute("delete from temp.reachable")
    db.execute("delete from temp.waste")
    db.execute(f"insert into temp.reachable {sql('care/reachable')}")
    db.execute(f"insert into temp.waste {sql('care/superseded')}")


def pages(db: sqlite3.Connection, base: Path) -> Iterator[list[Waste]]:
    """The files that may go, so many at a time. `find` must have been called."""
    last = 0
    while True:
        question = "select rowid, * from temp.waste where rowid > ? order by rowid limit ?"
        rows = db.execute(question, (last, BATCH)).fetchall()
        if not rows:
            return
        yield [
            Waste(row["item_id"], row["path"], row["sha256"], row["what"], _size(base / row["path"])) for row in rows
        ]
        last = rows[-1]["rowid"]


def kept_for_return(db: sqlite3.Connection) -> tuple[int, int]:
    """Files and bytes that hang on sources which are gone. `find` must have been called."""
    row = db.execute(sql("care/of_gone_sources")).fetchone()
    return int(row["files"]), int(row["bytes"])


def remove(db: sqlite3.Connection, base: Path, batch: Sequence[Waste]) -> None:
    """Remove some files, each with an audit row. The rows come first: none may speak of a file that is gone.

    Raises OSError where one cannot be removed; what is left then, `leftovers` finds. Raises UsageError, and removes
    none, where one is not ours.
    """
    ours.refuse_foreign(base, {waste.path.encode() for waste in batch})
    with transaction(db):
        db.executemany(
            """insert into audit (at, actor, action, item_id, path, sha256, why)
            values (?, 'gc', 'superseded_removed', ?, ?, ?, ?)""",
            [(utc_now(), waste.item_id, waste.path, waste.sha256, WHY) for waste in batch],
        )
        forget_files(db, [waste.item_id for waste in batch if waste.what == "image"])
        forget_masks(db, [waste.item_id for waste in batch if waste.what == "mask"])
    # Two superseded items may share one file.
    paths = sorted({waste.path.encode() for waste in batch})
    ours.unlink(base, (path for path in paths if not is_known(db, path)))


def leftovers(db: sqlite3.Connection, base: Path) -> Iterator[tuple[str, int]]:
    """Paths, with their bytes, that were written down as removed by a run which was killed before it removed them."""
    for (path,) in db.execute(sql("care/removed")).fetchall():
        if os.path.lexists(base / path) and not is_known(db, path.encode()):
            yield path, _size(base / path)


def _size(path: Path) -> int:
    try:
        return os.lstat(path).st_size
    except FileNotFoundError:
        return 0
