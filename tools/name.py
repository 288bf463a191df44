"""Name, merge or split the people that `make people` shows; the next `make` obeys.

Example: python -m tools.name name --base data --cluster 3 --as emma
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from tools.identity.names import checked, known, told_new
from tools.mill.command import guard
from tools.mill.manifest import connect, transaction
from tools.mill.settings import UsageError

Faces = dict[int, list[sqlite3.Row]]


@contextmanager
def _album(base: Path, wanted: Sequence[int]) -> Iterator[tuple[sqlite3.Connection, Faces]]:
    """The faces of the clusters that are wanted, in one transaction. Raises UsageError for those there are not."""
    from tools.identity import album

    db = connect(base)
    try:
        with transaction(db):
            faces = album.faces(db)
            for number in wanted:
                if not album.shown(faces.get(number, [])):
                    there = f"There are 1 to {max(faces)}" if faces else "There is none yet: `make stage2` finds them"
                    raise UsageError(f"There is no cluster {number}. {there}. `make people` shows them.")
            yield db, {number: faces[number] for number in wanted}
    finally:
        db.close()


def name(base: Path, cluster: int, value: str) -> list[str]:
    """Give a cluster a name; returns sentences."""
    from tools.identity import album

    value = checked(value)
    with _album(base, [cluster]) as (db, faces):
        album.name(db, faces[cluster], value, f"cluster {cluster}")
        return [f"Cluster {cluster} is {value}. The next `make` obeys.", *told_new(db, base, value)]


def merge(base: Path, clusters: Sequence[int], value: str) -> list[str]:
    """Give several clusters one name: the one given, else the one that one of them has, else a new one."""
    from tools.identity import album

    clusters = sorted(set(clusters))
    if len(clusters) < 2:
        raise UsageError('Say which clusters are one person: CLUSTER="3 5".')
    with _album(base, clusters) as (db, faces):
        names = sorted({found for number in clusters for found in album.names_of(faces[number])})
        if not value and len(names) > 1:
            raise UsageError(f"They have {len(names)} names: {', '.join(names)}. Say which one holds: AS={names[0]}.")
        value = checked(value) if value else names[0] if names else _new_names(db, 1)[0]
        for number in clusters:
            album.name(db, faces[number], value, f"merged {' '.join(map(str, clusters))}")
        listed = " and ".join(map(str, clusters))
        return [f"Clusters {listed} are {value}. The next `make` obeys.", *told_new(db, base, value)]


def split(base: Path, cluster: int) -> list[str]:
    """Name the two most different parts of a cluster; the larger one keeps the name that the cluster has."""
    from tools.identity import album

    with _album(base, [cluster]) as (db, faces):
        parts = album.split(faces[cluster])
        had = album.names_of(faces[cluster])
        new = _new_names(db, 2)
        values = (had[0], new[0]) if had else (new[0], new[1])
        for part, value in zip(parts, values, strict=True):
            album.name(db, part, value, f"split {cluster}")
        sizes = " and ".join(f"{value} ({len(part)})" for part, value in zip(parts, values, strict=True))
        return [f"Cluster {cluster} is now {sizes}. `make stage2 people` shows them; `make name` gives better names."]


def _new_names(db: sqlite3.Connection, count: int) -> list[str]:
    """person-1, person-2, …: the first that nobody has."""
    taken = known(db)
    return [name for name in (f"person-{n}" for n in range(1, len(taken) + count + 1)) if name not in taken][:count]


def numbers(text: str) -> list[int]:
    """The clusters that a text names: "3 5" or "3,5". Raises UsageError."""
    words = re.split(r"[\s,]+", text.strip())
    if not all(re.fullmatch(r"[1-9]\d{0,8}", word) for word in words):
        raise UsageError(f"CLUSTER={text!r} names no clusters. Give their numbers, as `make people` shows them.")
    return [int(word) for word in words]


def only(text: str) -> int:
    """The one cluster that a text names. Raises UsageError."""
    found = numbers(text)
    if len(found) > 1:
        raise UsageError(f"CLUSTER={text!r} names several clusters. Give one.")
    return found[0]


@click.command()
@click.argument("what", type=click.Choice(["name", "merge", "split"]))
@click.option("--cluster", required=True, help="its number, as `make people` shows it; for merge several")
@click.option("--as", "value", default="", help="the name")
@click.option("--base", type=click.Path(path_type=Path), default=Path("data"), show_default=True, help="the workspace")
def main(what: str, cluster: str, value: str, base: Path) -> None:
    """Name a cluster, merge several, or split one in two."""
    if what == "merge":
        told = merge(base, numbers(cluster), value)
    elif what == "name":
        told = name(base, only(cluster), value)
    else:
        if value:
            raise UsageError("A split makes two people: it takes no AS=. Name them afterwards.")
        told = split(base, only(cluster))
    for sentence in told:
        click.echo(sentence, err=True)


if __name__ == "__main__":
    guard(lambda: main(standalone_mode=False))
