"""Steps: what waits again because something else stands beside it."""

from __future__ import annotations

from pathlib import Path

from making import Mill

from tools.mill import steps
from tools.mill.tool import Result, Row


def noticed(mill: Mill) -> list[int]:
    """The persons that wait for mask, once the tool has looked at what stands beside them."""
    step = mill.step("mask")
    steps.notice(mill.db, "mask", "", step["id"], None)
    return [row["item_id"] for row in mill.queue("mask")]


def test_somebody_else_in_the_next_frame_makes_a_person_wait_again(workspace: Path) -> None:
    mill = Mill(workspace)
    mill.put("dance.mp4")
    mill.run_all(upto="mask")
    assert noticed(mill) == []
    first, second = mill.ids("frame")
    here = mill.one("select id from item where parent_id = ? and newest", first)

    def elsewhere(row: Row) -> Result:
        return mill.persons((40, 0, 140, 200) if row["item_id"] == second else (0, 0, 100, 200))(row)

    mill.run("detect", elsewhere, version=2)
    mill.run("embed")
    mill.run("match")
    there = mill.one("select id from item where parent_id = ? and newest", second)
    assert mill.one("select id from item where parent_id = ? and newest", first) == here, "the same person as before"
    assert noticed(mill) == sorted([here, there])
    assert mill.funnel()["mask", "", "person"]["waiting"] == 2
    mill.check()
    mill.run("mask")
    assert noticed(mill) == []
    mill.check()


def test_nobody_looks_again_while_nothing_ran_before_it(workspace: Path) -> None:
    """What stands beside a hundred thousand persons is not compared each time."""
    mill = Mill(workspace)
    mill.put("dance.mp4")
    mill.run_all(upto="mask")
    assert noticed(mill) == []
    mill.db.execute("update outcome set beside = 'older' where kind = 'person' and beside is not null")
    assert noticed(mill) == []
    mill.run("detect", version=2)
    assert len(noticed(mill)) == 2
