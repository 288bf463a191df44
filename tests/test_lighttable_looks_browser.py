"""What was cut off or out of sight: long names, narrow windows, the page that is shown among the others."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import looking
from lighting import paint
from manifest_filled import filled

LONG = "holiday_" * 24 + ".mp4"
DESK, TABLET, PHONE = ({"width": w, "height": h} for w, h in ((1440, 900), (1024, 768), (390, 844)))
PAGES = {
    "Overview": "/",
    "Final set": "/-/final",
    "Gallery": "/-/gallery?set=score:cutout",
    "People": "/-/people",
    "Compare": "/-/compare?set=score:cutout",
    "Captions": "/-/captions",
    "Spectrum": "/-/spectrum",
    "QC": "/-/qc",
    "Queries": "/manifest",
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = filled(tmp_path_factory.mktemp("looks"))
    paint(base)
    with sqlite3.connect(base / "manifest.db") as db:
        db.execute("update file set shown = ?", (LONG,))
        db.execute("update decision set note = ?", ("x" * 400,))
    return base


@pytest.fixture(scope="module")
def page(base: Path) -> Iterator[Any]:
    with looking(base, viewport=DESK) as page:
        yield page


@pytest.mark.parametrize("size", [DESK, TABLET, PHONE])
def test_no_name_makes_a_page_wider_than_the_window(page: Any, size: dict[str, int]) -> None:
    page.set_viewport_size(size)
    for path in (*PAGES.values(), "/-/item/21", "/-/item/24"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], path


@pytest.mark.parametrize("size", [DESK, TABLET])
def test_what_is_measured_stands_whole_beside_the_picture(page: Any, size: dict[str, int]) -> None:
    page.set_viewport_size(size)
    page.goto("/-/compare?set=score:cutout&mode=mask")
    rail = page.locator(".rail")
    rail.locator(".gauges small").first.wait_for()
    overhanging = """(rail) => [...rail.querySelectorAll("*")].filter(
        (one) => one.getBoundingClientRect().right > rail.getBoundingClientRect().right + 0.5).length"""
    assert rail.evaluate(overhanging) == 0
    overprinted = """(rail) => [...rail.querySelectorAll(".gauges li")].filter((line) =>
        line.querySelector("b").getBoundingClientRect().right > line.querySelector("small").getBoundingClientRect().left
    ).length"""
    assert rail.evaluate(overprinted) == 0


@pytest.mark.parametrize("title", PAGES)
def test_on_a_phone_the_page_that_is_shown_is_in_sight_among_the_others(page: Any, title: str) -> None:
    page.set_viewport_size(PHONE)
    page.goto(PAGES[title])
    box = page.locator(".bar nav [aria-current]").bounding_box()
    assert page.locator(".bar nav [aria-current]").inner_text() == title
    around = page.locator(".bar nav").bounding_box()
    assert around["x"] - 1 <= box["x"]
    assert box["x"] + box["width"] <= around["x"] + around["width"] + 1
