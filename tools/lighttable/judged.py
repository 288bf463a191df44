"""Judged: what match found of everybody, in columns: it never changes, so that it is read once.

What becomes of them changes with every decision: their fates, which are read again each time, from an index alone.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.identity import portraits
from tools.mill.manifest import sql

Numbers = NDArray[np.int64]

GONE, OUT, IN, UNSURE, WAITS, UNWANTED = range(-1, 5)
"""Fates, as sql/pages/people.fates.sql has them; GONE is no longer there."""


@dataclass(frozen=True)
class Judged:
    """Everybody whom match has judged, by cluster and address; each has one place in every column.

    rows: of sql/pages/people.judged.sql. outcome, item: ids. cluster: 0 for none. name: its place in names, -1: none.
    source: a number for each source. face: whether it shows and was measured. best: the places of the faces, by cluster
    and then the best first; best_cluster: whose they are. asked: all places, in the order in which the unsure are asked
    about. varied: what was chosen from the best.
    """

    rows: Sequence[sqlite3.Row]
    outcome: Numbers
    item: Numbers
    address: Sequence[str]
    cluster: Numbers
    name: Numbers
    names: Sequence[str]
    source: Numbers
    face: NDArray[np.bool_]
    best: Numbers
    best_cluster: Numbers
    asked: Numbers
    varied: dict[bytes, list[int]] = field(default_factory=dict)

    def of(self, cluster: int) -> slice:
        """The places of a cluster."""
        return _range(self.cluster, cluster)

    def best_of(self, cluster: int) -> Numbers:
        """The places of the faces of a cluster, the best first."""
        return self.best[_range(self.best_cluster, cluster)]


def _range(ordered: Numbers, value: int) -> slice:
    return slice(*np.searchsorted(ordered, [value, value + 1]))


def fates(db: sqlite3.Connection) -> Numbers:
    """What stands of everybody, as packed numbers in rising order: outcome and fate."""
    row = db.execute(sql("pages/people.fates")).fetchone()
    return np.sort(np.fromstring(row["packed"] if row else "", np.int64, sep=","))


def up_to_date(db: sqlite3.Connection, known: Judged, packed: Numbers) -> Judged:
    """What is known of all who stand: read are those alone that are not known yet."""
    outcomes = packed // 8
    missing = np.setdiff1d(outcomes, known.outcome, assume_unique=True)
    if not missing.size:
        return known
    kept = (known.rows[place] for place in np.flatnonzero(np.isin(known.outcome, outcomes)).tolist())
    new = db.execute(sql("pages/people.judged"), {"ids": json.dumps(missing.tolist())})
    return columns([*kept, *new])


def columns(rows: Sequence[sqlite3.Row]) -> Judged:
    """The same in columns. rows: of sql/pages/people.judged.sql, in any order."""
    rows = sorted(rows, key=itemgetter("cluster", "address"))
    table = dict(zip(rows[0].keys(), zip(*rows, strict=True), strict=True)) if rows else {}

    def column(name: str, dtype: type = np.int64) -> NDArray[Any]:
        return np.array(table.get(name, ()), dtype)

    names = sorted({*table.get("identity", ())} - {None})
    place_of: dict[str | None, int] = {None: -1} | {name: place for place, name in enumerate(names)}
    sources: dict[str, int] = {}
    address = table.get("address", ())
    of_source = [sources.setdefault(text[: text.find("/")], len(sources)) for text in address]
    item, cluster, face = column("id"), column("cluster"), column("has_face", np.bool_)
    name = np.array([place_of[one] for one in table.get("identity", ())], np.int64)
    worth = portraits.worth(*(column(one, np.float64) for one in ("face_height_px", "face_sharpness", "turned")))
    shown = np.flatnonzero(face & (cluster > 0))
    best = shown[np.lexsort((-worth[shown], cluster[shown]))]  # stable: of equals the first by address
    asked = np.lexsort((item, column("distance", np.float64), column("inherited"), cluster, name, name < 0))
    source = np.array(of_source, np.int64)
    return Judged(
        rows, column("outcome_id"), item, address, cluster, name, names, source, face, best, cluster[best], asked
    )


def placed(known: Judged, packed: Numbers) -> Numbers:
    """The fate at each place, GONE of whom no longer stands."""
    outcomes = packed // 8
    place = np.minimum(np.searchsorted(outcomes, known.outcome), max(0, len(outcomes) - 1))
    stands = outcomes[place] == known.outcome if len(outcomes) else np.zeros(len(known.outcome), bool)
    return np.where(stands, packed[place] % 8 if len(packed) else GONE, GONE)
