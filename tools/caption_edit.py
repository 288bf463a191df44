"""Write the caption of an image yourself: it is taken to the letter, and no engine ever replaces it.

ITEM may name a packaged image, its text, a composite, a cut-out or a caption. `make undo` takes your text back.

Example: python -m tools.caption_edit --base data --dataset emma 1234 --text "ohwx, a woman in a red coat"
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import click

from tools.describe import hand
from tools.mill import decisions, find, settings
from tools.mill.command import guard
from tools.mill.manifest import connect, require, sql, transaction
from tools.mill.settings import UsageError
from tools.mill.tool import Asked
from tools.training.edits import one_line
from tools.training.readback import read_back, remarks

KINDS = ("cutout", "composite", "caption")
"""What a caption can be written for: each leads to one cut-out."""


@dataclass(frozen=True)
class Written:
    """A caption that a person writes. item: as somebody names it. dataset: '' where the item or the configuration
    says it.
    """

    item: str
    text: str
    dataset: str = ""


def edit(base: Path, item: str, text: str, dataset: str = "", why: str = "") -> tuple[str, ...]:
    """Write one text down as a person's word on a cut-out; returns what to tell.

    Raises UsageError where the text can be no caption or the item leads to no cut-out.
    """
    require(base)
    with closing(connect(base)) as db, transaction(db):
        return write(db, base, [Written(item, text, dataset)], why)


def write(db: sqlite3.Connection, base: Path, texts: Sequence[Written], why: str = "") -> tuple[str, ...]:
    """As `edit`, of several at once in the open transaction: one word of a person, that is undone as one."""
    lines = [_line(one.text) for one in texts]
    datasets = settings.load(base).datasets
    meant = [_cutout(db, base, one.item, one.dataset, sorted(datasets)) for one in texts]
    told: list[str] = []
    # What stands in the package is older than these texts, and must not come after them.
    for name in sorted({name for _, name in meant}):
        of_one = meant[0][0]["address"] if len(meant) == 1 else None
        told += read_back(db, base, Asked(dataset=name), of_one)
    together = decisions.one_word() if len(meant) > 1 else None
    for (cutout, name), line in zip(meant, lines, strict=True):
        decisions.write(db, "caption", cutout, name, why, value=line, together=together)
        done = f"The caption of cutout {cutout['id']} in {name} is yours. The next `make` puts it into the package."
        wanted = datasets[name]
        told.append(f"{done} {remarks(line, wanted['trigger'], wanted['target'])}".rstrip())
    return tuple(told)


def _line(text: str) -> str:
    """A text as one line. Raises UsageError where it can be no caption."""
    line = one_line(text)
    fault = hand.unusable(line)
    if fault:
        raise UsageError(f'The text {fault}. Write it as TEXT="…", one line.')
    return line


def _cutout(db: sqlite3.Connection, base: Path, text: str, dataset: str, names: list[str]) -> tuple[sqlite3.Row, str]:
    """The cut-out that an item is or was made from, and the dataset that the caption is for."""
    if dataset and dataset not in names:
        raise UsageError(f"There is no dataset {dataset}. There are: {', '.join(names)}.")
    # The text of a packaged image stands for that image.
    found = find.items(db, base, text)
    if len(found) != 1:
        raise UsageError(f"{text} names {len(found)} items. A caption is written for one at a time.")
    (item,) = found
    if item["kind"] not in KINDS:
        raise UsageError(
            f"{item['kind']} {item['id']} has no caption. Name a packaged image, a composite, a cut-out or a caption."
        )
    if item["kind"] != "cutout":
        of_step = db.execute("select dataset from step where id = ?", (item["step_id"],)).fetchone()[0]
        dataset = dataset or str(of_step)
        item = db.execute("select * from item where id = ?", (item["parent_id"],)).fetchone()
    if not dataset and len(names) > 1:
        raise UsageError(f"There are several datasets. Say DATASET= with one of: {', '.join(names)}.")
    in_force = db.execute(sql("package/cutout"), {"address": item["address"]}).fetchone()
    return in_force, dataset or names[0]


@click.command()
@click.argument("item")
@click.option("--text", required=True, help="the caption, one line, to the letter")
@click.option("--base", type=click.Path(path_type=Path), default=Path("data"), show_default=True, help="the workspace")
@click.option("--dataset", default="", help="for this dataset; needed where there are several and ITEM is a cut-out")
@click.option("--why", default="", help="your reason, for whoever asks later")
def main(item: str, text: str, base: Path, dataset: str, why: str) -> None:
    """Write the caption of an image yourself. ITEM: an id, a path or an address."""
    for line in edit(base, item, text, dataset, why):
        click.echo(line, err=True)


if __name__ == "__main__":
    guard(lambda: main(standalone_mode=False))
