"""Spectra: how a measurement is distributed around its limit, and what another limit would let pass.

Everything comes from stored measurements. The limit moves in steps; what would pass is counted exactly at each of them.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tools.mill.manifest import sql
from tools.mill.plan import BY_TOOL
from tools.mill.settings import RANGES

STEPS = 400
"""The limit stops at about so many places, at round numbers."""

BARS = 80
FAR = 2.0
"""What lies further beyond all but half a per cent than this many times their width does not stretch the axis."""

OUT, KEPT, FREE = 0, 1, 2
"""Fates: out or in whatever this limit says, or as it says."""

Numbers = NDArray[np.float64]
Side = Literal["left", "right"]


@dataclass(frozen=True)
class Bounded:
    """One limit in force: a row of sql/pages/spectrum.limits.sql. n: how many stand rejected for its reason."""

    tool: str
    dataset: str
    key: str
    reason: str
    metric: str
    op: str
    bound: float
    step_id: int
    n: int = 0

    @property
    def word(self) -> str:
        """Its name in an address: `score:min_sharpness`, `composite.default:max_halo`."""
        return f"{self.tool}{f'.{self.dataset}' if self.dataset else ''}:{self.key}"


@dataclass(frozen=True)
class Spectrum:
    """What one limit looks at. One entry for each item that is judged: its id, value (rising, nan last, where nothing
    was measured) and fate. passing: how many are in today. keeps, rejects: values of what people decided on, rising.
    """

    ids: NDArray[np.int64]
    values: Numbers
    fates: NDArray[np.int8]
    passing: int
    keeps: Numbers
    rejects: Numbers
    kinds: tuple[str, ...]

    @property
    def measured(self) -> int:
        return int(np.searchsorted(self.values, np.inf, side="right"))


def all_limits(db: sqlite3.Connection) -> list[Bounded]:
    return [Bounded(**dict(row)) for row in db.execute(sql("pages/spectrum.limits"))]


def read(db: sqlite3.Connection, one: Bounded, there: Sequence[Bounded]) -> Spectrum:
    """The spectrum of a limit, of all kinds that it is measured of. there: all limits, as some share a reason."""
    kinds = [row[0] for row in db.execute("select kind from step_kind where step_id = ? order by kind", (one.step_id,))]
    found = {kind: _judged(db, one, there, kind) for kind in kinds}
    found = {kind: rows for kind, rows in found.items() if len(rows)}
    rows = np.concatenate([*found.values(), np.empty((0, 4))])
    rows = rows[np.argsort(rows[:, 1], kind="stable")]
    keeps, rejects = _said(db, one, list(found))
    return Spectrum(
        *(rows[:, 0].astype(np.int64), rows[:, 1], rows[:, 2].astype(np.int8), int(rows[:, 3].sum())),
        *(keeps, rejects, tuple(found)),
    )


def _judged(db: sqlite3.Connection, one: Bounded, there: Sequence[Bounded], kind: str) -> Numbers:
    """item id, value, fate, passed: one row for each item of a kind, none where nothing is measured of it."""
    sharing = [each for each in there if (each.step_id, each.reason) == (one.step_id, one.reason) and each != one]
    others = " ".join(
        f'when measure."{each.metric}" {each.op} :bound{place} then {OUT}' for place, each in enumerate(sharing)
    )
    values = {"step": one.step_id, "kind": kind, "tool": one.tool, "reason": one.reason}
    bounds = {f"bound{place}": each.bound for place, each in enumerate(sharing)}
    text = _filled(sql("pages/spectrum.values"), one).replace("/*others*/", others).rstrip().rstrip(";")
    # Most steps judge a kind that this is not measured of: that is found out without looking at fates.
    if not db.execute(f"select exists (select 1 from ({text}) where value is not null)", values | bounds).fetchone()[0]:
        return np.empty((0, 4))
    return _table(db, text, values | bounds, 4)


def _said(db: sqlite3.Connection, one: Bounded, kinds: Sequence[str]) -> tuple[Numbers, Numbers]:
    """The values of what was kept, and of what was rejected."""
    text = _filled(sql("pages/spectrum.said"), one).replace("/*measured*/", f'and measure."{one.metric}" is not null')
    found = [_table(db, text, {"step": one.step_id, "kind": kind}, 2) for kind in kinds]
    rows = np.concatenate([*found, np.empty((0, 2))])
    return np.sort(rows[rows[:, 0] == 1, 1]), np.sort(rows[rows[:, 0] == 0, 1])


def _filled(text: str, one: Bounded) -> str:
    table = f'left join "{BY_TOOL[one.tool].measured}" as measure on measure.outcome_id = outcome.id'
    value = f'measure."{one.metric}" as value'
    return text.replace("/*value*/ null as value", value).replace("/*tables*/", table)


def _table(db: sqlite3.Connection, text: str, values: Mapping[str, Any], width: int) -> Numbers:
    cursor = db.cursor()
    cursor.row_factory = None  # plain tuples: numpy takes them four times as fast
    return np.array(cursor.execute(text, values).fetchall(), dtype=np.float64).reshape(-1, width)


def positions(values: Numbers, bound: float, key: str, *, whole: bool) -> Numbers:
    """Where the limit may stand: round numbers over all values, and today's bound. values: rising, without nan.

    whole: the setting takes whole numbers only. Never beyond what the setting may be.
    """
    low, high = _ends(values, bound)
    step = _round_step((high - low) / STEPS or 1 / STEPS)
    step = max(1.0, step) if whole else step
    decimals = max(0, -math.floor(math.log10(step)))
    first, last = math.floor(low / step) - 1, math.ceil(high / step) + 1
    grid = np.round(np.arange(first, last + 1) * step, decimals)
    least, most = RANGES.get(key, (-math.inf, math.inf))
    least = max(least, 0.0) if low >= 0 else least
    return np.unique(np.append(grid[(grid >= least) & (grid <= most)], bound))


def _ends(values: Numbers, bound: float) -> tuple[float, float]:
    """The least and greatest value that the axis shows, today's bound among them."""
    if not len(values):
        return bound, bound
    low, high = (float(np.quantile(values, share)) for share in (0.005, 0.995))
    room = FAR * max(high - low, abs(bound) * 0.5)
    return min(bound, max(float(values[0]), low - room)), max(bound, min(float(values[-1]), high + room))


def _round_step(least: float) -> float:
    """The smallest of 1, 2, 5, 10, … times a power of ten that is no less."""
    power = 10.0 ** math.floor(math.log10(least))
    return float(next(digit * power for digit in (1, 2, 5, 10) if digit * power >= least * (1 - 1e-9)))


def cells(places: Numbers, values: Numbers, op: str) -> list[int]:
    """How many values lie between each two places, before the first and after the last: with the limit at place i the
    cells up to i lie on its lower side. A value that equals a limit passes it, so it lies on that side.
    """
    side: Side = "right" if op == "<" else "left"
    return [int(n) for n in np.bincount(np.searchsorted(places, values, side), minlength=len(places) + 1)]


def agreement(places: Numbers, spectrum: Spectrum, op: str) -> list[int]:
    """With how many decisions the limit agrees at each place: what was kept passes it, what was rejected does not."""
    below: Side = "left" if op == "<" else "right"
    keeps, rejects = (np.searchsorted(some, places, below) for some in (spectrum.keeps, spectrum.rejects))
    if op == "<":
        return [int(n) for n in len(spectrum.keeps) - keeps + rejects]
    return [int(n) for n in keeps + len(spectrum.rejects) - rejects]


def best(places: Numbers, agreed: Sequence[int], bound: float) -> int:
    """The place that agrees with the most decisions; of several the nearest to today's bound."""
    return min(range(len(places)), key=lambda place: (-agreed[place], abs(places[place] - bound), place))


def summary(spectrum: Spectrum, one: Bounded, *, whole: bool) -> dict[str, Any]:
    """All that a page draws and counts with, as JSON. met: the places where a free value lies."""
    n = spectrum.measured
    values, fates = spectrum.values[:n], spectrum.fates[:n]
    unmeasured = np.bincount(spectrum.fates[n:], minlength=3)
    places = positions(values, one.bound, one.key, whole=whole)
    agreed = agreement(places, spectrum, one.op)
    return {
        "op": one.op,
        "places": [float(place) for place in places],
        "today": int(np.searchsorted(places, one.bound)),
        "out": cells(places, values[fates == OUT], one.op),
        "kept": cells(places, values[fates == KEPT], one.op),
        "free": cells(places, values[fates == FREE], one.op),
        "always": int((fates == KEPT).sum() + unmeasured[KEPT] + unmeasured[FREE]),
        "unmeasured": int(unmeasured.sum()),
        "judged": len(spectrum.ids),
        "passing": spectrum.passing,
        "keeps": cells(places, spectrum.keeps, one.op),
        "rejects": cells(places, spectrum.rejects, one.op),
        "agreed": agreed,
        "best": best(places, agreed, one.bound),
        "met": [int(place) for place in np.flatnonzero(np.isin(places, values[fates == FREE]))],
    }


def near(spectrum: Spectrum, at: float, op: str, n: int) -> tuple[list[int], list[int]]:
    """Places in the spectrum of the n values just below and just above a limit, the nearest first. What equals it lies
    on the side that passes.
    """
    middle = int(np.searchsorted(spectrum.values, at, "left" if op == "<" else "right"))
    end = min(middle + n, spectrum.measured)
    return list(range(middle - 1, max(-1, middle - 1 - n), -1)), list(range(middle, end))
