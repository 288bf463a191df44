"""Peak memory of every tool on 1080p footage, and whether it grows with the number of clips."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from tools.bench import clips
from tools.bench.programs import tool
from tools.bench.result import Line
from tools.bench.sizes import Sizes
from tools.bench.watch import peak_pss_mb
from tools.demo import BACKGROUNDS, find_pictures
from tools.mill.plan import FOLDERS, PLAN

TITLE = "Memory"
HOW = """\
The largest sum of PSS over a tool and its children, sampled twenty times a second, with the builtin engines and two
workers. Two 1080p clips of people for all stages; then small clips, of which no two have the same bytes."""

PEAK_MB = 1000.0
FLAT = 1.1
"""Peak with many clips by the peak with few: more than this is growth."""

PEOPLE = ("astronaut", "zidane", "grace_hopper", "bus")
WORKERS = ("--workers", "2", "--quiet")


def measure(folder: Path, sizes: Sizes) -> Iterator[Line]:
    """Run all stages over 1080p clips, then intake and extract over few and over many small ones."""
    base = folder / "memory"
    footage(base, sizes.people_s)
    for step in PLAN:
        yield Line(f"peak of {step.tool}, 1080p", peak_pss_mb(tool(step.tool, base, *WORKERS)), "MB", PEAK_MB)
    few, many = (peaks(folder / f"clips {number}", number) for number in sizes.clips)
    for name, peak in many.items():
        yield Line(f"peak of {name}, {sizes.clips[1]:,} clips", peak, "MB", PEAK_MB)
        yield Line(f"peak of {name}, {sizes.clips[1]:,} clips by {sizes.clips[0]:,}", peak / few[name], "ratio", FLAT)


def footage(base: Path, seconds: float) -> None:
    """A workspace with two 1080p clips of people, so that both workers have one, a reference, and backgrounds."""
    pictures = find_pictures()
    named = base / FOLDERS["reference"] / "eileen"
    for place in (base / FOLDERS["video"], base / FOLDERS["background"], named):
        place.mkdir(parents=True)
    for first in range(2):
        clips.full_hd(base / FOLDERS["video"], f"clip {first}.mp4", seconds, PEOPLE, first)
    shutil.copy(pictures["astronaut"], named)
    # All faces are compared, and nobody is sent away: the more there is to do afterwards, the better.
    (base / "config.toml").write_text("[match]\nmax_distance = 2.0\nunsure_distance = 2.0\n", encoding="utf-8")
    for name in BACKGROUNDS:
        if name in pictures:
            shutil.copy(pictures[name], base / FOLDERS["background"])


def peaks(base: Path, number: int) -> dict[str, float]:
    """Peak of intake and of extract on so many small clips, in MB."""
    clips.tiny(base / FOLDERS["video"], number)
    (base / "config.toml").write_text(f"[intake]\nmin_side = {clips.TINY_PX[1]}\n", encoding="utf-8")
    return {name: peak_pss_mb(tool(name, base, *WORKERS)) for name in ("intake", "extract")}
