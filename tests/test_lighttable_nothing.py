"""Where a page has nothing to show it says what really happened, and which of the user's files were refused."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from lighting import Visitor, rows
from manifest_filled import filled
from markupsafe import escape

from tools.lighttable.nothing import first
from tools.lighttable.pages.overview import refused
from tools.mill.manifest import connect
from tools.mill.words import clean

PAGES = ("/-/final", "/-/people", "/-/captions", "/-/gallery", "/-/compare", "/-/spectrum")
EVIL = '<img src=x onerror="alert(1)">'


def row(tool: str, kind: str, inputs: int, ok: int = 0, waiting: int = 0, dataset: str = "") -> Mapping[str, Any]:
    rejected = inputs - ok - waiting
    return {
        "tool": tool,
        "dataset": dataset,
        "kind": kind,
        "inputs": inputs,
        "ok": ok,
        "rejected": rejected,
        "failed": 0,
        "waiting": waiting,
    }


INTAKE = (row("intake", "photo", 2), row("intake", "reference", 3, ok=3), row("intake", "video", 3, ok=1))
BEFORE = (*INTAKE, row("extract", "video", 1, ok=1), row("extract", "frame", 9, ok=9))


def test_references_alone_are_no_footage() -> None:
    assert first([row("intake", "reference", 3, ok=3), row("intake", "video", 0)], "select").how == "begin"


def test_photos_and_videos_are_one_step() -> None:
    """Of two photos none passed, of three videos one: intake let something pass."""
    assert first(INTAKE, "intake").how == "through"
    out = first([row("intake", "photo", 2), row("intake", "reference", 3, ok=3), row("intake", "video", 3)], "select")
    assert (out.how, out.tool, out.called, out.set) == ("out", "intake", "5 photos or videos", "intake:video")


def test_the_first_step_that_let_nothing_pass_is_named_and_none_behind_the_page() -> None:
    detect = (row("detect", "frame", 9), row("select", "cutout", 0, dataset="a"))
    out = first([*BEFORE, *detect], "select")
    assert (out.how, out.tool, out.called, out.set) == ("out", "detect", "9 frames", "detect:frame")
    assert first([*BEFORE, *detect], "extract").how == "through"


def test_what_waits_is_not_out() -> None:
    out = first([*BEFORE, row("detect", "frame", 9, waiting=1)], "select")
    assert (out.how, out.tool, out.called) == ("waits", "detect", "1 frame")


def test_another_datasets_step_does_not_count() -> None:
    rows = [*BEFORE, row("select", "cutout", 4, ok=2, dataset="a"), row("select", "cutout", 4, dataset="b")]
    assert first(rows, "select", "a").how == "through"
    assert first(rows, "select", "b").set == "select.b:cutout"
    assert first(rows, "select").how == "through"


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Visitor]:
    """Every video and photo was refused: nothing came further than intake."""
    base = filled(tmp_path)
    with sqlite3.connect(base / "manifest.db") as db:
        db.execute(
            """update outcome set status = 'rejected', reason = 'impostor', detail = ?, passed = 0
            where step_id = (select id from step where tool = 'intake') and kind in ('video', 'photo')""",
            (EVIL,),
        )
        db.execute(
            "update outcome set live = 0, passed = 0 where step_id <> (select id from step where tool = 'intake')"
        )
        db.execute('delete from "match"')
        db.execute("delete from package_item")
    visitor = Visitor(base)
    yield visitor
    visitor.close()


@pytest.mark.parametrize("path", ["/-/final", "/-/people", "/-/captions"])
def test_a_page_says_that_nothing_passed_intake_and_advises_nothing_that_was_typed(table: Visitor, path: str) -> None:
    html = table.ask(path).text
    n = rows(table.base, "select count(*) from item where kind in ('video', 'photo')")[0][0]
    message = re.search(r'<div class="message">.*?</div>', html, re.S)
    assert message, html
    assert 'Nothing passed <a class="link" href="/-/gallery?set=intake%3Avideo">intake</a>' in message[0]
    assert sum(map(int, re.findall(r"impostor <b>(\d+)</b></a>", message[0]))) == n
    assert "The file is not what its name says." in message[0]
    assert "make all" not in message[0]
    assert "make stage" not in message[0]


@pytest.mark.parametrize("path", [path for path in PAGES if path != "/-/spectrum"])
def test_without_footage_it_says_where_to_put_some(tmp_path: Path, path: str) -> None:
    connect(tmp_path, create=True).close()
    visitor = Visitor(tmp_path)
    assert "There is no footage yet. Put some into" in visitor.ask(path).text
    visitor.close()


def test_empty_people_offer_nothing_to_press(table: Visitor) -> None:
    assert '<footer class="dock" id="dock" hidden>' in table.ask("/-/people").text


# --- the overview ---


def test_refused_files_are_listed_with_reason_and_remedy(table: Visitor) -> None:
    html = table.ask("/").text
    part = html[html.index('id="refused"') : html.index('id="funnel"')]
    for (name,) in rows(table.base, "select shown from file join item on item.id = item_id where kind = 'video'"):
        assert f">{escape(clean(name))}</a>" in part
    assert "Take it out, or rename it to what it really is." in part
    assert EVIL not in part
    assert "&lt;img src=x" in part


def test_no_refused_files_no_panel(tmp_path: Path) -> None:
    base = filled(tmp_path)
    with sqlite3.connect(base / "manifest.db") as db:
        db.execute(
            """update outcome set status = 'ok', reason = null, passed = 1
            where step_id = (select id from step where tool = 'intake')"""
        )
    visitor = Visitor(base)
    assert '<div class="part" id="refused"></div>' in visitor.ask("/").text
    visitor.close()


def test_of_each_reason_so_many_are_shown_and_all_are_counted() -> None:
    files = [
        {"reason": why, "kind": "video", "n": n, "id": n} for why, n in (("impostor", 30), ("impostor", 30), ("a", 1))
    ]
    told = refused(files)
    assert [(one["reason"], one["n"], len(one["files"])) for one in told] == [("impostor", 30, 2), ("a", 1, 1)]
    assert told[0]["address"] == "/-/gallery?set=intake%3Avideo&reason=impostor"


def test_pages_have_a_heading_and_a_title_in_words(tmp_path: Path) -> None:
    visitor = Visitor(filled(tmp_path))
    assert "<h1>Overview</h1>" in visitor.ask("/").text
    title = re.search("<title>(.*?)</title>", visitor.ask("/-/gallery?set=score:cutout").text)
    assert title
    assert title[1] == f"Cutouts at score · Gallery · {tmp_path.name}"
    visitor.close()
