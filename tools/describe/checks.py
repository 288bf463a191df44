"""What must hold of a caption before it may stand beside an image."""

from __future__ import annotations

import re

from tools.describe.hand import starts
from tools.describe.job import Draft
from tools.describe.tokens import tokens_about
from tools.describe.wording import words
from tools.training.targets import Target


def finished(text: str, trigger: str) -> str:
    """One line, the trigger first. An empty text stays empty."""
    line = " ".join(text.split())
    if not line or not trigger or starts(line, trigger):
        return line
    return f"{trigger}, {line}"


def fault(text: str, draft: Draft, trigger: str, target: Target, forbidden: str) -> tuple[str, str] | None:
    """The reason against a finished caption and a sentence about it; None where there is nothing to say against it.

    forbidden: words and phrases, separated by commas. They are looked for as whole words, whatever their case, behind
    the trigger.
    """
    if draft.problem:
        return f"caption_{draft.problem}", draft.detail
    if not text:
        return "caption_empty", "The captioner gave no text."
    count = words(text)
    if not target.min_words <= count <= target.max_words:
        wanted = f"{target.name} wants {target.min_words} to {target.max_words}"
        return "caption_invalid", f"{count} words, {wanted}: {text}"
    tokens = tokens_about(text)
    if target.max_tokens is not None and tokens > target.max_tokens:
        return "caption_invalid", f"About {tokens} tokens, {target.name} reads {target.max_tokens}: {text}"
    rest = text[len(trigger) :] if starts(text, trigger) else text
    for phrase in filter(None, (part.strip() for part in forbidden.split(","))):
        if re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", rest, re.IGNORECASE):
            return "caption_forbidden_word", f'It says "{phrase}": {text}'
    return None
