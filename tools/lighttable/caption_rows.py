"""Caption rows: the chosen cut-outs of a dataset and their texts, read from the manifest."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tools.describe import hand
from tools.lighttable import counted
from tools.lighttable.caption_asked import Found, Wanted, find
from tools.lighttable.captioned import Line, Rules, judged
from tools.lighttable.desk import Desk
from tools.mill import decisions
from tools.mill.manifest import sql
from tools.training.names import PACKAGES
from tools.training.readback import NOTE, edited


def all_lines(desk: Desk, db: sqlite3.Connection, rules: Sequence[Rules]) -> tuple[Line, ...]:
    """The lines of all datasets, remembered while nothing is written."""
    return counted.counted(desk, db, ("captions", tuple(rules)), lambda: tuple(read(db, rules)))


def found(desk: Desk, db: sqlite3.Connection, rules: Sequence[Rules], wanted: Wanted) -> Found:
    """What an address finds among all lines, remembered as they are."""
    key = ("captions found", tuple(rules), wanted.address(page=1, per=1))
    return counted.counted(desk, db, key, lambda: find(all_lines(desk, db, rules), wanted))


def read(db: sqlite3.Connection, rules: Sequence[Rules], ids: Sequence[int] | None = None) -> Iterator[Line]:
    """The lines of all datasets that captions are written for; of some cut-outs alone, repeats are not seen."""
    there = {row["dataset"] for row in db.execute(sql("pages/captions.datasets"))}
    for one in rules:
        if one.dataset in there:
            yield from judged([*_of_dataset(db, one.dataset, ids)], one)


def _of_dataset(db: sqlite3.Connection, dataset: str, ids: Sequence[int] | None) -> Iterator[Line]:
    said = _said(db, dataset)
    only = None if ids is None else json.dumps(list(ids))
    for row in db.execute(sql("pages/captions.rows"), {"dataset": dataset, "ids": only}):
        width, height = row["width"] or 3, row["height"] or 4
        identity, _, version = (row["composite"] or "").partition(":")
        line = Line(
            *(dataset, row["id"], row["version"], row["address"], f"{min(2.0, max(0.5, width / height)):.3f}"),
            *(row["path"] is not None, row["time_s"], row["shot"], row["view"], row["rank"]),
            row["verdict"] if row["verdict_dataset"] in ("", dataset) else "",
            (int(identity), version) if identity else None,
            **_text(row),
            prose=row["prose"] or "",
            tags=row["tags"] or "",
            extent=row["extent"],
            posture=row["posture"],
        )
        yield _by_person(line, row, *said[row["id"]]) if row["id"] in said else line


def _text(row: sqlite3.Row) -> dict[str, Any]:
    """What the captioner's step says of a cut-out."""
    if row["caption_author"] == hand.AUTHOR:  # it was taken back: the next make asks an engine again
        return {"text": row["earlier"] or "", "author": "", "engine": "", "waits": True} | (
            {} if row["earlier"] else {"reason": "waiting", "detail": "It is written by the next make."}
        )
    found: dict[str, Any] = {"text": row["caption_text"] or "", "author": row["caption_author"] or ""}
    found["engine"] = f"{row['caption_engine']} {row['caption_prompt']}" if row["caption_id"] else ""
    if row["caption_id"] and row["own_passed"]:
        return found | {"doubts": tuple(json.loads(row["doubts"])) if row["doubts"] else ()}
    return found | _why_none(row)


def _why_none(row: sqlite3.Row) -> dict[str, str]:
    if row["own_status"] is not None:
        return {"reason": row["own_reason"] or "rejected_by_hand", "detail": row["own_detail"] or ""}
    if row["asked_status"] == "failed":
        return {"reason": "failed", "detail": row["asked_detail"] or row["asked_reason"] or ""}
    if row["asked_status"] == "rejected":
        return {"reason": row["asked_reason"], "detail": row["asked_detail"] or ""}
    return {"reason": "waiting", "detail": "No captioner was asked yet: type make all."}


def _said(db: sqlite3.Connection, dataset: str) -> dict[int, tuple[str, str, str]]:
    """What people say of cut-outs, by item: the text, who said it, and when."""
    decisions.load_said(db, "caption", dataset)
    found = db.execute("select item_id, decision_id, value, actor from temp.said").fetchall()
    ids = json.dumps([row["decision_id"] for row in found])
    at = {row["decision_id"]: row["created_at"] for row in db.execute(sql("pages/captions.said"), {"ids": ids})}
    return {row["item_id"]: (row["value"], row["actor"], at[row["decision_id"]]) for row in found}


def _by_person(line: Line, row: sqlite3.Row, text: str, who: str, at: str) -> Line:
    taken = row["caption_author"] == hand.AUTHOR and row["caption_text"] == text
    gone: dict[str, Any] = {"reason": "", "detail": "", "doubts": ()}
    if taken and not row["own_passed"]:
        gone |= _why_none(row)
    return replace(line, text=text, author=hand.AUTHOR, engine="", who=who, at=at, waits=not taken, **gone)


def in_package(db: sqlite3.Connection, base: Path, rules: Sequence[Rules]) -> dict[tuple[str, str], str]:
    """Texts that somebody edited in a package, and that no make has taken up yet, by dataset and address."""
    found = {}
    for one in rules:
        for address, (_, text) in edited(base / PACKAGES / one.dataset).texts.items():
            values = {"address": address, "dataset": one.dataset, "text": text, "note": NOTE}
            if not db.execute(sql("package/was_read_back"), values).fetchone():
                found[one.dataset, address] = text
    return found
