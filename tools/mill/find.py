"""Find: which item a person means by an id, a path or an address."""

from __future__ import annotations

import os
import shlex
import sqlite3
from pathlib import Path

from tools.mill.settings import UsageError
from tools.mill.walk import shown

_ID_DIGITS = 18
"""More than SQLite's integers have: such a number is no id."""


def items(db: sqlite3.Connection, base: Path, text: str) -> list[sqlite3.Row]:
    """The items that one text names. Raises UsageError that names what was not found."""
    return [item for _, item in named(db, base, text)]


def named(db: sqlite3.Connection, base: Path, text: str) -> list[tuple[str, sqlite3.Row]]:
    """Each item with the words that name it: a whole path first (names may hold spaces), else several ids or paths."""
    text = text.strip()
    if not text:
        raise UsageError("Say which item: ITEM=… takes ids (as `make query` shows them) or paths below the workspace.")
    whole = item(db, base, text)
    if whole is not None:
        return [(text, whole)]
    try:
        words = shlex.split(text)
    except ValueError:
        words = [text]
    found = []
    for word in words:
        one = item(db, base, word)
        if one is None:
            what = f"{shown(os.fsencode(word))} is no item of {base}"
            raise UsageError(f"{what}. Give an id, a path below the workspace, or an address.")
        found.append((word, one))
    return found


def item(db: sqlite3.Connection, base: Path, text: str) -> sqlite3.Row | None:
    """The item in force that a text names, or the last one that stood there."""
    if text.isdecimal() and len(text) <= _ID_DIGITS:
        row = _first(db, "select * from item where id = ?", int(text))
        return _in_force(db, row) if row else None
    for path in _paths(base, text):
        row = _source(db, path) or _first(
            db,
            """select item.* from item where path = ?1
            union all select item.* from package_item join item on item.id = package_item.item_id
            where package_item.path = ?1
            order by newest desc, id desc limit 1""",
            shown(path),
        )
        if row:
            return _in_force(db, row)
    question = "select * from item where address = ? order by newest desc, id desc limit 1"
    return _first(db, question, shown(os.fsencode(text)))


def _source(db: sqlite3.Connection, path: bytes) -> sqlite3.Row | None:
    """The source at a path, byte for byte: two names may be shown alike."""
    folder, _, name = path.partition(b"/")
    question = "select item.* from file join item on item.id = file.item_id where file.folder = ? and file.path = ?"
    return _first(db, question, shown(folder), name)


def in_package(db: sqlite3.Connection, base: Path, text: str) -> bool:
    """Whether a text is the path of an image in a package."""
    question = "select 1 from package_item where path = ? limit 1"
    return any(db.execute(question, (shown(path),)).fetchone() for path in _paths(base, text))


def _first(db: sqlite3.Connection, question: str, *values: object) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute(question, values).fetchone()
    return row


def _paths(base: Path, text: str) -> list[bytes]:
    """What a path may be below the workspace: as it is, from where the caller stands, and where a link leads."""
    root = os.fsencode(base.absolute())
    here = os.path.abspath(os.fsencode(text))
    candidates = [os.fsencode(text)]
    for path in (here, os.path.join(root, os.fsencode(text))):
        # Links in rejected/ and people/ lead to the file; the folders above it may be links too.
        linked = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
        target = (
            os.path.normpath(os.path.join(os.path.dirname(linked), os.readlink(linked)))
            if os.path.islink(linked)
            else linked
        )
        for found in (path, target):
            for start in (root, os.path.realpath(root)):
                relative = os.path.relpath(found, start)
                if not relative.startswith(b".."):
                    candidates.append(relative)
    return list(dict.fromkeys(name for path in candidates for name in (path, *_image_of(path))))


def _image_of(path: bytes) -> list[bytes]:
    """In a package, the caption and the mask of an image speak of it."""
    folder, name = os.path.split(path)
    above, last = os.path.split(folder)
    stem, ending = os.path.splitext(name)
    if ending == b".txt":
        return [os.path.join(folder, stem + b".png")]
    return [os.path.join(above, name)] if last == b"masks" else []


def _in_force(db: sqlite3.Connection, row: sqlite3.Row) -> sqlite3.Row:
    """Of an item that was superseded: the one that stands at its address now, where there is one."""
    if row["newest"]:
        return row
    question = "select * from item where newest and (kind, address) = (select kind, address from item where id = ?)"
    now = _first(db, question, row["id"])
    return now or row
