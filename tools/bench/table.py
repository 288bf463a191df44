"""The light table over a large manifest: how soon each page is there, at rest and after a decision."""

from __future__ import annotations

import asyncio
import re
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from tools.bench.filling import fill
from tools.bench.result import Line
from tools.bench.sizes import Sizes
from tools.lighttable import writes
from tools.lighttable.app import desk_of, table
from tools.mill.manifest import connect

TITLE = "The light table at 300,000 items"
HOW = """\
A manifest filled by SQL, asked through Datasette's own client, in one process and without a network; p95 of many loads,
the first not counted. After a decision: before each load another image is rejected."""

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
DECIDED = ("gallery", "gallery by sharpness", "gallery narrowed by a range")
SET = PAGES["gallery by sharpness"]


def measure(folder: Path, sizes: Sizes) -> Iterator[Line]:
    """Fill a manifest and ask for every page."""
    base = folder / "table"
    with closing(connect(base, create=True)) as db:
        fill(db, base, sizes.table_outcomes, 0)
    datasette, access = table(base, PORT)
    headers = {"host": f"127.0.0.1:{PORT}", "cookie": f"{access.cookie}={access.badge()}"}

    async def text(path: str) -> str:
        answer = await datasette.client.get(path, headers=headers)
        answer.raise_for_status()
        return str(answer.text)

    async def asked(path: str, before: Callable[[], object]) -> list[float]:
        await text(path)
        found = []
        for _ in range(sizes.loads):
            before()
            start = time.perf_counter()
            await text(path)
            found.append((time.perf_counter() - start) * 1000)
        return found

    try:
        ids = [int(one) for one in re.findall(r'data-id="(\d+)"', asyncio.run(text(SET)))]
        for name, path in PAGES.items():
            times = asyncio.run(asked(path.format(item=ids[0]), lambda: None))
            yield _line(f"{name}, p95", times, COUNTS_MS if name == "a grid of 1,000" else PAGE_MS)
        left = iter(ids * sizes.loads)
        for name in DECIDED:
            times = asyncio.run(asked(PAGES[name], lambda: writes.decide(base, "reject", [next(left)])))
            yield _line(f"{name}, just after a decision, p95", times, COUNTS_MS)
    finally:
        desk_of(datasette).close()


def _line(name: str, times: Sequence[float], bound: float) -> Line:
    p95 = statistics.quantiles(times, n=20, method="inclusive")[-1] if len(times) > 1 else times[0]
    return Line(name, p95, "ms", bound, low=min(times), high=max(times))
