"""Checks, filters and replacements of captions, on lines that are made up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from datasette.utils import MultiParams

from tools.lighttable import caption_asked, caption_replace, captioned
from tools.lighttable.caption_asked import Wanted
from tools.lighttable.pages.decide import _parsed
from tools.training.targets import target_of

# --- what is asked ---


def a_line(number: int, text: str, **facts: Any) -> captioned.Line:
    base = captioned.Line(
        *("emma", number, "v", f"s{number % 2}/t1/p1", "1", True, 0.0, "mid", "front", number, ""),
        *(None, text, "template", "builtin template-2"),
    )
    return replace(base, **facts)


RULES = captioned.Rules("emma", "ohwx", target_of("flux"), ("photo", "low quality"))


def judged(*texts: str, **facts: Any) -> list[captioned.Line]:
    return list(captioned.judged([a_line(number, text, **facts) for number, text in enumerate(texts, 1)], RULES))


FIFTEEN = "ohwx, " + " ".join(f"w{number}" for number in range(14))


@pytest.mark.parametrize(
    ("text", "checks"),
    [
        (FIFTEEN, ("fine",)),
        (FIFTEEN.removesuffix(" w13"), ("short",)),
        (f"{FIFTEEN} {'a ' * 45}".strip(), ("fine",)),
        (f"{FIFTEEN} {'a ' * 46}".strip(), ("long",)),
        (f"{FIFTEEN} photo", ("forbidden",)),
        (f"{FIFTEEN} photos", ("fine",)),
        (f"{FIFTEEN} Low Quality", ("forbidden",)),
        (FIFTEEN.replace("ohwx", "ohwxy"), ("untriggered",)),
        (FIFTEEN.upper(), ("fine",)),
        (f"{FIFTEEN}\x07", ("unreadable",)),
        (f"{FIFTEEN}, full body, full body", ("doubted",)),
        (f"{FIFTEEN} seen from behind", ("doubted",)),
    ],
)
def test_the_checks_of_a_text(text: str, checks: tuple[str, ...]) -> None:
    (line,) = judged(text, shot="unknown")
    assert line.checks == checks, line.doubts


def test_tokens_count_where_a_target_has_a_bound() -> None:
    rules = captioned.Rules("emma", "", target_of("sdxl"), ())
    fits, not_any_more = (" ".join(["red"] * n) for n in (60, 60))
    assert [line.checks for line in captioned.judged([a_line(1, fits)], rules)] == [("fine",)]
    long = not_any_more.replace("red red", "unbelievably red", 8)  # four tokens each, where it was one
    assert [line.checks for line in captioned.judged([a_line(1, long)], rules)] == [("long",)]


def test_texts_that_come_again_are_found_whatever_their_case() -> None:
    one, other, third = judged(FIFTEEN, FIFTEEN.title(), f"{FIFTEEN} a")
    assert "repeated" in one.checks
    assert "repeated" in other.checks
    assert third.checks == ("fine",)


LINES = judged(f"{FIFTEEN} red coat", "ohwx, a blue coat", "a red hat", f"{FIFTEEN} photo, red", shot="close", view="")


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (Wanted(), [2, 4, 1, 3]),
        (Wanted({"check": ("untriggered",)}), [3]),
        (Wanted({"check": ("untriggered", "forbidden")}), [4, 3]),
        (Wanted({"check": ("short",), "source": ("s0",)}), [2]),
        (Wanted(words=("coat",)), [2, 1]),
        (Wanted(words=("coat", "-red")), [2]),
        (Wanted(q="RED C"), [1]),
        (Wanted(least=4, most=4), [2]),
        (Wanted(least=5), [4, 1]),
        (Wanted(sort="words"), [3, 2, 4, 1]),
        (Wanted(sort="-words"), [4, 1, 2, 3]),
        (Wanted(sort="text"), [3, 2, 4, 1]),
        (Wanted(sort="rank"), [1, 2, 3, 4]),
        (Wanted({"author": ("person",)}), []),
    ],
)
def test_filters_and_orders(wanted: Wanted, ids: list[int]) -> None:
    found = [line.id for line in caption_asked.find(LINES, wanted).lines]
    assert found == ids if wanted.sort in ("", "rank", "text") else sorted(found) == sorted(ids)
    if wanted.sort.endswith("words"):
        counts = [line.words for line in caption_asked.find(LINES, wanted).lines]
        assert counts == sorted(counts, reverse=wanted.sort.startswith("-"))


@pytest.mark.parametrize(
    "wanted", [Wanted(), Wanted({"check": ("short",)}), Wanted({"source": ("s1",)}, words=("red",)), Wanted(least=5)]
)
def test_counts_are_what_choosing_gives(wanted: Wanted) -> None:
    counts = caption_asked.find(LINES, wanted).counts
    for facet, (_, of_line) in caption_asked.FACETS.items():
        for value in {value for line in LINES for value in of_line(line)}:
            alone = Wanted({**wanted.chosen, facet: (value,)}, wanted.words, wanted.q, wanted.least, wanted.most)
            assert counts[facet].get(value, 0) == len(caption_asked.find(LINES, alone).lines), (facet, value)


def test_the_address_holds_the_whole_state() -> None:
    wanted = Wanted({"check": ("short", "long"), "reason": ("",)}, ("coat", "-hat"), "a&b=ü", 3, None, "-words", 2, 20)
    address = wanted.address(page=2)
    assert caption_asked.parse(MultiParams(_parsed(urlsplit(address).query))) == wanted
    assert Wanted().address() == "/-/captions"
    assert wanted.with_word("hat") == wanted.address(words=("coat",))
    assert wanted.with_word("new") == wanted.address(words=("coat", "-hat", "new"))


# --- find and replace ---


@pytest.mark.parametrize(
    ("change", "text", "after"),
    [
        (caption_replace.Change("red", "blue"), "a red hat, Red, redder", "a blue hat, blue, redder"),
        (caption_replace.Change("red", "blue", case=True), "a red hat, Red", "a blue hat, Red"),
        (caption_replace.Change("red", "blue", whole=False), "redder", "blueder"),
        (caption_replace.Change("red", ""), "emma, red, hat", "emma, hat"),
        (caption_replace.Change("hat", ""), "emma, red hat", "emma, red"),
        (caption_replace.Change("a.b", r"\1"), "a.b axb", r"\1 axb"),
        (caption_replace.Change("red", "blue  \n "), "a red", "a blue"),
    ],
)
def test_a_word_is_replaced(change: caption_replace.Change, text: str, after: str) -> None:
    assert change.of(text) == after


def test_a_difference_is_told_by_words() -> None:
    assert caption_replace.diff("a red coat, soft", "a blue coat, soft") == [
        *(("same", "a "), ("gone", "red"), ("new", "blue"), ("same", " coat, soft"))
    ]


def test_what_a_change_does_is_told_in_pieces() -> None:
    change = caption_replace.Change("red", "blue")
    before = "a Red coat, red"
    assert caption_replace.pieces(before, change.of(before), change) == [
        *(("same", "a "), ("gone", "Red"), ("new", "blue")),
        *(("same", " coat, "), ("gone", "red"), ("new", "blue")),
    ]
    without = caption_replace.Change("red", "")
    told = caption_replace.pieces("emma, red, hat", without.of("emma, red, hat"), without)
    assert "".join(text for kind, text in told if kind != "gone") == "emma, hat"
    assert "".join(text for kind, text in told if kind != "new") == "emma, red, hat"
