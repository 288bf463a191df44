"""The floor of a stage: each of its parts alone, on all cores, with nothing around it.

There are as many processes as cores, each with one thread and its share of the items: no lock of Python's and no
waiting of threads for each other is in these figures.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from typing import Any

from tools.bench.programs import Spent
from tools.mill import machine
from tools.mill.staff import NICENESS

Part = Callable[[], object]
"""What is timed: it does one part of the work on all items of a share, which lie ready in memory."""

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")
_held: dict[str, Part] = {}


class Crew:
    """Processes that hold parts ready, each for its share of the items."""

    def __init__(self, pools: Sequence[ProcessPoolExecutor]) -> None:
        self._pools = pools

    def hold(self, name: str, make: Callable[..., Part], items: Sequence[Any], *more: Any) -> None:
        """In each process: call make(share of items, *more), which reads what it needs, and keep the part it gives.

        make is a function of a module, and the items are plain data: both travel to the processes.
        """
        number = len(self._pools)
        jobs = [pool.submit(_hold, name, make, items[at::number], more) for at, pool in enumerate(self._pools)]
        for job in jobs:
            job.result()

    def spent(self, name: str) -> Spent:
        """What it took until every process had done its part of that name."""
        start = time.perf_counter()
        cpu = [job.result() for job in [pool.submit(_do, name) for pool in self._pools]]
        return Spent(time.perf_counter() - start, sum(cpu))


@contextmanager
def crew(number: int) -> Iterator[Crew]:
    """So many processes, ended with the block."""
    with ExitStack() as stack:
        pools = [ProcessPoolExecutor(1, get_context("spawn"), _alone) for _ in range(number)]
        yield Crew([stack.enter_context(pool) for pool in pools])


def _alone() -> None:
    """In a process of the crew, before it loads any library: one thread, as nice as a worker, and as sparing."""
    os.nice(NICENESS)
    machine.reuse_memory()
    os.environ.update(dict.fromkeys(_THREADS, "1"))


def _hold(name: str, make: Callable[..., Part], items: Sequence[Any], more: Sequence[Any]) -> None:
    _held[name] = make(items, *more)


def _do(name: str) -> float:
    """Returns seconds of the processor."""
    start = time.process_time()
    _held[name]()
    return time.process_time() - start
