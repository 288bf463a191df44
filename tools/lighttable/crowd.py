"""Crowd: who there is, as the People page shows it: clusters with their best faces, and what people have said since.

What match found is read once (`judged`); what becomes of everybody is counted from that and from their fates of now.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from datasette.app import Datasette

from tools.identity import album, portraits
from tools.identity.names import OTHER
from tools.lighttable import counted, judged
from tools.lighttable.desk import Desk
from tools.lighttable.judged import IN, OUT, UNSURE, UNWANTED, WAITS, Judged, Numbers
from tools.mill import decisions
from tools.mill.manifest import sql

PORTRAITS = 14
"""Faces of a cluster that stand for it."""

CANDIDATES = 8 * PORTRAITS
"""The best faces of a cluster, among which those are chosen."""

LIMIT_MS = 60_000
"""Everybody is read once, which takes a second of 70,000: on a machine that is busy late is better than never."""

WHOLE = ("cluster ", "merged ")
"""How the notes of `tools.name` begin that speak of a whole cluster."""


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
    """packed: what stood when this was counted. everybody: what match found; fate: of each, at their place there.

    meaning: the digest of what the numbers mean. listed: as `album.listed`. images: by name, as (all, passed) of those
    whose face shows. bounds: match.max_distance and match.unsure_distance.
    """

    packed: Numbers
    everybody: Judged
    fate: Numbers
    meaning: str
    listed: Sequence[Mapping[str, Any]]
    images: Mapping[str, tuple[int, int]]
    bounds: tuple[float | None, float | None]

    def best(self, number: int, most: int = CANDIDATES) -> Numbers:
        """The places of the best faces of a cluster."""
        some = self.everybody.best_of(number)
        return some[self.fate[some] >= OUT][:most]

    def unsure(self, number: int) -> list[Face]:
        """Some faces of a cluster of whom match is unsure."""
        here = self.everybody.of(number)
        places = np.flatnonzero(self.everybody.face[here] & np.isin(self.fate[here], (UNSURE, WAITS)))
        return self.faces(places[:PORTRAITS] + here.start)

    def faces(self, places: Numbers) -> list[Face]:
        rows = ((self.everybody.rows[place], self.fate[place]) for place in places.tolist())
        return [Face(row["id"], row["version"], unsure=fate in (UNSURE, WAITS)) for row, fate in rows]


_KNOWN: WeakKeyDictionary[Datasette, tuple[counted.Files, Crowd]] = WeakKeyDictionary()
_WORDS: WeakKeyDictionary[Datasette, tuple[counted.Files, Sequence[Word]]] = WeakKeyDictionary()
_COUNTING = Lock()
"""Who asks meanwhile waits for what is found, and does not look for it too."""


def now(desk: Desk, db: sqlite3.Connection) -> tuple[Crowd, Sequence[Word]]:
    """Who there is, and what stands said. To be asked first in its transaction."""
    with _COUNTING:
        files = counted.files(desk.base)  # before the moment that the transaction sees
        return _crowd(desk, db, files), _said(desk, db, files)


def _crowd(desk: Desk, db: sqlite3.Connection, files: counted.Files) -> Crowd:
    """Counted anew where match or a decision has changed it."""
    then, known = _KNOWN.get(desk.datasette, (None, None))
    if known is None or then != files:
        bounds = tuple(db.execute(sql("pages/people.bounds")).fetchone() or (None, None))
        packed = judged.fates(db)
        if known is None or known.bounds != bounds or not np.array_equal(known.packed, packed):
            before = known.everybody if known else judged.columns([])
            known = count(judged.up_to_date(db, before, packed), packed, bounds)
        _KNOWN[desk.datasette] = (files, known)
    return known


def count(everybody: Judged, packed: Numbers, bounds: tuple[float | None, float | None]) -> Crowd:
    """Who there is, from what match found and what stands."""
    fate = judged.placed(everybody, packed)
    shown = np.flatnonzero((fate >= OUT) & everybody.face & (everybody.cluster > 0))
    numbers, starts = np.unique(everybody.cluster[shown], return_index=True)
    places = (part.tolist() for part in np.split(shown, starts[1:]))
    addresses = ([everybody.address[place] for place in some] for some in places)
    meaning = album.digest(zip(numbers.tolist(), addresses, strict=False))  # of nobody there is one part too
    named = shown[everybody.name[shown] >= 0]
    of, size = everybody.name[named], len(everybody.names)
    everyone = np.bincount(of, np.isin(fate[named], (IN, UNWANTED)), size).astype(int)
    passed = np.bincount(of, fate[named] == IN, size).astype(int)
    pairs = zip(everybody.names, everyone.tolist(), passed.tolist(), strict=True)
    images = {name: (n, within) for name, n, within in pairs if n}
    return Crowd(packed, everybody, fate, meaning, _listed(everybody, fate), images, bounds)


def _listed(everybody: Judged, fate: Numbers) -> list[dict[str, Any]]:
    """The same as sql/people/list.sql finds."""
    there = np.flatnonzero(fate >= OUT)
    cluster, fate = everybody.cluster[there], fate[there]
    size = int(cluster.max(initial=0)) + 1
    n_sources = int(everybody.source.max(initial=0)) + 1
    sources = np.unique(cluster * n_sources + everybody.source[there]) // n_sources
    columns = {
        "images": np.bincount(cluster, minlength=size),
        "sources": np.bincount(sources, minlength=size),
        "passed": np.bincount(cluster, fate == IN, size).astype(int),
        "unsure": np.bincount(cluster, np.isin(fate, (UNSURE, WAITS)), size).astype(int),
    }
    sure = np.isin(fate, (IN, UNWANTED)) & (everybody.name[there] >= 0)
    names = _most(cluster[sure], everybody.name[there][sure], len(everybody.names))
    # Those without a cluster come last.
    numbers = [*(np.flatnonzero(columns["images"][1:]) + 1).tolist(), *([0] if columns["images"][0] else [])]
    return [
        {
            "cluster": number or None,
            "name": everybody.names[names[number]] if number in names else None,
            **{word: int(column[number]) for word, column in columns.items()},
        }
        for number in numbers
    ]


def _most(groups: Numbers, values: Numbers, size: int) -> dict[int, int]:
    """The most frequent value, below size, of each group; of equals the least."""
    pairs, n = np.unique(groups * size + values, return_counts=True)
    pairs = pairs[np.lexsort((-pairs, n))]  # the last word stands
    return {pair // size: pair % size for pair in pairs.tolist()}


def faces_of(db: sqlite3.Connection, known: Crowd, number: int) -> Sequence[Face]:
    """The faces that stand for a cluster: good ones that are not all alike."""
    best, varied = known.best(number), known.everybody.varied
    if best.tobytes() not in varied:
        ids = known.everybody.item[best].tolist()
        rows = db.execute(sql("pages/people.points"), {"ids": json.dumps(ids)}).fetchall()
        place_of = dict(zip(ids, best.tolist(), strict=True))
        varied[best.tobytes()] = [place_of[row["id"]] for row in portraits.varied(rows, PORTRAITS)]
    return known.faces(np.array(varied[best.tobytes()], np.int64))


@dataclass(frozen=True)
class Queue:
    """The unsure of whom nothing was said: the likeliest of each cluster first. kind: those that are alike share it."""

    items: Numbers
    kind: Numbers

    def alike(self, item_id: int) -> list[int]:
        """All that are like one of them, itself included; nobody where it does not wait."""
        found: list[int] = self.items[np.isin(self.kind, self.kind[self.items == item_id])].tolist()
        return found


def queue(known: Crowd, said: Sequence[Word]) -> Queue:
    """Who waits for a person's word. Alike are those of a cluster who look like the same person; without it nobody."""
    everybody = known.everybody
    asked = everybody.asked[known.fate[everybody.asked] == WAITS]
    heard = [word.face.id for word in said if word.value]
    asked = asked[~np.isin(everybody.item[asked], heard)]
    cluster, item = everybody.cluster[asked], everybody.item[asked]
    kind = np.where(cluster > 0, cluster * (len(everybody.names) + 1) + everybody.name[asked] + 1, -item)
    is_first = np.zeros(len(asked), bool)
    is_first[np.unique(kind, return_index=True)[1]] = True
    order = np.argsort(~is_first, kind="stable")
    return Queue(item[order], kind[order])


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
