"""Words for what was measured, in the style of the base model: comma-separated tags, or a few plain sentences.

What the model shall take as the person itself (hair, eyes, build, age) is never named: the trigger stands for it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

SHOT_TAG = {"close": "close-up portrait", "mid": "medium shot"}
SHOT_PHRASE = {
    "close": "in a close-up portrait, seen from the shoulders up",
    "mid": "in a medium shot, seen from about the waist up",
}
LIGHT_SENTENCE = {
    "dim": "The light is dim.",
    "bright": "The light is bright and even.",
    "high-contrast": "The light is hard, with one side of the figure in shadow.",
    "soft": "The light is soft, without hard shadows.",
}
FILLER = "There is only this one figure to be seen, and nobody else."
"""Said where little was measured and the caption would be shorter than the model was trained on."""


def words(text: str) -> int:
    """How many words a caption has: runs of letters and digits, hyphens and apostrophes inside."""
    return len(re.findall(r"[^\W_]+(?:[-'][^\W_]+)*", text))


def shot_tag(shot: str, whole: bool) -> str | None:
    """The name of the framing; None where the shot is not known. whole: head and whole are seen."""
    if shot == "far":
        return "full-body shot" if whole else "three-quarter shot"
    return SHOT_TAG.get(shot)


def tags(trigger: str, class_word: str, framing: str | None, light: str | None, colours: Sequence[str]) -> str:
    """A caption of tags, the trigger first."""
    parts = [trigger, class_word, framing, *(f"{colour} clothing" for colour in colours), light and f"{light} light"]
    return ", ".join(part for part in parts if part)


def prose(
    trigger: str, class_word: str, shot: str, whole: bool, light: str | None, colours: Sequence[str], min_words: int
) -> str:
    """A caption of sentences, the trigger first."""
    someone = f"{'an' if class_word[:1].lower() in 'aeiou' else 'a'} {class_word}"
    start = f"{trigger}, {someone}" if trigger else someone[0].upper() + someone[1:]
    sentences = [f"{start}, {_framing(shot, whole)}."]
    if colours:
        sentences.append(f"The clothing is {' and '.join(colours)}.")
    if light:
        sentences.append(LIGHT_SENTENCE[light])
    if words(" ".join(sentences)) < min_words:
        sentences.append(FILLER)
    return " ".join(sentences)


def _framing(shot: str, whole: bool) -> str:
    if shot == "far":
        return (
            "in a full-body shot, seen from head to toe"
            if whole
            else "in a three-quarter shot, seen from about the knees up"
        )
    return SHOT_PHRASE.get(shot, "shown alone, as a single figure in view")
