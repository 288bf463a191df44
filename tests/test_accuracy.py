"""Accuracy: the page holds each part once, and a part that is measured again replaces itself alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.accuracy.__main__ import HEAD, PAGE, PARTS, measured, page, sections_of
from tools.mill.settings import UsageError


def test_a_page_is_read_as_it_was_written() -> None:
    sections = {"masks": "## Masks\n\n| a |\n|---|\n| 1 |", "identity": "## Identity\n\nAll right."}
    text = page(sections)
    assert text.startswith(HEAD)
    assert text.index("## Identity") < text.index("## Masks"), "in the order of the parts"
    assert sections_of(text) == sections
    assert sections_of(page(sections_of(text) | {"masks": "## Masks\n\nNone."})) == {
        "identity": sections["identity"],
        "masks": "## Masks\n\nNone.",
    }


def test_pictures_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        measured(tmp_path / "none", PARTS)
    assert str(caught.value) == (
        f"{tmp_path / 'none'} is not there. Say with --shared where the labelled photographs lie."
    )


def test_the_page_of_the_documentation_has_all_parts() -> None:
    assert tuple(sections_of(PAGE.read_text(encoding="utf-8"))) == PARTS
