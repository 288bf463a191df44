"""Runs Framemill as people do: each tool and make as a program of its own, timed from start to end."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.bench.result import Missing
from tools.mill.settings import ROOT

_CALLERS = ("MAKE", "MFLAGS", "MILL_", "BASE", "ITEM", "WHY", "TEST", "DATASET", "JOBS", "RETRY", "ACCEPT")
_TOLD = 400


@dataclass(frozen=True)
class Spent:
    """What a piece of work took: seconds by the clock, and of processors, those of all its processes together."""

    wall: float
    cpu: float


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without what a make around it has left there, and with more."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_CALLERS)}
    return kept | {"PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1"} | dict(more or {})


def tool(name: str, base: Path, *words: str) -> list[str]:
    """The command line of a tool on a workspace."""
    return [sys.executable, "-m", f"tools.{name}", "--base", str(base.absolute()), *words]


def seconds_of(command: Sequence[str], more: Mapping[str, str] | None = None) -> float:
    """Run a program to its end; returns the seconds it took. Raises Missing where it fails or is not there.

    more: what it finds in its environment besides.
    """
    return spent_on(command, more).wall


def spent_on(command: Sequence[str], more: Mapping[str, str] | None = None) -> Spent:
    """As `seconds_of`, with the seconds of processors that it and its children took."""
    start, before = time.perf_counter(), _children_s()
    said(command, more)
    return Spent(time.perf_counter() - start, _children_s() - before)


def _children_s() -> float:
    """Seconds of processors of all children, and theirs, that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def said(command: Sequence[str], more: Mapping[str, str] | None = None) -> str:
    """Run a program and return all it says. Raises Missing where it fails or is not there."""
    if shutil.which(command[0]) is None:
        raise Missing(f"{command[0]} is not installed")
    done = subprocess.run(command, cwd=ROOT, env=environment(more), capture_output=True, text=True, check=False)
    if done.returncode:
        raise Missing(f"{' '.join(command[:3])} ended with {done.returncode}: {done.stderr.strip()[-_TOLD:]}")
    return done.stdout + done.stderr
