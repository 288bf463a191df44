"""Worker processes that may crash, hang or grow. Each has a pipe of its own, so it is always known whose fault it was.

(A pool that shares one pipe loses track of a job that kills its worker right after it was taken: Pebble 5.2 broke down
at one in fifty such crashes.) A worker may have several jobs in hand; where it dies over them, each is tried alone.
"""

from __future__ import annotations

import ctypes
import gc
import itertools
import os
import resource
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Generic, TypeVar

from tools.mill import machine
from tools.mill.ends import Attempt, Serve, Stop
from tools.mill.way import Way

J = TypeVar("J")
_READY = "ready"


@dataclass
class _Worker(Generic[J]):
    """One process. place: which of the pool's it is, from 0. hands: what it works on, by number. since: seconds of
    time.monotonic when it was last heard of; None while it is starting. alone: it gets nothing more while its one job
    is under suspicion.
    """

    process: BaseProcess
    pipe: Connection
    far_end: Connection
    place: int
    hands: dict[int, J] = field(default_factory=dict)
    since: float | None = None
    alone: bool = False


class Crew(Generic[J]):
    """The workers of one pool, the jobs that they have, and those that must be tried alone."""

    def __init__(self, serve: Serve[J], jobs: Iterable[J], way: Way) -> None:
        self._serve, self._way = serve, way
        self._jobs, self._numbers = iter(jobs), itertools.count()
        self._again: deque[J] = deque()
        self._suspects: deque[J] = deque()
        self._workers: list[_Worker[J]] = []

    def attempts(self) -> Generator[tuple[J, Attempt], None, None]:
        """Have every job done; what a job does to its process is its own error, and another process goes on."""
        try:
            while True:
                self._hand_out()
                busy = [worker for worker in self._workers if worker.hands]
                if not busy:
                    return
                ready = wait([worker.pipe for worker in busy], self._patience(busy))
                answered = False
                for worker in busy:
                    for answer in self._look(worker, worker.pipe in ready):
                        answered = True
                        yield answer
                if not answered and not ready:
                    self._way.idle()
        finally:
            for worker in self._workers:
                _end(worker)

    def _hand_out(self) -> None:
        """Give what waits to whoever has least in hand, as long as anybody has room."""
        while self._suspects and (worker := self._least(room=1)):
            worker.alone = self._give(worker, self._suspects.popleft(), self._suspects)
        while worker := self._least(room=self._way.ahead):
            try:
                job = self._again.popleft() if self._again else next(self._jobs)
            except StopIteration:
                return
            self._give(worker, job, self._again)

    def _least(self, room: int) -> _Worker[J] | None:
        """Who has least in hand, and less than room; somebody new while everybody else has something."""
        free = [worker for worker in self._workers if len(worker.hands) < room and not worker.alone]
        worker = min(free, key=lambda each: len(each.hands), default=None)
        if (worker is None or worker.hands) and len(self._workers) < self._way.workers:
            places = {each.place for each in self._workers}
            place = next(number for number in itertools.count() if number not in places)
            return _hired(self._serve, place, self._way)
        return worker

    def _give(self, worker: _Worker[J], job: J, back: deque[J]) -> bool:
        """Send a job, to a process that is started with its first one. False where the process is no longer there."""
        number = next(self._numbers)
        if worker not in self._workers:
            # In the crew before it runs, so that it is ended whatever happens.
            self._workers.append(worker)
            _start(worker)
        elif not worker.hands:
            worker.since = time.monotonic()
        try:
            worker.pipe.send((number, job))
        except OSError:
            back.appendleft(job)
            if not worker.hands:
                self._dismiss(worker)
            return False
        worker.hands[number] = job
        return True

    def _dismiss(self, worker: _Worker[J]) -> None:
        self._workers.remove(worker)
        _end(worker)

    def _patience(self, busy: list[_Worker[J]]) -> float | None:
        """How long nothing needs to be done unless a worker speaks; None: for ever."""
        times = [] if self._way.idle_s is None else [self._way.idle_s]
        if self._way.deadline_s is not None:
            now = time.monotonic()
            times += [max(0.0, each.since + self._way.deadline_s - now) for each in busy if each.since is not None]
        return min(times, default=None)

    def _look(self, worker: _Worker[J], speaks: bool) -> Iterator[tuple[J, Attempt]]:
        """What a worker has to say: answers, or that it is no more."""
        deadline_s = self._way.deadline_s
        if not speaks:
            if deadline_s is not None and worker.since is not None and time.monotonic() >= worker.since + deadline_s:
                said = f"It was not done after {deadline_s:g} s and was stopped (deadline_s)."
                yield from self._lose(worker, (None, said, None, deadline_s))
            return
        try:
            message = worker.pipe.recv()
        except (EOFError, OSError):
            yield from self._lose(worker, None)
            return
        worker.since = time.monotonic()
        if message != _READY:
            number, attempt = message
            worker.alone = False
            yield worker.hands.pop(number), attempt

    def _lose(self, worker: _Worker[J], attempt: Attempt | None) -> Iterator[tuple[J, Attempt]]:
        """A worker has ended. Its one job is to blame; of several nobody knows which, and each is tried alone."""
        self._dismiss(worker)
        if attempt is None:
            cause = _cause(worker.process.exitcode)
            if worker.since is None:
                attempt = None, f"A worker process could not start ({cause})", Stop, 0.0
            else:
                attempt = None, f"The worker died ({cause}).", None, time.monotonic() - worker.since
        if len(worker.hands) > 1 and not attempt[2]:
            self._suspects.extend(worker.hands.values())
            return
        for job in worker.hands.values():
            yield job, attempt


def one_by_one(
    call: Callable[[J], Attempt], jobs: Iterator[tuple[int, J]], ready: Callable[[], None]
) -> Iterator[tuple[int, Attempt]]:
    """Serve by calling a function for each job."""
    ready()
    for number, job in jobs:
        yield number, call(job)


def _hired(serve: Serve[J], place: int, way: Way) -> _Worker[J]:
    """A worker that has not started yet."""
    context = get_context("spawn")
    here, there = context.Pipe()
    surroundings = way.surroundings[place] if way.surroundings else {}
    arguments = (there, os.getpid(), way.memory_mb, way.niceness, surroundings, serve)
    return _Worker(context.Process(target=_serve, args=arguments), here, there, place)


def _start(worker: _Worker[J]) -> None:
    resource_tracker.ensure_running()
    # A new process inherits what is blocked: Ctrl-C is the parent's to answer, from the first moment on.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        worker.process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    worker.far_end.close()


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


def _serve(
    pipe: Connection, parent: int, memory_mb: int, niceness: int, surroundings: Mapping[str, str], serve: Serve[Any]
) -> None:
    """In a worker: answer one job after the other until the parent closes the pipe."""
    os.environ.update(surroundings)
    _prepare(parent, memory_mb, niceness)
    imported = False
    for answer in serve(_received(pipe), lambda: pipe.send(_READY)):
        pipe.send(answer)
        # A decoder and its streams refer to each other, and hold megabytes in a handful of objects: left to itself
        # Python would look for them after a hundred videos. What was imported is set aside, so that this takes no time.
        gc.collect()
        if not imported:
            gc.freeze()
            imported = True


def _received(pipe: Connection) -> Iterator[Any]:
    while True:
        try:
            yield pipe.recv()
        except EOFError:
            return


def _prepare(parent: int, memory_mb: int, niceness: int) -> None:
    """Die with the parent, keep within the memory given, let others go first."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":
        set_parent_death_signal = 1
        if ctypes.CDLL(None, use_errno=True).prctl(set_parent_death_signal, signal.SIGKILL) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
    os.nice(niceness)
    machine.reuse_memory()
    if memory_mb:
        bound = memory_mb * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_DATA, (bound, bound))
