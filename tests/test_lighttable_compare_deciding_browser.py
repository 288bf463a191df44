"""Deciding in Compare in a real browser, by keyboard: frames, composites, groups; a phone's width, hostile names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import looking, settled
from compare_pages import EVIL, SET, compared, open_, planes, said, shows
from lighting import unsay


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compared(tmp_path_factory.mktemp("compared"))


@pytest.fixture(scope="module")
def page(base: Path) -> Iterator[Any]:
    with looking(base, viewport={"width": 1280, "height": 800}) as page:
        yield page


@pytest.fixture(autouse=True)
def _undecided(base: Path) -> Iterator[None]:
    yield
    unsay(base)


def test_a_key_decides_and_the_next_comes(page: Any, base: Path) -> None:
    open_(page, f"/-/compare?{SET}&item=23")
    page.keyboard.press("ArrowRight")
    shows(page, 24)
    assert page.locator(".standing").inner_text().strip() == "blurry"
    page.keyboard.press("p")
    shows(page, 25)
    settled(page, "1 image kept")
    assert said(base) == [("keep", 24, "", "ann")]
    assert page.locator("#f24").get_attribute("data-verdict") == "keep"
    assert page.locator("#f24").get_attribute("data-state") == "in"
    assert page.locator("#reviewed").inner_text() == "1"
    page.keyboard.press("z")
    shows(page, 24)
    settled(page, "Undone: 1 image")
    assert said(base) == []
    assert page.locator(".standing").inner_text().strip() == "blurry"
    assert page.locator("#reviewed").inner_text() == "0"
    page.keyboard.press("ArrowRight")
    shows(page, 25)
    page.keyboard.press("x")
    page.locator("#reason-text").fill("hand cut off")
    page.keyboard.press("Enter")
    settled(page, "1 image rejected")
    assert page.locator(".badge.reject").inner_text() == "rejected", "the last one stays"
    assert page.locator(".standing").inner_text().strip() == "rejected by hand"
    page.keyboard.press("u")
    settled(page, "1 image free again")
    assert said(base) == []
    page.keyboard.press("ArrowRight")
    settled(page, "This is the last of the set.")


def test_the_end_of_a_page_leads_to_the_next(page: Any) -> None:
    open_(page, f"/-/compare?{SET}&per=2&item=23&mode=frame")
    page.keyboard.press("ArrowRight")
    shows(page, 24)
    assert "page=2" in page.url
    page.keyboard.press("ArrowLeft")
    shows(page, 23)
    assert page.locator(".look").get_attribute("data-mode") == "frame"


def test_the_frame_shows_who_it_is_about(page: Any) -> None:
    open_(page, f"/-/compare?{SET}&item=21")
    page.keyboard.press("2")
    page.locator(".look[data-mode=frame]").wait_for()
    view = page.locator("[data-part=a]").bounding_box()
    box = page.locator("[data-part=a] rect.own").bounding_box()
    scale = min(view["width"] / 1280, view["height"] / 720)
    assert box["width"] == pytest.approx(200 * scale, abs=4)
    assert box["height"] == pytest.approx(600 * scale, abs=4)
    assert page.locator("[data-part=a] .joint").count() == page.locator("[data-part=b] .joint").count() == 17
    joints = page.locator("[data-part=a] .layer.joints")
    page.keyboard.press("k")
    assert not joints.is_visible()
    page.keyboard.press("k")
    assert joints.is_visible()
    page.keyboard.press("f")
    assert not joints.is_visible()
    page.keyboard.press("f")
    assert joints.is_visible()
    page.keyboard.press("0")
    frame, crop = planes(page)
    assert (frame["width"], crop["width"]) == pytest.approx((1280, 220), abs=0.1)
    middles = [one.bounding_box()["width"] / 2 for one in page.locator(".view").all()]
    across = (crop["x"] - middles[1]) - (frame["x"] - middles[0])
    assert across == pytest.approx(90, abs=0.1), "both show the same place in their middle"
    assert crop["y"] - frame["y"] == pytest.approx(90, abs=0.1)


def test_a_composite_lies_over_its_cut_out(page: Any) -> None:
    open_(page, "/-/compare?set=package.default:composite&item=26", **{"compare-layout": "beside"})
    assert page.locator(".view").count() == 3
    composite, cutout, mask = planes(page)
    assert composite == pytest.approx(mask, abs=0.1)
    scale = composite["width"] / 1024
    assert cutout["x"] - composite["x"] == pytest.approx(290 * scale, abs=0.5)
    assert cutout["y"] - composite["y"] == pytest.approx(390 * scale, abs=0.5)
    assert cutout["width"] == pytest.approx(220 * scale, abs=0.5)
    width = page.locator("[data-part=c] img").evaluate("async one => { await one.decode(); return one.naturalWidth; }")
    assert width == 1024


def test_groups_are_gone_through_and_the_kept_one_is_swapped(page: Any, base: Path) -> None:
    open_(page, "/-/compare?set=select.default:cutout&item=23")
    assert page.locator(".member.kept").get_attribute("data-id") == "21"
    assert [one.get_attribute("data-id") for one in page.locator(".member").all()] == ["21", "23"]
    assert page.locator(".member.marked").get_attribute("data-id") == "21"
    page.keyboard.press("s")
    settled(page, "Move the mark to the image that is to be in instead.")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("s")
    settled(page, "cutout 23 will be in instead")
    assert said(base) == [("pin", 23, "default", "ann")]
    assert page.locator("#m23").get_attribute("data-verdict") == "pin"
    assert page.locator("#m23 .then").is_visible()
    assert page.locator("#m21 .then").is_visible()
    page.keyboard.press("z")
    settled(page, "Undone: 1 image")
    assert said(base) == []
    assert not page.locator("#m23 .then").is_visible()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("x")
    page.locator("#reason-text").fill("")
    page.keyboard.press("Enter")
    settled(page, "1 image rejected")
    assert said(base) == [("reject", 21, "default", "ann")]
    assert page.locator("#m21").get_attribute("data-state") == "out"
    page.keyboard.press("ArrowDown")
    settled(page, "This is the last group.")


def test_a_frame_without_a_file_cannot_be_kept_and_that_is_said(page: Any, base: Path) -> None:
    open_(page, "/-/compare?set=extract:frame&item=6")
    page.keyboard.press("ArrowRight")
    assert page.locator(".member.marked").get_attribute("data-id") == "6"
    page.keyboard.press("p")
    page.locator(".toast.error").wait_for()
    assert "frame 6 cannot be kept: near_duplicate" in page.locator(".toast.error").inner_text()
    assert page.locator("#m6").get_attribute("data-state") == "out"
    assert said(base) == []


def test_where_nothing_matches_that_is_said(page: Any) -> None:
    open_(page, f"/-/compare?{SET}&reason=nonsense")
    assert page.locator(".look h2").inner_text() == "Nothing matches these filters."
    for key in ("p", "ArrowRight", "f", "+", "0", "]", "c"):
        page.keyboard.press(key)
    open_(page, "/-/compare?set=extract:frame&mode=groups&item=8")
    assert "Nothing was left out for the image you came from" in page.locator(".head").inner_text()


def test_hostile_names_and_details_are_text(page: Any) -> None:
    for path in (
        f"?{SET}&item=24",
        "?item=24&mode=frame",
        "?item=26&mode=composite",
        "?set=select.default:cutout&item=23",
    ):
        open_(page, f"/-/compare{path}")
        page.keyboard.press("ArrowRight")
        assert page.locator("img[src=x]").count() == 0
        assert page.locator("script:not([src]):not([type='application/json'])").count() == 0
    open_(page, f"/-/compare?{SET}&item=24")
    assert EVIL in page.locator(".rail .from").inner_text()
    assert EVIL in page.locator(".rail .detail").inner_text()


def test_a_phone_shows_it_all_without_scrolling_sideways(page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for query in (
        f"{SET}&item=21",
        "item=21&mode=frame",
        "item=26&mode=composite",
        "set=select.default:cutout&mode=groups",
    ):
        open_(page, f"/-/compare?{query}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, query
        for box in [one.bounding_box() for one in page.locator(".view, .member").all()]:
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 390
        assert page.locator(".act.keep").bounding_box()["height"] >= 40
    open_(page, f"/-/compare?{SET}&item=21")
    assert page.locator(".handle").is_visible()
    page.set_viewport_size({"width": 1280, "height": 800})
