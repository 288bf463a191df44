"""Did every stage run right? Asks the checks in `sql/qc/`, and opens the files that they want opened.

Reads: the manifest, and what tools made.  Writes: qc_result in the manifest, CSV files in qc_reports/.
Finds: what a check returns; `docs/qc.md` lists them all with what to do.
Example: python -m tools.qc --base data --no-files

Whether a picture is good is not asked here: limits and people say that. What a check of the severity error finds makes
this command fail; a warning is worth a look.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from tools.inspection import functions, keeping, lying
from tools.inspection.checks import Check, checks
from tools.inspection.examine import PASSED, SKIPPED, VIOLATED, Report, Result, Scope, examine, report
from tools.inspection.remedy import spelled
from tools.mill.command import FAILED_ITEMS, guard
from tools.mill.machine import default_workers
from tools.mill.manifest import connect
from tools.mill.words import clean, command, duration, listing, plural
from tools.report.table import Table, say

EXAMPLES = 3
"""So many violations of each check are named on the terminal."""


def inspect(base: Path, wanted: list[Check], *, look: bool, most: int | None, workers: int) -> Report:
    """Make checks on a workspace as it is at this moment, and write down what they found."""
    start = time.perf_counter()
    with closing(connect(base)) as db, closing(connect(base)) as beside, keeping.violations_file(base) as writer:
        functions.register(db)
        watch = lying.watch(beside)
        scope = Scope(base, look, most, workers, watch.stirs)
        busy = lying.prepare(db, base, look=look)
        db.execute("pragma query_only = on")
        db.execute("begin")
        results = [_made(db, check, scope, writer) for check in wanted]
        db.rollback()
        db.execute("pragma query_only = off")
        made = report(results, time.perf_counter() - start, look, sorted({*busy, *watch.tools}))
        keeping.save(db, made)
    keeping.write_summary(base, made)
    return made


def _made(db: sqlite3.Connection, check: Check, scope: Scope, writer: Any) -> Result:
    result = Result(check)
    for violation in examine(db, check, scope, result):
        if len(result.shown) < keeping.SHOWN:
            result.shown.append(violation)
        writer.writerow(keeping.as_line(check.name, check.milestone, check.severity, violation))
    return result


def summary(found: Report) -> Table:
    """All checks, one line each."""
    rows = [
        (one.check.milestone, one.check.name, one.check.severity, one.state, one.violations or "", one.check.title)
        for one in found.results
    ]
    return Table(("stage", "check", "severity", "state", "n", "what holds"), rows)


def tell(found: Report, base: Path) -> Iterator[str | Table]:
    """Everything that is printed, from top to bottom."""
    yield summary(found)
    for one in found.results:
        if one.state != VIOLATED:
            continue
        yield ""
        what = f"{one.check.severity}: {one.check.name}, {plural(one.violations, 'violation')}."
        yield f"{what} {spelled(one.check.remedy, base)}"
        for each in one.shown[:EXAMPLES]:
            whose = f"item {each.item_id}, " if each.item_id is not None else ""
            yield f"  {whose}{clean(each.path or 'the workspace')}: {clean(each.detail)}"
        if one.violations > EXAMPLES:
            yield f"  and {one.violations - EXAMPLES:,} more: {base / keeping.FOLDER / keeping.VIOLATIONS}"
    yield ""
    yield from verdict(found, base)


def verdict(found: Report, base: Path) -> Iterator[str]:
    """What it comes to, in a few sentences."""
    states = [one.state for one in found.results]
    parts = [f"{states.count(PASSED)} passed", *(plural(found.count(word), word) for word in ("error", "warning"))]
    if states.count(SKIPPED):
        parts.append(f"{states.count(SKIPPED)} skipped, as no file was to be looked at")
    opened = f", {plural(found.files, 'file')} opened" if found.files else ""
    yield f"qc: {plural(len(states), 'check')}{opened}, in {duration(found.seconds)}: {listing(parts)}."
    if found.busy:
        yield f"At work just now, so that their files were not judged: {', '.join(found.busy)}."
    if found.count("error"):
        yield f"All of it: {base / keeping.FOLDER}/. Where an image comes from: {command(base, 'explain', ITEM='…')}"


def as_json(found: Report) -> str:
    """The same as one JSON object; of each check the violations that the manifest keeps."""
    content = {
        "at": found.at,
        "seconds": round(found.seconds, 3),
        "files": found.files,
        "looked": found.looked,
        "busy": list(found.busy),
        "errors": found.count("error"),
        "warnings": found.count("warning"),
        "checks": [
            {
                **{key: getattr(one.check, key) for key in ("name", "milestone", "severity", "title", "remedy")},
                "state": one.state,
                "n": one.violations,
                "files": one.files,
                "seconds": round(one.seconds, 3),
                "violations": [asdict(each) for each in one.shown],
            }
            for one in found.results
        ],
    }
    return json.dumps(content, indent=2)


@click.command("qc", help=(__doc__ or "").replace("\n\n", "\n\n\b\n", 1))
@click.option("--base", type=click.Path(path_type=Path), default=Path("data"), show_default=True, help="the workspace")
@click.option("--no-files", is_flag=True, help="ask the manifest alone; open and list no file")
@click.option(
    "--files", "most", type=click.IntRange(min=1), help="open at most so many files of each check, spread over all"
)
@click.option(
    "--workers",
    type=click.IntRange(min=0),
    envvar="MILL_JOBS",
    default=default_workers,
    show_default="as many as cores and memory bear",
    help="threads that open files; 0 opens them one by one",
)
@click.option("--json", "json_wanted", is_flag=True, help="as JSON on stdout")
def main(base: Path, no_files: bool, most: int | None, workers: int, json_wanted: bool) -> int:
    """Make all checks. Exits with 3 where one of the severity error found something."""
    found = inspect(base, checks(), look=not no_files, most=most, workers=workers)
    if json_wanted:
        click.echo(as_json(found))
    else:
        say(tell(found, base))
    return FAILED_ITEMS if found.count("error") else 0


if __name__ == "__main__":
    guard(lambda: main(prog_name="python -m tools.qc", standalone_mode=False))
