"""What recording costs: the time inside the manifest's write transactions, as a share of each tool's time."""

from __future__ import annotations

import importlib
import shutil
import sqlite3
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tools.bench.result import Line
from tools.bench.sizes import Sizes
from tools.demo import find_pictures, make_footage
from tools.mill import loop, machine, manifest, settings
from tools.mill.plan import BY_TOOL, FOLDERS, PLAN
from tools.mill.settings import TEST_NAME
from tools.mill.tool import Asked

TITLE = "What recording costs"
HOW = """\
All stages over the demo footage, in processes as always, with a reference for match to compare with. Counted is all
that happens inside the write transactions, from taking the lock to the sync of the disk, against the time of the run
without the start of Python."""

MOST = 0.03
Transaction = Callable[[sqlite3.Connection], AbstractContextManager[None]]


def measure(folder: Path, sizes: Sizes) -> Iterator[Line]:
    """Run all stages over the demo footage, each as it always runs, with a watch around its transactions."""
    base = folder / "recording" / TEST_NAME
    footage(base)
    recorded: dict[int, float] = defaultdict(float)
    whole: dict[int, float] = defaultdict(float)
    for step in PLAN:
        with watched() as spent:
            whole[step.stage] += run(base, step.tool)
        recorded[step.stage] += sum(spent)
    for stage in whole:
        tools = ", ".join(step.tool for step in PLAN if step.stage == stage)
        yield Line(f"stage {stage} ({tools})", recorded[stage] / whole[stage], "share", MOST)
    yield Line("all stages", sum(recorded.values()) / sum(whole.values()), "share", MOST)


def footage(base: Path) -> None:
    """Demo footage and a reference, without which match has nothing to do; nobody is sent away for not being her."""
    make_footage(base)
    named = base / FOLDERS["reference"] / "eileen"
    named.mkdir(parents=True)
    shutil.copy(find_pictures()["astronaut"], named)
    (base / "config.toml").write_text("[match]\nmax_distance = 2.0\nunsure_distance = 2.0\n", encoding="utf-8")


def run(base: Path, name: str) -> float:
    """Run one tool in this process, with workers in theirs; returns the seconds it took."""
    loaded = settings.load(base, {})
    dataset = next(iter(loaded.datasets)) if BY_TOOL[name].per_dataset else ""
    tool = importlib.import_module(f"tools.{name}").TOOL
    return loop.run(tool, loaded, loaded.sections[name], Asked(dataset, machine.default_workers())).seconds


@contextmanager
def watched() -> Iterator[list[float]]:
    """Gives a list that takes in the seconds of every write transaction of the core, from taking the lock to the sync.

    The core's modules hold `transaction` by its name: in each of them it is replaced while this lasts.
    """
    spent: list[float] = []
    plain: Transaction = manifest.transaction

    @contextmanager
    def timed(db: sqlite3.Connection) -> Iterator[None]:
        if db.in_transaction:  # a part of another, which is timed already
            yield
            return
        start = time.perf_counter()
        with plain(db):
            yield
        spent.append(time.perf_counter() - start)

    users = [
        module
        for name, module in sys.modules.items()
        if name.startswith("tools.mill.") and getattr(module, "transaction", None) is plain
    ]
    for module in users:
        module.transaction = timed  # type: ignore[attr-defined]
    try:
        yield spent
    finally:
        for module in users:
            module.transaction = plain  # type: ignore[attr-defined]
