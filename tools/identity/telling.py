"""The measurements of match for everybody at once: plain values from columns, names and clusters."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from tools.identity.names import OTHER
from tools.identity.people import People
from tools.identity.tracking import tracks
from tools.identity.who import OTHER_DISTANCE, Named, Nearest, clusters, donors, flips, nearest, stir

Value = float | int | str | None


@dataclass(frozen=True)
class Told:
    """What match says of one person. own: the name that the face alone would have, where another one was inherited."""

    identity: str | None = None
    distance: float | None = None
    next_distance: float | None = None
    next_identity: str | None = None
    faceless: int | None = None
    inherited_from: str | None = None
    flips: int = 0
    own: str | None = None
    track: str = ""
    stir: float | None = None
    cluster: int | None = None

    def measures(self) -> dict[str, Value]:
        """The columns of table "match"."""
        return {name: value for name, value in vars(self).items() if name != "own"}


@dataclass(frozen=True)
class _Known:
    """What faces are compared with. everywhere: there are references, so that everybody is compared.

    named: the clusters that hold a name which a person gave.
    """

    seen: Nearest
    everywhere: bool
    named: Collection[int | None]
    cluster: Sequence[int | None]

    def compares(self, index: int) -> bool:
        return bool(self.seen.names) and (self.everywhere or self.cluster[index] in self.named)


def tell(everybody: People, references: Sequence[Named], within: float) -> list[Told]:
    """Say who everybody is, in the order of `everybody`.

    references: faces of reference photos; the faces that people have named join them. Where there are references,
    everybody with a face is compared with all names. Where there are only names that people gave, those are compared
    whose cluster holds one: nobody else needs to be anybody. within: as in `cluster`.
    """
    track = tracks(everybody)
    cluster = clusters(everybody, track, within)
    said = [everybody.said(index) for index in range(len(everybody))]
    named = {cluster[index] for index, value in enumerate(said) if value not in (None, OTHER)} - {None}
    seen = nearest(everybody.faces, [*references, *_said(everybody, said)])
    known = _Known(seen, bool(references), named, cluster)
    found = {index: told for members in _members(track) for index, told in _track(everybody, members, known).items()}
    return [replace(found[index], cluster=cluster[index]) for index in range(len(everybody))]


def _said(everybody: People, said: Sequence[str | None]) -> list[Named]:
    """The faces that people have named."""
    return [
        Named(value, everybody.faces[everybody.face[index]])
        for index, value in enumerate(said)
        if value not in (None, OTHER) and everybody.face[index] >= 0
    ]


def _members(track: NDArray[np.int64]) -> list[list[int]]:
    """The members of each track, in the order of time."""
    order = np.argsort(track, kind="stable")
    return [[int(index) for index in members] for _, members in groupby(order, key=lambda index: track[index])]


def _track(everybody: People, members: Sequence[int], known: _Known) -> dict[int, Told]:
    """One track: what each face says, then what those who cannot say it take over."""
    flipped = flips(everybody, members, known.seen) if known.compares(members[0]) else []
    given = donors(everybody, members, flipped)
    blank = Told(track=everybody.address(members[0]), stir=stir(everybody, members))
    found = {index: _own(everybody, index, known, blank) for index in members if index not in given}
    for index, donor in given.items():
        found[index] = replace(
            found[donor],
            inherited_from=everybody.address(donor),
            flips=int(index in flipped),
            own=_named(everybody, index, known.seen),
        )
        if index in flipped:
            found[index] = _doubted(found[index], float(known.seen.distance[everybody.face[index]]))
    return found


def _doubted(told: Told, distance: float) -> Told:
    """An image that flips: beside the name of its neighbours stands the one that its own face shows."""
    if told.own in (None, told.identity):
        return told
    return replace(told, next_identity=told.own, next_distance=distance)


def _own(everybody: People, index: int, known: _Known, blank: Told) -> Told:
    """What is known of one person without looking at others."""
    said, face, seen = everybody.said(index), int(everybody.face[index]), known.seen
    if said is not None:
        name, distance = (None, OTHER_DISTANCE) if said == OTHER else (said, 0.0)
        return replace(blank, identity=name, distance=distance, faceless=0)
    if face < 0:
        return replace(blank, faceless=1 if known.everywhere else None)
    if not known.compares(index):
        return blank
    following = float(seen.following[face])
    return replace(
        blank,
        identity=seen.of(face),
        distance=float(seen.distance[face]),
        next_distance=following if np.isfinite(following) else None,
        next_identity=seen.next_of(face),
        faceless=0,
    )


def _named(everybody: People, index: int, seen: Nearest) -> str | None:
    face = int(everybody.face[index])
    return seen.of(face) if face >= 0 else None


def unwanted(told: Told, wanted: Collection[str] | None) -> int:
    """1 where every dataset is about somebody else. wanted: the subjects, None where a dataset takes everybody."""
    return int(wanted is not None and told.identity not in wanted)
