"""`kill -9` at every kind of moment: what is run again afterwards ends as if nothing had happened.

SOAK_S: seconds for each campaign (600). SOAK_SEED: where chance begins (0); a failure names the step that it needs.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from killing import TOOLS, Deed, Stations, chain, copy, deed, face, kill, run, steps
from sessions import gone, strike
from sound import WRITTEN, all_of, differences, faults
from workspaces import ROOT, environment, files, make

SECONDS = float(os.environ.get("SOAK_S", "600"))
SEED = int(os.environ.get("SOAK_SEED", "0"))
TWICE = 0.3
"""How often the run that should mend what the first kill left is killed too."""


@dataclass(frozen=True)
class Scene:
    """What is done to a workspace (after the chain up to a tool, or all of it), and the deed that is then killed."""

    deed: Deed
    upto: str | None = "package"
    change: Callable[[Path], object] = lambda base: None


def other_sources(base: Path) -> None:
    """Another source, a copy, a replaced one, a renamed one, a vanished one."""
    raw = base / "00_raw_photos"
    face(raw / "deep" / "new.png", 20)
    shutil.copy(raw / "photo 2.png", raw / "a copy.png")
    face(raw / "photo 0.png", -20)
    (raw / "photo 1.png").rename(raw / "renamed.png")
    (base / "00_raw_videos" / "film 0.mp4").unlink()


def known_face(base: Path) -> None:
    face(base / "00_reference_faces" / "Emma" / "one.png", 2)
    run(base, deed("intake"))


def named(base: Path) -> None:
    config = base / "config.toml"
    config.write_text(config.read_text() + '[dataset.default]\ntrigger = "emx"\n', encoding="utf-8")


def named_up_to_package(base: Path) -> None:
    named(base)
    run(base, *chain("select", "caption"))


def reject(path: str) -> Deed:
    return ("decide", "reject", "--base", "{base}", "--", path)


def packaged(base: Path) -> str:
    return next(path for path in files(base, WRITTEN[-1]) if "masks" not in path and path.endswith(".png"))


def one_rejected(base: Path) -> None:
    run(base, reject(packaged(base)))


def one_rejected_up_to_package(base: Path) -> None:
    one_rejected(base)
    run(base, *chain("select", "caption"))


SCENES = {
    "intake": Scene(deed("intake"), None),
    "extract": Scene(deed("extract"), "intake"),
    "detect": Scene(deed("detect"), "extract"),
    "match": Scene(deed("match"), "detect"),
    "mask": Scene(deed("mask"), "match"),
    "score": Scene(deed("score"), "mask"),
    "select": Scene(deed("select"), "score"),
    "composite": Scene(deed("composite"), "select"),
    "caption": Scene(deed("caption"), "composite"),
    "package": Scene(deed("package"), "caption"),
    "intake of other sources": Scene(deed("intake", "--accept-vanished"), change=other_sources),
    "extract again": Scene(deed("extract", "--webp-quality", "50")),
    "detect again": Scene(deed("detect", "--pad", "0.3")),
    "match with a reference": Scene(deed("match"), change=known_face),
    "mask again": Scene(deed("mask", "--working-side-px", "80")),
    "score with another limit": Scene(deed("score", "--min-sharpness", "0.99")),
    "select without one": Scene(deed("select"), change=one_rejected),
    "composite again": Scene(deed("composite", "--modes", "flat=1.0,own=0.0")),
    "caption with a trigger": Scene(deed("caption"), change=named),
    "package with a trigger": Scene(deed("package"), change=named_up_to_package),
    "package without one": Scene(deed("package"), change=one_rejected_up_to_package),
}


@pytest.fixture(scope="session")
def stations(tmp_path_factory: pytest.TempPathFactory) -> Stations:
    return Stations(tmp_path_factory.mktemp("stations"))


@pytest.mark.parametrize("name", SCENES)
def test_killed_before_any_call(name: str, stations: Stations, tmp_path: Path) -> None:
    """Killed before a call of its own code, a tool is run again, and all is as if it had run once."""
    scene = SCENES[name]
    before = copy(stations.after(scene.upto), tmp_path / "before")
    scene.change(before)
    uninterrupted = copy(before, tmp_path / "uninterrupted")
    places = steps(uninterrupted, scene.deed)
    assert faults(uninterrupted) == []
    expected, written = all_of(uninterrupted), files(uninterrupted, *WRITTEN)
    rest = chain(scene.deed[0])[1:]
    run(uninterrupted, *rest)
    end = all_of(uninterrupted)
    chance = random.Random(f"{SEED} {name}")
    moments = _moments(places, chance)
    deadline = time.monotonic() + SECONDS / len(SCENES)
    problems: list[str] = []
    kills = 0
    while time.monotonic() < deadline and len(problems) < 5:
        moment = next(moments)
        base = copy(before, tmp_path / "killed")
        kills += kill(base, scene.deed, moment)
        told = f"{name}, step {moment} {places[moment - 1]}"
        if chance.random() < TWICE:
            second = chance.randrange(1, len(places) + 1)
            kills += kill(base, scene.deed, second)
            told += f", then step {second} {places[second - 1]}"
        run(base, scene.deed)
        wrong = faults(base) + differences(base, expected)
        if files(base, *WRITTEN) != written:
            wrong.append(f"files: {sorted(set(files(base, *WRITTEN)) ^ set(written))}")
        if not wrong and chance.random() < 0.1:
            run(base, *rest)
            wrong = faults(base) + differences(base, end)
        if wrong:
            problems.append("\n  ".join([told, *wrong[:10]]))
    print(f"{name}: {kills} kills")
    assert problems == [], "\n".join(problems)


@pytest.mark.parametrize("tool", TOOLS)
def test_killed_at_any_time(tool: str, stations: Stations, tmp_path: Path) -> None:
    """A tool with workers, killed by the clock: all of it, its parent alone, or one worker."""
    before = stations.before(tool)
    uninterrupted = copy(before, tmp_path / "uninterrupted")
    start = time.monotonic()
    running = _started(uninterrupted, tool)
    assert running.wait() == 0
    longest = time.monotonic() - start
    expected, written = all_of(uninterrupted), files(uninterrupted, *WRITTEN)
    chance = random.Random(f"{SEED} {tool} by the clock")
    deadline = time.monotonic() + SECONDS / len(TOOLS)
    problems: list[str] = []
    kills: dict[str, int] = {}
    while time.monotonic() < deadline and len(problems) < 5:
        base = copy(before, tmp_path / "killed")
        victim, moment = chance.choice(["group", "tool", "worker", "worker"]), chance.uniform(0.1, longest)
        running = _started(base, tool)
        time.sleep(moment)
        struck = strike(running, victim, chance)
        left = gone(running.pid, 2 if struck and victim != "worker" else 60)
        code = running.wait()
        kills[victim] = kills.get(victim, 0) + bool(struck)
        run(base, deed(tool, "--retry-failed"))
        wrong = [f"left running: {line}" for line in left.values()] + faults(base) + differences(base, expected)
        if files(base, *WRITTEN) != written:
            wrong.append(f"files: {sorted(set(files(base, *WRITTEN)) ^ set(written))}")
        if victim == "worker" and struck and code not in (0, 1, 3):  # 1: it had not begun to work
            wrong.append(f"exit code {code}")
        if wrong:
            problems.append("\n  ".join([f"{tool}, {victim} after {moment:.3f} s: {struck}", *wrong[:10]]))
    print(f"{tool}: {kills} kills")
    assert problems == [], "\n".join(problems)


def _started(base: Path, tool: str) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", f"tools.{tool}", "--base", str(base), "--quiet", "--workers", "2"]
    return subprocess.Popen(
        words, cwd=ROOT, env=environment(PYTHONPATH=str(ROOT)), stderr=subprocess.DEVNULL, start_new_session=True
    )


def test_killed_in_the_whole_chain(stations: Stations, tmp_path: Path) -> None:
    """`make all` is killed by the clock, up to three times on the way, and then ends as if it had not been."""
    uninterrupted = copy(stations.after(None), tmp_path / "uninterrupted")
    start = time.monotonic()
    assert make("all", "JOBS=2", base=uninterrupted).returncode == 0
    longest = time.monotonic() - start
    expected, written = all_of(uninterrupted), files(uninterrupted, *WRITTEN)
    chance = random.Random(f"{SEED} make")
    deadline = time.monotonic() + SECONDS
    problems: list[str] = []
    kills: dict[str, int] = {}
    while time.monotonic() < deadline and len(problems) < 5:
        base = copy(stations.after(None), tmp_path / "killed")
        told, wrong = [], []
        for _ in range(chance.randrange(1, 4)):
            victim, moment = chance.choice(["group", "tool", "worker", "make"]), chance.uniform(0, longest)
            running = subprocess.Popen(
                ["make", "all", "JOBS=2", f"BASE={base}"],
                cwd=ROOT,
                env=environment(),
                start_new_session=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            time.sleep(moment)
            struck = strike(running, victim, chance)
            wrong += [f"left running: {line}" for line in gone(running.pid, 2 if victim == "group" else 120).values()]
            running.wait()
            kills[victim] = kills.get(victim, 0) + bool(struck)
            told.append(f"{victim} after {moment:.3f} s: {struck}")
        done = make("all", "RETRY_FAILED=1", base=base)
        wrong += [] if done.returncode == 0 else [done.stderr]
        wrong += faults(base) + differences(base, expected)
        if files(base, *WRITTEN) != written:
            wrong.append(f"files: {sorted(set(files(base, *WRITTEN)) ^ set(written))}")
        again = make("all", base=base)
        if again.stderr.strip() != "Everything is up to date; no tool was started.":
            wrong.append(again.stderr)
        if wrong:
            problems.append("\n  ".join([*told, *wrong[:10]]))
    print(f"make: {kills} kills")
    assert problems == [], "\n".join(problems)


def _moments(places: list[str], chance: random.Random) -> Iterator[int]:
    """Steps to kill before, without end: first each place once, in any order, then any step."""
    where: dict[str, list[int]] = {}
    for step, place in enumerate(places, 1):
        where.setdefault(place, []).append(step)
    firsts = [chance.choice(found) for found in where.values()]
    chance.shuffle(firsts)
    yield from firsts
    while True:
        yield chance.randrange(1, len(places) + 1)
