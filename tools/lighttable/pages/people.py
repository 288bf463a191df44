"""People: who everybody is: the unsure first, then each cluster as a row of faces, to be named, merged, split."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from datasette.utils.asgi import Request, Response

from tools import name as names
from tools.identity.names import OTHER
from tools.lighttable import crowd, heads, naming, writes
from tools.lighttable.crowd import Crowd, Face, Word
from tools.lighttable.desk import Desk, Page
from tools.mill.manifest import sql
from tools.mill.settings import UsageError

CARDS = 24
"""Unsure faces on one page; the next follow once these are settled."""

ROWS = 30
PER = 200
"""Faces of one cluster on a page."""

CHOICES = 300
"""People to choose from: those with a name, then the largest clusters. A name that is not among them can be typed."""

PARTED = 24
"""Of each part of a split so many are shown."""


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


def _seen(desk: Desk, db: sqlite3.Connection) -> Seen:
    known, said = crowd.now(desk, db)
    rows = db.execute(sql("pages/people.references"))
    photos = {name: [dict(row) for row in some] for name, some in groupby(rows, key=lambda row: str(row["person"]))}
    datasets = [dict(row) for row in db.execute(sql("pages/people.datasets"))]
    unheard = {word.face.id: word.value for word in said if not word.heard}
    return Seen(known, said, photos, datasets, unheard)


async def show(desk: Desk, request: Request) -> Response:
    """The unsure, the datasets, every cluster as a row."""
    page = _page(request)

    def found(db: sqlite3.Connection) -> dict[str, Any]:
        seen = _seen(desk, db)
        everybody = _everybody(seen)
        here = everybody[(page - 1) * ROWS : page * ROWS]
        cards, waiting = _cards(db, seen)
        return {
            **_common(seen, everybody),
            "cards": cards,
            "waiting": waiting,
            "people": [_with_faces(db, seen, one) for one in here],
            "datasets": [_dataset(db, seen, row) for row in seen.datasets],
            "pages": -(-len(everybody) // ROWS),
            "faceless": next((row for row in seen.known.listed if row["cluster"] is None), None),
        }

    return await desk.page("people", title="People", page=page, **await desk.read(found))


async def one(desk: Desk, request: Request) -> Response:
    """All faces of one cluster."""
    number, page = int(request.url_vars["cluster"]), _page(request)

    def found(db: sqlite3.Connection) -> dict[str, Any]:
        seen = _seen(desk, db)
        everybody = _everybody(seen)
        person = next((each for each in everybody if each.number == number), None)
        if person is None:
            raise UsageError(f"There is no cluster {number}. The people may have changed; the People page shows them.")
        values = {"cluster": number, "limit": PER, "offset": (page - 1) * PER}
        rows = db.execute(sql("pages/people.cluster"), values).fetchall()
        total = rows[0]["n"] if rows else 0
        return {
            **_common(seen, everybody),
            "person": person,
            "faces": [{**dict(row), "value": seen.unheard.get(row["id"], "")} for row in rows],
            "total": total,
            "pages": -(-total // PER),
            "others": [_with_faces(db, seen, each) for each in everybody[:ROWS] if each.number != number],
        }

    return await desk.page("people", page=page, **await desk.read(found))


async def parts(desk: Desk, request: Request) -> Response:
    """The two parts into which a cluster would be split: `{parts: [{name, faces, n}]}`, or `{error}`."""
    number = int(request.url_vars["cluster"])

    def found(db: sqlite3.Connection) -> dict[str, Any]:
        return {"parts": [_part(rows, value) for rows, value in names.halves(db, names.cluster_of(db, number))]}

    try:
        return desk.json(await desk.read(found))
    except UsageError as error:
        return desk.json({"error": str(error)}, 400)


def _part(rows: Sequence[sqlite3.Row], value: str) -> dict[str, Any]:
    return {"name": value, "n": len(rows), "ids": [row["id"] for row in rows[:: max(1, len(rows) // PARTED)][:PARTED]]}


def _page(request: Request) -> int:
    text = request.args.get("page") or "1"
    if not text.isdecimal() or not 1 <= len(text) <= 6 or int(text) < 1:
        raise UsageError(f"There is no page {text}.")
    return int(text)


def _common(seen: Seen, everybody: Sequence[Person]) -> dict[str, Any]:
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
        face = next(iter(seen.known.best.get(person.number, ())), None)
        old = by_name.setdefault(key, {"name": person.name, "cluster": person.number, "images": 0, "face": face})
        old["images"] += person.listed["images"]
    for name in crowd.names(seen.known, seen.words, seen.photos):
        by_name.setdefault(name, {"name": name, "cluster": None, "images": 0, "face": None})
    ordered = sorted(by_name.values(), key=lambda one: not one["name"])
    return ordered[:CHOICES]


def _everybody(seen: Seen) -> list[Person]:
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


def _with_faces(db: sqlite3.Connection, seen: Seen, person: Person) -> Person:
    """The row with its faces: a few of the unsure first, then those that stand for it."""
    unheard = seen.unheard
    waiting = [face for face in seen.known.unsure.get(person.number, ()) if face.id not in unheard][:3]
    there = {face.id for face in waiting}
    rest = [face for face in crowd.faces_of(db, seen.known, person.number) if face.id not in there]
    both = [*waiting, *rest][: crowd.PORTRAITS]
    return replace(person, faces=[replace(face, value=unheard.get(face.id, "")) for face in both])


def _cards(db: sqlite3.Connection, seen: Seen) -> tuple[list[dict[str, Any]], int]:
    """The unsure of whom nothing was said, each with the two people it may be; how many there are in all."""
    queue = crowd.queue(seen.known, seen.words)
    rows = queue.rows[:CARDS]
    asked = {"ids": json.dumps([row["frame_id"] for row in rows])}
    frames = {row["id"]: dict(row) for row in db.execute(sql("pages/people.frames"), asked)}
    cards = [
        {
            **dict(row),
            "alike": len(queue.alike[row["id"]]),
            "frame": frames.get(row["frame_id"], {}),
            "candidates": _candidates(db, seen, row),
        }
        for row in rows
    ]
    return cards, len(queue.rows)


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


def _dataset(db: sqlite3.Connection, seen: Seen, row: Mapping[str, Any]) -> dict[str, Any]:
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


# --- what is said ---


async def name(desk: Desk, said: Mapping[str, Any]) -> Mapping[str, Any]:
    """`{cluster, name, seen}`."""
    value, seen = writes.text_of(said, "name", 200), writes.text_of(said, "seen", 64)
    return _told(await desk.write(naming.name, desk.base, _number(said), value, seen))


async def merge(desk: Desk, said: Mapping[str, Any]) -> Mapping[str, Any]:
    """`{clusters, name, seen}`: name '' takes the one that one of them has."""
    clusters = writes.ids_of(said, "clusters")
    value, seen = writes.text_of(said, "name", 200), writes.text_of(said, "seen", 64)
    return _told(await desk.write(naming.merge, desk.base, clusters, value, seen))


async def split(desk: Desk, said: Mapping[str, Any]) -> Mapping[str, Any]:
    """`{cluster, name, seen}`: into the parts that `parts` shows. name: of the smaller one, '' for a new one."""
    value, seen = writes.text_of(said, "name", 200), writes.text_of(said, "seen", 64)
    return _told(await desk.write(naming.split, desk.base, _number(said), value, seen))


async def move(desk: Desk, said: Mapping[str, Any]) -> Mapping[str, Any]:
    """`{ids, name}`, or `{ids, cluster, seen}` for a cluster without a name.

    `{like, expected}` in place of ids: a waiting image and all in its cluster that wait and look like the same person.
    """
    ids = await _alike(desk, said) if "like" in said else writes.ids_of(said)
    if "cluster" in said:
        seen = writes.text_of(said, "seen", 64)
        return _told(await desk.write(naming.move, desk.base, ids, _number(said), seen))
    return _told(await desk.write(naming.identify, desk.base, ids, writes.text_of(said, "name", 200)))


async def _alike(desk: Desk, said: Mapping[str, Any]) -> list[int]:
    """Raises UsageError where they are not as many as was confirmed."""
    (item_id,) = writes.ids_of({"ids": [said["like"]]})

    def found(db: sqlite3.Connection) -> list[int]:
        queue = crowd.queue(*crowd.now(desk, db))
        return list(queue.alike.get(item_id, ()))

    ids = await desk.read(found)
    if len(ids) != said.get("expected"):
        raise UsageError(
            f"{len(ids):,} images are like it now, not the number you confirmed. Look again; nothing was written."
        )
    return ids


async def forget(desk: Desk, said: Mapping[str, Any]) -> Mapping[str, Any]:
    """`{ids}`: what was said of them is taken back."""
    return _told(await desk.write(naming.forget, desk.base, writes.ids_of(said)))


def _number(said: Mapping[str, Any]) -> int:
    number = said.get("cluster")
    if type(number) is not int or not 0 < number < 10**9:
        raise UsageError("The cluster is not named by its number. Nothing was written.")
    return number


def _told(told: naming.Told) -> Mapping[str, Any]:
    return {"words": list(told.written.words), "ids": list(told.written.ids), "sentences": list(told.sentences)}


PAGE = Page(
    "people",
    "People",
    30,
    {
        "": show,
        r"/(?P<cluster>[1-9][0-9]{0,8})": one,
        r"/(?P<cluster>[1-9][0-9]{0,8})/parts": parts,
        rf"/face/(?P<item>[1-9][0-9]{{0,17}})/(?P<size>{'|'.join(heads.SIZES)})": heads.answer,
    },
    {"name": name, "merge": merge, "split": split, "move": move, "forget": forget},
)
