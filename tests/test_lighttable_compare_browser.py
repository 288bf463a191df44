"""Compare in a real browser, by keyboard: divider, flicker, zoom in step, deciding, groups; a phone, hostile names."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import looking
from lighting import paint, rows, unsay
from manifest_filled import filled
from PIL import Image

SET = "set=score:cutout"
EVIL = '<img src=x onerror="alert(1)">"><script>alert(2)</script>'


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = filled(tmp_path_factory.mktemp("compared"))
    paint(base)
    masks = base / "05_augmented" / "default" / "masks"
    masks.mkdir(parents=True, exist_ok=True)
    image = Image.new("L", (1024, 1024), 0)
    image.paste(255, (300, 400, 490, 990))
    for (path,) in rows(base, "select mask_path from composite"):
        image.save(base / path)
    (path,) = rows(base, "select path from item where id = 21")[0]
    cutout = Image.new("RGBA", (220, 620), (0, 0, 0, 0))
    cutout.paste((200, 100, 50, 255), (10, 10, 200, 600))
    cutout.save(base / path, lossless=True)
    keypoints = [[100.0 + at, 20.0 + 30 * at, 0.9] for at in range(17)]
    with sqlite3.connect(base / "manifest.db") as db:
        db.execute("update person set keypoints_json = ? where item_id = 14", (json.dumps(keypoints),))
        db.execute("update file set shown = ? where id = 1", (f"{EVIL}.mp4",))
        db.execute("update outcome set detail = ? where status <> 'ok'", (EVIL,))
        db.execute('update "select" set score_parts = ?', (EVIL,))
    return base


@pytest.fixture(scope="module")
def page(base: Path) -> Iterator[Any]:
    with looking(base, viewport={"width": 1280, "height": 800}) as page:
        yield page


@pytest.fixture(autouse=True)
def _undecided(base: Path) -> Iterator[None]:
    yield
    unsay(base)


def said(base: Path) -> list[tuple[str, int, str, str]]:
    """What stands: (verdict, item, dataset, actor)."""
    return rows(
        base,
        """select verdict, item_id, dataset, actor from decision as said where verdict <> 'undo'
        and not exists (select 1 from decision as undo where undo.undoes = said.uid) order by id""",
    )


def settled(page: Any, text: str) -> None:
    page.locator(".toast", has_text=text).first.wait_for()
    page.evaluate("document.getElementById('toasts').replaceChildren()")


def shows(page: Any, item: int) -> None:
    """Wait until an item is looked at, and the page listens."""
    page.locator(f".look[data-item='{item}']").wait_for()
    page.locator("#place:not(:empty)").wait_for()


def open_(page: Any, path: str, **kept: str) -> None:
    """Open an address with nothing remembered but what is named."""
    page.goto("/-/compare")
    page.evaluate(
        "kept => { localStorage.clear(); for (const name in kept) localStorage.setItem(name, kept[name]); }", kept
    )
    page.goto(path)
    page.locator("#place:not(:empty)").wait_for()


def planes(page: Any) -> list[dict[str, float]]:
    """Where each picture lies in its view, in CSS pixels."""
    return page.evaluate(
        """[...document.querySelectorAll('.view')].map((view) => {
            const own = view.getBoundingClientRect();
            const box = view.querySelector('.plane').getBoundingClientRect();
            return {x: box.x - own.x, y: box.y - own.y, width: box.width, height: box.height};
        })"""
    )


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
