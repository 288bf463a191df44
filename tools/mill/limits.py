"""Limits: thresholds that decide from stored measurements, set by set, and open no file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence

from tools.mill.plan import BY_TOOL
from tools.mill.settle import load_scope
from tools.mill.tool import Limit, Reason

RULES = (
    ("failed", "defect", "The tool broke on this item.", "Read the detail; RETRY_FAILED=1 tries again."),
    ("rejected_by_hand", "choice", "A person rejected it.", "`make undo ITEM=…` takes the decision back."),
)
"""Reasons that every tool has."""


def declare(db: sqlite3.Connection, tool: str, limits: Sequence[Limit], reasons: Sequence[Reason]) -> None:
    """Write down a tool's reasons, so that every view can say what they mean. A change of words updates the row."""
    rows: list[tuple[str | None, ...]] = [
        (tool, code, nature, None, None, None, text, remedy) for code, nature, text, remedy in RULES
    ]
    rows += [(tool, r.code, r.nature, None, None, None, r.description, r.remedy) for r in reasons]
    # Of two limits with one reason the first is the one that is shown.
    rows += [
        (tool, limit.reason, "limit", limit.metric, limit.op, f"{tool}.{limit.key}", limit.description, limit.remedy)
        for limit in reversed(limits)
    ]
    have = {tuple(row) for row in db.execute("select * from reason where tool = ?", (tool,))}
    last = {row[1]: row for row in rows}
    db.executemany("insert or replace into reason values (?, ?, ?, ?, ?, ?, ?, ?)", set(last.values()) - have)


def decide(
    db: sqlite3.Connection,
    step_id: int,
    tool: str,
    limits: Sequence[Limit],
    bounds: Mapping[str, float],
    *,
    changed: Sequence[Limit] | None = None,
    since: int = 0,
) -> None:
    """Find every violated limit of the step's latest outcomes and give each outcome its first reason.

    changed: only these limits are looked at again (all where None). since: only outcomes from this id on.
    What the tool's own code rejected stays as it is: no limit speaks of it.
    """
    load_scope(db, step_id, since)
    again = limits if changed is None else [limit for limit in limits if limit.reason in {c.reason for c in changed}]
    if changed is None:
        db.execute("delete from finding where outcome_id in (select id from temp.scope)")
    for reason in {limit.reason for limit in again}:
        db.execute("delete from finding where reason = ? and outcome_id in (select id from temp.scope)", (reason,))
    for limit in again:
        db.execute(
            f"""insert or ignore into finding (outcome_id, reason, value, bound)
            select outcome.id, :reason, measure."{limit.metric}", :bound
            from outcome
            cross join "{BY_TOOL[tool].measured}" as measure on measure.outcome_id = outcome.id
            left join reason on reason.code = outcome.reason and reason.tool = :tool
            where outcome.id in (select id from temp.scope)
                and not outcome.defect and (outcome.status = 'ok' or reason.nature = 'limit')
                and measure."{limit.metric}" {limit.op} :bound""",
            {"reason": limit.reason, "bound": bounds[limit.key], "tool": tool},
        )
    _give_reasons(db, tool, limits)


def _give_reasons(db: sqlite3.Connection, tool: str, limits: Sequence[Limit]) -> None:
    """Give each outcome in temp.scope the first of the reasons found."""
    db.execute("create temp table if not exists precedence (reason text primary key, rank integer)")
    db.execute("delete from temp.precedence")
    order = list(dict.fromkeys(limit.reason for limit in limits))
    db.executemany("insert into temp.precedence values (?, ?)", [(reason, rank) for rank, reason in enumerate(order)])
    # Materialized, so that it goes from the scope to its outcomes and never through all of them.
    db.execute(
        """
        with found as materialized (
            select judged.id, (
                select finding.reason
                from finding join temp.precedence as precedence on precedence.reason = finding.reason
                where finding.outcome_id = judged.id
                order by precedence.rank limit 1
            ) as reason
            from outcome as judged
            left join reason on reason.code = judged.reason and reason.tool = :tool
            where judged.id in (select id from temp.scope)
                and not judged.defect and (judged.status = 'ok' or reason.nature = 'limit')
        )
        update outcome
        set status = case when found.reason is null then 'ok' else 'rejected' end, reason = found.reason
        from found
        where outcome.id = found.id and outcome.reason is not found.reason
        """,
        {"tool": tool},
    )


def rules(limits: Sequence[Limit]) -> str:
    """What the limits compare, without their bounds: with another text everything is decided again."""
    return json.dumps([[limit.reason, limit.metric, limit.op, limit.key] for limit in limits])


def changed(limits: Sequence[Limit], bounds: Mapping[str, float], before: Mapping[str, float]) -> list[Limit]:
    """The limits whose bound is another than before (new ones included)."""
    return [limit for limit in limits if before.get(limit.key) != bounds[limit.key]]
