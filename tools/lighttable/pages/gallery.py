"""Gallery: any set of items as a grid, with filters, counts and keys for deciding. Its whole state is the address."""

from __future__ import annotations

import heapq
import json
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datasette.utils.asgi import Request, Response

from tools.lighttable import asked, counted, sets
from tools.lighttable.asked import NONE, Option, Query, Range
from tools.lighttable.desk import Desk, Page
from tools.lighttable.sets import Bound, Set
from tools.lighttable.unstored import Unstored, unstored
from tools.lighttable.words import plain
from tools.mill.manifest import sql

LISTED = 40
"""Values of one filter that are listed, the most frequent first."""

TITLES = {
    "state": "Status",
    "reason": "Reason",
    "verdict": "Decision",
    "shot": "Shot",
    "view": "View",
    "source": "Source",
    "run": "Run",
}
STATES = {"in": "in", "out": "rejected", "failed": "failed"}
VERDICTS = {"": "not reviewed", "keep": "kept", "reject": "rejected", "pin": "pinned"}
RATIO = (0.45, 2.4)
"""Width by height of a tile: beyond, its picture has margins."""


@dataclass(frozen=True)
class Ready:
    """A ready-made set. bound: whether it is what lies around a limit; there may be many of these."""

    name: str
    why: str
    address: str
    bound: bool = False


async def show(desk: Desk, request: Request) -> Response:
    query = asked.parse(request.args)

    def found(db: sqlite3.Connection) -> dict[str, Any]:
        there = sets.all_sets(db)
        one = counted.chosen_set(desk, db, there, query.set)
        return _context(db, desk, there, one, query) if one else {"sets": there, "one": None}

    context = await desk.read(found)
    return await desk.page("gallery", query=query, **context)


def _context(db: sqlite3.Connection, desk: Desk, there: Sequence[Set], one: Set, query: Query) -> dict[str, Any]:
    limits = sets.bounds(db, one)
    cells = counted.cube(desk, db, one, query)
    found = sets.counts(cells, query)
    total = sets.matching(found, query)
    text, values = sets.items_question(one, query, limits)
    rows = db.execute(text, values).fetchall()
    dropped = unstored(db, (row["id"] for row in rows if row["kind"] == "frame" and row["path"] is None))
    items = [_tile(row, dropped.get(row["id"])) for row in rows]
    listed = {name: _listed(name, found[name], query.chosen.get(name, ())) for name in TITLES}
    names = _names(db, one, [value for value, _ in listed["source"][0]])
    reviewed = sum(n for value, n in found["verdict"].items() if value)
    return {
        "sets": there,
        "one": one,
        "items": items,
        "total": total,
        "old_s": counted.FRESH_S if counted.working(db) else 0,
        "limits": limits,
        "facets": _facets(query, one, found, listed, names),
        "ready": ready(one, limits, query),
        "on": set_filters(query, names),
        "reviewed": reviewed,
        "reviewable": sum(found["verdict"].values()),
        "pages": -(-total // query.per),
        "sorts": list(one.metrics),
        "ranges": {wanted.metric: wanted for wanted in query.ranges},
    }


def _tile(row: sqlite3.Row, dropped: Unstored | None = None) -> dict[str, Any]:
    width, height = row["width"] or 4, row["height"] or 3
    ratio = min(RATIO[1], max(RATIO[0], width / height))
    if dropped and dropped.id:  # beside the picture of what was kept there is room for a sentence
        ratio = 1.0 + min(RATIO[1], (dropped.width or 4) / (dropped.height or 3))
    what = f"{row['kind']} {row['id']}"
    told = {"in": "in", "failed": "failed"}.get(row["state"]) or f"out: {plain(row['reason'])}"
    shown = {"ratio": f"{ratio:.3f}", "alt": f"{what}, {told}", "has_picture": _has_picture(row), "unstored": dropped}
    return {**dict(row), **shown}


def _has_picture(row: sqlite3.Row) -> bool:
    return row["path"] is not None or row["kind"] in ("caption", "video", "photo", "background", "reference")


def _listed(facet: str, counts: Mapping[str, int], chosen: Sequence[str]) -> tuple[list[tuple[str, int]], int]:
    """The values of a filter that are listed, the most frequent first, and how many more there are.

    What is chosen is among them also where it is none.
    """
    there = {**counts, **{value: counts.get(value, 0) for value in chosen}}
    if facet == "reason" and "" not in chosen:
        there.pop("", None)  # what is in has none, and the status says that
    pairs = heapq.nsmallest(LISTED, there.items(), key=lambda pair: (-pair[1], pair[0]))
    return pairs, len(there) - len(pairs)


def sources(db: sqlite3.Connection, addresses: Sequence[str]) -> Mapping[str, str]:
    """What some sources are called, by their address."""
    rows = db.execute(sql("pages/gallery.names"), {"addresses": json.dumps(addresses)})
    return {row["address"]: row["name"] for row in rows}


def _names(db: sqlite3.Connection, one: Set, addresses: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
    """What values are called that are no words themselves: sources by their address, runs by their number."""
    return {
        "source": sources(db, addresses),
        "run": {
            str(row["id"]): f"run {row['id']}, {row['started_at'][:16].replace('T', ' ')}"
            for row in db.execute(sql("pages/gallery.runs"), {"step": one.step_id})
        },
        "state": STATES,
        "verdict": VERDICTS,
    }


def _facets(
    query: Query,
    one: Set,
    found: Mapping[str, Mapping[str, int]],
    listed: Mapping[str, tuple[list[tuple[str, int]], int]],
    names: Mapping[str, Mapping[str, str]],
) -> list[tuple[str, str, list[Option], int]]:
    """Each filter as (name, title, its options, how many more there are)."""
    facets = []
    for name, title in TITLES.items():
        chosen = query.chosen.get(name, ())
        if one.kind in ("video", "photo", "background", "reference") and name == "source":
            continue
        if not chosen and len(found[name]) < 2:
            continue
        pairs, more = listed[name]
        options = [
            Option(_called(name, value, names), value or NONE, n, value in chosen, query.toggled(name, value))
            for value, n in pairs
        ]
        facets.append((name, title, options, more))
    return facets


def set_filters(query: Query, names: Mapping[str, Mapping[str, str]]) -> list[tuple[str, str]]:
    """What is filtered by, each in words, with the address that takes it away."""
    chosen = [
        (f"{TITLES.get(facet, facet)}: {_called(facet, value, names)}", query.toggled(facet, value))
        for facet, values in query.chosen.items()
        for value in values
    ]
    ranges = [
        (_spanned(one), query.address(ranges=tuple(other for other in query.ranges if other != one)))
        for one in query.ranges
    ]
    return chosen + ranges


def _spanned(one: Range) -> str:
    least, most = one.ends
    between = f"{least} to {most}" if least and most else f"from {least}" if least else f"up to {most}"
    return f"{plain(one.metric)} {between}"


def _called(facet: str, value: str, names: Mapping[str, Mapping[str, str]]) -> str:
    if facet in names:
        return names[facet].get(value, value or "none")
    return plain(value) or {"reason": "no reason"}.get(facet, "unknown")


def ready(one: Set, limits: Mapping[str, Bound], query: Query) -> list[Ready]:
    """The ready-made sets: where mistakes hide."""
    base = Query(set=one.word, per=query.per)
    out, inside = {"state": ("out",)}, {"state": ("in",)}
    found = [
        Ready("Not reviewed", "What nobody has decided on yet", base.address(chosen={"verdict": ("",)})),
        Ready("Random rejected", "A fair sample of what is out", base.address(chosen=out, sort="random.1", per=100)),
    ]
    if "sharpness" in one.metrics:
        found += [
            Ready("Sharpest rejected", "Wrongly out?", base.address(chosen=out, sort="-sharpness", per=100)),
            Ready("Blurriest accepted", "Wrongly in?", base.address(chosen=inside, sort="sharpness", per=100)),
        ]
    told = Counter(bound.reason for bound in limits.values())
    for name, bound in limits.items():
        what = plain(bound.reason) + (f", {plain(name)}" if told[bound.reason] > 1 else "")
        why = f"Both sides of {bound.key} = {bound.value:g}"
        found.append(Ready(f"Borderline {what}", why, base.address(sort=f"near-{name}", per=100), bound=True))
    return found


PAGE = Page("gallery", "Gallery", 20, {"": show})
