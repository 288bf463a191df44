"""Name, merge or split the people that `make people` shows; the next `make` obeys.

Example: python -m tools.name name --base data --cluster 3 --as emma
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from tools.identity.names import checked, known, told_new
from tools.mill import decisions, find
from tools.mill.command import guard
from tools.mill.manifest import connect, meta, sql, transaction
from tools.mill.settings import UsageError

NAMED = 3
"""Of a cluster's files, so many are named in the answer."""


@dataclass(frozen=True)
class Cluster:
    """One group of faces: rows of `sql/people/faces.sql`, its row of `sql/people/list.sql`, the names it has."""

    number: int
    faces: Sequence[sqlite3.Row]
    listed: Mapping[str, Any]
    names: Sequence[str]


@dataclass(frozen=True)
class Asker:
    """Who asks, where that is not the command. seen: the digest (`album.meaning`) of the people that were shown, None
    for those of `make people`. together: as in `decisions.write`, '' for a word of its own.
    """

    seen: str | None = None
    together: str = ""


COMMAND = Asker()


@contextmanager
def _album(base: Path, wanted: Sequence[int], asker: Asker) -> Iterator[tuple[sqlite3.Connection, list[Cluster]]]:
    """The clusters that are wanted, in one transaction.

    Raises UsageError for those there are not, and where the numbers no longer mean what was shown.
    """
    from tools.identity import album

    db = connect(base)
    try:
        with transaction(db):
            faces = album.faces(db)
            if (asker.seen or meta(db, album.SHOWN)) not in (None, album.meaning(faces)):
                raise UsageError(
                    "The people have changed since `make people` showed them, and the numbers may mean others now. "
                    "`make people` shows them anew."
                )
            yield db, _clusters(db, faces, wanted)
    finally:
        db.close()


def cluster_of(db: sqlite3.Connection, number: int) -> Cluster:
    """One cluster as it stands. Raises UsageError where there is none of that number."""
    from tools.identity import album

    return _clusters(db, album.faces(db), [number])[0]


def _clusters(
    db: sqlite3.Connection, faces: Mapping[int, Sequence[sqlite3.Row]], wanted: Sequence[int]
) -> list[Cluster]:
    from tools.identity import album

    for number in wanted:
        if not album.shown(faces.get(number, [])):
            there = f"There are 1 to {max(faces)}" if faces else "There is none yet: `make stage2` finds them"
            raise UsageError(f"There is no cluster {number}. {there}. `make people` shows them.")
    rows = {row["cluster"]: row for row in album.listed(db)}
    return [Cluster(n, faces[n], rows[n], album.names_of(faces[n], rows[n])) for n in wanted]


def name(base: Path, cluster: int, value: str, asker: Asker = COMMAND) -> list[str]:
    """Give a cluster a name; returns sentences."""
    value = checked(value)
    with _album(base, [cluster], asker) as (db, found):
        told = _give(db, base, [(one.faces, value) for one in found], f"cluster {cluster}", asker)
        who = f"Cluster {cluster}{_until_now(found, value)} is {value}: {_images(db, found)}."
        return [f"{who} {told}", *told_new(db, base, value)]


def merge(base: Path, clusters: Sequence[int], value: str, asker: Asker = COMMAND) -> list[str]:
    """Give several clusters one name: the one given, else the one that one of them has, else a new one."""
    clusters = sorted(set(clusters))
    if len(clusters) < 2:
        raise UsageError('Say which clusters are one person: CLUSTER="3 5".')
    with _album(base, clusters, asker) as (db, found):
        value = checked(value) if value else _only_name(db, found)
        listed = " and ".join(map(str, clusters))
        why = f"merged {' '.join(map(str, clusters))}"
        told = _give(db, base, [(one.faces, value) for one in found], why, asker)
        who = f"Clusters {listed}{_until_now(found, value)} are {value}: {_images(db, found)}."
        return [f"{who} {told}", *told_new(db, base, value)]


def move(base: Path, texts: Sequence[str], cluster: int, asker: Asker = COMMAND) -> list[str]:
    """Say that some persons are whoever a cluster is; where it has no name, they and it get a new one.

    texts: as in `identify`. Returns sentences.
    """
    from tools.identify import say
    from tools.mill.words import plural

    asker = replace(asker, together=asker.together or decisions.one_word())
    with _album(base, [cluster], asker) as (db, found):
        value = _only_name(db, found)
        if not found[0].names:
            _give(db, base, [(found[0].faces, value)], f"cluster {cluster}", asker)
        items = [item for text in texts for item in find.items(db, base, text)]
        persons = say(db, items, value, asker.together)
        moved = f"{plural(len(persons), 'image')} moved to {value}"
        if not found[0].names:
            whole = f"Cluster {cluster}, which had no name, is {value} now with its {_images(db, found)}"
            moved = f"{whole}; {moved}"
        return [f"{moved}. The next `make` obeys.", *told_new(db, base, value)]


def _only_name(db: sqlite3.Connection, found: Sequence[Cluster]) -> str:
    """The one name that clusters have, a new one where they have none. Raises UsageError where they have several."""
    names = sorted({name for one in found for name in one.names})
    if len(names) > 1:
        raise UsageError(f"They have {len(names)} names: {', '.join(names)}. Say which one holds: AS={names[0]}.")
    return names[0] if names else _new_names(db, 1)[0]


def split(base: Path, number: int, value: str = "", asker: Asker = COMMAND) -> list[str]:
    """Name the two most different parts of a cluster; the larger one keeps the name that the cluster has.

    value: the name of the smaller one, '' for a new one. Raises UsageError as `halves`.
    """
    with _album(base, [number], asker) as (db, found):
        pairs = halves(db, found[0], value)
        told = _give(db, base, pairs, f"split {number}", asker)
        sizes = " and ".join(f"{name} ({len(part)})" for part, name in pairs)
        return [
            f"Cluster {number} is now {sizes}. {told} `make stage2 people` shows them, `make name` renames.",
            *(sentence for _, name in pairs for sentence in told_new(db, base, name)),
        ]


def halves(db: sqlite3.Connection, one: Cluster, value: str = "") -> list[tuple[Sequence[sqlite3.Row], str]]:
    """The parts into which `split` splits, the larger first, each with its name.

    Raises UsageError where the cluster has several names, as somebody gave it one that match has not heard of.
    """
    from tools.identity import album

    if len(one.names) > 1 and album.unheard(db):
        raise UsageError(
            f"Cluster {one.number} has {len(one.names)} names by now: {', '.join(one.names)}. `make stage2 people` "
            "obeys and shows who has which; split it then."
        )
    parts = album.split(one.faces)
    new = _new_names(db, 2)
    values = [one.names[0] if one.names else new.pop(0), checked(value) if value else new[0]]
    if values[0] == values[1]:
        raise UsageError(f"Both parts cannot be {values[0]}. Give the smaller one another name.")
    return list(zip(parts, values, strict=True))


def _give(
    db: sqlite3.Connection,
    base: Path,
    wanted: Sequence[tuple[Sequence[sqlite3.Row], str]],
    why: str,
    asker: Asker,
) -> str:
    """Write down names for faces of clusters, as one word; returns what is to be known of it."""
    from tools.identity import album
    from tools.mill.words import command

    together = asker.together or decisions.one_word()
    written = [person for faces, value in wanted for person in album.name(db, faces, value, why, together)]
    if not written:
        return "All of it has been said before."
    return f"The next `make` obeys; `{command(base, 'undo', ITEM=str(written[0]))}` takes it back."


def _until_now(found: Sequence[Cluster], value: str) -> str:
    """Who the clusters were, where that was somebody else."""
    from tools.mill.words import listing

    before = sorted({name for one in found for name in one.names} - {value})
    return f", {listing(before)} until now," if before else ""


def _images(db: sqlite3.Connection, found: Sequence[Cluster]) -> str:
    """Whose images these are: how many, and the files they come from."""
    from tools.mill.words import clean, listing, plural

    files = sorted({row[0] for one in found for row in db.execute(sql("people/sources"), {"cluster": one.number})})
    more = [f"{len(files) - NAMED} more"] if len(files) > NAMED else []
    shown = listing([*(clean(file) for file in files[:NAMED]), *more])
    return f"{plural(sum(one.listed['images'] for one in found), 'image')} from {shown}"


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
