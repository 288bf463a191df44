"""Keeping: what was found goes into the manifest, and into CSV files that any program reads."""

from __future__ import annotations

import csv
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tools.inspection.examine import Report, Violation
from tools.mill.files import TEMPORARY
from tools.mill.manifest import transaction

FOLDER = "qc_reports"
SUMMARY, VIOLATIONS = "checks.csv", "violations.csv"

SHOWN = 1000
"""So many violations of each check are kept in the manifest; the CSV file has them all."""


@contextmanager
def violations_file(base: Path) -> Iterator[Any]:
    """A CSV writer of violations; the file of the time before stands until this one is whole."""
    with _replaced(base, VIOLATIONS) as writer:
        writer.writerow(("check", "milestone", "severity", "item_id", "path", "detail"))
        yield writer


def write_summary(base: Path, report: Report) -> None:
    """One line for each check, also for those that passed."""
    with _replaced(base, SUMMARY) as writer:
        writer.writerow(
            ("check", "milestone", "severity", "state", "violations", "files", "seconds", "title", "remedy")
        )
        for one in report.results:
            check = one.check
            counted = (one.state, one.violations, one.files, f"{one.seconds:.3f}")
            writer.writerow((check.name, check.milestone, check.severity, *counted, check.title, check.remedy))


@contextmanager
def _replaced(base: Path, name: str) -> Iterator[Any]:
    """A CSV writer (RFC 4180) into a temporary file that takes the place of the one before, once it is whole."""
    folder = base / FOLDER
    folder.mkdir(exist_ok=True)
    part = folder / f"{TEMPORARY}{os.getpid()}-{name}"
    try:
        with open(part, "w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            yield csv.writer(file, lineterminator="\r\n")
        os.replace(part, folder / name)
    finally:
        part.unlink(missing_ok=True)


def save(db: sqlite3.Connection, report: Report) -> None:
    """Write the report into the manifest. Of earlier times the results stay, their violations go."""
    with transaction(db):
        db.execute("delete from qc_violation")
        run_id = db.execute(
            "insert into qc_run (at, seconds, files, looked, errors, warnings) values (?, ?, ?, ?, ?, ?)",
            (report.at, report.seconds, report.files, report.looked, report.count("error"), report.count("warning")),
        ).lastrowid
        for one in report.results:
            check = one.check
            result_id = db.execute(
                """insert into qc_result
                (qc_run_id, name, milestone, severity, state, violations, files, seconds, title, remedy)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
                (
                    *(run_id, check.name, check.milestone, check.severity, one.state, one.violations, one.files),
                    *(one.seconds, check.title, check.remedy),
                ),
            ).lastrowid
            # An item that a broken manifest speaks of need not be there: its violation is kept without it.
            db.executemany(
                """insert into qc_violation (qc_result_id, item_id, path, detail)
                values (?, (select id from item where id = ?), ?, ?)""",
                [(result_id, each.item_id, each.path, each.detail) for each in one.shown],
            )


def as_line(check_name: str, milestone: str, severity: str, violation: Violation) -> tuple[object, ...]:
    return check_name, milestone, severity, violation.item_id, violation.path, violation.detail
