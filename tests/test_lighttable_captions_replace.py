"""Find and replace in a real browser: few keys, and what is written is what was previewed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import looking
from caption_pages import TEXT, prepared, said
from lighting import unsay

from tools import caption_edit

BLUE = TEXT.replace("red", "blue")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared(tmp_path_factory.mktemp("replaced"))


@pytest.fixture(autouse=True)
def _unsaid(base: Path) -> Iterator[None]:
    yield
    unsay(base)


@pytest.fixture(scope="module")
def browser(base: Path) -> Iterator[Any]:
    with looking(base, viewport={"width": 1280, "height": 800}) as page:
        yield page


@pytest.fixture
def page(browser: Any) -> Any:
    browser.evaluate("sessionStorage.clear()")
    browser.goto("/-/captions")
    browser.locator(".cap.marked").wait_for()
    return browser


def texts(base: Path) -> list[tuple[int, str]]:
    return [row[:2] for row in said(base)]


def focused(page: Any, name: str) -> None:
    page.locator(f"#{name}:focus").wait_for()


def test_replacing_takes_three_enters_and_one_undo(page: Any, base: Path) -> None:
    page.keyboard.press("r")
    page.keyboard.type("red")
    page.keyboard.press("Enter")
    focused(page, "replace-into")
    page.keyboard.type("blue")
    page.keyboard.press("Enter")
    focused(page, "replace-do")
    assert page.locator("#replace-do").inner_text() == "Change 2 texts"
    assert page.locator("#replace-preview ins").all_inner_texts() == ["blue", "blue"]
    assert texts(base) == []
    page.keyboard.press("Enter")
    page.locator(".toast", has_text="2 texts changed: “red” is now “blue”. Z takes it back.").wait_for()
    page.locator("#replace").wait_for(state="hidden")
    assert texts(base) == [(21, BLUE), (25, BLUE)]
    page.keyboard.press("z")
    page.locator(".toast", has_text="Undone: 2 images").wait_for()
    assert texts(base) == []


def test_by_tabs_the_button_comes_before_the_texts(page: Any) -> None:
    page.keyboard.press("r")
    page.keyboard.type("red")
    page.locator("#replace-preview del").nth(1).wait_for()
    for _ in range(4):
        page.keyboard.press("Tab")
    focused(page, "replace-do")
    page.keyboard.press("Escape")


@pytest.mark.parametrize("key", ["Enter", "Control+Enter"])
def test_what_another_preview_showed_is_never_written(page: Any, base: Path, key: str) -> None:
    page.keyboard.press("r")
    page.locator("#replace-find").fill("red")
    page.locator("#replace-into").fill("AAA")
    page.locator("#replace-preview ins", has_text="AAA").nth(1).wait_for()
    page.locator("#replace-into").fill("blue")
    page.keyboard.press(key)
    focused(page, "replace-do")
    assert page.locator("#replace-preview ins").all_inner_texts() == ["blue", "blue"]
    assert texts(base) == []
    page.locator("#replace-do").click()
    page.locator(".toast", has_text="2 texts changed").first.wait_for()
    assert texts(base) == [(21, BLUE), (25, BLUE)]


def test_one_that_is_not_wanted_stays_and_the_preview_is_shown_anew_after_a_refusal(page: Any, base: Path) -> None:
    page.keyboard.press("r")
    page.locator("#replace-find").fill("red")
    page.locator("#replace-into").fill("blue")
    page.locator("#replace-preview ins").nth(1).wait_for()
    page.locator(".changes input").first.uncheck()
    assert page.locator("#replace-do").inner_text() == "Change 1 text"
    page.locator("#replace-all").check()
    assert page.locator("#replace-do").inner_text() == "Change 2 texts"
    page.locator(".changes input").first.uncheck()
    caption_edit.edit(base, "25", "emma, a red hat")
    page.locator("#replace-do").click()
    refusal = "Another text was written for cutout 25 meanwhile: emma, a red hat. Nothing was written."
    page.locator("#replace-told", has_text=refusal).wait_for()
    assert texts(base) == [(25, "emma, a red hat")]
    page.locator("#replace-preview li", has_text="hat").wait_for()
    page.locator(".changes input").first.uncheck()
    page.locator("#replace-do:enabled").click()
    page.locator(".toast", has_text="1 text changed").first.wait_for()
    assert texts(base)[-1] == (25, "emma, a blue hat")


def test_a_text_that_nothing_would_be_left_of_stays(page: Any, base: Path) -> None:
    page.keyboard.press("r")
    page.locator("#replace-find").fill(TEXT)
    page.locator("#replace-preview", has_text="The text is empty, so it stays.").wait_for()
    assert page.locator("#replace-do").inner_text() == "Change nothing"
    assert page.locator("#replace-do").is_disabled()
    page.keyboard.press("Escape")


def test_however_long_the_texts_are_a_change_is_sent_in_few_bytes(page: Any, base: Path) -> None:
    long = f"emma, {'red coat, ' * 150}end"
    for item in (21, 25):
        caption_edit.edit(base, str(item), long)
    page.reload()
    page.keyboard.press("r")
    page.keyboard.type("red")
    page.locator("#replace-into").fill("blue")
    page.locator("#replace-preview ins").nth(299).wait_for()
    with page.expect_request("**/-/captions/save") as asked:
        page.locator("#replace-do").click()
    page.locator(".toast", has_text="2 texts changed").wait_for()
    assert len(asked.value.post_data) < 2 * 150  # so that a preview's 500 stay far below what the table takes
    assert texts(base)[2:] == [(21, long.replace("red", "blue")), (25, long.replace("red", "blue"))]
