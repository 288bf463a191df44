"""The bench of the light table: every page once, p95 from what was measured."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from tools.bench import table
from tools.bench.crowd import NAMED, people
from tools.bench.filling import fill
from tools.bench.sizes import SMALL
from tools.identity import album
from tools.lighttable.pages import all_pages
from tools.mill.manifest import connect


def test_it_asks_for_every_page_and_again_after_decisions(tmp_path: Path) -> None:
    lines = list(table.measure(tmp_path, SMALL))
    assert len(lines) == len(table.OPENED) + 2 * (len(table.PAGES) + len(table.DECIDED))
    assert all(line.value and line.low and line.high and line.low <= line.value <= line.high for line in lines)
    assert {line.bound for line in lines} == {None, 150.0, 300.0}


def test_its_people_have_faces_names_and_some_wait(tmp_path: Path) -> None:
    with closing(connect(tmp_path, create=True)) as db:
        fill(db, tmp_path, 4_200, 0)
        people(db)
        listed = album.listed(db)
        assert sum(row["images"] for row in listed) == sum(len(some) for some in album.faces(db).values())
    assert listed[0]["images"] > 10 * listed[-1]["images"]
    assert {row["name"] for row in listed if row["name"]} == {f"person {number}" for number in range(1, NAMED + 1)}
    assert 0 < sum(row["unsure"] for row in listed) < sum(row["passed"] for row in listed)


def test_no_page_of_the_navigation_is_left_out() -> None:
    asked = {path.removeprefix("/-/").split("?")[0].split("/")[0] for path in table.PAGES.values()} | {"overview"}
    assert {page.word for page in all_pages() if page.title} <= asked


def test_p95_is_of_all_loads() -> None:
    line = table._line("x", [float(n) for n in range(1, 22)], 20.0)
    assert (line.value, line.met) == (pytest.approx(20.0), True)
