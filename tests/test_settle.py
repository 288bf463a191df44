"""Settle: what has passed and what is live, from outcomes, limits and decisions; the same from whatever went before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from making import Mill

from tools.mill import settle
from tools.mill.manifest import transaction
from tools.mill.tool import OK, Made, Result, rejected

PER_VIDEO = 2


@pytest.fixture
def done(mill: Mill) -> Mill:
    """Two videos, two frames each, one person a frame: worked off to the package."""
    mill.run_all()
    return mill


def made_from(mill: Mill, item_id: int, kind: str) -> list[int]:
    return mill.all(
        """with recursive below (id) as (select ? union all select item.id from below join item on parent_id = below.id)
        select item.id from below join item using (id) where kind = ? and newest order by address""",
        item_id,
        kind,
    )


def packaged_from(mill: Mill, item_id: int) -> list[int]:
    return [item for item in made_from(mill, item_id, "composite") if item in mill.passed("package")]


# --- reject, keep, undo ---


@pytest.mark.parametrize("kind", ["video", "frame", "person", "cutout", "composite"])
def test_a_reject_takes_out_an_item_and_all_that_was_made_from_it(done: Mill, kind: str) -> None:
    item_id = done.ids(kind)[0]
    out = packaged_from(done, item_id)
    before = done.passed("package")
    done.decide("reject", item_id, why="eyes closed")
    assert out
    assert done.passed("package") == [item for item in before if item not in out]
    assert not any(row["waiting"] for row in done.funnel().values()), "there is nothing to do anew"
    assert set(done.run_all().values()) == {0}
    done.check()
    done.decide("undo", item_id)
    assert done.passed("package") == before
    assert set(done.run_all().values()) == {0}
    done.check()


def test_a_reject_shows_in_the_funnel_as_the_persons(done: Mill) -> None:
    done.decide("reject", done.ids("cutout")[0])
    assert done.all("select tool, kind, reason, n from failures") == [("mask", "cutout", "rejected_by_hand", 1)]
    assert done.funnel()["mask", "", "cutout"]["rejected"] == 1
    assert done.funnel()["score", "", "cutout"]["inputs"] == 3


def test_a_keep_overrides_limits_on_the_item_and_on_all_that_is_made_from_it(mill: Mill) -> None:
    small = iter([100, 720])
    mill.run("intake", lambda row: Result(facts=mill.facts("video"), measures={"short_side_px": next(small)}))
    first, second = mill.ids("video")
    assert mill.passed("intake") == [second]
    mill.decide("keep", first)
    assert mill.passed("intake") == [first, second]
    mill.run_all(upto="mask")
    mill.run("score", lambda row: Result(measures={"sharpness": 0.1}))
    mill.run_all()
    assert mill.passed("score") == made_from(mill, first, "cutout")
    assert len(mill.passed("package")) == PER_VIDEO
    assert mill.outcome("score", mill.passed("score")[0])["reason"] == "blurry", "what the limits said is not forgotten"
    mill.check()
    mill.decide("undo", first)
    assert mill.passed("intake") == [second]
    assert mill.passed("package") == []
    mill.check()


def test_the_nearest_decision_wins(done: Mill) -> None:
    """Reject the video, keep one frame: that frame lives, and a person rejected in it does not."""
    video = done.ids("video")[0]
    kept, other = made_from(done, video, "frame")
    done.decide("reject", video)
    assert packaged_from(done, video) == []
    done.decide("keep", kept)
    assert packaged_from(done, video) == packaged_from(done, kept) != []
    assert packaged_from(done, other) == []
    done.check()
    person = made_from(done, kept, "person")[0]
    done.decide("reject", person)
    assert packaged_from(done, video) == []
    done.check()
    cutout = made_from(done, person, "cutout")[0]
    done.decide("keep", cutout)
    assert packaged_from(done, video) == made_from(done, cutout, "composite")
    done.check()
    for item in (cutout, person, kept, video):
        done.decide("undo", item)
    assert len(done.passed("package")) == 2 * PER_VIDEO
    assert set(done.run_all().values()) == {0}
    done.check()


def test_the_last_decision_on_an_item_wins_and_undo_takes_back_one_after_the_other(done: Mill) -> None:
    item_id = done.ids("cutout")[0]
    done.bound("score", min_sharpness=0.9)
    for verdict in ("keep", "reject", "keep"):
        done.decide(verdict, item_id)
    assert done.passed("score") == [item_id]
    for passed in ([], [item_id], []):
        done.decide("undo", item_id)
        assert done.passed("score") == passed
    assert done.all("select verdict from decision order by id") == ["keep", "reject", "keep", "undo", "undo", "undo"]
    done.check()


def test_a_decision_holds_from_the_first_recording_on(mill: Mill) -> None:
    """What is made anew at a decided address is settled in the batch that records it."""
    mill.run_all()
    frame = mill.ids("frame")[0]
    mill.decide("reject", frame)
    mill.run("extract", mill.frames(2, "other"), version=2, batch=1, check=True)
    done = mill.run_all(batch=1, check=True)
    assert done["detect"] == 3
    assert len(mill.passed("package")) == 3
    assert mill.one("select count(*) from outcome where decision_id is not null and latest and live") == 1
    mill.check()


# --- what no decision can do ---


def test_a_defect_is_not_kept_by_a_decision_on_what_it_was_made_from(mill: Mill) -> None:
    """On the item itself the command refuses; from above it does not reach."""
    mill.run_all(upto="match")
    empty = mill.ids("person")[0]
    mill.decide("keep", *mill.ids("video"))

    def answer(row: Any) -> Result:
        if row["item_id"] == empty:
            return Result(rejected("empty_mask", "The mask is empty."))
        return Result(made=(mill.cutout(row, measures={"coverage": 0.01}),))

    mill.run("mask", answer)
    assert mill.outcome("mask", empty)["passed"] == 0
    assert len(mill.passed("mask")) == 3 + 3, "limits do not hold below a keep"
    mill.check()


def test_a_choice_is_not_overridden_by_a_keep_above(done: Mill) -> None:
    chosen = done.ids("cutout")[:1]

    def choose(row: Any) -> Result:
        return Result(OK if row["item_id"] in chosen else rejected("over_quota", "The set has its 1 images."))

    done.run("select", choose, version=2)
    assert done.passed("select") == chosen
    done.decide("keep", done.ids("video")[1])
    assert done.passed("select") == chosen
    done.check()


# --- datasets ---


@pytest.fixture
def two(workspace: Path) -> Mill:
    """A workspace with two datasets, worked off."""
    (workspace / "config.toml").write_text("[dataset.emma]\n[dataset.max]\n")
    mill = Mill(workspace)
    mill.put("a.mp4", "b.mp4")
    mill.run_all()
    return mill


def test_a_decision_for_one_dataset_leaves_the_others_alone(two: Mill) -> None:
    cutout = two.ids("cutout")[0]
    before = {name: two.passed("package", name) for name in ("emma", "max")}
    two.decide("reject", cutout, dataset="emma")
    assert len(two.passed("package", "emma")) == len(before["emma"]) - 1
    assert two.passed("package", "max") == before["max"]
    assert cutout in two.passed("score"), "the shared steps do not hear of it"
    two.check()
    two.decide("keep", cutout)
    assert two.passed("package", "emma") == before["emma"], "said later, for all"
    two.decide("undo", cutout)
    assert len(two.passed("package", "emma")) == len(before["emma"]) - 1
    two.decide("undo", cutout, dataset="emma")
    assert two.passed("package", "emma") == before["emma"]
    two.check()


def test_what_falls_in_one_dataset_stands_in_the_others_at_every_moment(two: Mill) -> None:
    before = two.passed("package", "max")
    recorder = two.recorder("select", "emma", version=2)
    rows = two.queue("select", "emma")
    from tools.mill.record import Entry

    with transaction(two.db):
        recorder.record([Entry(row, Result(rejected("over_quota", "Full.")), 0.1) for row in rows])
    assert two.passed("package", "max") == before
    assert two.passed("package", "emma") == []
    two.check(at_rest=False)
    two.settle()
    two.check()


def test_a_dataset_that_is_gone_from_the_configuration_comes_back_without_work(two: Mill, workspace: Path) -> None:
    from tools.mill import settings, steps

    before = two.passed("package", "max")
    for text, names in (("[dataset.emma]\n", {"emma"}), ("[dataset.emma]\n[dataset.max]\n", {"emma", "max"})):
        (workspace / "config.toml").write_text(text)
        two.settings = settings.load(workspace, {})
        steps.ensure(two.db, two.settings, "intake", "")
        two.settle()
        assert {row["dataset"] for row in two.funnel().values()} == {"", *names}
        two.check()
    assert two.passed("package", "max") == before
    assert set(two.run_all().values()) == {0}


# --- sources that go and come ---


def test_a_vanished_source_takes_all_its_own_along_and_brings_it_back(done: Mill) -> None:
    before = done.passed("package")
    kept = done.base / "kept"
    path = done.base / "00_raw_videos" / "a.mp4"
    gone = packaged_from(done, done.one("select id from item where path = '00_raw_videos/a.mp4'"))
    path.rename(kept)
    done.refresh()
    assert done.passed("package") == [item for item in before if item not in gone]
    done.check()
    kept.rename(path)
    done.refresh()
    assert done.passed("package") == before
    assert set(done.run_all().values()) == {0}
    done.check()


# --- and then ---


def test_settling_again_changes_nothing(done: Mill) -> None:
    done.decide("reject", done.ids("frame")[1])
    before = done.all("select id, live, passed, decision_id from outcome")
    with transaction(done.db):
        settle.settle(done.db)
    assert done.all("select id, live, passed, decision_id from outcome") == before


def test_what_a_keep_brings_in_waits_for_the_later_steps(mill: Mill) -> None:
    mill.run_all(upto="mask")
    mill.run("score", lambda row: Result(measures={"sharpness": 0.1}))
    assert mill.passed("score") == []
    mill.decide("keep", mill.ids("cutout")[0])
    assert mill.funnel()["select", "default", "cutout"]["waiting"] == 1
    assert set(mill.run_all().values()) == {0, 1}
    assert len(mill.passed("package")) == 1


def test_an_output_without_a_file_is_out(mill: Mill) -> None:
    mill.run("intake")
    mill.run(
        "extract",
        lambda row: Result(
            made=(Made("frame", f"{row['address']}/t000000.000000", verdict=rejected("near_duplicate")),)
        ),
    )
    assert mill.passed("extract") == mill.ids("video")
    mill.decide("keep", *mill.ids("video"))
    assert mill.passed("extract") == mill.ids("video")
    mill.check()
