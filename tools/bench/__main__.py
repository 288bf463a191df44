"""Measure speed and memory: ratios against a peer or a floor, taken in one run, each with the bound it is held to.

Example: python -m tools.bench ledger noop --json bench.json

Without a PART all are measured, which takes about twenty minutes and 2 GB of disk.
"""

from __future__ import annotations

import dataclasses
import importlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

from tools.bench import report
from tools.bench.report import Part
from tools.bench.result import Line, Missing
from tools.bench.sizes import SMALL, Sizes
from tools.mill.command import guard
from tools.report.table import say

PARTS = ("extraction", "recording", "ledger", "noop", "memory", "detect", "mask", "gpu", "table")
"""Modules beside this one, each with TITLE, HOW and `measure(folder, sizes)`."""


SMALL_SAID = "Tiny sizes: they show that it works; neither the figures nor the bounds above mean anything."


def measured(name: str, folder: Path, sizes: Sizes) -> Part:
    """Measure one part in a folder; each line is told as it comes."""
    module = importlib.import_module(f"tools.bench.{name}")
    lines = []
    for line in _lines(module.measure(folder, sizes), name):
        click.echo(f"{name}: {line.name}: {report.cells(line)[0]}", err=True)
        lines.append(line)
    return Part(name, module.TITLE, module.HOW, lines)


def _lines(found: Iterator[Line], name: str) -> Iterator[Line]:
    """The lines of a part; where it cannot go on, a last one that says so."""
    try:
        yield from found
    except Missing as error:
        yield Line(f"the rest of {name}", None, "ratio", 0.0, missing=str(error))


@click.command(help=(__doc__ or "").replace("\n\n", "\n\n\b\n", 1))
@click.argument("parts", nargs=-1, metavar="[PART]...", type=click.Choice(PARTS))
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="write all as JSON")
@click.option("--write", "page", type=click.Path(dir_okay=False, path_type=Path), help="write it as a page of Markdown")
@click.option("--folder", type=click.Path(exists=True, file_okay=False, path_type=Path), help="where to work")
@click.option("--small", is_flag=True, help="tiny sizes: shows that it works; the figures mean nothing")
def main(parts: tuple[str, ...], json_file: Path | None, page: Path | None, folder: Path | None, small: bool) -> None:
    """Measure and tell; whatever was made to measure on is removed."""
    found = report.begin()
    for name in parts or PARTS:
        with tempfile.TemporaryDirectory(prefix="framemill-bench-", dir=folder) as place:
            part = measured(name, Path(place), SMALL if small else Sizes())
            found = dataclasses.replace(found, parts=(*found.parts, part))
    say((report.table(found), "", SMALL_SAID if small else report.verdict(found)))
    if json_file:
        json_file.write_text(report.as_json(found), encoding="utf-8")
    if page:
        command = " ".join(("python -m tools.bench", *parts, "--write", str(page)))
        page.write_text(report.page(found, command), encoding="utf-8")


if __name__ == "__main__":
    guard(lambda: main(prog_name="python -m tools.bench", standalone_mode=False))
