"""The bench measures what it says, judges by its bounds, and leaves nothing behind. No figure is judged here."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import av
import pytest
from click.testing import CliRunner
from workspaces import ask, funnel_holds

from tools.bench import clips, extraction, filling, ledger, memory, noop, recording, watch
from tools.bench.__main__ import SMALL_SAID, main, measured
from tools.bench.report import Part, Report, as_json, page, table, verdict
from tools.bench.result import Line, Missing, median_line, shown
from tools.bench.sizes import SMALL, Sizes
from tools.mill import manifest, sources
from tools.mill.manifest import connect
from tools.mill.settings import ROOT
from tools.mill.tool import Asked
from tools.report.table import render


@pytest.fixture
def small(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(connect(tmp_path, create=True)) as db:
        yield db


@pytest.mark.parametrize(
    ("line", "met", "judgement"),
    [
        (Line("a", 300.0, "ms", 300.0), True, "yes"),
        (Line("a", 300.1, "ms", 300.0), False, "no, by 0 %"),
        (Line("a", 450.0, "ms", 300.0), False, "no, by 50 %"),
        (Line("a", 2.5, "ratio", 2.5, at_least=True), True, "yes"),
        (Line("a", 2.0, "ratio", 2.5, at_least=True), False, "no, by 20 %"),
        (Line("a", None, "ratio", 2.5, at_least=True, missing="it is not there"), False, "missing"),
        (Line("a", 9.0, "s"), None, ""),
    ],
)
def test_a_line_is_met_on_the_right_side_of_its_bound(line: Line, met: bool | None, judgement: str) -> None:
    assert (line.met, line.judgement) == (met, judgement)


def test_the_median_of_pairs_with_its_extremes() -> None:
    line = median_line("a", [3.0, 1.0, 2.0], "s", 2.0)
    assert (line.value, line.low, line.high, line.met) == (2.0, 1.0, 3.0, True)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1234.5, "ms", "1,234 ms"),
        (0.318, "ms", "0.32 ms"),
        (0.5, "s", "0.50 s"),
        (1000.4, "MB", "1,000 MB"),
        (0.0312, "share", "3.12 %"),
        (2.499, "ratio", "2.50"),
        (None, "s", ""),
    ],
)
def test_figures_have_their_units(value: float | None, unit: str, text: str) -> None:
    assert shown(value, unit) == text  # type: ignore[arg-type]


REPORT = Report(
    "2024-05-01T10:00:00.000Z",
    {"processor": "Z80", "cores": "2"},
    3.25,
    (
        Part(
            "extraction", "Extraction", "It was done.", (Line("ratio", None, "ratio", 2.5, True, missing="no ffmpeg"),)
        ),
        Part(
            *("ledger", "The manifest", "It was filled."),
            (
                Line("funnel", 450.0, "ms", 300.0, low=440.0, high=460.0),
                Line("settle", 4321.0, "ms"),
                Line("x", 1.0, "s", 1.0),
            ),
        ),
    ),
)


def test_the_table() -> None:
    assert render(table(REPORT), None) == (
        "part        what    measured            spread            bound           met\n"
        "extraction  ratio   missing: no ffmpeg                    at least 2.50   missing\n"
        "ledger      funnel  450 ms              440 ms to 460 ms  at most 300 ms  no, by 50 %\n"
        "ledger      settle  4,321 ms\n"
        "ledger      x       1.00 s                                at most 1.00 s  yes\n"
    )


def test_what_is_not_met_is_said() -> None:
    assert verdict(REPORT) == "1 of 3 bounds are met. Not met: ratio: missing; funnel: no, by 50 %."
    assert verdict(Report("", {}, 0.0, (Part("", "", "", (Line("x", 1.0, "s", 1.0),)),))) == "All 1 bounds are met."


def test_json_has_all_figures_and_what_is_met() -> None:
    told = json.loads(as_json(REPORT))
    assert [line["met"] for part in told["parts"] for line in part["lines"]] == [False, False, None, True]
    assert told["parts"][1]["lines"][0] == {
        "name": "funnel",
        "value": 450.0,
        "unit": "ms",
        "bound": 300.0,
        "at_least": False,
        "low": 440.0,
        "high": 460.0,
        "missing": "",
        "met": False,
    }


def test_the_page() -> None:
    assert page(REPORT, "python -m tools.bench --write docs/speed.md") == (
        "# Speed and memory\n\n"
        "Written by `python -m tools.bench --write docs/speed.md` on 2024-05-01; "
        "`make bench` measures on your machine.\n"
        "A ratio compares what was done in turn in one run. Of several measurements the median is told, with their\n"
        "extremes as spread. What has no bound is told only.\n\n"
        "processor Z80, cores 2.\n"
        "Others worked on it too: 3.2 processes were running or waiting for a core at the start.\n\n"
        "1 of 3 bounds are met. Not met: ratio: missing; funnel: no, by 50 %.\n\n"
        "## Extraction\n\nIt was done.\n\n"
        "| what | measured | spread | bound | met |\n|---|---|---|---|---|\n"
        "| ratio | missing: no ffmpeg |  | at least 2.50 | missing |\n\n"
        "## The manifest\n\nIt was filled.\n\n"
        "| what | measured | spread | bound | met |\n|---|---|---|---|---|\n"
        "| funnel | 450 ms | 440 ms to 460 ms | at most 300 ms | no, by 50 % |\n"
        "| settle | 4,321 ms |  |  |  |\n"
        "| x | 1.00 s |  | at most 1.00 s | yes |\n"
    )


def test_the_page_of_the_documentation_is_of_this_bench() -> None:
    text = (ROOT / "docs" / "speed.md").read_text(encoding="utf-8")
    for module in (extraction, recording, ledger, noop, memory):
        assert f"## {module.TITLE}\n\n{module.HOW}\n\n| what |" in text, (
            f"write it again: {module.__name__} has changed"
        )


def test_ratios_are_taken_within_a_round() -> None:
    rounds = [extraction.Round(4.0, 3.0, 2.0, 0.5, 9, 10.0, 10), extraction.Round(8.0, 5.0, 4.0, 1.0, 9, 24.0, 9)]
    peer, alone, images, work, program, *seconds = extraction.lines(rounds, "")
    assert (peer.value, peer.low, peer.high, peer.bound, peer.at_least) == (2.75, 2.5, 3.0, 2.5, True)
    assert (alone.low, alone.high, alone.bound) == (10 / 3, 4.8, None)
    assert (images.low, images.high) == (0.9, 1.0)
    assert (work.low, work.high, work.bound) == (1.0, 1.2, 1.25)
    assert (program.low, program.high, program.bound) == (1.6, 1.6, 1.25)
    assert [line.value for line in seconds] == [6.0, 17.0, 3.0, 0.75]


def test_without_ffmpeg_the_comparison_is_missing_and_the_rest_is_there() -> None:
    peer, *rest = extraction.lines([extraction.Round(4.0, 3.0, 2.0, 0.5, 9)], "ffmpeg is not installed")
    assert (peer.value, peer.missing, peer.met) == (None, "ffmpeg is not installed", False)
    assert [line.value for line in rest] == [1.2, 1.6, 4.0, 2.0, 0.5]


def test_extraction_is_measured(tmp_path: Path) -> None:
    lines = list(extraction.measure(tmp_path, SMALL))
    assert all(line.value is None or line.value > 0 for line in lines)
    assert [line.name for line in lines][-2:] == [
        "floor: decoding on all cores",
        "floor: encoding what was kept on all cores",
    ]
    with av.open(str(tmp_path / "extraction/00_raw_videos/clip.mp4")) as clip:
        stream = clip.streams.video[0]
        assert (stream.codec_context.name, stream.width, stream.height) == ("h264", 1920, 1080)
        assert stream.codec_context.has_b_frames
    assert not [path for path in (tmp_path / "extraction").iterdir() if path.name.startswith("tmp")]


def test_no_two_small_clips_are_the_same_and_all_are_taken(tmp_path: Path) -> None:
    peaks = memory.peaks(tmp_path, 3)
    assert set(peaks) == {"intake", "extract"}
    assert all(20 < peak < memory.PEAK_MB for peak in peaks.values()), "MB, of Python at least"
    funnel = ask(tmp_path, "select tool, kind, ok from funnel where ok order by tool desc, kind desc")
    assert funnel == [("intake", "video", 3), ("extract", "video", 3), ("extract", "frame", 6)]


def test_clips_of_other_pictures_differ(tmp_path: Path) -> None:
    one, other = (clips.full_hd(tmp_path, f"{first}.mp4", 0.1, memory.PEOPLE, first) for first in range(2))
    assert one.read_bytes() != other.read_bytes()


def test_a_filled_manifest_is_as_the_tools_leave_one(tmp_path: Path, small: sqlite3.Connection) -> None:
    filling.fill(small, tmp_path, 2_800, waiting=30)
    (outcomes,) = ask(tmp_path, "select count(*) from outcome where kind <> 'video'")
    assert outcomes == (2_800 + 30,), "extract has judged those that wait"
    assert funnel_holds(tmp_path)
    assert small.execute("pragma foreign_key_check").fetchall() == []
    assert ask(tmp_path, "select count(*) from outcome where not live and latest")[0][0] > 0
    waiting = ask(tmp_path, "select waiting from funnel where tool = 'detect' and kind = 'frame'")
    assert 0 < waiting[0][0] <= 30


def test_the_ledger_is_measured(tmp_path: Path) -> None:
    lines = list(ledger.measure(tmp_path, Sizes(rounds=2, outcomes=(2_800, 5_600))))
    assert all(line.value is not None and line.value > 0 for line in lines)
    assert [line.bound for line in lines if "waits" in line.name or line.name == "funnel"] == [300.0] * 3
    assert [line.bound for line in lines if "large by small" in line.name] == [ledger.SAME] * 2
    assert funnel_holds(tmp_path / "ledger/5600")


def test_recording_for_the_first_time_takes_what_waits(tmp_path: Path, small: sqlite3.Connection) -> None:
    filling.fill(small, tmp_path, 2_800, waiting=2 * ledger.BATCH)
    judged = (
        "select count(*) from outcome where kind = 'frame' and step_id = (select id from step where tool = 'detect')"
    )
    counts = []
    for again in (False, True, False):
        ledger.record_ms(small, 0, again=again)
        counts += [number for (number,) in ask(tmp_path, f"{judged} union all {judged} and latest")]
    before, batch = 400, ledger.BATCH
    assert counts == [
        before + batch,
        before + batch,
        before + 2 * batch,
        before + batch,
        before + 3 * batch,
        before + 2 * batch,
    ]


def test_make_with_nothing_to_do_is_measured(tmp_path: Path) -> None:
    without, nothing = noop.measure(tmp_path, Sizes(rounds=1, raw_files=5))
    assert nothing.bound == noop.NOTHING_S
    assert nothing.value is not None
    assert without.value is not None
    assert nothing.value < without.value
    assert ask(tmp_path / "noop", "select inputs, ok from funnel where tool = 'intake' and kind = 'photo'") == [(5, 5)]
    assert ask(tmp_path / "noop", "select sum(waiting) from funnel") == [(0,)]


def test_time_in_transactions_is_counted_once_and_no_longer(workspace: Path) -> None:
    (workspace / "00_raw_videos" / "a.mp4").write_bytes(b"nothing")
    plain = manifest.transaction
    with recording.watched() as spent:
        assert sources.transaction is not plain
        seconds = recording.run(workspace, "intake")
    assert 0 < sum(spent) < seconds
    assert sources.transaction is plain


def test_a_transaction_inside_another_is_not_counted_twice(workspace: Path) -> None:
    recording.run(workspace, "intake")
    with closing(connect(workspace)) as db, recording.watched() as spent:
        with sources.transaction(db):
            sources.refresh(db, workspace, Asked())
            assert spent == []
    assert len(spent) == 1


HOLD = "import time; held = bytearray(60_000_000); time.sleep(0.6)"


def test_memory_of_children_counts(tmp_path: Path) -> None:
    alone = watch.peak_pss_mb((sys.executable, "-c", HOLD), 0.02)
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOLD!r}], check=True); {HOLD}"
    both = watch.peak_pss_mb((sys.executable, "-c", child.replace("held", "held_too")), 0.02)
    assert 60 < alone < 90
    assert both > alone


def test_a_program_that_fails_gives_no_figure() -> None:
    with pytest.raises(Missing, match=r"ended with 7: what went wrong$"):
        watch.peak_pss_mb((sys.executable, "-c", "import sys; print('what went wrong'); sys.exit(7)"))


def test_a_process_and_its_descendants() -> None:
    with subprocess.Popen(("sh", "-c", "sleep 30 & echo $!; wait"), stdout=subprocess.PIPE, text=True) as shell:
        assert shell.stdout is not None
        sleeper = int(shell.stdout.readline())
        try:
            assert watch.tree(shell.pid) == [shell.pid, sleeper]
            assert watch.tree(sleeper) == [sleeper]
        finally:
            os.kill(sleeper, signal.SIGTERM)
    assert watch.pss_bytes(sleeper) == 0, "it has ended"


def test_the_command_measures_tells_and_leaves_nothing(tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    words = [
        "ledger",
        "--small",
        "--folder",
        str(place),
        "--json",
        str(tmp_path / "b.json"),
        "--write",
        str(tmp_path / "b.md"),
    ]
    done = CliRunner().invoke(main, words, catch_exceptions=False)
    assert done.exit_code == 0
    assert "ledger: funnel: " in done.stderr
    assert done.stdout.startswith("part    what ")
    assert done.stdout.endswith(f"\n\n{SMALL_SAID}\n"), "no verdict on figures that mean nothing"
    assert [part["name"] for part in json.loads((tmp_path / "b.json").read_text())["parts"]] == ["ledger"]
    assert f"## {ledger.TITLE}\n" in (tmp_path / "b.md").read_text()
    assert list(place.iterdir()) == []


def test_what_cannot_go_on_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    part = measured("noop", tmp_path, SMALL)
    assert [(line.value, line.missing, line.met) for line in part.lines] == [(None, "make is not installed", False)]
