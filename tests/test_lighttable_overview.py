"""The overview's live parts: how far a run has come, what a run changed, the checks in one line."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from browsing import looking
from lighting import Visitor, paint, rows
from manifest_filled import filled, play

from tools.inspection.checks import checks
from tools.lighttable.pages.overview import differing, how_far
from tools.mill.manifest import connect
from tools.mill.tool import Result
from tools.qc import inspect

EVIL = '<img src=x onerror="alert(1)">'


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Visitor]:
    visitor = Visitor(filled(tmp_path))
    yield visitor
    visitor.close()


def begin(base: Path, tool: str, process: int, host: str = "") -> int:
    """A run that is at work, as `tools.mill.runs.begin` writes it down."""
    started = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    with sqlite3.connect(base / "manifest.db") as db:
        run = db.execute(
            """insert into run (uid, step_id, recipe_id, limits_json, machine_json, host, pid, started_at, status)
            select ?, id, recipe_id, limits_json, '{}', ?, ?, ?, 'running' from step where tool = ?""",
            (uuid.uuid4().hex, host or socket.gethostname(), process, started, tool),
        ).lastrowid
    return int(run or 0)


def again(base: Path) -> tuple[int, int]:
    """Score everything once more: the first is blurry now, the last is not. Returns the runs, before and after."""
    db = connect(base)
    step = db.execute("select id from step where tool = 'score'").fetchone()[0]
    first = db.execute("select max(id) from run where step_id = ?", (step,)).fetchone()[0]
    sharp = {"sharpness": 0.6, "dark_share": 0.01, "crop_mp": 0.3}
    of = {row["id"]: row["address"] for row in db.execute("select id, address from item where id in (21, 24)")}
    measured = {of[21]: Result(measures=sharp | {"sharpness": 0.1}), of[24]: Result(measures=sharp)}
    play(db, base, "score", measured, pace=3.0)
    second = db.execute("select max(id) from run").fetchone()[0]
    db.close()
    return int(first), int(second)


# --- progress ---


def test_nothing_is_at_work_and_the_page_says_nothing_of_it(table: Visitor) -> None:
    assert table.ask("/-/overview/running").json() == []
    assert 'data-alive="0" hidden>' in table.ask("/").text


def test_a_run_is_told_as_so_many_of_all(table: Visitor) -> None:
    """Two of the four cut-outs of score are judged by the new run, the two others wait."""
    run = begin(table.base, "score", os.getpid())
    with sqlite3.connect(table.base / "manifest.db") as db:
        score = "(select id from step where tool = 'score')"
        db.execute(f"update outcome set stale = 1 where step_id = {score} and item_id in (24, 25)")
        db.execute(f"update outcome set run_id = ? where step_id = {score} and item_id in (21, 23)", (run,))
    (told,) = table.ask("/-/overview/running").json()
    assert (told["id"], told["tool"], told["done"], told["total"], told["gone"]) == (run, "score", 2, 4, False)
    assert 0 <= told["seconds"] < 60
    assert "2 of 4" in table.ask("/").text


def test_inputs_are_counted_not_what_is_made_of_them(table: Visitor) -> None:
    """detect judges frames and makes persons: the frames are what there is to do."""
    run = begin(table.base, "detect", os.getpid())
    with sqlite3.connect(table.base / "manifest.db") as db:
        detect = "(select id from step where tool = 'detect')"
        db.execute(f"update outcome set run_id = ? where step_id = {detect}", (run,))
    frames = rows(table.base, f"select count(*) from outcome where step_id = {detect} and kind = 'frame'")[0][0]
    persons = rows(table.base, f"select count(*) from outcome where step_id = {detect} and kind = 'person'")[0][0]
    (told,) = table.ask("/-/overview/running").json()
    assert (told["done"], told["total"]) == (frames, frames)
    assert persons


def test_a_run_whose_process_is_gone_was_killed(table: Visitor) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    begin(table.base, "mask", ended.pid)
    begin(table.base, "embed", ended.pid, "another-machine")
    assert [(one["tool"], one["gone"]) for one in table.ask("/-/overview/running").json()] == [
        ("mask", True),
        ("embed", False),
    ]
    assert f"Its process is gone: it was killed. Type make all BASE={table.base}." in table.ask("/").text


def stale_scores(base: Path) -> None:
    with sqlite3.connect(base / "manifest.db") as db:
        db.execute("update outcome set stale = 1 where step_id = (select id from step where tool = 'score')")


def test_what_waits_calls_for_make(table: Visitor) -> None:
    stale_scores(table.base)
    assert f"<b>4</b> wait: type <code>make all BASE={table.base}</code>." in table.ask("/").text


def test_what_waits_while_a_step_is_at_work_calls_for_nothing(table: Visitor) -> None:
    stale_scores(table.base)
    begin(table.base, "score", os.getpid())
    page = table.ask("/").text
    assert "<b>4</b> wait, and a step is at work." in page
    assert '<span class="soft">running</span></td><td class="num"><span class="soft">–</span></td>' in page


def test_how_far_it_has_come_is_counted_from_its_start() -> None:
    row = {"id": 1, "tool": "mask", "dataset": "", "done": 30, "kinds": "person", "process": os.getpid(), "host": "x"}
    now = datetime(2024, 5, 1, 10, 0, 12, tzinfo=UTC)
    told = how_far({**row, "started_at": "2024-05-01T10:00:00.000Z"}, [], now)
    assert told == {"id": 1, "tool": "mask", "dataset": "", "done": 30, "total": 30, "seconds": 12.0, "gone": False}
    left = [
        {"tool": "mask", "dataset": "", "kind": "person", "waiting": 9},
        {"tool": "mask", "dataset": "", "kind": "cutout", "waiting": 100},
        {"tool": "score", "dataset": "", "kind": "person", "waiting": 1000},
    ]
    told = how_far({**row, "started_at": "2024-05-01T10:00:30.000Z"}, left, now)
    assert (told["total"], told["seconds"]) == (39, 0)


# --- what runs changed ---


def test_what_a_run_changed_is_what_the_query_says(table: Visitor) -> None:
    first, second = again(table.base)
    html = table.ask("/").text
    assert f'data-run="{second}" data-before="{first}"' in html
    assert f'data-run="{first}"' not in html
    told = table.ask(f"/-/overview/flips?run={second}&before={first}").json()
    assert told["settings"] == ["pace: 2 → 3"]
    ways = told["ways"]
    assert [(way["flip"], way["n"], [(one["kind"], one["why"]) for one in way["images"]]) for way in ways] == [
        ("now in", 1, [("cutout", "blurry → ok")]),
        ("now out", 1, [("cutout", "ok → blurry")]),
    ]
    assert [way["images"][0]["id"] for way in ways] == [24, 21]
    assert table.ask(f"/-/overview/flips?run={first}&before={first}").json() == {"settings": [], "ways": []}


def test_settings_that_differ_are_told_by_name() -> None:
    old = {"version": 1, "params": {"fps": 2.0, "gone": True}, "engine": ["yolo", "0123456789abcdef"]}
    new = {"version": 2, "params": {"fps": 2.0, "modes": {"flat": 1.0}}, "engine": ["builtin", "0123456789abcdef"]}
    before = {"recipe_json": json.dumps(old), "limits_json": '{"min_sharpness": 0.4}'}
    after = {"recipe_json": json.dumps(new), "limits_json": '{"min_sharpness": 0.37}'}
    assert differing(before, after) == [
        "engine: yolo → builtin",
        "gone: True → none",
        "min_sharpness: 0.4 → 0.37",
        'modes: none → {"flat": 1.0}',
        "version: 1 → 2",
    ]
    assert differing(before, before) == []
    assert differing({"recipe_json": None, "limits_json": "{}"}, {"recipe_json": None, "limits_json": "{}"}) == []


@pytest.mark.parametrize("query", ["", "run=1", "run=x&before=1", "run=1&before=-1", "run=1&before=" + "9" * 30])
def test_runs_are_named_by_numbers(table: Visitor, query: str) -> None:
    answer = table.ask(f"/-/overview/flips?{query}")
    assert answer.status_code == 404
    assert "Say which runs, by their numbers." in answer.text


# --- the checks ---


def test_the_checks_are_one_line_with_a_link(table: Visitor) -> None:
    assert "never checked" in table.ask("/").text
    inspect(table.base, checks(), look=False, most=None, workers=1)
    errors, warnings = rows(table.base, "select errors, warnings from qc_run")[0]
    html = table.ask("/").text
    assert f"{errors} error" in html or not errors
    assert f"{warnings} warning" in html or not warnings
    assert '<p class="checked"><a href="/-/qc">' in html
    with sqlite3.connect(table.base / "manifest.db") as db:
        db.execute("update qc_run set errors = 0, warnings = 1")
    assert "</b> 1 warning <span" in table.ask("/").text
    with sqlite3.connect(table.base / "manifest.db") as db:
        db.execute("update qc_run set warnings = 0")
    assert "nothing wrong" in table.ask("/").text


# --- in a browser ---


def test_a_browser_follows_a_run_to_its_end_and_shows_what_one_changed(tmp_path: Path) -> None:
    base = filled(tmp_path)
    second = again(base)[1]
    with sqlite3.connect(base / "manifest.db") as db:
        db.execute("update outcome set detail = ? where status <> 'ok'", (EVIL,))
    paint(base)
    run = begin(base, "score", os.getpid())
    with looking(base, viewport={"width": 390, "height": 844}, color_scheme="dark") as page:
        page.locator("#running li", has_text="0 of 0").wait_for()
        _judge(base, run)
        page.locator("#running li", has_text="2 of 2").wait_for()
        assert page.locator("#running h2").inner_text() == "At work"
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        button = page.locator(f".change[data-run='{second}']")
        button.focus()
        page.keyboard.press("Enter")
        page.locator(".flips h3", has_text="now in 1").wait_for()
        assert button.get_attribute("aria-expanded") == "true"
        assert button.inner_text() == "2 changed"
        assert page.locator(".flips p").inner_text() == "pace: 2 → 3"
        picture = page.locator(".flipped img").first
        assert picture.evaluate("async (one) => { await one.decode(); return one.naturalWidth; }") > 0
        assert picture.get_attribute("alt") == "cutout 24, blurry → ok"
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.keyboard.press("Enter")
        assert page.locator(".flips").count() == 0
        _finish(base, run)
        page.locator("#running").wait_for(state="hidden")
        page.locator(f".change[data-run='{run}']").wait_for()
        assert button.evaluate("(one) => one === document.activeElement"), "the focus stays where it was"
        assert page.locator("img[src=x]").count() == 0


def _judge(base: Path, run: int) -> None:
    with sqlite3.connect(base / "manifest.db") as db:
        found = "step_id = (select id from step where tool = 'score') and latest and item_id in (23, 25)"
        db.execute(f"update outcome set run_id = ? where {found}", (run,))


def _finish(base: Path, run: int) -> None:
    with sqlite3.connect(base / "manifest.db") as db:
        db.execute("update run set status = 'done', finished_at = started_at, seconds = 1 where id = ?", (run,))
