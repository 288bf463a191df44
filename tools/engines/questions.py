"""What a captioner elsewhere asks about an image, and under which digest each question is paid for once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tools.describe import second
from tools.describe.prompts import REQUEST, Prompt, prompt_for, second_prompt
from tools.mill.settings import UsageError
from tools.mill.tool import Dataset
from tools.paid.terms import Terms
from tools.training.targets import target_of

CHOICES: Mapping[str, tuple[str, ...]] = {"show": ("cutout", "crop"), "second_look": ("rules", "model")}
"""Settings that take one of a few words: what of an image may be shown, and who looks at its caption again."""

IMAGE_TOKENS = 1700
"""What one image counts as at most: Gemini 3 has 1120 by default, OpenAI's tiles of 768 px stay below 1536."""

BYTES_PER_TOKEN = 3
"""Of English text, fewer than there are: so that a bound is one."""


@dataclass(frozen=True)
class Questions:
    """Those of one dataset. settings: the terms that decide what is answered, as JSON. second: None where no model
    looks again.
    """

    engine: str
    model: str
    settings: str
    prompt: Prompt
    second: Prompt | None

    @property
    def input_tokens(self) -> int:
        """How many tokens a question has at most, its image included."""
        texts = [_length(self.prompt, REQUEST)]
        if self.second:
            texts.append(_length(self.second, second.request("", "")) + 2 * second.LONGEST)
        return IMAGE_TOKENS + max(texts) // BYTES_PER_TOKEN

    @property
    def each(self) -> int:
        """How many requests an image comes to."""
        return 2 if self.second else 1

    def digest(self, image_sha256: str) -> str:
        """Of the request for a caption."""
        return self._digest(image_sha256, self.prompt, REQUEST)

    def second_digest(self, image_sha256: str, prose: str, tags: str) -> str:
        """Of the request for a second look at what was answered."""
        assert self.second is not None
        return self._digest(image_sha256, self.second, second.request(prose, tags))

    def _digest(self, image_sha256: str, prompt: Prompt, request: str) -> str:
        """What makes a request the same as one that was asked before; not whom it is asked on whose account."""
        from tools.describe.shown import VERSION

        asked = (prompt.instructions, request, prompt.schema, self.engine, self.model, self.settings)
        return hashlib.sha256(json.dumps((VERSION, image_sha256, *asked), sort_keys=True).encode()).hexdigest()


def _length(prompt: Prompt, request: str) -> int:
    return len(f"{prompt.instructions}{request}{json.dumps(prompt.schema)}".encode())


def questions_of(terms: Terms, engine: str, model: str, dataset: Dataset) -> Questions:
    """What is asked with these settings. Raises UsageError where one is none."""
    for name, known in CHOICES.items():
        if getattr(terms, name) not in known:
            raise UsageError(
                f"[caption] {name} is {getattr(terms, name)!r}, which is none. There are: {', '.join(known)}."
            )
    prompt = prompt_for(target_of(dataset.target), dataset.class_word)
    second_one = second_prompt(dataset.class_word) if terms.second_look == "model" else None
    return Questions(engine, model, json.dumps(settings_of(terms), sort_keys=True), prompt, second_one)


def settings_of(terms: Terms) -> dict[str, Any]:
    """Those of the terms that decide what is answered."""
    return {name: getattr(terms, name) for name in ("show", "side_px", "max_output_tokens", "thinking", "temperature")}


def causes(terms: Terms, questions: Questions) -> Mapping[str, str]:
    """What decides a captioner's answers, by name: part of the recipe."""
    from tools.describe.shown import VERSION

    settings = json.dumps([VERSION, settings_of(terms)])
    found = {"model": questions.model, "prompt": questions.prompt.version, "settings": settings}
    return found | ({"second_look": questions.second.version} if questions.second else {})
