"""The gallery's filters, mark and looks in a real browser: what is set, where the focus is, what can be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import looking
from lighting import paint
from manifest_filled import filled

CUTOUTS = "/-/gallery?set=score:cutout"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    base: Path = filled(tmp_path_factory.mktemp("filtered"))
    paint(base)
    with looking(base, viewport={"width": 1280, "height": 800}) as page:
        yield page


def marked(page: Any) -> str:
    return str(page.locator(".tile.marked").get_attribute("data-id"))


def test_what_is_filtered_by_stands_above_and_is_taken_away(page: Any) -> None:
    page.goto(f"{CUTOUTS}&state=in&state=out&range=sharpness:0.1:")
    on = page.locator(".on .pill")
    assert on.all_inner_texts() == ["Status: in", "Status: rejected", "sharpness from 0.1"]
    on.nth(2).click()
    page.wait_for_url(lambda address: "range" not in address)
    page.locator(".on .link").click()
    page.wait_for_url(lambda address: "state" not in address)
    assert on.count() == 0


def test_a_filter_is_set_by_space_and_keeps_the_focus(page: Any) -> None:
    page.goto(CUTOUTS)
    page.locator(".facet a[data-value=in]").focus()
    page.keyboard.press(" ")
    page.wait_for_url("**state=in**")
    page.locator(".facet a[data-value=in][aria-checked=true]:focus").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "state" not in address)
    page.locator(".facet a[data-value=in][aria-checked=false]:focus").wait_for()


def test_the_mark_is_where_it_was_after_loading_again(page: Any) -> None:
    page.goto(CUTOUTS)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    was = marked(page)
    page.reload()
    assert marked(page) == was
    page.goto(f"{CUTOUTS}&per=500")
    assert marked(page) != was


def test_the_grid_is_told_to_who_does_not_see_it(page: Any) -> None:
    page.goto(CUTOUTS)
    page.keyboard.press(" ")
    chosen = page.get_by_role("listbox").get_by_role("option", selected=True)
    assert chosen.count() == 1
    assert page.locator("#grid").get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    assert page.locator("#marked").get_attribute("aria-live") == "polite"


def test_what_is_selected_keeps_its_colours(page: Any) -> None:
    page.goto(CUTOUTS)
    page.keyboard.press("a")
    veil = "(one) => getComputedStyle(one, '::before').inset"
    assert "0px" not in page.locator(".tile.chosen").first.evaluate(veil).split()


CONTRAST = r"""(theme) => {
  document.documentElement.dataset.theme = theme;
  const value = (name) => {
    const probe = Object.assign(document.createElement("i"), { style: `color: var(${name})` });
    document.body.append(probe);
    const parts = getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3).map((one) => one / 255);
    probe.remove();
    const [r, g, b] = parts.map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [];
  for (const ink of ["--ink", "--soft", "--faint"])
    for (const ground of ["--bg", "--panel", "--raised"]) {
      const [low, high] = [value(ink), value(ground)].sort((a, b) => a - b);
      found.push((high + 0.05) / (low + 0.05));
    }
  return Math.min(...found);
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_all_words_can_be_read(page: Any, theme: str) -> None:
    page.goto(CUTOUTS)
    assert page.evaluate(CONTRAST, theme) >= 4.5  # WCAG 2.2, 1.4.3
