"""Datasette's own pages in a real browser: their menus, facets and SQL editor work under the policy of our pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from browsing import looking
from lighting import Visitor, paint
from manifest_filled import filled

from tools.lighttable import writes

PAGES = (
    *("/manifest", "/manifest/item", "/manifest/item?_facet=kind", "/manifest/item/24", "/manifest/reasons"),
    *("/manifest/what_if", "/manifest?sql=select+*+from+item", "/manifest?sql=select+broken", "/manifest/cutouts"),
)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = filled(tmp_path_factory.mktemp("queried"))
    paint(base)
    return base


@pytest.fixture(scope="module")
def page(base: Path) -> Iterator[Any]:
    with looking(base, viewport={"width": 1280, "height": 800}) as page:
        yield page


def test_no_page_holds_a_script_or_a_style_of_its_own(base: Path) -> None:
    table = Visitor(base)
    for path in PAGES:
        answer = table.ask(path)
        assert "script-src 'self';" in answer.headers["content-security-policy"]
        assert not re.findall(r"<script(?![^>]* src=)|<style|\son\w+=|javascript:", answer.text), path
    table.close()


@pytest.mark.parametrize("path", PAGES)
def test_no_page_complains_and_each_leads_back(page: Any, path: str) -> None:
    page.goto(path)
    page.locator(".brand").click()
    page.wait_for_url(re.compile(r":\d+/$"))


def test_a_columns_menu_opens_sorts_and_makes_a_facet(page: Any) -> None:
    page.goto("/manifest/item")
    page.locator("th[data-column=kind] .dropdown-menu-icon").click()
    menu = page.locator(".dropdown-menu")
    assert menu.locator("a:visible").all_inner_texts() == [
        *("Sort ascending", "Sort descending", "Facet by this", "Hide this column")
    ]
    page.locator("h1").click()
    menu.wait_for(state="hidden")
    page.locator("th[data-column=kind] .dropdown-menu-icon").click()
    menu.locator("text=Facet by this").click()
    page.wait_for_url("**/manifest/item?_facet=kind")
    page.locator(".facet-info a", has_text="cutout").click()
    page.wait_for_url("**kind=cutout**")
    kinds = page.locator("td.col-kind")
    assert kinds.count() > 0
    assert set(kinds.all_inner_texts()) == {"cutout"}


def test_a_columns_menu_is_used_by_keyboard_alone(page: Any) -> None:
    page.goto("/manifest/item")
    icon = page.get_by_role("button", name="What to do with column kind")
    icon.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.textContent") == "Sort ascending"
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.textContent") == "Sort descending"
    page.keyboard.press("Escape")
    page.locator(".dropdown-menu").wait_for(state="hidden")
    assert icon.evaluate("(one) => one === document.activeElement")
    page.keyboard.press(" ")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.textContent") == "Facet by this"
    page.keyboard.press("Enter")
    page.wait_for_url("**/manifest/item?_facet=kind")


def test_the_editor_writes_formats_and_runs(page: Any) -> None:
    page.goto("/manifest")
    page.locator(".CodeMirror").click()
    page.keyboard.press("Control+a")
    page.keyboard.type("select '<img src=x onerror=alert(1)>' as evil, id as item_id from item where id = 24")
    page.keyboard.press("Shift+Enter")
    page.wait_for_url("**/manifest?sql=**")
    assert page.locator("td.col-evil").inner_text() == "<img src=x onerror=alert(1)>"
    assert page.locator("td.col-evil img").count() == 0
    assert page.locator("td.col-item_id a").get_attribute("href") == "/-/item/24"
    page.locator("#sql-format").click()
    assert page.locator(".CodeMirror-line").count() > 3
    page.locator("input[type=submit]").click()
    page.wait_for_url("**%0A**")
    assert page.locator("td.col-item_id").inner_text() == "24"


def test_a_question_says_what_it_asks_and_takes_its_parameters(page: Any) -> None:
    page.goto("/manifest")
    page.locator(".questions a", has_text="What if").click()
    page.wait_for_url("**/manifest/what_if")
    assert page.locator("h1").inner_text() == "What if"
    assert page.locator("#sql-query").is_hidden()
    page.locator(".folded summary").click()
    assert page.locator("#sql-query").inner_text().startswith("-- ")
    page.locator("h1").click()
    assert page.locator("#sql-query").is_visible()
    page.locator("label", has_text="key").first.wait_for()
    page.locator("input[type=submit]").click()
    page.wait_for_url("**/manifest/what_if?**")


def test_an_item_in_an_answer_is_its_picture_and_leads_to_its_page(page: Any, base: Path) -> None:
    writes.decide(base, "reject", [21])
    writes.decide(base, "reject", [23])
    page.goto("/manifest/decisions")
    cell = page.locator("td.col-item_id a").first
    assert cell.get_attribute("href") == "/-/item/23"
    image = cell.locator("img")
    assert image.evaluate("async (one) => { await one.decode(); return one.naturalHeight; }") == 96
    assert page.locator("td.col-path a").first.get_attribute("href") == "/-/item/23"
    assert page.locator("table").evaluate("(one) => one.compareDocumentPosition(document.querySelector('.folded')) & 4")
    lines = "(one) => { const all = new Range(); all.selectNodeContents(one); return all.getClientRects().length; }"
    for column in ("verdict", "kind", "decision_id"):
        assert page.locator(f"td.col-{column}").first.evaluate(lines) == 1, "no word is broken"
    cell.click()
    page.wait_for_url("**/-/item/23")


def test_two_hundred_rows_fetch_no_pictures(page: Any) -> None:
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url) if "/-/picture/" in one.url else None)
    many = "with recursive n(i) as (select 1 union all select i + 1 from n where i < {}) select i, 21 as item_id from n"
    page.goto(f"/manifest?sql={quote(many.format(200))}")
    assert page.locator("a.shown").count() == 200
    assert page.locator(".shown img").count() == 0
    assert asked == []
    page.goto(f"/manifest?sql={quote(many.format(199))}")
    assert page.locator(".shown img").first.is_visible()
    assert asked


def test_a_phone_shows_each_row_as_a_card_with_names(page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for path in PAGES:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") == 390, path
    page.goto("/manifest/item")
    cell = page.locator("td.col-kind").first
    assert cell.evaluate("(one) => getComputedStyle(one, '::before').content") == '"kind"'
    page.set_viewport_size({"width": 1280, "height": 800})
