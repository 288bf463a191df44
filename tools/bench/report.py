"""What a bench found, as a table for the terminal, as JSON, and as the page docs/speed.md."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.bench.result import Line, shown
from tools.mill import machine
from tools.mill.manifest import utc_now
from tools.report.table import Table

COLUMNS = ("measured", "spread", "bound", "met")


@dataclass(frozen=True)
class Part:
    """The lines of one part of the bench. title: one sentence; how: what was done."""

    name: str
    title: str
    how: str
    lines: Sequence[Line]


@dataclass(frozen=True)
class Report:
    """One run of the bench. started_at: UTC; machine: what it ran on, in words; load: runnable processes before it."""

    started_at: str
    machine: Mapping[str, str]
    load: float
    parts: Sequence[Part]

    @property
    def lines(self) -> list[Line]:
        return [line for part in self.parts for line in part.lines]


def begin() -> Report:
    """A report without lines yet, of now and here."""
    return Report(utc_now(), this_machine(), os.getloadavg()[0], ())


def this_machine() -> dict[str, str]:
    """What the figures depend on, without a name that would tell whose machine it is."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": _processor(),
        "cores": str(machine.cores()),
        "memory": f"{total / 1e9:.0f} GB",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        "ffmpeg": _ffmpeg(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return platform.processor() or "unknown"
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else "unknown"


def _ffmpeg() -> str:
    if shutil.which("ffmpeg") is None:
        return "not installed"
    said = subprocess.run(("ffmpeg", "-version"), capture_output=True, text=True, check=True).stdout
    return said.split()[2]


def cells(line: Line) -> tuple[str, str, str, str]:
    """A line's figure, its spread, its bound, and whether that is met."""
    spread = ""
    if line.low is not None and line.low != line.high:
        spread = f"{shown(line.low, line.unit)} to {shown(line.high, line.unit)}"
    bound = ""
    if line.bound is not None:
        bound = f"at {'least' if line.at_least else 'most'} {shown(line.bound, line.unit)}"
    measured = shown(line.value, line.unit) if line.value is not None else f"missing: {line.missing}"
    return measured, spread, bound, line.judgement


def table(report: Report) -> Table:
    """All lines for the terminal."""
    rows = [(part.name, line.name, *cells(line)) for part in report.parts for line in part.lines]
    return Table(("part", "what", *COLUMNS), rows)


def verdict(report: Report) -> str:
    """One sentence on how many bounds are met, and on each that is not."""
    bound = [line for line in report.lines if line.bound is not None]
    broken = [line for line in bound if not line.met]
    if not broken:
        return f"All {len(bound)} bounds are met."
    which = "; ".join(f"{line.name}: {line.judgement}" for line in broken)
    return f"{len(bound) - len(broken)} of {len(bound)} bounds are met. Not met: {which}."


def as_json(report: Report) -> str:
    """Everything, with `met` beside each line's figures."""
    content = dataclasses.asdict(report)
    for part, told in zip(report.parts, content["parts"], strict=True):
        for line, row in zip(part.lines, told["lines"], strict=True):
            row["met"] = line.met
    return json.dumps(content, indent=2) + "\n"


def page(report: Report, command: str) -> str:
    """A page of the documentation. command: what writes it."""
    return "\n".join(_page(report, command)) + "\n"


def _page(report: Report, command: str) -> Iterator[str]:
    yield "# Speed and memory"
    yield ""
    yield f"Written by `{command}` on {report.started_at[:10]}; `make bench` measures on your machine."
    yield "A ratio compares what was done in turn in one run. Of several measurements the median is told, with their"
    yield "extremes as spread. What has no bound is told only."
    yield ""
    yield ", ".join(f"{name} {value}" for name, value in report.machine.items()) + "."
    if report.load >= 1:
        yield f"Others worked on it too: {report.load:.1f} processes were running or waiting for a core at the start."
    yield ""
    yield verdict(report)
    for part in report.parts:
        yield from ("", f"## {part.title}", "", part.how, "")
        yield f"| what | {' | '.join(COLUMNS)} |"
        yield "|---" * (1 + len(COLUMNS)) + "|"
        for line in part.lines:
            yield f"| {' | '.join((line.name, *cells(line)))} |"
