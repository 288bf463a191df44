"""Remove the files that earlier settings made and that no image of today needs.

Reads: the manifest.  Removes: files of superseded versions, each with an audit row. What it removed is made again where
its settings come back.
Example: python -m tools.gc --base data --dry-run

Kept is all that the settings of today lead to: also what people rejected, what limits reject, what was not chosen, and
what was made from sources that are gone, for they may come back. Packages and `orphans/` are never touched.
"""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

import click

from tools.care import ours, thumbs
from tools.care.garbage import find, kept_for_return, leftovers, pages, remove
from tools.care.still import alone
from tools.mill import settings, settle, steps
from tools.mill.command import guard
from tools.mill.manifest import connect, transaction
from tools.mill.words import plural, volume

FIRST = "intake"


@dataclass
class Collected:
    """What may go or has gone, by folder of the workspace: files and bytes. kept: of sources that are gone.

    thumbs: of thumbnails beyond their bound."""

    files: Counter[str] = field(default_factory=Counter)
    bytes: Counter[str] = field(default_factory=Counter)
    kept: tuple[int, int] = (0, 0)
    thumbs: tuple[int, int] = (0, 0)

    def add(self, path: str, size: int) -> None:
        folder = path.partition("/")[0]
        self.files[folder] += 1
        self.bytes[folder] += size


def collect(base: Path, dry_run: bool) -> Collected:
    """Remove what may go; a dry run only finds it.

    Raises Held where a tool is at work, UsageError where there is no manifest.
    """
    loaded = settings.load(base)
    found = Collected()
    with closing(connect(base)) as db, ExitStack() as stack:
        if dry_run:
            # Taken back when the connection closes.
            db.execute("begin immediate")
        else:
            stack.enter_context(alone(db, base))
        # Which datasets there are is asked of the configuration as it is now.
        steps.ensure(db, loaded, FIRST, "")
        find(db)
        found.kept = kept_for_return(db)
        left = list(leftovers(db, base))
        for path, size in left:
            found.add(path, size)
        if not dry_run:
            ours.unlink(base, (path.encode() for path, _ in left))
        for batch in pages(db, base):
            for waste in batch:
                found.add(waste.path, waste.bytes)
            if not dry_run:
                remove(db, base, batch)
        small = thumbs.surplus(base, thumbs.MOST_BYTES)
        found.thumbs = (len(small), sum(size for _, size in small))
        if not dry_run:
            thumbs.remove(base, (path for path, _ in small))
        if settle.is_due(db) and not dry_run:
            with transaction(db):
                settle.settle(db)
    return found


@click.command("gc", help=(__doc__ or "").replace("\n\n", "\n\n\b\n", 1))
@click.option("--base", type=click.Path(path_type=Path), default=Path("data"), show_default=True, help="the workspace")
@click.option("--dry-run", is_flag=True, help="say what would be removed and change nothing")
def main(base: Path, dry_run: bool) -> None:
    """Remove them, and say by folder how many they were."""
    found = collect(base, dry_run)
    for folder, number in sorted(found.files.items()):
        click.echo(f"{folder}: {plural(number, 'file')}, {volume(found.bytes[folder])}")
    freed, what = volume(found.bytes.total()), plural(found.files.total(), "superseded file")
    if not found.files:
        click.echo("gc: nothing is superseded.", err=True)
    elif dry_run:
        click.echo(f"gc: {what} would be removed, {freed}. Nothing was changed.", err=True)
    else:
        click.echo(f"gc: {what} removed, {freed} freed.", err=True)
    if found.thumbs[0]:
        told = "would be removed" if dry_run else "removed"
        of = f"{plural(found.thumbs[0], 'thumbnail')} ({volume(found.thumbs[1])})"
        click.echo(f"gc: the oldest {of} {told}; what is seen again is made again.", err=True)
    if found.kept[0]:
        of = f"{plural(found.kept[0], 'file')} ({volume(found.kept[1])})"
        click.echo(f"gc: kept for sources that are gone and may come back: {of}.", err=True)


if __name__ == "__main__":
    guard(lambda: main(prog_name="python -m tools.gc", standalone_mode=False))
