"""What machines and people do to a run: full and read-only disks, broken files, other runs and decisions beside it."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from killing import CHEAP, Deed, Stations, chain, copy, deed, face, run
from sound import all_of, differences, ends_as, faults
from workspaces import ROOT, ask, environment, funnel_holds, make, tool

from tools.mill.words import command

PYTHON = str(ROOT / ".venv" / "bin" / "python")


@pytest.fixture(scope="module")
def stations(tmp_path_factory: pytest.TempPathFactory) -> Stations:
    return Stations(tmp_path_factory.mktemp("stations"))


# Full and read-only disks.


@pytest.mark.parametrize("name", ["extract", "detect", "mask", "composite", "package"])
def test_a_file_that_may_not_grow_stops_the_run(name: str, stations: Stations, tmp_path: Path) -> None:
    """A bound on the size of files stands for a full disk: the manifest still has room, the pictures have not."""
    base = copy(stations.before(name), tmp_path / "base")
    line = f"ulimit -f 2; exec {PYTHON} -m tools.{name} --workers 0 --base '{base}'"
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
    recorded = (
        "select count(*) from outcome join step on step.id = outcome.step_id where tool = ? and status = 'failed'"
    )
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
    [("intake", 0), ("intake", 65536), ("extract", 139264), ("package", 180224)],
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
    base = copy(stations.after("select"), tmp_path / "base")
    [(path,)] = ask(
        base, "select item.path from selection join item on item.id = item_id where chosen order by rank limit 1"
    )
    broken = base / str(path)
    whole = broken.read_bytes()
    broken.write_bytes(whole[: len(whole) // 2])
    first = make("all", "JOBS=0", base=base)
    assert first.returncode == 2
    assert (
        f"composite default: 1 failed. `{command(base, 'failures')}` names them; RETRY_FAILED=1 tries again."
        in first.stderr
    )
    named = rf"^2 items failed:\n  composite, cutout \d+, {re.escape(str(path))}: .+decoded"
    assert re.search(named, first.stdout, re.MULTILINE), first.stdout
    assert re.search(r"^package default: composite \d+ ok, in ", first.stderr, re.MULTILINE)
    assert faults(base) == []
    runs = ask(base, "select count(*) from run")

    again = make("all", "JOBS=0", base=base)
    assert again.returncode == 2
    assert again.stderr.startswith("Everything is up to date; no tool was started.\n2 items failed earlier. ")
    assert ask(base, "select count(*) from run") == runs

    broken.write_bytes(whole)
    healed = make("all", "JOBS=0", "RETRY_FAILED=1", base=base)
    assert healed.returncode == 0, healed.stderr
    assert re.search(r"^composite default: cutout 1 ok; composite 1 ok, in ", healed.stderr, re.MULTILINE)
    assert faults(base) == []
    assert differences(base, all_of(stations.after("package"))) == []


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
        odd = number % 2
        return [
            deed("detect", "--min-confidence", f"0.{5 + 4 * odd}"),
            deed("score", "--min-sharpness", f"0.{4 + odd}"),
            deed("select", "--moment-s", f"{2 + odd}", dataset="default"),
            deed("caption", "--forbidden-words", f"word {odd}", dataset="small"),
            ("decide", "undo" if odd else "reject", *decide),
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
        line = [PYTHON, "-m", "tools.stamps.changes", words[0], str(base), *words[1:]]
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
    assert re.search(r"^mask: person 1 ok; cutout 1 ok, in ", done.stderr, re.MULTILINE), done.stderr
    assert ask(base, "select sum(waiting) from funnel") == [(0,)]
