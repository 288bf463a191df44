"""Spectrum: how a measurement is distributed around its limit; what another would let pass, and the images there."""

from __future__ import annotations

import importlib
import json
import math
import sqlite3
import tomllib
from collections.abc import Sequence
from functools import cache
from itertools import groupby
from typing import Any

from datasette.utils.asgi import Request, Response

from tools.lighttable import counted, spectra
from tools.lighttable.desk import Desk, Page, values_of
from tools.lighttable.spectra import FREE, KEPT, Bounded, Spectrum
from tools.lighttable.words import plain
from tools.mill import settings
from tools.mill.command import key_comments
from tools.mill.manifest import sql
from tools.mill.settings import ROOT, UsageError
from tools.mill.tool import Limit
from tools.mill.words import command

FIRST = "score:min_sharpness"
STRIP = 24
"""Images on either side of a limit, at most."""


async def show(desk: Desk, request: Request) -> Response:
    word, at = values_of(request, ("limit", "at")).values()

    def found(db: sqlite3.Connection) -> dict[str, Any]:
        there = _limits(desk, db)
        if not there:
            return {"one": None, "title": "Spectrum"}
        one = _chosen(there, word)
        return _context(desk, db, there, one, _number(at, one.bound))

    return await desk.page("spectrum", **await desk.read(found))


async def numbers(desk: Desk, request: Request) -> Response:
    """What is drawn, as JSON: again after a decision."""
    (word,) = values_of(request, ("limit",)).values()

    def found(db: sqlite3.Connection) -> dict[str, Any]:
        there = _limits(desk, db)
        one = _chosen(there, word)
        return spectra.summary(_spectrum(desk, db, there, one), one, whole=_is_whole(one))

    return desk.json(await desk.read(found))


async def near(desk: Desk, request: Request) -> Response:
    """The images just below and just above a place, as JSON: `?limit=score:min_sharpness&at=0.37`."""
    word, at = values_of(request, ("limit", "at")).values()

    def found(db: sqlite3.Connection) -> dict[str, Any]:
        there = _limits(desk, db)
        one = _chosen(there, word)
        return _near(desk, db, there, one, _number(at, one.bound))

    return desk.json(await desk.read(found))


def _limits(desk: Desk, db: sqlite3.Connection) -> list[Bounded]:
    return counted.counted(desk, db, "spectrum", lambda: spectra.all_limits(db))


def _chosen(there: Sequence[Bounded], word: str) -> Bounded:
    """The limit of that word; without one that of sharpness, or the first. Raises UsageError for what is none."""
    found = {one.word: one for one in there}
    if word and word not in found:
        raise UsageError(f"There is no limit {word}. There are: {', '.join(found) or 'none yet'}.")
    if not found:
        raise UsageError("There is no limit yet. Put footage into the workspace and type make all.")
    return found[word] if word else found.get(FIRST, there[0])


def _number(text: str, default: float) -> float:
    try:
        value = float(text or default)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(f"{text} is no number that a limit could stand at.")
    return value


def _spectrum(desk: Desk, db: sqlite3.Connection, there: Sequence[Bounded], one: Bounded) -> Spectrum:
    return counted.counted(desk, db, ("spectrum", one), lambda: spectra.read(db, one, there))


def _context(desk: Desk, db: sqlite3.Connection, there: Sequence[Bounded], one: Bounded, at: float) -> dict[str, Any]:
    spectrum = _spectrum(desk, db, there, one)
    declared = _declared(one)
    return {
        "title": f"{plain(one.metric).capitalize()} · Spectrum",
        "one": one,
        "groups": [(name, list(some)) for name, some in groupby(there, lambda each: (each.tool, each.dataset))],
        "limits": there,
        "measured": spectrum.measured,
        "kinds": " and ".join(f"{kind}s" for kind in spectrum.kinds),
        "description": declared.description,
        "remedy": declared.remedy,
        "unit": key_comments(one.tool).get(one.key, "").removeprefix("LIMIT").lstrip(": "),
        "note": _note(desk, one),
        "file": desk.base / "config.toml",
        "command": command(desk.base, "all"),
        "numbers": spectra.summary(spectrum, one, whole=_is_whole(one)) | {"at": at},
        "near": _near(desk, db, there, one, at),
        "set": _set(one, spectrum.kinds[:1]),
        "sets": [(_set(one, [kind]), f"{kind}s") for kind in spectrum.kinds],
    }


def _near(desk: Desk, db: sqlite3.Connection, there: Sequence[Bounded], one: Bounded, at: float) -> dict[str, Any]:
    spectrum = _spectrum(desk, db, there, one)
    sides = spectra.near(spectrum, at, one.op, STRIP)
    ids = json.dumps([int(spectrum.ids[place]) for places in sides for place in places])
    rows = {row["id"]: dict(row) for row in db.execute(sql("pages/spectrum.items"), {"ids": ids, "step": one.step_id})}

    def tile(place: int, passes: bool) -> dict[str, Any]:
        row, fate = rows[int(spectrum.ids[place])], int(spectrum.fates[place])
        would = passes if fate == FREE else fate == KEPT
        return {**row, "value": float(spectrum.values[place]), "would": would, "fixed": fate != FREE}

    below, above = (
        [tile(place, passes == (one.op == "<")) for place in places if int(spectrum.ids[place]) in rows]
        for places, passes in zip(sides, (False, True), strict=True)
    )
    return {"at": at, "below": below, "above": above}


def _declared(one: Bounded) -> Limit:
    limits: Sequence[Limit] = importlib.import_module(f"tools.{one.tool}").TOOL.limits
    return next(limit for limit in limits if limit.key == one.key)


@cache
def _is_whole(one: Bounded) -> bool:
    """Whether the setting takes whole numbers only."""
    defaults = tomllib.loads((ROOT / "config.toml").read_text(encoding="utf-8"))
    return isinstance(defaults[one.tool][one.key], int)


def _note(desk: Desk, one: Bounded) -> str:
    """Where the settings of today say something else than what was last decided by, '' where they agree."""
    try:
        wanted = settings.load(desk.base).sections[one.tool][one.key]
    except UsageError as error:
        return str(error)
    return "" if float(wanted) == one.bound else f"{one.key} is set to {wanted:g} by now: {command(desk.base, 'all')}."


def _set(one: Bounded, kinds: Sequence[str]) -> str:
    """The word of the gallery's set that this limit looks at."""
    return f"{one.tool}{f'.{one.dataset}' if one.dataset else ''}:{kinds[0]}" if kinds else ""


PAGE = Page("spectrum", "Spectrum", 60, {"": show, "/numbers": numbers, "/near": near})
