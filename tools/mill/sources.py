"""Sources: bring the manifest in line with the user's folders: what is new, what is a copy, what is gone."""

from __future__ import annotations

import os
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.mill import settle
from tools.mill.items import claim, displace, release
from tools.mill.manifest import transaction, utc_now
from tools.mill.plan import FOLDERS
from tools.mill.raw import COPY, Source, is_fresh, read
from tools.mill.settings import UsageError
from tools.mill.tool import Asked
from tools.mill.walk import Found, shown, walk

_TOLD = 10
KINDS = {folder: kind for kind, folder in FOLDERS.items()}
Key = tuple[str, bytes]


def refresh(db: sqlite3.Connection, base: Path, asked: Asked) -> tuple[str, ...]:
    """Read what is new or changed, take out what is gone, and give every file its item. A dry run only counts.

    Raises UsageError where a folder is gone or empty, or more than half of its sources are, unless that is accepted.
    """
    nowhere: list[bytes] = []
    found = {(file.kind, file.path): file for file in walk(base, nowhere)}
    if not asked.accept_vanished:
        _refuse_lost_folders(db, base, found)
    known = {(KINDS[row["folder"]], bytes(row["path"])): row for row in db.execute("select * from file")}
    fresh = [file for key, file in found.items() if is_fresh(file, known.get(key))]
    if asked.dry_run:
        return (f"intake: {len(fresh)} new or changed files would be read.",)
    read(db, base, fresh, asked.workers)
    lost = [(FOLDERS[kind], path) for kind, path in known if (kind, path) not in found]
    with transaction(db):
        db.executemany("delete from file where folder = ? and path = ?", lost)
        step_id = db.execute("select id from step where tool = 'intake'").fetchone()[0]
        changes = _assign(db, step_id)
        if not asked.accept_vanished:
            _refuse_lost_sources(db, base, changes)
        _apply(db, changes)
    return (*_notes(changes), *_dangling(nowhere))


def _dangling(nowhere: list[bytes]) -> Iterator[str]:
    """What to tell of links that lead nowhere: perhaps a disk is not mounted."""
    if nowhere:
        more = f" and {len(nowhere) - 1} more" if len(nowhere) > 1 else ""
        yield f"intake: {shown(min(nowhere))}{more}: links that lead nowhere. Mount the disk, or take them out."


def _notes(changes: Changes) -> tuple[str, ...]:
    """What to tell of sources that are gone; of copies and of what could not be read nothing was made."""
    gone = [row for row in changes.vanished if row["sha256"] and COPY not in row["address"]]
    notes = [
        f"intake: {row['path']} {'was replaced' if row['path'] in changes.present else 'is gone'}; "
        "what was made from it leaves the package."
        for row in gone[:_TOLD]
    ]
    if len(gone) > _TOLD:
        notes.append(f"intake: and so are {len(gone) - _TOLD} more.")
    return tuple(notes)


@dataclass(frozen=True)
class Changes:
    """What becomes of the source items: (file id, source, address), vanished items, the paths where files lie now."""

    placed: list[tuple[int, Source, str]]
    vanished: list[sqlite3.Row]
    present: frozenset[str]
    step_id: int


def _assign(db: sqlite3.Connection, step_id: int) -> Changes:
    """Give every file its address. Of equal files the first by name is the source, the others are its copies."""
    groups: dict[tuple[str, str], list[tuple[int, Source]]] = defaultdict(list)
    for row in db.execute("select id, folder, path, sha256 from file"):
        source = Source(KINDS[row["folder"]], bytes(row["path"]), row["sha256"])
        groups[source.kind, source.group].append((row["id"], source))
    placed = [
        (file_id, source, source.address(place == 0))
        for group in groups.values()
        for place, (file_id, source) in enumerate(sorted(group, key=lambda pair: pair[1].path))
    ]
    now = {(source.kind, address) for _, source, address in placed}
    marks = ", ".join("?" * len(FOLDERS))
    items = db.execute(
        f"select id, kind, address, path, sha256 from item where kind in ({marks}) and newest", [*FOLDERS]
    )
    vanished = [row for row in items if (row["kind"], row["address"]) not in now]
    return Changes(placed, vanished, frozenset(_path(source) for _, source, _ in placed), step_id)


def _apply(db: sqlite3.Connection, changes: Changes) -> None:
    for row in changes.vanished:
        release(db, [row["id"]])
        action, why = _parting(row, changes)
        _audit(db, action, row["id"], row["path"], row["sha256"], why)
        settle.mark(db)
    linked = {row[0]: row[1] for row in db.execute("select id, item_id from file")}
    for file_id, source, address in changes.placed:
        path = _path(source)
        if linked[file_id] is None or not _unchanged(db, linked[file_id], address, source, path):
            item_id = _ensure_item(db, changes.step_id, source, address, path)
            db.execute("update file set item_id = ? where id = ?", (item_id, file_id))
            _try_again(db, item_id)


def _parting(row: sqlite3.Row, changes: Changes) -> tuple[str, str]:
    """What to write down of a source that is no longer in force."""
    if row["path"] not in changes.present:
        return "vanished", "Its file is no longer in the folder."
    if row["sha256"] is None:
        return "replaced", "It can be read now."
    if COPY in row["address"]:
        return "vanished", "It is no copy any more: the file that it was a copy of has gone."
    return "replaced", "Another file lies in its place."


def _path(source: Source) -> str:
    return f"{FOLDERS[source.kind]}/{shown(source.path)}"


def _unchanged(db: sqlite3.Connection, item_id: int, address: str, source: Source, path: str) -> bool:
    row = db.execute("select kind, address, version, path, newest from item where id = ?", (item_id,)).fetchone()
    return row is not None and tuple(row) == (source.kind, address, source.version, path, 1)


def _ensure_item(db: sqlite3.Connection, step_id: int, source: Source, address: str, path: str) -> int:
    key = (source.kind, address, source.version)
    row = db.execute("select id, newest, path from item where kind = ? and address = ? and version = ?", key).fetchone()
    if row is None or not row["newest"]:
        settle.mark(db)
        displace(db, *key[:2])
    if row is None:
        cursor = db.execute(
            """insert into item (kind, address, version, step_id, path, sha256, made, newest, created_at)
            values (?, ?, ?, ?, ?, ?, 1, 1, ?)""",
            (*key, step_id, path, source.sha256, utc_now()),
        )
        return int(cursor.lastrowid or 0)
    db.execute("update item set path = ?, newest = 1 where id = ?", (path, row["id"]))
    if row["path"] != path:
        _judge_again(db, step_id, address, row, path)
    if not row["newest"]:
        claim(db, [row["id"]])
        _audit(db, "returned", row["id"], path, source.sha256, "Its file is in the folder again.")
    return int(row["id"])


def _try_again(db: sqlite3.Connection, item_id: int) -> None:
    """Its file was read anew or is another one: what failed on it may have failed because files were being changed."""
    question = "update outcome set latest = 0, live = 0 where item_id = ? and latest and status = 'failed'"
    if db.execute(question, (item_id,)).rowcount:
        settle.mark(db)


def _judge_again(db: sqlite3.Connection, step_id: int, address: str, item: sqlite3.Row, path: str) -> None:
    """Have intake judge anew what a changed name has a part in. What was made from it stays as it is."""
    # Of a copy it is said what it is the copy of.
    copies = (f"{address}{COPY}", f"{address}{COPY}g")
    stale = [row[0] for row in db.execute("select id from item where address between ? and ?", copies)]
    if os.path.splitext(item["path"])[1] != os.path.splitext(path)[1]:
        # A name claims what it holds.
        stale.append(item["id"])
    db.executemany(
        "update outcome set latest = 0, live = 0 where step_id = ? and item_id = ?", [(step_id, one) for one in stale]
    )
    if stale:
        settle.mark(db)


def _audit(db: sqlite3.Connection, action: str, item_id: int, path: str | None, sha256: str | None, why: str) -> None:
    db.execute(
        "insert into audit (at, actor, action, item_id, path, sha256, why) values (?, 'intake', ?, ?, ?, ?, ?)",
        (utc_now(), action, item_id, path, sha256, why),
    )


def _counts(db: sqlite3.Connection) -> Iterator[tuple[str, int]]:
    """How many sources of each kind are in force. A copy is none: who takes it out loses nothing."""
    yield from db.execute(
        """select kind, count(*) from item
        where parent_id is null and newest and instr(address, ?) = 0 group by kind""",
        (COPY,),
    ).fetchall()


def _refuse_lost_folders(db: sqlite3.Connection, base: Path, found: Mapping[Key, Found]) -> None:
    present = {kind for kind, _ in found}
    for kind, count in _counts(db):
        if kind not in present:
            state = "is empty" if os.path.isdir(base / FOLDERS[kind]) else "is not there"
            raise UsageError(
                f"{base / FOLDERS[kind]} {state}, but {count} sources came from it. Mount its disk, "
                "or say that they are really gone: ACCEPT_VANISHED=1 (--accept-vanished)."
            )


def _refuse_lost_sources(db: sqlite3.Connection, base: Path, changes: Changes) -> None:
    # A file that was replaced by another of its name is no loss.
    gone = [row for row in changes.vanished if row["path"] not in changes.present and COPY not in row["address"]]
    for kind, count in _counts(db):
        lost = sum(row["kind"] == kind for row in gone)
        if lost * 2 > count:
            raise UsageError(
                f"{lost} of {count} sources are gone from {base / FOLDERS[kind]}. Mount the disk they are on, "
                "or say that they are really gone: ACCEPT_VANISHED=1 (--accept-vanished)."
            )
