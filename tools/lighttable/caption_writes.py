"""Caption writes: the reviewer's texts, through the function of `make caption-edit`. One transaction each time."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tools import caption_edit
from tools.describe import hand
from tools.lighttable import caption_rows, writes
from tools.lighttable.captioned import Line, digest_of, rules_of
from tools.mill import decisions
from tools.mill.manifest import connect, sql, transaction
from tools.mill.settings import UsageError
from tools.training.readback import NOTE


@dataclass(frozen=True)
class Text:
    """A text that is to stand for a cut-out in a dataset. digest: `Line.digest` of what the reviewer saw there.

    becomes: gives the text, as one line, for what stands.
    """

    dataset: str
    id: int
    digest: str
    becomes: Callable[[str], str]


def save(base: Path, texts: Sequence[Text], why: str = "") -> tuple[writes.Written, list[str], tuple[str, ...]]:
    """Write texts down, all or none; returns the words to undo them, their `Line.digest`, and what the command tells.

    Raises UsageError where one can be no caption, or where another text stands than the reviewer saw.
    """
    with closing(connect(base)) as db, transaction(db):
        now = caption_rows.read(db, rules_of(base), [one.id for one in texts])
        standing = {(line.dataset, line.id): line for line in now}
        lines = [_unchanged(standing.get((one.dataset, one.id)), one) for one in texts]
        before = writes.last_decision(db)
        wanted = [
            caption_edit.Written(str(one.id), _usable(one, line, alone=len(texts) == 1), one.dataset)
            for one, line in zip(texts, lines, strict=True)
        ]
        told = caption_edit.write(db, base, wanted, why)
        # Texts that were edited in the package are taken up first: they are no word of this reviewer's.
        written = db.execute(sql("pages/captions.written"), {"after": before, "note": NOTE}).fetchall()
    words = writes.Written([row["uid"] for row in written], [one.id for one in texts])
    return words, [digest_of(one.text) for one in wanted], told


def _unchanged(line: Line | None, one: Text) -> Line:
    if line is None:
        raise UsageError(f"Cutout {one.id} is not chosen for {one.dataset} any more. Load the page again.")
    if line.digest != one.digest:
        raise UsageError(f"Another text was written for cutout {one.id} meanwhile: {line.text}. Nothing was written.")
    return line


def _usable(one: Text, line: Line, *, alone: bool) -> str:
    text = one.becomes(line.text)
    if fault := hand.unusable(text):
        raise UsageError(f"The text {'' if alone else f'of cutout {one.id} '}{fault}. Nothing was written.")
    return text


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
        before = writes.last_decision(db)
        for row in found:
            # Each alone, and not with what was written together with it.
            decisions.write(db, "undo", row, row["dataset"], undoes=row["uid"])
        return writes.Written(writes.since(db, before), [one for one in ids if one in said])
