"""Reviewing in a real browser: keys, undo, bulk, a phone, hostile names; no error, no request to another host."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import let_go_in_every_way, looking, selected, settled
from lighting import paint, rows, unsay
from manifest_filled import filled

CUTOUTS = "/-/gallery?set=score:cutout"
EVIL = '<img src=x onerror="alert(1)">"><script>alert(2)</script>'


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = filled(tmp_path_factory.mktemp("browsed"))
    with sqlite3.connect(base / "manifest.db") as db:
        db.execute("update caption set text = ?", (EVIL,))
        db.execute("update file set shown = ? where id = 1", (f"{EVIL}.mp4",))
        db.execute("update outcome set detail = ? where status <> 'ok'", (EVIL,))
    paint(base)
    return base


@pytest.fixture(scope="module")
def page(base: Path) -> Iterator[Any]:
    with looking(base, viewport={"width": 1280, "height": 800}, color_scheme="dark") as page:
        yield page


@pytest.fixture(autouse=True)
def _undecided(base: Path, page: Any) -> Iterator[None]:
    page.evaluate("sessionStorage.removeItem('last')")
    yield
    unsay(base)


def said(base: Path) -> list[tuple[str, int, str | None, str]]:
    """What stands: (verdict, item, note, actor)."""
    return rows(
        base,
        """select verdict, item_id, note, actor from decision as said where verdict <> 'undo'
        and not exists (select 1 from decision as undo where undo.undoes = said.uid) order by id""",
    )


def marked(page: Any) -> str:
    return str(page.locator(".tile.marked").get_attribute("data-id"))


def test_pictures_are_shown_and_the_first_is_marked(page: Any) -> None:
    page.goto(CUTOUTS)
    decoded = "async (one) => { await one.decode(); return one.naturalWidth; }"
    widths = page.evaluate(f"Promise.all([...document.querySelectorAll('.tile img')].map({decoded}))")
    assert widths == [176] * 4
    assert page.locator(".tile").count() == 4
    assert marked(page) == "21"


def test_the_mark_moves_nothing_but_itself(page: Any) -> None:
    page.goto(CUTOUTS)
    boxes = "[...document.querySelectorAll('.tile')].map((tile) => tile.getBoundingClientRect().width)"
    before = page.evaluate(boxes)
    page.keyboard.press("ArrowRight")
    assert marked(page) == "23"
    assert page.evaluate(boxes) == before
    assert min(before) > 60


def test_a_key_decides_the_mark_moves_on_and_undo_takes_it_back(page: Any, base: Path) -> None:
    page.goto(CUTOUTS)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert marked(page) == "24"
    page.keyboard.press("p")
    settled(page, "1 image kept")
    assert marked(page) == "25"
    assert said(base) == [("keep", 24, None, "ann")]
    tile = page.locator("#i24")
    assert (tile.get_attribute("data-state"), tile.get_attribute("data-verdict")) == ("in", "keep")
    assert page.locator("#reviewed").inner_text() == "1"
    page.keyboard.press("z")
    settled(page, "Undone: 1 image")
    assert said(base) == []
    assert (tile.get_attribute("data-state"), tile.get_attribute("data-verdict")) == ("out", "")
    assert page.locator("#reviewed").inner_text() == "0"


def test_a_rejection_asks_why_and_remembers_it(page: Any, base: Path) -> None:
    page.goto(CUTOUTS)
    page.keyboard.press("x")
    page.locator("#reason-text").fill("eyes closed")
    page.keyboard.press("Enter")
    settled(page, "1 image rejected")
    page.keyboard.press("x")
    assert page.locator("#reason-text").input_value() == "eyes closed"
    page.keyboard.press("Escape")
    page.keyboard.press("i")
    settled(page, "1 image pinned")
    assert said(base) == [("reject", 21, "eyes closed", "ann"), ("pin", 23, None, "ann")]
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("u")
    settled(page, "1 image free again")
    assert said(base) == [("reject", 21, "eyes closed", "ann")]


def test_a_selection_is_one_decision(page: Any, base: Path) -> None:
    page.goto(CUTOUTS)
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    selected(page, "3 selected")
    page.keyboard.press("i")
    settled(page, "3 images pinned")
    assert [row[1] for row in said(base)] == [21, 23, 24]
    assert page.locator(".tile.chosen").count() == 0
    page.keyboard.press("z")
    settled(page, "Undone: 3 images")
    assert said(base) == []


def test_all_that_match_are_taken_after_their_number_was_confirmed(page: Any, base: Path) -> None:
    page.goto(f"{CUTOUTS}&state=in")
    page.keyboard.press("a")
    selected(page, "all 3 selected")
    page.keyboard.press("i")
    page.locator("#confirm[open]").wait_for()
    assert page.locator("#confirm-text").inner_text() == "3 images will be pinned. Is that right?"
    page.keyboard.press("Escape")
    page.locator("#confirm").wait_for(state="hidden")
    assert said(base) == []
    page.keyboard.press("i")
    page.locator("#confirm[open]").wait_for()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert [(row[0], row[1]) for row in said(base)] == [("pin", 21), ("pin", 23), ("pin", 25)]
    assert page.locator("#reviewed").inner_text() == "3"


def test_a_selection_is_let_go_in_every_way(page: Any) -> None:
    page.goto(f"{CUTOUTS}&state=in&per=1")
    let_go_in_every_way(page, "all 3 selected", ".tile.chosen")  # of which the page shows one
    page.goto(CUTOUTS)
    page.keyboard.press("a")
    page.keyboard.press(" ")  # one less: these are no longer all that match
    assert "all" not in page.locator("#marked").inner_text()
    page.keyboard.press("Escape")
    selected(page, "")


def test_what_cannot_be_kept_can_be_pinned_by_the_same_answer(page: Any, base: Path) -> None:
    page.goto("/-/gallery?set=select.default:cutout")
    page.keyboard.press("ArrowRight")
    before = page.locator("#i23").get_attribute("data-state")
    page.keyboard.press("p")
    page.locator("#confirm[open]").wait_for()
    text = page.locator("#confirm-text").inner_text()
    assert text.startswith("cutout 23 cannot be kept")
    assert text.endswith("A keep only overrides limits. Shall it be pinned instead (I), so that it is chosen?")
    page.keyboard.press("Escape")
    page.locator("#i23[data-state=out]").wait_for()
    assert before == "out"
    assert said(base) == []
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("p")
    page.locator("#confirm[open]").wait_for()
    page.keyboard.press("i")
    settled(page, "1 image pinned")
    assert said(base) == [("pin", 23, None, "ann")]


def test_what_was_decided_on_all_that_match_is_cleared_on_every_page(page: Any, base: Path) -> None:
    from tools.lighttable import writes

    writes.decide(base, "pin", [21, 23, 25])
    page.goto(f"{CUTOUTS}&state=in&per=1")
    page.keyboard.press("a")
    page.keyboard.press("u")
    page.locator("#confirm[open]").wait_for()
    assert page.locator("#confirm-text").inner_text() == "What was decided on 3 images will be cleared. Is that right?"
    page.keyboard.press("Escape")
    page.locator("#confirm").wait_for(state="hidden")
    assert len(said(base)) == 3
    page.keyboard.press("u")
    page.locator("#confirm[open]").wait_for()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert said(base) == []


def test_enter_opens_and_arrows_lead_to_the_neighbours(page: Any) -> None:
    page.goto(CUTOUTS)
    page.keyboard.press("Enter")
    page.wait_for_url("**/-/item/21")
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**/-/item/23")
    page.keyboard.press("Escape")
    page.wait_for_url("**/-/gallery?set=score:cutout")
    assert marked(page) == "23"


def test_a_filter_and_a_range_are_in_the_address(page: Any) -> None:
    page.goto(CUTOUTS)
    page.locator(".facet a", has_text="rejected").first.click()
    page.wait_for_url("**state=out**")
    assert page.locator(".tile").count() == 1
    page.goto(CUTOUTS)
    field = page.locator("fieldset[data-metric=sharpness] input").first
    field.fill("0.5")
    field.press("Enter")
    page.wait_for_url("**range=sharpness*")
    assert page.url.endswith("range=sharpness%3A0.5%3A")
    assert [tile.get_attribute("data-id") for tile in page.locator(".tile").all()] == ["21", "23", "25"]


def test_keys_are_listed_and_the_background_changes(page: Any) -> None:
    page.goto(CUTOUTS)
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    seen = []
    for _ in range(4):
        page.keyboard.press("b")
        seen.append(page.evaluate("document.documentElement.dataset.ground"))
    assert sorted(seen) == ["black", "checker", "green", "white"]


def test_hostile_names_and_captions_are_text(page: Any) -> None:
    shown = page.goto("/-/gallery?set=caption.default:caption") and page.locator(".tile .text").first.inner_text()
    assert shown == EVIL
    for path in ("/", "/-/item/1", "/-/item/21", "/-/item/24", "/-/gallery?set=extract:frame"):
        page.goto(path)
        assert page.locator("img[src=x]").count() == 0
        assert page.locator("script:not([src])").count() == 0


def test_a_phone_shows_it_all_without_scrolling_sideways(page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for path in ("/", CUTOUTS, "/-/item/24"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
    page.goto(CUTOUTS)
    assert page.locator(".act.keep").bounding_box()["height"] >= 40
    page.locator("#i23").click()
    assert marked(page) == "23"
    page.set_viewport_size({"width": 1280, "height": 800})


def test_the_theme_is_the_systems_until_the_button_says_otherwise(page: Any) -> None:
    page.goto("/")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    page.locator("#theme").click()
    light = page.evaluate(ground)
    assert dark != light
    page.goto(CUTOUTS)
    assert page.evaluate(ground) == light
    page.locator("#theme").click()
    assert page.evaluate(ground) == dark
