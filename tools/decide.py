"""Write down what a person decides about an image; the next `make` obeys.

A decision hangs on the item's address and is never lost: it survives new parameters and new engines.

Example: python -m tools.decide reject --base data --why "eyes closed" 1234
"""

from __future__ import annotations

import getpass
import os
import sqlite3
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from tools.mill import find, settings, settle
from tools.mill.command import guard
from tools.mill.manifest import connect, transaction, utc_now
from tools.mill.settings import UsageError

DONE = {"keep": "kept", "reject": "rejected", "pin": "pinned"}
PINNABLE = ("frame", "person", "cutout")


@dataclass(frozen=True)
class Subject:
    """What a decision hangs on: an item, for one dataset or ('') for all."""

    item: sqlite3.Row
    dataset: str


def subjects(db: sqlite3.Connection, base: Path, text: str, dataset: str) -> list[Subject]:
    """What the person means. A packaged image stands for its cut-out there, so that the next best takes its place."""
    return [_subject(db, item, text, base, dataset) for item in find.items(db, base, text)]


def _subject(db: sqlite3.Connection, item: sqlite3.Row, text: str, base: Path, dataset: str) -> Subject:
    if item["kind"] == "composite" and find.in_package(db, base, text):
        cutout = db.execute("select * from item where id = ?", (item["parent_id"],)).fetchone()
        made_by = db.execute("select dataset from step where id = ?", (item["step_id"],)).fetchone()
        return Subject(cutout, dataset or made_by[0])
    return Subject(item, dataset)


def refuse(db: sqlite3.Connection, verdict: str, item: sqlite3.Row) -> None:
    """Raise UsageError where the verdict could not be obeyed: nobody can keep what does not exist."""
    name = f"{item['kind']} {item['id']}"
    if verdict == "pin" and item["kind"] not in PINNABLE:
        raise UsageError(f"{name} cannot be pinned: only frames, persons and cut-outs are chosen. Pin one of those.")
    if verdict not in ("keep", "pin"):
        return
    row = db.execute(
        """select outcome.defect, reason.nature, outcome.reason, outcome.detail, reason.description, reason.remedy
        from outcome join step on step.id = outcome.step_id
        left join reason on reason.tool = step.tool and reason.code = outcome.reason
        where outcome.item_id = ? and outcome.latest and outcome.status <> 'ok'
            and (outcome.defect or outcome.status = 'failed' or (reason.nature = 'choice' and ? = 'keep'))
        order by outcome.defect desc, outcome.id limit 1""",
        (item["id"], verdict),
    ).fetchone()
    if row and row["nature"] == "choice" and not row["defect"]:
        raise UsageError(
            f"{name} cannot be kept: it was not chosen ({row['reason']}: {row['detail'] or row['description']}), and a "
            "keep only overrides limits. `make pin ITEM=…` has it chosen."
        )
    if row:
        raise UsageError(
            f"{name} cannot be {DONE[verdict]}: {row['reason']}, {row['detail'] or row['description']} "
            f"A decision cannot make a usable image of it. {row['remedy']}"
        )


def write(db: sqlite3.Connection, verdict: str, subject: Subject, why: str, undoes: str | None = None) -> None:
    """Append one decision in the open transaction."""
    item = subject.item
    db.execute(
        """insert into decision (uid, kind, address, dataset, item_id, verdict, undoes, note, actor, created_at)
        values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            *(uuid.uuid4().hex, item["kind"], item["address"], subject.dataset, item["id"], verdict, undoes),
            *(why or None, os.environ.get("MILL_ACTOR") or getpass.getuser(), utc_now()),
        ),
    )


def standing(db: sqlite3.Connection, subject: Subject) -> str:
    """The uid of the last decision on an item that nobody has undone. Raises UsageError where there is none."""
    row = db.execute(
        """select uid from decision as said
        where verdict in ('keep', 'reject', 'pin') and kind = ? and address = ? and dataset = ?
            and not exists (select 1 from decision as undo where undo.verdict = 'undo' and undo.undoes = said.uid)
        order by id desc limit 1""",
        (subject.item["kind"], subject.item["address"], subject.dataset),
    ).fetchone()
    if row is None:
        raise UsageError(
            f"{subject.item['kind']} {subject.item['id']} has no decision to undo. `make explain` shows them."
        )
    return str(row[0])


def decide(base: Path, verdict: str, texts: Sequence[str], dataset: str, why: str) -> list[Subject]:
    """Write one decision on each item named and settle, all or nothing."""
    names = settings.dataset_names(settings.load(base))
    if dataset and dataset not in names:
        raise UsageError(f"There is no dataset {dataset}. There are: {', '.join(names)}.")
    db = connect(base)
    try:
        with transaction(db):
            found = [subject for text in texts for subject in subjects(db, base, text, dataset)]
            for subject in found:
                refuse(db, verdict, subject.item)
                undoes = standing(db, subject) if verdict == "undo" else None
                write(db, verdict, subject, why, undoes)
            settle.settle(db)
    finally:
        db.close()
    return found


@click.command()
@click.argument("verdict", type=click.Choice(["reject", "keep", "pin", "undo"]))
@click.argument("item", nargs=-1, required=True)
@click.option("--base", type=click.Path(path_type=Path), default=Path("data"), show_default=True, help="the workspace")
@click.option("--dataset", default="", help="for this dataset only")
@click.option("--why", default="", help="your reason, for whoever asks later")
def main(verdict: str, item: tuple[str, ...], base: Path, dataset: str, why: str) -> None:
    """Reject, keep or pin items, or undo the last decision on them. ITEM: ids, paths or addresses."""
    for subject in decide(base, verdict, item, dataset, why):
        scope = f" in dataset {subject.dataset}" if subject.dataset else ""
        word = DONE.get(verdict, "free again")
        click.echo(f"{subject.item['kind']} {subject.item['id']} is {word}{scope}. The next `make` obeys.", err=True)


if __name__ == "__main__":
    guard(lambda: main(standalone_mode=False))
