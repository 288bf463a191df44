"""Killing tools at chosen points, and what must be true of a workspace afterwards.

A tool runs in a process of its own, in which every call that the code of `tools/mill` and its neighbours makes is one
step; before a chosen step the process is killed as `kill -9` does it: nothing is caught, closed or tidied.
"""

from __future__ import annotations

import importlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType
from typing import Any

from workspaces import ROOT, ask, files, funnel_holds, natural

from tools.mill import command
from tools.mill.plan import BY_TOOL

WRITTEN = ("01_extracted_frames", "02_person_crops", "03_masked_subjects", "05_augmented", "07_final_training")
TOOLS = tuple(BY_TOOL)

CHEAP = """
[intake]
min_side = 64
[detect]
min_height_px = 32
[mask]
working_side_px = 64
[score]
min_crop_mp = 0.001
[package]
min_canvas_mp = 0.001
"""
"""Settings under which a picture of 160 px goes through the whole chain in a second or two."""

_OURS = tuple(str(ROOT / "tools" / name) for name in ("mill", "training", "decide.py", *(f"{tool}.py" for tool in TOOLS)))
_PRELOADED = ["killing", "cv2", "av", "dlib", "skimage.measure", "PIL.Image", "tools.decide", *(f"tools.{t}" for t in TOOLS)]


Deed = tuple[str, ...]
"""A command of the program: the module below `tools`, then its arguments; {base} stands for the workspace."""


def deed(tool: str, *words: str, dataset: str = "default") -> Deed:
    """One run of a tool, all in one process."""
    named = ("--dataset", dataset) if BY_TOOL[tool].per_dataset else ()
    return (tool, "--base", "{base}", "--quiet", "--workers", "0", *named, *words)


def chain(start: str = TOOLS[0], stop: str = TOOLS[-1], dataset: str = "default") -> list[Deed]:
    """The tools from one to another, in their order."""
    return [deed(tool, dataset=dataset) for tool in TOOLS[TOOLS.index(start) : TOOLS.index(stop) + 1]]


def face(path: Path, turn_deg: float = 0, side: int = 160, gain: float = 1.0) -> Path:
    """A small photograph of one person; turned or lit differently it is another one."""
    import skimage.data
    from PIL import Image

    whole = Image.fromarray(skimage.data.astronaut()).crop((120, 0, 330, 210))
    turned = whole.rotate(turn_deg, Image.Resampling.BICUBIC).resize((side, side), Image.Resampling.LANCZOS)
    path.parent.mkdir(parents=True, exist_ok=True)
    turned.point(lambda value: int(value * gain)).save(path, "PNG")
    return path


def clip(path: Path, seconds: float = 1.0, side: int = 160) -> Path:
    """A short film of the same person, turning."""
    import numpy as np
    import skimage.data
    from footage import Style, write
    from PIL import Image

    whole = Image.fromarray(skimage.data.astronaut()).crop((120, 0, 330, 210))
    images = [np.asarray(whole.rotate(-15 + 3 * n).resize((side, side))) for n in range(round(10 * seconds))]
    path.parent.mkdir(parents=True, exist_ok=True)
    return write(path, images, Style(fps=10))


def small(base: Path, photos: int = 2, films: int = 1, config: str = "") -> Path:
    """A workspace that the whole chain goes through in seconds."""
    for number in range(photos):
        face(base / "00_raw_photos" / f"photo {number}.png", 4.0 * number, gain=1 - 0.05 * number)
    for number in range(films):
        clip(base / "00_raw_videos" / f"film {number}.mp4", 1 + 0.5 * number)
    (base / "config.toml").write_text(CHEAP + config, encoding="utf-8")
    return base


class Stations:
    """The same small workspace after each tool of the chain, made when asked for."""

    def __init__(self, folder: Path, photos: int = 3) -> None:
        self.made: dict[str | None, Path] = {None: small(folder / "none", photos)}

    def after(self, tool: str | None) -> Path:
        """The workspace after the chain up to that tool; None: before the first. Look, but do not touch."""
        if tool not in self.made:
            start = self.made[None]
            self.made[tool] = copy(start, start.with_name(str(tool)))
            run(self.made[tool], *chain(stop=str(tool)))
        return self.made[tool]

    def before(self, tool: str) -> Path:
        return self.after(None if tool == TOOLS[0] else TOOLS[TOOLS.index(tool) - 1])


def copy(base: Path, to: Path) -> Path:
    """A copy of a workspace, in the place of what was there."""
    if to.exists():
        shutil.rmtree(to)
    return Path(shutil.copytree(base, to, symlinks=True))


# Running and killing.


def run(base: Path, *deeds: Deed) -> None:
    """Run tools one after the other, in a process that does nothing else. Raises AssertionError where one raises."""
    told = _in_child(_run_all, base, deeds)
    assert told == ["done"], told


def steps(base: Path, deed: Deed) -> list[str]:
    """Run a tool and return where each of its steps was: file, line and what was called there."""
    return _in_child(_run_traced, base, deed)


def where(places: Sequence[str], called: str, nth: int = 1) -> int:
    """The step (from 1) at which something is called for the nth time; from the end where nth is negative."""
    found = [step for step, place in enumerate(places, 1) if place.endswith(f" {called}")]
    assert found, f"nothing calls {called}"
    return found[nth - 1 if nth > 0 else nth]


def kill(base: Path, deed: Deed, step: int) -> bool:
    """Run a tool and kill it before a step of its own (from 1). False where it had fewer."""
    return not _in_child(_run_killed, base, deed, step)


def _in_child(function: Callable[..., None], *arguments: Any) -> list[str]:
    """What a function sends from a process that has all libraries and no threads; nothing where it was killed."""
    context = get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=function, args=(there, *arguments))
    child.start()
    there.close()
    try:
        told: list[str] = here.recv()
    except EOFError:
        told = []
    child.join()
    return told


def _do(base: Path, deed: Deed) -> None:
    """Run a command as its program does, but for the exit at the end. Raises what it raises; AssertionError for a code."""
    name, *words = (word.format(base=base) for word in deed)
    module = importlib.import_module(f"tools.{name}")
    if name == "mill.changes":
        code = module.main(words)
    elif name in TOOLS:
        code = command.make(module.TOOL, "").main(words, standalone_mode=False)
    else:
        code = module.main(words, standalone_mode=False)
    assert not code, f"{name} exits with {code}"


def _run_all(pipe: Connection, base: Path, deeds: Sequence[Deed]) -> None:
    try:
        for deed in deeds:
            _do(base, deed)
    except Exception as error:  # noqa: BLE001 - it is told to the test
        pipe.send([f"{type(error).__name__}: {error}"])
    else:
        pipe.send(["done"])


def _run_traced(pipe: Connection, base: Path, deed: Deed) -> None:
    places: list[str] = []
    sys.setprofile(_observer(places.append))
    _do(base, deed)
    sys.setprofile(None)
    pipe.send(places)


def _run_killed(pipe: Connection, base: Path, deed: Deed, step: int) -> None:
    left = step

    def count(_place: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(_observer(count))
    _do(base, deed)
    sys.setprofile(None)
    pipe.send(["done"])


def _observer(tell: Callable[[str], None]) -> Callable[[FrameType, str, Any], None]:
    def observe(frame: FrameType, event: str, argument: Any) -> None:
        if event in ("call", "c_call") and frame.f_code.co_filename.startswith(_OURS):
            called = argument.__qualname__ if event == "c_call" else frame.f_code.co_qualname
            tell(f"{os.path.relpath(frame.f_code.co_filename, ROOT)}:{frame.f_lineno} {called}")

    return observe


# What must be true.


def all_of(base: Path) -> dict[str, list[tuple[object, ...]]]:
    """All that a manifest says, by natural keys: beside items, outcomes and packages also every fact and measurement."""
    told = natural(base)
    tables = {str(name): {str(row[1]) for row in ask(base, f'pragma table_info("{name}")')} for (name,) in ask(base, _TABLES)}
    for name, columns in tables.items():
        shown = ", ".join(f'told."{column}"' for column in sorted(columns) if not column.endswith("_id"))
        if "outcome_id" in columns:
            question = f"""select step.tool, step.dataset, item.kind, item.address, item.version, {shown}
            from "{name}" as told join outcome on outcome.id = told.outcome_id join step on step.id = outcome.step_id
            join item on item.id = outcome.item_id where outcome.latest and outcome.live"""
        else:
            question = f"""select item.kind, item.address, item.version, {shown}
            from "{name}" as told join item on item.id = told.item_id where item.newest"""
        told[name] = sorted(ask(base, question), key=repr)
    return told | {name: sorted(ask(base, question), key=repr) for name, question in _MORE.items()}


_TABLES = """
select name from sqlite_schema as one
where type = 'table' and exists (select 1 from pragma_table_info(one.name) where name in ('item_id', 'outcome_id'))
    and name not in ('outcome', 'decision', 'audit', 'package_item', 'file')
"""

_MORE = {
    "lineage": """select child.kind, child.address, parent.kind, parent.address, role
        from lineage join item as child on child.id = child_id join item as parent on parent.id = lineage.parent_id
        where child.newest""",
    "file": "select folder, file.path, file.sha256, kind, address from file left join item on item.id = item_id",
    "decision": "select kind, address, dataset, verdict from decision",
    "package": """select dataset, state, digest, item.address, package_item.path from package
        join step on step.id = package.step_id left join package_item on package_item.package_id = package.id
        left join item on item.id = package_item.item_id where state = 'current'""",
    "step": "select tool, dataset, limits_json, recipe.json from step left join recipe on recipe.id = recipe_id where active",
}


def faults(base: Path) -> list[str]:
    """What is wrong with a workspace in which no tool runs; nothing where it is sound."""
    known = {row[0] for row in ask(base, "select path from item union select mask_path from composite")}
    made = set(files(base, *WRITTEN[:-1]))
    wanted = {row[0] for row in ask(base, "select path from item where made and parent_id is not null and path <> ''")}
    found = [f"it is half written: {path}" for path in base.rglob(".part-*")]
    found += [f"no row speaks of {path}" for path in sorted(made - known)]
    found += [f"its row is there, the file is not: {path}" for path in sorted(map(str, wanted - made))]
    found += [f"run {row[0]} of {row[1]} is still running" for row in ask(base, _RUNNING)]
    found += [str(row) for row in ask(base, "pragma integrity_check") if row != ("ok",)]
    found += [f"foreign key: {row}" for row in ask(base, "pragma foreign_key_check")]
    if not funnel_holds(base):
        found.append("the funnel's identity does not hold")
    return found


_RUNNING = "select run.id, tool from run join step on step.id = step_id where run.status = 'running'"


def differences(base: Path, expected: Mapping[str, list[tuple[object, ...]]]) -> list[str]:
    """Where a manifest says something else than expected, a line for each row too many or too few."""
    have = all_of(base)
    return [
        f"{name}: {sign} {row!r:.300}"
        for name in sorted(have.keys() | expected.keys())
        for sign, rows, others in (("+", have, expected), ("-", expected, have))
        for row in rows.get(name, [])
        if row not in others.get(name, [])
    ]


# Processes.


def session(leader: int) -> dict[int, str]:
    """The living processes of a session, with their command lines; those that have ended but are not waited for are not."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdecimal():
            try:
                state, _, _, its_session = Path("/proc", entry, "stat").read_text().rpartition(")")[2].split()[:4]
                if int(its_session) == leader and state != "Z":
                    found[int(entry)] = Path("/proc", entry, "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found


def tool_of(processes: Mapping[int, str]) -> int | None:
    """The process of the tool among those of a session."""
    return next((pid for pid, line in processes.items() if " -m tools." in line and "changes" not in line), None)


def workers_of(processes: Mapping[int, str]) -> list[int]:
    return [pid for pid, line in processes.items() if "spawn_main" in line]


def gone(leader: int, within_s: float) -> dict[int, str]:
    """What is left of a session after so many seconds at the most."""
    deadline = time.monotonic() + within_s
    while (left := session(leader)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def strike(running: subprocess.Popen[bytes], victim: str, chance: random.Random) -> str | None:
    """Kill all of a session ("group"), its tool, one of its workers, or its make; returns the line of who was killed."""
    processes = session(running.pid)
    if victim == "group":
        os.killpg(running.pid, signal.SIGKILL)
        return "the whole group"
    found = {"tool": [tool_of(processes)], "worker": workers_of(processes), "make": [_inner_make(processes)]}[victim]
    pids = [pid for pid in found if pid is not None]
    if not pids:
        return None
    pid = chance.choice(pids)
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return None
    return processes[pid]


def _inner_make(processes: Mapping[int, str]) -> int | None:
    return next((pid for pid, line in processes.items() if line.startswith("make ") and "stages.mk" in line), None)
