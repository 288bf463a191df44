"""What the light table shows quickly is what a plain count finds, whatever people, tools and settling did before."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from crowds import crowded, match
from lighting import Visitor
from making import TALLIED, Mill

from tools.identity import album, portraits
from tools.lighttable import ahead, counted, crowd, sets, writes
from tools.lighttable.crowd import CANDIDATES, Crowd
from tools.lighttable.judged import WAITS
from tools.mill import settle
from tools.mill.manifest import connect, sql, transaction

LIVING = """
    from outcome
    join step on step.id = outcome.step_id and step.tool = 'match'
    join item on item.id = outcome.item_id
    join person on person.item_id = item.id
    join "match" on "match".outcome_id = outcome.id
    left join outcome as embedded on embedded.item_id = item.id and embedded.latest
        and embedded.step_id = (select id from step where tool = 'embed')
    left join embed on embed.outcome_id = embedded.id
    left join outcome as detected on detected.item_id = item.id and detected.latest
        and detected.step_id = (select id from step where tool = 'detect')
    left join detect on detect.outcome_id = detected.id
    where outcome.kind = 'person' and outcome.latest and outcome.live
    """
WAITING = f"""select item.id {LIVING} and not outcome.passed and outcome.reason = 'identity_unsure'
    and outcome.decision_id is null
    order by "match".identity is null, "match".identity, "match".cluster, "match".inherited_from is not null,
        "match".distance, item.id"""
IMAGES = f"""select "match".identity, sum(outcome.passed or outcome.reason is 'unwanted_person'), sum(outcome.passed)
    {LIVING} and embed.embedding is not null and "match".cluster is not null and "match".identity is not null
    group by 1 having sum(outcome.passed or outcome.reason is 'unwanted_person') order by 1"""
FACES = f"""select item.id, item.address, embed.face_height_px, detect.face_sharpness, abs(person.turn) as turned,
    not outcome.passed and outcome.reason is 'identity_unsure' as unsure
    {LIVING} and embed.embedding is not null and "match".cluster = ? order by item.address"""


@pytest.fixture
def base(tmp_path: Path) -> Path:
    crowded(tmp_path / "crowd")
    with closing(connect(tmp_path / "crowd")) as db:  # some pictures of a person are better than others
        db.execute("update embed set face_height_px = 40 + 13 * (outcome_id % 5)")
        db.execute("update detect set face_sharpness = (outcome_id % 3) / 10.0")
    return tmp_path / "crowd"


@pytest.fixture
def db(base: Path) -> Iterator[sqlite3.Connection]:
    with closing(connect(base)) as db:
        yield db


@pytest.fixture
def table(base: Path) -> Iterator[Visitor]:
    visitor = Visitor(base)
    yield visitor
    visitor.close()


def test_the_people_are_those_of_a_plain_count_whatever_happened(
    base: Path, table: Visitor, db: sqlite3.Connection
) -> None:
    shown = []
    for _ in story(base, db):
        with transaction(db):
            known, _ = crowd.now(table.desk, db)
            assert list(known.listed) == album.listed(db)
            assert known.meaning == album.meaning(album.faces(db))
            assert [(name, *both) for name, both in known.images.items()] == [tuple(row) for row in db.execute(IMAGES)]
            assert sorted(crowd.queue(known, ()).items.tolist()) == sorted(ids(db, WAITING))
            assert in_turn(known) == ids(db, WAITING)
            for row in known.listed:
                assert row["cluster"] is None or faces(known, row["cluster"]) == plainly(db, row["cluster"])
        shown.append((known.meaning, tuple(tuple(row.items()) for row in known.listed), known.images))
    # The story changes what is shown: the figures followed, they did not stand still.
    assert len({repr(one) for one in shown}) > 4
    assert shown[0] == shown[4]  # all was taken back


def test_the_tally_and_the_overview_are_those_of_a_plain_count(
    base: Path, table: Visitor, db: sqlite3.Connection
) -> None:
    found = []
    for _ in story(base, db):
        assert [tuple(row) for row in db.execute("select * from tally where n")] == plain(db, TALLIED)
        assert {(one.step_id, one.kind): one.n for one in sets.all_sets(db)} == {
            (step_id, kind): n
            for step_id, kind, n in plain(
                db,
                """select step_id, kind, count(*) from outcome join step_kind using (step_id, kind)
                where latest and live group by 1, 2""",
            )
        }
        sources = [
            (row["id"], row["frames"], row["persons"]) for row in db.execute(sql("pages/overview.sources"), LIMIT)
        ]
        assert sources == plain(db, SOURCES)
        found.append(table.ask("/").text)
    assert len(set(found)) > 3


def test_what_takes_long_is_found_out_before_somebody_asks(base: Path, table: Visitor, db: sqlite3.Connection) -> None:
    async def some_time() -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(ahead.keep(table.desk), 1.5)

    asyncio.run(some_time())
    there = sets.all_sets(db)
    steps = {key[:2] for key in counted._KNOWN[table.datasette] if len(key) == 3}  # type: ignore[arg-type,index]
    assert steps == {(one.step_id, one.kind) for one in there}
    known = crowd._KNOWN[table.datasette][1]
    with transaction(db):
        assert crowd.now(table.desk, db)[0] is known
    writes.decide(base, "reject", ids(db, "select item.id " + LIVING)[:1])
    with transaction(db):
        assert crowd.now(table.desk, db)[0] is not known


def test_nothing_is_found_out_ahead_while_a_run_is_at_work(table: Visitor, db: sqlite3.Connection) -> None:
    assert ahead._ended(db) is not None
    db.execute("update run set status = 'running' where id = (select max(id) from run)")
    assert ahead._ended(db) is None


LIMIT = {"limit": 24}
SOURCES = """
    select source.id, count(distinct frame.id), count(distinct person.id)
    from item as source
    join item as frame on frame.parent_id = source.id and frame.kind = 'frame' and frame.newest
    left join item as person on person.parent_id = frame.id and person.kind = 'person' and person.newest
    group by source.id order by 2 desc, source.id
    """


def story(base: Path, db: sqlite3.Connection) -> Iterator[str]:
    """What happens to a workspace, step by step: decisions, undo, runs, settling."""
    yield "at first"
    persons = ids(db, "select item.id " + LIVING + " order by item.address")
    frame = ids(db, "select parent_id from item where id = " + str(persons[1]))
    first = writes.decide(base, "reject", persons[:1])
    yield "a person is rejected"
    second = writes.decide(base, "reject", frame)
    yield "a frame is rejected, and whoever it shows is gone"
    waiting = writes.decide(base, "keep", ids(db, WAITING)[:1])
    yield "somebody unsure is kept"
    for written in (waiting, second, first):
        writes.undo(base, written.words[0], written.words[-1])
    yield "all is taken back"
    gone = writes.decide(base, "reject", frame)
    mill = Mill(base)
    match(mill, cluster=2)
    yield "match has run again without one: all are one cluster"
    writes.undo(base, gone.words[0], gone.words[-1])
    yield "who was gone is back, judged by the run before"
    match(mill, unwanted=1)
    yield "match is sure, but no dataset wants them"
    mill.run("match", version=9, bounds={"max_distance": 0.2})
    yield "match has run with another limit, and knows nobody"
    writes.decide(base, "reject", ids(db, "select item.id " + LIVING)[-2:])
    with transaction(mill.db):
        settle.settle(mill.db)
    yield "more is rejected, and everything is settled"
    mill.db.close()


def plain(db: sqlite3.Connection, question: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in db.execute(question)]


def ids(db: sqlite3.Connection, question: str) -> list[int]:
    return [int(row[0]) for row in db.execute(question)]


def in_turn(known: Crowd) -> list[int]:
    """Who waits, in the order of match's words alone."""
    order = known.everybody.asked
    found: list[int] = known.everybody.item[order[known.fate[order] == WAITS]].tolist()
    return found


def faces(known: Crowd, number: int) -> tuple[list[int], list[int]]:
    best = known.faces(known.best(number))
    return [face.id for face in best], [face.id for face in known.unsure(number)]


def plainly(db: sqlite3.Connection, number: int) -> tuple[list[int], list[int]]:
    """The same from the rows themselves."""
    rows = db.execute(FACES, (number,)).fetchall()
    key: Callable[[sqlite3.Row], tuple[float, str]] = lambda row: (-portraits._worth(row), row["address"])  # noqa: E731
    best = [row["id"] for row in sorted(rows, key=key)]
    return best[:CANDIDATES], [row["id"] for row in rows if row["unsure"]][: crowd.PORTRAITS]
