"""Say what footage will become, before anything is done: frames, minutes, seconds of work by stage, disk.

Reads: headers of the files in the raw folders, and how long the tools have taken here.  Writes: nothing.
Example: python -m tools.estimate --base data --json

Seconds, shares and sizes come from this workspace's own runs, else from its slice's (`make slice all TEST=1`), else
they are stated ones, which another machine and other footage may miss by a factor of two.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from tools import engines
from tools.forecast.forecast import Footage, Forecast, forecast
from tools.forecast.rates import Rates, rates
from tools.mill import machine
from tools.mill.command import guard
from tools.mill.manifest import NAME, sql
from tools.mill.settings import Settings, load
from tools.mill.tool import Dataset
from tools.mill.walk import shown, walk
from tools.mill.words import command, duration, listing, plural, volume
from tools.paid.terms import Budget
from tools.report.table import Table, say
from tools.sampling.survey import MAIN, Source, refuse_none, survey


def footage_of(sources: list[Source], others: int) -> Footage:
    """The sources as a forecast sees them. others: backgrounds and references."""
    opened = {kind: [one.header for one in sources if one.file.kind == kind and one.header] for kind in MAIN}
    unread = sum(one.header is None for one in sources)
    size = sum(one.file.size for one in sources)
    return Footage(opened["video"], opened["photo"], unread, others, size)


def about(number: float) -> str:
    """A number with two significant digits: a forecast knows no more."""
    if number < 100:
        return f"{number:,.0f}"
    scale = 10 ** (math.floor(math.log10(number)) - 1)
    return f"{round(number / scale) * scale:,}"


def sentence(found: Forecast, workers: int) -> str:
    """The forecast in one line; its time is by the clock."""
    kinds = ((found.videos, "video"), (found.photos, "photo"))
    clips = listing([plural(n, word) for n, word in kinds if n]) or "Nothing that opens"
    length = f" ({duration(round(found.duration_s))} of film)" if found.videos else ""
    frames = f"about {about(found.frames)} frame{'' if found.frames == 1 else 's'}"
    time = f"about {duration(found.seconds)} with {plural(workers, 'worker')}"
    return f"{clips}{length}: {frames}; {time}; {volume(found.bytes)}."


def table(found: Forecast) -> Table:
    """The stages of a forecast."""
    rows = [
        (
            *(line.stage, line.tool, about(line.items), line.takes, duration(line.seconds)),
            *(volume(line.bytes) if line.bytes else "", "measured" if line.measured else "stated"),
        )
        for line in found.lines
    ]
    return Table(("stage", "tool", "items", "of", "time", "disk", "rate"), rows)


def remarks(base: Path, found: Forecast, known: Rates, free: int) -> Iterator[str]:
    """What one should know beside the numbers."""
    if found.unread:
        yield f"{plural(found.unread, 'file')} cannot be opened; intake will say why."
    if known.source is None:
        yield f"No run has been timed here. For better numbers: {command(base, 'slice all', TEST='1')}"
    elif known.source != base:
        yield f"Rates are those of the slice, {shown(os.fsencode(known.source))}."
    yield f"{volume(free)} of disk are free."
    if found.bytes > free:
        yield f"That is too little by {volume(found.bytes - free)}: make room, or take another disk with BASE=…"


def bills(settings: Settings, images: int) -> Iterator[str]:
    """What a captioner elsewhere would be sent, and at what price; nothing for one that is here."""
    values = settings.sections["caption"]
    if not engines.is_remote("caption", values["engine"]):
        return
    from tools.caption import Params
    from tools.engines.remote import bill_of

    params = Params(**{field.name: values[field.name] for field in dataclasses.fields(Params)})
    for name, table in settings.datasets.items():
        dataset = Dataset(name=name, **table)
        bill = bill_of(params, params.engine, dataset, min(dataset.count, images))
        yield from bill.sentences()
        if bill.requests and not (bill.price and bill.price.free) and Budget.of(params).unbounded:
            yield f"caption {name}: nothing is sent until [caption] max_cost or max_requests says what may be spent."
    if paid := paid_for(settings.base):
        yield (
            f"{plural(paid, 'request')} of this workspace {'is' if paid == 1 else 'are'} paid for already: what was "
            "asked before is not sent again. `python -m tools.caption --dry-run` says what is."
        )


def paid_for(base: Path) -> int:
    """How many requests were answered in a workspace; 0 where there is no manifest, or one of an older Framemill."""
    if not (base / NAME).exists():
        return 0
    with closing(sqlite3.connect(base / NAME, timeout=60)) as db:
        try:
            return int(db.execute(sql("estimate/paid")).fetchone()[0])
        except sqlite3.OperationalError as error:
            if "no such" in str(error):
                return 0
            raise


def free_bytes(base: Path) -> int:
    """What is free where the workspace is or will be."""
    folder = base.absolute()
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def as_json(base: Path, found: Forecast, known: Rates, free: int, workers: int) -> str:
    content: dict[str, Any] = {"base": shown(os.fsencode(base)), **dataclasses.asdict(found)}
    content |= {"workers": workers, "free_bytes": free, "measured": sorted(known.measured)}
    return json.dumps(content, indent=2)


@click.command("estimate", help=(__doc__ or "").replace("\n\n", "\n\n\b\n", 1))
@click.option("--base", type=click.Path(path_type=Path), default=Path("data"), show_default=True, help="the workspace")
@click.option(
    "--workers",
    type=click.IntRange(min=0),
    envvar="MILL_JOBS",
    default=machine.default_workers,
    show_default="as many as cores and memory bear",
    help="of the run that is reckoned; 0 is one",
)
@click.option("--json", "json_wanted", is_flag=True, help="as JSON on stdout")
def main(base: Path, workers: int, json_wanted: bool) -> None:
    """Survey, reckon, tell."""
    settings = load(base)
    sources = survey(base)
    refuse_none(base, sources, "estimate")
    others = sum(file.kind not in MAIN for file in walk(base))
    known, workers, free = rates(base), max(1, workers), free_bytes(base)
    footage = footage_of(sources, others)
    found = forecast(footage, known, settings.sections["extract"], [*settings.datasets.values()], workers)
    if json_wanted:
        click.echo(as_json(base, found, known, free, workers))
        return
    told = [*remarks(base, found, known, free), *bills(settings, found.images)]
    say([sentence(found, workers), "", table(found), "", *told])


if __name__ == "__main__":
    guard(lambda: main(prog_name="python -m tools.estimate", standalone_mode=False))
