"""What machines do to a run: kills, crashes, full and read-only disks, broken files, other runs beside it.

Long campaigns of the same kind are in tests/soak.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from killing import (
    CHEAP,
    WRITTEN,
    Deed,
    Stations,
    all_of,
    chain,
    copy,
    deed,
    differences,
    face,
    faults,
    gone,
    kill,
    run,
    session,
    steps,
    where,
    workers_of,
)
from workspaces import ROOT, ask, environment, files, funnel_holds, make, tool

PYTHON = str(ROOT / ".venv" / "bin" / "python")


@pytest.fixture(scope="module")
def stations(tmp_path_factory: pytest.TempPathFactory) -> Stations:
    return Stations(tmp_path_factory.mktemp("stations"))


def ends_as(base: Path, expected: Path) -> None:
    """Assert that a workspace is sound and says and holds what another does."""
    assert faults(base) == []
    assert differences(base, all_of(expected)) == []
    assert files(base, *WRITTEN) == files(expected, *WRITTEN)


# Killed.

MOMENTS = {
    "intake, sources read but not placed": (deed("intake"), "_apply", 1),
    "extract, a file not yet under its name": (deed("extract"), "replace", 2),
    "extract, files but no rows": (deed("extract"), "Recorder.record", 1),
    "mask, rows written but not committed": (deed("mask"), "Connection.commit", -3),
    "mask, all recorded but the run not closed": (deed("mask"), "finish", 1),
    "score, in the middle of settling": (deed("score", "--min-sharpness", "0.99"), "settle_step", -5),
    "composite, the image there and its mask not": (deed("composite"), "store", 2),
    "package, built but not in its place": (deed("package"), "swap_in", 1),
    "package, before the exchange": (deed("package"), "exchange", 1),
    "package, exchanged but not recorded": (deed("package"), "conclude", 1),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_and_run_again_it_ends_as_if_never_killed(moment: str, stations: Stations, tmp_path: Path) -> None:
    the_deed, called, nth = MOMENTS[moment]
    name = the_deed[0]
    base = copy(stations.after("package") if name in ("score", "package") else stations.before(name), tmp_path / "base")
    if name == "package":
        config = base / "config.toml"
        config.write_text(config.read_text() + '[dataset.default]\ntrigger = "emx"\n', encoding="utf-8")
        run(base, *chain("select", "caption"))
    uninterrupted = copy(base, tmp_path / "uninterrupted")
    step = where(steps(uninterrupted, the_deed), called, nth)
    assert kill(base, the_deed, step)
    run(base, the_deed)
    ends_as(base, uninterrupted)


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
def test_a_worker_that_dies_takes_one_item_with_it(
    number: signal.Signals, told: str, stations: Stations, tmp_path: Path
) -> None:
    base = copy(stations.before("mask"), tmp_path / "base")
    running = started(base, "mask", "--workers", "1")
    worker = busy_worker(running)
    os.kill(worker, number)
    os.kill(worker, signal.SIGCONT)
    said = running.communicate(timeout=30)[1]
    assert running.returncode == 3, said
    assert re.search(r"^mask: \d+ ok, 1 failed, in ", said, re.MULTILINE)
    assert "mask: 1 failed. `make failures` names them; RETRY_FAILED=1 tries again." in said
    assert ask(base, "select detail from outcome where status = 'failed'") == [(told,)]
    assert faults(base) == []
    run(base, deed("mask", "--retry-failed"))
    ends_as(base, stations.after("mask"))


def test_a_worker_without_memory_fails_its_items_alone(stations: Stations, tmp_path: Path) -> None:
    base = copy(stations.before("extract"), tmp_path / "base")
    poor = tool("extract", "--memory-mb", "40", "--workers", "1", base=base)
    assert poor.returncode == 3, poor.stderr
    told = ask(base, "select distinct detail from outcome where status = 'failed'")
    assert told == [("It needs more memory than a worker may take (memory_mb).",)]
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


# Full and read-only disks.


@pytest.mark.parametrize("name", ["extract", "detect", "mask", "composite", "package"])
def test_a_file_that_may_not_grow_stops_the_run(name: str, stations: Stations, tmp_path: Path) -> None:
    """A bound on the size of files stands for a full disk: the manifest still has room, the pictures have not."""
    base = copy(stations.before(name), tmp_path / "base")
    # The manifest's own files are larger already: they are let grow by being written anew below the bound.
    line = f"ulimit -f 2; exec {PYTHON} -m tools.{name} --base '{base}'"
    full = subprocess.run(
        ["bash", "-c", line],
        cwd=ROOT,
        env=environment(PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert full.returncode == 1, full.stderr
    assert re.search(rf"^Stopped: .*{re.escape(str(base))}", full.stderr, re.MULTILINE), full.stderr
    stopped_cleanly(base, name)
    run(base, deed(name))
    ends_as(base, stations.after(name))


def stopped_cleanly(base: Path, name: str) -> None:
    """Nothing is recorded for what was in flight: no outcome, least of all a failure."""
    recorded = "select count(*) from outcome join step on step.id = outcome.step_id where tool = ? and status = 'failed'"
    assert ask(base, recorded, name) == [(0,)]
    assert funnel_holds(base)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder], capture_output=True, text=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"only root can mount a disk that is full: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


def fill(disk: Path, left: int) -> Path:
    """A file that leaves so many bytes free."""
    stat = os.statvfs(disk)
    filler = disk / "filler"
    with open(filler, "wb") as file:
        os.posix_fallocate(file.fileno(), 0, stat.f_bavail * stat.f_frsize - left)
    return filler


@pytest.mark.parametrize(
    ("name", "left"),
    [("intake", 0), ("intake", 65536), ("extract", 139264), ("composite", 94208), ("package", 180224), ("package", 0)],
)
def test_a_full_disk_stops_the_run(name: str, left: int, stations: Stations, disk: Path) -> None:
    base = copy(stations.before(name), disk / "base")
    filler = fill(disk, left)
    full = tool(name, "--workers", "1", base=base)
    filler.unlink()
    assert full.returncode == 1, full.stderr
    assert re.search(
        rf"^Stopped: (No space left on device|database or disk is full|disk I/O error): .*{re.escape(str(base))}",
        full.stderr,
        re.MULTILINE,
    ), full.stderr
    assert full.stderr.count("\n") == 1 + full.stderr.count("engine auto"), full.stderr
    run(base, deed(name))
    ends_as(base, stations.after(name))


def test_a_read_only_workspace_stops_with_a_sentence(stations: Stations, disk: Path) -> None:
    base = copy(stations.before("mask"), disk / "base")
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    stopped = tool("mask", base=base)
    assert stopped.returncode == 1
    assert stopped.stderr == (
        f"Stopped: Read-only file system: {base}/.locks/mask. Mend it; the next run goes on from here.\n"
    )
    made = make("all", base=base)
    assert made.returncode == 2
    assert made.stderr.startswith("Stopped: ")
    assert "Traceback" not in made.stderr
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    run(base, deed("mask"))
    ends_as(base, stations.after("mask"))


# One item's failure.


def test_one_broken_file_fails_alone_is_named_at_the_end_and_heals(stations: Stations, tmp_path: Path) -> None:
    base = copy(stations.after("extract"), tmp_path / "base")
    broken = base / files(base, WRITTEN[0])[0]
    whole = broken.read_bytes()
    broken.write_bytes(whole[: len(whole) // 2])
    first = make("all", "JOBS=0", base=base)
    assert first.returncode == 2
    assert "detect: 1 failed. `make failures` names them; RETRY_FAILED=1 tries again." in first.stderr
    name = str(broken.relative_to(base))
    assert re.search(rf"^1 item failed:\n  detect, frame \d+, {re.escape(name)}: .+decoded", first.stdout, re.MULTILINE)
    assert re.search(r"^package default: \d+ ok, in ", first.stderr, re.MULTILINE)
    assert faults(base) == []
    runs = ask(base, "select count(*) from run")

    again = make("all", "JOBS=0", base=base)
    assert again.returncode == 2
    assert again.stderr.startswith("Everything is up to date; no tool was started.\n1 items failed earlier. ")
    assert ask(base, "select count(*) from run") == runs

    broken.write_bytes(whole)
    healed = make("all", "JOBS=0", "RETRY_FAILED=1", base=base)
    assert healed.returncode == 0, healed.stderr
    assert re.search(r"^detect: \d+ ok, in ", healed.stderr, re.MULTILINE)
    ends_as(base, stations.after("package"))


# Others beside it.


def test_tools_datasets_and_decisions_side_by_side(stations: Stations, tmp_path: Path) -> None:
    """Twenty rounds of two tools, two datasets and a person who decides, all at once: nobody waits in vain."""
    base = copy(stations.after("package"), tmp_path / "base")
    (base / "config.toml").write_text(CHEAP + "[dataset.default]\n[dataset.small]\ncount = 1\n", encoding="utf-8")
    run(base, *chain("select", dataset="small"))
    before = all_of(base)
    [(cutout,)] = ask(base, "select min(id) from item where kind = 'cutout'")
    decide = ("--base", "{base}", "--", str(cutout))

    def round_of(number: int) -> list[Deed]:
        side = str(64 + 16 * (number % 2))
        return [
            deed("mask", "--working-side-px", side),
            deed("detect", "--min-confidence", f"0.{5 + number % 2}"),
            deed("select", dataset="default"),
            deed("caption", dataset="small"),
            ("decide", "undo" if number % 2 else "reject", *decide),
        ]

    with ThreadPoolExecutor(5) as threads:
        for number in range(20):
            list(threads.map(lambda one: run(base, one), round_of(number)))
            assert faults(base) == []
    run(base, *chain(), *chain("select", dataset="small"))
    assert faults(base) == []
    after = all_of(base)
    assert {key: after[key] for key in ("items", "outcomes", "final")} == {
        key: before[key] for key in ("items", "outcomes", "final")
    }


def test_what_is_dropped_in_while_a_make_runs_is_taken_by_the_next(stations: Stations, tmp_path: Path) -> None:
    """Even where a second make began and ended in the meantime: each make stamps what it saw itself."""
    base = copy(stations.after("match"), tmp_path / "base")

    def changes(*words: str, expected: str = "") -> str:
        env = environment(PYTHONPATH=str(ROOT), MILL_EXPECTED=expected)
        line = [PYTHON, "-m", "tools.mill.changes", words[0], str(base), *words[1:]]
        done = subprocess.run(line, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
        return done.stdout.partition("\n")[2]

    seen_by_first = changes("check")
    run(base, deed("mask"))
    face(base / "00_raw_photos" / "dropped in.png", 25)
    seen_by_second = changes("check")
    for one in chain(stop="match"):
        run(base, one)
        changes("stamp", one[0], expected=seen_by_second)
    changes("stamp", "mask", expected=seen_by_first)
    done = make("all", "JOBS=0", base=base)
    assert done.returncode == 0, done.stderr
    assert "match: nothing to do." not in done.stderr
    assert re.search(r"^mask: 2 ok, in ", done.stderr, re.MULTILINE), done.stderr
    assert ask(base, "select sum(waiting) from funnel") == [(0,)]
