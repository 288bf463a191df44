"""Faces that look alike put together, without anybody saying who they are.

Agglomerative clustering with average linkage (R. R. Sokal, C. D. Michener, 1958: UPGMA) over squared distances, whose
mean between two groups follows from their centres and scatters. Names that people gave bind: the same name is one
cluster, two names never are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.identity.distances import BLOCK, near_pairs, squared
from tools.identity.people import Points

LEADER = 0.45
"""Where there are many points, whatever lies so near to the mean of a group joins it before all else is compared."""

MOST = 2000
"""Of so many groups all distances are held at once: 16 MB."""


@dataclass(frozen=True)
class Groups:
    """centres: K x 128. scatter: K, the mean squared distance of the members to their centre. size: K."""

    centres: Points
    scatter: Points
    size: Points


Labels = NDArray[np.int64]

STRANGE = 1.0
"""The squared distance that people side by side count with: they are two, unless all else says that one of them is a
reflection or a picture of the other.
"""

NOBODY: Labels = np.zeros((0, 2), np.int64)


def cluster(groups: Groups, names: Sequence[str | None], within: float, beside: Labels | None = None) -> Labels:
    """The cluster of each group, as any number. names: what people said of each group, or None.

    within: two clusters whose members are on the average (root mean square) nearer become one. beside: P x 2, groups
    that stand side by side in a picture and count as strangers.
    """
    leaders = np.arange(len(groups.size), dtype=np.int64)
    if len(groups.size) > MOST:
        leaders = _led(groups.centres, names)
    merged = _merged(groups, leaders)
    kinds = _known(names, leaders, len(merged.size))
    labels = np.arange(len(merged.size), dtype=np.int64)
    strange = leaders[beside] if beside is not None and len(beside) else NOBODY
    home = np.full(len(merged.size), -1, np.int64)
    place = np.zeros(len(merged.size), np.int64)
    for number, members in enumerate(_parts(merged, within)):
        home[members], place[members] = number, np.arange(len(members))
        inside = strange[(home[strange] == number).all(axis=1)]
        labels[members] = members[_agglomerated(merged, members, kinds, within, strange=place[inside])]
    return _bound(labels, kinds)[leaders]


def halves(groups: Groups) -> Labels:
    """The last merge of one cluster taken back: 0 and 1. Of one group all are 0."""
    leaders = np.arange(len(groups.size), dtype=np.int64)
    if len(groups.size) > MOST:
        leaders = _led(groups.centres, [None] * len(groups.size))
    merged = _merged(groups, leaders)
    members = np.arange(len(merged.size), dtype=np.int64)
    labels = _agglomerated(merged, members, np.full(len(members), -1, np.int64), np.inf, parts=2)
    found: Labels = (labels != labels[0]).astype(np.int64)[leaders]
    return found


def _led(points: Points, names: Sequence[str | None]) -> Labels:
    """Each point's group: the nearest of those before it that is near enough, else a new one (J. A. Hartigan, 1975).

    A group is where the mean of its points is. Whoever has a name begins one. Groups are numbered from 0.
    """
    found = np.zeros(len(points), np.int64)
    sums, size = np.zeros((0, points.shape[1]), np.float32), np.zeros(0, np.float32)
    for start in range(0, len(points), BLOCK):
        block = points[start : start + BLOCK]
        named = np.array([name is not None for name in names[start : start + BLOCK]])
        place, apart = _nearest(block, sums / size[:, None])
        place[named | (apart > LEADER * LEADER)] = -1
        left = np.flatnonzero(place < 0)
        place[left] = len(size) + _first(block[left], named[left])
        count = int(place.max(initial=len(size) - 1)) + 1
        sums = np.concatenate([sums, np.zeros((count - len(size), points.shape[1]), np.float32)])
        np.add.at(sums, place, block)
        size = np.bincount(place, minlength=count).astype(np.float32) + np.pad(size, (0, count - len(size)))
        found[start : start + BLOCK] = place
    return found


def _nearest(points: Points, centres: Points) -> tuple[Labels, Points]:
    """For each point the index of the nearest centre and its squared distance; infinite where there is none."""
    place, best = np.zeros(len(points), np.int64), np.full(len(points), np.inf, np.float32)
    for low in range(0, len(centres), 8 * BLOCK):
        apart = squared(points, centres[low : low + 8 * BLOCK])
        nearest = apart.argmin(axis=1)
        value = apart[np.arange(len(points)), nearest]
        closer = value < best
        best[closer], place[closer] = value[closer], nearest[closer] + low
    return place, best


def _first(points: Points, named: NDArray[np.bool_]) -> Labels:
    """Among a few points, the group of each, from 0: that of the first one before it that is near enough."""
    near = squared(points, points) <= LEADER * LEADER
    found = np.zeros(len(points), np.int64)
    first: list[int] = []
    for index in range(len(points)):
        joined = np.flatnonzero(near[index, first]) if not named[index] else np.zeros(0, np.int64)
        found[index] = joined[0] if len(joined) else len(first)
        if not len(joined):
            first.append(index)
    return found


def _merged(groups: Groups, leaders: Labels) -> Groups:
    """Groups with the same leader as one."""
    count = int(leaders.max(initial=-1)) + 1
    size = np.bincount(leaders, groups.size, count)
    centres = np.zeros((count, groups.centres.shape[1]), np.float64)
    np.add.at(centres, leaders, groups.centres * groups.size[:, None])
    centres /= size[:, None]
    away = ((groups.centres - centres[leaders]) ** 2).sum(axis=1) + groups.scatter
    scatter = np.bincount(leaders, away * groups.size, count) / size
    return Groups(centres.astype(np.float32), scatter.astype(np.float32), size.astype(np.float32))


def _known(names: Sequence[str | None], leaders: Labels, count: int) -> Labels:
    """For each merged group the number of its name, -1 without one."""
    numbers = {name: number for number, name in enumerate(sorted({name for name in names if name is not None}))}
    found = np.full(count, -1, np.int64)
    for index, name in enumerate(names):
        if name is not None:
            found[leaders[index]] = numbers[name]
    return found


def _parts(groups: Groups, within: float) -> list[Labels]:
    """Groups that a chain of near ones connects: no cluster reaches over more than one of these parts.

    Where a part has more than MOST groups, it is looked at through a finer chain.
    """
    count = len(groups.size)
    labels = np.arange(count, dtype=np.int64)
    for rows, columns in near_pairs(groups.centres, within, groups.scatter):
        labels = _connected(labels, rows, columns)
    order = np.argsort(labels, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1) if count else []
    return [finer for part in parts if len(part) > 1 for finer in _fine(groups, part, within)]


def _connected(labels: Labels, rows: Labels, columns: Labels) -> Labels:
    """The labels, each the smallest index of its part, after the pairs have connected more."""
    while True:
        low = np.minimum(labels[rows], labels[columns])
        if np.array_equal(labels[rows], low) and np.array_equal(labels[columns], low):
            return labels
        labels = labels.copy()
        np.minimum.at(labels, labels[rows], low)
        np.minimum.at(labels, labels[columns], low)
        while not np.array_equal(labels, labels[labels]):
            labels = labels[labels]


def _fine(groups: Groups, part: Labels, within: float) -> list[Labels]:
    if len(part) <= MOST or within < LEADER / 2:
        return [part]
    some = Groups(groups.centres[part], groups.scatter[part], groups.size[part])
    return [part[finer] for finer in _parts(some, 0.95 * within)]


def _agglomerated(
    groups: Groups, members: Labels, kinds: Labels, within: float, *, parts: int = 1, strange: Labels = NOBODY
) -> Labels:
    """For each member the index (in members) of the first of its cluster. strange: pairs of such indices.

    Ends when no two clusters are within reach, or only so many parts are left.
    """
    scatter = groups.scatter[members]
    apart = squared(groups.centres[members], groups.centres[members]) + scatter[:, None] + scatter
    for pairs in (strange, strange[:, ::-1]):
        rows, columns = pairs.T
        apart[rows, columns] = np.maximum(apart[rows, columns], np.float32(STRANGE))
    kind = kinds[members]
    both = (kind[:, None] >= 0) & (kind >= 0)
    apart[both & (kind[:, None] != kind)] = np.inf
    apart[both & (kind[:, None] == kind)] = 0
    np.fill_diagonal(apart, np.inf)
    size = groups.size[members].copy()
    labels = np.arange(len(members), dtype=np.int64)
    nearest = apart.argmin(axis=1)
    least = apart[np.arange(len(members)), nearest]
    left = len(members)
    while left > parts and least.min() <= within * within and np.isfinite(least.min()):
        one = int(least.argmin())
        two = int(nearest[one])
        one, two = min(one, two), max(one, two)
        row = (size[one] * apart[one] + size[two] * apart[two]) / (size[one] + size[two])
        row[[one, two]] = np.inf
        apart[one], apart[:, one] = row, row
        apart[two], apart[:, two] = np.inf, np.inf
        size[one] += size[two]
        labels[labels == two] = one
        stale = np.flatnonzero((nearest == one) | (nearest == two) | (row < least))
        stale = np.union1d(stale, [one, two])
        nearest[stale] = apart[stale].argmin(axis=1)
        least[stale] = apart[stale, nearest[stale]]
        left -= 1
    return labels


def _bound(labels: Labels, kinds: Labels) -> Labels:
    """Clusters of the same name as one."""
    first: dict[int, int] = {}
    found = labels.copy()
    for index in np.flatnonzero(kinds >= 0):
        home = first.setdefault(int(kinds[index]), int(labels[index]))
        found[labels == labels[index]] = home
    return found
