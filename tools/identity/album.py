"""The clusters as they stand in the manifest: who there is, their faces, and names written down for them."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.identity.clustering import Groups, halves
from tools.identity.exemplars import exemplars
from tools.identity.names import OTHER
from tools.identity.people import Points, embeddings
from tools.mill import decisions
from tools.mill.manifest import sql
from tools.mill.settings import UsageError

EXEMPLARS = 6
"""So many faces of a cluster carry its name: enough for the views and the light that one person is seen in."""

SHOWN = "people.shown"
"""The key in `meta` of what the numbers meant that `make people` has shown last."""

Listed = Mapping[str, Any]
"""A row of `sql/people/list.sql`: cluster, name, images, sources, passed, unsure."""


def listed(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """Who there is, the largest first; those without a face last."""
    return [dict(row) for row in db.execute(sql("people/list"))]


def faces(db: sqlite3.Connection) -> dict[int, list[sqlite3.Row]]:
    """The faces of each cluster, rows of `sql/people/faces.sql`."""
    decisions.load_said(db, "identity", "")
    found: dict[int, list[sqlite3.Row]] = {}
    for row in db.execute(sql("people/faces")):
        found.setdefault(int(row["cluster"]), []).append(row)
    return found


def meaning(faces: Mapping[int, Sequence[sqlite3.Row]]) -> str:
    """A digest of which faces each number stands for: another one, and the numbers mean somebody else."""
    return digest((number, (row["address"] for row in shown(rows))) for number, rows in sorted(faces.items()))


def digest(clusters: Iterable[tuple[int, Iterable[str]]]) -> str:
    """The same of clusters as (number, addresses of its faces), in order. One without a face changes nothing."""
    found = hashlib.sha256()
    for number, addresses in clusters:
        text = "\n".join([*addresses, ""])
        found.update(f"{number}\n{text}".encode() if text else b"")
    return found.hexdigest()


def unheard(db: sqlite3.Connection) -> int:
    """Of how many persons a name was said, or taken back, that match has not heard of yet."""
    decisions.load_said(db, "identity", "")
    return int(db.execute(sql("people/unheard")).fetchone()[0])


def points(rows: Sequence[sqlite3.Row]) -> Points:
    """The embeddings of rows that have one."""
    return embeddings([row["embedding"] for row in rows])


def shown(rows: Iterable[sqlite3.Row]) -> list[sqlite3.Row]:
    """Those of the rows that show a face."""
    return [row for row in rows if row["embedding"] is not None]


def names_of(rows: Iterable[sqlite3.Row], listed: Listed) -> list[str]:
    """The names that a cluster has: that which `make people` shows first, then others that people gave its faces."""
    said = sorted({str(row["said"]) for row in rows if row["said"] not in (None, OTHER)})
    return list(dict.fromkeys([str(listed["name"]), *said] if listed["name"] else said))


def name(db: sqlite3.Connection, rows: Sequence[sqlite3.Row], value: str, why: str, together: str) -> list[int]:
    """Give a name to a cluster's faces, in the open transaction: to its exemplars, and to whoever had another name.

    together: as in `decisions.write`. Returns the persons whom decisions were written on.
    """
    some = shown(rows)
    standing = [some[index] for index in exemplars(points(some), EXEMPLARS)]
    named = [row for row in rows if row["said"] not in (None, OTHER)]
    wanted = {int(row["id"]): row for row in (*standing, *named) if row["said"] not in (value, OTHER)}
    for row in wanted.values():
        decisions.write(db, "identity", row, why=why, value=value, together=together)
    return list(wanted)


def split(rows: Sequence[sqlite3.Row]) -> tuple[list[sqlite3.Row], list[sqlite3.Row]]:
    """A cluster's faces in two, the larger part first: where its tree divides last. Tracks stay whole.

    Raises UsageError where all is one track.
    """
    some = shown(rows)
    tracks = list(dict.fromkeys(str(row["track"]) for row in some))
    if len(tracks) < 2:
        raise UsageError(
            "It is one person followed through one shot, which cannot be split. Use `make identify ITEM=…`."
        )
    place = {track: number for number, track in enumerate(tracks)}
    labels = halves(_tracks(points(some), np.array([place[str(row["track"])] for row in some]), len(tracks)))
    parts: tuple[list[sqlite3.Row], list[sqlite3.Row]] = ([], [])
    for row in rows:
        if str(row["track"]) in place:
            parts[int(labels[place[str(row["track"])]])].append(row)
    return (parts[1], parts[0]) if len(parts[1]) > len(parts[0]) else parts


def _tracks(faces: Points, of: NDArray[np.int64], count: int) -> Groups:
    size = np.bincount(of, minlength=count).astype(np.float32)
    centres = np.zeros((count, faces.shape[1]), np.float32)
    np.add.at(centres, of, faces)
    centres /= size[:, None]
    away = ((faces - centres[of]) ** 2).sum(axis=1)
    scatter = np.bincount(of, away, count).astype(np.float32) / size
    return Groups(centres, scatter, np.ones(count, np.float32))
