"""The assembly line of a worker whose tool asks an engine: what comes before the question, the engine, and what comes
after the answer run side by side, and the engine gets as many questions at a time as it likes.

The work of such a tool is a generator: it yields its question to the engine, gets the answer, and returns the result.
"""

from __future__ import annotations

import dataclasses
import importlib
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Condition, Thread
from typing import Any

from tools.mill import machine
from tools.mill.ends import Attempt, Ends
from tools.mill.pool import attempt
from tools.mill.tool import Asking, Bench, Result, Row, Tool


def tool_named(word: str, bench: Bench[Any]) -> Tool:
    """In a worker: the tool, found by its word, before it loads numpy and OpenCV with its share of the cores."""
    from multiprocessing import parent_process

    if parent_process() is not None:
        machine.share(bench.threads)
    tool: Tool = importlib.import_module(f"tools.{word}").TOOL
    return tool


def asked_alone(tool: Tool, row: Row, bench: Bench[Any]) -> Result:
    """The work on one row with nothing beside it. Raises whatever the tool and its engine raise."""
    engine, asking, answer = _engine(tool, bench), _begun(tool, row, bench), None
    while True:
        try:
            question = asking.send(answer)
        except StopIteration as end:
            return _on_its_device(_ended(end), engine)
        (answer,) = _run([question], engine)


@dataclass
class _Item:
    """One job under way."""

    number: int
    asking: Asking
    question: Any = None


_Outcome = tuple[int, Result | None, str | None, Ends]
"""Of one job, by its number: a result, or an error sentence and whether that ends everything."""


@dataclass
class _Belt:
    """What lies between the threads. loading: how many have not got to their question yet; afoot: how many a thread
    has in hand; ended: no more jobs will come.
    """

    changed: Condition = field(default_factory=Condition)
    asked: deque[_Item] = field(default_factory=deque)
    done: list[_Outcome] = field(default_factory=list)
    loading: int = 0
    afoot: int = 0
    ended: bool = False

    def take(self, batch: int) -> tuple[list[_Outcome], list[_Item]]:
        """Wait for what is done, or for questions: a full batch, or as many as there are while no more are on their
        way. Neither: the end."""
        with self.changed:
            self.changed.wait_for(lambda: self.done or self._enough(batch) or (self.ended and not self.afoot))
            done, self.done = self.done, []
            count = min(batch, len(self.asked)) if self._enough(batch) else 0
            return done, [self.asked.popleft() for _ in range(count)]

    def _enough(self, batch: int) -> bool:
        return len(self.asked) >= batch or (bool(self.asked) and not self.loading)


@dataclass(frozen=True)
class Line:
    """Serves the jobs of one worker process. word: of the tool. hands: threads for what is not the engine's. batch: how
    many questions the engine gets at a time; fewer where it has found that they do not fit its device.
    """

    word: str
    bench: Bench[Any]
    hands: int
    batch: int

    def __call__(self, jobs: Iterator[tuple[int, Row]], ready: Callable[[], None]) -> Iterator[tuple[int, Attempt]]:
        tool = tool_named(self.word, self.bench)
        opened = attempt(_engine, self.bench, tool)
        ready()
        if opened[0] is None:
            yield next(jobs)[0], opened
            return
        # Several are worked on at once: an item's time is the worker's since the ones before it were done.
        last = time.perf_counter()
        for outcomes in self._outcomes(tool, opened[0], jobs):
            now = time.perf_counter()
            for number, value, error, ends in outcomes:
                yield number, (value, error, ends, (now - last) / len(outcomes))
            last = now

    def _outcomes(self, tool: Tool, engine: Any, jobs: Iterator[tuple[int, Row]]) -> Iterator[list[_Outcome]]:
        """What came of the jobs, some at a time."""
        belt = _Belt()
        with ThreadPoolExecutor(self.hands) as threads:

            def proceed(item: _Item, answer: Any) -> None:
                threads.submit(_proceed, belt, item, answer, engine)

            Thread(target=self._feed, args=(tool, jobs, belt, proceed), daemon=True).start()
            while True:
                done, part = belt.take(min(self.batch, getattr(engine, "batch", self.batch)))
                if done:
                    yield done
                elif not part:
                    return
                failed: list[_Outcome] = []
                for item, answer, error, ends in _answered(engine, part):
                    if error is not None:
                        failed.append((item.number, None, error, ends))
                        continue
                    with belt.changed:
                        belt.afoot += 1
                    proceed(item, answer)
                if failed:
                    yield failed

    def _feed(
        self, tool: Tool, jobs: Iterator[tuple[int, Row]], belt: _Belt, proceed: Callable[[_Item, Any], None]
    ) -> None:
        try:
            for number, row in jobs:
                with belt.changed:
                    belt.loading += 1
                    belt.afoot += 1
                proceed(_Item(number, _begun(tool, row, self.bench)), None)
        finally:
            with belt.changed:
                belt.ended = True
                belt.changed.notify()


def _engine(tool: Tool, bench: Bench[Any]) -> Any:
    from tools import engines

    assert tool.engine is not None
    return engines.of(tool.engine, bench)


def _begun(tool: Tool, row: Row, bench: Bench[Any]) -> Asking:
    assert tool.work is not None
    asking = tool.work(row, bench)
    assert isinstance(asking, Generator)
    return asking


def _proceed(belt: _Belt, item: _Item, answer: Any, engine: Any) -> None:
    """In a thread: go on to the next question, or to the end."""
    first = item.question is None
    result, error, ends, _ = attempt(_step, answer, item)
    with belt.changed:
        belt.loading -= first
        belt.afoot -= 1
        if result is None and error is None:
            belt.asked.append(item)
        else:
            belt.done.append((item.number, result and _on_its_device(result, engine), error, ends))
        belt.changed.notify()


def _step(item: _Item, answer: Any) -> Result | None:
    """None: there is another question."""
    try:
        item.question = item.asking.send(answer)
    except StopIteration as end:
        return _ended(end)
    return None


def _ended(end: StopIteration) -> Result:
    """What a tool's work returned."""
    result = end.value
    assert isinstance(result, Result)
    return result


def _answered(engine: Any, part: list[_Item]) -> Iterator[tuple[_Item, Any, str | None, Ends]]:
    """Each item with the engine's answer, or with what went wrong and whether that ends everything."""
    if not part:
        return
    answers, error, ends, _ = attempt(_run, engine, [item.question for item in part])
    if error is not None and ends is None and len(part) > 1:
        # Nobody knows whose fault it is: each is asked about alone.
        for item in part:
            yield from _answered(engine, [item])
        return
    for item, answer in zip(part, answers or [None] * len(part), strict=True):
        yield item, answer, error, ends


def _run(questions: list[Any], engine: Any) -> list[Any]:
    """One answer for each question, in the same order. Raises ValueError where the engine gives more or fewer."""
    answers: list[Any] = engine.run(questions)
    if len(answers) != len(questions):
        raise ValueError(f"The engine {engine.name} gave {len(answers)} answers to {len(questions)} questions.")
    return answers


def _on_its_device(result: Result, engine: Any) -> Result:
    return dataclasses.replace(result, device=getattr(engine, "device", "cpu"))
