"""Captioned: a chosen cut-out with the text that stands for it, and what a check has to say of that text."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from tools.describe import hand
from tools.describe.checks import finished
from tools.describe.tokens import tokens_about
from tools.describe.verify import Seen, contradictions
from tools.describe.wording import words
from tools.inspection.functions import says
from tools.mill import settings
from tools.training.edits import one_line
from tools.training.targets import Target, target_of


@dataclass(frozen=True)
class Rules:
    """What a dataset asks of its captions. forbidden: words and phrases."""

    dataset: str
    trigger: str
    target: Target
    forbidden: tuple[str, ...]


def digest_of(text: str) -> str:
    """A word for a text, by which it is known whether another has taken its place."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Line:
    """One image and its text.

    id, version, address: of the cut-out. composite: id and version of its picture on a new ground. text: what stands: a
    person's, else that of the caption in force. author: `person`, a model or `template`; engine: with its prompt; who,
    at: of a person's. waits: the next make has still to take it up. reason, detail: why no caption stands, '' where one
    does. prose, tags: both ways of saying it, where a model gave both. checks: words of CHECKS. verdict: on the image.
    """

    dataset: str
    id: int
    version: str
    address: str
    ratio: str
    has_picture: bool
    time_s: float | None
    shot: str
    view: str
    rank: int | None
    verdict: str
    composite: tuple[int, str] | None
    text: str
    author: str
    engine: str
    who: str = ""
    at: str = ""
    waits: bool = False
    reason: str = ""
    detail: str = ""
    extent: str | None = None
    posture: str | None = None
    prose: str = ""
    tags: str = ""
    doubts: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    words: int = 0
    tokens: int = 0
    terms: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        return f"{self.dataset}-{self.id}"

    @property
    def digest(self) -> str:
        return digest_of(self.text)

    @property
    def source(self) -> str:
        return self.address.split("/", 1)[0]

    @property
    def seen(self) -> Seen:
        """What was measured of who is on it."""
        return Seen(self.shot or None, self.view or None, self.extent, self.posture)


CHECKS: Mapping[str, str] = {
    "missing": "no caption",
    "short": "too short",
    "long": "too long",
    "forbidden": "forbidden word",
    "untriggered": "without trigger",
    "doubted": "doubted",
    "repeated": "repeated",
    "unreadable": "unreadable sign",
    "waits": "waits for make",
    "fine": "in order",
}
"""What can be said of a text, and how it is called."""


def rules_of(base: Path) -> tuple[Rules, ...]:
    """What each configured dataset asks of its captions. Raises UsageError where the configuration cannot be read."""
    now = settings.load(base)
    phrases = (part.strip() for part in str(now.sections["caption"]["forbidden_words"]).split(","))
    forbidden = tuple(filter(None, phrases))
    return tuple(
        Rules(name, str(one["trigger"]), target_of(one["target"]), forbidden)
        for name, one in sorted(now.datasets.items())
    )


def judged(lines: Sequence[Line], rules: Rules) -> Iterator[Line]:
    """The lines with what is to be said of each text, by itself and beside the others."""
    same = Counter(line.text.lower() for line in lines if line.text and not line.reason)
    for line in lines:
        n_words, n_tokens, found, against = _looked_at(line.text, rules, line.seen)
        doubts = [*line.doubts, *(one for one in against if one not in line.doubts)]
        checks = list(found) if line.text else []
        n = same[line.text.lower()]
        if n > 1 and not line.reason:
            doubts.append(f"It is the text of {n} images.")
            checks.append("repeated")
        if line.reason:
            checks.insert(0, "missing")
        checks += ["doubted"] * bool(doubts) + ["waits"] * line.waits
        yield replace(
            line,
            words=n_words,
            tokens=n_tokens,
            doubts=tuple(doubts),
            checks=tuple(checks) or ("fine",),
            terms=terms(line.text),
        )


@lru_cache(maxsize=1 << 16)
def _looked_at(text: str, rules: Rules, seen: Seen) -> tuple[int, int, tuple[str, ...], tuple[str, ...]]:
    """Words, tokens, checks and doubts of a text by itself."""
    count, tokens, target = words(text), tokens_about(text), rules.target
    found = []
    if count < target.min_words:
        found.append("short")
    if count > target.max_words or (target.max_tokens is not None and tokens > target.max_tokens):
        found.append("long")
    if any(says(text, phrase, rules.trigger) for phrase in rules.forbidden):
        found.append("forbidden")
    if hand.lacks_trigger(text, rules.trigger):
        found.append("untriggered")
    if hand.unusable(text) or text != one_line(text):
        found.append("unreadable")
    parts = Counter(part.strip() for part in text.lower().rstrip(".").split(","))
    twice = [f'It says "{part}" twice.' for part, n in parts.items() if part and n > 1]
    return count, tokens, tuple(found), (*contradictions(text, seen), *twice)


@lru_cache(maxsize=1 << 16)
def terms(text: str) -> frozenset[str]:
    """The words of a text as `make query Q=caption_words` counts them."""
    return frozenset(re.sub("[,.]", " ", text.lower()).split(" ")) - {""}


def offered(line: Line, rules: Rules, in_package: str) -> list[tuple[str, str]]:
    """Other texts for an image, with their names: as a model said it in prose and in tags, and as it was edited in the
    package since.
    """
    said = [(name, finished(text, rules.trigger)) for name, text in (("prose", line.prose), ("tags", line.tags))]
    return [(name, text) for name, text in (("package", in_package), *said) if text and text != line.text]


def quoted(line: Line) -> list[str]:
    """What the doubts about a text quote from it."""
    found = [text for doubt in line.doubts for text in re.findall(r'"([^"]+)"', doubt)]
    return [text for text in dict.fromkeys(found) if text.lower() in line.text.lower()]
