"""What the tests of the captions page share: a small workspace, its lines, what people said, and texts that bite."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from lighting import Visitor, paint, rows
from manifest_filled import filled

from tools.lighttable import caption_rows, captioned

EVIL = '<img src=x onerror="alert(1)">"><script>alert(2)</script>\x07\n\u202eend'
TEXT = "emma, close-up, red coat, soft light"


def prepared(folder: Path) -> Path:
    """The filled workspace with pictures and a trigger."""
    base = filled(folder)
    (base / "config.toml").write_text('[dataset.default]\ntrigger = "emma"\n', encoding="utf-8")
    paint(base)
    return base


def lines(base: Path) -> list[captioned.Line]:
    db = sqlite3.connect(base / "manifest.db")
    db.row_factory = sqlite3.Row
    try:
        return list(caption_rows.read(db, captioned.rules_of(base)))
    finally:
        db.close()


def said(base: Path) -> list[tuple[int, str, str]]:
    """The texts of people that stand: (cut-out, text, actor)."""
    return rows(
        base,
        """select item_id, value, actor from decision as said where verdict = 'caption'
        and not exists (select 1 from decision as undo where undo.undoes = said.uid) order by id""",
    )


def change(base: Path, question: str, *values: object) -> None:
    with sqlite3.connect(base / "manifest.db") as db:
        db.execute(question, values)
    db.close()


def write(visitor: Visitor, *texts: tuple[int, str, str], **more: object) -> Any:
    """POST texts as (cut-out, what stood before, what is to stand)."""
    given = [
        {"dataset": "default", "id": item, "digest": captioned.digest_of(before), "text": text}
        for item, before, text in texts
    ]
    return visitor.post("/-/captions/save", {"texts": given, "expected": len(given)} | more)
