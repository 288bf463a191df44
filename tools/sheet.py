"""Draw contact sheets of a dataset's chosen set and of what nearly made it, to judge the choice at a glance.

Writes BASE/sheets/DATASET.jpg and BASE/sheets/DATASET-near.jpg.
Example: python -m tools.sheet --base data --dataset emma
"""

from __future__ import annotations

import json
import math
import os
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tools.mill import files
from tools.mill.command import guard
from tools.mill.manifest import sql
from tools.mill.plan import FOLDERS
from tools.mill.settings import UsageError
from tools.mill.tool import Dataset
from tools.mill.words import clean, command, figure, plural
from tools.report.reading import reading

if TYPE_CHECKING:
    from tools.sheets.contact import Pixels, Tile

Values = Mapping[str, Any]

SHOTS = ("close", "mid", "far", "unknown")
NEAR_EACH = 12
"""Images that are shown for each reason."""

UNUSED_SHOWN = 20
SIDE_PX = 240

LOST = "its file is lost: make verify REPAIR=1"

WHY = {
    "same_moment": "another image of the same moment is better",
    "similar_to_better": "looks like an image of the set",
    "over_quota": "the set is full",
}


def groups(rows: Sequence[Values], dataset: Dataset) -> list[tuple[str, list[Values]]]:
    """The chosen set by shot, with the titles of the groups; each in the order of choice."""
    from tools.choose.quotas import quotas

    wanted = quotas(dataset.count, dataset.quota)
    found = []
    for shot in SHOTS:
        members = [row for row in rows if row["shot"] == shot]
        if members or shot in wanted:
            title = f"{shot}: {len(members)} of {wanted[shot]}" if shot in wanted else f"{shot}: {len(members)}"
            found.append((title, members))
    return found


def chosen_lines(row: Values) -> tuple[str, ...]:
    """What stands below a chosen image."""
    what = " ".join(part for part in (row["shot"], row["view"], row["who"]) if part)
    apart = "" if row["difference"] is None else f", differs by {row['difference']:.2f}"
    return (f"{row['rank'] or 'kept'}  {what}", f"score {figure(row['score'])}{apart}", _from(row))


def near_title(reason: str, rows: Sequence[Values]) -> str:
    """What a group of images that nearly made it has in common."""
    return f"{reason}: {WHY.get(reason, 'stopped by this limit alone')} ({len(rows)} nearest)"


def near_lines(row: Values) -> tuple[str, ...]:
    """What stands below an image that nearly made it: why not, and what is in instead."""
    what = " ".join(part for part in (row["shot"], row["view"]) if part)
    if row["metric"]:
        why = f"{row['metric']} {figure(row['value'])}, limit {figure(row['bound'])}"
    elif row["kept_rank"]:
        why = f"kept instead: no. {row['kept_rank']}"
    else:
        why = clean(row["detail"] or "")
    score = "" if row["score"] is None else f"  score {figure(row['score'])}"
    return (f"{what}{score}", why, _from(row))


def _from(row: Values) -> str:
    """The source's name, and of a video the time."""
    path = clean(row["source_path"] or "")
    time = f"  {figure(row['time_s'])} s" if path.startswith(FOLDERS["video"]) else ""
    return f"{os.path.basename(path)}{time}"


def draw(base: Path, db: sqlite3.Connection, dataset: Dataset) -> Iterator[str]:
    """Write both sheets of a dataset; yields what to print."""
    rows = [dict(row) for row in db.execute(sql("sheets/chosen"), {"dataset": dataset.name})]
    near = [dict(row) for row in db.execute(sql("sheets/near"), {"dataset": dataset.name, "most": NEAR_EACH})]
    shots = groups(rows, dataset)
    title = f"{dataset.name}: {plural(len(rows), 'image')} chosen of {dataset.count} wanted"
    tiles = [
        _tile(base, row["composite_path"] or row["cutout_path"], chosen_lines(row), name)
        for name, members in shots
        for row in members
    ]
    yield _write(base, f"{dataset.name}.jpg", title, tiles)
    yield from (f"  {name}" for name, _ in shots)
    yield from unused([dict(row) for row in db.execute(sql("sheets/unused"), {"dataset": dataset.name})])
    titles = {reason: near_title(reason, [row for row in near if row["reason"] == reason]) for reason in _reasons(near)}
    tiles = [_tile(base, row["path"], near_lines(row), titles[row["reason"]]) for row in near]
    yield _write(base, f"{dataset.name}-near.jpg", f"{dataset.name}: what nearly made it", tiles)
    yield from (f"  {name}" for name in titles.values())


def unused(rows: Sequence[Values]) -> Iterator[str]:
    """The sources that gave nothing to the set, and why."""
    if rows:
        yield f"  {plural(len(rows), 'source')} unused:"
    for row in rows[:UNUSED_SHOWN]:
        why = f"{row['reason']} {row['n']}" if row["reason"] else "nothing of it was looked at yet"
        yield f"    {clean(row['source_path'])}: {why}"
    if len(rows) > UNUSED_SHOWN:
        yield f"    and {len(rows) - UNUSED_SHOWN:,} more"


def _reasons(rows: Sequence[Values]) -> Counter[str]:
    return Counter(row["reason"] for row in rows)


def _tile(base: Path, path: str, lines: tuple[str, ...], group: str) -> Tile:
    import numpy as np

    from tools.media.errors import MediaError
    from tools.media.image import read_rgba
    from tools.sheets.contact import Tile, fitted, on_grey

    try:
        picture = _subject(read_rgba(base / path, math.inf))
    except (FileNotFoundError, MediaError):
        picture, lines = np.zeros((SIDE_PX, SIDE_PX, 4), np.uint8), (*lines[:1], LOST)
    return Tile(fitted(on_grey(picture), SIDE_PX), lines, group)


def _subject(rgba: Pixels) -> Pixels:
    """The part of a cut-out that holds its subject; an opaque picture as it is."""
    from tools.measure.outline import extent

    if not (rgba[..., 3] > 127).any():
        return rgba
    x0, y0, x1, y1 = extent(rgba[..., 3])
    return rgba[y0:y1, x0:x1]


def _write(base: Path, name: str, title: str, tiles: Sequence[Tile]) -> str:
    from tools.media.image import encode_jpeg
    from tools.sheets.contact import contact_sheet

    stored = files.store(base, f"sheets/{name}", encode_jpeg(contact_sheet(tiles, title, side_px=SIDE_PX)))
    return str(base / stored.path)


def datasets(db: sqlite3.Connection, base: Path, name: str) -> list[Dataset]:
    """The datasets that have been selected, or the one that is asked for. Raises UsageError where there is none."""
    rows = db.execute(
        """select step.dataset, recipe.json from step join recipe on recipe.id = step.recipe_id
        where step.tool = 'select' and step.active and (:name = '' or step.dataset = :name) order by step.dataset""",
        {"name": name},
    ).fetchall()
    if not rows:
        raise UsageError(
            f"Nothing was selected{f' for dataset {name}' if name else ''} yet. Type: {command(base, 'stage4')}"
        )
    return [Dataset(name=row["dataset"], **json.loads(row["json"]).get("dataset", {})) for row in rows]


@click.command(help=__doc__)
@click.option("--base", type=click.Path(path_type=Path), default=Path("data"), show_default=True, help="the workspace")
@click.option("--dataset", default="", help="which one; all where it is left out")
def main(base: Path, dataset: str) -> None:
    """Draw the sheets."""
    with reading(base) as db:
        for one in datasets(db, base, dataset):
            for line in draw(base, db, one):
                click.echo(line)


if __name__ == "__main__":
    guard(lambda: main(standalone_mode=False))
