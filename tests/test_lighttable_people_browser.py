"""The People page in a real browser: settled, named, merged, split and moved by keyboard alone, and by dragging."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import let_go_in_every_way, looking
from crowds import crowded
from lighting import rows

EVIL = '<img src=x onerror="alert(1)">"'


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("peopled") / "crowd"


@pytest.fixture(scope="module")
def people(base: Path) -> dict[int, int]:
    return crowded(base)


@pytest.fixture(scope="module")
def page(base: Path, people: dict[int, int]) -> Iterator[Any]:
    with looking(base, viewport={"width": 1280, "height": 900}, color_scheme="dark", reduced_motion="reduce") as page:
        yield page


@pytest.fixture(autouse=True)
def _unsaid(base: Path, page: Any) -> Iterator[None]:
    page.goto("/-/people")
    yield
    from tools.lighttable import writes

    found = [uid for uid, _, _ in said(base)]
    if found:
        writes.take_back(base, found)
    page.evaluate("sessionStorage.clear()")


def said(base: Path) -> list[tuple[str, int, str]]:
    return rows(
        base,
        """select uid, item_id, coalesce(value, verdict) from decision as said where verdict <> 'undo'
        and not exists (select 1 from decision as undo where undo.undoes = said.uid) order by item_id""",
    )


def standing(base: Path) -> dict[int, str]:
    return {item: value for _, item, value in said(base)}


def told(page: Any, text: str) -> None:
    """Wait for the message that ends a word, let it go, and wait until the page shows what stands."""
    page.locator(".toast", has_text=text).first.wait_for()
    page.evaluate("document.getElementById('toasts').replaceChildren()")


def settled(page: Any, selector: str) -> None:
    page.locator(selector).first.wait_for()


def marked(page: Any) -> str:
    return str(page.locator(".marked").first.get_attribute("id"))


def press(page: Any, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def drag(page: Any, source: str, target: str) -> None:
    """Drag by the mouse, in steps: a browser starts to drag once the button is down and the mouse has moved."""
    page.locator(target).first.scroll_into_view_if_needed()
    page.locator(source).first.scroll_into_view_if_needed()
    boxes = [page.locator(one).first.bounding_box() for one in (source, target)]
    (x0, y0), (x1, y1) = [(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) for box in boxes]
    page.mouse.move(x0, y0)
    page.mouse.down()
    page.mouse.move(x0 + 8, y0 + 8, steps=2)
    page.mouse.move(x1, y1, steps=4)
    page.mouse.up()


def to_row(page: Any, number: int) -> None:
    """Down to a row by the arrow alone."""
    for _ in range(8):
        if page.locator(f"#c{number}.current").count():
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"no key leads to row {number}")


def test_the_faces_are_shown_and_the_first_unsure_one_is_asked_about(page: Any, people: dict[int, int]) -> None:
    assert marked(page) == f"q{people[2]}"
    assert page.locator(f"#card{people[2]}").is_visible()
    assert not page.locator(f"#card{people[3]}").is_visible()
    decoded = (
        "async (one) => { one.loading = 'eager'; await one.decode(); return [one.naturalWidth, one.naturalHeight]; }"
    )
    sizes = page.evaluate(f"Promise.all([...document.querySelectorAll('.face img')].map({decoded}))")
    assert sizes == [[200, 200]] * 6


def test_one_key_each_settles_the_unsure_and_undo_asks_again(page: Any, base: Path, people: dict[int, int]) -> None:
    press(page, "2")
    told(page, "1 image: lea.")
    likeliest = int(marked(page)[1:])
    assert likeliest in (people[3], people[4])
    press(page, "1")
    told(page, "1 image: lea.")
    press(page, "o")
    told(page, "1 image: other.")
    last = ({people[3], people[4]} - {likeliest}).pop()
    assert standing(base) == {people[2]: "lea", likeliest: "lea", last: "other"}
    page.locator("#unsure").wait_for(state="detached")
    assert page.locator("#waiting").count() == 0
    assert page.locator(".standing li").count() == 2
    press(page, "z", "z", "z")
    settled(page, f"#q{people[2]}")
    assert standing(base) == {}


def test_all_that_are_alike_are_settled_after_their_number_was_confirmed(
    page: Any, base: Path, people: dict[int, int]
) -> None:
    press(page, "s")
    assert int(marked(page)[1:]) in (people[3], people[4])
    press(page, "a", "1")
    assert page.locator("#confirm-text").inner_text() == "2 images will be lea. Is that right?"
    press(page, "Enter")
    told(page, "2 images: lea.")
    assert standing(base) == {people[3]: "lea", people[4]: "lea"}
    press(page, "z")
    told(page, "Undone")
    assert standing(base) == {}


def test_a_row_is_named_in_place(page: Any, base: Path, people: dict[int, int]) -> None:
    to_row(page, 3)
    press(page, "n")
    page.keyboard.type("kim")
    press(page, "Escape")
    assert page.locator("#c3 .name").inner_text() == "Cluster 3"
    press(page, "n")
    page.keyboard.type(EVIL)
    press(page, "Enter")
    settled(page, "#c3 .pill.said")
    assert page.locator("#c3 .name").inner_text() == EVIL
    assert standing(base) == {people[5]: EVIL}
    assert page.locator("img[src=x]").count() == 0
    assert page.locator("#c3.current").count() == 1  # the mark stays where it was


def test_rows_are_merged_by_key(page: Any, base: Path, people: dict[int, int]) -> None:
    to_row(page, 3)
    press(page, "g")
    page.keyboard.type("emma")
    press(page, "Enter")
    page.locator("#pair").wait_for()
    assert page.locator("#pair-name").input_value() == "emma"
    assert page.locator("#pair-faces-two img").count() == 3
    press(page, "Enter")
    settled(page, '#c3[data-name="emma"]')
    assert standing(base) == dict.fromkeys((people[number] for number in (0, 1, 2, 5)), "emma")
    press(page, "z")
    told(page, "Undone: 4 images")
    assert standing(base) == {}


def test_a_row_dragged_on_another_is_merged_once_confirmed(page: Any, base: Path, people: dict[int, int]) -> None:
    drag(page, "#c3 .label p", "#c2 .faces")
    assert page.locator("#pair-title").inner_text() == "Are these one person?"
    press(page, "Escape")
    assert standing(base) == {}
    drag(page, "#c3 .label p", "#c2 .faces")
    page.keyboard.type("tom")
    press(page, "Enter")
    settled(page, '#c3[data-name="tom"]')
    assert standing(base) == dict.fromkeys((people[number] for number in (3, 4, 5)), "tom")


def test_a_split_is_shown_then_confirmed(page: Any, base: Path, people: dict[int, int]) -> None:
    to_row(page, 2)
    press(page, "d")
    page.locator("#pair").wait_for()
    assert page.locator("#pair-title").inner_text() == "Are these two people?"
    assert [page.locator(f"#pair-faces-{side} img").count() for side in ("one", "two")] == [1, 1]
    assert standing(base) == {}
    page.keyboard.type("tom")
    press(page, "Enter")
    told(page, "Cluster 2 is now person-1 (1) and tom (1).")
    assert sorted(standing(base).items()) in (
        sorted({people[3]: "tom", people[4]: "person-1"}.items()),
        sorted({people[4]: "tom", people[3]: "person-1"}.items()),
    )
    press(page, "z")
    told(page, "Undone: 2 images")


def test_what_cannot_be_split_is_said(page: Any, base: Path) -> None:
    to_row(page, 3)
    press(page, "d")
    page.locator(".toast.error").wait_for()
    assert "cannot be split" in page.locator(".toast.error").inner_text()
    assert standing(base) == {}


def test_selected_faces_are_moved_by_key(page: Any, base: Path, people: dict[int, int]) -> None:
    to_row(page, 2)
    press(page, "Shift+ArrowRight")
    assert page.locator(".face.chosen").count() == 2
    press(page, "m")
    assert page.locator("#choose-title").inner_text() == "Who are these 2 images?"
    press(page, "ArrowDown", "Enter")  # the first of those there are
    settled(page, f'#f{people[3]}[data-said="emma"]')
    assert standing(base) == {people[3]: "emma", people[4]: "emma"}
    press(page, "u")
    told(page, "Taken back")
    assert standing(base) == {}


def test_a_selection_is_let_go_in_every_way(page: Any) -> None:
    to_row(page, 2)
    let_go_in_every_way(page, "all 2 selected, cluster 2", ".face.chosen")


def test_faces_dragged_to_another_row_are_moved(page: Any, base: Path, people: dict[int, int]) -> None:
    drag(page, f"#f{people[5]}", "#c1 .label")
    settled(page, f'#f{people[5]}[data-said="emma"]')
    assert standing(base) == {people[5]: "emma"}
    # Onto a cluster without a name: both get a new one.
    drag(page, f"#f{people[0]}", "#c2 .label")
    settled(page, '#c2[data-name="person-1"]')
    assert standing(base) == {people[5]: "emma"} | dict.fromkeys((people[n] for n in (0, 3, 4)), "person-1")


def test_all_faces_of_one_and_the_way_back(page: Any, base: Path, people: dict[int, int]) -> None:
    to_row(page, 1)
    press(page, "Shift+Enter")
    page.wait_for_url("**/-/people/1")
    assert page.locator(".face").count() == 3
    press(page, "a", "m")
    page.keyboard.type("new one")
    press(page, "Enter")
    settled(page, ".standing")
    assert set(standing(base).values()) == {"new one"}
    drag(page, f"#f{people[0]}", '.others [data-cluster="3"]')
    settled(page, f'#f{people[0]}[data-said="person-1"]')
    press(page, "Enter")
    page.wait_for_url("**/-/item/*")


def test_an_image_is_rejected_with_a_reason(page: Any, base: Path, people: dict[int, int]) -> None:
    to_row(page, 3)
    press(page, "x")
    page.locator("#reason-text").fill("a poster")
    press(page, "Enter")
    told(page, "1 image rejected")
    assert standing(base) == {people[5]: "reject"}


def test_a_phone_shows_it_all_without_scrolling_sideways(page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for path in ("/-/people", "/-/people/1"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        assert page.evaluate("scrollY") == 0
    page.goto("/-/people")
    assert page.locator(".candidate").first.bounding_box()["width"] > 300
    assert page.locator(".answers:visible .act").first.bounding_box()["height"] >= 40
    page.set_viewport_size({"width": 1280, "height": 900})


def test_every_picture_says_what_it_is_and_the_keys_are_listed(page: Any) -> None:
    missing = (
        "[...document.querySelectorAll('#people img')].filter((one) => !one.alt && !one.closest('#choices')).length"
    )
    assert page.evaluate(missing) == 0
    press(page, "?")
    assert page.locator("#keys").is_visible()
    assert "merge the row with another" in page.locator("#keys").inner_text()
    press(page, "Escape")
