"""Tables for the terminal. Elsewhere the same rows as plain text: one line each, nothing wrapped, nothing cut off."""

from __future__ import annotations

import io
import os
import re
import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import click

from tools.mill.words import figure

GAP = 2
NARROW = 20
"""A column is never folded to less than this, so that words stay whole."""

_ENDLESS = 1_000_000
_NUMBER = re.compile(r"(under |over )?-?[\d.,e+-]+( %)?")


@dataclass(frozen=True)
class Table:
    """Rows under their columns' names. What is a number in every row stands right."""

    columns: Sequence[str]
    rows: Sequence[Sequence[object]]


def render(table: Table, width: int | None) -> str:
    """A table as lines of text. width: columns of the terminal; None: plain, however long the lines are.

    Where a terminal is too narrow, wide columns are folded; where that does not do, each row becomes a paragraph.
    """
    from rich.cells import cell_len

    cells = [[figure(value) for value in row] for row in table.rows]
    columns = [[name, *(row[place] for row in cells)] for place, name in enumerate(table.columns)]
    least = sum(min(NARROW, max(map(cell_len, texts))) for texts in columns) + GAP * (len(columns) - 1)
    if width is not None and least > width:
        return _paragraphs(table.columns, cells, width)
    return _grid(columns, width)


def _grid(columns: Sequence[Sequence[str]], width: int | None) -> str:
    """Columns side by side, each with its name on top."""
    from rich.cells import cell_len
    from rich.table import Table as Grid
    from rich.text import Text

    grid = Grid(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold", collapse_padding=True)
    for name, *texts in columns:
        filled = [text for text in texts if text]
        number = bool(filled) and all(_NUMBER.fullmatch(text) for text in filled)
        fixed = max(map(cell_len, (name, *texts))) <= NARROW
        grid.add_column(Text(name), justify="right" if number else "left", overflow="fold", no_wrap=fixed)
    for row in zip(*(texts[1:] for texts in columns), strict=True):
        grid.add_row(*map(Text, row))
    return _printed(grid, width)


def _paragraphs(names: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> str:
    """One row after another, each value on a line of its own behind its name; empty ones are left out."""
    from rich.text import Text

    longest = max(map(len, names), default=0)
    lines = Text()
    for row in rows:
        for name, text in zip(names, row, strict=True):
            if text:
                lines.append(f"{name:{longest}}", "bold").append(f"  {text}\n")
        lines.append("\n")
    return _printed(lines, width)


def _printed(what: object, width: int | None) -> str:
    from rich.console import Console

    out = io.StringIO()
    columns = width or _ENDLESS
    if width is None or "NO_COLOR" in os.environ:
        console = Console(file=out, width=columns, color_system=None)
    else:
        console = Console(file=out, width=columns, force_terminal=True, color_system="standard")
    console.print(what, overflow="fold")
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().rstrip("\n").splitlines())


def terminal_width() -> int | None:
    """Columns of the terminal on stdout; None where it is no terminal."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def say(parts: Iterable[str | Table]) -> None:
    """Print texts and tables on stdout. What its encoding lacks is escaped, not an error."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    for part in parts:
        if isinstance(part, str):
            click.echo(part)
        else:
            click.echo(render(part, terminal_width()), nl=False)
