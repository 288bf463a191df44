"""Typing captions in a real browser: prose is never a command, and no text is lost or called saved when it is not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import looking
from caption_pages import TEXT, prepared, said
from lighting import held, rows, unsay

from tools import caption_edit

FIRST, SECOND = "#l-default-21", "#l-default-25"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared(tmp_path_factory.mktemp("typed"))


@pytest.fixture(autouse=True)
def _unsaid(base: Path) -> Iterator[None]:
    yield
    unsay(base)


@pytest.fixture(scope="module")
def browser(base: Path) -> Iterator[Any]:
    with looking(base, viewport={"width": 1280, "height": 800}) as page:
        page.on("dialog", lambda dialog: dialog.accept())
        yield page


@pytest.fixture
def page(browser: Any) -> Any:
    browser.evaluate("sessionStorage.clear()")
    browser.goto("/-/captions")
    browser.locator(".cap.marked").wait_for()
    return browser


def texts(base: Path) -> list[tuple[int, str]]:
    return [row[:2] for row in said(base)]


def value(page: Any, row: str) -> str:
    return str(page.locator(f"{row} textarea").input_value())


def told(page: Any, row: str, state: str) -> str:
    page.locator(f"{row}[data-state={state}]").wait_for()
    return str(page.locator(f"{row} .state").inner_text())


def typed(page: Any, text: str, key: str = "") -> None:
    """A text in place of the first."""
    page.locator(f"{FIRST} textarea").click()
    page.keyboard.press("Control+a")
    page.keyboard.type(text)
    if key:
        page.keyboard.press(key)


@pytest.mark.parametrize("key", ["Enter", "Control+Enter", "Shift+Enter"])
def test_prose_after_any_enter_is_no_command(page: Any, base: Path, key: str) -> None:
    page.keyboard.press("Enter")
    page.keyboard.type(" zzz")
    page.keyboard.press(key)
    page.wait_for_timeout(700)  # as long as a save and all that follows it may take
    page.keyboard.type("i x u p")
    assert page.locator("dialog[open]").count() == 0
    assert rows(base, "select count(*) from decision where verdict in ('pin', 'keep', 'reject')") == [(0,)]
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    typed_here = SECOND if key != "Shift+Enter" else FIRST
    assert value(page, typed_here) == (f"{TEXT}i x u p" if key != "Shift+Enter" else f"{TEXT} zzz i x u p")
    page.keyboard.press("Escape")


def test_after_the_last_text_of_the_page_letters_are_still_text(page: Any, base: Path) -> None:
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.keyboard.type(" zzz")
    page.keyboard.press("Enter")
    told(page, SECOND, "saved")
    page.keyboard.type(" i p")
    assert value(page, SECOND) == f"{TEXT} zzz i p"
    page.keyboard.press("Enter")
    told(page, SECOND, "saved")
    assert texts(base)[-1] == (25, f"{TEXT} zzz i p")


@pytest.mark.parametrize("left", [True, False])
def test_what_is_typed_on_during_a_save_is_not_called_saved_until_it_is(page: Any, base: Path, left: bool) -> None:
    with held(base) as let_go:
        typed(page, "first text of mine", "Enter")
        assert told(page, FIRST, "saving") == "saving …"
        page.locator(f"{FIRST} textarea").click()
        page.keyboard.press("End")
        page.keyboard.type(" and SECOND")
        if left:
            page.locator(f"{SECOND} textarea").click()
        let_go.set()
        if left:
            told(page, FIRST, "saved")
        else:
            page.locator(f"{FIRST} .by b", has_text="ann").wait_for()
    both = "first text of mine and SECOND"
    assert value(page, FIRST) == both
    if not left:
        assert page.locator(f"{FIRST} .state").inner_text() == "not saved yet"
        assert texts(base) == [(21, "first text of mine")]
        page.keyboard.press("Enter")
    told(page, FIRST, "saved")
    assert texts(base)[-1] == (21, both)


def test_the_caret_stays_where_it_is_when_a_save_arrives(page: Any, base: Path) -> None:
    with held(base) as let_go:
        typed(page, "emma, a hat", "Enter")  # both had the same text, so the second is shown anew as well
        page.keyboard.press("Home")
        for _ in range(4):
            page.keyboard.press("ArrowRight")
        let_go.set()
        told(page, FIRST, "saved")
        page.keyboard.type("!")
    assert value(page, SECOND) == TEXT.replace("emma", "emma!", 1)
    page.keyboard.press("Escape")


def clashed(page: Any, base: Path) -> None:
    """The reviewer's text for the first, refused as `make caption-edit` came before it."""
    caption_edit.edit(base, "21", "emma, by the command")
    typed(page, "emma, mine", "Enter")
    assert told(page, FIRST, "refused") == "Your text is not saved: choose."
    assert re.fullmatch(r"\w+ wrote meanwhile:", page.locator(f"{FIRST} .clash .whose").inner_text())
    assert page.locator(f"{FIRST} .clash .theirs").inner_text() == "emma, by the command"
    assert value(page, FIRST) == "emma, mine"
    assert texts(base) == [(21, "emma, by the command")]


@pytest.mark.parametrize("way", ["Enter", "button"])
def test_of_two_texts_mine_is_taken_by_one_key(page: Any, base: Path, way: str) -> None:
    clashed(page, base)
    page.keyboard.press("Escape")
    page.keyboard.press("n")  # leads to the text that is not saved
    page.locator(f"{SECOND} textarea").click()
    page.wait_for_timeout(300)
    assert texts(base) == [(21, "emma, by the command")]  # leaving it takes neither
    if way == "Enter":
        page.locator(f"{FIRST} textarea").focus()
        page.keyboard.press("Enter")
    else:
        page.locator(f"{FIRST} .clash", has_text="Take mine").locator("[data-do=mine]").click()
    assert told(page, FIRST, "saved") == "saved, Z takes it back"
    assert texts(base)[-1] == (21, "emma, mine")
    assert page.locator(".clash").count() == 0


@pytest.mark.parametrize("way", ["Escape", "button"])
def test_of_two_texts_theirs_is_taken_by_one_key_and_mine_comes_back_by_z(page: Any, base: Path, way: str) -> None:
    clashed(page, base)
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    assert page.evaluate("document.activeElement.closest('.cap').id") == FIRST[1:]
    if way == "Escape":
        page.keyboard.press("Escape")
    else:
        page.locator(f"{FIRST} [data-do=theirs]").click()
        page.keyboard.press("Escape")
    assert (value(page, FIRST), page.locator(".clash").count()) == ("emma, by the command", 0)
    page.keyboard.press("z")
    assert value(page, FIRST) == "emma, mine"
    page.keyboard.press("Enter")
    told(page, FIRST, "saved")
    assert texts(base)[-1] == (21, "emma, mine")


def test_two_tabs_write_one_after_the_other_knowingly(page: Any, base: Path) -> None:
    other = page.context.new_page()
    other.goto("/-/captions")
    typed(other, "tab B wrote", "Enter")
    told(other, FIRST, "saved")
    other.close()
    typed(page, "tab A wrote", "Enter")
    told(page, FIRST, "refused")
    page.locator(f"{FIRST} textarea").focus()
    page.keyboard.press("Enter")
    told(page, FIRST, "saved")
    assert texts(base)[-1] == (21, "tab A wrote")


def test_escape_throws_nothing_away_for_good_and_undo_is_reached_after_it(page: Any, base: Path) -> None:
    typed(page, "emma, saved", "Enter")
    told(page, FIRST, "saved")
    typed(page, "emma, a mistake", "Escape")
    assert value(page, FIRST) == "emma, saved"
    assert told(page, FIRST, "changed") == "left as it was, Z brings back what you typed"
    page.keyboard.press("z")
    assert (value(page, FIRST), page.locator(f"{FIRST} .state").inner_text()) == ("emma, a mistake", "not saved yet")
    page.keyboard.press("Escape")
    page.keyboard.press("z")
    page.locator(f"{FIRST} .by b", has_text="template").wait_for()
    assert (value(page, FIRST), texts(base)) == (TEXT, [])


def test_what_is_refused_is_said_once(page: Any, base: Path) -> None:
    page.keyboard.press("Enter")
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.locator(f"{FIRST} .pick").focus()  # it is left, and the mark stays on it
    sentence = "The text is empty. Nothing was written."
    assert told(page, FIRST, "refused") == sentence
    assert page.locator("body").inner_text().count(sentence) == 1
    assert texts(base) == []
    page.locator(f"{FIRST} textarea").focus()
    page.keyboard.press("Escape")
