"""Kills, crashes and Ctrl-C: what is run again ends as if nothing had happened, and no process is left behind.

Long campaigns of the same kind are in tests/soak.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest
from killing import Stations, chain, copy, deed, kill, run
from sessions import gone, session, workers_of
from sound import ends_as, faults
from workspaces import ROOT, ask, environment, tool

from tools.mill.words import command

PYTHON = str(ROOT / ".venv" / "bin" / "python")


@pytest.fixture(scope="module")
def stations(tmp_path_factory: pytest.TempPathFactory) -> Stations:
    return Stations(tmp_path_factory.mktemp("stations"))


MOMENTS = {
    "intake, sources read but not placed": (deed("intake"), "_apply", 1),
    "extract, a file not yet under its name": (deed("extract"), "replace", 2),
    "extract, files but no rows": (deed("extract"), "Recorder.record", 1),
    "mask, rows written but not committed": (deed("mask"), "settle_step", 1),
    "mask, all recorded but the run not closed": (deed("mask"), "finish", 1),
    "score, another limit in the middle of settling": (deed("score", "--min-sharpness", "0.99"), "settle_step", 6),
    "composite, the image there and its mask not": (deed("composite"), "store", 2),
    "package, built but not in its place": (deed("package"), "swap_in", 1),
    "package, before the exchange": (deed("package"), "exchange", 1),
    "package, exchanged but not recorded": (deed("package"), "conclude", 1),
}


@pytest.fixture(scope="module")
def renamed(stations: Stations) -> tuple[Path, Path]:
    """A finished workspace whose trigger has changed: before and after the package is made anew."""
    finished = stations.after("package")
    before = copy(finished, finished.with_name("renamed"))
    config = before / "config.toml"
    config.write_text(config.read_text() + '[dataset.default]\ntrigger = "emx"\n', encoding="utf-8")
    run(before, *chain("select", "caption"))
    after = copy(before, finished.with_name("renamed and packaged"))
    run(after, deed("package"))
    return before, after


@pytest.fixture(scope="module")
def blurred(stations: Stations) -> tuple[Path, Path]:
    """A finished workspace, and what it is after score's limit was moved."""
    before = stations.after("package")
    after = copy(before, before.with_name("blurred"))
    run(after, deed("score", "--min-sharpness", "0.99"))
    return before, after


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_and_run_again_it_ends_as_if_never_killed(
    moment: str, stations: Stations, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    the_deed, called, nth = MOMENTS[moment]
    changed = {"score": "blurred", "package": "renamed"}.get(the_deed[0])
    before, after = (
        request.getfixturevalue(changed) if changed else (stations.before(the_deed[0]), stations.after(the_deed[0]))
    )
    base = copy(before, tmp_path / "base")
    assert kill(base, the_deed, nth, called)
    run(base, the_deed)
    ends_as(base, after)


def started(base: Path, *words: str) -> subprocess.Popen[str]:
    """A tool in a session of its own."""
    return subprocess.Popen(
        [PYTHON, "-m", f"tools.{words[0]}", "--base", str(base), *words[1:]],
        cwd=ROOT,
        env=environment(PYTHONPATH=str(ROOT)),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def busy_worker(running: subprocess.Popen[str], library: str = "cv2") -> int:
    """A worker of a running tool that has begun its first job, stopped where it is."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and running.poll() is None:
        for pid in workers_of(session(running.pid)):
            try:
                if f"/{library}" in Path(f"/proc/{pid}/maps").read_text():
                    os.kill(pid, signal.SIGSTOP)
                    return pid
            except (FileNotFoundError, ProcessLookupError):
                continue
        time.sleep(0.01)
    raise AssertionError(f"no worker of {running.args} began to work")


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (signal.SIGKILL, "The worker died (SIGKILL: the system had no memory left, or somebody killed it)."),
        (signal.SIGSEGV, "The worker died (SIGSEGV)."),
    ],
)
def test_a_worker_that_dies_over_one_item_takes_that_with_it(
    number: signal.Signals, told: str, stations: Stations, tmp_path: Path
) -> None:
    base = copy(stations.before("mask"), tmp_path / "base")
    code, said = worker_killed(base, number, "--limit", "1")
    assert code == 3, said
    assert re.search(r"^mask: person 1 failed, in ", said, re.MULTILINE), said
    assert f"mask: 1 failed. `{command(base, 'failures')}` names them; RETRY_FAILED=1 tries again." in said
    assert ask(base, "select detail from outcome where status = 'failed'") == [(told,)]
    assert faults(base) == []
    run(base, deed("mask", "--retry-failed"))
    ends_as(base, stations.after("mask"))


def test_a_worker_that_dies_over_several_items_takes_none_with_it(stations: Stations, tmp_path: Path) -> None:
    """Whose fault it was is found out by trying each alone, and here it was nobody's."""
    base = copy(stations.before("mask"), tmp_path / "base")
    code, said = worker_killed(base, signal.SIGKILL)
    assert code == 0, said
    assert "failed" not in said
    assert faults(base) == []
    ends_as(base, stations.after("mask"))


def worker_killed(base: Path, number: signal.Signals, *options: str) -> tuple[int, str]:
    """What mask says and ends with after its worker was sent a signal in the middle of its work."""
    running = started(base, "mask", "--workers", "1", *options)
    # With it the first picture is read: the engine itself does without.
    worker = busy_worker(running, "_imaging")
    os.kill(worker, number)
    with suppress(ProcessLookupError):
        os.kill(worker, signal.SIGCONT)
    said = running.communicate(timeout=60)[1]
    return running.returncode, said


def test_a_worker_without_memory_fails_its_items_alone(stations: Stations, tmp_path: Path) -> None:
    base = copy(stations.before("extract"), tmp_path / "base")
    poor = tool("extract", "--memory-mb", "60", "--workers", "1", base=base)
    assert poor.returncode == 3, poor.stderr
    # Libraries take it differently; none takes the run with it.
    told = ask(base, "select detail from outcome where status = 'failed'")
    assert len(told) == 4
    assert all(re.match(r"The worker died|It needs more memory", str(detail)) for (detail,) in told), told
    run(base, deed("extract", "--retry-failed"))
    ends_as(base, stations.after("extract"))


@pytest.mark.parametrize("name", ["extract", "detect", "mask"])
def test_ctrl_c_leaves_no_process_and_exits_130(name: str, stations: Stations, tmp_path: Path) -> None:
    base = copy(stations.before(name), tmp_path / "base")
    running = started(base, name, "--workers", "2")
    # A stopped worker never answers: nothing but being ended can end the run.
    busy_worker(running, "av" if name == "extract" else "cv2")
    start = time.monotonic()
    os.killpg(running.pid, signal.SIGINT)
    said = running.communicate(timeout=20)[1]
    assert time.monotonic() - start < 5
    assert running.returncode == 130, said
    assert said.endswith("Interrupted. What was finished is recorded; the next run goes on from there.\n")
    assert gone(running.pid, 1) == {}
    assert faults(base) == []
    assert ask(base, "select status from run order by id desc limit 1") == [("interrupted",)]
    run(base, deed(name))
    ends_as(base, stations.after(name))
