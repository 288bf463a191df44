"""Naming: what the reviewer says of people, through the functions of `tools.name` and `tools.identify`.

What one key press writes is one word: it is taken back as one.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tools import name as names
from tools.identify import say
from tools.identity.names import called, checked, told_new
from tools.lighttable.writes import Written, take_back
from tools.mill import decisions
from tools.mill.manifest import connect, sql, transaction
from tools.mill.settings import UsageError
from tools.mill.words import plural
from tools.name import Asker


@dataclass(frozen=True)
class Told:
    """What was written, and sentences of it."""

    written: Written
    sentences: Sequence[str]


def identify(base: Path, ids: Sequence[int], value: str) -> Told:
    """Say who the persons are: a name, or other for nobody who has one. Raises UsageError as `tools.identify`."""
    value, together = checked(value, other=True), decisions.one_word()
    with closing(connect(base)) as db, transaction(db):
        found = db.execute(sql("pages/decide.subjects"), {"ids": json.dumps(list(ids))}).fetchall()
        if len(found) != len(ids):
            raise UsageError("Some of these images are no longer there. Load the page again.")
        persons = say(db, found, value, together)
        told = [f"{plural(len(persons), 'image')}: {called(value)}. The next `make` obeys.", *told_new(db, base, value)]
        return Told(_written(db, together), told)


def name(base: Path, cluster: int, value: str, seen: str) -> Told:
    """As `tools.name.name`. seen: the digest of the people that the page shows."""
    return _as_one(base, seen, lambda asker: names.name(base, cluster, value, asker))


def merge(base: Path, clusters: Sequence[int], value: str, seen: str) -> Told:
    """As `tools.name.merge`."""
    return _as_one(base, seen, lambda asker: names.merge(base, clusters, value, asker))


def move(base: Path, ids: Sequence[int], cluster: int, seen: str) -> Told:
    """As `tools.name.move`."""
    return _as_one(base, seen, lambda asker: names.move(base, [str(one) for one in ids], cluster, asker))


def split(base: Path, cluster: int, value: str, seen: str) -> Told:
    """As `tools.name.split`."""
    return _as_one(base, seen, lambda asker: names.split(base, cluster, value, asker))


class SaidTogether(UsageError):
    """What is to be taken back was said of more than what is marked. images: of so many in all."""

    def __init__(self, images: int) -> None:
        super().__init__(f"It was said of {plural(images, 'image')} at once. Nothing was taken back.")
        self.images = images


def forget(base: Path, ids: Sequence[int], expected: int = 0) -> Told:
    """Take back what was said of who the persons are, with all that was said together with it.

    expected: of so many images, as the reviewer has confirmed. Raises SaidTogether where they are more than the ids and
    not as many as that, and UsageError where nothing was said.
    """
    with closing(connect(base)) as db, transaction(db):
        decisions.load_said(db, "identity", "")
        found = db.execute(sql("people/forgotten"), {"ids": json.dumps(list(ids))}).fetchall()
    if not found:
        raise UsageError("Nobody has said who this is.")
    images = int(found[0]["images"])
    if images > len(ids) and images != expected:
        raise SaidTogether(images)
    written = take_back(base, [row["uid"] for row in found])
    return Told(written, [f"{plural(images, 'image')}: what was said is taken back. The next `make` obeys."])


def _as_one(base: Path, seen: str, act: Callable[[Asker], list[str]]) -> Told:
    together = decisions.one_word()
    sentences = act(Asker(seen, together))
    with closing(connect(base)) as db:
        return Told(_written(db, together), sentences)


def _written(db: sqlite3.Connection, together: str) -> Written:
    rows = db.execute("select uid, item_id from decision where together = ? order by id", (together,)).fetchall()
    return Written([row["uid"] for row in rows], [int(row["item_id"]) for row in rows])
