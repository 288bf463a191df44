"""qc: a sound workspace passes, and each check finds what it is there for in one that is broken on purpose."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from broken import BROKEN, Broken
from broken_more import MORE
from broken_rows import FOUND, LET_PASS, NOT_OPENED
from killing import chain, deed, run, small
from lived_in import at_work, lived_in
from manifest_filled import filled
from workspaces import CLIPS, ask

from tools.decide import decide
from tools.inspection import functions, lying
from tools.inspection.checks import Check, checks
from tools.mill.manifest import connect
from tools.qc import inspect

CHECKS = {check.name: check for check in checks()}

CONFIG = """
[intake]
min_side = 240
[extract]
fps = 0.5
[detect]
min_height_px = 96
[mask]
working_side_px = 128
[score]
min_crop_mp = 0.01
[package]
min_canvas_mp = 0.01
[dataset.default]
trigger = "emx7"
"""


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two real clips through the whole chain; two photographs to stand before; a text that calls itself a video."""
    if not CLIPS.is_dir():
        pytest.skip("../shared/clips is not there")
    base = tmp_path_factory.mktemp("qc") / "sound"
    for folder, files in {
        "00_raw_videos": (CLIPS / "street-walk-5frames.mp4", CLIPS / "stage-performer.mp4"),
        "00_background_library": sorted((CLIPS.parent / "coco").glob("*.jpg"))[:2],
    }.items():
        (base / folder).mkdir(parents=True)
        for file in files:
            shutil.copy(file, base / folder)
    (base / "00_raw_videos" / "note.mp4").write_text("no film", encoding="utf-8")
    (base / "config.toml").write_text(CONFIG, encoding="utf-8")
    run(base, *chain())
    return base


@pytest.fixture
def base(sound: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    shutil.copytree(sound, tmp_path / "work", symlinks=True)
    return tmp_path / "work"


@pytest.fixture
def db(base: Path) -> Iterator[sqlite3.Connection]:
    with closing(connect(base)) as connection:
        yield connection


def found(base: Path, check: Check) -> tuple[int, list[str]]:
    """How many violations a check finds, and what it says of each."""
    (result,) = inspect(base, [check], look=True, most=None, workers=0).results
    return result.violations, [each.detail for each in result.shown]


# --- the checks ---


def test_a_sound_workspace_passes_every_check(sound: Path) -> None:
    report = inspect(sound, checks(), look=True, most=None, workers=2)
    assert [(one.check.name, one.shown) for one in report.results if one.state != "passed"] == []
    made = dict(ask(sound, "select kind, count(*) from item where newest group by kind"))
    assert made["composite"] == 6, "the breaks count on it"
    opened = {one.check.name: one.files for one in report.results}
    assert opened["qc3_frames_open"] == made["frame"]
    assert opened["qc6_open"] == opened["qc6_halo"] == opened["qc7_pairs_open"] == 6


@pytest.mark.parametrize(("name", "broken"), [(name, BROKEN[name]) for name in CHECKS] + [*MORE])
def test_a_check_finds_what_is_broken_on_purpose_and_nothing_before(
    name: str, broken: Broken, base: Path, db: sqlite3.Connection
) -> None:
    if broken.almost:
        untouched = base.with_name("almost")
        shutil.copytree(base, untouched, symlinks=True)
        with closing(connect(untouched)) as other:
            broken.almost(other, untouched)
        assert found(untouched, CHECKS[name]) == (0, [])
    broken.deed(db, base)
    n, details = found(base, CHECKS[name])
    assert n == broken.n, details
    assert any(broken.said in detail for detail in details), details


def edited(base: Path, name: str, statements: str = "") -> list[str]:
    """What a check says after edits by hand, which are taken back; of one that opens files, their paths."""
    with closing(connect(base)) as db:
        functions.register(db)
        lying.prepare(db, base, look=True)
        db.execute("pragma foreign_keys = off")
        db.execute("begin")
        for statement in filter(None, re.split(r";\s", statements)):
            assert db.execute(statement).rowcount > 0, "the edit has found its row"
        said = [str(row["path" if CHECKS[name].opens else "detail"]) for row in db.execute(CHECKS[name].sql)]
        db.rollback()
        return said


@pytest.mark.parametrize(("name", "statements"), FOUND)
def test_a_row_edited_by_hand_is_found(name: str, statements: str, sound: Path) -> None:
    assert edited(sound, name, statements)


@pytest.mark.parametrize(("name", "statements"), LET_PASS)
def test_what_lies_just_before_is_let_pass(name: str, statements: str, sound: Path) -> None:
    assert edited(sound, name, statements) == []


@pytest.mark.parametrize(("name", "statements"), NOT_OPENED)
def test_what_nobody_needs_is_not_opened(name: str, statements: str, sound: Path) -> None:
    assert len(edited(sound, name, statements)) < len(edited(sound, name))


def test_the_past_of_a_workspace_is_no_violation(base: Path, db: sqlite3.Connection) -> None:
    lived_in(db, base)
    report = inspect(base, checks(), look=True, most=None, workers=0)
    assert [(one.check.name, one.shown) for one in report.results if one.state != "passed"] == []


def test_of_a_tool_at_work_no_check_judges_the_files(base: Path, db: sqlite3.Connection) -> None:
    at_work(db, base)
    report = inspect(base, checks(), look=True, most=None, workers=0)
    looking = [one for one in report.results if one.check.files or one.check.opens]
    assert [(one.check.name, one.shown) for one in looking if one.state != "passed"] == []
    assert {one.check.name: one.violations for one in report.results}["ledger_runs"] == 0
    assert set(report.busy) == {row[0] for row in db.execute("select tool from step")}


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_runs_on_an_empty_and_on_a_full_manifest(name: str, tmp_path: Path) -> None:
    for base in (tmp_path / "new", filled(tmp_path / "full")):
        with closing(connect(base, create=True)) as db:
            functions.register(db)
            lying.prepare(db, base, look=True)
            rows = db.execute(CHECKS[name].sql).fetchall()
            assert base.name == "full" or rows == []


def test_what_people_do_to_a_workspace_is_no_error(tmp_path: Path) -> None:
    """Edits, decisions, halves of runs and vanished sources make work wait, and nothing wrong."""
    base = small(tmp_path / "work", photos=3)
    run(base, *chain())
    config = (base / "config.toml").read_text(encoding="utf-8")

    def errors() -> list[tuple[str, str]]:
        report = inspect(base, checks(), look=True, most=None, workers=0)
        return [
            (one.check.name, each.detail)
            for one in report.results
            for each in one.shown
            if one.check.severity == "error"
        ]

    assert errors() == []
    decide(base, "reject", [str(ask(base, "select composite_id from final limit 1")[0][0])], "", "")
    more = '[extract]\nfps = 3.0\nwebp_quality = 70\n[dataset.default]\ntrigger = "emx7"\n[dataset.other]\n'
    (base / "config.toml").write_text(config + more, encoding="utf-8")
    run(base, *chain(stop="mask"))
    assert errors() == []
    run(base, *chain(start="score"), *chain(start="select", dataset="other"))
    assert errors() == []
    (base / "config.toml").write_text(config.replace("working_side_px = 64", "working_side_px = 80"), encoding="utf-8")
    (base / "00_raw_photos" / "photo 0.png").unlink()
    run(base, deed("intake", "--accept-vanished"), *chain(start="extract"))
    assert errors() == []
    assert ask(base, "select count(*) from qc_run") == [(4,)]
