"""Names that people give: what may be one, and which there are. Standard library only."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tools.mill import settings
from tools.mill.manifest import sql
from tools.mill.settings import UsageError

OTHER = "other"
"""A person's word for: none of those who have a name."""

NOBODY = "nobody of these"
"""How it is called where people read it."""

LONGEST = 80


def checked(name: str, *, other: bool = False) -> str:
    """A name without blanks around it. other: whether the word for none of them is allowed.

    Raises UsageError for what cannot be a name.
    """
    name = name.strip()
    if not name or len(name) > LONGEST or not name.isprintable() or "/" in name:
        raise UsageError(
            f"{name!r} cannot be a name. Say AS=… with a word of at most {LONGEST} letters, without a slash."
        )
    if name == OTHER and not other:
        raise UsageError(f"{OTHER} is nobody's name. `make identify ITEM=… AS={OTHER}` says it of single images.")
    return name


def called(name: str) -> str:
    """A name as people read it."""
    return NOBODY if name == OTHER else name


def known(db: sqlite3.Connection) -> set[str]:
    """The names that reference photos or people have given."""
    pictured = {str(row["person"]) for row in db.execute(sql("sides/match.references"))}
    return pictured | {str(row["address"]) for row in db.execute(sql("sides/match.names"))} - {OTHER}


def told_new(db: sqlite3.Connection, base: Path, name: str) -> list[str]:
    """What should be known of a name that was just given, as sentences: whether a dataset is about it."""
    subjects = {key: str(table["subject"]) for key, table in settings.load(base).datasets.items()}
    if name == OTHER or name in subjects.values() or not all(subjects.values()):
        return []
    about = ", ".join(f"[dataset.{key}] subject = {value!r}" for key, value in sorted(subjects.items()))
    return [f"No dataset is about {name}: {about}. Nobody of that name is cut out until one is."]
