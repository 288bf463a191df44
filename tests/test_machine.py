"""How many workers a machine bears, and what a worker takes with each engine."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tools import engines
from tools.detect import Params as Detect
from tools.mask import Params as Mask
from tools.mill import machine
from tools.mill.machine import MB_PER_WORKER, bearable


@pytest.mark.parametrize(
    ("most", "free", "memory_mb", "workers"),
    [
        (8, 8 * MB_PER_WORKER, MB_PER_WORKER, 8),
        (8, 8 * MB_PER_WORKER - 1, MB_PER_WORKER, 7),
        (8, 4000, 1000, 4),
        (8, 3999, 1000, 3),
        (8, 100, 1000, 1),
        (2, 100_000, 1000, 2),
        (8, None, 1000, 8),
        (8, 8 * MB_PER_WORKER, 1, 8),
    ],
)
def test_workers_fit_into_the_cores_and_the_free_memory(
    most: int, free: int | None, memory_mb: float, workers: int
) -> None:
    assert bearable(most, free, memory_mb) == workers


FAULTS = """
import resource, sys
from tools.mill import machine
if sys.argv[1] == "reused":
    machine.reuse_memory()
def work():
    return [b"x" * 4_000_000 for _ in range(8)]
for _ in range(3):
    work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other C libraries")
def test_workers_take_the_memory_of_a_picture_once() -> None:
    """Given back to the system, it comes again as so many pages of so many bytes."""

    def faults(how: str) -> int:
        done = subprocess.run([sys.executable, "-c", FAULTS, how], capture_output=True, text=True, check=True)
        return int(done.stdout)

    pages = 20 * 8 * 4_000_000 // resource.getpagesize()
    assert faults("given back") > pages // 2
    assert faults("reused") < pages // 100


def test_the_default_asks_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "cores", lambda: 16)
    monkeypatch.setattr(machine, "free_mb", lambda: 16 * 450)
    assert machine.default_workers() == 16
    assert machine.default_workers(900) == 8


def test_builtin_engines_fit_into_any_worker_and_others_grow_with_their_files(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("XDG_CACHE_HOME", "U2NET_HOME"):
        monkeypatch.setenv(name, str(workspace / "nowhere"))
    for kind, known in engines.ENGINES.items():
        for name, entry in known.items():
            if entry.files is None:
                assert engines.memory_mb(kind, name) == MB_PER_WORKER
    (workspace / "models").mkdir()
    for kind, name, params, file in (
        ("detect", "yolo", Detect(weights="grown.pt"), "grown.pt"),
        ("mask", "rembg", Mask(model="birefnet-portrait"), "birefnet-portrait.onnx"),
    ):
        bare = engines.memory_mb(kind, name, params, workspace)
        assert bare == engines.ENGINES[kind][name].memory_mb
        with (workspace / "models" / file).open("wb") as weights:
            weights.truncate(100 * 2**20)
        assert engines.memory_mb(kind, name, params, workspace) == bare + 100 * engines.ENGINES[kind][name].growth


def test_what_one_may_become_fits_a_usual_machine(workspace: Path) -> None:
    """A worker with the largest network of each kind: what is known of them, as bounds on both sides."""
    (workspace / "models").mkdir()
    for file, size_mb in (("birefnet-portrait.onnx", 928), ("u2net.onnx", 168)):
        with (workspace / "models" / file).open("wb") as weights:
            weights.truncate(size_mb * 2**20)
    assert 4000 < engines.memory_mb("mask", "rembg", Mask(model="birefnet-portrait"), workspace) < 8000
    assert 1000 < engines.memory_mb("mask", "rembg", Mask(model="u2net"), workspace) < 2000
