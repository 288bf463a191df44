"""What the tests have workers do: in a module of its own, so that a spawned process can import it; and a program."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from tools.mill.command import guard
from tools.mill.pool import run_all
from tools.mill.way import Way


def job(word: str, shared: str) -> str:
    """Do what the word says."""
    match word.split(":"):
        case ["segfault"]:
            os.kill(os.getpid(), signal.SIGSEGV)
        case ["exit", code]:
            os._exit(int(code))
        case ["sleep", seconds]:
            time.sleep(float(seconds))
        case ["raise"]:
            raise ValueError("not a number")
        case ["missing"]:
            os.stat(b"/nowhere/caf\xe9")
        case ["errno", number]:
            raise OSError(int(number), os.strerror(int(number)), "/full/disk")
        case ["allocate", megabytes]:
            return str(len(bytearray(int(megabytes) << 20)))
        case ["where", _]:
            time.sleep(0.2)
            return f"{os.nice(0)} {os.environ['CUDA_VISIBLE_DEVICES']}"
        case ["pid"]:
            return str(os.getpid())
    return f"{word} {shared}"


def told_sleep(seconds: float, folder: str) -> float:
    """Sleep, after saying which process does."""
    Path(folder, str(os.getpid())).touch()
    time.sleep(seconds)
    return seconds


def sleepers(folder: str) -> None:
    """Two workers that sleep far longer than any test waits, under the guard that every tool runs in."""
    for _ in run_all(told_sleep, [600.0] * 4, folder, Way("processes", 2)):
        pass


if __name__ == "__main__":
    guard(lambda: sleepers(sys.argv[1]))
