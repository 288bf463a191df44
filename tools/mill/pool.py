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
from tools.mill.ends import Attempt, Ends, Serve, Stop
from tools.mill.settings import UsageError
from tools.mill.way import Way

J = TypeVar("J")
R = TypeVar("R")
S = TypeVar("S")

WINDOW_PER_WORKER = 4
"""How many jobs are taken ahead for each thread; processes take none ahead."""


@dataclass(frozen=True)
class Answer(Generic[J, R]):
    """What came of a job: a value, or the sentence that says why there is none."""

    job: J
    value: R | None
    error: str | None
    seconds: float


def run_all(
    function: Callable[[J, S], R], jobs: Iterable[J], shared: S, way: Way, serve: Serve[J] | None = None
) -> Generator[Answer[J, R], None, None]:
    """Call function(job, shared) for every job; answers come in the order in which they are ready.

    shared is sent once to each worker. serve: how a worker process does the same to several jobs at once, instead of
    calling the function. A job's exception is its answer's error; Stop and UsageError end everything.
    """
    if way.where == "serial":
        for job in jobs:
            yield _answer(job, *attempt(function, shared, job))
    elif way.where == "threads":
        with ThreadPoolExecutor(way.workers) as threads:
            try:
                yield from _windowed(lambda job: threads.submit(attempt, function, shared, job), jobs, way)
            except BaseException:
                # Threads cannot be ended: what waits is dropped, and what runs is told.
                threads.shutdown(wait=False, cancel_futures=True)
                way.halt()
                raise
    else:
        from tools.mill.workers import Crew, one_by_one

        crew = Crew(serve or partial(one_by_one, partial(attempt, function, shared)), jobs, way)
        with closing(crew.attempts()) as attempts:
            for job, made in attempts:
                yield _answer(job, *made)


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
        # Those that came to something first: one among them may end this.
        for future in sorted(done, key=_ends):
            yield _answer(pending.pop(future), *future.result())
        if not done:
            way.idle()


def _ends(future: Future[Any]) -> bool:
    return future.result()[2] is not None


def attempt(function: Callable[[J, S], R], shared: S, job: J) -> Attempt:
    """Call function(job, shared), in the worker: exceptions travel as sentences, not as objects."""
    start = time.perf_counter()
    try:
        value = function(job, shared)
    except (Exception, SystemExit) as problem:  # the boundary: whatever a tool raises is this item's failure
        return None, *told(problem), time.perf_counter() - start
    return value, None, None, time.perf_counter() - start


def told(problem: Exception | SystemExit) -> tuple[str, Ends]:
    """The sentence that says what went wrong with one job, and with which error the run ends, if no other job would
    fare better."""
    match problem:
        case Stop():
            return str(problem), Stop
        case OSError():
            return files.told(problem), Stop if problem.errno in files.NO_ROOM | files.NO_MEANS else None
        case ImportError():
            return f"{problem} (`make doctor` says what is missing on this machine)", Stop
        case UsageError():  # an engine that cannot run as it is set
            return str(problem), UsageError
        case MemoryError():
            return "It needs more memory than a worker may take (memory_mb).", None
    return f"{type(problem).__name__}: {problem}", None


def _answer(job: J, value: R | None, error: str | None, ends: Ends, seconds: float) -> Answer[J, R]:
    if ends:
        raise ends(error)
    return Answer(job, value, error, seconds)
