"""Reading back: captions that a person edited in the package become that person's word before anything is made anew.

Standard library only: `make` reads back before it looks at what is left to do.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.describe import hand
from tools.describe.tokens import tokens_about
from tools.mill import decisions
from tools.mill.manifest import sql, transaction
from tools.mill.settings import UsageError
from tools.mill.tool import Asked
from tools.training.edits import read_manifest, touched
from tools.training.names import PACKAGES, files_of
from tools.training.targets import TARGETS

NOTE = "edited in the package"


@dataclass(frozen=True)
class Edited:
    """Texts that people edited in a package. texts: by address of the cutout, the file's path below the package's
    parent, and the text; faults: by address of the cutout, a sentence about a text that can be none.
    """

    texts: Mapping[str, tuple[str, str]]
    faults: Mapping[str, str]


def read_back(db: sqlite3.Connection, base: Path, asked: Asked, cutout: str | None = None) -> tuple[str, ...]:
    """Take up each edited text of the dataset's package, or that of one cutout; returns what to tell.

    Raises UsageError, when the others are written down, where a text can be no caption or two images of one cutout
    were given different ones.
    """
    told, faults = take_up(db, base, asked, cutout)
    if faults:
        raise UsageError(" ".join([*told, *faults]))
    return told


def take_up(
    db: sqlite3.Connection, base: Path, asked: Asked, cutout: str | None = None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Write each edited text down as a decision on its cutout; returns what to tell, and what is wrong with others.

    A text that was read back before is not read again, so that it can be undone. cutout: an address, and no other.
    """
    found = edited(base / PACKAGES / asked.dataset)
    told = []
    with transaction(db):
        question = "select trigger_word, target from dataset where name = ?"
        trigger, target = db.execute(question, (asked.dataset,)).fetchone() or ("", "")
        for address, (file, text) in found.texts.items():
            if cutout not in (None, address):
                continue
            item = db.execute(sql("package/cutout"), {"address": address}).fetchone()
            values = {"address": address, "dataset": asked.dataset, "text": text, "note": NOTE}
            if item is None:
                told.append(f"caption: {file} was edited, but its cut-out is none of this workspace; it is not taken.")
            elif not db.execute(sql("package/was_read_back"), values).fetchone():
                decisions.write(db, "caption", item, asked.dataset, NOTE, value=text)
                told.append(f"caption: {file} was edited, and is kept. {remarks(text, trigger, target)}".rstrip())
    return tuple(told), tuple(fault for address, fault in found.faults.items() if cutout in (None, address))


def remarks(text: str, trigger: str, target: str) -> str:
    """Sentences about a person's text, which stays as it is: it lacks the trigger, it is cut; or nothing."""
    found = []
    if hand.lacks_trigger(text, trigger):
        found.append(f"It does not begin with the trigger, {trigger}; it stays as it is.")
    most, tokens = TARGETS[target].max_tokens if target in TARGETS else None, tokens_about(text)
    if most is not None and tokens > most:
        found.append(f"It has about {tokens} tokens; {target} reads {most}, and trainers leave out the rest.")
    return " ".join(found)


def edited(folder: Path) -> Edited:
    """What people edited in a package, read."""
    manifest = read_manifest(folder)
    texts: dict[str, tuple[str, str]] = {}
    faults: dict[str, str] = {}
    if manifest is None:
        return Edited(texts, faults)
    found = touched(folder).texts
    for image in manifest["images"]:
        if image["stem"] not in found:
            continue
        cutout, file = image["cutout"], f"{folder.name}/{files_of(image['stem'])[2]}"
        try:
            text = hand.read(found[image["stem"]])
        except ValueError as error:
            faults[cutout] = f"{folder.parent / file} {error}. Mend it, or delete it to have its caption put back."
            continue
        other = texts.setdefault(cutout, (file, text))
        if other[1] != text:
            faults[cutout] = (
                f"{folder.parent}: {other[0]} and {file} show one cut-out and were edited differently. A cut-out has "
                "one caption: make them say the same."
            )
    return Edited({cutout: text for cutout, text in texts.items() if cutout not in faults}, faults)


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
