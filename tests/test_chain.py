"""The whole chain through make: what a person types, and what they may trust afterwards."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from workspaces import ROOT, ask, environment, files, funnel_holds, make, natural, portraits, tool

MADE = ("01_extracted_frames", "02_person_crops", "03_masked_subjects", "05_augmented", "07_final_training")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace whose path has a space, a quote and a dollar in it, after `make all`."""
    base = portraits(tmp_path_factory.mktemp("chain") / "it's $HOME of `pwd`")
    done = make("all", base=base, env={"JOBS": ""})
    assert done.returncode == 0, done.stdout + done.stderr
    return base


@pytest.fixture
def base(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished workspace that a test may spoil."""
    copy = tmp_path / "copy"
    shutil.copytree(finished, copy, symlinks=True)
    return copy


def test_the_package_holds_pairs(finished: Path) -> None:
    rows = ask(finished, "select path, caption from final")
    assert rows
    for path, caption in rows:
        text = (finished / str(path)).with_suffix(".txt").read_text(encoding="utf-8")
        assert text.strip() == caption
    assert funnel_holds(finished)


def test_a_second_make_starts_no_tool(finished: Path) -> None:
    before, runs = natural(finished), ask(finished, "select count(*) from run")
    again = make("all", base=finished)
    assert again.returncode == 0
    assert again.stderr.strip() == "Everything is up to date; no tool was started."
    assert ask(finished, "select count(*) from run") == runs
    assert natural(finished) == before


def test_without_stamps_the_tools_find_nothing_to_do(finished: Path) -> None:
    base = finished
    before, runs = natural(base), ask(base, "select count(*) from run")
    assert make("clean", base=base).returncode == 0
    again = make("all", base=base)
    assert again.returncode == 0
    said = re.findall(r"^(\w+)(?: default)?: nothing to do\.$", again.stderr, re.MULTILINE)
    assert sorted(said) == sorted(
        ["intake", "extract", "detect", "embed", "match", "mask", "score", "select", "composite", "caption", "package"]
    )
    assert ask(base, "select count(*) from run") == runs
    assert natural(base) == before


def test_a_moved_limit_opens_no_image_and_flips_back(base: Path) -> None:
    before = natural(base)
    hidden = base.with_name("hidden")
    for folder in ("01_extracted_frames", "02_person_crops", "03_masked_subjects"):
        shutil.move(base / folder, hidden / folder)
    moved = tool("score", "--min-crop-mp", "50", base=base)
    assert moved.returncode == 0, moved.stderr
    assert ask(base, "select ok from funnel where tool = 'score'") == [(0,)]
    assert ask(base, "select distinct reason from failures where tool = 'score'") == [("subject_too_small",)]
    assert funnel_holds(base)
    back = tool("score", base=base)
    assert back.returncode == 0
    for folder in hidden.iterdir():
        shutil.move(folder, base / folder.name)
    assert make("all", base=base).returncode == 0
    assert natural(base) == before


def test_a_parameter_redoes_its_tool_and_equal_bytes_keep_the_rest(base: Path) -> None:
    before = natural(base)
    ids = ask(base, "select id from item where kind = 'cutout' and newest order by id")
    config = base / "config.toml"
    # A photo is one frame whatever the rate: the frames come out the same.
    config.write_text(config.read_text() + "[extract]\nfps = 3.0\n", encoding="utf-8")
    again = make("all", base=base)
    assert again.returncode == 0
    assert re.search(r"^extract: photo \d+ ok; frame \d+ ok", again.stderr, re.MULTILINE)
    assert "detect: nothing to do." in again.stderr
    assert "mask: nothing to do." in again.stderr
    assert ask(base, "select id from item where kind = 'cutout' and newest order by id") == ids
    assert natural(base) == before


def test_other_bytes_redo_what_follows_and_editing_back_brings_all_back(base: Path) -> None:
    before = natural(base)
    config = base / "config.toml"
    text = config.read_text()
    config.write_text(text + "[extract]\nwebp_quality = 60\n", encoding="utf-8")
    assert make("all", base=base).returncode == 0
    assert natural(base) != before
    assert funnel_holds(base)
    config.write_text(text, encoding="utf-8")
    back = make("all", base=base)
    assert back.returncode == 0
    assert "mask: nothing to do." in back.stderr
    assert natural(base) == before


def test_a_rejected_image_leaves_and_an_undo_brings_it_back(base: Path) -> None:
    before = natural(base)
    [(path, cutout)] = ask(base, "select path, cutout_id from final order by path limit 1")
    rejected = make("reject", f"ITEM={base / str(path)}", "WHY=eyes closed", base=base)
    assert rejected.returncode == 0, rejected.stderr
    assert make("all", base=base).returncode == 0
    assert ask(base, "select count(*) from final where cutout_id = ?", cutout) == [(0,)]
    assert not (base / str(path)).exists()
    assert make("undo", f"ITEM={cutout}", "DATASET=default", base=base).returncode == 0
    assert make("all", base=base).returncode == 0
    assert natural(base) == before


def test_a_source_dropped_in_deep_is_noticed_and_a_vanished_one_leaves(base: Path) -> None:
    before = natural(base)
    deep = base / "00_raw_photos" / "a" / "b"
    deep.mkdir(parents=True)
    shutil.copy(base / "00_raw_photos" / "portrait 0.png", deep / "copy.png")
    assert make("stage0", base=base).returncode == 0
    assert ask(base, "select n from failures where reason = 'duplicate_source'") == [(1,)]
    shutil.rmtree(base / "00_raw_photos" / "a")
    gone = base / "00_raw_photos" / "portrait 1.png"
    kept = gone.read_bytes()
    gone.unlink()
    assert make("all", base=base).returncode == 0
    assert ask(base, "select count(*) from final where source_path like '%portrait 1.png'") == [(0,)]
    assert ask(base, "select count(*) from audit where action = 'vanished' and path like '%portrait 1.png'") == [(1,)]
    gone.write_bytes(kept)
    assert make("all", base=base).returncode == 0
    assert natural(base) == before


def test_a_vanished_disk_stops_with_a_sentence(base: Path) -> None:
    folder = base / "00_raw_photos"
    folder.rename(base / "elsewhere")
    stopped = make("all", base=base)
    assert stopped.returncode == 2
    assert "00_raw_photos is not there, but 3 sources came from it." in stopped.stderr
    accepted = make("all", "ACCEPT_VANISHED=1", base=base)
    assert accepted.returncode == 0, accepted.stderr
    assert ask(base, "select count(*) from final") == [(0,)]


def test_two_datasets_side_by_side(base: Path) -> None:
    config = base / "config.toml"
    config.write_text(
        config.read_text() + '[dataset.emma]\ntrigger = "emx"\n[dataset.small]\ncount = 1\ntarget = "wan"\n',
        encoding="utf-8",
    )
    done = make("-j2", "all", base=base)
    assert done.returncode == 0, done.stderr
    assert ask(base, "select dataset, count(*) > 0 from final group by 1 order by 1") == [("emma", 1), ("small", 1)]
    captions = ask(base, "select caption from final where dataset = 'emma'")
    assert all(str(caption).startswith("emx") for (caption,) in captions)
    assert funnel_holds(base)


def test_several_stages_at_once_are_one_make(base: Path) -> None:
    shutil.rmtree(base / "stamps")
    done = make("-j2", "stage4", "stage2", base=base)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("detect: nothing to do.") == 1


def test_a_held_lock_stops_make_with_who_holds_it(base: Path) -> None:
    from tools.mill.lock import hold

    shutil.rmtree(base / "stamps")
    with hold(base, "extract"):
        stopped = make("stage1", base=base)
    assert stopped.returncode == 2
    assert re.search(r"extract is already running on .*: held by process \d+ on \S+ since \S+Z\.", stopped.stderr)
    assert "Error 75" in stopped.stderr
    assert make("stage1", base=base).returncode == 0


@pytest.mark.parametrize("piped", [False, True])
def test_ctrl_c_ends_within_five_seconds(base: Path, piped: bool) -> None:
    """Ctrl-C reaches the whole group at once, as a terminal sends it."""
    config = base / "config.toml"
    config.write_text(config.read_text() + "[mask]\nworking_side_px = 400\n", encoding="utf-8")
    line = f"make all BASE='{base}'" + (" 2>&1 | tee /dev/null" if piped else "")
    running = subprocess.Popen(
        ["bash", "-o", "pipefail", "-c", line],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(1.5)
    start = time.monotonic()
    os.killpg(running.pid, signal.SIGINT)
    running.wait(timeout=10)
    assert time.monotonic() - start < 5
    assert running.returncode != 0
    time.sleep(0.2)
    assert make("all", base=base).returncode == 0
    assert funnel_holds(base)
    assert ask(base, "select count(*) from run where status = 'running'") == [(0,)]


def test_a_tool_that_is_interrupted_exits_130(tmp_path: Path) -> None:
    base = portraits(tmp_path / "w", 6)
    assert tool("intake", base=base).returncode == 0
    assert tool("extract", base=base).returncode == 0
    running = subprocess.Popen(
        [sys.executable, "-m", "tools.detect", "--base", str(base)],
        cwd=ROOT,
        env=environment(PYTHONPATH=str(ROOT)),
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    time.sleep(1.2)
    os.killpg(running.pid, signal.SIGINT)
    assert running.wait(timeout=5) == 130
    assert running.stderr is not None
    with running.stderr:
        assert b"Interrupted. What was finished is recorded" in running.stderr.read()


def test_a_full_disk_names_the_path_and_the_next_run_completes(tmp_path: Path) -> None:
    base = portraits(tmp_path / "w")
    assert tool("intake", base=base).returncode == 0
    line = f"ulimit -f 20; exec '{ROOT}/.venv/bin/python' -m tools.extract --base '{base}'"
    full = subprocess.run(
        ["bash", "-c", line],
        cwd=ROOT,
        env=environment(PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert full.returncode == 1
    assert re.search(r"Stopped: .*(File too large|disk)", full.stderr), full.stderr
    assert str(base) in full.stderr
    assert files(base, "01_extracted_frames") == []
    assert ask(base, "select count(*) from outcome join step on step.id = outcome.step_id where tool = 'extract'") == [
        (0,)
    ]
    assert tool("extract", base=base).returncode == 0
    assert ask(base, "select ok, waiting from funnel where tool = 'extract' and kind = 'photo'") == [(3, 0)]


def test_sources_are_never_touched(finished: Path) -> None:
    for path, sha256 in ask(finished, "select shown, sha256 from file"):
        assert hashlib.sha256((finished / "00_raw_photos" / str(path)).read_bytes()).hexdigest() == sha256
