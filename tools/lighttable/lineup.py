"""Lineup: what the People page shows: cards of the unsure, a row for each cluster, datasets, whom to choose from."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from tools.identity.names import OTHER
from tools.lighttable import crowd
from tools.lighttable.crowd import Crowd, Face, Word
from tools.lighttable.desk import Desk
from tools.mill.manifest import sql

CARDS = 24
"""Unsure faces on one page; the next follow once these are settled."""

CHOICES = 300
"""People to choose from: those with a name, then the largest clusters. A name that is not among them can be typed."""


@dataclass(frozen=True)
class Candidate:
    """Who an unsure face may be. distance: None where it was not compared. faces: `Face`s; photos: reference photos."""

    key: str
    name: str
    distance: float | None
    photos: Sequence[Mapping[str, Any]]
    faces: Sequence[Face]


@dataclass(frozen=True)
class Person:
    """One cluster as a row. was: the name that match knows, where people have said another one since.

    about: the datasets whose subject it is. said: what was said of its images since match ran. partly: how many of them
    are somebody else, by name.
    """

    number: int
    name: str
    was: str
    listed: Mapping[str, Any]
    faces: Sequence[Face]
    photos: Sequence[Mapping[str, Any]]
    about: Sequence[Mapping[str, Any]]
    said: Sequence[Word]
    partly: Mapping[str, int]


@dataclass(frozen=True)
class Seen:
    """What several parts of the page go by: one moment of the manifest.

    unheard: by item, the name that was said and that match does not know yet.
    """

    known: Crowd
    words: Sequence[Word]
    photos: Mapping[str, Sequence[Mapping[str, Any]]]
    datasets: Sequence[Mapping[str, Any]]
    unheard: Mapping[int, str]


def look(desk: Desk, db: sqlite3.Connection) -> Seen:
    known, said = crowd.now(desk, db)
    rows = db.execute(sql("pages/people.references"))
    photos = {name: [dict(row) for row in some] for name, some in groupby(rows, key=lambda row: str(row["person"]))}
    datasets = [dict(row) for row in db.execute(sql("pages/people.datasets"))]
    unheard = {word.face.id: word.value for word in said if not word.heard}
    return Seen(known, said, photos, datasets, unheard)


def common(seen: Seen, everybody: Sequence[Person]) -> dict[str, Any]:
    return {
        "meaning": seen.known.meaning,
        "count": len(everybody),
        "images": sum(row["images"] for row in seen.known.listed),
        "said": _said(seen),
        "choices": _choices(seen, everybody),
        "bounds": seen.known.bounds,
    }


def _said(seen: Seen) -> list[tuple[str, list[Word]]]:
    """What was said that match has not heard of yet, by name; what was taken back last."""
    waiting = sorted((word for word in seen.words if not word.heard), key=lambda word: (not word.value, word.value))
    return [(value, list(some)) for value, some in groupby(waiting, key=lambda word: word.value)]


def _choices(seen: Seen, everybody: Sequence[Person]) -> list[dict[str, Any]]:
    """Everybody to whom a face can be moved: by name, and clusters without one by number."""
    by_name: dict[str, dict[str, Any]] = {}
    for person in everybody:
        key = person.name or f"cluster {person.number}"
        old = by_name.setdefault(key, {"name": person.name, "cluster": person.number, "images": 0})
        old["images"] += person.listed["images"]
    for name in crowd.names(seen.known, seen.words, seen.photos):
        photo = next(iter(seen.photos.get(name, ())), None)
        by_name.setdefault(name, {"name": name, "cluster": None, "images": 0, "photo": photo})
    ordered = sorted(by_name.values(), key=lambda one: not one["name"])
    return [{**one, "face": _first_face(seen.known, one["cluster"])} for one in ordered[:CHOICES]]


def _first_face(known: Crowd, cluster: int | None) -> Face | None:
    return next(iter(known.faces(known.best(cluster, 1))), None) if cluster is not None else None


def everybody(seen: Seen) -> list[Person]:
    """Every cluster, without faces: the largest first, those of one name together."""
    said: dict[int, list[Word]] = {}
    for word in seen.words:
        if word.cluster is not None and not word.heard and word.value:
            said.setdefault(word.cluster, []).append(word)
    found = []
    for row in seen.known.listed:
        if row["cluster"] is None:
            continue
        words, was = said.get(row["cluster"], []), row["name"] or ""
        name = _new_name(words, row["images"]) or was
        partly = Counter(word.value for word in words if word.value != name)
        about = [one for one in seen.datasets if name and one["subject"] == name]
        changed = was if was != name else ""
        found.append(Person(row["cluster"], name, changed, row, (), seen.photos.get(name, ()), about, words, partly))
    first: dict[str, int] = {}
    for place, person in enumerate(found):
        first.setdefault(person.name or f"\0{person.number}", place)
    return sorted(found, key=lambda person: first[person.name or f"\0{person.number}"])


def _new_name(words: Sequence[Word], images: int) -> str:
    """The name that was said of a whole cluster since match ran, the last one; '' where none was."""
    whole = [word for word in words if word.whole and word.value != OTHER]
    if whole:
        return Counter(word.value for word in whole).most_common(1)[0][0]
    only = {word.value for word in words}
    return only.pop() if len(words) == images and len(only) == 1 and OTHER not in only else ""


def with_faces(db: sqlite3.Connection, seen: Seen, person: Person) -> Person:
    """The row with its faces: a few of the unsure first, then those that stand for it."""
    unheard = seen.unheard
    waiting = [face for face in seen.known.unsure(person.number) if face.id not in unheard][:3]
    there = {face.id for face in waiting}
    rest = [face for face in crowd.faces_of(db, seen.known, person.number) if face.id not in there]
    both = [*waiting, *rest][: crowd.PORTRAITS]
    return replace(person, faces=[replace(face, value=unheard.get(face.id, "")) for face in both])


def cards(db: sqlite3.Connection, seen: Seen) -> tuple[list[dict[str, Any]], int]:
    """The unsure of whom nothing was said, each with the two people it may be; how many there are in all."""
    queue = crowd.queue(seen.known, seen.words)
    wanted = json.dumps(queue.items[:CARDS].tolist())
    rows = db.execute(sql("pages/people.unsure"), {"ids": wanted}).fetchall()
    asked = {"ids": json.dumps([row["frame_id"] for row in rows])}
    frames = {row["id"]: dict(row) for row in db.execute(sql("pages/people.frames"), asked)}
    cards = [
        {
            **dict(row),
            "alike": len(queue.alike(row["id"])),
            "frame": frames.get(row["frame_id"], {}),
            "candidates": _candidates(db, seen, row),
        }
        for row in rows
    ]
    return cards, len(queue.items)


def _candidates(db: sqlite3.Connection, seen: Seen, row: sqlite3.Row) -> list[Candidate]:
    """The two nearest people; where fewer were compared, whom the datasets are about."""
    near = {row["identity"]: row["distance"], row["next_identity"]: row["next_distance"]}
    near.pop(None, None)
    subjects = {one["subject"]: None for one in seen.datasets if one["subject"] and one["subject"] not in near}
    both = list({**near, **subjects}.items())[:2]
    return [
        Candidate(str(place), name, distance, seen.photos.get(name, ())[:3], _faces_named(db, seen, name))
        for place, (name, distance) in enumerate(both, 1)
    ]


def _faces_named(db: sqlite3.Connection, seen: Seen, name: str) -> list[Face]:
    """Of the largest cluster of that name, some faces."""
    numbers = [row["cluster"] for row in seen.known.listed if row["name"] == name and row["cluster"] is not None]
    return [face for number in numbers[:1] for face in crowd.faces_of(db, seen.known, number)[:4] if not face.unsure]


def dataset(db: sqlite3.Connection, seen: Seen, row: Mapping[str, Any]) -> dict[str, Any]:
    """Whom a dataset is about, how many images there are, are chosen and wanted."""
    own = seen.known.images.get(row["subject"], (0, 0))
    images = own if row["subject"] else tuple(sum(column) for column in zip(*seen.known.images.values(), strict=True))
    if not row["subject"]:
        listed = seen.known.listed
        images = sum(one["images"] for one in listed), sum(one["passed"] for one in listed)
    share = 100 * min(1.0, row["chosen"] / row["wanted"]) if row["wanted"] else 0.0
    photos = seen.photos.get(row["subject"], ())
    faces = _faces_named(db, seen, row["subject"]) if row["subject"] else []
    return {**row, "images": images[0], "passed": images[1], "share": f"{share:.1f}", "photos": photos, "faces": faces}
