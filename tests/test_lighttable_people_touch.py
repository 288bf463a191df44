"""Faces and rows moved by finger on a phone: held or taken by the grip, past the edge of the window, called off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import looking
from crowds import crowded
from lighting import rows, unsay


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("touched") / "crowd"


@pytest.fixture(scope="module")
def people(base: Path) -> dict[int, int]:
    return crowded(base)


@pytest.fixture(scope="module")
def page(base: Path, people: dict[int, int]) -> Iterator[Any]:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    with looking(base, **phone, reduced_motion="reduce") as page:
        yield page


@pytest.fixture(autouse=True)
def _unsaid(base: Path, page: Any) -> Iterator[None]:
    page.goto("/-/people")
    yield
    unsay(base)
    page.evaluate("sessionStorage.clear()")


class Finger:
    """One or more fingers on the glass, as the browser's own protocol says it."""

    def __init__(self, page: Any) -> None:
        self.page, self.protocol = page, page.context.new_cdp_session(page)

    def _send(self, kind: str, *points: tuple[float, float]) -> None:
        fingers = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        self.protocol.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    def down(self, *points: tuple[float, float]) -> None:
        self._send("touchStart", *points)

    def to(self, *points: tuple[float, float]) -> None:
        self._send("touchMove", *points)

    def up(self) -> None:
        self._send("touchEnd")


def middle(page: Any, selector: str) -> tuple[float, float]:
    box = page.locator(selector).first.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def held(page: Any) -> Any:
    page.locator(".ghost").wait_for()
    return page.locator(".ghost")


def let_go(page: Any) -> None:
    page.locator(".ghost").wait_for(state="detached")
    assert page.locator(".over, .dragged, .dragging").count() == 0


def standing(base: Path) -> dict[int, str]:
    return dict(
        rows(
            base,
            """select item_id, coalesce(value, verdict) from decision as said where verdict <> 'undo'
            and not exists (select 1 from decision as undo where undo.undoes = said.uid)""",
        )
    )


def seen(page: Any, selector: str) -> None:
    """Scroll so that it lies in the middle of the window, clear of the edges where a drag scrolls."""
    page.locator(selector).first.evaluate("(one) => one.scrollIntoView({block: 'center'})")


def scrolled(page: Any, until: str) -> None:
    """Wait for a state of the window."""
    look = f"const look = () => ({until} ? done() : requestAnimationFrame(look)); look();"
    page.evaluate(f"new Promise((done) => {{ {look} }})")


def test_a_face_that_is_held_is_moved(page: Any, base: Path, people: dict[int, int]) -> None:
    finger = Finger(page)
    seen(page, "#c2")
    finger.down(middle(page, f"#f{people[5]}"))
    assert held(page).locator("img").count() == 1
    finger.to(middle(page, "#c2 .label p"))
    page.locator("#c2.over").wait_for()
    finger.up()
    page.locator(f'#f{people[5]}[data-said="person-1"]').wait_for()
    let_go(page)
    assert standing(base)[people[5]] == "person-1"
    assert "/-/people" in page.url  # letting go was no tap on the face's link


def test_selected_faces_go_together(page: Any, base: Path, people: dict[int, int]) -> None:
    seen(page, "#c2")
    for number in (3, 4):
        page.locator(f"#f{people[number]} .mark").tap()
    assert page.locator("#marked").inner_text().startswith("2 selected")
    finger = Finger(page)
    finger.down(middle(page, f"#f{people[4]}"))
    assert held(page).locator("b").inner_text() == "2"
    finger.to(middle(page, "#c1 .label p"))
    page.locator("#c1.over").wait_for()
    finger.up()
    page.locator(f'#f{people[3]}[data-said="emma"]').wait_for()
    assert standing(base) == {people[3]: "emma", people[4]: "emma"}


def test_a_finger_that_moves_at_once_scrolls_and_drags_nothing(page: Any, base: Path, people: dict[int, int]) -> None:
    seen(page, "#c2")
    before = page.evaluate("scrollY")
    x, y = middle(page, f"#f{people[3]}")
    finger = Finger(page)
    finger.down((x, y))
    for step in range(1, 7):
        finger.to((x, y + 20 * step))
    assert page.locator(".ghost").count() == 0
    finger.up()
    scrolled(page, f"scrollY < {before}")
    assert standing(base) == {}


def test_a_row_is_taken_by_its_grip_at_once(page: Any, base: Path, people: dict[int, int]) -> None:
    seen(page, "#c3")
    before = page.evaluate("scrollY")
    x, y = middle(page, "#c3 .grip")
    finger = Finger(page)
    finger.down((x, y))
    finger.to((x, y - 30))
    held(page)
    finger.to(middle(page, "#c2 .label p"))
    page.locator("#c2.over").wait_for()
    finger.up()
    page.locator("#pair-title", has_text="Are these one person?").wait_for()
    assert page.evaluate("scrollY") == before  # it dragged and did not scroll
    page.locator("#pair [data-close]").tap()
    assert standing(base) == {}


def test_a_second_finger_calls_it_off(page: Any, base: Path, people: dict[int, int]) -> None:
    seen(page, "#c2")
    finger = Finger(page)
    start = middle(page, f"#f{people[5]}")
    finger.down(start)
    held(page)
    target = middle(page, "#c2 .label p")
    finger.to(target)
    page.locator("#c2.over").wait_for()
    finger.down(target, (300, 300))
    let_go(page)
    finger.up()
    assert standing(base) == {}


def test_escape_calls_it_off_and_the_selection_stays(page: Any, base: Path, people: dict[int, int]) -> None:
    seen(page, "#c2")
    page.locator(f"#f{people[5]} .mark").tap()
    finger = Finger(page)
    finger.down(middle(page, f"#f{people[5]}"))
    held(page)
    finger.to(middle(page, "#c2 .label p"))
    page.keyboard.press("Escape")
    let_go(page)
    finger.up()
    assert page.locator(".face.chosen").count() == 1
    assert standing(base) == {}


def test_near_an_edge_the_page_moves_on(page: Any, base: Path, people: dict[int, int]) -> None:
    seen(page, f"#f{people[5]}")
    start = page.evaluate("scrollY")
    assert start > 100
    finger = Finger(page)
    finger.down(middle(page, f"#f{people[5]}"))
    held(page)
    finger.to((200, 60))
    scrolled(page, "scrollY === 0")
    finger.to((200, 300))
    finger.to((200, 780))
    scrolled(page, "scrollY > 100")
    page.keyboard.press("Escape")
    finger.up()
    let_go(page)


def test_on_the_page_of_one_the_others_unfold(page: Any, base: Path, people: dict[int, int]) -> None:
    page.goto("/-/people/1")
    others = page.locator("details.filters")
    assert others.get_attribute("open") is None
    finger = Finger(page)
    finger.down(middle(page, f"#f{people[0]}"))
    held(page)
    assert others.get_attribute("open") is not None
    finger.to(middle(page, '.others [data-cluster="3"]'))
    page.locator('.others [data-cluster="3"].over').wait_for()
    finger.up()
    page.locator(f'#f{people[0]}[data-said="person-1"]').wait_for()
    assert others.get_attribute("open") is None
    assert standing(base)[people[0]] == "person-1"
