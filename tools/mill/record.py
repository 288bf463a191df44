"""Record: the only writer of outcomes. One batch, one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tools.mill import limits, settle
from tools.mill.items import Family, save_row
from tools.mill.plan import BY_TOOL
from tools.mill.tool import Limit, Reason, Result, Row, Verdict


@dataclass(frozen=True)
class Entry:
    """What came of one waiting item, and how many seconds of a worker it took."""

    row: Row
    result: Result
    seconds: float


@dataclass
class Recorder:
    """Writes what a run brings in: outcomes, measurements, made items; then limits decide and the step is settled.

    failed: how many items have failed so far.
    """

    db: sqlite3.Connection
    tool: str
    place: settle.Place
    position: int
    recipe_id: int
    run_id: int
    limits: Sequence[Limit]
    reasons: Sequence[Reason]
    bounds: Mapping[str, float]
    failed: int = field(init=False, default=0)
    _choices: frozenset[str] = field(init=False)
    _measured: bool = field(init=False)

    def __post_init__(self) -> None:
        self._choices = frozenset(reason.code for reason in self.reasons if reason.nature == "choice")
        columns = [row[1] for row in self.db.execute(f'pragma table_info("{BY_TOOL[self.tool].measured}")')]
        self._measured = "outcome_id" in columns

    def record(self, entries: Sequence[Entry]) -> None:
        """Write a batch in the open transaction."""
        settle.mark(self.db)
        first = int(self.db.execute("select coalesce(max(id), 0) + 1 from outcome").fetchone()[0])
        stood: dict[int, int] = {}
        gone: list[int] = []
        for entry in entries:
            item_id = int(entry.row["item_id"])
            result = entry.result
            self._outcome(item_id, entry.row["kind"], result.verdict, result.measures, entry.seconds, stood)
            if entry.row.get("said_id"):
                said = "update outcome set said_id = ? where step_id = ? and item_id = ? and latest"
                self.db.execute(said, (entry.row["said_id"], self.place.step_id, item_id))
            if entry.row.get("beside"):
                beside = "update outcome set beside = ? where step_id = ? and item_id = ? and latest"
                self.db.execute(beside, (entry.row["beside"], self.place.step_id, item_id))
            save_row(self.db, entry.row["kind"], "item_id", item_id, result.facts)
            if result.verdict.status == "failed":
                self.failed += 1
            else:
                gone += self._made(item_id, result, stood)
        limits.decide(self.db, self.place.step_id, self.tool, self.limits, self.bounds, since=first)
        settle.load_decisions(self.db, self.place.dataset)
        settle.settle_step(self.db, self.place, since=first)
        fallen = [(item_id, 1) for item_id in gone] + self._fallen(stood, first)
        settle.darken(self.db, self.position, self.place.dataset, fallen)

    def _made(self, parent_id: int, result: Result, stood: dict[int, int]) -> list[int]:
        family = Family(self.db, self.place.step_id, parent_id)
        for made in result.made:
            self._outcome(family.add(made), made.kind, made.verdict, made.measures, 0.0, stood)
        return family.close()

    def _outcome(
        self, item_id: int, kind: str, verdict: Verdict, measures: Row, seconds: float, stood: dict[int, int]
    ) -> None:
        step_id = self.place.step_id
        before = self.db.execute(
            "select id, passed from outcome where step_id = ? and item_id = ? and latest", (step_id, item_id)
        ).fetchone()
        if before:
            self.db.execute("update outcome set latest = 0, live = 0 where id = ?", (before["id"],))
            if before["passed"]:
                stood[item_id] = 1
        defect = verdict.status == "rejected" and verdict.reason not in self._choices
        cursor = self.db.execute(
            """insert into outcome (step_id, item_id, kind, recipe_id, run_id, status, reason, detail, defect, seconds,
            passed, live, latest) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 1)""",
            (
                *(step_id, item_id, kind, self.recipe_id, self.run_id),
                *(verdict.status, verdict.reason, verdict.detail, defect, seconds, verdict.status == "ok"),
            ),
        )
        if self._measured:
            save_row(self.db, BY_TOOL[self.tool].measured, "outcome_id", int(cursor.lastrowid or 0), measures)

    def _fallen(self, stood: Mapping[int, int], first: int) -> list[tuple[int, int]]:
        """Of the items that had passed this step before: those that no longer do."""
        if not stood:
            return []
        rows = self.db.execute(
            "select item_id from outcome where id >= ? and +step_id = ? and latest and not (passed and live)",
            (first, self.place.step_id),
        )
        return [(int(row[0]), 0) for row in rows if row[0] in stood]
