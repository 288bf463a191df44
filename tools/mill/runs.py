"""Runs: each time a tool did something, with what, where and how it ended."""

from __future__ import annotations

import json
import os
import platform
import socket
import sqlite3
import sys
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tools.mill.conceal import conceal
from tools.mill.manifest import utc_now

LIBRARIES = (
    *("numpy", "opencv-python", "av", "dlib-bin", "scikit-image", "pillow"),
    *("torch", "ultralytics", "rembg", "onnxruntime", "google-genai", "openai", "decord"),
)
"""Whose versions a run writes down: they may decide the last bit of what comes out."""


@dataclass(frozen=True)
class Report:
    """What one run did. counts: by status of what was judged now; kinds: the same for each kind; reasons: of all that
    stand rejected at the step. left: how many keep waiting because a budget is used up.
    """

    tool: str
    dataset: str
    waiting: int
    counts: Mapping[str, int] = field(default_factory=dict)
    kinds: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)
    failed: int = 0
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    left: int = 0


def begin(
    db: sqlite3.Connection,
    step_id: int,
    recipe_id: int,
    bounds: Mapping[str, float],
    workers: int,
    weights: Sequence[str] = (),
) -> int:
    """Write down that a run begins, and on what. weights: the names of the files that the settings name for its engine;
    the recipe knows them by their digest."""
    machine = {
        "python": platform.python_version(),
        "system": platform.platform(),
        "cpus": os.cpu_count(),
        "workers": workers,
        "libraries": {name: _version(name) for name in LIBRARIES},
        "weights": list(weights),
        "arguments": [conceal(argument) for argument in sys.argv[1:]],
    }
    cursor = db.execute(
        """insert into run (uid, step_id, recipe_id, limits_json, machine_json, host, pid, started_at, status)
        values (?, ?, ?, ?, ?, ?, ?, ?, 'running')""",
        (
            *(uuid.uuid4().hex, step_id, recipe_id, json.dumps(dict(bounds)), json.dumps(machine)),
            *(socket.gethostname(), os.getpid(), utc_now()),
        ),
    )
    return int(cursor.lastrowid or 0)


def _version(name: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return None


def ran_on(db: sqlite3.Connection, run_id: int, devices: Iterable[str], recalled: int) -> None:
    """Write down where the run's engine computed ("cuda:0, half precision", "TensorRT, CUDA, CPU", "cpu"), and of how
    many items the result was known."""
    for key, value in (("devices", sorted(devices)), ("recalled", recalled)):
        if value:
            question = "update run set machine_json = json_set(machine_json, '$.' || ?, json(?)) where id = ?"
            db.execute(question, (key, json.dumps(value), run_id))


def did_something(db: sqlite3.Connection, run_id: int) -> bool:
    """Whether a run has judged any item."""
    return db.execute("select 1 from outcome where run_id = ? limit 1", (run_id,)).fetchone() is not None


def finish(db: sqlite3.Connection, run_id: int, status: str, seconds: float) -> None:
    """Close a run: 'done', 'broken' or 'interrupted'."""
    db.execute(
        """
        update run set status = :status, finished_at = :now, seconds = :seconds,
            (n_ok, n_rejected, n_failed) = (
                select coalesce(sum(status = 'ok'), 0), coalesce(sum(status = 'rejected'), 0),
                    coalesce(sum(status = 'failed'), 0)
                from outcome where run_id = run.id
            )
        where id = :run
        """,
        {"status": status, "now": utc_now(), "seconds": seconds, "run": run_id},
    )


def report(
    db: sqlite3.Connection,
    step_id: int,
    tool: str,
    dataset: str,
    waiting: int,
    run_id: int | None,
    notes: tuple[str, ...],
) -> Report:
    """What is to be said after a run, from the manifest alone."""
    standing = db.execute(
        """
        select case when status = 'ok' then 'rejected_by_hand' else reason end as reason, count(*) as n
        from outcome
        where step_id = ? and latest and live and not passed
        group by 1 order by n desc, 1
        """,
        (step_id,),
    ).fetchall()
    reasons = {row["reason"]: int(row["n"]) for row in standing}
    row = db.execute("select n_ok, n_rejected, n_failed from run where id = ?", (run_id,)).fetchone()
    counts = dict(zip(("ok", "rejected", "failed"), row, strict=True)) if row else {}
    kinds: dict[str, dict[str, int]] = {}
    for kind, status, n in db.execute(
        "select kind, status, count(*) from outcome where run_id = ? group by kind, status order by min(id)", (run_id,)
    ):
        kinds.setdefault(kind, {})[status] = n
    kinds = {
        kind: {name: each[name] for name in ("ok", "rejected", "failed") if name in each}
        for kind, each in kinds.items()
    }
    return Report(tool, dataset, waiting, counts, kinds, reasons, reasons.pop("failed", 0), 0.0, notes)
