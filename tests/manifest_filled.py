"""A manifest filled through the core with made-up results: small enough to know by heart, one of each fate.

What each tool finds out stands in tests/made_up.py.
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import shutil
import sqlite3
import tempfile
from functools import cache
from pathlib import Path

from made_up import ANSWERS, DATASET, Answers, source

from tools.mill import limits, links, recipe, runs, settings, settle, sources, steps
from tools.mill.manifest import connect, transaction
from tools.mill.plan import BY_TOOL
from tools.mill.record import Entry, Recorder
from tools.mill.tool import Asked, Dataset, Result

STARTED = "2024-05-01T10:00:00.000Z"
SOURCES = (
    ("00_raw_videos", b"dance.mp4"),
    ("00_raw_videos", b"tiny.mp4"),
    ("00_raw_videos", b'two\nlines "quoted", \xff.mp4'),
    ("00_raw_photos", b"portrait.jpg"),
)


def filled(base: Path) -> Path:
    """A workspace with that manifest, which a test may spoil."""
    shutil.copytree(_template(), base, symlinks=True, dirs_exist_ok=True)
    return base


@cache
def _template() -> Path:
    base = Path(tempfile.mkdtemp(prefix="filled-"))
    atexit.register(shutil.rmtree, base)
    fill(base)
    return base


def fill(base: Path) -> None:
    """Put files into an empty workspace and run the whole plan over them."""
    db = connect(base, create=True)
    steps.ensure(db, settings.load(base, {}), "intake", "")
    for folder, name in SOURCES:
        path = base / folder / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name)
        # One after another, so that the ids do not depend on the order in which a folder is listed.
        sources.refresh(db, base, Asked())
    for tool in BY_TOOL:
        play(db, base, tool)
    db.close()


def play(
    db: sqlite3.Connection,
    base: Path,
    tool: str,
    answers: Answers | None = None,
    *,
    pace: float = 2.0,
    dataset: Dataset | None = None,
    **bounds: float,
) -> int:
    """Record one run of a tool over what waits; returns the step's id.

    answers: by address, those of the story where None; what is not named is ok. pace: a parameter of every tool.
    """
    declared = importlib.import_module(f"tools.{tool}").TOOL
    dataset = (dataset or DATASET) if BY_TOOL[tool].per_dataset else Dataset(name="")
    step_id = db.execute("select id from step where tool = ? and dataset = ?", (tool, dataset.name)).fetchone()[0]
    bounds = {limit.key: limit.default for limit in declared.limits} | bounds
    keys = {key: getattr(dataset, key) for key in declared.dataset_keys}
    content = recipe.build(tool, 1, {"pace": pace}, engine=("builtin", "0123456789abcdef"), dataset=keys)
    given = ANSWERS[tool](db) if answers is None else answers
    with transaction(db):
        limits.declare(db, tool, declared.limits, declared.reasons)
        recipe_id = recipe.ensure(db, content)
        run_id = runs.begin(db, step_id, recipe_id, bounds, 1)
        settings_now = (recipe_id, json.dumps(bounds), step_id)
        db.execute("update step set recipe_id = ?, limits_json = ? where id = ?", settings_now)
        place = next(place for place in settle.places(db) if place.step_id == step_id)
        rows = list(steps.Queue(db, tool, dataset.name, step_id, recipe_id, False, None))
        results = {row["item_id"]: given.get(row["address"], Result()) for row in rows}
        recorder = Recorder(
            *(db, tool, place, list(BY_TOOL).index(tool), recipe_id, run_id),
            *(declared.limits, declared.reasons, bounds),
        )
        recorder.record([Entry(row, results[row["item_id"]], 0.5) for row in rows])
        if declared.conclude:
            declared.conclude(db, step_id, dataset, results)
        settle.settle(db)
        runs.finish(db, run_id, "done", 2.0)
        db.execute("update run set started_at = ?, host = 'mill', machine_json = '{}'", (STARTED,))
    links.rebuild(db, base, step_id, tool, dataset.name)
    return int(step_id)


def item(db: sqlite3.Connection, kind: str, address: str) -> int:
    """The id of the newest item of an address, given without its source: of the video."""
    full = f"{source(db, 'dance.mp4')}/{address}" if address.startswith("t") else address
    return int(db.execute("select id from item where newest and (kind, address) = (?, ?)", (kind, full)).fetchone()[0])


def words(tool: str, code: str) -> tuple[str, str]:
    """What a tool says that a reason means, and what to do: its words may change, no test repeats them."""
    declared = importlib.import_module(f"tools.{tool}").TOOL
    told = {reason.code: reason for reason in declared.reasons} | {limit.reason: limit for limit in declared.limits}
    return told[code].description, told[code].remedy
