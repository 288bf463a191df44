"""Crowd: who there is, as the People page shows it: clusters with their best faces, and what people have said since.

What takes long to find out over a large manifest is remembered until match, or a decision, changes it.
"""

from __future__ import annotations

import heapq
import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any
from weakref import WeakKeyDictionary

from datasette.app import Datasette

from tools.identity import album, portraits
from tools.identity.names import OTHER
from tools.lighttable import counted
from tools.lighttable.desk import Desk
from tools.mill import decisions
from tools.mill.manifest import sql

PORTRAITS = 14
"""Faces of a cluster that stand for it."""

CANDIDATES = 8 * PORTRAITS
"""The best faces of a cluster, among which those are chosen."""

WAITING = 20_000
"""Of so many unsure images it is known in which order they are asked about."""

WHOLE = ("cluster ", "merged ")
"""How the notes of `tools.name` begin that speak of a whole cluster."""

State = tuple[Any, ...]


@dataclass(frozen=True)
class Face:
    """A picture of somebody. value: the name that people have said and match does not know yet, '' for none."""

    id: int
    version: str
    value: str = ""
    unsure: bool = False


@dataclass(frozen=True)
class Word:
    """What stands said of one image. heard: match has obeyed it. value '' is a word that was taken back.

    whole: it was said of the whole cluster, whose exemplars carry it.
    """

    face: Face
    value: str
    cluster: int | None
    heard: bool
    whole: bool


@dataclass(frozen=True)
class Crowd:
    """meaning: the digest of what the numbers mean. listed: `album.listed`. images: by name, as (all, passed).

    best: by cluster, its best faces. unsure: by cluster, a few that wait. waiting: rows of pages/people.unsure.
    chosen: by cluster, the faces that stand for it, once asked for.
    """

    state: State
    meaning: str
    listed: Sequence[Mapping[str, Any]]
    images: Mapping[str, tuple[int, int]]
    best: Mapping[int, Sequence[Face]]
    unsure: Mapping[int, Sequence[Face]]
    waiting: Sequence[sqlite3.Row]
    chosen: dict[int, Sequence[Face]] = field(default_factory=dict)

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """match.max_distance and match.unsure_distance."""
        return self.state[4:6] if self.state else (None, None)


_KNOWN: WeakKeyDictionary[Datasette, tuple[counted.Files, Crowd]] = WeakKeyDictionary()
_WORDS: WeakKeyDictionary[Datasette, tuple[counted.Files, Sequence[Word]]] = WeakKeyDictionary()


def now(desk: Desk, db: sqlite3.Connection) -> tuple[Crowd, Sequence[Word]]:
    """Who there is, and what stands said. To be asked first in its transaction."""
    files = counted.files(desk.base)  # before the moment that the transaction sees
    return _crowd(desk, db, files), _said(desk, db, files)


def _crowd(desk: Desk, db: sqlite3.Connection, files: counted.Files) -> Crowd:
    """Read anew where match or a decision has changed it."""
    then, known = _KNOWN.get(desk.datasette, (None, None))
    if known is None or then != files:
        row = db.execute(sql("pages/people.state")).fetchone()
        state = tuple(row) if row else ()
        if known is None or known.state != state:
            known = _read(db, state)
        _KNOWN[desk.datasette] = (files, known)
    return known


def _read(db: sqlite3.Connection, state: State) -> Crowd:
    addresses: list[tuple[int, str]] = []
    everybody: Counter[str] = Counter()
    passed: Counter[str] = Counter()
    best, unsure = {}, {}
    for number, rows in groupby(db.execute(sql("pages/people.faces")), key=lambda row: int(row["cluster"])):
        some = list(rows)
        addresses += [(number, row["address"]) for row in some]
        everybody.update(row["identity"] for row in some if row["sure"] and row["identity"])
        passed.update(row["identity"] for row in some if row["passed"] and row["identity"])
        fine = heapq.nsmallest(CANDIDATES, some, key=lambda row: (-portraits.worth(row), row["address"]))
        best[number] = [Face(row["id"], row["version"], unsure=bool(row["unsure"])) for row in fine]
        unsure[number] = [Face(row["id"], row["version"], unsure=True) for row in some if row["unsure"]][:PORTRAITS]
    images = {name: (n, passed[name]) for name, n in everybody.items()}
    waiting = db.execute(sql("pages/people.unsure"), {"limit": WAITING}).fetchall()
    return Crowd(state, album.digest(addresses), album.listed(db), images, best, unsure, waiting)


def faces_of(db: sqlite3.Connection, known: Crowd, number: int) -> Sequence[Face]:
    """The faces that stand for a cluster: good ones that are not all alike."""
    if number not in known.chosen:
        best = known.best.get(number, ())
        rows = db.execute(sql("pages/people.points"), {"ids": json.dumps([face.id for face in best])}).fetchall()
        by_id = {face.id: face for face in best}
        known.chosen[number] = [by_id[row["id"]] for row in portraits.varied(rows, PORTRAITS)]
    return known.chosen[number]


@dataclass(frozen=True)
class Queue:
    """The unsure of whom nothing was said: the likeliest of each cluster first. alike: by id, all that are like it."""

    rows: Sequence[sqlite3.Row]
    alike: Mapping[int, Sequence[int]]


def queue(known: Crowd, said: Sequence[Word]) -> Queue:
    """Who waits for a person's word."""
    heard = {word.face.id for word in said if word.value}
    rows = [row for row in known.waiting if row["id"] not in heard]
    kinds: dict[tuple[Any, ...], list[int]] = {}
    for row in rows:
        kinds.setdefault(kind(row), []).append(row["id"])
    first = {some[0] for some in kinds.values()}
    ordered = [row for row in rows if row["id"] in first] + [row for row in rows if row["id"] not in first]
    return Queue(ordered, {item_id: some for some in kinds.values() for item_id in some})


def kind(row: sqlite3.Row) -> tuple[Any, ...]:
    """What those that are alike share: the cluster and whom they look like; who shows no face, the source."""
    return (row["cluster"], row["identity"]) if row["cluster"] is not None else (None, row["source"])


def _said(desk: Desk, db: sqlite3.Connection, files: counted.Files) -> Sequence[Word]:
    """What stands said, and what was taken back that match still goes by."""
    then, said = _WORDS.get(desk.datasette, (None, ()))
    if then != files:
        said = list(_words(db))
        _WORDS[desk.datasette] = (files, said)
    return said


def _words(db: sqlite3.Connection) -> Iterator[Word]:
    decisions.load_said(db, "identity", "")
    question = """select said.item_id, said.decision_id, said.value, decision.note
        from temp.said join decision on decision.id = said.decision_id"""
    said = {row["item_id"]: row for row in db.execute(question)}
    for row in db.execute(sql("pages/people.words"), {"ids": json.dumps(list(said))}):
        one = said.get(row["id"])
        value, decision, note = (str(one["value"]), one["decision_id"], one["note"] or "") if one else ("", None, "")
        face = Face(row["id"], row["version"], value)
        yield Word(face, value, row["cluster"], row["said_id"] == decision, note.startswith(WHOLE))


def names(known: Crowd, said: Sequence[Word], references: Mapping[str, Any]) -> list[str]:
    """All names there are, by the alphabet."""
    given = {word.value for word in said} - {"", OTHER}
    return sorted({*references, *known.images, *given, *(row["name"] for row in known.listed if row["name"])})
