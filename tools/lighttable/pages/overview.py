"""Overview: what came in and what became of it, stage by stage; what waits; each source; the runs."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from datasette.utils.asgi import Request, Response

from tools.lighttable import counted
from tools.lighttable.asked import Query
from tools.lighttable.desk import Desk, Page
from tools.mill.manifest import sql

RUNS, SOURCES, PICTURES, REASONS = 12, 24, 12, 3


async def show(desk: Desk, _request: Request) -> Response:
    def found(db: sqlite3.Connection) -> dict[str, Any]:
        return counted.counted(desk, db, "overview", lambda: _context(db))

    return await desk.page("overview", title="Overview", **await desk.read(found))


def _context(db: sqlite3.Connection) -> dict[str, Any]:
    def rows(name: str, **values: object) -> list[dict[str, Any]]:
        return [dict(row) for row in db.execute(sql(f"pages/overview.{name}"), values)]

    funnel = [dict(row) for row in db.execute("select * from funnel")]
    packed = rows("packages", limit=PICTURES)
    return {
        "steps": steps(funnel, rows("reasons")),
        "waiting": sum(row["waiting"] for row in funnel),
        "failed": sum(row["failed"] for row in funnel),
        "runs": rows("runs", limit=RUNS),
        "sources": rows("sources", limit=SOURCES),
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


def _set(word: str, state: str) -> str:
    return Query(word, {} if state == "waiting" else {"state": (state,)}).address()


PAGE = Page("overview", "Overview", 10, {"": show})
