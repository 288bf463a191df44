"""The choice itself: one image after another, each the most different from those before it, within quotas."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.choose.candidates import SIDES, Candidate
from tools.choose.quotas import quotas
from tools.mill.tool import Dataset

Floats = NDArray[np.float32]


NEW = 0.25
"""By how much more an image counts for each side of a person (view, posture, arms) that no chosen one shows."""

LAST = 4
"""The urgency of what is not the best of its moment; see `_Tally.urgency`."""


@dataclass(frozen=True)
class Place:
    """Where a candidate ended. rank: from 1 in the order of choice, None where not chosen.

    difference: to the nearest image chosen before it (chosen ones) or at all (the others), None where there is none.
    nearest: index of that image. nearly: of what was not chosen, how near it came, 0 to 1.
    """

    rank: int | None
    difference: float | None
    nearest: int | None
    nearly: float | None = None


def choose(
    candidates: Sequence[Candidate],
    looks: Floats,
    dataset: Dataset,
    min_difference: float,
    second: Sequence[bool] = (),
    second_difference: float = math.inf,
) -> list[Place]:
    """Choose up to dataset.count of the candidates. looks: N x M, their embeddings, one row each.

    First what is pinned. Then, again and again, the image with the greatest distance to the nearest chosen one, worth
    more where its score is higher (greedy max-min, Gonzalez 1985) and where nobody chosen is seen from that side, in
    that posture or with such arms; never below min_difference. As long as they last, it is taken from the shots whose
    quota is open and the sources below their share; then from shots that nobody could tell; then from any shot; then
    from any source: a quota says what comes first, it leaves no good image out of a set that is not full. second:
    whether an image is not the best of its moment: it comes after all others, and only where it differs from every
    chosen one by second_difference.
    """
    count = len(candidates)
    scores = np.array([one.score for one in candidates], np.float64)
    distance, nearest = np.full(count, np.inf), np.full(count, -1)
    free = np.ones(count, bool)
    places: list[Place] = [Place(None, None, None)] * count
    tally, sides = _Tally(candidates, dataset), _Sides(candidates)
    rank, last_worth = 0, 0.0
    waits = np.array(second, bool) if len(second) else np.zeros(count, bool)
    least = np.where(waits, second_difference, min_difference)
    pins = [index for index in sorted(range(count), key=lambda i: -scores[i]) if candidates[index].pinned]
    worth = _worth(distance, scores)
    while (pick := _next(worth, free & (distance >= least), waits, pins, tally)) is not None:
        rank, last_worth = rank + 1, float(worth[pick])
        places[pick] = Place(rank, *_difference(distance[pick], nearest[pick]))
        free[pick] = False
        tally.add(pick)
        sides.add(pick)
        step = np.linalg.norm(looks - looks[pick], axis=1)
        closer = free & (step < distance)
        distance[closer], nearest[closer] = step[closer], pick
        worth = _worth(distance, scores) * sides.gain
    for index in np.flatnonzero(free):
        near = distance[index]
        nearly = near / min_difference if near < min_difference else worth[index] / last_worth if last_worth else 0.0
        places[index] = Place(None, *_difference(near, nearest[index]), min(1.0, float(nearly)))
    return places


def _worth(distance: Any, score: Any) -> Any:
    """What an image adds to a set: its difference, counted at most as 1, and half of that by its score."""
    return np.minimum(distance, 1.0) * (0.5 + 0.5 * score)


def _difference(distance: float, nearest: int) -> tuple[float | None, int | None]:
    return (float(distance), int(nearest)) if nearest >= 0 else (None, None)


class _Sides:
    """From which sides and in which postures nobody chosen is seen so far."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        words = sorted({word for one in candidates for word in one.sides if word})
        codes = [[-1 if word is None else words.index(word) for word in one.sides] for one in candidates]
        self._codes = np.array(codes, np.int64).reshape(len(candidates), len(SIDES))
        self._new = self._codes >= 0

    def add(self, index: int) -> None:
        self._new &= self._codes != self._codes[index]

    @property
    def gain(self) -> NDArray[np.float64]:
        """By which factor each candidate counts for more: 1 for those who show nothing new."""
        return np.asarray(1.0 + NEW * self._new.sum(axis=1), np.float64)


class _Tally:
    """What has been taken so far, by shot and by source."""

    def __init__(self, candidates: Sequence[Candidate], dataset: Dataset) -> None:
        self.count, self.taken = dataset.count, 0
        shots = sorted({one.shot for one in candidates})
        sources = sorted({one.source for one in candidates})
        self._shot = np.array([shots.index(one.shot) for one in candidates], np.int64)
        places = {source: place for place, source in enumerate(sources)}
        self._source = np.array([places[one.source] for one in candidates], np.int64)
        wanted = quotas(dataset.count, dataset.quota)
        self._asked = np.array([shot in wanted for shot in shots], bool)
        self._left = np.array([wanted.get(shot, 0) for shot in shots], np.int64)
        self._share = np.full(len(sources), max(1, round(dataset.count * dataset.max_per_source)), np.int64)

    def add(self, index: int) -> None:
        self.taken += 1
        self._left[self._shot[index]] -= 1
        self._share[self._source[index]] -= 1

    @property
    def full(self) -> bool:
        return self.taken >= self.count

    def urgency(self, indices: NDArray[np.intp]) -> NDArray[np.int64]:
        """0 comes first: its shot is wanted; 1: its shot is not known; 2: any shot; 3: its source has had its share."""
        shot = self._shot[indices]
        by_shot = np.where(self._asked[shot], np.where(self._left[shot] > 0, 0, 2), 1)
        return np.where(self._share[self._source[indices]] <= 0, 3, by_shot)


def _next(
    worth: NDArray[np.float64],
    usable_now: NDArray[np.bool_],
    waits: NDArray[np.bool_],
    pins: list[int],
    tally: _Tally,
) -> int | None:
    """The index of the next image of the set, or None where it is complete."""
    if pins:
        return pins.pop(0)
    if tally.full:
        return None
    usable = np.flatnonzero(usable_now)
    if not usable.size:
        return None
    urgency = np.where(waits[usable], LAST, tally.urgency(usable))
    first = np.flatnonzero(urgency == urgency.min())
    return int(usable[first[np.argmax(worth[usable[first]])]])
