"""The loop: what waits, map, record, finish. Every tool runs through here, and only here."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import closing, nullcontext, suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from tools.mill import files, limits, links, mapping, pinning, recall, recipe, runs, settle, steps, sweep
from tools.mill.ends import Stop
from tools.mill.lock import hold
from tools.mill.manifest import NAME, connect, meta, require, set_meta, sql, transaction
from tools.mill.plan import BY_TOOL, folder_of
from tools.mill.progress import progress
from tools.mill.record import Entry, Recorder
from tools.mill.settings import Settings, UsageError
from tools.mill.tool import Asked, Bench, Dataset, Row, Tool

COMMIT_S = 0.5
"""How long finished work may wait for its rows; a kill loses no more than twice this."""

_NO_ROOM = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN})


@dataclass(frozen=True)
class _Work:
    """All that one run of one tool needs, worked out once."""

    db: sqlite3.Connection
    tool: Tool
    asked: Asked
    place: settle.Place
    bench: Bench[Any]
    bounds: Mapping[str, float]
    recipe_id: int
    weights: Sequence[str]
    rows: Sequence[Row] | None
    notes: tuple[str, ...]

    @property
    def step_id(self) -> int:
        return self.place.step_id

    def queue(self) -> steps.Queue:
        asked = self.asked
        return steps.Queue(
            *(self.db, self.tool.name, asked.dataset, self.step_id, self.recipe_id, asked.retry_failed, asked.limit),
            # A set takes its recipe from all that was said.
            None if self.tool.work_set else self.tool.says,
        )


def run(tool: Tool, settings: Settings, values: Mapping[str, Any], asked: Asked) -> runs.Report:
    """Run a tool on a workspace. values: its settings after all precedence.

    Raises Held, UsageError, Stop, OSError and sqlite3.Error; what was recorded before that stays.
    """
    start = time.perf_counter()
    first = BY_TOOL[tool.name].gate is None
    if not first:
        require(settings.base)
    try:
        with hold(settings.base, tool.name, asked.dataset):
            report = _opened(tool, settings, values, asked, create=first)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in _NO_ROOM:
            raise Stop(f"{error}: {settings.base.absolute() / NAME}") from error
        raise
    except OSError as error:
        if error.errno in files.NO_ROOM and error.filename is None:
            # Python does not always know of which file a write failed.
            raise Stop(f"{error.strerror}: {settings.base.absolute()}") from error
        raise
    return dataclasses.replace(report, seconds=time.perf_counter() - start)


def _opened(tool: Tool, settings: Settings, values: Mapping[str, Any], asked: Asked, *, create: bool) -> runs.Report:
    with closing(connect(settings.base, create=create)) as db:
        if asked.dry_run:
            # A dry run decides and settles like a real one, and then takes it all back.
            db.execute("begin immediate")
        return _run(db, tool, settings, values, asked)


def _run(
    db: sqlite3.Connection, tool: Tool, settings: Settings, values: Mapping[str, Any], asked: Asked
) -> runs.Report:
    base = settings.base.absolute()
    step_id = steps.ensure(db, settings, tool.name, asked.dataset)
    if not asked.dry_run:
        sweep.after_crash(db, base, step_id, folder_of(tool.name, asked.dataset))
    noticed = tool.prepare(db, base, asked) if tool.prepare else ()
    work = _prepare(db, base, tool, settings, values, asked, step_id)
    notes = (*noticed, *work.notes)
    decided = _decide_again(work)
    if settle.is_due(db):
        with transaction(db):
            settle.settle(db)
        # What has settled may have changed the set.
        work = _prepare(db, base, tool, settings, values, asked, step_id)
    if not tool.work_set:
        _follow(work)
        steps.notice(db, tool.name, asked.dataset, step_id, tool.says)
    queue = work.queue()
    service = tool.service(work.bench) if tool.service and queue else None
    with closing(service) if service else nullcontext():
        if service:
            notes += service.permit(queue, asked)
            work = dataclasses.replace(work, bench=dataclasses.replace(work.bench, service=service))
        due = bool(queue) or decided or _set_changed(work)
        run_id = _one_run(work, queue) if due and not asked.dry_run else None
    if not asked.dry_run:
        links.rebuild(db, base, step_id, tool.name, asked.dataset)
        for folder, question in tool.shows.items():
            links.lay_out(db, base, folder, question, step_id)
    if run_id is not None and tool.review and (tool.work_set or runs.did_something(db, run_id)):
        notes += tool.review(work.bench)
    if run_id is not None:
        notes += recall.told(db, run_id, tool.name, len(queue))
        notes += service.farewell() if service else ()
    report = runs.report(db, step_id, tool.name, asked.dataset, len(queue), run_id, notes)
    return dataclasses.replace(report, left=service.left) if service else report


def _prepare(
    db: sqlite3.Connection,
    base: Path,
    tool: Tool,
    settings: Settings,
    values: Mapping[str, Any],
    asked: Asked,
    step_id: int,
) -> _Work:
    try:
        params = tool.params(**{field.name: values[field.name] for field in dataclasses.fields(tool.params)})
    except ValueError as error:
        raise UsageError(str(error)) from error
    dataset = Dataset(name=asked.dataset, **settings.datasets[asked.dataset]) if asked.dataset else Dataset()
    params, engine, notes = pinning.engine(db, base, tool, params)
    sides = {side: _side(db, f"sides/{tool.name}.{side}", asked.dataset) for side in tool.sides}
    causes = tool.causes(params, dataset) if tool.causes else {}
    rows = steps.input_rows(db, tool.name, asked.dataset, tool.says) if tool.work_set else None
    content = recipe.build(
        tool.name,
        tool.version,
        recipe.parameters(params, engine[0] if engine else None),
        engine=engine,
        dataset={key: getattr(dataset, key) for key in tool.dataset_keys},
        sides={side: recipe.digest_rows(found, "address", "version") for side, found in sides.items()} | dict(causes),
        inputs=recipe.digest_rows(rows) if rows is not None else None,
    )
    with transaction(db):
        recipe_id = recipe.ensure(db, content)
    place = next(place for place in settle.places(db) if place.step_id == step_id)
    bounds = {limit.key: float(values[limit.key]) for limit in tool.limits}
    bench = Bench(base, params, dataset, sides, digest=engine[1] if engine else "")
    notes += tool.remarks(bench) if tool.remarks else ()
    weights = recipe.files(params, engine[0] if engine else None)
    return _Work(db, tool, asked, place, bench, bounds, recipe_id, weights, rows, notes)


def _side(db: sqlite3.Connection, name: str, dataset: str) -> list[dict[str, Any]]:
    return [dict(row) for row in db.execute(sql(name), {"dataset": dataset})]


def _decide_again(work: _Work) -> bool:
    """Where a bound or a rule is another, decide again from what is stored. True where something was to decide."""
    db, tool = work.db, work.tool
    before = json.loads(db.execute("select limits_json from step where id = ?", (work.step_id,)).fetchone()[0])
    key, rules = f"limits.{work.step_id}", limits.rules(tool.limits)
    with transaction(db):
        limits.declare(db, tool.name, tool.limits, tool.reasons)
        same = meta(db, key) == rules
        if before == work.bounds and same:
            return False
        changed = limits.changed(tool.limits, work.bounds, before) if same else None
        set_meta(db, key, rules)
        limits.decide(db, work.step_id, tool.name, tool.limits, work.bounds, changed=changed)
        db.execute("update step set limits_json = ? where id = ?", (json.dumps(work.bounds), work.step_id))
        settle.mark(db)
    return bool(before)


def _follow(work: _Work) -> None:
    """From now on the step goes by this recipe: what was judged by another one waits."""
    with transaction(work.db):
        question = "update step set recipe_id = :recipe where id = :step and recipe_id is not :recipe"
        work.db.execute(question, {"recipe": work.recipe_id, "step": work.step_id})


def _set_changed(work: _Work) -> bool:
    """A set that has lost its last member waits too: its result must follow. So does one whose result is gone."""
    if work.rows is None:
        return False
    if work.rows and work.tool.stands and not work.tool.stands(work.bench):
        return True
    row = work.db.execute("select recipe_id from step where id = ?", (work.step_id,)).fetchone()
    return row["recipe_id"] != work.recipe_id and (bool(work.rows) or row["recipe_id"] is not None)


def _one_run(work: _Work, queue: steps.Queue) -> int:
    """One run with its row: begun, worked, finished, whatever happens in between."""
    db, start = work.db, time.perf_counter()
    with transaction(db):
        run_id = runs.begin(db, work.step_id, work.recipe_id, work.bounds, work.asked.workers, work.weights)
    recorder = Recorder(
        *(db, work.tool.name, work.place, list(BY_TOOL).index(work.tool.name), work.recipe_id, run_id),
        *(work.tool.limits, work.tool.reasons, work.bounds),
    )
    try:
        if work.tool.work_set:
            _map_set(work, recorder)
        else:
            _map_each(work, recorder, queue, run_id)
    except BaseException as problem:
        status = "interrupted" if isinstance(problem, KeyboardInterrupt) else "broken"
        _break_off(work, run_id, status, time.perf_counter() - start)
        raise
    if recorder.failed:
        # What failed may have written files before it did.
        sweep.orphans(db, work.bench.base, folder_of(work.tool.name, work.asked.dataset), run_id)
    with transaction(db):
        runs.finish(db, run_id, "done", time.perf_counter() - start)
        if settle.is_due(db):
            settle.settle(db)
    return run_id


def _break_off(work: _Work, run_id: int, status: str, seconds: float) -> None:
    """Close a run that ended early and remove the files that got no rows."""
    # On a full disk this cannot be written either: then it is left to the next run, as after a kill, and what is told
    # is the first error.
    with suppress(sqlite3.Error, OSError):
        sweep.orphans(work.db, work.bench.base, folder_of(work.tool.name, work.asked.dataset), run_id)
        with transaction(work.db):
            runs.finish(work.db, run_id, status, seconds)


def _map_set(work: _Work, recorder: Recorder) -> None:
    assert work.tool.work_set is not None
    rows = work.rows or []
    start = time.perf_counter()
    results = work.tool.work_set(rows, work.bench)
    share = (time.perf_counter() - start) / max(1, len(rows))
    with transaction(work.db):
        # Not before: that a set has lost its last member is known by its recipe alone.
        _follow(work)
        recorder.record([Entry(row, results[row["item_id"]], share) for row in rows])
        if work.tool.conclude:
            work.tool.conclude(work.db, work.step_id, work.bench.dataset, results)


def _map_each(work: _Work, recorder: Recorder, queue: steps.Queue, run_id: int) -> None:
    batch: list[Entry] = []
    devices: set[str] = set()
    last = time.monotonic()

    def commit() -> None:
        nonlocal last
        if batch:
            with transaction(work.db):
                recorder.record(batch)
            batch.clear()
        last = time.monotonic()

    known, rest = recall.known(work.db, work.bench.base, work.tool, work.step_id, work.recipe_id, queue)
    # Closed at once when something goes wrong here, so that no worker writes another file.
    mapped = mapping.results(work.tool, work.bench, rest, work.asked, COMMIT_S, commit)
    with closing(mapped) as entries:
        try:
            for entry in progress(chain(known, entries), work.tool.name, len(queue)):
                batch.append(entry)
                if entry.result.device:
                    devices.add(entry.result.device)
                if time.monotonic() - last > COMMIT_S:
                    commit()
        except (Stop, UsageError):
            # What was finished before stands: an item that stops every run must not be the first for ever.
            commit()
            raise
    commit()
    with transaction(work.db):
        runs.ran_on(work.db, run_id, devices, len(queue) - len(rest))
