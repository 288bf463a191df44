"""Say where a workspace stands: the funnel, the reasons, where the packages lie, and what to type next.

Example: python -m tools.status --base data
"""

from __future__ import annotations

import dataclasses
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from tools.mill.command import FAILED_ITEMS, guard
from tools.mill.words import clean, percent, plural
from tools.report import advice, state
from tools.report.reading import reading
from tools.report.state import State
from tools.report.table import Table, say

FUNNEL = ("stage", "tool", "dataset", "kind", "inputs", "ok", "rejected", "failed", "waiting", "seconds")


def funnel(rows: Sequence[Mapping[str, Any]]) -> Table:
    """The funnel as a table: what the plan has and nothing ever reached is left out; seconds to a tenth."""
    shown = [row for row in rows if row["inputs"] or (row["kind"] in advice.MAIN and row["tool"] == "intake")]
    return Table(
        ("stage", "tool", "dataset", "kind", "in", *FUNNEL[5:]),
        [[f"{row[key]:.1f}" if key == "seconds" else row[key] for key in FUNNEL] for row in shown],
    )


def reasons(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Why items stand rejected or failed, with their counts."""
    keys = ("tool", "dataset", "kind", "reason", "n", "share")
    values = [[*(row[key] for key in keys[:5]), percent(row["share"]), clean(row["description"] or "")] for row in rows]
    return Table((*keys, "means"), values)


def tell(found: State, base: Path, example: int | None, final: bool) -> Iterator[str | Table]:
    """Everything that is printed, from top to bottom."""
    yield funnel(found.funnel)
    if found.failures:
        yield ""
        yield reasons(found.failures)
    yield ""
    yield from advice.remarks(found, base)
    yield from advice.packages(found, base)
    if final and found.failed:
        yield ""
        yield from failed(found)
    yield ""
    yield f"Next: {advice.next_command(found, base, example)}"


def failed(found: State) -> Iterator[str]:
    """The failed items by name, and how many there are beside."""
    yield f"{plural(found.n_failed, 'item')} failed:"
    for row in found.failed:
        where = clean(row["path"] or row["address"])
        yield f"  {row['tool']}, {row['kind']} {row['item_id']}, {where}: {clean(row['detail'] or 'no detail')}"
    more = found.n_failed - len(found.failed)
    if more > 0:
        yield f"  and {more:,} more: make failures"


def as_json(found: State, base: Path, example: int | None) -> str:
    """The same as one JSON object."""
    content = dataclasses.asdict(found) | {
        "base": os.fspath(base),
        "remarks": advice.remarks(found, base),
        "next": advice.next_command(found, base, example),
    }
    return json.dumps(content, indent=2)


def example(db: sqlite3.Connection, found: State) -> int | None:
    """The id of an item to look at: of the reason that dominates, else of the largest."""
    worst = advice.dominant(found) or max(found.failures, key=lambda row: int(row["n"]), default=None)
    return state.example(db, worst) if worst else None


@click.command()
@click.option("--base", type=click.Path(path_type=Path), default=Path("data"), show_default=True, help="the workspace")
@click.option("--final", is_flag=True, help="name what failed, and exit with 3 where something did")
@click.option("--json", "json_wanted", is_flag=True, help="as JSON on stdout")
def main(base: Path, final: bool, json_wanted: bool) -> int:
    """Say where a workspace stands."""
    with reading(base) as db:
        found = state.read(db)
        one = example(db, found)
    if json_wanted:
        click.echo(as_json(found, base, one))
    else:
        say(tell(found, base, one, final))
    return FAILED_ITEMS if final and found.n_failed else 0


if __name__ == "__main__":
    guard(lambda: main(standalone_mode=False))
