"""Items: what is made again with the same bytes is the same row, and what stood on it stands again without work."""

from __future__ import annotations

import sqlite3

import pytest
from making import Answer, Mill

from tools.mill.items import save_row, version
from tools.mill.manifest import transaction
from tools.mill.plan import PLAN
from tools.mill.record import Entry
from tools.mill.tool import Made, Result, Row, failed, rejected

PER_DATASET = [step.tool for step in PLAN if step.per_dataset]

BELOW = ("detect", "embed", "match", "mask", "score", *(f"{tool}.default" for tool in PER_DATASET))


@pytest.fixture
def done(mill: Mill) -> Mill:
    """Two videos, two frames each, one person a frame: worked off to the package."""
    mill.run_all()
    assert len(mill.passed("package")) == 4
    return mill


def below(done: dict[str, int]) -> dict[str, int]:
    return {name: done[name] for name in BELOW}


# --- what an item is called ---


def test_a_version_is_bytes_facts_and_origin() -> None:
    base = version("abc", {"time_s": 1.0, "code": b"\x00"}, "parent")
    assert len(base) == 16
    assert version("abc", {"code": b"\x00", "time_s": 1.0}, "parent") == base
    assert version("abd", {"time_s": 1.0, "code": b"\x00"}, "parent") != base
    assert version("abc", {"time_s": 1.5, "code": b"\x00"}, "parent") != base
    assert version("abc", {"time_s": 1.0, "code": b"\x01"}, "parent") != base
    assert version("abc", {"time_s": 1.0, "code": b"\x00"}, "other") != base
    assert version(None, {}, "") != version("", {}, "")


def test_a_typed_row_is_written_once_and_then_brought_up_to_date(mill: Mill) -> None:
    item_id = mill.ids("video")[0]
    for seconds in (1.0, 2.0):
        save_row(mill.db, "video", "item_id", item_id, mill.facts("video", duration_s=seconds))
    assert mill.all("select duration_s from video") == [2.0]
    save_row(mill.db, "video", "item_id", item_id, {})
    assert mill.all("select duration_s from video") == [2.0]


# --- made again ---


def test_the_same_bytes_are_the_same_rows_and_keep_all_below(done: Mill) -> None:
    before = done.all("select id, kind, address, version, newest, made from item order by id")
    assert done.run("extract", version=2) == 2
    assert done.all("select id, kind, address, version, newest, made from item order by id") == before
    assert set(below(done.run_all()).values()) == {0}
    assert len(done.passed("package")) == 4
    done.check()


def test_other_bytes_replace_what_stood_and_all_below_is_made_again(done: Mill) -> None:
    old = done.ids("frame")
    done.run("extract", done.frames(2, "other"), version=2)
    new = done.ids("frame")
    assert not set(old) & set(new)
    assert done.all("select address from item where kind = 'frame' and newest order by address") == done.all(
        "select address from item where kind = 'frame' and not newest order by address"
    )
    assert done.passed("package") == [], "nothing of the old frames may be taken for current"
    done.check()
    assert set(below(done.run_all()).values()) == {4}
    assert len(done.passed("package")) == 4
    done.check()


def test_flipping_back_brings_everything_back_without_work(done: Mill) -> None:
    """At every level: the second time round the other persons, cutouts … had taken the addresses."""
    before = {kind: done.ids(kind) for kind in ("frame", "person", "cutout", "composite", "caption")}
    passed = done.passed("package")
    done.run("extract", done.frames(2, "other"), version=2)
    done.run_all()
    assert done.passed("package") != passed
    done.run("extract", version=3)
    assert set(below(done.run_all()).values()) == {0}
    assert {kind: done.ids(kind) for kind in before} == before
    assert done.passed("package") == passed
    done.check()


def test_while_it_flips_no_old_item_shines_through(done: Mill) -> None:
    """After each batch, before anything is settled, nothing counts that settling would put out."""
    done.run("extract", done.frames(2, "other"), version=2)
    done.run_all()
    done.run("extract", version=3, batch=1, check=True)


def test_what_was_made_by_another_recipe_meanwhile_waits_when_it_comes_back(done: Mill) -> None:
    done.run("extract", done.frames(2, "other"), version=2)
    done.run("detect", version=2)
    done.run_all()
    done.run("extract", version=3)
    assert below(done.run_all()) == {name: 4 if name == "detect" else 0 for name in BELOW}
    done.check()


def test_children_that_are_no_longer_made_leave_and_come_back(done: Mill) -> None:
    done.run("extract", done.frames(1), version=2)
    assert len(done.ids("frame")) == 2
    assert len(done.passed("package")) == 2
    assert set(done.run_all().values()) == {0}
    done.check()
    done.run("extract", done.frames(2), version=3)
    assert set(done.run_all().values()) == {0}
    assert len(done.passed("package")) == 4
    done.check()


def test_a_failed_try_keeps_what_was_made_but_not_in_force(done: Mill) -> None:
    frames = done.ids("frame")
    done.run("extract", lambda row: Result(failed("The disk hiccuped.")), version=2)
    assert done.ids("frame") == frames
    assert done.passed("package") == []
    assert done.funnel()["extract", "", "video"]["failed"] == 2
    done.check()
    assert done.run("extract", retry=True) == 2
    assert set(done.run_all().values()) == {0}
    assert len(done.passed("package")) == 4


def test_a_kind_of_the_same_address_is_another_item(done: Mill) -> None:
    """A cutout has its person's address."""
    assert done.all("select address from item where kind = 'person' order by 1") == done.all(
        "select address from item where kind = 'cutout' order by 1"
    )


def test_what_is_recorded_too_late_takes_no_ones_place(done: Mill) -> None:
    """detect has read old frames; meanwhile extract (another process may run) makes new ones, and detect is done
    with those too, before the first answers are recorded."""
    late = done.recorder("detect", version=2)
    rows = done.queue("detect")
    done.run("extract", done.frames(2, "other"), version=2)
    done.run_all()
    before = {kind: done.ids(kind) for kind in ("frame", "person", "cutout", "composite", "caption")}
    passed = done.passed("package")
    with transaction(done.db):
        late.record([Entry(row, done.persons((0, 0, 100, 200), content="late")(row), 0.1) for row in rows])
    done.check(at_rest=False)
    done.settle()
    assert {kind: done.ids(kind) for kind in before} == before
    assert done.passed("package") == passed
    done.check()
    done.run("extract", version=3)
    done.run_all()
    assert done.all("select count(*) from item where kind = 'person' and newest and path like '%late'") == [4]
    done.check()


def test_side_inputs_are_those_of_the_last_time(mill: Mill) -> None:
    mill.run("intake")
    first, second = mill.ids("video")

    def beside(other: int) -> Answer:
        return lambda row: Result(made=(mill.frame(row, 0, sides=((other, "side"),)),))

    for other in (second, first):
        mill.run("extract", beside(other), version=other)
        assert set(mill.all("select parent_id from lineage")) == {other}


def test_an_address_can_stand_only_once(done: Mill) -> None:
    frame = done.ids("frame")[0]
    address, step_id = done.one("select address, step_id from item where id = ?", frame)
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE constraint failed"):
        done.db.execute(
            """insert into item (kind, address, version, step_id, made, newest, created_at)
            values ('frame', ?, 'v', ?, 1, 1, '')""",
            (address, step_id),
        )


def test_two_of_one_address_in_one_answer_are_the_last_one(mill: Mill) -> None:
    """No tool should; the manifest stays whole all the same."""
    mill.run("intake")

    def twice(row: Row) -> Result:
        return Result(made=(mill.frame(row, 0, "one"), mill.frame(row, 0, "two")))

    mill.run("extract", twice)
    assert mill.all("select path like '%two%' from item where kind = 'frame' and newest") == [1, 1]
    mill.run("detect")
    mill.check()


def test_a_row_without_a_file_is_an_item(mill: Mill) -> None:
    mill.run("intake")

    def dropped(row: Row) -> Result:
        verdict = rejected("near_duplicate", "0.4 of 255 from the frame before it.")
        return Result(made=(mill.frame(row, 0), Made("frame", f"{row['address']}/t000001.000000", verdict=verdict)))

    mill.run("extract", dropped)
    assert mill.all("select count(*) from item where kind = 'frame' and path is null and newest") == [2]
    assert (mill.funnel()["extract", "", "frame"]["ok"], mill.funnel()["extract", "", "frame"]["rejected"]) == (2, 2)
    assert mill.run("detect") == 2
    mill.check()
