"""Rates: how long a tool takes for one item, what share passes, how large files are. Measured here, or stated."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from tools.mill.manifest import NAME, sql
from tools.mill.settings import TEST_NAME

ENOUGH = 5
"""Of fewer items no rate is taken: one of three says little."""

SECONDS: Mapping[str, float] = {
    "intake": 0.2,
    "photo": 0.1,
    "detect": 0.9,
    "embed": 0.2,
    "match": 0.02,
    "mask": 0.9,
    "score": 0.08,
    "select": 0.01,
    "composite": 0.5,
    "caption": 0.25,
    "package": 0.05,
}
"""Seconds of a worker for one item: a file (intake), a photo (extract), a frame, a person, a cut-out, an image."""

OTHER_S = 0.1
"""Of a tool that stands above in no line."""

DECODE_S_PER_MP = 0.008
"""Seconds of a worker for a million pixels decoded; 1080p has two million a frame."""

PASSED: Mapping[tuple[str, str], float] = {
    ("detect", "frame"): 0.9,
    ("detect", "person"): 0.9,
    ("match", "person"): 1.0,
    ("mask", "cutout"): 0.95,
    ("score", "cutout"): 0.8,
}
"""Shares of what a tool judges that pass it."""

BYTES_PER_MP: Mapping[str, float] = {"frame": 0.09e6, "person": 0.11e6, "cutout": 0.5e6, "composite": 0.8e6}
PERSONS_PER_FRAME = 1.5
CROP_SHARE = 0.2
"""How large a person's crop is, as a share of the frame."""


@dataclass(frozen=True)
class Rates:
    """seconds: of a worker by tool, and 'photo' for extract. decode: for a megapixel. passed: shares by tool and kind.

    measured: names of tools, kinds and ratios that come from runs here; the rest is stated. source: whose runs.
    """

    seconds: Mapping[str, float] = field(default_factory=lambda: SECONDS)
    decode: float = DECODE_S_PER_MP
    passed: Mapping[tuple[str, str], float] = field(default_factory=lambda: PASSED)
    bytes_per_mp: Mapping[str, float] = field(default_factory=lambda: BYTES_PER_MP)
    persons_per_frame: float = PERSONS_PER_FRAME
    crop_share: float = CROP_SHARE
    measured: frozenset[str] = frozenset()
    source: Path | None = None


def rates(base: Path) -> Rates:
    """The rates of a workspace's own runs, else of its slice's, else the stated ones."""
    for place in (base, base / TEST_NAME):
        found = _measured(place)
        if found and found.measured:
            return replace(found, source=place)
    return Rates()


def _measured(base: Path) -> Rates | None:
    if not (base / NAME).exists():
        return None
    with closing(sqlite3.connect(base / NAME, timeout=60)) as db:
        db.row_factory = sqlite3.Row
        try:
            return _read(db)
        except sqlite3.OperationalError as error:
            # A manifest of an older Framemill, or one in which nothing was done yet.
            if "no such" in str(error):
                return None
            raise


def _read(db: sqlite3.Connection) -> Rates:
    known = Rates()
    seconds, passed, measured = dict(known.seconds), dict(known.passed), set()
    spent: dict[str, tuple[int, float]] = {}
    for row in db.execute(sql("estimate/seconds")):
        name = "photo" if (row["tool"], row["kind"]) == ("extract", "photo") else row["tool"]
        if (row["tool"], row["kind"]) != ("extract", "video"):
            n, total = spent.get(name, (0, 0.0))
            spent[name] = n + row["n"], total + row["seconds"]
    for name, (n, total) in spent.items():
        if n >= ENOUGH:
            seconds[name] = total / n
            measured.add(name)
    judged = {(row["tool"], row["kind"]): (row["ok"], row["n"]) for row in db.execute(sql("estimate/yields"))}
    for key, (ok, n) in judged.items():
        if key in passed and n >= ENOUGH:
            passed[key] = ok / n
    decoded = db.execute(sql("estimate/decoded")).fetchone()
    decode = known.decode
    if decoded["megapixels"]:
        decode = decoded["seconds"] / decoded["megapixels"]
        measured.add("extract")
    sizes = {row["kind"]: row for row in db.execute(sql("estimate/sizes")) if row["n"] >= ENOUGH}
    per_mp = {kind: row["bytes"] / row["megapixels"] for kind, row in sizes.items()}
    frames, persons = judged.get(("detect", "frame"), (0, 0))[0], judged.get(("detect", "person"), (0, 0))[1]
    crop_share = known.crop_share
    if {"frame", "person"} <= sizes.keys():
        mean = {kind: sizes[kind]["megapixels"] / sizes[kind]["n"] for kind in ("frame", "person")}
        crop_share = mean["person"] / mean["frame"]
    return Rates(
        seconds=seconds,
        decode=decode,
        passed=passed,
        bytes_per_mp={**known.bytes_per_mp, **per_mp},
        persons_per_frame=persons / frames if frames >= ENOUGH else known.persons_per_frame,
        crop_share=crop_share,
        measured=frozenset(measured),
    )
