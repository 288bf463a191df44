"""The final set in a real browser: by keyboard alone, swap and undo, a phone, hostile words, no error."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import let_go_in_every_way, looking, selected, settled
from lighting import paint, rows
from manifest_filled import filled
from workspaces import tool

EVIL = '<img src=x onerror="alert(1)">"><script>alert(2)</script>'
CONFIG = "[dataset.default]\ncount = 2\nquota = {close = 0.5, far = 0.5}\n"
DANCE, SECOND, PORTRAIT = 21, 23, 25
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = filled(tmp_path_factory.mktemp("final"))
    paint(base)
    (base / "config.toml").write_text(CONFIG)
    assert tool("select", "--dataset", "default", base=base).returncode == 0
    with sqlite3.connect(base / "manifest.db") as db:
        db.execute("update caption set text = ?", (EVIL,))
        db.execute("update file set shown = ?", (f"{EVIL}.mp4",))
    return base


@pytest.fixture(scope="module")
def page(base: Path) -> Iterator[Any]:
    with looking(base, viewport=DESK, color_scheme="dark", reduced_motion="reduce") as page:
        yield page


@pytest.fixture(autouse=True)
def _at_the_set(base: Path, page: Any) -> Iterator[None]:
    page.set_viewport_size(DESK)
    page.goto("/-/final")
    worked_out(page)
    yield
    from tools.lighttable import writes

    standing = [uid for (uid,) in rows(base, f"select uid {STANDING}")]
    if standing:
        writes.take_back(base, standing)


STANDING = """from decision as said where verdict <> 'undo'
and not exists (select 1 from decision as undo where undo.undoes = said.uid)"""


def said(base: Path) -> list[tuple[Any, ...]]:
    return rows(base, f"select verdict, item_id, dataset, note, actor {STANDING} order by id")


def worked_out(page: Any) -> None:
    """Wait until it is shown what the next make would change."""
    page.locator("#forecast[data-told]").wait_for(state="attached")


def marked(page: Any) -> int:
    return int(page.locator(".card.marked").get_attribute("data-id"))


def test_images_are_shown_as_large_as_the_slider_says_and_as_trained(page: Any) -> None:
    decoded = "Promise.all([...document.querySelectorAll('.card img')].map(async (one) => { await one.decode(); }))"
    page.evaluate(decoded)
    image = page.locator(".card img").first
    assert round(image.bounding_box()["width"]) == round(1024 * 0.28)
    page.keyboard.press("1")
    assert page.locator("#zoom-told").inner_text() == "as trained"
    assert "/full?" in image.get_attribute("src")
    assert page.locator(".card .tile").first.bounding_box()["width"] == 1024
    page.keyboard.press("1")
    page.keyboard.press("+")
    assert page.locator("#zoom-told").inner_text() == "32 %"
    page.keyboard.press("-")
    assert page.locator("#zoom-told").inner_text() == "28 %"


def test_a_swap_says_what_it_writes_shows_what_comes_and_is_undone(page: Any, base: Path) -> None:
    assert marked(page) == DANCE
    page.keyboard.press("s")
    page.keyboard.press("s")  # twice, in a hurry
    page.locator("#effect").wait_for()
    told = page.locator("#swap-told").inner_text()
    assert f"Writes, for default: reject cutout {DANCE}. Cutout {SECOND} comes in by itself, nothing more" in told
    assert "Nobody else comes in or leaves." in told
    page.locator("#swap-why").fill("blinks")
    page.keyboard.press("Enter")
    settled(page, "Swapped.")
    assert said(base) == [("reject", DANCE, "default", "blinks", "ann")]
    page.locator(".coming").wait_for()
    assert "1 comes in, 1 leaves" in page.locator(".coming h2").inner_text()
    assert page.locator(f".coming .card[data-id='{SECOND}']").count() == 1
    assert page.locator(f".card[data-id='{DANCE}']").get_attribute("data-state") == "out"
    page.locator("#banner", has_text="1 change waits").wait_for()
    assert page.locator(".total b").inner_text() == "1"
    page.keyboard.press("z")
    settled(page, "Undone: 1 image")
    page.locator(".coming").wait_for(state="detached")
    page.locator("#banner .waits").wait_for(state="detached")
    assert said(base) == []
    assert page.locator(f".card[data-id='{DANCE}']").get_attribute("data-state") == "in"
    assert page.locator(".total b").inner_text() == "2"


def test_a_swap_that_is_called_off_writes_nothing(page: Any, base: Path) -> None:
    page.keyboard.press("s")
    page.locator("#effect").wait_for()
    page.keyboard.press("Escape")
    page.locator("#swap").wait_for(state="hidden")
    assert said(base) == []


def test_keys_decide_for_this_dataset(page: Any, base: Path) -> None:
    page.keyboard.press("i")
    settled(page, "1 image pinned")
    assert marked(page) == PORTRAIT
    page.keyboard.press("x")
    page.locator("#reason-text").fill("hand cut off")
    page.keyboard.press("Enter")
    settled(page, "1 image rejected")
    assert [row[:4] for row in said(base)] == [
        ("pin", DANCE, "default", None),
        ("reject", PORTRAIT, "default", "hand cut off"),
    ]
    page.locator("#banner", has_text="2 changes wait").wait_for()
    page.locator(".coming .card").wait_for()
    page.keyboard.press("Home")
    assert marked(page) == SECOND  # who comes in stands first, and can be decided on as well
    page.keyboard.press("ArrowDown")
    assert marked(page) == DANCE
    page.keyboard.press("u")
    settled(page, "1 image free again")
    assert [row[0] for row in said(base)] == ["reject"]


def test_several_are_taken_at_once(page: Any, base: Path) -> None:
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowRight")
    selected(page, "2 selected")
    page.keyboard.press("Escape")
    selected(page, "")
    let_go_in_every_way(page, "all 2 selected", ".card.chosen")
    page.keyboard.press("a")
    page.keyboard.press("p")
    page.locator("#confirm[open]").wait_for()
    assert page.locator("#confirm-text").inner_text() == "2 images will be kept for default. Is that right?"
    page.keyboard.press("Escape")
    page.locator("#confirm").wait_for(state="hidden")
    assert said(base) == []
    page.keyboard.press("p")
    page.locator("#confirm[open]").wait_for()
    page.keyboard.press("Enter")
    settled(page, "2 images kept")
    page.locator("#reviewed", has_text="2").wait_for()
    assert [row[:2] for row in said(base)] == [("keep", DANCE), ("keep", PORTRAIT)]


def test_enter_opens_the_image_and_escape_leads_back(page: Any) -> None:
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_url("**/-/item/27")
    page.keyboard.press("Escape")
    page.wait_for_url("**/-/final")
    worked_out(page)
    assert marked(page) == PORTRAIT


def test_a_shot_a_source_and_a_trainer_are_in_the_address(page: Any) -> None:
    page.locator(".bars a", has_text="far").click()
    page.wait_for_url("**shot=far**")
    assert page.locator(".card").count() == 0
    page.locator("a", has_text="Show all").click()
    page.locator(".trainers a", has_text="OneTrainer").click()
    page.wait_for_url("**trainer=OneTrainer**")
    assert page.locator(".trainers .on b").inner_text() == "OneTrainer"
    page.locator(".matrix td a").first.click()
    page.wait_for_url("**source=**")
    assert page.locator(".card").count() == 1


def test_what_gave_nothing_is_counted_when_it_is_opened(page: Any) -> None:
    page.locator(".later summary").click()
    page.locator(".unused li").first.wait_for()
    assert page.locator(".unused").inner_text() == "Every source gave something."


def test_what_make_did_meanwhile_is_shown_on_coming_back(page: Any, base: Path) -> None:
    with sqlite3.connect(base / "manifest.db") as db:
        db.execute("update item set version = 'made-anew' where id = 27")
        db.execute("update run set finished_at = finished_at || ' again' where id = (select max(id) from run)")
    with page.expect_navigation():
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert "v=made-anew" in page.locator("#c27 img").get_attribute("src")


def test_hostile_words_are_text(page: Any) -> None:
    assert page.locator(".card .text").first.inner_text() == f"{EVIL} edit"
    page.keyboard.press("s")
    page.locator("#effect").wait_for()
    assert EVIL in page.locator(".swap .own small").inner_text()
    assert page.locator("img[src=x]").count() == 0
    assert page.locator("script:not([src])").count() == 0


def test_a_phone_shows_it_all_without_scrolling_sideways(page: Any) -> None:
    page.set_viewport_size(PHONE)
    page.goto("/-/final")
    worked_out(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert "2 of 2; far 0 of 1" in page.locator(".filters > summary").inner_text()
    page.locator(".filters > summary").click()
    assert page.locator(".matrix").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("[data-act=swap]").bounding_box()["height"] >= 40
    page.locator("[data-act=swap]").click()
    page.locator("#effect").wait_for()
    box = page.locator("#swap-yes").bounding_box()
    assert box["y"] + box["height"] <= PHONE["height"]
    assert page.evaluate("document.getElementById('swap').scrollWidth") <= 390
    page.keyboard.press("Escape")
