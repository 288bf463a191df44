"""Write down what a person decides about an image; the next `make` obeys.

A decision hangs on the item's address and is never lost: it survives new parameters and new engines.

Example: python -m tools.decide reject --base data --why "eyes closed" 1234
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import click

from tools.identity.unnamed import note
from tools.mill import decisions, find, settings, settle
from tools.mill.command import guard
from tools.mill.manifest import connect, sql, transaction
from tools.mill.settings import UsageError
from tools.mill.words import plural

DONE = {"keep": "kept", "reject": "rejected", "pin": "pinned"}
PINNABLE = ("frame", "person", "cutout")


@dataclass(frozen=True)
class Subject:
    """What a decision hangs on: an item, for one dataset or ('') for all. others: taken back together with it."""

    item: sqlite3.Row
    dataset: str
    others: int = 0


class OnlyPinned(UsageError):
    """A keep that cannot be obeyed where a pin can. cause: why, without the way out."""

    def __init__(self, cause: str) -> None:
        super().__init__(f"{cause} `make pin ITEM=…` has it chosen.")
        self.cause = cause


class SomeRefused(UsageError):
    """Some of several cannot obey. places: which of them, counted from 0. The message is the first one's."""

    def __init__(self, places: Sequence[int], first: UsageError) -> None:
        super().__init__(str(first))
        self.places = places


def subjects(db: sqlite3.Connection, base: Path, text: str, dataset: str) -> list[Subject]:
    """What the person means. A packaged image stands for its cut-out there, so that the next best takes its place."""
    return [_subject(db, item, word, base, dataset) for word, item in find.named(db, base, text)]


def _subject(db: sqlite3.Connection, item: sqlite3.Row, text: str, base: Path, dataset: str) -> Subject:
    if item["kind"] == "composite" and find.in_package(db, base, text):
        cutout = db.execute("select * from item where id = ?", (item["parent_id"],)).fetchone()
        made_by = db.execute("select dataset from step where id = ?", (item["step_id"],)).fetchone()
        return Subject(cutout, dataset or made_by[0])
    return Subject(item, dataset)


def refuse(db: sqlite3.Connection, verdict: str, subject: Subject) -> None:
    """Raise UsageError where the verdict could not be obeyed: nobody can keep what does not exist."""
    item = subject.item
    name = f"{item['kind']} {item['id']}"
    if verdict == "pin" and item["kind"] not in PINNABLE:
        raise UsageError(f"{name} cannot be pinned: only frames, persons and cut-outs are chosen. Pin one of those.")
    if verdict not in ("keep", "pin"):
        return
    row = db.execute(sql("mill/why_not"), {"item": item["id"], "verdict": verdict}).fetchone()
    if row:
        cause = str(row["detail"] or row["description"]).rstrip(".")
        why = f"{name} cannot be {DONE[verdict]}: {row['reason']}, {cause}."
        if row["nature"] != "choice":
            raise UsageError(f"{why} A decision cannot make a usable image of it. {row['remedy']}")
        if item["path"] is None:
            raise UsageError(f"{why} No file was made of it. {row['remedy']}")
        why = f"{why} A keep only overrides limits."
        raise OnlyPinned(why) if item["kind"] in PINNABLE else UsageError(f"{why} {row['remedy']}")
    out = db.execute(sql("mill/out_for_all"), {"item": item["id"]}).fetchone() if subject.dataset else None
    if out:
        raise UsageError(
            f"{name} cannot be {DONE[verdict]} for {subject.dataset} alone: it does not pass {out['tool']}, which "
            "works for all datasets. Say it without DATASET."
        )


def _refusal(db: sqlite3.Connection, verdict: str, subject: Subject) -> UsageError | None:
    try:
        refuse(db, verdict, subject)
    except UsageError as error:
        return error
    return None


def decide(base: Path, verdict: str, texts: Sequence[str], dataset: str, why: str) -> list[Subject]:
    """Write one decision on each item named and settle, all or nothing."""
    names = settings.dataset_names(settings.load(base))
    if dataset and dataset not in names:
        raise UsageError(f"There is no dataset {dataset}. There are: {', '.join(names)}.")
    db = connect(base)
    try:
        with transaction(db):
            found = [subject for text in texts for subject in subjects(db, base, text, dataset)]
            if verdict == "undo":
                found = _undone(db, found, why)
                settle.settle(db)
            else:
                say(db, verdict, found, why)
    finally:
        db.close()
    return found


def say(db: sqlite3.Connection, verdict: str, subjects: Sequence[Subject], why: str) -> None:
    """Write one keep, reject or pin on each in the open transaction, and settle.

    Raises UsageError as `refuse`, and SomeRefused where several are meant: then nothing was written.
    """
    refused = {place: error for place, one in enumerate(subjects) if (error := _refusal(db, verdict, one))}
    if refused:
        first = next(iter(refused.values()))
        raise first if len(subjects) == 1 else SomeRefused(list(refused), first)
    for subject in subjects:
        decisions.write(db, verdict, subject.item, subject.dataset, why)
    settle.settle_below(db, [int(subject.item["id"]) for subject in subjects])


def _undone(db: sqlite3.Connection, subjects: Sequence[Subject], why: str) -> list[Subject]:
    """Take back the last decision on each. Looked up before any is written: one word on several goes once."""
    last = [decisions.standing(db, subject.item, subject.dataset) for subject in subjects]
    return [
        replace(subject, others=decisions.undo(db, uid, subject.item, subject.dataset, why))
        for subject, uid in zip(subjects, last, strict=True)
    ]


@click.command()
@click.argument("verdict", type=click.Choice(["reject", "keep", "pin", "undo"]))
@click.argument("item", nargs=-1, required=True)
@click.option("--base", type=click.Path(path_type=Path), default=Path("data"), show_default=True, help="the workspace")
@click.option("--dataset", default="", help="for this dataset only")
@click.option("--why", default="", help="your reason, for whoever asks later")
def main(verdict: str, item: tuple[str, ...], base: Path, dataset: str, why: str) -> None:
    """Reject, keep or pin items, or undo the last decision on them. ITEM: ids, paths or addresses."""
    said = decide(base, verdict, item, dataset, why)
    for subject in said:
        scope = f" in dataset {subject.dataset}" if subject.dataset else ""
        word = DONE.get(verdict, "free again")
        click.echo(f"{subject.item['kind']} {subject.item['id']} is {word}{scope}. The next `make` obeys.", err=True)
        if subject.others:
            click.echo(f"With it {plural(subject.others, 'other image')} that the same word had named.", err=True)
    with closing(connect(base)) as db:
        told = note(db, base, verdict, [int(subject.item["id"]) for subject in said])
    if told:
        click.echo(told, err=True)


if __name__ == "__main__":
    guard(lambda: main(standalone_mode=False))
