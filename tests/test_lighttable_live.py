"""A page that stays open tells what is at work and that what it shows has changed; nothing of the reviewer is lost."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from browsing import looking
from lighting import Visitor, paint
from manifest_filled import filled
from test_lighttable_overview import begin

from tools.lighttable import writes
from tools.mill.manifest import connect, sql
from tools.mill.runs import finish

HTML = {"accept": "text/html"}


@pytest.fixture
def base(tmp_path: Path) -> Path:
    base = filled(tmp_path)
    paint(base)
    return base


def end(base: Path, run: int) -> None:
    db = connect(base)
    finish(db, run, "done", 1.0)
    db.commit()
    db.close()


def shown(html: str) -> dict[str, str]:
    """The moment that a page was made at."""
    found = re.search(r'data-moment="([^"]*)"', html)
    assert found
    told: dict[str, str] = json.loads(unescape(found[1]))
    return told


# --- the moment ---


def test_a_page_holds_the_moment_that_it_was_made_at(base: Path) -> None:
    table = Visitor(base)
    for path in ("/", "/-/final", "/-/gallery", "/-/people", "/-/captions", "/-/compare", "/-/spectrum", "/-/qc"):
        assert shown(table.ask(path, headers=HTML).text) == table.ask("/-/live").json()["moment"], path
    assert "data-moment" not in table.ask("/-/final/forecast?dataset=default").text
    table.close()


def test_a_moment_differs_by_what_has_come_between(base: Path) -> None:
    table = Visitor(base)

    def differs(before: dict[str, str]) -> set[str]:
        now = table.ask("/-/live").json()["moment"]
        return {word for word in {**before, **now} if before.get(word) != now.get(word)}

    first = table.ask("/-/live").json()["moment"]
    assert differs(first) == set()
    run = begin(base, "score", os.getpid())
    assert differs(first) == set(), "a run that has not ended has changed nothing yet"
    end(base, run)
    assert differs(first) == {"score"}
    writes.decide(base, "keep", [21])
    assert differs(first) == {"score", "decided"}
    (base / "stamps").mkdir(exist_ok=True)
    (base / "stamps" / "package.default").touch()
    assert differs(first) == {"score", "decided", "made.default"}
    table.close()


def test_what_is_at_work_is_told_with_it(base: Path) -> None:
    run = begin(base, "mask", os.getpid())
    table = Visitor(base)
    told = table.ask("/-/live").json()["running"]
    assert [(one["id"], one["tool"], one["gone"]) for one in told] == [(run, "mask", False)]
    table.close()


def test_a_moment_counts_nothing(base: Path) -> None:
    """Each part of the question is a step into an index: nothing but the few steps is read through."""
    db = connect(base)
    plan = [str(row[3]) for row in db.execute(f"explain query plan {sql('pages/live.moment')}")]
    scans = {line.split()[1] for line in plan if line.startswith("SCAN ")}
    assert {name for name in scans if not name.startswith("(")} <= {"step", "CONSTANT"}
    assert not [line for line in plan if "TEMP B-TREE" in line]
    db.close()


# --- in a browser ---


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace that the browser looks at."""
    base = filled(tmp_path_factory.mktemp("looked_at"))
    paint(base)
    return base


@pytest.fixture(scope="module")
def page(at: Path) -> Iterator[Any]:
    with looking(at, viewport={"width": 1280, "height": 800}) as page:
        yield page


def look(page: Any) -> None:
    """Let the page look at once, as when it is seen again; gives when it has taken note."""
    with page.expect_response("**/-/live"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_timeout(150)


def stay(page: Any) -> None:
    """Note that the page was not loaded again: it keeps this word."""
    page.evaluate("document.body.dataset.same = 'yes'")


def stayed(page: Any) -> bool:
    return bool(page.evaluate("document.body.dataset.same === 'yes'"))


GALLERY = "/-/gallery?set=score:cutout"


def test_an_empty_page_fills_itself(tmp_path: Path) -> None:
    connect(tmp_path, create=True).close()
    with looking(tmp_path) as page:
        page.goto("/-/gallery")
        page.locator("#main > .message").wait_for()
        (tmp_path / "stamps").mkdir()
        (tmp_path / "stamps" / "package.default").touch()
        with page.expect_navigation():
            look(page)


def test_a_page_says_by_itself_what_is_at_work_and_stops_saying_so(page: Any, at: Path) -> None:
    page.goto("/-/spectrum")
    assert page.locator("#live").is_hidden()
    run = begin(at, "mask", os.getpid())
    page.locator("#live.busy").wait_for(timeout=20000)
    assert re.fullmatch(r"mask is at work(, 0 of [1-9]\d*)?", page.locator("#live").inner_text())
    end(at, run)
    page.locator("#live").wait_for(state="hidden", timeout=20000)


def test_the_gallery_tells_and_keeps_mark_selection_and_dialog(page: Any, at: Path) -> None:
    page.goto(GALLERY)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    chosen = page.locator(".tile.chosen").get_attribute("id")
    page.keyboard.press("?")
    page.locator("#keys[open]").wait_for()
    writes.decide(at, "keep", [21])
    look(page)
    assert page.locator("#stale").inner_text() == "", "never under an open dialog"
    page.keyboard.press("Escape")
    look(page)
    assert " ".join(page.locator("#stale").inner_text().split()) == "The set has changed. Load again R"
    assert page.locator(".tile.chosen").get_attribute("id") == chosen
    with page.expect_navigation():
        page.keyboard.press("r")
    assert page.locator("#i21").get_attribute("data-verdict") == "keep"
    look(page)
    assert page.locator("#stale").inner_text() == ""


def test_what_was_decided_on_the_page_is_no_news(page: Any) -> None:
    page.goto(GALLERY)
    with page.expect_response("**/-/decide/**"):
        page.keyboard.press("p")
    look(page)
    look(page)
    assert page.locator("#stale").inner_text() == ""


def test_the_end_of_a_step_is_news_for_its_own_set_alone(page: Any, at: Path) -> None:
    page.goto(GALLERY)
    end(at, begin(at, "package", os.getpid()))
    look(page)
    assert page.locator("#stale").inner_text() == ""
    end(at, begin(at, "score", os.getpid()))
    look(page)
    assert page.locator("#stale .button").count() == 1


def test_where_r_is_taken_the_button_does_it(page: Any, at: Path) -> None:
    page.goto("/-/captions")
    end(at, begin(at, "caption", os.getpid()))
    look(page)
    assert page.locator("#stale").inner_text().split("\n")[-1] == "Load again"
    stay(page)
    with page.expect_navigation():
        page.locator("#stale .button").click()
    assert not stayed(page)


def test_the_overview_follows_in_place_but_not_where_something_is_open(page: Any, at: Path) -> None:
    page.goto("/")
    stay(page)
    run = begin(at, "score", os.getpid())
    look(page)
    page.locator("#running li", has_text="score").wait_for()
    end(at, run)
    look(page)
    page.locator("#running").wait_for(state="hidden")
    page.locator(f"#runs .change[data-run='{run}']").click()
    page.locator(".flips h3, .flips p").first.wait_for()
    assert page.locator("#stale").inner_text() == ""
    end(at, begin(at, "select", os.getpid()))
    look(page)
    page.locator("#stale .button").wait_for()
    assert page.locator(".flips").count() == 1
    assert stayed(page)


def test_the_final_set_follows_a_make_with_its_bar_in_place(page: Any, at: Path) -> None:
    writes.decide(at, "reject", [21], dataset="default", why="blurry")
    page.goto("/-/final")
    page.locator(".waits").wait_for()
    stay(page)
    (at / "stamps").mkdir(exist_ok=True)
    (at / "stamps" / "package.default").touch()
    look(page)
    page.locator(".waits").wait_for(state="detached")
    assert stayed(page)


def test_a_final_set_made_anew_is_shown_with_its_mark_and_never_under_a_selection(page: Any, at: Path) -> None:
    def made_anew(version: str) -> None:
        with sqlite3.connect(at / "manifest.db") as db:
            db.execute("update item set version = ? where id = 27", (version,))
        end(at, begin(at, "composite", os.getpid()))

    page.goto("/-/final")
    page.keyboard.press("End")
    marked = page.locator(".card.marked").get_attribute("id")
    made_anew("once")
    with page.expect_navigation():
        look(page)
    assert "v=once" in page.locator("#c27 img").get_attribute("src")
    assert page.locator(".card.marked").get_attribute("id") == marked
    page.keyboard.press("Space")
    stay(page)
    made_anew("twice")
    look(page)
    page.locator("#stale .button").wait_for()
    assert page.locator(".card.chosen").count() == 1
    assert stayed(page)
    page.keyboard.press("Escape")


def test_people_follow_in_place_but_not_under_a_selection(page: Any, at: Path) -> None:
    page.goto("/-/people")
    stay(page)
    page.evaluate("document.getElementById('people').dataset.old = 'yes'")
    end(at, begin(at, "match", os.getpid()))
    look(page)
    page.locator("#people:not([data-old])").wait_for()
    page.evaluate("document.querySelector('#people').insertAdjacentHTML('beforeend', '<i class=chosen></i>')")
    end(at, begin(at, "match", os.getpid()))
    look(page)
    page.locator("#stale .button").wait_for()
    assert page.locator("#people .chosen").count() == 1
    assert stayed(page)


def test_a_hidden_page_asks_nothing(page: Any) -> None:
    page.goto(GALLERY)
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url) if one.url.endswith("/-/live") else None)
    page.evaluate(
        "Object.defineProperty(document, 'hidden', {get: () => globalThis.away ?? false, configurable: true});"
        "globalThis.away = true; document.dispatchEvent(new Event('visibilitychange'))"
    )
    page.wait_for_timeout(4000)
    assert asked == []
    page.evaluate("globalThis.away = false")
    look(page)
    assert len(asked) == 1
