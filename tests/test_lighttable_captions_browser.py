"""Reviewing captions in a real browser: keys, marks, saving, undo, copying, replacing, a phone's width."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import let_go_in_every_way, looking
from caption_pages import TEXT, prepared, said
from lighting import rows, unsay

from tools.describe.tokens import tokens_about
from tools.describe.wording import words


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared(tmp_path_factory.mktemp("captioned"))


@pytest.fixture(autouse=True)
def _unsaid(base: Path) -> Iterator[None]:
    yield
    unsay(base)


@pytest.fixture(scope="module")
def page(base: Path) -> Iterator[Any]:
    with looking(base, viewport={"width": 1280, "height": 800}, color_scheme="dark") as page:
        yield page


def opened(page: Any, address: str = "/-/captions") -> Any:
    """The page as if it were opened for the first time."""
    page.evaluate("sessionStorage.clear()")
    page.goto(address)
    return page


def state(page: Any, item: int, name: str) -> Any:
    """The message of one row, once it is in a state."""
    row = page.locator(f"#l-default-{item}[data-state={name}]")
    row.wait_for()
    return row.locator(".state")


def field(page: Any, item: int) -> Any:
    return page.locator(f"#l-default-{item} textarea")


def marked(page: Any) -> str:
    return str(page.locator(".cap.marked").get_attribute("data-id"))


def toast(page: Any, text: str) -> None:
    page.locator(".toast", has_text=text).first.wait_for()
    page.evaluate("document.getElementById('toasts').replaceChildren()")


def test_a_text_is_edited_saved_and_undone_by_keys_alone(page: Any, base: Path) -> None:
    opened(page)
    assert marked(page) == "21"
    page.keyboard.press("Enter")
    page.keyboard.type(", a hat")
    assert page.locator("#l-default-21 .state").inner_text() == "not saved yet"
    assert page.locator("#l-default-21 output").inner_text() == "8 of 60 words, about 14 of 75 tokens"
    page.keyboard.press("Control+Enter")
    assert state(page, 21, "saved").inner_text() == "saved, Z takes it back"
    assert said(base) == [(21, f"{TEXT}, a hat", "ann")]
    page.locator(".cap.marked[data-id='25']").wait_for()
    assert page.locator("#l-default-21 .by b").inner_text() == "ann"
    page.keyboard.press("z")
    toast(page, "Undone: 1 image")
    page.locator("#l-default-21 .by b", has_text="template").wait_for()
    assert field(page, 21).input_value() == TEXT
    assert said(base) == []


def test_the_counts_follow_what_is_written(page: Any) -> None:
    opened(page)
    repeated = page.locator("[data-facet=check][data-value=repeated] b")
    assert repeated.inner_text() == "2"
    page.keyboard.press("Enter")
    page.keyboard.type(", a hat")
    page.keyboard.press("Enter")
    page.locator("#heading", has_text="1 by hand").wait_for()
    assert repeated.count() == 0
    assert page.locator("#l-default-25 .flag").count() == 0  # its text is no other's any more
    page.keyboard.press("z")
    page.locator("[data-facet=check][data-value=repeated]").wait_for()


def test_leaving_saves_and_escape_restores(page: Any, base: Path) -> None:
    opened(page)
    field(page, 21).fill("emma, left by the mouse")
    page.locator("h1").click()
    state(page, 21, "saved")
    assert [row[1] for row in said(base)] == ["emma, left by the mouse"]
    field(page, 25).fill("emma, a mistake")
    page.keyboard.press("Escape")
    assert field(page, 25).input_value() == TEXT
    page.keyboard.press("u")  # the mark is on a text that nobody wrote by hand
    page.locator(".toast.error", has_text="Nobody wrote this text by hand").wait_for()
    assert len(said(base)) == 1
    page.keyboard.press("k")
    page.keyboard.press("u")
    toast(page, "1 text taken back")
    assert said(base) == []
    page.keyboard.press("z")
    toast(page, "1 text written again")
    assert [row[1] for row in said(base)] == ["emma, left by the mouse"]


def test_a_refusal_is_told_beside_the_text_and_nothing_is_lost(page: Any, base: Path) -> None:
    opened(page)
    field(page, 21).fill("emma \u202e back")
    page.keyboard.press("Control+Enter")
    told = state(page, 21, "refused").inner_text()
    assert told == r"The text holds the sign '\u202e', which trainers cannot read. Nothing was written."
    assert field(page, 21).input_value() == "emma \u202e back"
    assert page.locator("#l-default-21 mark.unseen").count() == 1
    assert said(base) == []
    page.keyboard.press("Escape")
    assert field(page, 21).input_value() == TEXT


def test_lines_become_one_line(page: Any, base: Path) -> None:
    opened(page)
    field(page, 21).fill("emma,\na hat\r\n  and a\tcoat")
    page.keyboard.press("Enter")
    state(page, 21, "saved")
    assert [row[1] for row in said(base)] == ["emma, a hat and a coat"]


@pytest.mark.parametrize(
    "text",
    [
        *("", "emma", "a red coat", "O'Brien's well-lit 35mm photo_shoot!!", "déjà vu — naïve café", "№ 5 ½ Ⅳ 二三"),
        *("self-made, it's they'll 'tis", "x" * 90, "emoji 👩🏽‍🚀 in space", "a,b;c...d", "under_score __ 1_000"),
    ],
)
def test_what_is_typed_is_counted_as_the_captioner_counts(page: Any, text: str) -> None:
    if page.url.split("/-/")[-1] != "captions":
        opened(page)
    counted = page.evaluate(
        "async (text) => { const t = await import('/-/table/captions_text.js'); "
        "return [t.words(text), t.tokensAbout(text)]; }",
        text,
    )
    assert counted == [words(text), tokens_about(text)]


def test_trigger_and_forbidden_words_are_marked_while_typing(page: Any) -> None:
    opened(page)
    field(page, 21).fill("Emma, a PHOTO of photography, red")
    marks = page.locator("#l-default-21 .paper mark")
    assert marks.evaluate_all("(all) => all.map((one) => [one.className, one.textContent])") == [
        *(["trigger", "Emma"], ["forbidden", "PHOTO"])
    ]
    field(page, 21).fill("emmas")
    assert marks.count() == 0
    page.keyboard.press("Escape")


def test_a_text_that_is_too_long_says_so_and_its_field_grows(page: Any) -> None:
    opened(page)
    before = field(page, 21).bounding_box()["height"]
    field(page, 21).fill("emma " + "red " * 60)
    assert page.locator("#l-default-21 .count.bad output").inner_text().endswith("sdxl wants at most 60 words")
    assert field(page, 21).bounding_box()["height"] > before
    page.keyboard.press("Escape")


def test_a_selection_is_let_go_in_every_way(page: Any) -> None:
    opened(page)
    let_go_in_every_way(page, "all 2 selected", ".cap.chosen")


def test_copying_to_the_selected_is_confirmed_and_one_undo(page: Any, base: Path) -> None:
    opened(page)
    page.keyboard.press("Enter")
    page.keyboard.type(", a hat")
    page.keyboard.press("Enter")
    page.locator(".cap.marked[data-id='25']").wait_for()
    page.keyboard.press("k")
    page.keyboard.press("a")
    page.locator("#marked", has_text="all 2 selected").wait_for()
    page.keyboard.press("v")
    asked = page.locator("#confirm-text")
    asked.wait_for()
    assert asked.inner_text() == f"1 other image will be described as: {TEXT}, a hat"
    page.keyboard.press("Enter")
    toast(page, "1 text copied")
    assert [row[:2] for row in said(base)] == [(21, f"{TEXT}, a hat"), (25, f"{TEXT}, a hat")]
    page.keyboard.press("z")
    toast(page, "Undone: 1 image")
    assert [row[0] for row in said(base)] == [21]


def test_find_and_replace_shows_chooses_confirms_and_is_undone_at_once(page: Any, base: Path) -> None:
    opened(page)
    page.keyboard.press("r")
    page.keyboard.type("red coat")
    page.keyboard.press("Tab")
    page.keyboard.type("blue coat")
    page.locator("#replace-preview ins").nth(1).wait_for()
    assert page.locator("#replace-do").inner_text() == "Change 2 texts"
    page.locator(".changes input").first.uncheck()
    assert page.locator("#replace-do").inner_text() == "Change 1 text"
    page.locator("#replace-all").check()
    page.locator("#replace-do").click()
    page.locator("#confirm[open]").wait_for()
    assert page.locator("#confirm-text").inner_text() == "“red coat” becomes “blue coat” in 2 texts. Is that right?"
    assert said(base) == []
    page.keyboard.press("Enter")
    toast(page, "2 texts changed")
    blue = TEXT.replace("red", "blue")
    assert [row[:2] for row in said(base)] == [(21, blue), (25, blue)]
    page.locator("#l-default-25 textarea").wait_for()
    page.keyboard.press("z")
    toast(page, "Undone: 2 images")
    assert said(base) == []


def test_find_and_replace_by_keyboard_writes_what_the_fields_say(page: Any, base: Path) -> None:
    opened(page)
    page.keyboard.press("r")
    page.keyboard.type("red coat")
    page.keyboard.press("Enter")
    page.keyboard.type("green coat")
    page.locator("#replace-preview ins", has_text="green").first.wait_for()
    page.keyboard.press("Control+a")
    page.keyboard.type("blue coat")
    page.keyboard.press("Control+Enter")  # at once: the preview is an older one
    page.locator("#confirm[open]").wait_for()
    assert page.locator("#confirm-text").inner_text() == "“red coat” becomes “blue coat” in 2 texts. Is that right?"
    page.keyboard.press("Escape")
    page.locator("#confirm").wait_for(state="hidden")
    page.locator("#replace-into").focus()
    page.keyboard.press("Enter")
    page.locator("#replace-do:focus").wait_for()
    page.keyboard.press("Enter")
    page.locator("#confirm[open]").wait_for()
    page.keyboard.press("Enter")
    toast(page, "2 texts changed")
    assert {row[1] for row in said(base)} == {TEXT.replace("red", "blue")}


def test_what_is_typed_while_a_text_is_saved_is_saved_too(page: Any, base: Path) -> None:
    opened(page)
    with sqlite3.connect(base / "manifest.db", isolation_level=None) as pipeline:
        pipeline.execute("begin immediate")
        field(page, 21).fill("emma, first")
        page.keyboard.press("Enter")
        state(page, 21, "saving")
        field(page, 21).fill("emma, first and second")
        page.locator("h1").click()
        pipeline.execute("rollback")
    page.locator("#l-default-21[data-state=saved]").wait_for()
    page.evaluate("new Promise((done) => requestAnimationFrame(done))")
    assert state(page, 21, "saved").inner_text() == "saved, Z takes it back"
    assert field(page, 21).input_value() == "emma, first and second"
    assert said(base)[-1][1] == "emma, first and second"


def test_a_text_that_another_tab_wrote_is_overwritten_knowingly(page: Any, base: Path) -> None:
    opened(page)
    texts = [{"dataset": "default", "id": 21, "before": TEXT, "text": "emma, elsewhere"}]
    post = """(texts) => fetch("/-/captions/save", {
        method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ texts })
    }).then((answer) => answer.status)"""
    assert page.evaluate(post, texts) == 200
    field(page, 21).fill("emma, here")
    page.keyboard.press("Enter")
    assert "Another text was written" in state(page, 21, "refused").inner_text()
    assert page.locator(".toast.error").count() == 0  # it is said once, in the row
    page.locator("#l-default-21 textarea:focus").wait_for()
    assert field(page, 21).input_value() == "emma, here"
    page.keyboard.press("Enter")
    state(page, 21, "saved")
    assert said(base)[-1][1] == "emma, here"


def test_shift_enter_neither_saves_nor_leaves(page: Any, base: Path) -> None:
    opened(page)
    page.keyboard.press("Enter")
    page.keyboard.type(", a hat")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type(" pix")
    assert field(page, 21).input_value() == f"{TEXT}, a hat pix"
    assert said(base) == []
    page.keyboard.press("Escape")


def test_it_opens_at_its_top_after_another_page(page: Any) -> None:
    opened(page)
    page.keyboard.press("j")
    page.reload()
    page.locator(".cap.marked[data-id='25']").wait_for()
    page.goto("/-/gallery?set=score:cutout")
    page.goto("/-/captions")
    page.locator(".cap.marked[data-id='21']").wait_for()


def test_a_version_is_restored(page: Any, base: Path) -> None:
    opened(page)
    field(page, 21).fill("emma, for now")
    page.keyboard.press("Enter")
    state(page, 21, "saved")
    page.keyboard.press("k")
    page.keyboard.press("h")
    now = page.locator("#history-list li", has_text="emma, for now").first.locator("button")
    assert (now.inner_text(), now.is_disabled()) == ("Stands now", True)
    page.locator("#history-list li", has_text=TEXT).last.locator("button").click()
    toast(page, "1 text restored")
    assert [row[1] for row in said(base)] == ["emma, for now", TEXT]


def test_an_image_is_rejected_for_its_dataset_and_comes_back(page: Any, base: Path) -> None:
    opened(page)
    page.keyboard.press("x")
    page.locator("#reason-text").fill("eyes closed")
    page.keyboard.press("Enter")
    toast(page, "1 image rejected")
    page.locator("#l-default-21.gone").wait_for()
    assert rows(base, "select verdict, dataset, item_id from decision order by id desc limit 1") == [
        ("reject", "default", 21)
    ]
    page.keyboard.press("z")
    toast(page, "Undone: 1 image")
    page.locator("#l-default-21:not(.gone)").wait_for()


def test_search_and_words_lead_to_addresses(page: Any) -> None:
    opened(page)
    page.keyboard.press("/")
    page.keyboard.type("RED")
    page.keyboard.press("Enter")
    page.wait_for_url("**/-/captions?q=RED")
    assert page.locator("#l-default-21 mark.sought").inner_text(timeout=2000) == "red"
    page.locator(".cloud a", has_text="coat").click()
    page.wait_for_url("**/-/captions?word=coat&q=RED")
    page.keyboard.press("n")
    toast(page, "Every image here has a caption.")


def test_a_phone_shows_the_text_and_does_not_scroll_sideways(page: Any, base: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    opened(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert field(page, 21).bounding_box()["width"] > 330
    field(page, 21).fill("emma, from a phone")
    page.locator("h1").click()
    state(page, 21, "saved")
    assert [row[1] for row in said(base)] == ["emma, from a phone"]
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.set_viewport_size({"width": 1280, "height": 800})
