"""The pool: one function over many jobs, in this process, in threads, or in processes that may crash, hang or grow.

Jobs and answers are plain data. Only a window of them is in flight, so memory does not grow with their number.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any, Generic, Literal, TypeVar

from tools.mill import files

J = TypeVar("J")
R = TypeVar("R")
S = TypeVar("S")

WINDOW_PER_WORKER = 4

_worker: dict[str, Any] = {}
"""In a worker process: what all its jobs share."""


class Stop(Exception):
    """The machine, not the item, is at fault (full disk, no memory): the run stops and records nothing in flight."""


@dataclass(frozen=True)
class Answer(Generic[J, R]):
    """What came of a job: a value, or the sentence that says why there is none."""

    job: J
    value: R | None
    error: str | None
    seconds: float


@dataclass(frozen=True)
class Way:
    """How to work: where ('serial', 'threads', 'processes'), with how many workers, deadline and memory per job.

    deadline_s: None is no deadline; memory_mb: 0 is no bound. Both hold in processes only: nothing else can be killed.
    """

    where: Literal["serial", "threads", "processes"]
    workers: int
    deadline_s: float | None = None
    memory_mb: int = 0


def run_all(function: Callable[[J, S], R], jobs: Iterable[J], shared: S, way: Way) -> Iterator[Answer[J, R]]:
    """Call function(job, shared) for every job; answers come in the order in which they are ready.

    shared is sent once to each worker. A job's exception is its answer's error; Stop ends everything.
    """
    if way.where == "serial":
        for job in jobs:
            yield _answer(job, *_attempt(function, job, shared))
    elif way.where == "threads":
        with ThreadPoolExecutor(way.workers) as threads:
            yield from _windowed(lambda job: threads.submit(_attempt, function, job, shared), jobs, way)
    else:
        yield from _in_processes(function, jobs, shared, way)


def _in_processes(function: Callable[[J, S], R], jobs: Iterable[J], shared: S, way: Way) -> Iterator[Answer[J, R]]:
    from pebble import ProcessPool

    pool = ProcessPool(
        max_workers=way.workers,
        initializer=_prepare_worker,
        initargs=[os.getpid(), way.memory_mb, shared],
        context=get_context("spawn"),
    )
    try:
        yield from _windowed(
            lambda job: pool.schedule(_attempt_shared, args=[function, job], timeout=way.deadline_s), jobs, way
        )
        pool.close()  # type: ignore[no-untyped-call]
    finally:
        # After an exception workers are in the middle of something: end them now, not when they are done.
        pool.stop()  # type: ignore[no-untyped-call]
        pool.join()


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
        for future in wait(pending, return_when=FIRST_COMPLETED).done:
            yield _answer(pending.pop(future), *_outcome_of(future, way))


def _attempt_shared(function: Callable[[J, Any], R], job: J) -> tuple[R | None, str | None, bool, float]:
    return _attempt(function, job, _worker["shared"])


def _attempt(function: Callable[[J, S], R], job: J, shared: S) -> tuple[R | None, str | None, bool, float]:
    """(value, error, whether to stop, seconds), in the worker: exceptions travel as sentences, not as objects."""
    start = time.perf_counter()
    try:
        value, error, stop = function(job, shared), None, False
    except OSError as problem:
        stop = problem.errno in files.NO_ROOM
        value, error = None, f"{problem.strerror or problem}: {problem.filename}" if problem.filename else str(problem)
    except MemoryError:
        value, error, stop = None, "It needs more memory than a worker may take (memory_mb).", False
    except Exception as problem:  # the boundary: whatever a tool raises is this item's failure and stops nothing
        value, error, stop = None, f"{type(problem).__name__}: {problem}", False
    return value, error, stop, time.perf_counter() - start


def _outcome_of(future: Future[Any], way: Way) -> tuple[Any, str | None, bool, float]:
    from pebble import ProcessExpired

    try:
        result: tuple[Any, str | None, bool, float] = future.result()
    except FutureTimeout:
        deadline_s = way.deadline_s or 0.0
        return None, f"It was not done after {deadline_s:g} s and was stopped (deadline_s).", False, deadline_s
    except ProcessExpired as death:
        return None, f"The worker died ({_cause(death.exitcode)}).", False, 0.0
    return result


def _cause(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        return signal.Signals(-exitcode).name
    return f"exit {exitcode}"


def _answer(job: J, value: R | None, error: str | None, stop: bool, seconds: float) -> Answer[J, R]:
    if stop:
        raise Stop(error)
    return Answer(job, value, error, seconds)


def _prepare_worker(parent: int, memory_mb: int, shared: Any) -> None:
    """In a new worker: leave Ctrl-C to the parent, die with it, keep within the memory given."""
    _worker["shared"] = shared
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":
        set_parent_death_signal = 1
        if ctypes.CDLL(None, use_errno=True).prctl(set_parent_death_signal, signal.SIGKILL) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
    if memory_mb:
        bound = memory_mb * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_DATA, (bound, bound))
