"""Reading back: captions that a person edited in the package become that person's word before anything is made anew."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tools.describe import hand
from tools.mill import decisions
from tools.mill.manifest import sql, transaction
from tools.mill.settings import UsageError
from tools.mill.tool import Asked
from tools.training.edits import read_manifest, touched
from tools.training.names import PACKAGES, files_of

NOTE = "edited in the package"


def read_back(db: sqlite3.Connection, base: Path, asked: Asked) -> tuple[str, ...]:
    """Write each edited text of the dataset's package down as a decision on its cutout; returns what to tell.

    A text that was read back before is not read again, so that it can be undone. Raises UsageError, and writes nothing,
    where a text can be no caption or two images of one cutout were given different ones.
    """
    folder = base / PACKAGES / asked.dataset
    told = []
    with transaction(db):
        trigger = db.execute("select trigger_word from dataset where name = ?", (asked.dataset,)).fetchone() or ("",)
        for cutout, (file, text) in edited(folder).items():
            item = db.execute(sql("package/cutout"), {"address": cutout}).fetchone()
            values = {"address": cutout, "dataset": asked.dataset, "text": text, "note": NOTE}
            if item is None:
                told.append(f"caption: {file} was edited, but its cut-out is none of this workspace; it is not taken.")
            elif not db.execute(sql("package/was_read_back"), values).fetchone():
                decisions.write(db, "caption", item, asked.dataset, NOTE, value=text)
                told.append(f"caption: {file} was edited, and is kept. {no_trigger(text, trigger[0])}".rstrip())
    return tuple(told)


def no_trigger(text: str, trigger: str) -> str:
    """A sentence where a text does not begin with the trigger; empty where it does, or where there is none."""
    lacks = hand.lacks_trigger(text, trigger)
    return f"It does not begin with the trigger, {trigger}; it stays as it is." if lacks else ""


def edited(folder: Path) -> dict[str, tuple[str, str]]:
    """By address of the cutout: the file's path below the package's parent, and the text that a person gave it."""
    manifest = read_manifest(folder)
    found: dict[str, tuple[str, str]] = {}
    if manifest is None:
        return found
    texts = touched(folder).texts
    for image in manifest["images"]:
        if image["stem"] not in texts:
            continue
        file = f"{folder.name}/{files_of(image['stem'])[2]}"
        try:
            text = hand.read(texts[image["stem"]])
        except ValueError as error:
            whole = folder.parent / file
            raise UsageError(f"{whole} {error}. Mend it, or delete it to have its caption put back.") from error
        other = found.setdefault(image["cutout"], (file, text))
        if other[1] != text:
            raise UsageError(
                f"{folder.parent}: {other[0]} and {file} show one cut-out and were edited differently. A cut-out has "
                "one caption: make them say the same."
            )
    return found


def read_back_all(db: sqlite3.Connection, base: Path, asked: Asked) -> tuple[str, ...]:
    """The same before a package is made, which would write over texts that no caption has taken up yet.

    Raises UsageError where caption has yet to take up what people wrote.
    """
    told = read_back(db, base, asked)
    decisions.load_said(db, "caption", asked.dataset)
    waiting = db.execute(sql("package/texts_waiting"), {"dataset": asked.dataset}).fetchone()[0]
    if waiting and not asked.dry_run:
        texts = f"{waiting} texts that people wrote are" if waiting > 1 else "1 text that a person wrote is"
        raise UsageError(" ".join([*told, f"{texts} not in a caption yet. Run caption first, as `make all` does."]))
    return told
