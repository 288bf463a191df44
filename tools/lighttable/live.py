"""Live: by what a page can tell that what it shows may have changed since it was made.

A moment is a text for each word: for each step, by its tool and dataset, the last run that has ended; `decided`,
`audited` and `checked`; and `made.DATASET`, when a make came by the package last, which may leave no run behind.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from contextvars import ContextVar
from pathlib import Path

from tools.mill.manifest import sql
from tools.stamps.changes import STAMPS

Moment = Mapping[str, str]

SHOWN: ContextVar[Moment | None] = ContextVar("SHOWN", default=None)
"""The moment of the page that is being made: taken before anything is read for it, so that no change falls between."""


def moment(db: sqlite3.Connection, base: Path) -> Moment:
    """What stands now. Ids and times alone, whatever the size of the manifest."""
    found = {row["word"]: row["last"] for row in db.execute(sql("pages/live.moment"))}
    for stamp in (base / STAMPS).glob("package.*"):
        with suppress(FileNotFoundError):  # a make has just dropped it
            found[f"made.{stamp.name.removeprefix('package.')}"] = str(stamp.stat().st_mtime_ns)
    return found
