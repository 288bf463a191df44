"""Comparing pictures in a real browser, by keyboard: the way there, divider, flicker, zoom and pan in step, masks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import looking
from compare_pages import SET, compared, open_, planes, shows
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


def test_the_gallery_and_an_item_lead_here_by_c_and_back(page: Any) -> None:
    page.goto(f"/-/gallery?{SET}&sort=-sharpness")
    shown = [tile.get_attribute("data-id") for tile in page.locator(".tile").all()]
    page.keyboard.press("ArrowRight")
    page.keyboard.press("c")
    shows(page, int(shown[1]))
    assert [tile.get_attribute("data-id") for tile in page.locator("#film a").all()] == shown
    page.keyboard.press("ArrowRight")
    shows(page, int(shown[2]))
    assert f"item={shown[2]}" in page.url
    page.keyboard.press("Escape")
    page.wait_for_url("**/-/gallery?set=score%3Acutout&sort=-sharpness")
    assert page.locator(".tile.marked").get_attribute("data-id") == shown[2]
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/-/item/{shown[2]}")
    page.keyboard.press("c")
    shows(page, int(shown[2]))
    assert page.locator("#film a").count() == len(shown)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/-/item/{shown[2]}")


def test_who_has_no_keys_gets_here_too(page: Any) -> None:
    page.goto(f"/-/gallery?{SET}")
    page.locator("#i23").click()
    page.locator("#compare").click()
    shows(page, 23)
    page.goto("/-/item/14")
    page.locator("#compare").click()
    shows(page, 14)


def test_the_divider_moves_by_key_and_by_hand(page: Any) -> None:
    open_(page, f"/-/compare?{SET}&item=21", **{"compare-layout": "slider"})
    handle = page.locator(".handle")
    views = page.locator(".views").bounding_box()
    middle = handle.bounding_box()
    assert abs(middle["x"] + middle["width"] / 2 - views["x"] - views["width"] / 2) < 2
    assert handle.get_attribute("aria-valuenow") == "50"
    for _ in range(3):
        page.keyboard.press("]")
    assert handle.get_attribute("aria-valuenow") == "62"
    page.keyboard.press("[")
    assert handle.get_attribute("aria-valuenow") == "58"
    handle.focus()
    page.keyboard.press("ArrowLeft")
    assert handle.get_attribute("aria-valuenow") == "56"
    page.keyboard.press("Home")
    assert handle.get_attribute("aria-valuenow") == "0"
    assert "item=21" in page.url, "the arrows of the divider do not lead to another image"
    page.keyboard.press("End")
    box = handle.bounding_box()
    page.mouse.move(box["x"] + 12, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(views["x"] + views["width"] / 4, box["y"] + 220, steps=4)
    page.mouse.up()
    assert handle.get_attribute("aria-valuenow") == "25"
    clip = page.locator("[data-part=b]").evaluate("one => getComputedStyle(one).clipPath")
    assert clip.startswith("inset(0px 0px 0px 25")
    page.keyboard.press("ArrowRight")
    assert handle.get_attribute("aria-valuenow") == "27"


def test_flicker_shows_one_picture_then_the_other(page: Any) -> None:
    open_(page, f"/-/compare?{SET}&item=21", **{"compare-layout": "beside"})
    a, b = page.locator("[data-part=a]"), page.locator("[data-part=b]")
    seen = []
    for _ in range(3):
        page.keyboard.press("f")
        seen.append((a.is_visible(), b.is_visible()))
        assert a.bounding_box() == b.bounding_box()
    assert seen == [(True, False), (False, True), (True, False)]
    page.keyboard.press("v")
    assert page.locator(".handle").is_visible(), "another layout ends it"
    page.keyboard.press("v")
    assert a.bounding_box()["x"] < b.bounding_box()["x"]


@pytest.mark.parametrize("layout", ["slider", "beside"])
def test_zoom_and_pan_are_in_step(page: Any, layout: str) -> None:
    open_(page, f"/-/compare?{SET}&item=21", **{"compare-layout": layout})
    whole = planes(page)
    assert whole[0] == pytest.approx(whole[1], abs=0.1)
    assert page.locator("#scale").inner_text().endswith("%")
    page.keyboard.press("+")
    page.keyboard.press("+")
    larger = planes(page)
    assert larger[0] == pytest.approx(larger[1], abs=0.1)
    assert larger[0]["width"] == pytest.approx(whole[0]["width"] * 2.25, abs=0.1)
    page.keyboard.press("Shift+ArrowRight")
    assert planes(page)[0]["x"] == pytest.approx(larger[0]["x"] - 60, abs=0.1)
    assert planes(page)[0] == pytest.approx(planes(page)[1], abs=0.1)
    page.keyboard.press("0")
    assert planes(page) == [pytest.approx(one, abs=0.1) for one in whole]
    page.keyboard.press("0")
    assert page.locator("#scale").inner_text() == "1:1"
    assert (planes(page)[1]["width"], planes(page)[1]["height"]) == pytest.approx((220, 620), abs=0.1)


def test_the_pixel_under_the_pointer_stays_there(page: Any) -> None:
    open_(page, f"/-/compare?{SET}&item=21", **{"compare-layout": "beside"})
    view = page.locator("[data-part=b]").bounding_box()
    x, y = view["width"] / 2 + 30, view["height"] / 2 - 80
    before = planes(page)[1]
    page.mouse.move(view["x"] + x, view["y"] + y)
    page.mouse.wheel(0, -600)
    page.locator("#scale").get_by_text("%").wait_for()
    after = planes(page)[1]
    assert after["width"] > before["width"] * 3
    for axis, at, size in (("x", x, "width"), ("y", y, "height")):
        assert (at - after[axis]) / after[size] == pytest.approx((at - before[axis]) / before[size], abs=0.01)
    page.mouse.down()
    page.mouse.move(view["x"] + x - 50, view["y"] + y + 20)
    page.mouse.up()
    moved = planes(page)
    assert (moved[1]["x"], moved[1]["y"]) == pytest.approx((after["x"] - 50, after["y"] + 20), abs=0.1)
    assert moved[0] == pytest.approx(moved[1], abs=0.1)
    page.mouse.wheel(0, 2000)
    page.locator("#scale[aria-label*='the whole picture. Press']").wait_for()
    assert planes(page)[1] == pytest.approx(before, abs=0.1)


def test_the_place_is_kept_from_image_to_image(page: Any) -> None:
    open_(page, f"/-/compare?{SET}&item=21")
    page.keyboard.press("+")
    page.keyboard.press("+")
    there = planes(page)
    page.keyboard.press("ArrowRight")
    shows(page, 23)
    assert planes(page) == [pytest.approx(one, abs=0.1) for one in there]


def test_what_is_shown_of_a_mask(page: Any) -> None:
    open_(page, f"/-/compare?{SET}&item=21", **{"compare-layout": "beside"})
    seen = []
    for _ in range(3):
        seen.append([page.locator(f"[data-part=b] .{name}").is_visible() for name in ("matte", "tint")])
        page.keyboard.press("m")
    assert seen == [[False, False], [True, False], [False, True]]
    ground = "getComputedStyle(document.querySelector('[data-part=b] .plane')).backgroundColor"
    grounds = set()
    for _ in range(4):
        page.keyboard.press("b")
        grounds.add(page.evaluate(ground))
    assert {"rgb(0, 0, 0)", "rgb(255, 255, 255)", "rgb(0, 177, 64)"} < grounds
