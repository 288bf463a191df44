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


def test_another_logo_over_the_same_frames_makes_cutouts_wait_again(workspace: Path) -> None:
    """What is burnt in is found out over a whole shot, so that the frames themselves stay what they are."""
    mill = Mill(workspace)
    mill.put("dance.mp4")
    mill.run_all(upto="score")
    step = mill.step("score")
    steps.notice(mill.db, "score", "", step["id"], None)
    assert mill.queue("score") == []

    def with_logo(row: Row) -> Result:
        return Result(made=tuple(mill.frame(row, n, measures={"overlays_json": "[[0, 0, 9, 9]]"}) for n in range(2)))

    cutouts = mill.ids("cutout")
    mill.run("extract", with_logo, version=2)
    mill.run_all(upto="mask")
    assert mill.ids("cutout") == cutouts
    steps.notice(mill.db, "score", "", step["id"], None)
    assert [row["item_id"] for row in mill.queue("score")] == cutouts
    mill.run("score")
    steps.notice(mill.db, "score", "", step["id"], None)
    assert mill.queue("score") == []
    mill.check()
