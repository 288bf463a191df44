"""Watches how much memory a program and all its children take.

PSS, the proportional set size: of a page that several processes share, each is charged its part, so that the sum over
them is what the machine really gives.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.bench.programs import environment
from tools.bench.result import Missing
from tools.mill.settings import ROOT

EVERY_S = 0.05
_PROC = Path("/proc")


def peak_pss_mb(command: Sequence[str], every_s: float = EVERY_S, more: Mapping[str, str] | None = None) -> float:
    """Run a program; returns the largest sum of PSS of its process tree that was seen, in megabytes (10**6 bytes).

    more: what it finds in its environment besides. Raises Missing where the program fails, and where the system does
    not tell PSS.
    """
    if not (_PROC / "self" / "smaps_rollup").exists():
        raise Missing("this system does not tell PSS (/proc/PID/smaps_rollup)")
    peak = 0
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment(more), stdout=output, stderr=subprocess.STDOUT)
        while process.poll() is None:
            peak = max(peak, sum(pss_bytes(pid) for pid in tree(process.pid)))
            time.sleep(every_s)
        if process.returncode:
            output.seek(0)
            raise Missing(f"{' '.join(command[:3])} ended with {process.returncode}: {output.read().strip()[-400:]}")
    return peak / 1e6


def pss_bytes(pid: int) -> int:
    """The PSS of one process; 0 of one that has ended meanwhile."""
    try:
        lines = (_PROC / str(pid) / "smaps_rollup").read_text(encoding="ascii").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def tree(pid: int) -> list[int]:
    """A process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for name in os.listdir(_PROC):
        if name.isdigit():
            children.setdefault(_parent(int(name)), []).append(int(name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def _parent(pid: int) -> int:
    try:
        stat = (_PROC / str(pid) / "stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    # The name, in parentheses, may hold anything; behind it stand the state and the parent.
    return int(stat[stat.rindex(b")") + 2 :].split()[1])
