"""The manifest at scale: finding what waits, the funnel, recording, moving a limit, settling."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

from tools.bench.filling import RECIPE, fill
from tools.bench.result import Line, median_line
from tools.bench.sizes import Sizes
from tools.mill import limits, recipe, settle, steps
from tools.mill.manifest import connect, transaction
from tools.mill.plan import BY_TOOL, PLAN
from tools.mill.record import Entry, Recorder
from tools.mill.tool import Limit, Made, Result, Row

TITLE = "The manifest at a million outcomes"
HOW = """\
Two manifests filled by SQL with videos, frames, persons and cut-outs as the tools write them; a tenth is rejected at
each step. Recording is done in turn in the small and in the large one, batch by batch."""

QUESTION_MS = 300.0
SAME = 1.25
"""Cost per item in a large manifest by that in a small one: what still counts as the same, on a machine with noise."""

BATCH = 200
"""Frames recorded at once, as half a second's work of a fast step; the small manifest has enough for each round."""

REPEATS = 5
LIMIT = Limit("blurry", "sharpness", "<", "min_sharpness", 0.4, "", "")
SHARED = [step.tool for step in PLAN if step.gate not in (None, "intake") and not step.per_dataset]


def measure(folder: Path, sizes: Sizes) -> Iterator[Line]:
    """Fill a small and a large manifest, and put the same to both."""
    small, large = (folder / "ledger" / str(size) for size in sizes.outcomes)
    with closing(connect(small, create=True)) as few, closing(connect(large, create=True)) as many:
        for db, base, size in ((few, small, sizes.outcomes[0]), (many, large, sizes.outcomes[1])):
            fill(db, base, size, BATCH * sizes.rounds)
        yield from questions(many)
        yield from recording({"small": few, "large": many}, sizes.rounds)
        yield from deciding(many)


def questions(db: sqlite3.Connection) -> Iterator[Line]:
    """What is asked all the time, of a filled manifest."""
    n = db.execute("select count(*) from outcome").fetchone()[0]
    for recipe_id, what in ((RECIPE, "find what waits"), (RECIPE + 1, "find that everything waits")):
        times = {tool: times_ms(lambda: _queue(db, tool, recipe_id)) for tool in SHARED}  # noqa: B023 - called at once
        slowest = max(times, key=lambda tool: min(times[tool]))
        yield median_line(f"{what} ({slowest}, the slowest; {n:,} outcomes)", times[slowest], "ms", QUESTION_MS)
    for view in ("funnel", "failures"):
        asked = times_ms(lambda: db.execute(f"select * from {view}").fetchall())  # noqa: B023
        yield median_line(view, asked, "ms", QUESTION_MS)
    rows = steps.input_rows(db, "select", "default")
    yield median_line(
        f"read the set to select from ({len(rows):,} cut-outs)",
        times_ms(lambda: recipe.digest_rows(steps.input_rows(db, "select", "default")), 1),
        "ms",
    )


def recording(manifests: Mapping[str, sqlite3.Connection], rounds: int) -> Iterator[Line]:
    """What one frame with two persons costs, in turn in each manifest: for the first time, and done again."""
    for what, again in (("recorded", False), ("recorded again", True)):
        pairs = [
            [record_ms(db, place, again=again) for db in (manifests["small"], manifests["large"])]
            for place in range(rounds)
        ]
        yield median_line(f"one frame and two persons {what}, large manifest", [large for _, large in pairs], "ms")
        yield median_line(
            f"one frame and two persons {what}, large by small",
            [large / small for small, large in pairs],
            "ratio",
            SAME,
        )


def deciding(db: sqlite3.Connection) -> Iterator[Line]:
    """A threshold is moved; then everything is settled."""
    n = db.execute("select count(*) from score").fetchone()[0]
    limits.declare(db, "score", [LIMIT], [])
    step_id = _step(db, "score")
    start = time.perf_counter()
    with transaction(db):
        limits.decide(db, step_id, "score", [LIMIT], {"min_sharpness": 0.5}, changed=[LIMIT])
    yield Line(f"move a limit: decide {n:,} cut-outs again", (time.perf_counter() - start) * 1000, "ms")
    yield median_line("settle everything", times_ms(lambda: _settle(db), 1), "ms")


def times_ms(work: Callable[[], object], times: int = REPEATS) -> list[float]:
    """Milliseconds of each of several calls."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        found.append((time.perf_counter() - start) * 1000)
    return found


def record_ms(db: sqlite3.Connection, place: int, *, again: bool) -> float:
    """Milliseconds per frame to record the place-th batch of the frames that detect has seen (again) or not."""
    step_id = _step(db, "detect")
    frames = db.execute(
        f"""select id, address from item
        where kind = 'frame' and id {"" if again else "not"} in (select item_id from outcome where step_id = :step)
        order by id limit :n offset :skip""",
        # What was recorded for the first time is seen from then on, and the next batch follows by itself.
        {"step": step_id, "n": BATCH, "skip": BATCH * place if again else 0},
    ).fetchall()
    people = [Entry({"item_id": row["id"], "kind": "frame"}, _people(row), 0.01) for row in frames]
    where = next(where for where in settle.places(db) if where.step_id == step_id)
    recorder = Recorder(db, "detect", where, list(BY_TOOL).index("detect"), RECIPE, 1, (), (), {})
    start = time.perf_counter()
    with transaction(db):
        recorder.record(people)
    return (time.perf_counter() - start) * 1000 / len(people)


def _people(frame: Row) -> Result:
    made = (Made("person", f"{frame['address']}/p{place}", measures={"confidence": 0.9}) for place in range(2))
    return Result(measures={"people_seen": 2}, made=tuple(made))


def _queue(db: sqlite3.Connection, tool: str, recipe_id: int) -> steps.Queue:
    return steps.Queue(db, tool, "", _step(db, tool), recipe_id, False, None)


def _step(db: sqlite3.Connection, tool: str) -> int:
    return int(db.execute("select id from step where tool = ?", (tool,)).fetchone()[0])


def _settle(db: sqlite3.Connection) -> None:
    with transaction(db):
        settle.settle(db)
