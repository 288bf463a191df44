"""Checking: every file against its digest, a page at a time, and what was found looked at once more at the end."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tools.care import packages, strays
from tools.care import verification as notes
from tools.care.hashing import Claim, Seen, look
from tools.care.verification import PARTS, Fault, Mark
from tools.mill import machine
from tools.mill.manifest import transaction
from tools.mill.pool import Answer, run_all
from tools.mill.progress import progress
from tools.mill.settings import UsageError
from tools.mill.way import Way


@dataclass(frozen=True)
class Checked:
    """What a verification did. files, bytes: looked at in all; resumed_at: when the one that it went on from began.

    unsure: folders whose tool was at work, so that nobody can say what is an orphan there.
    """

    id: int
    files: int
    bytes: int
    resumed_at: str | None
    before: int
    unsure: tuple[str, ...]


def check(db: sqlite3.Connection, base: Path) -> Checked:
    """Look at every file of the workspace. What was seen is written down as it goes; a kill loses one page."""
    begun, resumed = notes.begin(db)
    mark = begun
    answers = _pages(db, base, begun)
    for mark, found in progress(answers, "verify", _left(db, begun)):
        notes.save(db, mark, found)
    _confirm(db, base, mark)
    lost, unsure = strays.strays(db, base)
    notes.conclude(db, mark, [*packages.faults(db, base), *lost])
    return Checked(mark.id, mark.files, mark.bytes, begun.started_at if resumed else None, begun.files, tuple(unsure))


def _left(db: sqlite3.Connection, mark: Mark) -> int:
    """About how many pages there are still to be looked at."""
    tables = ("item where parent_id is not null and path is not null", "composite", "file")
    total = sum(int(db.execute(f"select count(*) from {table}").fetchone()[0]) for table in tables)
    return max(1, -(-(total - mark.files) // notes.PAGE_FILES))


def _pages(db: sqlite3.Connection, base: Path, mark: Mark) -> Iterator[tuple[Mark, list[Fault]]]:
    """Page after page from a mark on: the mark behind it, and what was found in it."""
    while mark.part < PARTS.index("packages"):
        part = PARTS[mark.part]
        claims = notes.page(db, part, mark.last_id, notes.PAGE_FILES)
        if claims:
            mark = notes.advanced(mark, claims)
            found = [notes.fault_of(part, claim, seen) for claim, seen in _looked(base, claims)]
            yield mark, [fault for fault in found if fault.sort != "right"]
        else:
            mark = notes.next_part(mark)
            yield mark, []


def _looked(base: Path, claims: Iterable[Claim]) -> Iterator[tuple[Claim, Seen]]:
    stop = threading.Event()
    way = Way("threads", machine.cores(), idle_s=0.2, halt=stop.set)
    answers: Generator[Answer[Claim, Seen], None, None] = run_all(look, claims, (os.fsencode(base), stop), way)
    # Closed at once when something goes wrong here, so that no thread reads on.
    with closing(answers):
        for answer in answers:
            if answer.value is None:
                raise UsageError(f"{answer.error}. Mend it and type the command again.")
            yield answer.job, answer.value


def _confirm(db: sqlite3.Connection, base: Path, mark: Mark) -> None:
    """Drop what is right by now: a tool may have been at work beside, or the look was broken off in between."""
    healed = []
    for row_id, fault in notes.faults(db, mark.id):
        claim = notes.claim_of(db, fault)
        seen = look(claim, (os.fsencode(base), threading.Event())) if claim else None
        if seen is None or seen.state == "right":
            healed.append((row_id,))
    with transaction(db):
        db.executemany("delete from fault where id = ?", healed)
