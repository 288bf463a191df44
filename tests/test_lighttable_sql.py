"""The questions of the light table's pages: each runs on an empty and on a filled manifest.

None reads a large table through where an index leads to what a default view shows.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from manifest_filled import filled

from tools.lighttable import asked, sets
from tools.mill.manifest import SQL, connect, sql
from tools.mill.plan import BY_TOOL
from tools.mill.settings import UsageError

NAMES = [f"pages/{path.stem}" for path in sorted((SQL / "pages").glob("*.sql"))]
LARGE = {"outcome", "item", "frame", "person", "cutout", "decision", *BY_TOOL}


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = connect(filled(tmp_path))
    yield connection
    connection.close()


def values(text: str) -> dict[str, Any]:
    known = {"ids": "[21, 22]", "uids": '["x"]', "addresses": '["x"]', "kind": "cutout", "limit": 10, "offset": 0}
    return {name: known.get(name, 1) for name in re.findall(r":(\w+)", re.sub(r"--.*", "", text))}


def scanned(db: sqlite3.Connection, text: str, given: dict[str, Any]) -> list[str]:
    """What of the large tables is read from end to end without an index."""
    plan = [str(row[3]) for row in db.execute(f"explain query plan {text}", given)]
    aliases = {alias: table for table, alias in re.findall(r"(?:from|join)\s+\"?(\w+)\"?\s+as\s+(\w+)", text)}
    scans = [line.split()[1] for line in plan if line.startswith("SCAN ") and "INDEX" not in line]
    return [name for name in scans if aliases.get(name, name) in LARGE]


@pytest.mark.parametrize("name", NAMES)
def test_it_is_one_question_and_says_which(name: str) -> None:
    text = sql(name)
    assert re.match(r"-- [A-Z][^:]*: .*\.$|-- [A-Z].*: .*\.$", text.splitlines()[0]), text.splitlines()[0]
    body = re.sub(r"--.*", "", text).strip()
    assert body.count(";") == 1
    assert body.startswith(("select", "with"))


@pytest.mark.parametrize("name", NAMES)
def test_it_runs_on_an_empty_manifest(name: str, tmp_path: Path) -> None:
    db = connect(tmp_path, create=True)
    assert db.execute(sql(name), values(sql(name))).fetchall() == []
    db.close()


@pytest.mark.parametrize("name", NAMES)
def test_it_runs_on_a_filled_one_and_reads_no_large_table_through(name: str, db: sqlite3.Connection) -> None:
    given = values(sql(name))
    db.execute(sql(name), given).fetchall()
    assert scanned(db, sql(name), given) == []


def test_a_page_uses_each(tmp_path: Path) -> None:
    used = "".join(path.read_text() for path in (SQL.parent / "tools" / "lighttable").rglob("*.py"))
    named = {name for name in NAMES if f'"{name}"' in used}
    parts = {f"pages/{word}.{name}" for word in ("overview", "item") for name in re.findall(r'rows\("(\w+)"', used)}
    assert set(NAMES) - named - parts == set()


# --- sets ---


def every_view(db: sqlite3.Connection) -> Iterator[tuple[str, dict[str, Any]]]:
    """The questions of every set, in every order, with every filter."""
    there = sets.all_sets(db)
    for each in there:
        one = sets.chosen_set(db, there, each.word)
        assert one
        limits = sets.bounds(db, one)
        orders = [
            "",
            "random.3",
            *one.metrics,
            *(f"-{name}" for name in one.metrics),
            *(f"near-{name}" for name in limits),
        ]
        chosen = dict.fromkeys(asked.FACETS, ("", "1"))
        ranges = tuple(asked.Range(name, 0, 1) for name in list(one.metrics)[:3])
        for order in orders:
            yield sets.items_question(one, asked.Query(one.word, sort=order), limits)
        yield sets.items_question(one, asked.Query(one.word, chosen, ranges), limits)
        yield sets.cube_question(one, asked.Query(one.word, ranges=ranges))
        yield sets.cube_question(one, asked.Query(one.word))
        yield sets.cube_question(one, asked.Query(one.word), ["a" * 32])


def test_no_view_of_the_gallery_reads_a_large_table_through(db: sqlite3.Connection) -> None:
    views = list(every_view(db))
    assert len(views) > 100
    for text, given in views:
        db.execute(text, given).fetchall()
        assert scanned(db, text, given) == []


def test_a_page_of_a_set_is_read_from_its_index(db: sqlite3.Connection) -> None:
    there = sets.all_sets(db)
    for word in ("score:cutout", "extract:frame", "detect:person", "select.default:cutout"):
        one = sets.chosen_set(db, there, word)
        assert one
        for text, given in (
            sets.items_question(one, asked.Query(word), {}),
            sets.cube_question(one, asked.Query(word)),
        ):
            plan = [str(row[3]) for row in db.execute(f"explain query plan {text}", given)]
            assert any("outcome_gallery (step_id=? AND kind=?)" in line for line in plan), plan


def ids(db: sqlite3.Connection, **wanted: Any) -> list[int]:
    one = sets.chosen_set(db, sets.all_sets(db), wanted.get("set", "score:cutout"))
    assert one
    text, given = sets.items_question(one, asked.Query(**{"set": one.word} | wanted), sets.bounds(db, one))
    return [row["id"] for row in db.execute(text, given)]


def test_filters_sort_and_page(db: sqlite3.Connection) -> None:
    measured = dict(
        db.execute(
            """select item_id, sharpness from outcome join score on outcome_id = outcome.id
            where latest and live and kind = 'cutout'"""
        ).fetchall()
    )
    rising = sorted(measured, key=lambda item: (measured[item], item))
    assert ids(db) == sorted(measured)
    assert ids(db, sort="sharpness") == rising
    assert ids(db, sort="-sharpness") == sorted(measured, key=lambda item: (-measured[item], item))
    assert ids(db, sort="sharpness", per=1, page=2) == rising[1:2]
    assert ids(db, chosen={"state": ("out",)}) == [24]
    assert ids(db, chosen={"state": ("out", "in")}) == sorted(measured)
    assert ids(db, chosen={"reason": ("blurry",)}) == [24]
    assert ids(db, chosen={"verdict": ("keep",)}) == []
    bound = sets.bounds(db, sets.chosen_set(db, sets.all_sets(db), "score:cutout"))["sharpness"].value  # type: ignore[arg-type]
    assert ids(db, sort="near-sharpness") == sorted(measured, key=lambda item: (abs(measured[item] - bound), item))
    least = measured[rising[1]]
    assert ids(db, ranges=(asked.Range("sharpness", least, 9),)) == sorted(i for i in measured if measured[i] >= least)
    assert sorted(ids(db, sort="random.1")) == sorted(ids(db, sort="random.2")) == sorted(measured)


def test_counts_are_those_of_the_items(db: sqlite3.Connection) -> None:
    """Each number beside a filter is what choosing it gives, under all the other filters."""
    there = sets.all_sets(db)
    for each in there:
        one = sets.chosen_set(db, there, each.word)
        assert one
        for chosen in ({}, {"state": ("in",)}, {"state": ("out",), "verdict": ("",)}):
            query = asked.Query(one.word, chosen)
            found = sets.counts(sets.cube(db, one, query), query)
            assert sets.matching(found, query) == len(ids(db, set=one.word, chosen=chosen))
            for facet, options in found.items():
                for value, n in options.items():
                    assert n == len(ids(db, set=one.word, chosen={**chosen, facet: (value,)})), (one.word, facet, value)


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"sort": "beauty"}, "score:cutout has no measurement beauty. It has: sharpness"),
        ({"sort": "near-crop_mp2"}, "score:cutout has no measurement crop_mp2."),
        ({"ranges": (asked.Range("x", 0, 1),)}, "score:cutout has no measurement x."),
        ({"set": "score:video"}, "There is no set score:video. There are: intake:photo, intake:video"),
    ],
)
def test_what_there_is_not_is_said(db: sqlite3.Connection, wanted: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageError) as error:
        ids(db, **wanted)
    assert str(error.value).startswith(sentence)
