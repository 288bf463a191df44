"""Asking commands in this process, and what they printed."""

from __future__ import annotations

import json
from pathlib import Path

import click
from click.testing import CliRunner

from tools import explain, query

HISTORY = "How it came about, from the source down:"


def ask(command: click.Command, base: Path, *words: str) -> tuple[str, int | None]:
    """What a command prints on stdout about a workspace, and the exit code that it returns; its errors are raised."""
    done = CliRunner().invoke(command, ["--base", str(base), *words], standalone_mode=False)
    if done.exception:
        raise done.exception
    return done.stdout, done.return_value


def answer(base: Path, *words: str) -> list[dict[str, object]]:
    """The rows with which `query` answers."""
    found: list[dict[str, object]] = json.loads(ask(query.main, base, *words, "--format", "json")[0])
    return found


def explained(base: Path, *words: object) -> str:
    """All that `explain` says of some items."""
    return ask(explain.main, base, *map(str, words))[0]


def verdict(base: Path, name: object) -> list[str]:
    """The lines that `explain` says of an item before its history; the first names the item."""
    return explained(base, name).partition(f"\n{HISTORY}")[0].splitlines()
