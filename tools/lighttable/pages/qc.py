"""QC: what the last `make qc` found, as pictures, and what changed since the time before. It is there to be read."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

from datasette.utils.asgi import Request, Response

from tools.inspection import keeping
from tools.inspection.remedy import parts
from tools.lighttable.desk import Desk, Page
from tools.mill.manifest import sql
from tools.mill.words import command, plural

SHOWN, RUNS = 24, 8
NEWLY = {
    "passed": "holds no longer",
    "skipped": "does not hold; not looked at before",
    None: "does not hold; a new check",
}
STATES = ("passed", "violated", "skipped")
Row = Mapping[str, Any]


async def show(desk: Desk, _request: Request) -> Response:
    commands: dict[str, Any] = {"command": command(desk.base, "qc"), "quick": command(desk.base, "qc", NO_FILES="1")}
    reports = desk.base / keeping.FOLDER
    return await desk.page(
        "qc", title="QC", **commands, reports=reports, **await desk.read(partial(_context, desk.base))
    )


def _context(base: Path, db: sqlite3.Connection) -> dict[str, Any]:
    runs = [{**row, "told": found_then(row)} for row in db.execute(sql("pages/qc.runs"), {"limit": RUNS})]
    checks = [dict(row) for row in db.execute(sql("pages/qc.checks"))]
    violations: dict[int, list[dict[str, Any]]] = {}
    for row in db.execute(sql("pages/qc.violations"), {"limit": SHOWN}):
        gone = row["file"] and not (base / row["file"]).exists()
        violations.setdefault(row["check_id"], []).append({**row, "has_picture": row["has_picture"] and not gone})
    wrong = [
        {**one, "shown": violations.get(one["id"], []), "parts": parts(one["remedy"], base)}
        for one in checks
        if one["state"] == "violated"
    ]
    return {
        "last": runs[0] if runs else None,
        "runs": runs,
        "headline": headline(checks),
        "counts": [f"{n} {state}" for state in STATES if (n := sum(one["state"] == state for one in checks))],
        "wrong": sorted(wrong, key=lambda one: one["severity"] != "error"),
        "milestones": [(name, list(some)) for name, some in groupby(checks, lambda one: one["milestone"])],
        "changes": changes(checks) if len(runs) > 1 else [],
    }


def headline(checks: Sequence[Row]) -> str:
    """What it comes to, in one sentence."""
    wrong = [one["severity"] for one in checks if one["state"] == "violated"]
    found = _counted({word: wrong.count(word) for word in ("error", "warning")})
    skipped = sum(one["state"] == "skipped" for one in checks)
    if not found:
        return "Every stage ran right." if not skipped else "Nothing is wrong in what was looked at."
    return f"{found}."


def found_then(run: Row) -> str:
    """What one time came to, in a few words."""
    return _counted({"error": run["errors"], "warning": run["warnings"]}) or "clean"


def _counted(numbers: Mapping[str, int]) -> str:
    return " and ".join(plural(n, word) for word, n in numbers.items() if n)


def changes(checks: Sequence[Row]) -> list[dict[str, Any]]:
    """What differs from the time before, the new faults first: each check with `how` and a sentence.

    how: worse, better, or other. A check that was or is skipped says nothing but that.
    """
    found = []
    for one in checks:
        how, told = _change(one)
        if how:
            found.append({**one, "how": how, "told": told})
    return sorted(found, key=lambda one: ("worse", "other", "better").index(one["how"]))


def _change(one: Row) -> tuple[str, str]:
    now, was, n, had = one["state"], one["was"], one["violations"], one["had"]
    if now == "violated" and was == "violated":
        return ("", "") if n == had else ("worse" if n > had else "better", f"found {had:,} → {n:,}")
    if now == "violated":
        return "worse", NEWLY.get(was, NEWLY[None])
    if was == "violated":
        return ("better", "holds again") if now == "passed" else ("other", f"{had:,} before, not looked at this time")
    return "", ""


PAGE = Page("qc", "QC", 70, {"": show})
