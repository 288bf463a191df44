"""The assembly line of a worker whose tool asks an engine: what comes before the question, the engine, and what comes
after the answer run side by side, and the engine gets as many questions at a time as it likes.

The work of such a tool is a generator: it yields its question to the engine, gets the answer, and returns the result.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Condition, Thread
from typing import Any

from tools.mill import machine
from tools.mill.pool import attempt
from tools.mill.tool import Asking, Bench, Result, Row, Tool
from tools.mill.workers import Attempt


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
            return _on_its_device(end.value, engine)
        (answer,) = engine.run([question])


@dataclass
class _Item:
    """One job under way. seconds: how long it was worked on so far, its share of the engine's time included."""

    number: int
    asking: Asking
    question: Any = None
    seconds: float = 0.0


@dataclass
class _Belt:
    """What lies between the threads. loading: how many have not got to their question yet; afoot: how many a thread
    has in hand; ended: no more jobs will come.
    """

    changed: Condition = field(default_factory=Condition)
    asked: deque[_Item] = field(default_factory=deque)
    done: list[tuple[int, Attempt]] = field(default_factory=list)
    loading: int = 0
    afoot: int = 0
    ended: bool = False

    def take(self, batch: int) -> tuple[list[tuple[int, Attempt]], list[_Item]]:
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
        engine = opened[0]
        if engine is None:
            yield next(jobs)[0], opened
            return
        belt = _Belt()
        with ThreadPoolExecutor(self.hands) as threads:

            def proceed(item: _Item, answer: Any) -> None:
                threads.submit(_proceed, belt, item, answer, engine)

            Thread(target=self._feed, args=(tool, jobs, belt, proceed), daemon=True).start()
            while True:
                done, part = belt.take(min(self.batch, getattr(engine, "batch", self.batch)))
                yield from done
                if not done and not part:
                    return
                for item, answer, failure in _answered(engine, part):
                    if failure is None:
                        with belt.changed:
                            belt.afoot += 1
                        proceed(item, answer)
                    else:
                        yield item.number, failure

    def _feed(
        self, tool: Tool, jobs: Iterator[tuple[int, Row]], belt: _Belt, proceed: Callable[[_Item, Any], None]
    ) -> None:
        for number, row in jobs:
            with belt.changed:
                belt.loading += 1
                belt.afoot += 1
            proceed(_Item(number, _begun(tool, row, self.bench)), None)
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
    result, error, stop, seconds = attempt(_step, answer, item)
    item.seconds += seconds
    with belt.changed:
        belt.loading -= first
        belt.afoot -= 1
        if result is None and error is None:
            belt.asked.append(item)
        else:
            belt.done.append((item.number, (result and _on_its_device(result, engine), error, stop, item.seconds)))
        belt.changed.notify()


def _step(item: _Item, answer: Any) -> Result | None:
    """None: there is another question."""
    try:
        item.question = item.asking.send(answer)
    except StopIteration as end:
        result: Result = end.value
        return result
    return None


def _answered(engine: Any, part: list[_Item]) -> Iterator[tuple[_Item, Any, Attempt | None]]:
    """Each item with the engine's answer, or with the attempt that came to nothing."""
    if not part:
        return
    answers, error, stop, seconds = attempt(_run, engine, [item.question for item in part])
    if error is not None and not stop and len(part) > 1:
        # Nobody knows whose fault it is: each is asked about alone.
        for item in part:
            yield from _answered(engine, [item])
        return
    for item, answer in zip(part, answers or [None] * len(part), strict=True):
        item.seconds += seconds / len(part)
        yield item, answer, None if error is None else (None, error, stop, item.seconds)


def _run(questions: list[Any], engine: Any) -> list[Any]:
    answers: list[Any] = engine.run(questions)
    return answers


def _on_its_device(result: Result, engine: Any) -> Result:
    return dataclasses.replace(result, device=getattr(engine, "device", "cpu"))
