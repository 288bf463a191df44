"""The light table over a large manifest: how soon each page is there, at rest and after a decision."""

from __future__ import annotations

import asyncio
import json
import re
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

from datasette.app import Datasette

from tools.bench.crowd import people
from tools.bench.filling import fill
from tools.bench.result import Line, median_line
from tools.bench.sizes import Sizes
from tools.lighttable import writes
from tools.lighttable.app import desk_of, table
from tools.mill.manifest import connect, transaction

TITLE = "The light table at 300,000 items"
HOW = """\
A manifest filled by SQL, asked through Datasette's own client, in one process and without a network; p95 of many loads,
the first not counted: by the clock, and of processors, which others at work change less. After a decision: before each
load another image is rejected, for People a person. Just opened: the first page of a new light table, which `make
review` finds out in the background while nobody asks."""

PAGE_MS, COUNTS_MS = 150.0, 300.0
PORT = 8001
PAGES = {
    "overview": "/",
    "gallery": "/-/gallery?set=detect:person",
    "gallery by sharpness": "/-/gallery?set=score:cutout&sort=-sharpness",
    "gallery narrowed by a range": "/-/gallery?set=score:cutout&range=sharpness:0.2:0.4&state=in",
    "a grid of 1,000": "/-/gallery?set=extract:frame&per=1000",
    "item": "/-/item/{item}",
    "final set": "/-/final",
    "people": "/-/people",
    "compare": "/-/compare",
    "captions": "/-/captions",
    "spectrum": "/-/spectrum",
    "QC": "/-/qc",
}
DECIDED = ("overview", "gallery", "gallery by sharpness", "gallery narrowed by a range", "people")
CUTOUTS, PERSONS = PAGES["gallery by sharpness"], "/-/gallery?set=match:person&per=1000"
OPENED = ("gallery", "people")
LIMITS = {"min_sharpness": 0.4}
"""Of score, so that there is something to look at in the spectrum."""


@dataclass(frozen=True)
class Reader:
    """Somebody at a light table of a workspace, who is signed in."""

    datasette: Datasette
    headers: Mapping[str, str]

    def text(self, path: str) -> str:
        return str(asyncio.run(self._get(path)).text)

    async def _get(self, path: str) -> Any:
        answer = await self.datasette.client.get(path, headers=self.headers)
        answer.raise_for_status()
        return answer

    def ids(self, path: str) -> list[int]:
        """The items of a grid."""
        return [int(one) for one in re.findall(r'data-id="(\d+)"', self.text(path))]

    def times_ms(self, path: str, loads: int, before: Callable[[], object]) -> tuple[list[float], list[float]]:
        """Milliseconds of each load after a first one, by the clock and of processors. before: what precedes each."""
        return asyncio.run(self._times_ms(path, loads, before))

    async def _times_ms(self, path: str, loads: int, before: Callable[[], object]) -> tuple[list[float], list[float]]:
        await self._get(path)
        wall, cpu = [], []
        for _ in range(loads):
            before()
            start, used = time.perf_counter(), time.process_time()
            await self._get(path)
            wall.append((time.perf_counter() - start) * 1000)
            cpu.append((time.process_time() - used) * 1000)
        return wall, cpu


@contextmanager
def reading(base: Path) -> Iterator[Reader]:
    """A light table that was just opened."""
    datasette, access = table(base, PORT)
    try:
        yield Reader(datasette, {"host": f"127.0.0.1:{PORT}", "cookie": f"{access.cookie}={access.badge()}"})
    finally:
        desk_of(datasette).close()


def measure(folder: Path, sizes: Sizes) -> Iterator[Line]:
    """Fill a manifest and ask for every page."""
    base = folder / "table"
    with closing(connect(base, create=True)) as db:
        fill(db, base, sizes.table_outcomes, 0)
        people(db)
        with transaction(db):
            db.execute("update step set limits_json = ? where tool = 'score'", (json.dumps(LIMITS),))
    for name in OPENED:
        yield median_line(f"{name}, just opened", [_first_ms(base, PAGES[name]) for _ in range(sizes.rounds)], "ms")
    with reading(base) as reader:
        yield from _pages(reader, base, sizes.loads)


def _first_ms(base: Path, path: str) -> float:
    with reading(base) as reader:
        start = time.perf_counter()
        reader.text(path)
        return (time.perf_counter() - start) * 1000


def _pages(reader: Reader, base: Path, loads: int) -> Iterator[Line]:
    cutouts, persons = reader.ids(CUTOUTS), reader.ids(PERSONS)
    for name, path in PAGES.items():
        wall, cpu = reader.times_ms(path.format(item=cutouts[0]), loads, lambda: None)
        yield _line(f"{name}, p95", wall, COUNTS_MS if name == "a grid of 1,000" else PAGE_MS)
        yield _line(f"{name}, p95 of processors", cpu, None)
    for name in DECIDED:
        left = cycle(persons if name == "people" else cutouts)
        wall, cpu = reader.times_ms(PAGES[name], loads, lambda: writes.decide(base, "reject", [next(left)]))  # noqa: B023
        yield _line(f"{name}, just after a decision, p95", wall, COUNTS_MS)
        yield _line(f"{name}, just after a decision, p95 of processors", cpu, None)


def _line(name: str, times: Sequence[float], bound: float | None) -> Line:
    p95 = statistics.quantiles(times, n=20, method="inclusive")[-1] if len(times) > 1 else times[0]
    return Line(name, p95, "ms", bound, low=min(times), high=max(times))
