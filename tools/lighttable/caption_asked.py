"""Caption asked: what an address of the captions page asks for, and how many lines each filter would leave.

`?dataset=emma&check=long&word=coat&length=10:40&q=red&sort=-words`
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from datasette.utils import MultiParams

from tools.lighttable.asked import NONE, Option
from tools.lighttable.captioned import CHECKS, Line
from tools.lighttable.words import plain
from tools.mill.settings import UsageError

FACETS: Mapping[str, tuple[str, Callable[[Line], Sequence[str]]]] = {
    "dataset": ("Dataset", lambda line: (line.dataset,)),
    "check": ("Check", lambda line: line.checks),
    "reason": ("No caption because", lambda line: (line.reason,)),
    "author": ("Author", lambda line: (line.author,)),
    "engine": ("Engine", lambda line: (line.engine,)),
    "shot": ("Shot", lambda line: (line.shot,)),
    "source": ("Source", lambda line: (line.source,)),
}
"""What can be filtered by: its title, and its values of a line."""

SORTS: Mapping[str, tuple[str, Callable[[Line], Any]]] = {
    "": ("missing first", lambda line: (not line.reason, line.dataset, line.source, line.time_s or 0)),
    "rank": ("order of choice", lambda line: (line.rank is None, line.rank or 0)),
    "words": ("shortest first", lambda line: line.words),
    "-words": ("longest first", lambda line: -line.words),
    "-tokens": ("most tokens first", lambda line: -line.tokens),
    "text": ("alphabetical", lambda line: line.text.lower()),
    "-doubts": ("most doubts first", lambda line: -len(line.doubts)),
    "-at": ("yours, newest first", lambda line: tuple(-ord(sign) for sign in line.at) or (0,)),
}
"""Orders: their names, and what a line is sorted by."""

LISTED, MOST_WORDS, PER = 40, 70, 50


@dataclass(frozen=True)
class Wanted:
    """What an address asks for. chosen: values by facet. words: each is in the text, behind a minus it is not. q: part
    of the text. least, most: number of words, None where open.
    """

    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    q: str = ""
    least: int | None = None
    most: int | None = None
    sort: str = ""
    page: int = 1
    per: int = PER

    def address(self, path: str = "/-/captions", **changes: Any) -> str:
        """The address that asks for this, with some fields changed; another filter begins at the first page."""
        now = replace(self, **({"page": 1} | changes))
        pairs = [(name, value or NONE) for name in FACETS for value in now.chosen.get(name, ())]
        pairs += [("word", word) for word in now.words]
        if now.least is not None or now.most is not None:
            pairs.append(("length", f"{'' if now.least is None else now.least}:{'' if now.most is None else now.most}"))
        pairs += [("q", now.q)] if now.q else []
        pairs += [("sort", now.sort)] if now.sort else []
        pairs += [("per", str(now.per))] if now.per != PER else []
        pairs += [("page", str(now.page))] if now.page > 1 else []
        return f"{path}?{urlencode(pairs)}" if pairs else path

    def toggled(self, facet: str, value: str) -> str:
        """The address with one value of a facet added, or taken away where it is there."""
        now = self.chosen.get(facet, ())
        values = tuple(one for one in now if one != value) if value in now else (*now, value)
        return self.address(chosen={**self.chosen, facet: values})

    def with_word(self, word: str) -> str:
        """The address with one more word, or with one less where it is there."""
        left = tuple(one for one in self.words if one.removeprefix("-") != word)
        return self.address(words=left if len(left) < len(self.words) else (*left, word))

    @property
    def narrowed(self) -> bool:
        return self.address(sort="", per=PER, page=1) != "/-/captions"


def parse(args: MultiParams) -> Wanted:
    """What an address asks for. Raises UsageError for an order or a length that is none."""
    sort = args.get("sort") or ""
    if sort not in SORTS:
        raise UsageError(f"Captions have no order {sort}. There are: {', '.join(filter(None, SORTS))}.")
    least, most = _length(args.get("length") or ":")
    return Wanted(
        chosen={
            name: tuple("" if value == NONE else value for value in args.getlist(name))
            for name in FACETS
            if name in args
        },
        words=tuple(dict.fromkeys(word.lower() for word in args.getlist("word") if word.strip("-")))[:20],
        q=(args.get("q") or "").strip()[:200],
        least=least,
        most=most,
        sort=sort,
        page=_number(args.get("page"), 1, 10**6),
        per=_number(args.get("per"), PER, 200),
    )


def _length(text: str) -> tuple[int | None, int | None]:
    match = re.fullmatch(r"([0-9]{0,4}):([0-9]{0,4})", text)
    if not match:
        raise UsageError(f"{text} is no length. Write least:most in words, as in 10:40.")
    least, most = (int(end) if end else None for end in match.groups())
    return least, most


def _number(text: str | None, default: int, most: int) -> int:
    return min(most, max(1, int(text))) if text and text.isdecimal() and len(text) < 10 else default


@dataclass(frozen=True)
class Found:
    """What an address finds. lines: all that match, in order. counts: by facet and value, how many each would give,
    under all other filters. terms: the words of what matches, with the number of texts. lengths: texts by number of
    words, under all but the filter of lengths.
    """

    lines: Sequence[Line]
    counts: Mapping[str, Mapping[str, int]]
    terms: Sequence[tuple[str, int]]
    lengths: Mapping[int, int]


def find(lines: Iterable[Line], wanted: Wanted) -> Found:
    chosen = {name: frozenset(values) for name, values in wanted.chosen.items() if values}
    counts: dict[str, dict[str, int]] = {name: defaultdict(int) for name in FACETS}
    lengths: dict[int, int] = defaultdict(int)
    terms: Counter[str] = Counter()
    there = []
    for line in lines:
        if not _reads(line, wanted):
            continue
        misses = [name for name, some in chosen.items() if some.isdisjoint(FACETS[name][1](line))]
        if not misses and line.text:
            lengths[line.words] += 1
        if len(misses) > 1 or not (wanted.least or 0) <= line.words <= (9999 if wanted.most is None else wanted.most):
            continue
        for name in misses or FACETS:
            for value in FACETS[name][1](line):
                counts[name][value] += 1
        if not misses:
            there.append(line)
            terms.update(line.terms)
    there.sort(key=SORTS[wanted.sort][1])
    return Found(there, counts, sorted(terms.items(), key=lambda pair: (-pair[1], pair[0])), lengths)


def _reads(line: Line, wanted: Wanted) -> bool:
    """Whether a text has the words and the part that are asked for."""
    if wanted.q and wanted.q.lower() not in line.text.lower():
        return False
    return all(word[1:] not in line.terms if word.startswith("-") else word in line.terms for word in wanted.words)


def options(wanted: Wanted, found: Found, sources: Mapping[str, str]) -> Iterator[tuple[str, str, list[Option], int]]:
    """Each filter that leaves a choice as (name, title, its options, how many more there are)."""
    for name, (title, _) in FACETS.items():
        on = wanted.chosen.get(name, ())
        there = {
            value: n for value, n in found.counts[name].items() if value or name not in ("reason", "author", "engine")
        }
        there |= {value: found.counts[name].get(value, 0) for value in on}
        if not there or (not on and len(there) < 2 and name in ("dataset", "engine", "shot", "source")):
            continue
        order = {check: place for place, check in enumerate(CHECKS)}
        listed = sorted(there.items(), key=lambda pair: (order.get(pair[0], 0), -pair[1], pair[0]))
        shown = [
            Option(called(name, value, sources), value or NONE, n, value in on, wanted.toggled(name, value))
            for value, n in listed[:LISTED]
        ]
        yield name, title, shown, max(0, len(listed) - LISTED)


def called(facet: str, value: str, sources: Mapping[str, str]) -> str:
    """What a value of a filter is called."""
    if facet == "check":
        return CHECKS.get(value, value)
    if facet == "source":
        return sources.get(value, value)
    if facet == "reason":
        return plain(value.removeprefix("caption_")) or "it has one"
    return plain(value) or {"author": "nobody"}.get(facet, "unknown")
