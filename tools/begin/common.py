"""Words that a text encoder knows already: as a trigger each brings along what it means."""

from __future__ import annotations

import re
from pathlib import Path

LIST = Path(__file__).with_name("common_words.txt")
"""Everyday English words and given names, and what is worn out by training: sks, lora, token."""

COMMON = frozenset(LIST.read_text(encoding="utf-8").split())

_ENDINGS = ("'s", "s", "es", "ed", "ing", "er", "ers", "ly", "y", "ish", "ness")
SHORTEST = 3
"""Letters: what is shorter is a part of thousands of words."""


def warning(trigger: str) -> str | None:
    """Why a trigger is a poor one, as a sentence; None where nothing speaks against it.

    Of several words one that is not common is enough.
    """
    words = re.findall(r"\w+(?:'\w+)?", trigger.casefold())
    if not words:
        return "There is no word in it."
    if all(_is_common(word) for word in words):
        what = f'"{trigger}" is a common word or name' if len(words) == 1 else f'"{trigger}" is made of common words'
        why = "the model knows it already, and what it knows is learned into your subject"
        return f"{what}: {why}. Better is one like emx7, which means nothing yet."
    if len(words) == 1 and len(words[0]) < SHORTEST:
        return f'"{trigger}" is shorter than {SHORTEST} letters, and a part of thousands of words. Take a longer one.'
    if len(words) == 1 and words[0].isdigit():
        return f'"{trigger}" is a number, and captions may hold numbers. Add letters to it.'
    return None


def _is_common(word: str) -> bool:
    """Whether a word is known, also with an ending ("dancing", "dogs", "bigger")."""
    if word in COMMON:
        return True
    for ending in _ENDINGS:
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= SHORTEST:
            # dancing: danc, dance; running: runn, run; puppies is left to itself.
            doubled = stem[:-1] if stem[-1] == stem[-2] else stem
            if COMMON & {stem, f"{stem}e", doubled}:
                return True
    return False
