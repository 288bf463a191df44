"""Overview: what came in and what became of it, stage by stage; what waits; sources; runs and what they changed.

How far a run has come, and what one changed, is asked for by the page itself once it stands.
"""

from __future__ import annotations

import json
import os
import socket
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from datasette.utils.asgi import Request, Response

from tools.lighttable import counted
from tools.lighttable.asked import Query
from tools.lighttable.desk import Desk, Page, values_of
from tools.lighttable.words import plain
from tools.mill.manifest import sql
from tools.mill.settings import UsageError
from tools.mill.words import figure

RUNS, SOURCES, PICTURES, REASONS, REFUSED = 12, 24, 12, 3, 12
FLIPPED = 12
"""Images that are shown of each way in which a run changed verdicts."""


async def show(desk: Desk, _request: Request) -> Response:
    def found(db: sqlite3.Connection) -> dict[str, Any]:
        return {
            **_context(db),
            "running": at_work(desk, db),
            "checked": db.execute(sql("pages/qc.runs"), {"limit": 1}).fetchone(),
        }

    return await desk.page("overview", title="Overview", **await desk.read(found))


async def running(desk: Desk, _request: Request) -> Response:
    """The runs that have not ended, as JSON: done and total inputs, seconds since it began, whether it is gone."""
    return desk.json(await desk.read(lambda db: at_work(desk, db)))


def at_work(desk: Desk, db: sqlite3.Connection) -> list[dict[str, Any]]:
    """The runs that have not ended, and how far each has come."""
    if not counted.working(db):
        return []
    rows = counted.counted(desk, db, "running", lambda: db.execute(sql("pages/overview.running")).fetchall())
    funnel = _funnel(db)
    return [how_far(row, funnel, datetime.now(UTC)) for row in rows]


def how_far(row: Mapping[str, Any], funnel: Sequence[Mapping[str, Any]], now: datetime) -> dict[str, Any]:
    """How far a run has come by now: a row of sql/pages/overview.running.sql. What is left stands in the funnel."""
    whose = (row["tool"], row["dataset"])
    kinds = (row["kinds"] or "").split(",")
    left = sum(one["waiting"] for one in funnel if (one["tool"], one["dataset"]) == whose and one["kind"] in kinds)
    seconds = max(0.0, (now - datetime.fromisoformat(row["started_at"])).total_seconds())
    return {
        **{key: row[key] for key in ("id", "tool", "dataset", "done")},
        "total": row["done"] + left,
        "seconds": round(seconds, 1),
        "gone": _is_gone(row["process"], row["host"]),
    }


def _is_gone(process: int, host: str) -> bool:
    """Whether a process of this machine is no more; of another machine nobody here can say."""
    if host != socket.gethostname():
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


async def flips(desk: Desk, request: Request) -> Response:
    """What one run changed, as JSON: settings that differ, and verdicts by way, with the first images.

    `?run=12&before=7`
    """
    named = values_of(request, ("run", "before"))
    if not all(text.isdecimal() and len(text) < 18 for text in named.values()):
        raise UsageError("Say which runs, by their numbers.")

    def found(db: sqlite3.Connection) -> dict[str, Any]:
        values = {"after": named["run"], "before": named["before"]}
        ways = counted.counted(desk, db, ("flips", *named.values()), lambda: _flips(db, values))
        return {"settings": _settings(db, values), "ways": ways}

    return desk.json(await desk.read(found))


def _settings(db: sqlite3.Connection, runs: Mapping[str, str]) -> list[str]:
    rows = {row["id"]: row for row in db.execute(sql("pages/overview.settings"), runs)}
    before, after = (rows.get(int(runs[name])) for name in ("before", "after"))
    return differing(before, after) if before and after else []


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The settings that differ between two rows of sql/pages/overview.settings.sql, as `name: before → after`."""
    old, new = _flat(before), _flat(after)
    return [
        f"{name}: {figure(old.get(name)) or 'none'} → {figure(new.get(name)) or 'none'}"
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    ]


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """One run's version, engine, parameters and limits by name; what is no number or text as JSON."""
    recipe = json.loads(row["recipe_json"] or "{}")
    named = {**recipe.get("params", {}), **recipe.get("dataset", {}), **json.loads(row["limits_json"])}
    engine, model = (*(recipe.get("engine") or ()), "", "")[:2]
    named |= {"version": recipe.get("version"), "engine": engine, "model": str(model)[:12]}
    named |= {"the set of inputs": str(recipe.get("inputs", ""))[:12]}
    return {name: one if isinstance(one, (int, float, str)) else json.dumps(one) for name, one in named.items()}


def _flips(db: sqlite3.Connection, values: Mapping[str, str]) -> list[dict[str, Any]]:
    told = []
    for flip, some in groupby(db.execute(sql("queries/flips"), values), lambda row: row["flip"]):
        rows = list(some)
        ids = json.dumps([row["item_id"] for row in rows[:FLIPPED]])
        why = {row["item_id"]: f"{plain(row['before'])} → {plain(row['after'])}" for row in rows[:FLIPPED]}
        images = [dict(row) for row in db.execute(sql("pages/overview.flipped"), {"ids": ids})]
        told.append({"flip": flip, "n": len(rows), "images": [{**one, "why": why[one["id"]]} for one in images]})
    return told


def _funnel(db: sqlite3.Connection) -> list[dict[str, Any]]:
    return [dict(row) for row in db.execute("select * from funnel")]


def _context(db: sqlite3.Connection) -> dict[str, Any]:
    funnel = _funnel(db)

    def rows(name: str, **values: object) -> list[dict[str, Any]]:
        return [dict(row) for row in db.execute(sql(f"pages/overview.{name}"), values)]

    packed = rows("packages", limit=PICTURES)
    return {
        "steps": steps(funnel, rows("reasons")),
        "waiting": sum(row["waiting"] for row in funnel),
        "failed": sum(row["failed"] for row in funnel),
        "runs": rows("runs", limit=RUNS),
        "sources": rows("sources", limit=SOURCES),
        "most": PICTURES,
        "refused": refused(rows("refused", limit=REFUSED)),
        "packages": [(name, list(images)) for name, images in groupby(packed, lambda row: row["dataset"])],
    }


def steps(funnel: Sequence[Mapping[str, Any]], reasons: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One entry for each step and kind: its bar as shares of the widest, its most frequent reasons with their sets."""
    widest = max((row["inputs"] for row in funnel), default=0) or 1
    found = []
    for row in funnel:
        if not row["inputs"]:
            continue
        word = f"{row['tool']}{'.' + row['dataset'] if row['dataset'] else ''}:{row['kind']}"
        why = [
            {**one, "address": Query(word, {"reason": (one["reason"],)}).address()}
            for one in reasons
            if (one["tool"], one["dataset"], one["kind"]) == (row["tool"], row["dataset"], row["kind"])
        ]
        parts = [
            {"state": state, "n": row[name], "share": f"{row[name] / widest * 100:.3f}", "address": _set(word, state)}
            for state, name in (("in", "ok"), ("out", "rejected"), ("failed", "failed"), ("waiting", "waiting"))
            if row[name]
        ]
        found.append({**row, "word": word, "parts": parts, "reasons": why[:REASONS], "more": len(why) - REASONS})
    return found


def refused(files: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One entry for each reason: how many files, some of them, and their set. files: of overview.refused.sql."""
    found = []
    for reason, some in groupby(files, lambda row: row["reason"]):
        rows = list(some)
        word = f"intake:{rows[0]['kind']}"
        found.append({**rows[0], "files": rows, "address": Query(word, {"reason": (reason,)}).address()})
    return found


def _set(word: str, state: str) -> str:
    return Query(word, {} if state == "waiting" else {"state": (state,)}).address()


PAGE = Page("overview", "Overview", 10, {"": show, "/running": running, "/flips": flips})
