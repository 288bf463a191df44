"""A model's answer: read strictly, and put into the form of the target."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from tools.describe.checks import fault, finished
from tools.describe.job import Draft
from tools.describe.wording import words
from tools.training.targets import Target

FRAMING = ("close", "mid", "far", "whole", "unknown")
VIEWS = ("front", "three-quarter", "side", "back", "unknown")
WHY = ("permanent", "background", "tattoo", "watermark", "text", "other")
NOTES = ("pose", "gaze", "expression", "light")
"""Of what was seen: free text, or null."""


@dataclass(frozen=True)
class Answer:
    """The caption in two forms, and apart what was seen and what was left out: (what, why)."""

    prose: str
    tags: tuple[str, ...]
    framing: str
    view: str
    notes: dict[str, str | None]
    clothing: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]

    @property
    def seen(self) -> dict[str, Any]:
        return {"framing": self.framing, "view": self.view, **self.notes, "clothing": list(self.clothing)}


def read(text: str) -> Answer:
    """An answer in the form of `prompts/caption.schema.json`. A code fence around it is taken off.

    Raises ValueError with a sentence where it is not JSON or of another form.
    """
    try:
        told = json.loads(re.sub(r"\A\s*```(?:json)?\s*\n(.*?)\n?\s*```\s*\Z", r"\1", text, flags=re.DOTALL))
    except RecursionError as error:
        raise ValueError("It is nested too deep.") from error
    except ValueError as error:
        raise ValueError(f"It is not JSON ({error}).") from error
    whole = _table(told, "the answer", ("prose", "tags", "seen", "left_out"))
    seen = _table(whole["seen"], "seen", ("framing", "view", "clothing", *NOTES))
    out = [_table(one, "left_out", ("what", "why")) for one in _list(whole["left_out"], "left_out")]
    return Answer(
        _text(whole["prose"], "prose"),
        _texts(whole["tags"], "tags"),
        _one_of(seen["framing"], "seen.framing", FRAMING),
        _one_of(seen["view"], "seen.view", VIEWS),
        {name: None if seen[name] is None else _text(seen[name], f"seen.{name}") for name in NOTES},
        _texts(seen["clothing"], "seen.clothing"),
        tuple((_text(one["what"], "left_out.what"), _one_of(one["why"], "left_out.why", WHY)) for one in out),
    )


def _table(value: Any, name: str, keys: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{name} is no object.")
    if set(value) != set(keys):
        wrong = sorted(set(value) ^ set(keys))
        raise ValueError(f"{name} lacks or has too much: {', '.join(wrong)[:200]}.")
    return value


def _list(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{name} is no array.")
    return value


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{name} is no text.")
    line = " ".join(value.split())
    if not line.isprintable():
        raise ValueError(f"{name} holds the sign {next(sign for sign in line if not sign.isprintable())!a}.")
    return line


def _texts(value: Any, name: str) -> tuple[str, ...]:
    texts = (_text(one, name).strip(" ,") for one in _list(value, name))
    return tuple(dict.fromkeys(text for text in texts if text))


def _one_of(value: Any, name: str, known: tuple[str, ...]) -> str:
    if value not in known or not isinstance(value, str):
        raise ValueError(f"{name} is none of {', '.join(known)}.")
    return value


def caption_of(answer: Answer, target: Target, class_word: str, trigger: str) -> str:
    """The caption in the target's style, without the trigger, as long as the target bears; "" where there is none."""
    if target.style == "tags":
        kept = [tag for tag in answer.tags if tag.lower() != class_word.lower()]
        while kept and _too_long(", ".join((class_word, *kept)), target, trigger):
            kept.pop()
        return ", ".join((class_word, *kept)) if kept else ""
    sentences = re.split(r"(?<=[.!?])\s+", _began(answer.prose, trigger))
    while len(sentences) > 1 and _too_long(" ".join(sentences), target, trigger):
        sentences.pop()
    return " ".join(sentences)


def _too_long(text: str, target: Target, trigger: str) -> bool:
    """Whether the check that follows will say so, by words or by whatever else it counts."""
    found = fault(finished(text, trigger), Draft(text, "", ""), trigger, target, "")
    return found is not None and words(text) > target.min_words


def _began(prose: str, trigger: str) -> str:
    """Behind a trigger the article is no longer the beginning of a sentence."""
    return re.sub(r"\A(?:A|An|The)\b", lambda match: match[0].lower(), prose) if trigger else prose
