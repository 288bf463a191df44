"""Who each person is: the nearest name, what the rest of a track says of one image, and which cluster they are in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tools.identity.clustering import Groups, Labels, cluster
from tools.identity.distances import BLOCK, squared
from tools.identity.names import OTHER
from tools.identity.people import SIDE, People, Points

OTHER_DISTANCE = 2.0
"""Further than any face can be."""

STRANGER = 0.60
"""dlib's bound between people: beyond it a face shows nobody's name for the question whether a track flips. No setting,
so that moving the limits decides again without work."""

STIR_FACES = 4
"""Tracks of fewer faces tell nothing of whether a face moves."""


class Named(NamedTuple):
    """A face with a name: a reference photo's, or one of which a person has said who it is."""

    name: str
    embedding: NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Nearest:
    """By face: the index of the nearest name, -1 where there is none; its distance; the next name, and its distance."""

    names: Sequence[str]
    name: NDArray[np.int64]
    distance: NDArray[np.float64]
    next_name: NDArray[np.int64]
    following: NDArray[np.float64]

    def of(self, face: int) -> str | None:
        return self.names[self.name[face]] if self.name[face] >= 0 else None

    def next_of(self, face: int) -> str | None:
        return self.names[self.next_name[face]] if self.next_name[face] >= 0 else None

    def label(self, face: int) -> str | None:
        """Whom a face shows for the question whether its track flips; None: somebody without a name."""
        return self.of(face) if self.distance[face] <= STRANGER else None


def nearest(faces: Points, known: Sequence[Named]) -> Nearest:
    """Compare each face (E x 128) with all that have a name. Distances are Euclidean, rounded to 4 places."""
    ordered = sorted(known, key=lambda one: one.name)
    names = sorted({one.name for one in ordered})
    count = len(faces)
    name, next_name = np.full(count, -1, np.int64), np.full(count, -1, np.int64)
    distance, following = np.full(count, np.inf), np.full(count, np.inf)
    if not names:
        return Nearest(names, name, distance, next_name, following)
    points = np.stack([one.embedding for one in ordered]).astype(np.float32)
    starts = np.searchsorted([one.name for one in ordered], names)
    for low in range(0, count, BLOCK):
        by_name = np.minimum.reduceat(squared(faces[low : low + BLOCK], points), starts, axis=1)
        by_name = np.round(np.sqrt(by_name.astype(np.float64)), 4)
        ranked = np.argsort(by_name, axis=1, kind="stable")
        rows = np.arange(len(by_name))
        name[low : low + BLOCK] = ranked[:, 0]
        distance[low : low + BLOCK] = by_name[rows, ranked[:, 0]]
        if len(names) > 1:
            next_name[low : low + BLOCK] = ranked[:, 1]
            following[low : low + BLOCK] = by_name[rows, ranked[:, 1]]
    return Nearest(names, name, distance, next_name, following)


def flips(everybody: People, members: Sequence[int], seen: Nearest) -> list[int]:
    """Of the members of one track, in the order of time: those whose neighbours agree on a name and who do not.

    Only faces count; whoever's name a person has said does not flip.
    """
    faces = [index for index in members if everybody.face[index] >= 0]
    labels = [_label(everybody, index, seen) for index in faces]
    return [
        faces[k]
        for k in range(1, len(faces) - 1)
        if labels[k - 1] == labels[k + 1] != labels[k]
        and labels[k - 1] is not None
        and everybody.said(faces[k]) is None
    ]


def _label(everybody: People, index: int, seen: Nearest) -> str | None:
    said = everybody.said(index)
    if said is not None:
        return None if said == OTHER else said
    return seen.label(int(everybody.face[index]))


def donors(everybody: People, members: Sequence[int], flipped: Sequence[int]) -> dict[int, int]:
    """By member of a track who cannot say it by themselves: the member that says it, the nearest in time.

    That are those without a face, those whose face is turned to the side, and those who flip.
    """
    out = set(flipped)
    able = [
        index
        for index in members
        if everybody.said(index) is not None
        or (everybody.face[index] >= 0 and index not in out and everybody.rows[index]["view"] != SIDE)
    ]
    if not able:
        able = [index for index in members if everybody.face[index] >= 0 and index not in out]
    at = np.array([float(everybody.rows[index]["time_s"]) for index in able])
    found = {}
    for index in members:
        if able and index not in able:
            found[index] = able[int(np.abs(at - float(everybody.rows[index]["time_s"])).argmin())]
    return found


def stir(everybody: People, members: Sequence[int]) -> float | None:
    """The mean distance between the faces of a track that follow each other, None for a few."""
    faces = everybody.faces[[everybody.face[index] for index in members if everybody.face[index] >= 0]]
    if len(faces) < STIR_FACES:
        return None
    return round(float(np.linalg.norm(np.diff(faces, axis=0), axis=1).mean()), 4)


def clusters(everybody: People, track: NDArray[np.int64], within: float) -> list[int | None]:
    """The cluster of each person, numbered from 1 by the number of images, then by the first address.

    Whole tracks are put together; where people have said two names within one, by those names. Who shows no face goes
    with the track.
    """
    unit: dict[tuple[int, str | None], list[int]] = {}
    of_person: list[tuple[int, str | None]] = []
    for index in range(len(everybody)):
        said = everybody.said(index)
        of_person.append((int(track[index]), said if said != OTHER else None))
        if everybody.face[index] >= 0:
            unit.setdefault(of_person[-1], []).append(int(everybody.face[index]))
    home = {key: number for number, key in enumerate(unit)}
    # Who shows no face, and of whom nothing was said, goes with the first face of the track.
    of_track = {key[0]: number for key, number in reversed(home.items())}
    names = [name for _, name in unit]
    labels = cluster(_groups(everybody.faces, list(unit.values())), names, within, _beside(everybody, of_person, home))
    homes = [home.get(key, of_track.get(key[0])) for key in of_person]
    placed = [None if place is None else int(labels[place]) for place in homes]
    counts: dict[int, int] = {}
    for label in placed:
        if label is not None:
            counts[label] = counts.get(label, 0) + 1
    # Persons stand in the order of their addresses, and so do their labels in the dictionary.
    order = sorted(counts, key=lambda label: -counts[label])
    number = {label: place for place, label in enumerate(order, 1)}
    return [None if label is None else number[label] for label in placed]


def _beside(
    everybody: People, of_person: Sequence[tuple[int, str | None]], home: dict[tuple[int, str | None], int]
) -> Labels:
    """The pairs of tracks with faces that are seen in one frame, P x 2."""
    found: set[tuple[int, int]] = set()
    for frames in everybody.shots:
        for frame in frames:
            here = sorted({home[of_person[index]] for index in frame if of_person[index] in home})
            found.update(combinations(here, 2))
    return np.array(sorted(found), np.int64).reshape(len(found), 2)


def _groups(faces: Points, members: Sequence[Sequence[int]]) -> Groups:
    """Each track as its mean face; all count the same, however long they are."""
    centres = np.zeros((len(members), faces.shape[1]), np.float32)
    scatter = np.zeros(len(members), np.float32)
    for place, indices in enumerate(members):
        some = faces[list(indices)]
        centres[place] = some.mean(axis=0)
        scatter[place] = ((some - centres[place]) ** 2).sum(axis=1).mean()
    return Groups(centres, scatter, np.ones(len(members), np.float32))
