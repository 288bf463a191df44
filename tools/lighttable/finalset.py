"""Final set: a dataset's chosen images against what it should have: quotas, sources, views, and what trainers see."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.choose.quotas import VIEWS, quotas
from tools.mill.manifest import sql
from tools.mill.settings import Settings, UsageError
from tools.mill.tool import Dataset
from tools.training.edits import read_manifest
from tools.training.names import PACKAGES
from tools.training.report import Contents, Fate, contents, fate, losses
from tools.training.targets import target_of
from tools.training.trainers import TRAINERS, Size, Trainer

Image = dict[str, Any]
"""A row of `sql/pages/final.images.sql`."""

SHOTS = ("close", "mid", "far", "unknown")


def images(db: sqlite3.Connection, dataset: str) -> list[Image]:
    """The images of a set and of its package, in the order of choice."""
    return [dict(row) for row in db.execute(sql("pages/final.images"), {"dataset": dataset})]


def chosen_of(rows: Sequence[Image]) -> list[Image]:
    """The chosen cutouts, each once, whatever composites were made of it."""
    return list({row["id"]: row for row in rows if row["chosen"]}.values())


@dataclass(frozen=True)
class Bar:
    """How many there are against how many there should be. least: a quota to be reached, else the most there may be."""

    word: str
    n: int
    bound: int
    least: bool

    @property
    def share(self) -> float:
        """Of the bar's length, which ends at the bound or where there are more."""
        return round(100 * self.n / max(1, self.n, self.bound), 2)

    @property
    def mark(self) -> float:
        return round(100 * self.bound / max(1, self.n, self.bound), 2)

    @property
    def is_off(self) -> bool:
        return self.n < self.bound if self.least else self.n > self.bound


@dataclass(frozen=True)
class Line:
    """One source of the matrix. cells: by shot and view how many. bar: against what one source may give."""

    source: Image
    cells: Mapping[tuple[str, str], int]
    bar: Bar


@dataclass(frozen=True)
class Matrix:
    """Shots, views and sources. columns: shots with the views of each; total: by shot and view over all sources."""

    columns: Sequence[tuple[str, Sequence[str]]]
    lines: Sequence[Line]
    total: Mapping[tuple[str, str], int]
    shots: Sequence[Bar]
    views: Mapping[str, int]


def matrix(chosen: Sequence[Image], dataset: Dataset) -> Matrix:
    """Count the chosen by shot, view and source. Views that nobody shows have a column where views were measured."""
    wanted = quotas(dataset.count, dataset.quota)
    shots = [shot for shot in SHOTS if shot in wanted or any(row["shot"] == shot for row in chosen)]
    measured = any(row["view"] for row in chosen)
    views = [view for view in VIEWS if measured] + ([""] if any(not row["view"] for row in chosen) else [])
    places = [(row["shot"], row["view"] or "") for row in chosen]
    most = max(1, round(dataset.count * dataset.max_per_source))
    lines = []
    for address, n in Counter(row["source"] for row in chosen).most_common():
        own = [row for row in chosen if row["source"] == address]
        cells = Counter((row["shot"], row["view"] or "") for row in own)
        lines.append(Line(own[0], cells, Bar(address, n, most, least=False)))
    counts = Counter(shot for shot, _ in places)
    bars = [Bar(shot, counts[shot], wanted.get(shot, 0), least=True) for shot in shots]
    there = {shot: {view for other, view in places if other == shot} for shot in shots}
    columns = [(shot, [view for view in views if view in there[shot] or (view and shot in wanted)]) for shot in shots]
    columns = [(shot, own) for shot, own in columns if own]
    return Matrix(columns, lines, Counter(places), bars, {view: sum(v == view for _, v in places) for view in views})


@dataclass(frozen=True)
class Training:
    """What one trainer makes of a set. fate: None where it does not train the target. losses: how many, by what."""

    trainer: Trainer
    fate: Fate | None
    losses: Mapping[str, int]

    @property
    def steps(self) -> int:
        return sum(self.fate.steps.values()) if self.fate else 0

    @property
    def buckets(self) -> list[tuple[Size, int, int]]:
        """Size in px, images and steps of each, the fullest first."""
        made = self.fate
        if made is None:
            return []
        return [(size, n, made.steps[size]) for size, n in sorted(made.buckets.items(), key=lambda p: (-p[1], p[0]))]


def training(found: Contents, target: str) -> list[Training]:
    """What every trainer makes of it, the target's own first."""
    own = target_of(target).trainer
    made = []
    for trainer in sorted(TRAINERS, key=lambda one: (one.name != own, target not in one.targets)):
        one = fate(found, trainer) if target in trainer.targets else None
        made.append(Training(trainer, one, losses(one, found) if one else {}))
    return made


def package_of(base: Path, settings: Settings, dataset: Dataset, rows: Sequence[Image]) -> tuple[Contents, bool, str]:
    """What trainers find: the package as it lies there; without one, what the composites of the set will be.

    Returns with it whether that is the package, and why it is not where there is one: nobody could train on it.
    """
    target, folder, fault = target_of(dataset.target), base / PACKAGES / dataset.name, ""
    if read_manifest(folder) is not None:
        try:
            return contents(folder, target), True, ""
        except UsageError as error:
            fault = str(error)
    made = [row for row in rows if row["chosen"] and row["width"]]
    own = settings.sections["package"]
    sizes = tuple((row["width"], row["height"]) for row in made)
    without = sum(not row["text"] for row in made)
    repeats, batch = own["num_repeats"], own["batch_size"]
    return Contents(dataset.name, sizes, without, target.side_px, target.step_px, repeats, batch), False, fault


def see(row: Image, one: Training, found: Contents) -> dict[str, Any]:
    """What a trainer makes of one image: its bucket, and what happens to it on the way, in words."""
    if one.fate is None or not row["width"]:
        return {"bucket": None, "marks": []}
    seen = one.trainer.see((row["width"], row["height"]), found.side_px, found.step_px)
    small = one.trainer.whole_batches and one.fate.buckets[seen.bucket] * found.repeats < found.batch
    marks = {"dropped": small, "enlarged": seen.enlarged, "shrunk": seen.shrunk, "cropped": seen.cropped}
    return {"bucket": seen.bucket, "marks": [what for what, is_so in marks.items() if is_so]}


def why(row: Image) -> str:
    """Why an image is in the set, in a few words."""
    if row["verdict"] == "pin":
        return f"pinned by hand: {row['note']}" if row["note"] else "pinned by hand"
    if row["rank"] is None:
        return "not in today's choice"
    if row["difference"] is None:
        return "the best score comes first"
    return f"differs by {row['difference']:.2f} from those before it"


def same_settings(recipe: str, dataset: Dataset) -> bool:
    """Whether the set was chosen by what the configuration says now."""
    said = json.loads(recipe).get("dataset", {})
    return all(getattr(dataset, key) == value for key, value in said.items())
