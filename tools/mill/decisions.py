"""Decisions: what people said, written down, and found again on the items of today."""

from __future__ import annotations

import getpass
import os
import sqlite3
import uuid

from tools.mill import settle
from tools.mill.manifest import sql, utc_now
from tools.mill.reattach import adopt
from tools.mill.settings import UsageError
from tools.mill.walk import shown

VALUED = ("identity", "caption", "shot", "view")
"""Verdicts that carry a value: whom a person shows, what a caption says. `Tool.says` names the one a tool obeys."""


def write(
    db: sqlite3.Connection,
    verdict: str,
    item: sqlite3.Row,
    dataset: str = "",
    why: str = "",
    *,
    value: str | None = None,
    undoes: str | None = None,
    together: str | None = None,
) -> None:
    """Append one decision on an item (id, kind, address) in the open transaction. dataset '' speaks for all.

    together: the word (`one_word`) that it shares with others, which are then taken back with it.
    """
    db.execute(
        """insert into decision (uid, kind, address, dataset, item_id, verdict, value, undoes, note, actor,
        created_at, together) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            *(uuid.uuid4().hex, item["kind"], item["address"], dataset, item["id"], verdict, value, undoes),
            *(shown(os.fsencode(why)) or None, actor(), utc_now(), together),
        ),
    )


def one_word() -> str:
    """What the decisions of one command share that are one word of a person's."""
    return uuid.uuid4().hex


def undo(db: sqlite3.Connection, uid: str, item: sqlite3.Row, dataset: str, why: str) -> int:
    """Take back a decision on an item, and all that one command wrote together with it.

    Returns how many these others were; none where it is taken back already.
    """
    said = db.execute(sql("mill/together"), {"uid": uid}).fetchall()
    for row in said:
        own = row["uid"] == uid
        write(db, "undo", item if own else row, dataset if own else row["dataset"], why, undoes=row["uid"])
    return max(0, len(said) - 1)


def actor() -> str:
    """Who decides: MILL_ACTOR, else the user's name, else, in a container that knows none, the user's number."""
    try:
        return os.environ.get("MILL_ACTOR") or getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def load_said(db: sqlite3.Connection, verdict: str | None, dataset: str) -> None:
    """Fill temp.said: the value that stands on each item in one matter; nothing where verdict is None."""
    db.execute("create temp table if not exists said (item_id integer primary key, decision_id, value, actor)")
    db.execute("delete from temp.said")
    if verdict is None:
        return
    found = db.execute(sql("mill/said"), {"verdict": verdict, "dataset": dataset}).fetchall()
    db.executemany(
        "insert or replace into temp.said select ?, id, value, actor from decision where id = ?",
        [(item_id, decision_id) for item_id, decision_id, _ in adopt(db, found)],
    )


def standing(db: sqlite3.Connection, item: sqlite3.Row, dataset: str) -> str:
    """The uid of the last decision on an item that nobody has undone, also of one that came to it from another address.

    Without a dataset it is the last one for any.

    Raises UsageError where there is none.
    """
    settle.load_decisions(db, dataset)
    adopted = [row[0] for row in db.execute("select decision_id from temp.in_force where item_id = ?", (item["id"],))]
    for verdict in VALUED:
        load_said(db, verdict, dataset)
        adopted += [row[0] for row in db.execute("select decision_id from temp.said where item_id = ?", (item["id"],))]
    marks = ", ".join("?" * len(adopted))
    row = db.execute(
        f"""select uid from decision as said
        where verdict <> 'undo' and ? in ('', dataset) and ((kind, address) = (?, ?) or id in ({marks}))
            and not exists (select 1 from decision as undo where undo.verdict = 'undo' and undo.undoes = said.uid)
        order by id desc limit 1""",
        (dataset, item["kind"], item["address"], *adopted),
    ).fetchone()
    if row is None:
        raise UsageError(f"{item['kind']} {item['id']} has no decision to undo. `make explain` shows them.")
    return str(row[0])
