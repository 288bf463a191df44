"""Map: what waits goes through a tool's work and comes back as results, in workers where there are any."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from typing import Any

import click

from tools.mill import gpus, machine, staff, steps
from tools.mill.line import Line, asked_alone, tool_named
from tools.mill.pool import run_all
from tools.mill.record import Entry
from tools.mill.tool import Asked, Bench, Result, Row, Tool, Unserved, Waits, failed
from tools.mill.way import Way

LEFT = "left waiting"
"""Instead of a result: nothing is recorded of the item."""


def results(
    tool: Tool, bench: Bench[Any], queue: steps.Queue, asked: Asked, idle_s: float, idle: Callable[[], None]
) -> Generator[Entry, None, None]:
    """The result of every row that waits, as they are ready. idle: called each time that idle_s went by without one."""
    params, service = bench.params, bench.service
    bounds = getattr(params, "deadline_s", None), getattr(params, "memory_mb", 0), idle_s, idle
    if service:
        yield from _entries(tool, bench, queue, Way("threads", min(service.workers, len(queue)), *bounds, service.halt))
        return
    with _on_gpus(tool, bench) as leased:
        if not asked.workers:
            bench = dataclasses.replace(bench, threads=machine.cores())
            yield from _entries(tool, bench, queue, Way("serial", 1, *bounds))
            return
        if leased:
            crew = staff.on_gpus(leased, machine.cores(), getattr(params, "batch", 1))
            if params.device.startswith("cuda"):
                # Each worker sees the one GPU that is its own.
                bench = dataclasses.replace(bench, params=dataclasses.replace(params, device="cuda"))
        else:
            workers = _bearable(asked.workers, tool, bench) if tool.asks else asked.workers
            crew = staff.on_processor(workers, machine.cores(), len(queue), asks=tool.asks)
        way = Way(
            *("processes", crew.workers, *bounds),
            ahead=crew.ahead,
            surroundings=crew.surroundings,
            niceness=crew.niceness,
        )
        yield from _entries(tool, dataclasses.replace(bench, threads=crew.threads), queue, way, crew)


@contextmanager
def _on_gpus(tool: Tool, bench: Bench[Any]) -> Iterator[tuple[gpus.Gpu, ...]]:
    """The GPUs that the tool's engine computes on, held for it; none where it computes on the processor."""
    if not tool.asks:
        yield ()
        return
    from tools import engines

    assert tool.engine is not None
    device = getattr(bench.params, "device", "cpu")
    usable = gpus.wanted(device, gpus.found()) if engines.on_cuda(tool.engine, bench.params.engine) else ()
    with gpus.leased(usable, f"{tool.name} of {bench.base}", lambda told: click.echo(told, err=True)) as leased:
        yield leased


def _bearable(most: int, tool: Tool, bench: Bench[Any]) -> int:
    """How many workers with this engine fit into the free memory."""
    from tools import engines

    assert tool.engine is not None
    memory_mb = engines.memory_mb(tool.engine, bench.params.engine, bench.params, bench.base)
    return machine.bearable(most, machine.free_mb(), memory_mb)


def _entries(
    tool: Tool, bench: Bench[Any], queue: steps.Queue, way: Way, crew: staff.Staff | None = None
) -> Generator[Entry, None, None]:
    line = Line(tool.name, bench, crew.hands, crew.batch) if crew and tool.asks else None
    with closing(run_all(do, queue, (tool.name, bench), way, line)) as answers:
        for answer in answers:
            result = answer.value if answer.value is not None else Result(failed(answer.error or "It gave no result."))
            if not isinstance(result, str):
                yield Entry(answer.job, result, answer.seconds)


def do(row: Row, shared: tuple[str, Bench[Any]]) -> Result | str:
    """In a worker: the tool is found by its word and works on one row. LEFT: it keeps waiting."""
    word, bench = shared
    tool = tool_named(word, bench)
    assert tool.work is not None
    if tool.asks:
        return asked_alone(tool, row, bench)
    try:
        result = tool.work(row, bench)
    except Waits:
        return LEFT
    except Unserved as error:
        return Result(failed(str(error)))
    assert isinstance(result, Result)
    return result
