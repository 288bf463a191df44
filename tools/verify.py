"""Look at every file of a workspace: is it there, and does it hold what the manifest says?

Reads: what tools made, the masks of composites, the packages, and your own files.  Writes: its notes in the manifest.
Finds: missing, changed, swapped (it holds what belongs to another), unreadable, orphaned (no row speaks of it).
Example: python -m tools.verify --base data --repair

With --repair, what is missing, changed or swapped is made again by the next `make`, what does not belong where it lies
is moved to `orphans/`, and all verdicts are settled anew. Your own files are never touched. Broken off, it goes on
where it was.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import click

from tools.care.checking import Checked, check
from tools.care.hashing import look
from tools.care.packages import guests
from tools.care.repair import ORPHANS, mendable, repair
from tools.care.still import alone
from tools.care.strays import is_known
from tools.care.verification import PARTS, Fault, claim_of, faults, finish
from tools.mill import settle
from tools.mill.command import FAILED_ITEMS, guard
from tools.mill.lock import hold
from tools.mill.manifest import connect, require, transaction
from tools.mill.walk import shown
from tools.mill.words import command, duration, listing, moment, plural, volume

BATCH = 500
"""How many faults are mended in one transaction."""

NAMED = 5
"""How many files of others are named for each package: a trainer's caches are hundreds."""

ITEM_PARTS = ("made", "masks")


def told(fault: Fault) -> str:
    """One line for a fault: what it is, which file, whose, and why."""
    whose = f" (item {fault.row_id})" if fault.part in ITEM_PARTS else ""
    why = f": {fault.detail}" if fault.detail else ""
    return f"{fault.sort:10} {shown(fault.path)}{whose}{why}"


def stands(db: sqlite3.Connection, base: Path, fault: Fault) -> bool:
    """Whether a fault is still there, now that nobody else is at work."""
    if fault.part == "packages":
        return True
    if fault.part == "strays":
        return os.path.lexists(os.path.join(os.fsencode(base), fault.path)) and not is_known(db, fault.path)
    claim = claim_of(db, fault)
    return claim is not None and look(claim, (os.fsencode(base), threading.Event())).state != "right"


def mend(db: sqlite3.Connection, base: Path, verification_id: int) -> int:
    """Mend all that can be; returns how much that was. Raises Held where a tool runs."""
    mended = 0
    with alone(db, base):
        for batch in _batches(db, verification_id):
            standing = [fault for fault in batch if mendable(fault) and stands(db, base, fault)]
            repair(db, base, standing)
            mended += len(standing)
    return mended


def _batches(db: sqlite3.Connection, verification_id: int) -> Iterator[list[Fault]]:
    """The faults, so many at a time; those of packages together, so that each package is renewed once."""
    batch: list[Fault] = []
    packages: list[Fault] = []
    for _, fault in faults(db, verification_id):
        (packages if fault.part == PARTS[-1] else batch).append(fault)
        if len(batch) == BATCH:
            yield batch
            batch = []
    yield batch
    yield packages


def summary(done: Checked, counts: Counter[str], seconds: float) -> str:
    """What was looked at and what was found, in a sentence."""
    found = (
        listing([f"{number} {sort}" for sort, number in counts.items()]) if counts else "all are what they should be"
    )
    return f"verify: {plural(done.files, 'file')}, {volume(done.bytes)}, in {duration(seconds)}: {found}."


def kept(visited: Sequence[tuple[Path, list[str]]]) -> Iterator[str]:
    """A line for each package into which somebody put files, that names the first of them."""
    for folder, names in visited:
        more = [f"{len(names) - NAMED} more"] if len(names) > NAMED else []
        told = listing([*(shown(os.fsencode(name)) for name in names[:NAMED]), *more])
        be = "is" if len(names) == 1 else "are"
        yield f"{folder}: {plural(len(names), 'file')} there {be} not of the package, which is no fault: {told}."


def advice(base: Path, counts: Counter[tuple[str, str]], mended: int | None) -> Iterator[str]:
    """What to do about what was found. counts: by part and sort; mended: None where nobody asked for it."""
    own = sum(number for (part, _), number in counts.items() if part == "sources")
    unread = sum(number for (part, sort), number in counts.items() if sort == "unreadable" and part != "sources")
    rest = counts.total() - own - unread
    if mended is None and rest:
        yield f"To have the next make do again what is lost or changed: {command(base, 'verify', REPAIR='1')}"
    if mended:
        yield f"{plural(mended, 'fault')} mended: {command(base, 'all')} makes again what is lost."
        if (base / ORPHANS).is_dir():
            yield f"What did not belong where it lay is in {base / ORPHANS}/; look at it, then delete it."
    if own:
        yield (
            f"{plural(own, 'fault')} in your own files: put them back from your copy. "
            "What you changed on purpose is read anew by the next make."
        )
    if unread:
        yield f"{plural(unread, 'file')} cannot be read: look at the permissions and at the disk."


@click.command("verify", help=(__doc__ or "").replace("\n\n", "\n\n\b\n", 1))
@click.option("--base", type=click.Path(path_type=Path), default=Path("data"), show_default=True, help="the workspace")
@click.option(
    "--repair", "wanted", is_flag=True, help="have what is lost made again, move orphans away, settle all verdicts anew"
)
def main(base: Path, wanted: bool) -> int:
    """Name every fault on stdout. Exits with 3 where some are left."""
    require(base)
    start = time.perf_counter()
    by_sort: Counter[str] = Counter()
    by_part: Counter[tuple[str, str]] = Counter()
    with hold(base, "verify"), closing(connect(base)) as db:
        done = check(db, base)
        if done.resumed_at:
            where = f"{plural(done.before, 'file')} had been looked at"
            click.echo(f"verify: went on from {moment(done.resumed_at)}, when {where}.", err=True)
        for _, fault in faults(db, done.id):
            click.echo(told(fault))
            by_sort[fault.sort] += 1
            by_part[fault.part, fault.sort] += 1
        mended = mend(db, base, done.id) if wanted and by_sort else None
        visited = list(guests(db, base))
        if wanted:
            # Also where a hand has written to the manifest, and nothing says that it is due.
            with transaction(db):
                settle.settle(db)
        finish(db, done.id)
    for folder in done.unsure:
        click.echo(f"{folder}: its tool is at work, so nobody can say what is an orphan there.", err=True)
    for line in kept(visited):
        click.echo(line, err=True)
    click.echo(summary(done, by_sort, time.perf_counter() - start), err=True)
    for line in advice(base, by_part, mended):
        click.echo(line, err=True)
    return FAILED_ITEMS if by_sort.total() > (mended or 0) else 0


if __name__ == "__main__":
    guard(lambda: main(prog_name="python -m tools.verify", standalone_mode=False))
