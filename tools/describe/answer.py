"""A model's answer: read strictly, and put into the form of the target."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from tools.describe.checks import fault, finished
from tools.describe.form import array, line, lines, one_of, table, unwrap
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
    """An answer in the form of `prompts/caption.schema.json`.

    Raises ValueError with a sentence where it is not JSON or of another form.
    """
    whole = table(unwrap(text), "the answer", ("prose", "tags", "seen", "left_out"))
    seen = table(whole["seen"], "seen", ("framing", "view", "clothing", *NOTES))
    out = [table(one, "left_out", ("what", "why")) for one in array(whole["left_out"], "left_out")]
    return Answer(
        line(whole["prose"], "prose"),
        lines(whole["tags"], "tags"),
        one_of(seen["framing"], "seen.framing", FRAMING),
        one_of(seen["view"], "seen.view", VIEWS),
        {name: None if seen[name] is None else line(seen[name], f"seen.{name}") for name in NOTES},
        lines(seen["clothing"], "seen.clothing"),
        tuple((line(one["what"], "left_out.what"), one_of(one["why"], "left_out.why", WHY)) for one in out),
    )


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
