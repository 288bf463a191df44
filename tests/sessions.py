"""Sessions: the processes that a command and all that it started are, and how they are ended."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path


def session(leader: int) -> dict[int, str]:
    """The living processes of a session with their command lines, without those that only wait to be waited for."""
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
    """Kill all of a session ("group"), its tool, one of its workers, or its make; returns who was killed."""
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
