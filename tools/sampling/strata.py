"""Strata: sources that are alike lie in one, and a sample takes from each. Pure functions."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence

from tools.sampling.survey import Source

DURATIONS_S = (10.0, 60.0, 600.0)
SIDES_PX = (480, 720, 1080, 2160)
"""Where a new stratum begins: seconds of a video; short side of a video or photo."""

Stratum = tuple[str, bytes, int, int]


def stratum(source: Source) -> Stratum:
    """Kind, folder, class of duration, class of resolution; -1 for what cannot be opened."""
    kind, header = source.file.kind, source.header
    folder = source.file.path.rpartition(b"/")[0]
    if header is None:
        return kind, folder, -1, -1
    side = min(header.width_px, header.height_px)
    return kind, folder, bisect_right(DURATIONS_S, header.duration_s), bisect_right(SIDES_PX, side)


def sample(sources: Sequence[Source], count: int, seed: int) -> list[Source]:
    """So many sources, from each stratum in proportion to its size, and one from each while there are seats.

    Within a stratum it is chance that decides, by a digest of seed and name: one more file changes little.
    """
    groups: dict[Stratum, list[Source]] = defaultdict(list)
    for source in sources:
        groups[stratum(source)].append(source)
    # Of strata of one size chance decides too, so that not always the same are left out.
    order = sorted(groups, key=lambda key: (-len(groups[key]), _draw(seed, repr(key).encode())))
    chosen = seats([len(groups[key]) for key in order], count)
    found = []
    for key, number in zip(order, chosen, strict=True):
        found += sorted(groups[key], key=lambda one: _draw(seed, one.file.kind.encode() + b"/" + one.file.path))[
            :number
        ]
    return sorted(found, key=lambda source: (source.file.kind, source.file.path))


def seats(sizes: Sequence[int], count: int) -> list[int]:
    """How many of `count` each group gets, the largest first: one each, then where most is missing to its share."""
    count = min(count, sum(sizes))
    given = [1 if place < count else 0 for place in range(len(sizes))]
    wanted = [count * size / sum(sizes) for size in sizes]
    for _ in range(count - sum(given)):
        open_to = [place for place, size in enumerate(sizes) if given[place] < size]
        given[max(open_to, key=lambda place: wanted[place] - given[place])] += 1
    return given


def _draw(seed: int, name: bytes) -> bytes:
    return hashlib.sha256(b"%d/" % seed + name).digest()
