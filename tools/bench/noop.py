"""A `make all` that finds nothing to do, in a workspace of many files."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from tools.bench.programs import said, seconds_of
from tools.bench.result import Line, Missing, median_line
from tools.bench.sizes import Sizes
from tools.demo import find_pictures
from tools.mill import machine, sources
from tools.mill.manifest import connect, transaction
from tools.mill.plan import FOLDERS
from tools.mill.tool import Asked

TITLE = "A make that finds nothing to do"
HOW = """\
One photograph ran through all stages; the other files are a few bytes each, read and hashed by intake itself. That
intake and extract have judged them is written by SQL, with a frame of each."""

NOTHING_S = 1.0
_PER_FOLDER = 1_000
_UP_TO_DATE = "Everything is up to date; no tool was started."


def measure(folder: Path, sizes: Sizes) -> Iterator[Line]:
    """Time `make all` with stamps, and once without them."""
    if shutil.which("make") is None:
        yield Line("make all with nothing to do", None, "s", NOTHING_S, missing="make is not installed")
        return
    base = folder / "noop"
    workspace(base, sizes.raw_files)
    command = ("make", "all", f"BASE={base.absolute()}")
    yield Line(f"make all without stamps: every tool looks ({sizes.raw_files:,} raw files)", seconds_of(command), "s")
    if _UP_TO_DATE not in said(command):
        raise Missing("make all found something to do where nothing was; was the code edited meanwhile?")
    name = f"make all with nothing to do ({sizes.raw_files:,} raw files)"
    yield median_line(name, [seconds_of(command) for _ in range(sizes.rounds)], "s", NOTHING_S)


def workspace(base: Path, files: int) -> None:
    """A workspace that is done: one photograph that ran through all stages, and many files like it in the manifest.

    The many are a few bytes each. They are read and hashed by intake itself; that intake and extract judged them is
    written by SQL, as is a frame of each, which extract took for a near duplicate.
    """
    photos = base / FOLDERS["photo"]
    photos.mkdir(parents=True)
    shutil.copy(find_pictures()["astronaut"], photos / "0.png")
    (base / "config.toml").write_text("[score]\nmin_crop_mp = 0.05\n", encoding="utf-8")
    said(("make", "all", f"BASE={base.absolute()}"))
    for number in range(1, files):
        place = photos / str(number // _PER_FOLDER)
        place.mkdir(exist_ok=True)
        (place / f"{number}.png").write_bytes(b"%d" % number)
    with closing(connect(base)) as db, transaction(db):
        sources.refresh(db, base.absolute(), Asked(workers=machine.cores()))
        _judge(db, "intake", "photo", "ok")
        _frames(db)
        _judge(db, "extract", "photo", "ok")
        _judge(db, "extract", "frame", "near_duplicate")


def _frames(db: sqlite3.Connection) -> None:
    db.execute(
        """
        insert into item (kind, address, version, parent_id, step_id, made, newest, created_at)
        select 'frame', photo.address || '/t000000.000000', photo.version, photo.id, step.id, 1, 1, photo.created_at
        from item as photo join step on step.tool = 'extract'
        where photo.kind = 'photo' and not exists (select 1 from item where parent_id = photo.id)
        """
    )


def _judge(db: sqlite3.Connection, name: str, kind: str, verdict: str) -> None:
    """Outcomes of a step, by its own recipe and last run, on all items of a kind that it has not judged."""
    db.execute(
        """
        insert into outcome (step_id, item_id, kind, recipe_id, run_id, status, reason, passed, live, latest)
        select step.id, item.id, item.kind, step.recipe_id, (select max(id) from run where step_id = step.id),
            iif(:verdict = 'ok', 'ok', 'rejected'), nullif(:verdict, 'ok'), :verdict = 'ok', 1, 1
        from item join step on step.tool = :tool
        where item.kind = :kind
            and not exists (select 1 from outcome where step_id = step.id and item_id = item.id)
        """,
        {"tool": name, "kind": kind, "verdict": verdict},
    )
