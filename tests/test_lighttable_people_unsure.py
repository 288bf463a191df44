"""The unsure on the People page: whom somebody without a face may be, and several answered at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import looking
from crowds import draw
from lighting import rows
from made_faces import RED, face
from making import Mill

from tools.mill.plan import FOLDERS
from tools.mill.tool import Result, Row

LEFT, RIGHT = (0, 0, 200, 600), (900, 0, 1100, 600)

EMMA = {"cluster": 1, "identity": "emma", "distance": 0.3, "faceless": 0}
SOMEBODY = {"cluster": 2, "faceless": 0}
FACELESS = {"faceless": 1}
KEPT = {"cluster": 3, "identity": "emma", "distance": 0.7, "faceless": 0}

SEEN = {
    ("a.mp4", 0): (EMMA, SOMEBODY),
    ("a.mp4", 1): (EMMA, FACELESS),
    ("a.mp4", 2): (FACELESS, FACELESS),
    ("a.mp4", 3): (FACELESS, KEPT),
}
"""Who is to the left and to the right in the frames of one video, by second; in the other one nobody's face shows."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("unsure") / "clips"
    for folder in FOLDERS.values():
        (base / folder).mkdir(parents=True)
    mill = Mill(base)
    mill.put("a.mp4", "b.mp4")
    mill.run("intake")
    mill.run("extract", mill.frames(4))
    mill.run("detect", mill.persons(LEFT, RIGHT))
    mill.run("embed", lambda row: Result(measures=_face(_seen(mill, row), row)))
    mill.run("match", lambda row: Result(measures={"track": row["address"], "unwanted": 0, **_seen(mill, row)}))
    mill.db.execute("update person set face_x0_px = 60, face_y0_px = 50, face_x1_px = 140, face_y1_px = 150")
    for name in mill.all("select path from item where path is not null"):
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        draw(base / name, 0)
    mill.decide("keep", person(base, "a.mp4", 3, RIGHT))
    mill.db.close()
    return base


def _second(row: Row) -> float:
    return float(str(row["address"]).split("/")[1][1:])


def _face(told: dict[str, Any], row: Row) -> dict[str, Any]:
    if told["faceless"]:
        return {"colours": RED}
    return {
        "embedding": face(told["cluster"] + 0.1 * _second(row)).astype("<f4").tobytes(),
        "face_height_px": 100.0,
        "colours": RED,
    }


def _seen(mill: Mill, row: Row) -> dict[str, Any]:
    source, _, place = str(row["address"]).split("/")
    shown = mill.one("select shown from file join item on item.id = file.item_id where item.address = ?", source)
    left_right = SEEN.get((shown, int(_second(row))), (FACELESS, FACELESS))
    told: dict[str, Any] = left_right[int(place[1:5]) > 300]
    return told


def person(base: Path, shown: str, second: int, box: tuple[int, ...]) -> int:
    """The id of who is in a frame."""
    question = f"""select persons.item_id from persons join item on item.id = source_id
        join file on file.item_id = item.id and file.shown = '{shown}'
        where time_s = {second} and box_x0_px = {box[0]}"""
    ((found,),) = rows(base, question)
    return int(found)


@pytest.fixture(scope="module")
def page(base: Path) -> Iterator[Any]:
    with looking(base, viewport={"width": 1280, "height": 900}, reduced_motion="reduce") as page:
        yield page


@pytest.fixture(autouse=True)
def _unsaid(base: Path, page: Any) -> Iterator[None]:
    page.goto("/-/people")
    yield
    from tools.lighttable import writes

    found = [uid for (uid,) in rows(base, "select uid from decision where verdict = 'identity'")]
    undone = {uid for (uid,) in rows(base, "select undoes from decision where undoes is not null")}
    if set(found) - undone:
        writes.take_back(base, sorted(set(found) - undone))
    page.evaluate("sessionStorage.clear()")


def standing(base: Path) -> dict[int, str]:
    question = """select item_id, value from decision as said where verdict = 'identity'
        and not exists (select 1 from decision as undo where undo.undoes = said.uid)"""
    return dict(rows(base, question))


def go(page: Any, item_id: int) -> None:
    """The mark to one who waits, by the arrow."""
    for _ in range(20):
        if page.locator(f"#q{item_id}.marked").count():
            return
        page.keyboard.press("ArrowRight")
    raise AssertionError(f"no arrow leads to {item_id}")


def told(page: Any, text: str) -> None:
    page.locator(".toast", has_text=text).first.wait_for()
    page.evaluate("document.getElementById('toasts').replaceChildren()")


def offered(page: Any, item_id: int) -> list[tuple[str, str]]:
    found = page.locator(f"#card{item_id} .candidate .line-1").all()
    return [(one.locator("b").inner_text(), one.locator("span").inner_text()) for one in found]


def test_who_shows_no_face_may_be_those_seen_in_the_same_clip_and_in_no_same_frame(page: Any, base: Path) -> None:
    go(page, person(base, "a.mp4", 1, RIGHT))
    assert offered(page, person(base, "a.mp4", 1, RIGHT)) == [
        ("Cluster 2", "same shot, 1.0 s before"),  # emma stands beside
        ("Cluster 3", "same shot, 2.0 s later"),
    ]
    assert offered(page, person(base, "a.mp4", 2, LEFT))[0] == ("emma", "same shot, 1.0 s before")
    page.keyboard.press("1")
    told(page, "Cluster 2, which had no name, is person-1 now")
    clustered = person(base, "a.mp4", 0, RIGHT)
    assert standing(base) == {person(base, "a.mp4", 1, RIGHT): "person-1", clustered: "person-1"}


def test_where_nobody_is_seen_beside_no_name_is_offered(page: Any, base: Path) -> None:
    alone = person(base, "b.mp4", 0, LEFT)
    go(page, alone)
    assert offered(page, alone) == []
    said = page.locator(f"#card{alone} .candidates").inner_text()
    assert "Nobody whose face shows is seen within a minute of it." in said


def test_a_takes_all_without_a_face_in_the_file_and_says_how_many(page: Any, base: Path) -> None:
    go(page, person(base, "b.mp4", 0, LEFT))
    button = page.locator(".card:not([hidden]) .all")
    assert button.inner_text() == "A all 8 without a face in this file"
    page.keyboard.press("a")
    assert page.locator("#marked").inner_text().startswith("all 8 selected")
    assert button.get_attribute("aria-pressed") == "true"
    assert page.locator(".ask.chosen").count() == 8
    page.keyboard.press("o")
    assert page.locator("#confirm-text").inner_text() == "8 images will be nobody of these. Is that right?"
    page.keyboard.press("Enter")
    told(page, "8 images: nobody of these.")
    assert sorted(standing(base).values()) == ["other"] * 8
    page.keyboard.press("z")
    told(page, "Undone: 8 images.")
    assert standing(base) == {}


def test_several_of_the_strip_are_answered_at_once(page: Any, base: Path) -> None:
    first = page.locator(".ask").first.get_attribute("id")
    page.keyboard.press(" ")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    assert page.locator(".ask.chosen").count() == 3
    assert page.locator(f"#{first}").get_attribute("aria-selected") == "true"
    page.locator(".ask").nth(5).click(modifiers=["Control"])
    assert page.locator(".ask.chosen").count() == 4
    ids = {int(one.get_attribute("data-id")) for one in page.locator(".ask.chosen").all()}
    page.keyboard.press("o")
    assert page.locator("#confirm-text").inner_text() == "4 images will be nobody of these. Is that right?"
    page.keyboard.press("Enter")
    told(page, "4 images: nobody of these.")
    assert standing(base) == dict.fromkeys(ids, "other")


def test_where_nobody_is_alike_a_says_so(page: Any, base: Path) -> None:
    kept = person(base, "a.mp4", 3, RIGHT)
    go(page, kept)
    card = page.locator(f"#card{kept}")
    assert "Kept, but nobody has said who it is." in card.inner_text()
    assert "Nobody else waits who is like it." in card.inner_text()
    page.keyboard.press("a")
    told(page, "Nobody else waits who is like this one.")
    assert page.locator(".chosen").count() == 0


def test_what_was_said_at_once_is_taken_back_once_its_number_was_confirmed(page: Any, base: Path) -> None:
    faces = [person(base, "a.mp4", second, LEFT) for second in (0, 1)]
    page.locator(f"#f{faces[0]}").click()
    page.keyboard.press("a")
    page.keyboard.press("m")
    page.keyboard.type("kim")
    page.keyboard.press("Enter")
    told(page, "2 images: kim.")
    page.locator(f"#f{faces[0]}").click()
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    text = page.locator("#confirm-text")
    text.wait_for()
    assert text.inner_text() == (
        "Who this is was said of 2 images at once. What was said of all 2 images will be taken back. Is that right?"
    )
    page.keyboard.press("Escape")
    assert standing(base) == dict.fromkeys(faces, "kim")
    page.keyboard.press("u")
    text.wait_for()
    page.keyboard.press("Enter")
    told(page, "2 images: what was said is taken back.")
    assert standing(base) == {}
    page.keyboard.press("z")
    told(page, "Undone: 2 images.")
    assert standing(base) == dict.fromkeys(faces, "kim")


def test_the_focus_is_where_the_mark_is(page: Any, base: Path) -> None:
    focused = (
        "[document.activeElement.getAttribute('role'), document.activeElement.getAttribute('aria-activedescendant')]"
    )
    first = page.locator(".ask").first.get_attribute("id")
    assert page.evaluate(focused) == ["listbox", first]
    page.keyboard.press("ArrowDown")
    role, marked = page.evaluate(focused)
    assert role == "listbox"
    assert re.fullmatch(r"f\d+", marked)
    assert page.locator(f"#{marked}").get_attribute("role") == "option"


def test_a_keep_of_whom_nobody_has_named_says_so_at_once(page: Any, base: Path) -> None:
    page.locator(f"#f{person(base, 'a.mp4', 3, RIGHT)}").click()
    page.keyboard.press("p")
    told(page, "Nobody has said who it is: People asks, or make identify")
    page.locator(f"#f{person(base, 'a.mp4', 0, LEFT)}").click()
    page.keyboard.press("p")
    page.locator(".toast", has_text="1 image kept.").wait_for()
    assert page.locator(".toast").count() == 1
