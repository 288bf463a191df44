"""Worker processes that may crash, hang or grow. Each has a pipe of its own, so it is always known whose fault it was.

(A pool that shares one pipe loses track of a job that kills its worker right after it was taken: Pebble 5.2 broke down
at one in fifty such crashes.)
"""

from __future__ import annotations

import ctypes
import gc
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Generic, TypeVar

from tools.mill.way import Way

J = TypeVar("J")
Attempt = tuple[Any, str | None, bool, float]
"""(value, error, whether to stop, seconds) of one job; a value or an error sentence."""

_READY = "ready"


@dataclass
class _Worker(Generic[J]):
    """One process. job: what it works on, since when (seconds of time.monotonic; None while it is starting)."""

    process: BaseProcess
    pipe: Connection
    job: J
    since: float | None = None


def work_all(call: Callable[[J], Attempt], jobs: Iterable[J], way: Way) -> Generator[tuple[J, Attempt], None, None]:
    """Have call(job) done for every job in spawned processes; no more jobs are taken than there are workers.

    What a job does to its process (crash, running past its deadline) is its own error; another process goes on.
    """
    queue = iter(jobs)
    free: list[_Worker[J]] = []
    busy: list[_Worker[J]] = []
    try:
        while True:
            for job in _take(queue, way.workers - len(busy)):
                while free and not _give(free[-1], job):
                    _end(free.pop())
                if free:
                    busy.append(free.pop())
                else:
                    _start(busy, call, job, way.memory_mb)
            if not busy:
                return
            ready = wait([worker.pipe for worker in busy], _patience(busy, way.deadline_s, way.idle_s))
            answered = 0
            for worker in list(busy):
                attempt = _look(worker, worker.pipe in ready, way.deadline_s)
                if attempt is not None:
                    answered += 1
                    busy.remove(worker)
                    free.append(worker)
                    yield worker.job, attempt
            if not answered and not ready:
                way.idle()
    finally:
        for worker in free + busy:
            _end(worker)


def _take(queue: Iterator[J], number: int) -> Iterator[J]:
    for _ in range(number):
        try:
            yield next(queue)
        except StopIteration:
            return


def _start(crew: list[_Worker[J]], call: Callable[[J], Attempt], job: J, memory_mb: int) -> None:
    """Start a process with its first job; it is in the crew before it runs, so that it is ended whatever happens."""
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, os.getpid(), memory_mb, call))
    crew.append(_Worker(process, here, job))
    resource_tracker.ensure_running()
    # A new process inherits what is blocked: Ctrl-C is the parent's to answer, from the first moment on.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    there.close()
    _give(crew[-1], job)
    crew[-1].since = None


def _give(worker: _Worker[J], job: J) -> bool:
    """Send a job; False where the process is no longer there."""
    worker.job, worker.since = job, time.monotonic()
    try:
        worker.pipe.send(job)
    except OSError:
        return False
    return True


def _patience(busy: list[_Worker[J]], deadline_s: float | None, idle_s: float | None) -> float | None:
    """How long nothing needs to be done unless a worker speaks; None: for ever."""
    times = [] if idle_s is None else [idle_s]
    if deadline_s is not None:
        now = time.monotonic()
        times += [max(0.0, worker.since + deadline_s - now) for worker in busy if worker.since is not None]
    return min(times, default=None)


def _look(worker: _Worker[J], speaks: bool, deadline_s: float | None) -> Attempt | None:
    """What came of a worker's job, or None where it is still at it."""
    now = time.monotonic()
    if speaks:
        try:
            message = worker.pipe.recv()
        except (EOFError, OSError):
            return _death(worker, now)
        if message == _READY:
            worker.since = now
            return None
        attempt: Attempt = message
        return attempt
    if deadline_s is not None and worker.since is not None and now >= worker.since + deadline_s:
        _end(worker)
        return None, f"It was not done after {deadline_s:g} s and was stopped (deadline_s).", False, deadline_s
    return None


def _death(worker: _Worker[J], now: float) -> Attempt:
    _end(worker)
    cause = _cause(worker.process.exitcode)
    if worker.since is None:
        return None, f"A worker process could not start ({cause})", True, 0.0
    return None, f"The worker died ({cause}).", False, now - worker.since


def _cause(exitcode: int | None) -> str:
    if exitcode == -signal.SIGKILL:
        return "SIGKILL: the system had no memory left, or somebody killed it"
    if exitcode is not None and exitcode < 0:
        return signal.Signals(-exitcode).name
    return f"exit {exitcode}"


def _end(worker: _Worker[J]) -> None:
    worker.pipe.close()
    if worker.process.pid is not None:
        worker.process.kill()
        worker.process.join()


def _serve(pipe: Connection, parent: int, memory_mb: int, call: Callable[[Any], Attempt]) -> None:
    """In a worker: answer one job after the other until the parent closes the pipe."""
    _prepare(parent, memory_mb)
    pipe.send(_READY)
    imported = False
    while True:
        try:
            job = pipe.recv()
        except EOFError:
            return
        pipe.send(call(job))
        # A decoder and its streams refer to each other, and hold megabytes in a handful of objects: left to itself
        # Python would look for them after a hundred videos. What was imported is set aside, so that this takes no time.
        gc.collect()
        if not imported:
            gc.freeze()
            imported = True


def _prepare(parent: int, memory_mb: int) -> None:
    """Die with the parent, keep within the memory given."""
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
