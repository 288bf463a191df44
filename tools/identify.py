"""Say who somebody is; the next `make` obeys.

A word hangs on the person's address and is never lost. A face that has a name helps to find others.
Example: python -m tools.identify --base data --as emma 1234
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import click

from tools.identity.names import checked, told_new
from tools.mill import decisions, find
from tools.mill.command import guard
from tools.mill.manifest import connect, transaction
from tools.mill.settings import UsageError


def person_of(db: sqlite3.Connection, item: sqlite3.Row) -> sqlite3.Row:
    """The person whom an item shows: itself, the one above it, or the only one in a frame.

    Raises UsageError where that is nobody, or several.
    """
    what = f"{item['kind']} {item['id']}"
    above: sqlite3.Row | None = item
    while above is not None and above["kind"] != "person":
        above = db.execute("select * from item where id = ?", (above["parent_id"],)).fetchone()
    if above is not None:
        return above
    here = db.execute("select * from item where parent_id = ? and kind = 'person' and newest", (item["id"],)).fetchall()
    if len(here) == 1:
        person: sqlite3.Row = here[0]
        return person
    if here:
        raise UsageError(f"{what} shows several people: {', '.join(str(row['id']) for row in here)}. Say which.")
    raise UsageError(f"{what} shows nobody. Give a person, or an image that was made of one.")


def identify(base: Path, texts: Sequence[str], name: str) -> list[int]:
    """Write down who the persons are, all or nothing; returns their ids."""
    name = checked(name, other=True)
    db = connect(base)
    try:
        with transaction(db):
            items = [item for text in texts for item in find.items(db, base, text)]
            persons = say(db, items, name)
            for sentence in told_new(db, base, name):
                click.echo(sentence, err=True)
    finally:
        db.close()
    return persons


def say(db: sqlite3.Connection, items: Sequence[sqlite3.Row], name: str, together: str | None = None) -> list[int]:
    """Write down in the open transaction who the persons are whom items show; returns their ids.

    together: as in `decisions.write`. Raises UsageError as `person_of`.
    """
    persons = {int(row["id"]): row for row in (person_of(db, item) for item in items)}
    for row in persons.values():
        decisions.write(db, "identity", row, value=name, together=together)
    return list(persons)


@click.command()
@click.argument("item", nargs=-1, required=True)
@click.option("--as", "name", required=True, help="who it is: a name, or other for none of those who have one")
@click.option("--base", type=click.Path(path_type=Path), default=Path("data"), show_default=True, help="the workspace")
def main(item: tuple[str, ...], name: str, base: Path) -> None:
    """Say who somebody is. ITEM: ids, paths or addresses of persons, or of images made of them."""
    for person in identify(base, item, name):
        click.echo(f"person {person} is {name}. The next `make` obeys.", err=True)


if __name__ == "__main__":
    guard(lambda: main(standalone_mode=False))
