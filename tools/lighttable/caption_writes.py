"""Caption writes: the reviewer's texts, through the function of `make caption-edit`. One transaction each time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tools import caption_edit
from tools.lighttable import caption_rows, writes
from tools.lighttable.captioned import Line, rules_of
from tools.mill import decisions
from tools.mill.manifest import connect, sql, transaction
from tools.mill.settings import UsageError
from tools.training.readback import NOTE


@dataclass(frozen=True)
class Text:
    """A text that is to stand for a cut-out in a dataset. before: what stood there when the reviewer saw it."""

    dataset: str
    id: int
    before: str
    text: str


def save(base: Path, texts: Sequence[Text], why: str = "") -> tuple[writes.Written, tuple[str, ...]]:
    """Write texts down, all or none; returns the words to undo them, and what the command tells.

    Raises UsageError where one can be no caption, or where another text stands than the reviewer saw.
    """
    with closing(connect(base)) as db, transaction(db):
        now = caption_rows.read(db, rules_of(base), [one.id for one in texts])
        standing = {(line.dataset, line.id): line for line in now}
        for one in texts:
            _unchanged(standing.get((one.dataset, one.id)), one)
        before = db.execute("select coalesce(max(id), 0) from decision").fetchone()[0]
        wanted = [caption_edit.Written(str(one.id), one.text, one.dataset) for one in texts]
        told = caption_edit.write(db, base, wanted, why)
        # Texts that were edited in the package are taken up first: they are no word of this reviewer's.
        written = db.execute(sql("pages/captions.written"), {"after": before, "note": NOTE}).fetchall()
    return writes.Written([row["uid"] for row in written], [one.id for one in texts]), told


def _unchanged(line: Line | None, one: Text) -> None:
    if line is None:
        raise UsageError(f"Cutout {one.id} is not chosen for {one.dataset} any more. Load the page again.")
    if line.text != one.before:
        raise UsageError(f"Another text was written for cutout {one.id} meanwhile: {line.text}. Nothing was written.")


def clear(base: Path, dataset: str, ids: Sequence[int]) -> writes.Written:
    """Take back the reviewer's texts on cut-outs, so that what stood before stands again.

    Raises UsageError where none of them has one.
    """
    with closing(connect(base)) as db, transaction(db):
        decisions.load_said(db, "caption", dataset)
        said = dict(db.execute("select item_id, decision_id from temp.said").fetchall())
        those = json.dumps([said[one] for one in ids if one in said])
        found = db.execute(sql("pages/captions.said"), {"ids": those}).fetchall()
        if not found:
            raise UsageError("Nobody wrote this text by hand, so there is none to take back.")
        for row in found:
            # Each alone, and not with what was written together with it.
            decisions.write(db, "undo", row, row["dataset"], undoes=row["uid"])
    return writes.Written([row["uid"] for row in found], [one for one in ids if one in said])
