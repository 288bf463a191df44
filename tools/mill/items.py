"""Items: what they are called (address, version) and how what a tool made becomes rows."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tools.mill.manifest import sql, utc_now
from tools.mill.tool import Made

ADDRESS_HEX = 32
VERSION_HEX = 16
_KEY = "kind = ? and address = ? and version = ?"


def version(sha256: str | None, facts: Mapping[str, Any], parent_version: str) -> str:
    """What an item is: its bytes, its facts, and what it was made from."""
    told = {key: value.hex() if isinstance(value, bytes) else value for key, value in facts.items()}
    text = json.dumps([sha256, told, parent_version], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:VERSION_HEX]


def save_row(db: sqlite3.Connection, table: str, key: str, value: int, columns: Mapping[str, Any]) -> None:
    """Insert or update the one row of a typed table that belongs to an item or an outcome."""
    if columns:
        names = [key, *columns]
        marks = ", ".join("?" * len(names))
        listed = ", ".join(f'"{name}"' for name in names)
        update = ", ".join(f'"{name}" = excluded."{name}"' for name in columns)
        db.execute(
            f'insert into "{table}" ({listed}) values ({marks}) on conflict ("{key}") do update set {update}',
            (value, *columns.values()),
        )


class Family:
    """The items that one step made from one parent: brought in line with what its latest outcome made.

    A parent that another run has put out of force meanwhile still gets its items, but they take nobody's address.
    """

    def __init__(self, db: sqlite3.Connection, step_id: int, parent_id: int) -> None:
        self.db, self.step_id, self.parent_id = db, step_id, parent_id
        parent = db.execute("select version, newest from item where id = ?", (parent_id,)).fetchone()
        self.parent_version, self.in_force = str(parent["version"]), bool(parent["newest"])
        self.left = {
            int(row[0])
            for row in db.execute(
                "select id from item where parent_id = ? and step_id = ? and made", (parent_id, step_id)
            )
        }

    def add(self, made: Made) -> int:
        """Write one made item; the same address and version is the same row. Returns its id."""
        db = self.db
        new = version(made.file.sha256 if made.file else None, made.facts, self.parent_version)
        key = (made.kind, made.address, new)
        by, values = ("id = ?", (made.known,)) if made.known is not None else (_KEY, key)
        row = db.execute(f"select id, newest from item where {by}", values).fetchone()
        flipped = self.in_force and row is not None and not row["newest"]
        if flipped or (self.in_force and row is None):
            displace(db, *key[:2])
        file = (made.file.path, made.file.sha256, made.file.bytes) if made.file else (None, None, None)
        if row is None:
            cursor = db.execute(
                """insert into item (kind, address, version, parent_id, step_id, path, sha256, bytes, width, height,
                made, newest, created_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)""",
                (*key, self.parent_id, self.step_id, *file, made.width, made.height, self.in_force, utc_now()),
            )
            item_id = int(cursor.lastrowid or 0)
        else:
            item_id = int(row["id"])
            db.execute(
                """update item set path = ?1, sha256 = ?2, bytes = ?3, made = 1, newest = max(newest, ?4)
                where id = ?5 and (path, sha256, bytes, made, newest) is not (?1, ?2, ?3, 1, max(newest, ?4))""",
                (*file, self.in_force, item_id),
            )
        if flipped:
            claim(db, [item_id])
        self.left.discard(item_id)
        if made.known is not None:
            return item_id
        save_row(db, made.kind, "item_id", item_id, made.facts)
        db.execute("delete from lineage where child_id = ?", (item_id,))
        db.executemany("insert into lineage values (?, ?, ?)", [(item_id, side, role) for side, role in made.sides])
        return item_id

    def close(self) -> list[int]:
        """Take out of force what the parent no longer gives; returns those ids."""
        gone = sorted(self.left)
        self.db.executemany("update item set made = 0 where id = ?", [(item_id,) for item_id in gone])
        release(self.db, gone)
        return gone


def release(db: sqlite3.Connection, item_ids: Sequence[int]) -> None:
    """Put items out of force, and with them all that was made from them."""
    if item_ids:
        db.execute(sql("mill/release"), {"ids": json.dumps(list(item_ids))})


def displace(db: sqlite3.Connection, kind: str, address: str) -> None:
    """Put out of force what stands at an address: another version is about to."""
    found = db.execute("select id from item where kind = ? and address = ? and newest", (kind, address)).fetchone()
    release(db, [found[0]] if found else [])


def claim(db: sqlite3.Connection, item_ids: Iterable[int]) -> None:
    """Items came back into force: what was made from them takes its addresses back, level by level."""
    level = list(item_ids)
    while level:
        rows = [
            row
            for item_id in level
            for row in db.execute(
                "select id, kind, address from item where parent_id = ? and made and not newest", (item_id,)
            ).fetchall()
        ]
        for row in rows:
            displace(db, row["kind"], row["address"])
            db.execute("update item set newest = 1 where id = ?", (row[0],))
        level = [row[0] for row in rows]
