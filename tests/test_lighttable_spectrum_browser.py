"""The spectrum in a real browser: the limit moved by keys, mouse and touch; deciding; a phone; hostile texts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import looking
from lighting import paint, rows, unsay
from manifest_filled import filled

from tools.lighttable import writes

EVIL = '<img src=x onerror="alert(1)">'
SHARP = "/-/spectrum?limit=score:min_sharpness"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four cut-outs of sharpness 0.3125 (24), 0.5, 0.6 and 0.7; only sharpness keeps 24 out."""
    base = filled(tmp_path_factory.mktemp("spectrum"))
    with sqlite3.connect(base / "manifest.db") as db:
        db.execute("update outcome set detail = ? where status <> 'ok'", (EVIL,))
        db.execute("delete from finding where reason = 'under_exposed'")
        for item, value in ((21, 0.5), (23, 0.6), (25, 0.7)):
            db.execute(
                """update score set sharpness = ? where outcome_id in (select id from outcome where item_id = ?
                and step_id = (select id from step where tool = 'score'))""",
                (value, item),
            )
    paint(base)
    return base


@pytest.fixture(scope="module")
def page(base: Path) -> Iterator[Any]:
    with looking(base, viewport={"width": 1280, "height": 900}, has_touch=True) as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        yield page


def shown(page: Any, side: str) -> list[str]:
    return [tile.get_attribute("data-id") for tile in page.locator(f"#{side} .tile").all()]


def figures(page: Any) -> tuple[str, str, str, str]:
    texts = [page.locator(f"#{name}").inner_text() for name in ("pass", "gained", "lost")]
    return (page.locator("#at").input_value(), *texts)


def test_arrows_move_the_limit_and_the_images_follow(page: Any) -> None:
    page.goto(SHARP)
    assert figures(page) == ("0.4", "3", "0", "0")
    assert (shown(page, "below"), shown(page, "above")) == (["24"], ["21", "23", "25"])
    page.keyboard.press("ArrowRight")
    assert page.locator("#at").input_value() == "0.401"
    page.keyboard.press("Shift+ArrowLeft")
    assert page.locator("#at").input_value() == "0.391"
    page.keyboard.press("End")
    assert figures(page) == ("0.701", "3 → 0", "0", "3")
    page.locator("#below [data-id='25']").wait_for()
    assert shown(page, "above") == []
    assert page.locator("#below [data-id='25'] .change").inner_text() == "goes out"
    assert page.locator("#line").inner_text() == "[score]\nmin_sharpness = 0.701"
    page.keyboard.press("Home")
    assert figures(page) == ("0.311", "3 → 4", "1", "0")
    page.locator("#above [data-id='24'] .change", has_text="comes in").wait_for()
    assert page.url.endswith("at=0.311")
    page.reload()
    assert figures(page) == ("0.311", "3 → 4", "1", "0")
    page.keyboard.press("t")
    assert figures(page) == ("0.4", "3", "0", "0")
    assert page.url.endswith("limit=score%3Amin_sharpness")


def test_the_chosen_limit_is_in_sight_and_the_page_stays_at_its_top(page: Any) -> None:
    page.set_viewport_size({"width": 1280, "height": 500})
    page.goto("/-/spectrum?limit=package.default:min_canvas_mp")
    page.goto("/-/spectrum?limit=score:min_solidity")
    box = page.locator(".limits [aria-current]").bounding_box()
    assert 48 < box["y"] < 440
    assert page.evaluate("scrollY") == 0
    page.set_viewport_size({"width": 1280, "height": 900})


def test_the_handle_is_dragged_by_mouse_and_touch(page: Any) -> None:
    page.goto(SHARP)
    box = page.locator("#plot").bounding_box()
    grip = page.locator("#grip").bounding_box()
    page.mouse.move(grip["x"] + grip["width"] / 2, grip["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 80, steps=4)
    page.mouse.up()
    value = float(page.locator("#at").input_value())
    assert 0.5 < value < 0.6
    assert page.locator("#pass").inner_text() == "3 → 2"
    assert page.locator("#handle").get_attribute("aria-valuenow") == str(value)
    page.touchscreen.tap(box["x"] + 2, box["y"] + 60)
    assert page.locator("#at").input_value() == "0.311"
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + 60)
    assert page.locator("#at").input_value() == "0.311"


def test_a_number_can_be_typed_and_the_line_is_copied(page: Any, base: Path) -> None:
    page.goto(SHARP)
    page.locator("#at").fill("0,55")
    page.locator("#at").press("Enter")
    assert page.locator("#pass").inner_text() == "3 → 2"
    page.locator("#at").fill("much")
    page.locator("#at").press("Enter")
    assert page.locator("#at").input_value() == "0.55"
    page.locator("#copy").click()
    page.locator(".toast", has_text="Copied.").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "[score]\nmin_sharpness = 0.55"
    assert not (base / "config.toml").exists()


def test_people_decide_by_key_the_offer_follows_and_undo_takes_it_back(page: Any, base: Path) -> None:
    page.goto(SHARP)
    assert page.locator("#offer").is_hidden()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.locator(".tile.marked").get_attribute("data-id") == "21"
    page.keyboard.press("x")
    page.locator("#reason-text").fill("soft")
    page.keyboard.press("Enter")
    page.locator(".toast", has_text="1 image rejected").wait_for()
    page.locator("#offer", has_text="Move to 0.501: 1 of 1 agree, as many pass").wait_for()
    assert "All are rejected ones" in page.locator("#agree").inner_text()
    page.locator("#above").focus()
    page.locator("#above [data-id='25']").click()
    page.keyboard.press("i")
    page.locator("#agree", has_text="agrees with 1 of 2 decisions of people (1 kept, 1 rejected).").wait_for()
    page.locator("#handle").focus()
    page.keyboard.press("End")
    assert page.locator("#pass").inner_text() == "2 → 1"
    page.keyboard.press("o")
    assert page.locator("#at").input_value() == "0.501"
    assert "2 of 2" in page.locator("#agree").inner_text()
    assert page.locator("#offer").is_hidden()
    said = rows(base, "select verdict, item_id, actor from decision order by id")
    assert said == [("reject", 21, "ann"), ("pin", 25, "ann")]
    page.keyboard.press("z")
    page.locator("#agree", has_text="1 of 1").wait_for()
    page.keyboard.press("z")
    page.locator("#agree", has_text="Keep some images").wait_for()
    page.locator("#below li:first-child[data-id='21']").wait_for()


def test_it_looks_right_on_a_phone_and_in_the_dark(page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(SHARP)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator(".choose select").is_visible()
    handle = page.locator("#grip").bounding_box()
    assert handle["height"] >= 30
    bars = page.evaluate("document.querySelectorAll('#bars rect.in').length")
    assert bars == 3
    page.keyboard.press("l")
    assert page.locator("[data-scale=log]").get_attribute("aria-pressed") == "true"
    page.keyboard.press("l")
    page.set_viewport_size({"width": 1280, "height": 900})


def test_a_hostile_manifest_is_text(page: Any) -> None:
    for path in (SHARP, "/-/spectrum?limit=detect:min_confidence", "/-/spectrum?limit=intake:min_side"):
        page.goto(path)
        assert page.locator("img[src=x]").count() == 0
    assert page.locator("#bars rect").count() > 0


@pytest.mark.parametrize(("limit", "n", "ids"), [("0.6", 1, ["21"]), ("0.701", 2, ["21", "23"]), ("0.311", 1, ["24"])])
def test_the_images_behind_a_number_are_that_many(page: Any, base: Path, limit: str, n: int, ids: list[str]) -> None:
    """25 is kept whatever the limit says, and what equals the limit passes it."""
    writes.decide(base, "keep", [25])
    try:
        page.goto(f"{SHARP}&at={limit}")
        side = "lost" if limit > "0.4" else "gained"
        assert page.locator(f"#{side}").inner_text() == str(n)
        page.locator(f"[data-side={side}]").click()
        page.wait_for_url("**/-/gallery?**")
        assert [tile.get_attribute("data-id") for tile in page.locator("#grid .tile").all()] == ids
    finally:
        unsay(base)
