"""Recall: what was made by the same recipe before is taken again, where nothing about it is another. Real pictures."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import RunTool
from workspaces import ask, funnel_holds, natural, portraits

from tools.decide import decide

CONFIG = '[intake]\nmin_side = 240\n[detect]\nengine = "builtin"\n'
FIRST, OTHER = {"pad": 0.15}, {"pad": 0.3}
LAST_RUN = "select id from run order by id desc limit 1"


@pytest.fixture(scope="module")
def detected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two portraits and a picture of nobody, as far as frames."""
    from conftest import draw

    base = portraits(tmp_path_factory.mktemp("recall") / "work", 2, CONFIG)
    draw(base / "00_raw_photos" / "nobody.jpg")
    return base


@pytest.fixture
def base(detected: Path, tmp_path: Path, run_tool: RunTool) -> Path:
    """Detected with one padding, and then with another."""
    if not (detected / "manifest.db").exists():
        for tool in ("intake", "extract"):
            run_tool(detected, tool)
        assert run_tool(detected, "detect", options=FIRST).counts == {"ok": 4, "rejected": 1, "failed": 0}
    copy = tmp_path / "base"
    shutil.copytree(detected, copy)
    return copy


def crops(base: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in (base / "02_person_crops").rglob("*.webp")}


def recalled(base: Path) -> int:
    question = "select coalesce(machine_json ->> '$.recalled', 0) from run order by id desc limit 1"
    return int(str(ask(base, question)[0][0]))


def change(base: Path, question: str) -> None:
    with sqlite3.connect(base / "manifest.db") as db:
        assert db.execute(question).rowcount > 0
    db.close()


def test_a_setting_that_is_set_back_finds_what_it_made(base: Path, run_tool: RunTool) -> None:
    took = "select item_id, seconds from outcome where latest and live order by item_id"
    before, seconds = natural(base), ask(base, took)
    people = ask(base, "select * from person order by item_id")
    assert run_tool(base, "detect", options=OTHER).notes == ()
    assert natural(base) != before
    files = crops(base)
    report = run_tool(base, "detect", options=FIRST)
    assert (report.waiting, report.counts) == (3, {"ok": 4, "rejected": 1, "failed": 0})
    assert report.notes == ("detect: 3 of 3 were known from an earlier run with these settings.",)
    assert recalled(base) == 3
    assert natural(base) == before
    assert ask(base, took) == seconds, "as long as it took, for the estimate"
    assert ask(base, "select * from person where item_id in (select id from item where newest)") == people
    assert crops(base) == files
    assert funnel_holds(base)
    assert run_tool(base, "detect", options=FIRST).waiting == 0
    # And what is measured of it is there for limits and views, as it was.
    both = (
        "select confidence, height_px, people_seen from detect join outcome on outcome.id = outcome_id where run_id = ?"
    )
    runs = ask(base, "select run.id from run join step on step.id = step_id where tool = 'detect' order by run.id")
    assert ask(base, both, runs[0][0]) == ask(base, both, runs[2][0]) != []


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:-1])])
def test_what_is_gone_or_cut_is_made_again(base: Path, run_tool: RunTool, harm: Callable[[Path], object]) -> None:
    before, files = natural(base), crops(base)
    run_tool(base, "detect", options=OTHER)
    lost = Path(min(files))
    whole = lost.read_bytes()
    harm(lost)
    run_tool(base, "detect", options=FIRST)
    assert recalled(base) == 2
    assert natural(base) == before
    assert lost.read_bytes() == whole


def test_limits_judge_it_by_what_they_are_now(base: Path, run_tool: RunTool) -> None:
    before = natural(base)
    run_tool(base, "detect", options=OTHER)
    strict = run_tool(base, "detect", options={**FIRST, "min_height_px": 100_000.0})
    assert (recalled(base), strict.counts) == (3, {"ok": 2, "rejected": 3, "failed": 0})
    run_tool(base, "detect", options=OTHER)
    run_tool(base, "detect", options=FIRST)
    assert recalled(base) == 3
    assert natural(base) == before


def test_what_somebody_decided_stands(base: Path, run_tool: RunTool) -> None:
    [(crop,)] = ask(base, "select min(path) from item where kind = 'person'")
    decide(base, "reject", [str(crop)], "", "")
    before = natural(base)
    run_tool(base, "detect", options=OTHER)
    run_tool(base, "detect", options=FIRST)
    assert recalled(base) == 3
    assert natural(base) == before
    assert ask(base, "select count(*) from outcome where latest and live and not passed and kind = 'person'") == [(1,)]


@pytest.mark.parametrize(
    "harm",
    [
        "update outcome set beside = 'another' where kind = 'frame' and not latest",
        "update outcome set status = 'failed', reason = 'failed' where kind = 'frame' and not latest",
        "update outcome set recipe_id = (select max(id) from recipe) where kind = 'frame' and not latest",
        "update item set path = null, sha256 = null, bytes = null where kind = 'person' and not newest",
    ],
)
def test_what_was_another_case_is_worked_on_anew(base: Path, run_tool: RunTool, harm: str) -> None:
    run_tool(base, "detect", options=OTHER)
    change(base, harm)
    run_tool(base, "detect", options=FIRST)
    # Of the picture of nobody nothing was made, whose file could be missing.
    assert recalled(base) == (1 if "update item" in harm else 0)
    assert funnel_holds(base)


def test_a_recipe_that_never_ran_knows_nothing(base: Path, run_tool: RunTool) -> None:
    run_tool(base, "detect", options=OTHER)
    assert recalled(base) == 0
    assert run_tool(base, "detect", options={"pad": 0.31}).notes == ()


def test_what_is_made_from_it_is_there_again_too(base: Path, run_tool: RunTool) -> None:
    for tool in ("embed", "match"):
        run_tool(base, tool)
    before = natural(base)
    run_tool(base, "detect", options=OTHER)
    for tool in ("embed", "match"):
        run_tool(base, tool)
    run_tool(base, "detect", options=FIRST)
    assert [run_tool(base, tool).waiting for tool in ("embed", "match")] == [0, 0]
    assert natural(base) == before
