"""Tables for the terminal. Elsewhere the same rows as plain text: one line each, nothing wrapped, nothing cut off."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import click

from tools.report.words import figure

_ENDLESS = 1_000_000


@dataclass(frozen=True)
class Table:
    """Rows under their columns' names. Numbers stand right."""

    columns: Sequence[str]
    rows: Sequence[Sequence[object]]


def render(table: Table, width: int | None) -> str:
    """A table as lines of text. width: columns of the terminal; None: plain, however long the lines are."""
    from rich import box
    from rich.console import Console
    from rich.table import Table as Grid
    from rich.text import Text

    grid = Grid(
        box=box.SIMPLE_HEAD if width else None,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1) if width else (0, 2, 0, 0),
        header_style="bold" if width else "",
    )
    for place, name in enumerate(table.columns):
        right = any(type(row[place]) in (int, float) for row in table.rows)
        grid.add_column(Text(figure(name)), justify="right" if right else "left", overflow="fold")
    for row in table.rows:
        grid.add_row(*(Text(figure(value)) for value in row))
    out = io.StringIO()
    console = Console(file=out, width=width or _ENDLESS, force_terminal=True, color_system="standard")
    if width is None or "NO_COLOR" in os.environ:
        console = Console(file=out, width=width or _ENDLESS, color_system=None)
    console.print(grid)
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def width() -> int | None:
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
            click.echo(render(part, width()), nl=False)
