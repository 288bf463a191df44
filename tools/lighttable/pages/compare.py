"""Compare: an image beside what it was made from, what was made of it, and what looks like it."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from datasette.utils.asgi import Request, Response

from tools.lighttable import asked, comparing, counted, groups, pictures, sets, writes
from tools.lighttable.asked import Query
from tools.lighttable.desk import Desk, Page
from tools.lighttable.pages.item import gauge
from tools.lighttable.unstored import unstored
from tools.mill.manifest import sql
from tools.mill.settings import UsageError
from tools.report.story import read

MODES = {"mask": "Mask", "frame": "Frame", "composite": "Composite", "groups": "Near-duplicates"}
FIRST = {"frame": "frame", "person": "frame", "composite": "composite", "caption": "composite"}
"""The mode in which an item of a kind is shown first; any other begins with its mask."""

ALIKE = ("near_duplicate", "same_moment", "similar_to_better")

BEST = ("score:cutout", "mask:cutout", "detect:person", "extract:frame")
"""The sets that Compare begins with where none is asked for: the first that there is."""


@dataclass(frozen=True)
class Wanted:
    """What an address asks for: the gallery's set, an item of it, and how to look at it.

    item: 0 for the first of the page, or its last. place: of a group, from 0. came: the address names the item.
    """

    query: Query
    item: int
    mode: str
    place: int
    last: bool
    came: bool

    def address(self, mode: str) -> str:
        item = f"&item={self.item}" if self.item else ""
        return f"{self.query.address('/-/compare', page=self.query.page)}{item}&mode={mode}"


def parse(request: Request) -> Wanted:
    """Raises UsageError as `asked.parse`, and for a mode that is none."""
    item, mode, place = (request.args.get(name) or "" for name in ("item", "mode", "group"))
    if mode and mode not in MODES:
        raise UsageError(f"{mode} is no way to compare. There are: {', '.join(MODES)}.")
    return Wanted(
        asked.parse(request.args), _number(item), mode, max(0, _number(place) - 1), "last" in request.args, bool(item)
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else 0


async def show(desk: Desk, request: Request) -> Response:
    wanted = parse(request)

    def found(db: sqlite3.Connection) -> dict[str, Any]:
        return _context(db, desk, wanted)

    context = await desk.read(found)
    return await desk.page("compare", title="Compare", **await _painted(desk, context))


async def stage(desk: Desk, request: Request) -> Response:
    """The middle of the page alone, for one item: what the page's module asks for as the mark moves."""
    wanted = parse(request)

    def found(db: sqlite3.Connection) -> dict[str, Any]:
        one = counted.chosen_set(desk, db, sets.all_sets(db), wanted.query.set)
        if one is None or not (wanted.item or wanted.mode == "groups"):
            raise UsageError("There is nothing to look at.")
        return {"one": one, "wanted": wanted} | _stage(db, desk, wanted, one)

    context = await desk.read(found)
    return await desk.page("compare_stage", modes=MODES, **await _painted(desk, context))


async def _painted(desk: Desk, context: dict[str, Any]) -> dict[str, Any]:
    """With where the cut-out lies in its composite: that is read from their pictures."""
    from tools.lighttable.placing import placed

    files = context.pop("files", None)
    if not files or not all(files):
        return {"placed": None, **context}
    return {**context, "placed": await desk.paint(placed, *files, context["beside"].composite)}


def _context(db: sqlite3.Connection, desk: Desk, wanted: Wanted) -> dict[str, Any]:
    there = sets.all_sets(db)
    wanted = replace(wanted, query=_query(db, there, wanted))
    one = counted.chosen_set(desk, db, there, wanted.query.set)
    if one is None:
        return {"one": None}
    cells = counted.cube(desk, db, one, wanted.query)
    found = sets.counts(cells, wanted.query)
    text, values = sets.items_question(one, wanted.query, sets.bounds(db, one))
    items = [dict(row) for row in db.execute(text, values)]
    if not wanted.item and items:
        wanted = replace(wanted, item=items[-1 if wanted.last else 0]["id"])
    reviewed = sum(n for value, n in found["verdict"].items() if value)
    stage = _stage(db, desk, wanted, one)
    dropped = unstored(db, (row["id"] for row in items if row["kind"] == "frame" and row["path"] is None))
    return stage | {
        "dropped": dropped,
        "one": one,
        "wanted": wanted,
        "query": wanted.query,
        "modes": MODES,
        "items": items,
        "listed": [
            {name: row[name] for name in ("id", "kind", "version", "state", "reason", "verdict")} for row in items
        ],
        "total": sets.matching(found, wanted.query),
        "pages": -(-sets.matching(found, wanted.query) // wanted.query.per),
        "reviewed": reviewed,
        "reviewable": sum(found["verdict"].values()),
        "alike": groups.sets_of(there),
    }


def _query(db: sqlite3.Connection, there: list[sets.Set], wanted: Wanted) -> Query:
    """The gallery's query; without one, the set that an item belongs to, and the page it lies on."""
    if wanted.query.set:
        return wanted.query
    words = {one.word: one for one in there}
    if not wanted.item:
        begin = next((word for word in BEST if word in words), "")
        if wanted.mode == "groups":
            begin = next((one.word for one in reversed(groups.sets_of(there))), begin)
        return replace(wanted.query, set=begin)
    row = db.execute("select kind from item where id = ?", (wanted.item,)).fetchone()
    kind = row["kind"] if row else ""
    for one in sorted(there, key=lambda one: (one.word not in BEST, -one.stage)):
        if one.kind == kind:
            placed = db.execute(sql("pages/compare.place"), {"step": one.step_id, "item": wanted.item}).fetchone()
            if placed:
                return replace(wanted.query, set=one.word, page=placed["before"] // wanted.query.per + 1)
    return wanted.query


def _stage(db: sqlite3.Connection, desk: Desk, wanted: Wanted, one: sets.Set) -> dict[str, Any]:
    """What the middle of the page shows."""
    found = comparing.beside(db, wanted.item) if wanted.item else None
    if wanted.item and found is None:
        raise UsageError(f"There is no item {wanted.item} in this workspace.")
    said = db.execute(sql("pages/compare.standing"), {"step": one.step_id, "item": wanted.item}).fetchone()
    mode = wanted.mode or _first_mode(said)
    context: dict[str, Any] = {"mode": mode, "beside": found, "group": None, "standing": said}
    if mode == "groups":
        return context | _groups(db, desk, wanted, one)
    if found is None:
        return context
    context["unstored"] = unstored(db, [found.item["id"]]).get(found.item["id"])
    if mode == "frame" and found.frame:
        crop = comparing.on_crop(found) if found.person else None
        context |= {"on_frame": comparing.on_frame(found), "on_crop": crop}
    if mode == "composite" and found.composite:
        shown = _mask(db, desk, found.composite["id"]), pictures.find(db, desk.base, found.composite["parent_id"])
        context["files"] = [one.path if one else b"" for one in shown]
    return context | {"checked": _checked(db, found, mode)}


def _first_mode(said: sqlite3.Row | None) -> str:
    """How an item is looked at first: what was left out for another one beside that."""
    if said is None:
        return "mask"
    return "groups" if said["reason"] in ALIKE else FIRST.get(said["kind"], "mask")


def _checked(db: sqlite3.Connection, found: comparing.Beside, mode: str) -> list[dict[str, Any]]:
    """What was measured of the image that the mode is about: each step with its gauges."""
    about = {"mask": found.cutout, "frame": found.person or found.frame, "composite": found.composite}[mode]
    if about is None:
        return []
    told = read(db, about["id"]).item.judgements
    return [{"said": said, "gauges": [gauge(check) for check in said.checks]} for said in told if said.live]


def _groups(db: sqlite3.Connection, desk: Desk, wanted: Wanted, one: sets.Set) -> dict[str, Any]:
    """The near-duplicates of the set; where it has none, of the last dataset's choice, or of the frames."""
    there = groups.sets_of(sets.all_sets(db))
    of = next((each for each in there if each.word == one.word), None)
    if of is None:
        kind = "frame" if one.kind in ("frame", "video", "photo") else "cutout"
        of = next((each for each in reversed(there) if each.kind == kind), there[-1] if there else None)
    if of is None:
        return {"of": None, "group": None}
    found = groups.all_groups(desk, db, of)
    item = 0 if wanted.place else _cutout_of(db, wanted.item, of.kind)
    return {"of": of, "group": groups.chosen(db, of, found, item, wanted.place), "alike": there}


def _cutout_of(db: sqlite3.Connection, item_id: int, kind: str) -> int:
    """The item of a kind that stands beside another, 0 for none."""
    found = comparing.beside(db, item_id) if item_id else None
    own = {"cutout": found.cutout, "frame": found.frame}[kind] if found else None
    return int(own["id"]) if own else 0


async def mask(desk: Desk, request: Request) -> Response:
    """The mask of a composite, by the same rules as any picture."""
    item = int(request.url_vars["item"])
    shown, size = await desk.read(lambda db: _mask(db, desk, item)), request.url_vars["size"]
    return await pictures.sent(desk, request, shown, size, lambda one: pictures.thumbnail(desk.base, one, size))


def _mask(db: sqlite3.Connection, desk: Desk, item_id: int) -> pictures.Shown | None:
    row = db.execute(sql("pages/compare.mask"), {"item": item_id}).fetchone()
    path = os.path.join(os.fsencode(desk.base), os.fsencode(row["mask_path"])) if row else b""
    if not row or not pictures.is_inside(desk.base, path):
        return None
    version = str(row["mask_sha256"])[:16]
    seen = f"{pictures.VERSION}\0mask\0{row['address']}\0{row['mask_sha256']}\0{row['mask_path']}"
    return pictures.Shown(path, version, hashlib.sha256(os.fsencode(seen)).hexdigest()[:32])


async def swap(desk: Desk, said: Mapping[str, Any]) -> Mapping[str, Any]:
    """`{wanted, kept, set}`: the other image of a group instead of the kept one, in the dataset of the set."""
    ids = writes.ids_of({"ids": [said.get("wanted"), said.get("kept")]})
    if len(ids) != 2:
        raise UsageError("Choose an image other than the kept one. Nothing was written.")
    word = writes.text_of(said, "set", 200)
    one = await desk.read(lambda db: next((each for each in sets.all_sets(db) if each.word == word), None))
    if one is None:
        raise UsageError(f"There is no set {word}.")
    written = await desk.write(groups.swap, desk.base, one.step_id, *ids, one.dataset)
    fates = await desk.read(lambda db: writes.fates(db, one.step_id, written.ids))
    return {"words": written.span, "ids": list(written.ids), "fates": fates}


ITEM = r"(?P<item>[1-9][0-9]{0,17})"
PAGE = Page(
    "compare",
    "Compare",
    40,
    {"": show, "/stage": stage, rf"/mask/{ITEM}/(?P<size>{'|'.join(pictures.SIZES)})": mask},
    {"swap": swap},
)
