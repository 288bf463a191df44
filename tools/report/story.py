"""Story: what the manifest knows of one item and of all it was made from, as plain values."""

from __future__ import annotations

import importlib
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tools.mill.manifest import sql
from tools.mill.plan import BY_TOOL
from tools.mill.tool import Limit

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Check:
    """One measurement against its limit: out for `reason` where value `op` bound. key: as in `score.min_sharpness`."""

    reason: str
    metric: str
    value: float
    op: str
    bound: float
    key: str
    violated: bool


@dataclass(frozen=True)
class Said:
    """One decision. item_id: what it was made on. reattached: that has another address, it came here by overlap."""

    id: int
    verdict: str
    actor: str
    at: str
    why: str | None
    kind: str
    address: str
    dataset: str
    item_id: int | None
    undone: bool
    reattached: bool


@dataclass(frozen=True)
class Judgement:
    """What one step said of an item. nature, description, remedy: of its reason. measures: those without a limit."""

    tool: str
    dataset: str
    role: str
    status: str
    reason: str | None
    detail: str | None
    defect: bool
    passed: bool
    live: bool
    stale: bool
    nature: str | None
    description: str | None
    remedy: str | None
    seconds: float
    run_id: int
    run_at: str
    recipe: Values
    decision_id: int | None
    checks: tuple[Check, ...]
    measures: Values


@dataclass(frozen=True)
class Link:
    """One item of the line, with what is known of it."""

    item_id: int
    kind: str
    address: str
    path: str | None
    newest: bool
    facts: Values
    judgements: tuple[Judgement, ...]
    decisions: tuple[Said, ...]


@dataclass(frozen=True)
class Story:
    """An item from its source down to the packages. line: the source first, the item itself last.

    waits: (tool, dataset, whether again). below: rows of sql/explain/below.sql. packaged: of packaged.sql.
    """

    line: tuple[Link, ...]
    waits: tuple[tuple[str, str, bool], ...]
    below: Sequence[Values]
    packaged: Sequence[Values]

    @property
    def item(self) -> Link:
        return self.line[-1]


def read(db: sqlite3.Connection, item_id: int) -> Story:
    """All that is known of one item."""
    asked = {"item": item_id}
    line = tuple(_link(db, row) for row in db.execute(sql("explain/line"), asked).fetchall())
    waits = tuple((row["tool"], row["dataset"], bool(row["again"])) for row in db.execute(sql("explain/waits"), asked))
    below = [dict(row) for row in db.execute(sql("explain/below"), asked)]
    packaged = [dict(row) for row in db.execute(sql("explain/packaged"), asked)]
    return Story(line, waits, below, packaged)


def _link(db: sqlite3.Connection, item: sqlite3.Row) -> Link:
    found = db.execute(sql("explain/outcomes"), {"item": item["id"]}).fetchall()
    named = {"item": item["id"], "kind": item["kind"], "address": item["address"]}
    return Link(
        item_id=item["id"],
        kind=item["kind"],
        address=item["address"],
        path=item["path"],
        newest=bool(item["newest"]),
        facts=_typed(db, item["kind"], "item_id", item["id"]),
        judgements=tuple(_judgement(db, row) for row in found),
        decisions=tuple(_said(item, row) for row in db.execute(sql("explain/decisions"), named)),
    )


def _said(item: sqlite3.Row, row: sqlite3.Row) -> Said:
    why = row["note"] or row["reason"]
    return Said(
        *(row["id"], row["verdict"], row["actor"], row["created_at"], why, row["kind"], row["address"]),
        *(row["dataset"], row["item_id"], bool(row["undone"]), bool(row["reattached"]) and row["kind"] == item["kind"]),
    )


def _judgement(db: sqlite3.Connection, row: sqlite3.Row) -> Judgement:
    measures = dict(_typed(db, BY_TOOL[row["tool"]].measured, "outcome_id", row["outcome_id"]))
    checks = tuple(_checks(row, measures))
    return Judgement(
        tool=row["tool"],
        dataset=row["dataset"],
        role=row["role"],
        status=row["status"],
        reason=row["reason"],
        detail=row["detail"],
        defect=bool(row["defect"]),
        passed=bool(row["passed"]),
        live=bool(row["live"]),
        stale=bool(row["stale"]),
        nature=row["nature"],
        description=row["description"],
        remedy=row["remedy"],
        seconds=row["seconds"],
        run_id=row["run_id"],
        run_at=row["started_at"],
        recipe=json.loads(row["recipe_json"]),
        decision_id=row["decision_id"],
        checks=checks,
        measures={key: value for key, value in measures.items() if key not in {check.metric for check in checks}},
    )


def _checks(row: sqlite3.Row, measures: Values) -> Iterator[Check]:
    """Each declared limit on what was measured. None where the tool's own code rejected: no limit speaks of it."""
    if row["defect"] or (row["status"] != "ok" and row["nature"] != "limit"):
        return
    tool = row["tool"]
    bounds = json.loads(row["limits_json"])
    limits: Sequence[Limit] = importlib.import_module(f"tools.{tool}").TOOL.limits
    for limit in limits:
        value, bound = measures.get(limit.metric), bounds.get(limit.key)
        if value is not None and bound is not None:
            beyond = value < bound if limit.op == "<" else value > bound
            yield Check(limit.reason, limit.metric, value, limit.op, bound, f"{tool}.{limit.key}", beyond)


def _typed(db: sqlite3.Connection, table: str, key: str, value: int) -> Values:
    """The row of a typed table, without its key and what is no number or text; empty where there is none."""
    columns = [row["name"] for row in db.execute(f'pragma table_info("{table}")')]
    if key not in columns:
        # No such table, or the one of a kind that is called like the tool.
        return {}
    found = db.execute(f'select * from "{table}" where "{key}" = ?', (value,)).fetchone()
    if found is None:
        return {}
    return {name: found[name] for name in columns if name != key and not isinstance(found[name], bytes)}
