"""The verification as the manifest remembers it: where it has come, and what it has found."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from tools.care.hashing import Claim, Seen
from tools.mill.manifest import sql, transaction, utc_now

PARTS = ("made", "masks", "sources", "packages")
"""In which order the files are looked at."""

RESUME_H = 24
"""A look that was broken off longer ago begins anew: what it saw then says little about today."""

PAGE_FILES = 256
PAGE_BYTES = 256 << 20
"""After so much it is written down how far it has come: what a kill loses at most, but for one larger file."""


@dataclass(frozen=True)
class Mark:
    """How far a verification has come. part: an index into PARTS; last_id: of the last row looked at in it."""

    id: int
    started_at: str
    part: int
    last_id: int
    files: int
    bytes: int


@dataclass(frozen=True)
class Fault:
    """A file that is not what it should be. row_id: None where no row speaks of it."""

    part: str
    row_id: int | None
    path: bytes
    sort: str
    found_sha256: str | None = None
    detail: str | None = None


def begin(db: sqlite3.Connection) -> tuple[Mark, bool]:
    """The mark to go on from, and whether that is one which was broken off."""
    row = db.execute("select * from verification where finished_at is null order by id desc limit 1").fetchone()
    if row and datetime.fromisoformat(row["moved_at"]) > datetime.now(UTC) - timedelta(hours=RESUME_H):
        part = PARTS.index(row["part"])
        return Mark(row["id"], row["started_at"], part, row["last_id"], row["files"], row["bytes"]), True
    now = utc_now()
    with transaction(db):
        db.execute("delete from fault")
        db.execute("delete from verification")
        cursor = db.execute(
            """insert into verification (started_at, moved_at, part, last_id, files, bytes)
            values (?, ?, 'made', 0, 0, 0)""",
            (now, now),
        )
    return Mark(int(cursor.lastrowid or 0), now, 0, 0, 0, 0), False


def save(db: sqlite3.Connection, mark: Mark, faults: Iterable[Fault]) -> None:
    """Write down how far it has come and what was found on the way, together."""
    with transaction(db):
        _insert(db, mark, faults)
        db.execute(
            "update verification set moved_at = ?, part = ?, last_id = ?, files = ?, bytes = ? where id = ?",
            (utc_now(), PARTS[mark.part], mark.last_id, mark.files, mark.bytes, mark.id),
        )


def conclude(db: sqlite3.Connection, mark: Mark, faults: Iterable[Fault]) -> None:
    """Write down what was found beside the files of rows, and tell the swapped from the changed."""
    with transaction(db):
        # Of a look that was broken off after this.
        db.execute("delete from fault where verification_id = ? and part in ('packages', 'strays')", (mark.id,))
        _insert(db, mark, faults)
        swapped = db.execute(sql("care/swapped"), {"verification": mark.id}).fetchall()
        db.executemany(
            "update fault set sort = 'swapped', detail = 'it holds what belongs to ' || ? where id = ?",
            [(os.fsdecode(row["owner"]).encode("utf-8", "backslashreplace").decode(), row["id"]) for row in swapped],
        )


def finish(db: sqlite3.Connection, verification_id: int) -> None:
    """Write down that all is done: the next look begins anew."""
    with transaction(db):
        db.execute("update verification set finished_at = ? where id = ?", (utc_now(), verification_id))


def _insert(db: sqlite3.Connection, mark: Mark, faults: Iterable[Fault]) -> None:
    db.executemany(
        """insert into fault (verification_id, part, row_id, path, sort, found_sha256, detail)
        values (?, ?, ?, ?, ?, ?, ?)""",
        [(mark.id, f.part, f.row_id, f.path, f.sort, f.found_sha256, f.detail) for f in faults],
    )


def page(db: sqlite3.Connection, part: str, after: int, limit: int) -> list[Claim]:
    """The next files of a part, few enough to be looked at between two notes."""
    claims: list[Claim] = []
    total = 0
    for row in db.execute(sql(f"care/{part}"), {"after": after, "limit": limit}):
        if claims and total + row["bytes"] > PAGE_BYTES:
            break
        path = bytes(row["path"]) if part == "sources" else str(row["path"]).encode()
        folder = os.fsencode(row["folder"]) + b"/" if part == "sources" else b""
        claims.append(Claim(row["id"], folder + path, row["sha256"], row["bytes"]))
        total += row["bytes"]
    return claims


def claim_of(db: sqlite3.Connection, fault: Fault) -> Claim | None:
    """What a fault's row says today; None where it speaks of no such file any more."""
    if fault.part not in PARTS[:3] or fault.row_id is None:
        return None
    found = page(db, fault.part, fault.row_id - 1, 1)
    return found[0] if found and (found[0].row_id, found[0].path) == (fault.row_id, fault.path) else None


def fault_of(part: str, claim: Claim, seen: Seen) -> Fault:
    return Fault(part, claim.row_id, claim.path, seen.state, seen.sha256, seen.detail)


def advanced(mark: Mark, claims: list[Claim]) -> Mark:
    """The mark behind a page."""
    size = sum(claim.bytes for claim in claims)
    return replace(mark, last_id=claims[-1].row_id, files=mark.files + len(claims), bytes=mark.bytes + size)


def next_part(mark: Mark) -> Mark:
    return replace(mark, part=mark.part + 1, last_id=0)


def faults(db: sqlite3.Connection, verification_id: int) -> Iterator[tuple[int, Fault]]:
    """All that was found, with the ids of the rows, a page at a time: they may be many, and they may be deleted."""
    last = 0
    while True:
        rows = db.execute(
            "select * from fault where verification_id = ? and id > ? order by id limit ?",
            (verification_id, last, PAGE_FILES),
        ).fetchall()
        if not rows:
            return
        for row in rows:
            yield (
                row["id"],
                Fault(row["part"], row["row_id"], row["path"], row["sort"], row["found_sha256"], row["detail"]),
            )
        last = rows[-1]["id"]
