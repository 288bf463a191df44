"""Remedy: what to do about a violation, with its commands as they are typed for one workspace."""

from __future__ import annotations

import re
from pathlib import Path

from tools.mill.words import command

_COMMAND = re.compile(r"\bmake (clean all|all|verify|explain|reject|caption-edit)\b((?: [A-Z_]+=\w+)*)")

_TO_FILL_IN = {
    "explain": {"ITEM": "…"},
    "reject": {"ITEM": "…", "WHY": "…"},
    "caption-edit": {"ITEM": "…", "TEXT": "…"},
}
"""What a command takes that only its reader knows."""


def parts(remedy: str, base: Path) -> list[tuple[str, bool]]:
    """The remedy's text in pieces, each with whether it is to be typed: `make all` is, for this workspace."""
    found: list[tuple[str, bool]] = []
    end = 0
    for match in _COMMAND.finditer(remedy):
        target, given = match[1], match[2].split()
        variables = dict(pair.split("=", 1) for pair in given) | _TO_FILL_IN.get(target, {})
        found += [(remedy[end : match.start()], False), (command(base, target, **variables), True)]
        end = match.end()
    return [piece for piece in (*found, (remedy[end:], False)) if piece[0]]


def spelled(remedy: str, base: Path) -> str:
    """The remedy as a line of text: its commands stand between backticks."""
    return "".join(f"`{text}`" if typed else text for text, typed in parts(remedy, base))
