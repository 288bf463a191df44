"""Take a random sample of the sources into the TEST workspace, so that `make slice all TEST=1` shows what to expect.

Reads: the raw folders, headers only.  Writes: links to a part of them in data_TEST's raw folders; an earlier slice's
links go, no file does.
Example: python -m tools.slice --base data --count 12 --seed 2

The sample is stratified by folder, duration and resolution, so that each sort of footage is in it. The same seed gives
the same sample. References and backgrounds come along, all of them.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import click

from tools.mill import items, settle
from tools.mill.command import guard
from tools.mill.lock import hold
from tools.mill.manifest import NAME, connect, transaction, utc_now
from tools.mill.plan import FOLDERS
from tools.mill.settings import TEST_NAME, load
from tools.mill.walk import shown, walk
from tools.mill.words import listing, plural
from tools.sampling import linking
from tools.sampling.strata import sample
from tools.sampling.survey import MAIN, refuse_none, survey

COUNT = 8
"""Sources in a slice: with those of a few minutes each, some minutes of work."""


def places(base: Path) -> tuple[Path, Path]:
    """The workspace with all the footage, and its slice; base may be either."""
    here = base.absolute()
    return (here.parent, here) if here.name == TEST_NAME else (here, here / TEST_NAME)


def draw(above: Path, count: int, seed: int) -> tuple[list[bytes], int]:
    """The names of the sample and of what comes along, and from how many videos and photos it was drawn.

    Raises UsageError where there are none.
    """
    sources = survey(above)
    refuse_none(above, sources, "slice")
    chosen = [source.file for source in sample(sources, count, seed)]
    along = [file for file in walk(above) if file.kind not in MAIN]
    return [linking.name_of(file) for file in (*chosen, *along)], len(sources)


def replace(above: Path, base: Path, names: Sequence[bytes]) -> linking.Linked:
    """Put the sample into the place of the last one.

    Raises Held where intake is reading the slice, UsageError where its folders are those above.
    """
    linking.refuse_shared(above, base)
    base.mkdir(parents=True, exist_ok=True)
    with hold(base, "intake"):
        old = set(linking.placed(above, base))
        gone = old.difference(names)
        # First: killed after it, intake takes up again what is still there; the other way round it would miss it.
        forget(base, sorted(gone))
        linking.take_out(above, base, sorted(gone))
        done = linking.link(above, base, [name for name in names if name not in old])
    return linking.Linked(tuple(sorted({*done.made, *old.intersection(names)})), done.kept)


def forget(base: Path, names: Sequence[bytes]) -> None:
    """Take sources that are no longer in the slice out of force: that is no loss to be warned of."""
    if not names or not (base / NAME).exists():
        return
    with closing(connect(base)) as db, transaction(db):
        for name in names:
            folder, _, path = name.partition(b"/")
            row = db.execute(
                "select id, item_id, shown, sha256 from file where folder = ? and path = ?", (folder.decode(), path)
            ).fetchone()
            if row is None:
                continue
            if row["item_id"]:
                items.release(db, [row["item_id"]])
                db.execute(
                    """insert into audit (at, actor, action, item_id, path, sha256, why)
                    values (?, 'slice', 'vanished', ?, ?, ?, 'Another sample was drawn.')""",
                    (utc_now(), row["item_id"], f"{folder.decode()}/{row['shown']}", row["sha256"]),
                )
            db.execute("delete from file where id = ?", (row["id"],))
        settle.mark(db)


def told(names: Sequence[bytes]) -> str:
    """How many of each kind."""
    kinds = {folder: kind for kind, folder in FOLDERS.items()}
    counts = Counter(kinds[name.partition(b"/")[0].decode()] for name in names)
    return listing([plural(counts[kind], kind) for kind in FOLDERS if counts[kind]])


@click.command("slice", help=(__doc__ or "").replace("\n\n", "\n\n\b\n", 1))
@click.option("--base", type=click.Path(path_type=Path), default=Path("data"), show_default=True, help="the workspace")
@click.option("--count", type=click.IntRange(min=1), default=COUNT, show_default=True, help="videos and photos")
@click.option("--seed", type=int, default=1, show_default=True, help="another number, another sample")
def main(base: Path, count: int, seed: int) -> None:
    """Draw, link, and name on stdout what is in the slice."""
    above, slice_base = places(base)
    load(slice_base)  # what is wrong with the configuration is told before anything is moved
    names, total = draw(above, count, seed)
    linked = replace(above, slice_base, names)
    for name in linked.made:
        click.echo(shown(name))
    click.echo(f"slice: {told(linked.made)}, drawn from {total:,} videos and photos (seed {seed}).", err=True)
    if linked.kept:
        click.echo(f"{plural(len(linked.kept), 'file')} of that name lay there already and stay.", err=True)
    ours = set(linked.made)
    own = sum(1 for file in walk(slice_base) if linking.name_of(file) not in ours)
    if own:
        place = shown(os.fsencode(slice_base))
        click.echo(f"{plural(own, 'file')} of your own in {place} stay beside the slice.", err=True)


if __name__ == "__main__":
    guard(lambda: main(prog_name="python -m tools.slice", standalone_mode=False))
