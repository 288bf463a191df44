"""Killing tools at chosen points, in a small workspace that the whole chain goes through in seconds.

A tool runs in a process of its own, in which every call that the code of `tools/mill` and its neighbours makes is one
step; before a chosen step the process is killed as `kill -9` does it: nothing is caught, closed or tidied.
"""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import sys
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType
from typing import Any

from workspaces import ROOT

from tools.mill import command
from tools.mill.plan import BY_TOOL

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

_OURS = tuple(
    str(ROOT / "tools" / name) for name in ("mill", "training", "decide.py", *(f"{tool}.py" for tool in TOOLS))
)
_PRELOADED = [
    "killing",
    "cv2",
    "av",
    "dlib",
    "skimage.measure",
    "PIL.Image",
    "tools.decide",
    *(f"tools.{t}" for t in TOOLS),
]


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


def kill(base: Path, deed: Deed, step: int, called: str = "") -> bool:
    """Run a tool and kill it before one of its steps (from 1), or before the nth call of something.

    False where it had fewer.
    """
    return not _in_child(_run_killed, base, deed, step, called)


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


def do(base: Path, deed: Deed, may_fail: bool = False) -> None:
    """Run a command as its program does, but for the exit. Raises what it raises; AssertionError for an exit code.

    may_fail: items may have failed (3).
    """
    name, *words = (word.format(base=base) for word in deed)
    module = importlib.import_module(f"tools.{name}")
    if name == "stamps.changes":
        code = module.main(words)
    elif name in TOOLS:
        code = command.make(module.TOOL, "").main(words, standalone_mode=False)
    else:
        code = module.main(words, standalone_mode=False)
    assert not code or (may_fail and code == command.FAILED_ITEMS), f"{name} exits with {code}"


def _run_all(pipe: Connection, base: Path, deeds: Sequence[Deed]) -> None:
    try:
        for deed in deeds:
            do(base, deed)
    except Exception as error:  # noqa: BLE001 - it is told to the test
        pipe.send([f"{type(error).__name__}: {error}"])
    else:
        pipe.send(["done"])


def _run_traced(pipe: Connection, base: Path, deed: Deed) -> None:
    places: list[str] = []
    sys.setprofile(_observer(places.append))
    do(base, deed)
    sys.setprofile(None)
    pipe.send(places)


def _run_killed(pipe: Connection, base: Path, deed: Deed, step: int, called: str) -> None:
    left = step

    def count(place: str) -> None:
        nonlocal left
        left -= not called or place.endswith(f" {called}")
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(_observer(count))
    do(base, deed)
    sys.setprofile(None)
    pipe.send(["done"])


def _observer(tell: Callable[[str], None]) -> Callable[[FrameType, str, Any], None]:
    def observe(frame: FrameType, event: str, argument: Any) -> None:
        if event in ("call", "c_call") and frame.f_code.co_filename.startswith(_OURS):
            called = argument.__qualname__ if event == "c_call" else frame.f_code.co_qualname
            tell(f"{os.path.relpath(frame.f_code.co_filename, ROOT)}:{frame.f_lineno} {called}")

    return observe
