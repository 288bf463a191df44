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

from tools.bench.result import Line, median_line
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
    """Run all stages over the demo footage, several times, and tell each stage's share."""
    chains = [shares(folder / "recording" / str(number) / TEST_NAME) for number in range(sizes.chains)]
    for name in chains[0]:
        yield median_line(name, [chain[name] for chain in chains], "share", MOST)


def shares(base: Path) -> dict[str, float]:
    """By stage, and of all together: the seconds inside transactions by the seconds of the runs."""
    footage(base)
    spent: dict[str, list[float]] = defaultdict(list)
    whole: dict[str, float] = defaultdict(float)
    for step in PLAN:
        tools = ", ".join(other.tool for other in PLAN if other.stage == step.stage)
        with watched() as seconds:
            whole[f"stage {step.stage} ({tools})"] += run(base, step.tool)
        spent[f"stage {step.stage} ({tools})"] += seconds
    return {
        **{name: sum(spent[name]) / seconds for name, seconds in whole.items()},
        "all stages": sum(map(sum, spent.values())) / sum(whole.values()),
    }


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
