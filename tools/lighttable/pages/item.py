"""Item: one image with all that it was made from and all that was made of it. Why is it here, or why not?"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from datasette.utils.asgi import Request, Response

from tools.lighttable import groups
from tools.lighttable.desk import Desk, Page
from tools.lighttable.unstored import unstored
from tools.mill.manifest import sql
from tools.mill.settings import UsageError
from tools.mill.words import figure
from tools.report import fate, links
from tools.report.story import Check, Judgement, Story, read

PICTURES = 24
WHOSE = ("identity_unsure", "other_person")
"""Reasons of match that a word on the page of people answers."""


@dataclass(frozen=True)
class Gauge:
    """A measurement against its limit, as places on a bar from 0 to 100: good is the side that passes."""

    check: Check
    value: float
    bound: float
    good_from: float
    good_to: float


async def show(desk: Desk, request: Request) -> Response:
    item_id = int(request.url_vars["item"])

    def found(db: sqlite3.Connection) -> dict[str, Any]:
        if db.execute("select 1 from item where id = ?", (item_id,)).fetchone() is None:
            raise UsageError(f"There is no item {item_id} in this workspace.")
        return _context(db, desk, read(db, item_id))

    return await desk.page("item", **await desk.read(found))


def _context(db: sqlite3.Connection, desk: Desk, story: Story) -> dict[str, Any]:
    item = story.item

    def rows(name: str, **values: object) -> list[dict[str, Any]]:
        return [dict(row) for row in db.execute(sql(f"pages/item.{name}"), {"item": item.item_id, **values})]

    children = rows("children", limit=PICTURES)
    line = rows("line")
    return {
        "title": f"{item.kind} {item.item_id}",
        "story": story,
        "item": item,
        "line": line,
        "own": line[-1],
        "unstored": unstored(db, [item.item_id]).get(item.item_id),
        "children": [(kind, list(some)) for kind, some in groupby(children, lambda row: row["kind"])],
        "sides": rows("sides"),
        "captions": rows("captions") if item.kind in ("cutout", "composite", "caption") else [],
        "fates": [_fate(desk, one) | _elsewhere(db, one) for one in fate.fates(story)],
        "judgements": [(link, [(said, _gauges(said)) for said in link.judgements]) for link in reversed(story.line)],
        "said": [(link, one) for link in story.line for one in link.decisions if one.kind == link.kind],
        "verdict": _standing(story),
        "facts": facts_of(story),
        "tell": links,
        "why": groups.why,
    }


def _fate(desk: Desk, one: fate.Fate) -> dict[str, Any]:
    """What an item's fate is, in words, and what would change it."""
    said = one.judgement
    scope = f" for {one.dataset}" if one.dataset else ""
    own = said is not None and said.reason
    sentence = {
        "in": f"It is in{scope}.",
        "gone": f"The {one.link.kind} it comes from was superseded or is gone.",
        "waits": f"It waits{scope}: type make all.",
        "out": f"It is out{scope}.",
    }[one.state]
    reason = (said.reason if own else "rejected by hand") if said and one.state == "out" else ""
    return {
        "state": one.state,
        "sentence": sentence,
        "reason": reason or "",
        "changes": fate.changes(desk.base, one),
        "said": said,
        "link": one.link,
        "description": said.description if said and one.state == "out" else "",
    }


def _elsewhere(db: sqlite3.Connection, one: fate.Fate) -> dict[str, Any]:
    """Where more is to be seen or said of a fate: what was chosen instead; the page of its cluster."""
    if one.state != "out" or one.judgement is None:
        return {"kept": None, "whose": ""}
    said = one.judgement
    found = db.execute(sql("pages/item.kept"), {"address": said.measures.get("kept_address")}).fetchone()
    cluster = said.measures.get("cluster")
    page = f"/-/people/{cluster}#f{one.link.item_id}" if cluster else "/-/people"
    return {"kept": dict(found) if found else None, "whose": page if said.reason in WHOSE else ""}


def _standing(story: Story) -> str:
    """The verdict of the last decision on this very item that stands, '' for none."""
    own = [said.verdict for said in story.item.decisions if not said.undone and said.kind == story.item.kind]
    return own[-1] if own and own[-1] in ("keep", "reject", "pin") else ""


def _gauges(said: Judgement) -> list[Gauge]:
    return [gauge(check) for check in said.checks]


def gauge(check: Check) -> Gauge:
    """Where value and limit lie on a bar: one of 0 to 1 for shares, else up to half as much again as the larger."""
    top = 1.0 if 0 <= check.value <= 1 and 0 <= check.bound <= 1 else max(check.value, check.bound, 0.0) * 1.5
    low = min(check.value, check.bound, 0.0)
    span = (top - low) or 1.0
    value, bound = ((min(top, one) - low) / span * 100 for one in (check.value, check.bound))
    good = (bound, 100.0) if check.op == "<" else (0.0, bound)
    return Gauge(check, round(value, 2), round(bound, 2), round(good[0], 2), round(good[1], 2))


def facts_of(story: Story) -> list[tuple[str, str]]:
    """What is known of the item itself, as names and values; what is long, or nothing, left out."""
    found = [(name, figure(value)) for name, value in story.item.facts.items() if value is not None]
    return [(name, value) for name, value in found if len(value) <= 80]


PAGE = Page("item", "", 0, {r"/(?P<item>[1-9][0-9]{0,17})": show})
