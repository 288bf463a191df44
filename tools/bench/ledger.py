"""The manifest at scale: finding what waits, the funnel, recording, moving a limit."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tools.bench.result import Line
from tools.mill import limits, settings, settle, steps
from tools.mill.manifest import connect, transaction, utc_now
from tools.mill.plan import BY_TOOL
from tools.mill.record import Entry, Recorder
from tools.mill.tool import Limit, Made, Result

SMALL, LARGE = 10_000, 1_000_000
"""Outcomes in the manifests that are compared."""

BATCH = 500
QUESTION_MS = 300.0
LIMIT = Limit("blurry", "sharpness", "<", "min_sharpness", 0.4, "", "")


def measure(folder: Path) -> Iterator[Line]:
    """Fill a small and a large manifest and put the same questions to both."""
    costs = {}
    for size in (SMALL, LARGE):
        db = connect(folder / str(size), create=True)
        fill(db, folder / str(size), size)
        costs[size] = record_ms(db)
        if size == LARGE:
            n = db.execute("select count(*) from outcome").fetchone()[0]
            waits = best_ms(lambda: len(_queue(db, "mask")))  # noqa: B023 - called at once
            yield Line(f"find what waits among {n:,} outcomes", waits, "ms", QUESTION_MS)
            funnel = best_ms(lambda: db.execute("select * from funnel").fetchall())  # noqa: B023
            yield Line(f"funnel over {n:,} outcomes", funnel, "ms", QUESTION_MS)
            yield Line("move a limit, decide again", move_limit_ms(db), "ms", None)
            yield Line("settle everything", best_ms(lambda: _settle(db), 1), "ms", None)  # noqa: B023
        db.close()
    yield Line("recording one frame and its two persons, small manifest", costs[SMALL], "ms", None)
    yield Line("the same in the large one, as a ratio", costs[LARGE] / costs[SMALL], "ratio", 1.5)


def fill(db: sqlite3.Connection, base: Path, outcomes: int) -> None:
    """Rows as the tools write them: of every 10 outcomes 2 on frames by extract and by detect, 4 on persons, 2 on cutouts."""
    steps.ensure(db, settings.load(base), "intake", "")
    n = outcomes // 10
    with transaction(db):
        db.execute("insert into recipe (id, digest, json) values (1, 'bench', '{}')")
        db.execute("update step set recipe_id = 1")
        for row in db.execute("select id from step").fetchall():
            db.execute(
                """insert into run (uid, step_id, recipe_id, limits_json, machine_json, host, pid, started_at, status)
                values (?, ?, 1, '{}', '{}', 'bench', 1, ?, 'done')""",
                (f"bench{row[0]}", row[0], utc_now()),
            )
        _items(db, "video", "intake", max(1, n // 500), None)
        _items(db, "frame", "extract", 2 * n, "video")
        _items(db, "person", "detect", 2 * n, "frame")
        _items(db, "cutout", "mask", n, "person")
        for tool, kind in (
            *(("intake", "video"), ("extract", "video"), ("extract", "frame"), ("detect", "frame")),
            *(("detect", "person"), ("match", "person"), ("mask", "cutout"), ("score", "cutout")),
        ):
            _outcomes(db, tool, kind)
        db.execute(
            """insert into score (outcome_id, sharpness)
            select outcome.id, (outcome.id % 1000) / 1000.0 from outcome
            join step on step.id = outcome.step_id where step.tool = 'score'"""
        )
        settle.settle(db)


def _items(db: sqlite3.Connection, kind: str, tool: str, n: int, parent: str | None) -> None:
    parents = db.execute("select min(id), count(*) from item where kind = ?", (parent,)).fetchone()
    db.execute(
        """
        with recursive n (i) as (select 0 union all select i + 1 from n where i + 1 < :n)
        insert into item (kind, address, version, parent_id, step_id, path, made, newest, created_at)
        select :kind, printf('%032x/t%012d', i % 1000, i), printf('%016x', i),
            :first + i % nullif(:parents, 0), (select id from step where tool = :tool), printf('x/%d.webp', i), 1, 1, ''
        from n
        """,
        {"n": n, "kind": kind, "tool": tool, "first": parents[0], "parents": parents[1]},
    )


def _outcomes(db: sqlite3.Connection, tool: str, kind: str) -> None:
    """One in ten is rejected, so that every later step has fewer."""
    db.execute(
        """
        insert into outcome (step_id, item_id, kind, recipe_id, run_id, status, reason, seconds, passed, live, latest)
        select step.id, item.id, item.kind, 1, run.id, iif(item.id % 10 = 0, 'rejected', 'ok'),
            iif(item.id % 10 = 0, 'bench', null), 0.01, item.id % 10 <> 0, 1, 1
        from item, step join run on run.step_id = step.id
        where item.kind = :kind and step.tool = :tool
        """,
        {"kind": kind, "tool": tool},
    )


def _queue(db: sqlite3.Connection, tool: str) -> steps.Queue:
    step_id = db.execute("select id from step where tool = ?", (tool,)).fetchone()[0]
    return steps.Queue(db, tool, "", step_id, 1, False, None)


def best_ms(work: Callable[[], object], times: int = 5) -> float:
    """The fastest of several runs, in milliseconds: what the machine can do when nobody disturbs it."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        found.append((time.perf_counter() - start) * 1000)
    return min(found)


def record_ms(db: sqlite3.Connection) -> float:
    """Milliseconds to record one frame with two persons, in batches as the loop writes them."""
    step_id = db.execute("select id from step where tool = 'detect'").fetchone()[0]
    place = next(place for place in settle.places(db) if place.step_id == step_id)
    recorder = Recorder(db, "detect", place, list(BY_TOOL).index("detect"), 1, 1, (), (), {})
    frames = db.execute("select id, address from item where kind = 'frame' limit ?", (BATCH * 4,)).fetchall()
    best = float("inf")
    for start in range(0, len(frames), BATCH):
        batch = frames[start : start + BATCH]
        entries = [
            Entry(
                {"item_id": row["id"], "kind": "frame"},
                Result(made=tuple(Made("person", f"{row['address']}/p{place}") for place in range(2))),
                0.01,
            )
            for row in batch
        ]
        began = time.perf_counter()
        with transaction(db):
            recorder.record(entries)
        best = min(best, (time.perf_counter() - began) * 1000 / len(batch))
    return best


def move_limit_ms(db: sqlite3.Connection) -> float:
    """Milliseconds to decide all cut-outs again from their stored sharpness."""
    step_id = db.execute("select id from step where tool = 'score'").fetchone()[0]
    limits.declare(db, "score", [LIMIT], [])
    start = time.perf_counter()
    with transaction(db):
        limits.decide(db, step_id, "score", [LIMIT], {"min_sharpness": 0.5}, changed=[LIMIT])
    return (time.perf_counter() - start) * 1000


def _settle(db: sqlite3.Connection) -> None:
    with transaction(db):
        settle.settle(db)
