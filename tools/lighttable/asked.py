"""Asked: what an address of the gallery asks for: a set, narrowed by filters and ranges, in some order.

`?set=score:cutout&state=out&reason=blurry&range=sharpness:0.2:0.4&sort=-sharpness`
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from datasette.utils import MultiParams

from tools.mill.settings import UsageError

FACETS: Mapping[str, str] = {
    "state": "case when outcome.passed then 'in' when outcome.status = 'failed' then 'failed' else 'out' end",
    "reason": "case when outcome.passed then '' when outcome.status = 'ok' then 'rejected_by_hand' "
    "else outcome.reason end",
    "verdict": "coalesce(decision.verdict, '')",
    "shot": "coalesce(person.shot, '')",
    "view": "coalesce(person.view, '')",
    "source": "substr(item.address, 1, instr(item.address || '/', '/') - 1)",
    "run": "outcome.run_id",
}
"""What can be filtered by, and how it is written in sql/pages/gallery.*."""

NONE = "none"
"""How an address says that a value is empty."""

MOST_RANGES = 6


@dataclass(frozen=True)
class Range:
    """Values of one measurement from least to most, both included."""

    metric: str
    least: float
    most: float

    @property
    def ends(self) -> tuple[str, str]:
        """As an address writes it: an end that is open is empty."""
        return _number(self.least), _number(self.most)


@dataclass(frozen=True)
class Query:
    """What an address asks for. chosen: the wanted values by facet. sort: `-name` for the largest first, `near-name`
    for the nearest to its limit, `random.7`, or '' for the order of the items.
    """

    set: str = ""
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ranges: tuple[Range, ...] = ()
    sort: str = ""
    page: int = 1
    per: int = 200

    def address(self, path: str = "/-/gallery", **changes: Any) -> str:
        """The address that asks for this, with some fields changed; another filter begins at the first page."""
        wanted = replace(self, **({"page": 1} | changes))
        pairs = [("set", wanted.set)]
        pairs += [(name, value or NONE) for name in FACETS for value in wanted.chosen.get(name, ())]
        pairs += [("range", ":".join((one.metric, *one.ends))) for one in wanted.ranges]
        pairs += [("sort", wanted.sort)] if wanted.sort else []
        pairs += [("per", str(wanted.per))] if wanted.per != Query.per else []
        pairs += [("page", str(wanted.page))] if wanted.page > 1 else []
        return f"{path}?{urlencode(pairs)}"

    def toggled(self, facet: str, value: str) -> str:
        """The address with one value of a facet added, or taken away where it is there."""
        now = self.chosen.get(facet, ())
        values = tuple(one for one in now if one != value) if value in now else (*now, value)
        return self.address(chosen={**self.chosen, facet: values})


@dataclass(frozen=True)
class Option:
    """One value of a filter: how many there would be, whether it is on, and the address that turns it on or off."""

    name: str
    value: str
    n: int
    on: bool
    address: str


def _number(value: float) -> str:
    return "" if math.isinf(value) else f"{value:.12g}"


def parse(args: MultiParams) -> Query:
    """What an address asks for. Raises UsageError for a range or a number that is none."""
    chosen = {
        name: tuple("" if value == NONE else value for value in args.getlist(name)) for name in FACETS if name in args
    }
    return Query(
        set=args.get("set") or "",
        chosen=chosen,
        ranges=tuple(_range(text) for text in args.getlist("range")[:MOST_RANGES] if text.strip(":")),
        sort=args.get("sort") or "",
        page=_count(args.get("page"), 1, 10**7),
        per=_count(args.get("per"), Query.per, 1000),
    )


def _range(text: str) -> Range:
    match = re.fullmatch(r"([\w.]+):([^:]*):([^:]*)", text)
    try:
        if match:
            return Range(match[1], float(match[2] or "-inf"), float(match[3] or "inf"))
    except ValueError:
        pass
    raise UsageError(f"{text} is no range. Write name:least:most, as in sharpness:0.2:0.4.")


def _count(text: str | None, default: int, most: int) -> int:
    return min(most, max(1, int(text))) if text and text.isdecimal() and len(text) < 10 else default
