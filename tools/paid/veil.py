"""A veil over secrets: no sentence and no answer leaves before it went through it. Standard library only."""

from __future__ import annotations

import re

from tools.mill.conceal import HIDDEN, conceal

MIN_LENGTH = 6
"""Shorter texts are no keys, and hiding them would eat ordinary words."""


class Veil:
    """Knows the secrets of one run: keys, tokens, the lines of a private key."""

    def __init__(self) -> None:
        self._patterns: dict[str, re.Pattern[str]] = {}

    def add(self, *secrets: str | None) -> None:
        """From now on these are hidden, whole and line by line."""
        for secret in secrets:
            for part in {secret or "", *(secret or "").splitlines()}:
                if len(part.strip()) >= MIN_LENGTH:
                    self._patterns.setdefault(part.strip(), _pattern(part.strip()))

    def hide(self, text: str) -> str:
        """The text with every secret replaced, however its signs are escaped, and whatever looks like one."""
        for secret in sorted(self._patterns, key=len, reverse=True):
            text = self._patterns[secret].sub(HIDDEN, text)
        return conceal(text)


def _pattern(secret: str) -> re.Pattern[str]:
    """A secret whose signs stand there plain, or escaped as in JSON (also in JSON within JSON) or in an address."""
    return re.compile("".join(map(_sign, secret)))


def _sign(sign: str) -> str:
    code = ord(sign)
    named = r"|\\+n" if sign == "\n" else ""
    return rf"(?:\\*{re.escape(sign)}|\\+u(?i:{code:04x})|%(?i:{code:02x}){named})"
