"""What recording costs: the time inside the manifest's write transactions, as a share of each tool's time."""

from __future__ import annotations

import importlib
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tools.bench.result import Line
from tools.bench.sizes import Sizes
from tools.demo import find_pictures, make_footage
from tools.mill import loop, machine, manifest, settings
from tools.mill.plan import FOLDERS, PLAN
from tools.mill.settings import TEST_NAME
from tools.mill.tool import Asked

MOST = 0.03
Transaction = Callable[[sqlite3.Connection], AbstractContextManager[None]]


def measure(folder: Path, sizes: Sizes) -> Iterator[Line]:
    """Run all stages over the demo footage, each as it always runs, with a watch around its transactions."""
    base = folder / "recording" / TEST_NAME
    make_footage(base)
    named = base / FOLDERS["reference"] / "eileen"  # without a reference match has nothing to do
    named.mkdir(parents=True)
    shutil.copy(find_pictures()["astronaut"], named)
    loaded = settings.load(base, {})
    for step in PLAN:
        (dataset,) = loaded.datasets if step.per_dataset else ("",)
        tool = importlib.import_module(f"tools.{step.tool}").TOOL
        with watched() as spent:
            report = loop.run(tool, loaded, loaded.sections[step.tool], Asked(dataset, machine.default_workers()))
        yield Line(f"recording, share of {step.tool}", sum(spent) / report.seconds, "share", MOST)


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
