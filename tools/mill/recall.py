"""Recall: what a tool made of an item before, by the same recipe, is taken again instead of being made again.

A setting that is set back finds its results in the manifest. They are judged and recorded like new ones.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from copy import copy
from pathlib import Path
from typing import Any

from tools.mill import files, steps
from tools.mill.manifest import sql
from tools.mill.plan import BY_TOOL
from tools.mill.record import Entry
from tools.mill.tool import OK, Made, Result, Row, Tool, Verdict, rejected


def known(
    db: sqlite3.Connection, base: Path, tool: Tool, step_id: int, recipe_id: int, queue: steps.Queue
) -> tuple[Iterator[Entry], steps.Queue]:
    """What an earlier run knows of what waits, and the queue of the rest, which fills while that is read."""
    if not tool.recalls:
        return iter(()), queue
    rest = copy(queue)
    rest.ids = queue.ids[:0]
    return _entries(db, base, step_id, recipe_id, queue, rest), rest


def _entries(
    db: sqlite3.Connection, base: Path, step_id: int, recipe_id: int, queue: steps.Queue, rest: steps.Queue
) -> Iterator[Entry]:
    before = "select count(*) from run where step_id = ? and recipe_id = ?"
    if db.execute(before, (step_id, recipe_id)).fetchone()[0] < 2:  # this run is one
        rest.ids.extend(queue.ids)
        return
    for row in queue:
        found = _entry(db, base, queue.tool, step_id, recipe_id, row)
        if found is None:
            rest.ids.append(int(row["item_id"]))
        else:
            yield found


def _entry(db: sqlite3.Connection, base: Path, tool: str, step_id: int, recipe_id: int, row: Row) -> Entry | None:
    """What came of an item before, where nothing else stands beside it and all that was made of it is still there."""
    asked = {"step": step_id, "item": row["item_id"], "recipe": recipe_id}
    old = db.execute(sql("mill/recalled"), asked).fetchone()
    if old is None or any((old[key] or None) != (row.get(key) or None) for key in ("beside", "said_id")):
        return None
    made = db.execute(sql("mill/recalled_made"), {**asked, "run": old["run_id"]}).fetchall()
    if not all(_is_there(base, each) for each in made):
        return None
    result = Result(
        _verdict(old),
        measures=_measures(db, tool, old["id"]),
        made=tuple(_made(db, tool, each) for each in made),
    )
    return Entry(row, result, old["seconds"])


def _is_there(base: Path, made: sqlite3.Row) -> bool:
    """Whether a file is where it was, and as long. Whether it holds what it did, `make verify` asks."""
    path = base / made["path"] if made["path"] else None
    return path is not None and path.is_file() and path.stat().st_size == made["bytes"]


def _made(db: sqlite3.Connection, tool: str, made: sqlite3.Row) -> Made:
    return Made(
        *(made["kind"], made["address"], files.Stored(made["path"], made["sha256"], made["bytes"])),
        *(made["width"], made["height"]),
        measures=_measures(db, tool, made["id"]),
        verdict=_verdict(made),
        known=made["item_id"],
    )


def _verdict(outcome: sqlite3.Row) -> Verdict:
    """What the tool itself said; what the limits said of it they say again."""
    return rejected(outcome["reason"], outcome["detail"]) if outcome["defect"] else OK


def _measures(db: sqlite3.Connection, tool: str, outcome_id: int) -> dict[str, Any]:
    row = db.execute(f'select * from "{BY_TOOL[tool].measured}" where outcome_id = ?', (outcome_id,)).fetchone()
    return {} if row is None else {name: row[name] for name in row.keys() if name != "outcome_id"}  # noqa: SIM118


def told(db: sqlite3.Connection, run_id: int, tool: str, waiting: int) -> tuple[str, ...]:
    """A sentence for the user where results of a run were known."""
    machine = json.loads(db.execute("select machine_json from run where id = ?", (run_id,)).fetchone()[0])
    n = machine.get("recalled", 0)
    return (f"{tool}: {n} of {waiting} were known from an earlier run with these settings.",) if n else ()
