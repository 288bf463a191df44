"""A veil over secrets: no sentence and no answer leaves before it went through it. Standard library only."""

from __future__ import annotations

from urllib.parse import quote

from tools.mill.conceal import HIDDEN, conceal

MIN_LENGTH = 6
"""Shorter texts are no keys, and hiding them would eat ordinary words."""


class Veil:
    """Knows the secrets of one run: keys, tokens, the lines of a private key."""

    def __init__(self) -> None:
        self._secrets: set[str] = set()

    def add(self, *secrets: str | None) -> None:
        """From now on these are hidden, whole and line by line."""
        for secret in secrets:
            for part in {secret or "", *(secret or "").splitlines()}:
                if len(part.strip()) >= MIN_LENGTH:
                    self._secrets.add(part.strip())

    def hide(self, text: str) -> str:
        """The text with every secret replaced, also where signs in it were escaped, and whatever looks like one."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            for form in (secret, secret.replace("\n", "\\n"), secret.replace("/", "\\/"), quote(secret, safe="")):
                text = text.replace(form, HIDDEN)
        return conceal(text)
