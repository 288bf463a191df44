"""Steps: the plan written into the manifest, and what waits at each."""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections.abc import Iterator
from typing import Any

from tools.mill import decisions, settle
from tools.mill.manifest import meta, set_meta, sql, transaction
from tools.mill.plan import BY_TOOL, PLAN
from tools.mill.settings import Settings
from tools.mill.tool import Row


def ensure(db: sqlite3.Connection, settings: Settings, tool: str, dataset: str) -> int:
    """Write the plan's steps for all configured datasets; returns the id of one of them."""
    wanted = [
        (position, step, name)
        for position, step in enumerate(PLAN)
        for name in (sorted(settings.datasets) if step.per_dataset else [""])
    ]
    rows = {(p, s.stage, s.tool, name, s.gate) for p, s, name in wanted}
    have = {tuple(row) for row in db.execute("select position, stage, tool, dataset, gate from step where active")}
    if rows != have:
        with transaction(db):
            db.execute("update step set active = 0")
            db.executemany(
                """insert into step (position, stage, tool, dataset, gate) values (?, ?, ?, ?, ?)
                on conflict (tool, dataset) do update set position = excluded.position, stage = excluded.stage,
                gate = excluded.gate, active = 1""",
                sorted(rows),
            )
            db.execute("delete from step_kind")
            for step_id, name in db.execute("select id, tool from step").fetchall():
                kinds = [(kind, "input") for kind in BY_TOOL[name].takes] + [(k, "output") for k in BY_TOOL[name].makes]
                db.executemany("insert into step_kind values (?, ?, ?)", [(step_id, *kind) for kind in kinds])
            settle.mark(db)
    _mirror(db, settings)
    row = db.execute("select id from step where tool = ? and dataset = ?", (tool, dataset)).fetchone()
    return int(row[0])


def _mirror(db: sqlite3.Connection, settings: Settings) -> None:
    """Write the configured datasets down, so that SQL can ask what is wanted."""
    keys = ("subject", "kind", "trigger", "class_word", "target", "count", "max_per_source")
    rows = {
        (name, *(table[key] for key in keys), json.dumps(table["quota"], sort_keys=True))
        for name, table in settings.datasets.items()
    }
    columns = "name, subject, kind, trigger_word, class_word, target, count, max_per_source, quota_json"
    if rows != {tuple(row) for row in db.execute(f"select {columns} from dataset where active")}:
        with transaction(db):
            db.execute("update dataset set active = 0")
            db.executemany(
                f"insert or replace into dataset ({columns}, active) values (?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
                sorted(rows),
            )


def _inputs(tool: str, says: str | None = None) -> str:
    """The tool's question, and with it what people said in the matter that it obeys: `decisions.load_said` before."""
    question = sql(f"inputs/{tool}").strip().rstrip(";")
    if says is None:
        return question
    return f"""
        select waiting.*, said.value as said, said.actor as said_by, said.decision_id as said_id
        from ({question}) as waiting left join temp.said as said on said.item_id = waiting.item_id
        """


def notice(db: sqlite3.Connection, tool: str, dataset: str, step_id: int, says: str | None) -> None:
    """Mark as stale what was judged before a person said something else, or before something else stood beside it.

    A tool looks at what stands beside its items where its input has a column `beside`: the versions of it.
    """
    with transaction(db):
        decisions.load_said(db, says, dataset)
        db.execute(sql("mill/other_word"), {"step": step_id})
        columns = db.execute(f"select * from ({_inputs(tool)}) limit 0", {"dataset": dataset}).description
        if "beside" not in {column[0] for column in columns}:
            return
        key, last = f"beside.{step_id}", str(db.execute(sql("mill/before"), {"step": step_id}).fetchone()[0])
        if meta(db, key) == last:
            return
        set_meta(db, key, last)
        db.execute(
            f"""
            update outcome set stale = 1
            from ({_inputs(tool)}) as now
            where outcome.step_id = :step and outcome.latest and outcome.item_id = now.item_id
                and outcome.beside is not now.beside
            """,
            {"dataset": dataset, "step": step_id},
        )


def input_rows(db: sqlite3.Connection, tool: str, dataset: str, says: str | None = None) -> list[dict[str, Any]]:
    """The whole input set of a tool that works on sets, with what people decided: kept, pinned, excluded, said."""
    decisions.load_said(db, says, dataset)
    rows = [dict(row) for row in db.execute(_inputs(tool, says), {"dataset": dataset})]
    settle.load_decisions(db, dataset)
    verdicts = {row[0]: row[1] for row in db.execute("select item_id, verdict from temp.decided")}
    for row in rows:
        verdict = verdicts.get(row["item_id"])
        row["pinned"], row["excluded"] = verdict == "pin", verdict == "reject"
        row["kept"] = verdict in ("keep", "pin")
    return rows


class Queue:
    """The inputs that wait at a step: only their ids are held, the rows come when their turn comes.

    What waits because of what was said, or of what stands beside it, must have been noticed before (`notice`).
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        tool: str,
        dataset: str,
        step_id: int,
        recipe_id: int | None,
        retry_failed: bool,
        limit: int | None,
        says: str | None = None,
    ) -> None:
        self.db, self.tool, self.dataset = db, tool, dataset
        self._question = _inputs(tool, says)
        decisions.load_said(db, says, dataset)
        found = db.execute(
            f"""
            select waiting.item_id
            from ({_inputs(tool)}) as waiting
            left join outcome as done
                on done.step_id = :step and done.item_id = waiting.item_id and done.latest
            where done.id is null or done.recipe_id is not :recipe or done.stale
                or (:retry and (
                    done.status = 'failed' or done.reason in (select value from json_each(:again)) or exists (
                        select 1 from item as made join outcome as said on said.item_id = made.id
                        where made.parent_id = waiting.item_id and made.newest and said.step_id = :step
                            and said.latest and not said.passed and said.reason in (select value from json_each(:again))
                    )
                ))
            order by waiting.item_id
            limit :limit
            """,
            {
                "dataset": dataset,
                "step": step_id,
                "recipe": recipe_id,
                "retry": retry_failed,
                "again": json.dumps(BY_TOOL[tool].again),
                "limit": -1 if limit is None else limit,
            },
        )
        self.ids = array("q", (row[0] for row in found))

    def __len__(self) -> int:
        return len(self.ids)

    def largest_px(self) -> int:
        """Pixels of the largest picture that the tool takes, whether it waits or not."""
        found = (
            self.db.execute(sql("mill/largest"), {"kind": kind}).fetchone()[0] for kind in BY_TOOL[self.tool].takes
        )
        return max(map(int, found))

    def __iter__(self) -> Iterator[Row]:
        # One at a time: asked for several at once, SQLite reads all that waits for each of the questions.
        question = f"select * from ({self._question}) as asked where asked.item_id = :item"
        for item_id in self.ids:
            row = self.db.execute(question, {"dataset": self.dataset, "item": item_id}).fetchone()
            if row is not None:
                yield dict(row)
