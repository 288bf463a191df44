"""Say what was rejected or failed, by reason, stage, source or run, with examples and what to do.

Example: python -m tools.failures --base data --by source
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from tools.mill.command import guard
from tools.mill.manifest import sql
from tools.mill.words import clean, command, percent, plural
from tools.query import as_json, ask
from tools.report.advice import shown_in
from tools.report.queries import load
from tools.report.reading import reading
from tools.report.table import Table, say

EXAMPLES = 3
OTHERS = {"stage": "failures_by_stage", "source": "failures_by_source", "run": "failures_by_run"}


@dataclass(frozen=True)
class Example:
    """An item that stands so: the nearest to passing come first. detail: the tool's own sentence or an error."""

    item_id: int
    kind: str
    where: str
    detail: str | None


@dataclass(frozen=True)
class Failure:
    """One reason at one step. folder: of the links to all that it holds, below the workspace; none for failed items."""

    tool: str
    dataset: str
    kind: str
    reason: str
    n: int
    share: float
    description: str
    remedy: str
    folder: str | None
    examples: tuple[Example, ...]


def failures(db: sqlite3.Connection, examples: int = EXAMPLES) -> list[Failure]:
    """All reasons that hold now, in the order of the stages, the most frequent first."""
    found = []
    for row in db.execute(sql("status/failures")).fetchall():
        asked = {key: row[key] for key in ("tool", "dataset", "kind", "reason")}
        shown = tuple(
            Example(one["item_id"], one["kind"], one["path"] or one["address"], one["detail"])
            for one in db.execute(sql("status/examples"), asked | {"limit": examples})
        )
        folder = None if row["reason"] == "failed" else shown_in(row)
        plain = {key: row[key] for key in ("n", "share", "description", "remedy")}
        found.append(Failure(**asked, **plain, folder=folder, examples=shown))
    return found


def tell(found: list[Failure], base: Path) -> Iterator[str]:
    """One paragraph for each reason."""
    for one in found:
        tool = f"{one.tool} ({one.dataset})" if one.dataset else one.tool
        yield f"{tool}: {one.reason}, {plural(one.n, one.kind)} ({percent(one.share)})"
        yield f"  {one.description} {one.remedy}".rstrip()
        for example in one.examples:
            detail = f": {clean(example.detail)}" if example.detail else ""
            yield f"  {example.kind} {example.item_id}, {clean(example.where)}{detail}"
        if one.folder and (base / one.folder).is_dir():
            yield f"  all of them: {base / one.folder}/"
        yield ""
    most = max((one for one in found if one.examples), key=lambda one: one.n, default=None)
    if most:
        yield f"Why one of them is out: {command(base, 'explain', ITEM=str(most.examples[0].item_id))}"
    elif not found:
        yield "Nothing was rejected, nothing failed."


@click.command()
@click.option("--base", type=click.Path(path_type=Path), default=Path("data"), show_default=True, help="the workspace")
@click.option(
    "--by", type=click.Choice(["reason", *OTHERS]), default="reason", show_default=True, help="how to sort them"
)
@click.option("--json", "json_wanted", is_flag=True, help="as JSON on stdout")
def main(base: Path, by: str, json_wanted: bool) -> None:
    """Say what was rejected or failed, and what to do about it."""
    with reading(base) as db:
        if by == "reason":
            found = failures(db)
            answer = None
        else:
            found = []
            answer = ask(db, load(OTHERS[by]), ())
    if json_wanted:
        click.echo(
            as_json(answer.columns, answer.rows) if answer else json.dumps([asdict(one) for one in found], indent=2)
        )
    else:
        say([answer] if isinstance(answer, Table) else tell(found, base))


if __name__ == "__main__":
    guard(lambda: main(standalone_mode=False))
