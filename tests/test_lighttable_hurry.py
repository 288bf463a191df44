"""A reviewer in a hurry: pages are left, keys pressed and the manifest is held while decisions are still under way."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from browsing import looking
from lighting import paint, rows, unsay
from manifest_filled import filled

FRAMES = "/-/gallery?set=detect:frame&state=in"
STANDS = """select count(*) from decision as said where verdict <> 'undo'
    and not exists (select 1 from decision as undo where undo.undoes = said.uid)"""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = filled(tmp_path_factory.mktemp("hurried"))
    paint(base)
    return base


@pytest.fixture(scope="module")
def page(base: Path) -> Iterator[Any]:
    with looking(base, viewport={"width": 1280, "height": 800}) as page:
        yield page


@pytest.fixture(autouse=True)
def _undecided(base: Path) -> Iterator[None]:
    yield
    unsay(base)


def opened(page: Any, address: str) -> None:
    page.goto(address)
    page.keyboard.press("Home")


def count(base: Path) -> int:
    return int(rows(base, STANDS)[0][0])


@contextmanager
def held(base: Path) -> Iterator[Event]:
    """The manifest, while a pipeline writes into it; it lets go when the event is set."""
    taken, enough = Event(), Event()

    def hold() -> None:
        with sqlite3.connect(base / "manifest.db", isolation_level=None) as db:
            db.execute("begin immediate")
            taken.set()
            enough.wait(20)
            db.execute("rollback")

    with ThreadPoolExecutor(1) as threads:
        done = threads.submit(hold)
        assert taken.wait(10)
        try:
            yield enough
        finally:
            enough.set()
            done.result()


@pytest.mark.parametrize("way", ["Enter", "c", "link"])
def test_no_decision_is_lost_when_the_page_is_left(page: Any, base: Path, way: str) -> None:
    opened(page, FRAMES)
    here = page.url
    with held(base) as enough:
        for _ in range(5):
            page.keyboard.press("p")
        if way == "link":
            page.get_by_role("link", name="Spectrum").click(no_wait_after=True)
        else:
            page.keyboard.press(way)
        page.locator(".toast", has_text="Writing what you decided").wait_for()
        assert page.url == here
        assert count(base) == 0
        enough.set()
        page.wait_for_url(lambda url: url != here)
    assert count(base) == 5


@pytest.mark.parametrize(
    ("word", "item", "why"),
    [("extract:frame", 7, "frame 7 cannot be kept: "), ("select.default:cutout", 23, "Shall it be pinned instead")],
)
def test_a_page_is_not_left_over_what_it_has_to_say(page: Any, base: Path, word: str, item: int, why: str) -> None:
    """One is refused with an error, the other asks whether to pin it instead."""
    opened(page, f"/-/gallery?set={word}")
    here = page.url
    page.locator(f"#i{item}").click()
    with held(base) as enough:
        page.keyboard.press("p")
        page.keyboard.press("Enter")
        page.locator(".toast", has_text="Writing what you decided").wait_for()
        enough.set()
        page.locator(".toast.error, #confirm[open]", has_text=why).wait_for()
    assert page.locator(f"#i{item}").get_attribute("data-verdict") == ""
    page.evaluate("new Promise((done) => setTimeout(done, 200))")
    assert page.url == here
    assert count(base) == 0
    page.keyboard.press("Escape")


def test_closing_the_page_asks_while_something_is_under_way(page: Any, base: Path) -> None:
    opened(page, FRAMES)
    asks = "() => !dispatchEvent(new Event('beforeunload', { cancelable: true }))"
    assert page.evaluate(asks) is False
    with held(base):
        page.keyboard.press("p")
        assert page.evaluate(asks) is True
    page.locator(".toast", has_text="1 image kept").wait_for()
    assert page.evaluate(asks) is False


def test_undo_passes_over_what_was_taken_back_otherwise(page: Any, base: Path) -> None:
    opened(page, FRAMES)
    for _ in range(2):
        page.keyboard.press("p")
    page.locator(".toast", has_text="1 image kept").nth(1).wait_for()
    unsay(base)
    page.keyboard.press("i")
    page.locator(".toast", has_text="1 image pinned").wait_for()
    page.keyboard.press("z")
    page.locator(".toast", has_text="Undone: 1 image").wait_for()
    page.keyboard.press("z")
    page.locator(".toast", has_text="There is nothing to undo.").wait_for()
    assert page.locator(".toast.error").count() == 0
    assert count(base) == 0


def test_clear_leaves_nothing_and_undo_brings_all_of_it_back(page: Any, base: Path) -> None:
    opened(page, FRAMES)
    page.keyboard.press("p")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("i")
    page.locator(".toast", has_text="1 image pinned").wait_for()
    page.keyboard.press("ArrowLeft")
    tile = page.locator(".tile.marked")
    page.keyboard.press("u")
    page.locator(".toast", has_text="1 image free again. Z takes it back.").wait_for()
    assert count(base) == 0
    assert tile.get_attribute("data-verdict") == ""
    page.keyboard.press("z")
    page.locator(".toast", has_text="Undone: 1 image").wait_for()
    assert count(base) == 2
    assert tile.get_attribute("data-verdict") == "pin"


def test_those_of_several_that_cannot_be_kept_are_left_out_when_one_says_so(page: Any, base: Path) -> None:
    page.goto("/-/gallery?set=select.default:cutout")
    n = page.locator(".tile").count()
    page.keyboard.press("a")
    page.keyboard.press("p")
    page.locator("#confirm-text", has_text=f"{n} images will be kept.").wait_for()
    page.keyboard.press("Enter")
    page.locator("#confirm-text", has_text=f"1 of {n} images cannot be kept: cutout 23 ").wait_for()
    assert page.locator("#confirm-text").inner_text().endswith(f"Shall the other {n - 1} be?")
    assert count(base) == 0
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert count(base) == n - 1


def test_undo_means_what_is_still_under_way(page: Any, base: Path) -> None:
    opened(page, FRAMES)
    with held(base) as enough:
        for key in "ppz":
            page.keyboard.press(key)
        enough.set()
        page.locator(".toast", has_text="Undone: 1 image").wait_for()
    first = page.locator(".tile").first.get_attribute("data-id")
    assert rows(base, STANDS.replace("count(*)", "item_id")) == [(int(first),)]


def test_a_datasets_set_decides_for_that_dataset_and_shows_what_was_said(page: Any, base: Path) -> None:
    opened(page, "/-/gallery?set=composite.default:composite")
    tile = page.locator(".tile.marked")
    page.keyboard.press("x")
    page.locator("#reason-text").fill("")
    page.keyboard.press("Enter")
    page.locator(".toast", has_text="1 image rejected for default. Z takes it back.").wait_for()
    page.keyboard.press("Home")
    assert (tile.get_attribute("data-state"), tile.get_attribute("data-verdict")) == ("out", "reject")
    assert page.locator("#reviewed").inner_text() == "1"
    assert rows(base, STANDS.replace("count(*)", "verdict, dataset")) == [("reject", "default")]
