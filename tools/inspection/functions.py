"""What checks need and SQLite lacks, as functions for their SQL: robust statistics, an exact test, words."""

from __future__ import annotations

import json
import math
import re
import sqlite3
import statistics
import struct
from functools import lru_cache
from typing import Any

MIN_OTHERS = 5
"""Of fewer values nobody can say which one is out of line."""


def binomial_p(hits: int, tries: int, share: float) -> float:
    """How probable it is, by chance alone, that so many of the tries hit as far from their share: 0 to 1.

    The exact binomial test, two-sided by doubling the smaller tail (Clopper and Pearson 1934).
    """
    if share <= 0 or share >= 1:
        return 1.0 if hits == round(tries * share) else 0.0
    # The tail beyond the hits is the smaller one. From the hits on its terms fall, each by its ratio to the one before.
    tail = 1.0
    term = 1.0
    if hits <= tries * share:
        for k in range(hits, 0, -1):
            term *= k / (tries - k + 1) * (1 - share) / share
            tail += term
            if term < tail * 1e-17:
                break
    else:
        for k in range(hits, tries):
            term *= (tries - k) / (k + 1) * share / (1 - share)
            tail += term
            if term < tail * 1e-17:
                break
    log = math.lgamma(tries + 1) - math.lgamma(hits + 1) - math.lgamma(tries - hits + 1)
    at_hits = math.exp(log + hits * math.log(share) + (tries - hits) * math.log1p(-share))
    return min(1.0, 2 * at_hits * tail)


def ln(value: float | None) -> float | None:
    """The natural logarithm; None of what has none."""
    return math.log(value) if value is not None and value > 0 else None


def says(text: str, phrase: str, trigger: str) -> bool:
    """Whether a text holds a phrase as whole words, whatever the case, behind its trigger."""
    from tools.describe.hand import starts

    rest = text[len(trigger) :] if trigger and starts(text, trigger) else text
    return bool(phrase) and re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", rest, re.IGNORECASE) is not None


def lacks_trigger(text: str, trigger: str) -> bool:
    """Whether a trigger is set and a text does not begin with it."""
    from tools.describe.hand import lacks_trigger as lacks

    return lacks(text, trigger)


def contradictions(text: str, *seen: str | None) -> str:
    """What a caption says against what was measured, or against itself: a JSON array of sentences.

    seen: shot, view, extent, posture, as `verify.Seen` has them.
    """
    from tools.describe.verify import Seen
    from tools.describe.verify import contradictions as found

    return json.dumps(found(text, Seen(*seen)))


@lru_cache(maxsize=8192)
def _numbers(likeness: bytes) -> tuple[float, ...]:
    return struct.unpack(f"<{len(likeness) // 4}f", likeness)


def unlikeness(one: bytes, other: bytes) -> float:
    """The distance of two stored likenesses, 0 for the same picture to 1 (`media/likeness.py`, without numpy)."""
    return math.dist(_numbers(one), _numbers(other))


class Median:
    """Aggregate: the median of what is not null; null of nothing."""

    def __init__(self) -> None:
        self.values: list[float] = []

    def step(self, value: float | None, /) -> None:
        if value is not None:
            self.values.append(value)

    def finalize(self) -> Any:
        return statistics.median(self.values) if self.values else None


class Spread:
    """Aggregate: the median distance of the values to their median, as a standard deviation (1.4826 MAD).

    0 where more than half of them are equal; null of fewer than MIN_OTHERS (Iglewicz and Hoaglin 1993).
    """

    def __init__(self) -> None:
        self.values: list[float] = []

    def step(self, value: float | None, /) -> None:
        if value is not None:
            self.values.append(value)

    def finalize(self) -> Any:
        if len(self.values) < MIN_OTHERS:
            return None
        middle = statistics.median(self.values)
        return 1.4826 * statistics.median(abs(value - middle) for value in self.values)


def register(db: sqlite3.Connection) -> None:
    """Give a connection these functions."""
    for name, count, function in (
        ("binomial_p", 3, binomial_p),
        ("ln", 1, ln),
        ("says", 3, says),
        ("lacks_trigger", 2, lacks_trigger),
        ("contradictions", 5, contradictions),
        ("unlikeness", 2, unlikeness),
    ):
        db.create_function(name, count, function, deterministic=True)
    db.create_aggregate("median", 1, Median)
    db.create_aggregate("spread", 1, Spread)
