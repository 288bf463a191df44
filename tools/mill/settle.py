"""Settle: derive from outcomes, limits and decisions what has passed and what is live.

Nothing here is remembered: run again from the same rows it gives the same answer, so what went stale comes back
without work.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from tools.mill.manifest import meta, set_meta, sql
from tools.mill.reattach import adopt

DIRTY = "dirty"


def mark(db: sqlite3.Connection) -> None:
    """Say, in the transaction that changes something, that settling is due: a killed run leaves the word behind."""
    set_meta(db, DIRTY, "1")


def is_due(db: sqlite3.Connection) -> bool:
    return meta(db, DIRTY) == "1"


@dataclass(frozen=True)
class Place:
    """A step as settling sees it: its id, the id of the step that feeds it, its dataset."""

    step_id: int
    from_step: int | None
    dataset: str


def places(db: sqlite3.Connection) -> list[Place]:
    """All active steps in the order in which data flows."""
    rows = db.execute(
        """
        select step.id, gate.id as gate_id, step.dataset
        from step
        left join step as gate on gate.tool = step.gate and gate.dataset in ('', step.dataset)
        where step.active
        order by step.position, step.dataset
        """
    )
    return [Place(row["id"], row["gate_id"], row["dataset"]) for row in rows]


def settle(db: sqlite3.Connection) -> None:
    """Settle the whole manifest, in the open transaction."""
    dataset = None
    for place in places(db):
        if place.dataset != dataset:
            dataset = place.dataset
            load_decisions(db, dataset)
        settle_step(db, place)
    set_meta(db, DIRTY, "0")


def settle_step(db: sqlite3.Connection, place: Place, since: int = 0) -> None:
    """Settle the outcomes of one step from an id on. `load_decisions` must have been called for its dataset."""
    load_scope(db, place.step_id, since)
    _settle_scope(db, place)


def settle_below(db: sqlite3.Connection, item_ids: Iterable[int]) -> None:
    """Settle what a decision on some items can change, in the open transaction: they and all that was made from them.

    Where settling was due anyway, everything.
    """
    if is_due(db):
        settle(db)
        return
    ids = json.dumps(list(item_ids))
    dataset = None
    for place in places(db):
        if place.dataset != dataset:
            dataset = place.dataset
            load_decisions(db, dataset)
        load_scope(db, 0)
        db.execute(sql("mill/settle_scope"), {"ids": ids, "step": place.step_id})
        _settle_scope(db, place)


def _settle_scope(db: sqlite3.Connection, place: Place) -> None:
    parts = (("input", place.from_step), ("output", place.step_id))
    for role, from_step in parts:
        db.execute(sql("mill/settle"), {"step": place.step_id, "from_step": from_step, "role": role})


def load_scope(db: sqlite3.Connection, step_id: int, since: int = 0) -> None:
    """Fill temp.scope with a step's latest outcomes, from an id on: what a batch has written, or all of them."""
    db.execute("create temp table if not exists scope (id integer primary key)")
    db.execute("delete from temp.scope")
    # The unary plus keeps the index away: of the last few rows it would read all that the step ever judged.
    step = "+step_id" if since else "step_id"
    db.execute(
        f"insert into temp.scope select id from outcome where id >= :since and {step} = :step and latest",
        {"step": step_id, "since": since},
    )


def load_decisions(db: sqlite3.Connection, dataset: str) -> None:
    """Fill temp.decided: for each item the nearest decision on or above it, for one dataset ('' for shared steps)."""
    db.execute("create temp table if not exists in_force (item_id integer primary key, decision_id, verdict)")
    db.execute("create temp table if not exists decided (item_id integer primary key, decision_id, verdict, own)")
    db.execute("delete from temp.in_force")
    db.execute("delete from temp.decided")
    standing = db.execute(sql("mill/standing"), {"dataset": dataset}).fetchall()
    if standing:
        db.executemany("insert or replace into temp.in_force values (?, ?, ?)", adopt(db, standing))
        db.execute(sql("mill/spread"))


def darken(db: sqlite3.Connection, position: int, dataset: str, fallen: list[tuple[int, int]]) -> None:
    """Take the light at once from what stands on items that fell at a step: (item_id, 1 where it left altogether)."""
    if fallen:
        db.execute("create temp table if not exists fallen (item_id integer primary key, gone)")
        db.execute("delete from temp.fallen")
        db.executemany("insert or replace into temp.fallen values (?, ?)", fallen)
        db.execute(sql("mill/darken"), {"position": position, "dataset": dataset})
