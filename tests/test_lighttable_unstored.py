"""Frames without a file: what stands in their place, on every page that shows them; never a broken picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import looking
from lighting import paint, rows
from manifest_filled import filled

from tools.lighttable.unstored import unstored
from tools.mill.manifest import connect

TWIN, KEPT = 6, 5
SENTENCE = "Not stored: near-duplicate of this frame, difference 0.8 of 1.5."
PARAMS = """json_set(json, '$.params.identical', 1.5)
where id in (select outcome.recipe_id from outcome join step on step.id = step_id where tool = 'extract')"""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = filled(tmp_path_factory.mktemp("unstored"))
    with connect(base) as db:
        db.execute(f"update recipe set json = {PARAMS}")
        (outcome,) = db.execute("select id from outcome where item_id = ? and latest", (TWIN,)).fetchone()
        db.execute("update item set path = null where id = ?", (TWIN,))
        db.execute("insert or ignore into extract (outcome_id) values (?)", (outcome,))
        db.execute("update extract set luma_difference = 0.8 where outcome_id = ?", (outcome,))
    paint(base)
    return base


@pytest.fixture(scope="module")
def page(base: Path) -> Iterator[Any]:
    with looking(base, viewport={"width": 1280, "height": 800}) as page:
        yield page


def whole(page: Any) -> bool:
    """Whether every picture that is shown was decoded."""
    decoded = "(one) => { one.loading = 'eager'; return one.decode().then(() => one.naturalWidth > 1, () => false); }"
    return bool(page.evaluate(f"Promise.all([...document.images].map({decoded})).then((all) => all.every(Boolean))"))


def test_what_was_kept_is_found(base: Path) -> None:
    with connect(base) as db:
        found = unstored(db, [TWIN, KEPT])
        assert (list(found), found[TWIN].id, found[TWIN].sentence) == ([TWIN], KEPT, SENTENCE)
        assert unstored(db, []) == {}
    assert rows(base, "select reason from outcome where item_id = ? and latest", TWIN) == [("near_duplicate",)]


def test_without_the_kept_one_it_says_so(base: Path, tmp_path: Path) -> None:
    other = filled(tmp_path)
    with connect(other) as db:
        db.execute("update item set path = null where id in (?, ?)", (TWIN, KEPT))
        one = unstored(db, [TWIN])[TWIN]
    assert one.id is None
    assert one.sentence.startswith("Not stored: near-duplicate of a frame that is gone")


@pytest.mark.parametrize(
    "path", ["/-/gallery?set=extract:frame", f"/-/item/{TWIN}", f"/-/compare?item={TWIN}&mode=frame"]
)
def test_it_is_told_beside_the_kept_picture(page: Any, path: str) -> None:
    page.goto(path)
    place = page.locator(f"#i{TWIN}" if "gallery" in path else ".hero figure" if "item/" in path else ".views")
    assert SENTENCE in place.inner_text()
    assert place.locator(f"img[src*='/picture/{KEPT}/']").count() == 1
    assert page.locator(f"img[src*='/picture/{TWIN}/']").count() == 0
    assert whole(page)


def test_in_a_group_it_stands_beside_the_kept_one(page: Any) -> None:
    page.goto(f"/-/compare?set=extract:frame&mode=groups&item={TWIN}")
    assert page.locator(f"#m{TWIN}").inner_text().startswith("Not stored: near-duplicate of the kept frame.")
    assert page.locator(f"#m{KEPT}.kept img").count() == 1
    assert whole(page)
