"""Examine: ask one check, open what it wants opened, and give what is wrong, one violation after another."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tools.inspection.checks import Check
from tools.mill.manifest import utc_now
from tools.mill.pool import Answer, run_all
from tools.mill.progress import progress
from tools.mill.settings import UsageError
from tools.mill.way import Way

PASSED, VIOLATED, SKIPPED = "passed", "violated", "skipped"

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Violation:
    """What is wrong, in a sentence. item_id: None where it is about no item; path: of the file, or what it is about."""

    item_id: int | None
    path: str | None
    detail: str


@dataclass
class Result:
    """How a check went. violations: how many; shown: the first of them; files: how many were opened."""

    check: Check
    state: str = PASSED
    violations: int = 0
    shown: list[Violation] = field(default_factory=list)
    files: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Scope:
    """What may be asked. look: whether files may be looked at; most: files opened of a check, at most; None is all.

    workers: threads that open files; 0 opens them in this one. stirs: whether a path may have changed since
    the checks began.
    """

    base: Path
    look: bool
    most: int | None
    workers: int
    stirs: Callable[[str | None], bool] = lambda _: False


def examine(db: sqlite3.Connection, check: Check, scope: Scope, result: Result) -> Iterator[Violation]:
    """The violations of a check, as they are found; their number and what it cost are in the result at the end.

    Raises UsageError where its SQL does not fit the manifest.
    """
    if not scope.look and (check.files or check.opens):
        result.state = SKIPPED
        return
    start = time.perf_counter()
    try:
        found = _opened(db, check, scope, result) if check.opens else _asked(db, check)
        for violation in found:
            if check.heeds and scope.stirs(violation.path):
                continue
            result.state = VIOLATED
            result.violations += 1
            yield violation
    except sqlite3.OperationalError as error:
        raise UsageError(f"The check {check.name} cannot be made: {error}. Look at sql/qc/{check.name}.sql.") from error
    result.seconds = time.perf_counter() - start


def _asked(db: sqlite3.Connection, check: Check) -> Iterator[Violation]:
    for row in db.execute(check.sql):
        yield Violation(row["item_id"], row["path"], row["detail"])


def _opened(db: sqlite3.Connection, check: Check, scope: Scope, result: Result) -> Iterator[Violation]:
    """What the inspector says of the files that a check wants opened: some at a time, whatever their number."""
    from tools.inspection.opened import INSPECTORS

    total = int(db.execute(f"select count(*) from ({_body(check)})").fetchone()[0])
    wanted, chosen = check.sql, total
    if scope.most is not None and total > scope.most:
        # Spread over all of them by a hash of their ids, the same every time.
        chosen = scope.most
        wanted = f"select * from ({_body(check)}) order by (item_id * 2654435761) % 4294967296 limit {chosen}"
    jobs: Iterator[Row] = (dict(row) for row in db.execute(wanted))
    way = Way("threads", scope.workers) if scope.workers else Way("serial", 1)
    inspect = partial(_inspected, INSPECTORS[str(check.opens)])
    answers: Generator[Answer[Row, list[str]], None, None] = run_all(inspect, jobs, scope.base, way)
    with closing(answers):
        for answer in progress(answers, f"qc: {check.name}", chosen):
            result.files += 1
            for detail in answer.value if answer.value is not None else [str(answer.error)]:
                yield Violation(answer.job["item_id"], answer.job["path"], detail)


def _inspected(inspector: Any, row: Row, base: Path) -> list[str]:
    found: list[str] = inspector(row, base)
    return found


def _body(check: Check) -> str:
    return check.sql.rstrip().rstrip(";")


@dataclass(frozen=True)
class Report:
    """All checks of one time. busy: tools that were at work, whose files nobody could judge."""

    at: str
    seconds: float
    looked: bool
    busy: tuple[str, ...]
    results: tuple[Result, ...]

    def count(self, severity: str) -> int:
        """Checks of a severity that found something."""
        return sum(one.state == VIOLATED and one.check.severity == severity for one in self.results)

    @property
    def files(self) -> int:
        return sum(one.files for one in self.results)


def report(results: list[Result], seconds: float, looked: bool, busy: list[str]) -> Report:
    return Report(utc_now(), seconds, looked, tuple(busy), tuple(results))
