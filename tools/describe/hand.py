"""Captions that people write: taken to the letter, but for white space. Standard library only."""

from __future__ import annotations

import re

from tools.training.edits import one_line

AUTHOR = "person"
"""Author, engine and prompt version of a caption that a person wrote: no engine had a part in it."""

MAX_CHARACTERS = 2000
"""Longer texts are no captions: a file was saved under the wrong name."""


def unusable(text: str) -> str | None:
    """Why a text cannot be a caption, as the end of a sentence about it; None where it can. text: one line."""
    if not text:
        return "is empty"
    if len(text) > MAX_CHARACTERS:
        return f"has {len(text)} characters; a caption has at most {MAX_CHARACTERS}"
    if not text.isprintable():
        sign = next(sign for sign in text if not sign.isprintable())
        return f"holds the sign {sign!a}, which trainers cannot read"
    return None


def read(content: bytes) -> str:
    """The text of an edited file, as one line. Raises ValueError with the end of a sentence where it is none."""
    try:
        text = one_line(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ValueError("is not UTF-8") from error
    fault = unusable(text)
    if fault:
        raise ValueError(fault)
    return text


def starts(text: str, trigger: str) -> bool:
    """True where a text begins with the trigger as a whole word, whatever its case."""
    return re.match(rf"{re.escape(trigger)}(?!\w)", text, re.IGNORECASE) is not None


def lacks_trigger(text: str, trigger: str) -> bool:
    """True where a trigger is set and a text does not begin with it: told, and left as the person wrote it."""
    return bool(trigger) and not starts(text, trigger)
