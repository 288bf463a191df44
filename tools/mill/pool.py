"""The pool: one function over many jobs, in this process, in threads, or in processes that may crash, hang or grow.

Jobs and answers are plain data. Only a window of them is in flight, so memory does not grow with their number.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from tools.mill import files
from tools.mill.settings import UsageError
from tools.mill.way import Way

J = TypeVar("J")
R = TypeVar("R")
S = TypeVar("S")

WINDOW_PER_WORKER = 4
"""How many jobs are taken ahead for each thread; processes take none ahead."""


class Stop(Exception):
    """The machine, not the item, is at fault (full disk, no memory): the run stops and records nothing in flight."""


@dataclass(frozen=True)
class Answer(Generic[J, R]):
    """What came of a job: a value, or the sentence that says why there is none."""

    job: J
    value: R | None
    error: str | None
    seconds: float


def run_all(
    function: Callable[[J, S], R], jobs: Iterable[J], shared: S, way: Way
) -> Generator[Answer[J, R], None, None]:
    """Call function(job, shared) for every job; answers come in the order in which they are ready.

    shared is sent once to each worker. A job's exception is its answer's error; Stop ends everything.
    """
    if way.where == "serial":
        for job in jobs:
            yield _answer(job, *_attempt(function, shared, job))
    elif way.where == "threads":
        with ThreadPoolExecutor(way.workers) as threads:
            try:
                yield from _windowed(lambda job: threads.submit(_attempt, function, shared, job), jobs, way)
            except BaseException:
                # Threads cannot be ended: what waits is dropped, and what runs is told.
                threads.shutdown(wait=False, cancel_futures=True)
                way.halt()
                raise
    else:
        from tools.mill.workers import work_all

        with closing(work_all(partial(_attempt, function, shared), jobs, way)) as attempts:
            for job, attempt in attempts:
                yield _answer(job, *attempt)


def _windowed(submit: Callable[[J], Future[Any]], jobs: Iterable[J], way: Way) -> Iterator[Answer[J, R]]:
    pending: dict[Future[Any], J] = {}
    queue = iter(jobs)
    more = True
    while more or pending:
        while more and len(pending) < way.workers * WINDOW_PER_WORKER:
            try:
                job = next(queue)
            except StopIteration:
                more = False
                break
            pending[submit(job)] = job
        done = wait(pending, way.idle_s, FIRST_COMPLETED).done
        for future in done:
            yield _answer(pending.pop(future), *future.result())
        if not done:
            way.idle()


def _attempt(function: Callable[[J, S], R], shared: S, job: J) -> tuple[R | None, str | None, bool, float]:
    """(value, error, whether to stop, seconds), in the worker: exceptions travel as sentences, not as objects."""
    start = time.perf_counter()
    try:
        value, error, stop = function(job, shared), None, False
    except Stop as problem:
        value, error, stop = None, str(problem), True
    except OSError as problem:
        value, error, stop = None, files.told(problem), problem.errno in files.NO_ROOM | files.NO_MEANS
    except ImportError as problem:
        value, error, stop = None, f"{problem} (`make doctor` says what is missing on this machine)", True
    except UsageError as problem:  # an engine that cannot run: no other item would fare better
        value, error, stop = None, str(problem).rstrip("."), True
    except MemoryError:
        value, error, stop = None, "It needs more memory than a worker may take (memory_mb).", False
    except Exception as problem:  # the boundary: whatever a tool raises is this item's failure and stops nothing
        value, error, stop = None, f"{type(problem).__name__}: {problem}", False
    return value, error, stop, time.perf_counter() - start


def _answer(job: J, value: R | None, error: str | None, stop: bool, seconds: float) -> Answer[J, R]:
    if stop:
        raise Stop(error)
    return Answer(job, value, error, seconds)
