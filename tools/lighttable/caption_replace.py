"""Caption replace: a word for another in many captions, and what would change in each."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tools.lighttable.captioned import Line
from tools.mill.settings import UsageError
from tools.training.edits import one_line


@dataclass(frozen=True)
class Change:
    """What is to be found, and what stands in its place. whole: as a word by itself. case: capitals matter."""

    find: str
    into: str
    whole: bool = True
    case: bool = False

    @property
    def pattern(self) -> re.Pattern[str]:
        """Raises UsageError where there is nothing to find."""
        if not self.find:
            raise UsageError("Say what to find.")
        text = re.escape(self.find)
        if self.whole:
            text = rf"(?<!\w){text}(?!\w)"
        return re.compile(text, 0 if self.case else re.IGNORECASE)

    def of(self, text: str) -> str:
        """The text after the change, as one line."""
        return tidy(self.pattern.sub(lambda _: self.into, text), removed=not self.into.strip())


def tidy(text: str, *, removed: bool) -> str:
    """One line. removed: something was taken out, so that a comma may stand before another, or at an end."""
    line = one_line(text)
    if removed:
        line = re.sub(r"\s+([,.;])", r"\1", line)
        line = re.sub(r",(?:\s*,)+", ",", line).strip(" ,")
    return line


def changed(lines: Iterable[Line], change: Change) -> Iterator[tuple[Line, str]]:
    """Each line whose text would be another, with that text."""
    pattern = change.pattern
    for line in lines:
        if line.text and pattern.search(line.text):
            text = change.of(line.text)
            if text != line.text:
                yield line, text


def pieces(before: str, after: str, change: Change) -> list[tuple[str, str]]:
    """What a change does to a text, as (`same`, `gone` or `new`, text)."""
    found: list[tuple[str, str]] = []
    at = 0
    for match in change.pattern.finditer(before):
        found += [("same", before[at : match.start()]), ("gone", match[0]), ("new", change.into)]
        at = match.end()
    found.append(("same", before[at:]))
    if "".join(text for kind, text in found if kind != "gone") != after:
        return diff(before, after)  # it was made tidy as well
    return [(kind, text) for kind, text in found if text]


def diff(before: str, after: str) -> list[tuple[str, str]]:
    """Pieces as (`same`, `gone` or `new`, text), by words."""
    old, new = (re.findall(r"\s+|\w+|[^\w\s]", text) for text in (before, after))
    pieces: list[tuple[str, str]] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            pieces.append(("same", "".join(old[a:b])))
            continue
        pieces += [(name, "".join(some)) for name, some in (("gone", old[a:b]), ("new", new[c:d])) if some]
    return pieces
