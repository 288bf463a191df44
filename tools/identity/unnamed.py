"""Who was let through by a keep or a pin though nobody has said who it is: what is said of it at once."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from tools.mill.manifest import sql
from tools.mill.words import command, plural

LISTED = 5
"""So many persons are named in the command; of more the first ones."""

_THEN = {
    "keep": "Until then no dataset about somebody takes it.",
    "pin": "Pinned, it is in every dataset all the same, also in one about somebody else.",
}


def note(db: sqlite3.Connection, base: Path, verdict: str, ids: Sequence[int]) -> str:
    """What has to be known after items were kept or pinned; '' where it is known whom they show."""
    if verdict not in _THEN:
        return ""
    persons = [str(row["id"]) for row in db.execute(sql("mill/unnamed"), {"ids": json.dumps(list(ids))})]
    if not persons:
        return ""
    whom = "who it is" if len(persons) == 1 else f"who is on {plural(len(persons), 'image')} of them"
    say = command(base, "identify", ITEM=" ".join(persons[:LISTED]), AS="…")
    return f"Nobody has said {whom}: People asks, or `{say}` with a name, or other. {_THEN[verdict]}"
