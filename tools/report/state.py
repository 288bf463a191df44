"""State: where a workspace stands, as plain values, and the same for JSON."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tools.choose.quotas import gaps
from tools.mill.manifest import sql
from tools.mill.tool import Dataset
from tools.report.queries import load

Values = Mapping[str, Any]
SHOWN_FAILED = 20

FEW = 4
"""Of so few items a large share says nothing."""

ASKED_FOR = frozenset({"other_person", "unwanted_person"})
"""Reasons that say that a dataset is about somebody else: the larger their share, the better they work."""


@dataclass(frozen=True)
class Selection:
    """The chosen set of a dataset: how many of how many, and what it lacks."""

    dataset: str
    chosen: int
    wanted: int
    gaps: Sequence[str]


@dataclass(frozen=True)
class State:
    """funnel, failures: rows of the views. people: how many were seen at least, None where nobody was looked for.

    adrift: decisions that find no item. hints: of the reasons that dominate, the row of failures, with item_id, an item
    to look at, and linked, whether links show all of them. packages: dataset, folder, images, at. failed: the first
    failed items, with their errors. running: tool, dataset and start of runs that have not ended. clusters: who there
    is, as `make people` lists them. open_datasets: those that are about nobody, so that they take everybody.
    untriggered: those without a trigger word. beyond: how many persons no reference photo shows for sure, None where
    there is none.
    """

    funnel: Sequence[Values]
    failures: Sequence[Values]
    people: int | None
    selections: Sequence[Selection]
    adrift: Sequence[Values]
    packages: Sequence[Values]
    failed: Sequence[Values]
    running: Sequence[Values]
    hints: Sequence[Values] = ()
    clusters: Sequence[Values] = ()
    open_datasets: Sequence[str] = ()
    untriggered: Sequence[str] = ()
    beyond: int | None = None

    @property
    def n_failed(self) -> int:
        return sum(row["failed"] for row in self.funnel)

    @property
    def waiting(self) -> int:
        return sum(row["waiting"] for row in self.funnel)


def read(db: sqlite3.Connection) -> State:
    """The state of a workspace's manifest."""
    failures = _rows(db, sql("status/failures"))
    return State(
        funnel=_rows(db, "select * from funnel"),
        failures=failures,
        hints=[_hint(db, row) for row in dominating(failures)],
        people=_people(db),
        clusters=[row for row in _rows(db, sql("people/list")) if row["cluster"] is not None],
        open_datasets=[row["name"] for row in _rows(db, sql("people/open"))],
        beyond=next((row["n"] for row in _rows(db, sql("people/beyond"))), None),
        untriggered=[row["name"] for row in _rows(db, sql("status/untriggered"))],
        selections=_selections(db),
        adrift=_rows(db, load("decisions_adrift").sql),
        packages=_rows(db, sql("status/packages")),
        failed=_rows(db, sql("status/failed"), limit=SHOWN_FAILED),
        running=_rows(db, sql("status/running")),
    )


def dominating(failures: Sequence[Values]) -> list[Values]:
    """The reasons that take over half of what a step judged of one kind, for one dataset, in the order of the stages.

    Not what leaves most out because it was asked to.
    """
    large = [row for row in failures if row["share"] > 0.5 and row["n"] >= FEW]
    return [row for row in large if row["tool"] != "select" and row["reason"] not in ASKED_FOR]


def _hint(db: sqlite3.Connection, failure: Values) -> Values:
    asked = {key: failure[key] for key in ("tool", "dataset", "kind", "reason")}
    row = db.execute(sql("status/examples"), asked | {"limit": 1}).fetchone()
    # What failed has no link, nor has what never had a file: a frame that was dropped, a caption.
    linked = failure["reason"] != "failed" and row is not None and row["path"] is not None
    return {**failure, "item_id": row["item_id"] if row else None, "linked": linked}


def _rows(db: sqlite3.Connection, question: str, **values: object) -> list[Values]:
    return [dict(row) for row in db.execute(question, values)]


def _selections(db: sqlite3.Connection) -> list[Selection]:
    steps = db.execute(
        """select step.dataset, recipe.json from step join recipe on recipe.id = step.recipe_id
        where step.tool = 'select' and step.active order by step.dataset"""
    )
    found = []
    for step in steps.fetchall():
        dataset = Dataset(name=step["dataset"], **json.loads(step["json"]).get("dataset", {}))
        chosen = _rows(db, sql("status/chosen"), dataset=step["dataset"])
        found.append(Selection(step["dataset"], len(chosen), dataset.count, gaps(chosen, dataset)))
    return found


def _people(db: sqlite3.Connection) -> int | None:
    """How many people were seen at least, None where match has not looked at anybody."""
    if not db.execute("select 1 from step join run on run.step_id = step.id where step.tool = 'match'").fetchone():
        return None
    return max((row["people_at_least"] for row in _rows(db, load("people_seen").sql)), default=None)


def example(db: sqlite3.Connection, failure: Values) -> int | None:
    """One item that a row of the view failures counts: the nearest to passing, where a limit rejected it."""
    asked = {key: failure[key] for key in ("tool", "dataset", "kind", "reason")}
    row = db.execute(sql("status/examples"), asked | {"limit": 1}).fetchone()
    return int(row["item_id"]) if row else None
