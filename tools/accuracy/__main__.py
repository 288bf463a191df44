"""Measure how right the engines are, on labelled photographs, and write it down in docs/accuracy.md.

The photographs are no part of the project: SHARED names the folder that holds clips/, coco/ and faces/.
Example: python -m tools.accuracy masks identity
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from tools.mill.command import guard
from tools.mill.settings import ROOT, UsageError

PAGE = ROOT / "docs" / "accuracy.md"
PARTS = ("identity", "masks", "sharpness", "duplicates", "networks")
"""Modules beside this one, each with `section(shared) -> str`: Markdown that begins with a heading of second level."""

HEAD = """# How right the engines are

Made by `make accuracy` from photographs and clips that were labelled by hand. They are few: the figures tell a good
engine from a bad one, not one percent from the next.
"""


def page(sections: Mapping[str, str]) -> str:
    """The whole page, its parts in the order of PARTS."""
    return "\n".join([HEAD, *(f"<!-- {name} -->\n{sections[name].strip()}\n" for name in PARTS if name in sections)])


def sections_of(text: str) -> dict[str, str]:
    """The parts of a page as it stands."""
    found = re.split(rf"^<!-- ({'|'.join(PARTS)}) -->\n", text, flags=re.MULTILINE)[1:]
    return {name: body.strip() for name, body in zip(found[::2], found[1::2], strict=True)}


def measured(shared: Path, names: Sequence[str]) -> dict[str, str]:
    """Each part measured. Raises UsageError where what it is measured on is not there."""
    if not shared.is_dir():
        raise UsageError(f"{shared} is not there. Say with --shared where the labelled photographs lie.")
    return {name: str(importlib.import_module(f"tools.accuracy.{name}").section(shared)) for name in names}


@click.command(help=__doc__)
@click.argument("parts", nargs=-1, metavar="[PART]...", type=click.Choice(PARTS))
@click.option("--shared", type=click.Path(path_type=Path), default=ROOT.parent / "shared", help="the labelled pictures")
def main(parts: tuple[str, ...], shared: Path) -> None:
    """Measure, and keep what was not asked for as it stands."""
    before = sections_of(PAGE.read_text(encoding="utf-8")) if PAGE.exists() else {}
    found = measured(shared, parts or PARTS)
    PAGE.write_text(page(before | found), encoding="utf-8")
    for text in found.values():
        click.echo(f"{text.strip()}\n")


if __name__ == "__main__":
    guard(lambda: main(prog_name="python -m tools.accuracy", standalone_mode=False))
