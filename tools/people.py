"""Show who there is: the people that faces were put together to, on a contact sheet with a few pictures of each.

Example: python -m tools.people --base data
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tools.mill.command import guard
from tools.mill.manifest import connect, set_meta
from tools.mill.words import command, plural
from tools.report.table import Table, say

if TYPE_CHECKING:
    from tools.sheets.contact import Tile

SHEET = "sheets/people.jpg"
PICTURES = 6
"""Of each person on the sheet."""

SHOWN = 60
"""People on the sheet, those with the most images; the table has all."""


def table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Who there is, a line each."""
    columns = ("cluster", "name", "images", "sources", "unsure")
    return Table(
        columns,
        [
            ["no face" if row["cluster"] is None else row[key] for key in columns[:1]]
            + [row[key] for key in columns[1:]]
            for row in rows
        ],
    )


@dataclass(frozen=True)
class State:
    """What should be known of the sheet. unheard: of so many persons something was said that match does not know yet.

    lost: so many pictures could not be read.
    """

    unheard: int = 0
    lost: int = 0


def tiles(
    base: Path, rows: Sequence[Mapping[str, Any]], faces: Mapping[int, list[sqlite3.Row]]
) -> Iterator[Tile | None]:
    """The pictures of the people who are shown, each person a group; None for one that is lost."""
    from tools.identity.portraits import portraits
    from tools.sheets.contact import Tile

    for row in [row for row in rows if row["cluster"] in faces][:SHOWN]:
        name = f" {row['name']}" if row["name"] else ""
        title = f"{row['cluster']}{name}: {plural(row['images'], 'image')} in {plural(row['sources'], 'source')}"
        for picture, face in portraits(base, faces[row["cluster"]], PICTURES):
            below = (f"person {face['id']}", f"face {face['face_height_px']:.0f} px")
            yield None if picture is None else Tile(picture, below, title)


def tell(base: Path, rows: Sequence[Mapping[str, Any]], subjects: Sequence[str], state: State) -> Iterator[str | Table]:
    """Everything that is printed."""
    people = [row for row in rows if row["cluster"] is not None]
    if not people:
        yield f"Nobody whose face shows was found yet. {command(base, 'stage2')} looks for people."
        return
    yield table(rows)
    yield ""
    more = len(people) - SHOWN
    yield f"Pictures: {base / SHEET}" + (f" (the first {SHOWN}; {more} more have fewer images)" if more > 0 else "")
    if state.lost:
        lost = plural(state.lost, "picture") + (" is" if state.lost == 1 else " are")
        yield f"{lost} lost and not on the sheet: {command(base, 'verify', REPAIR='1')}"
    if state.unheard:
        yield f"Names were given or taken back since these people were put together: {command(base, 'stage2')} obeys."
    largest = people[0]
    if largest["name"] is None:
        yield f"Name somebody: {command(base, 'name', CLUSTER=str(largest['cluster']), AS='NAME')}"
    if not all(subjects):
        yield 'Then say in config.toml whom a dataset is about: [dataset.NAME] subject = "NAME"'


@click.command()
@click.option("--base", type=click.Path(path_type=Path), default=Path("data"), show_default=True, help="the workspace")
@click.option("--json", "json_wanted", is_flag=True, help="as JSON on stdout")
def main(base: Path, json_wanted: bool) -> None:
    """Show who there is, as a table and a contact sheet."""
    from tools.identity import album
    from tools.mill import settings

    # Not for reading only: what people said is put together in a temporary table.
    with closing(connect(base)) as db:
        db.execute("begin")
        rows, faces, unheard = album.listed(db), album.faces(db), album.unheard(db)
        db.commit()
        subjects = [str(table["subject"]) for table in settings.load(base).datasets.values()]
        pictures = list(tiles(base, rows, faces))
        found = [tile for tile in pictures if tile is not None]
        if faces:
            draw(base, found)
            # What the numbers mean, for whoever types one of them later.
            set_meta(db, album.SHOWN, album.meaning(faces))
        state = State(unheard, len(pictures) - len(found))
    if json_wanted:
        click.echo(json.dumps({"people": rows, "sheet": str(base / SHEET) if faces else None} | vars(state), indent=2))
    else:
        say(tell(base, rows, subjects, state))


def draw(base: Path, pictures: Sequence[Tile]) -> None:
    """Write the contact sheet."""
    from tools.media.image import encode_jpeg
    from tools.mill.files import store
    from tools.sheets.contact import contact_sheet

    store(base, SHEET, encode_jpeg(contact_sheet(pictures, "Who there is", PICTURES, 160)))


if __name__ == "__main__":
    guard(lambda: main(standalone_mode=False))
