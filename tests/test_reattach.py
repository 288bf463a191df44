"""Re-attachment: a decision on a person survives a detector that moves the box, and is never lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from making import Mill

from tools.mill.manifest import sql
from tools.mill.reattach import MIN_IOU, Box, iou
from tools.mill.tool import Result, Row

Bounds = tuple[float, float, float, float]
MEANT: Bounds = (0.0, 0.0, 100.0, 200.0)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (MEANT, MEANT, 1.0),
        (MEANT, (0, 0, 100, 100), 0.5),
        (MEANT, (50, 0, 150, 200), 1 / 3),
        (MEANT, (25, 50, 75, 150), 0.25),
        (MEANT, (100, 0, 200, 200), 0.0),
        (MEANT, (101, 0, 200, 200), 0.0),
        (MEANT, (0, 200, 100, 300), 0.0),
        (MEANT, (0, 0, 0, 0), 0.0),
    ],
    ids=str,
)
def test_intersection_over_union(a: Bounds, b: Bounds, expected: float) -> None:
    assert iou(Box(*a), Box(*b)) == pytest.approx(expected)
    assert iou(Box(*b), Box(*a)) == pytest.approx(expected)


def adrift(mill: Mill) -> list[int]:
    return [row["decision_id"] for row in mill.db.execute(sql("queries/decisions_adrift"))]


def redetect(mill: Mill, *boxes: Bounds) -> None:
    """Another version of the detector finds these persons in every frame; everything below follows."""
    mill.run("detect", mill.persons(*boxes, content=str(boxes)), version=mill.versions["detect"] + 1)
    mill.run_all()
    mill.check()


@pytest.fixture
def rejected(mill: Mill) -> Mill:
    """One of four persons was rejected by hand, in the first frame."""
    mill.run_all()
    mill.decide("reject", mill.ids("person")[0])
    assert len(mill.passed("package")) == 3
    return mill


HALF: Bounds = (0.0, 0.0, 100.0, 100.0)
LESS: Bounds = (0.0, 0.0, 100.0, 99.0)


@pytest.mark.parametrize(("box", "found"), [(HALF, True), (LESS, False)], ids=["just enough", "just not"])
def test_it_goes_with_who_overlaps_by_half(rejected: Mill, box: Bounds, found: bool) -> None:
    assert (iou(Box(*MEANT), Box(*box)) >= MIN_IOU) is found
    redetect(rejected, box)
    assert len(rejected.passed("package")) == (3 if found else 4)
    assert adrift(rejected) == ([] if found else [1])
    redetect(rejected, MEANT)
    assert len(rejected.passed("package")) == 3, "it holds again when the box is back"
    assert adrift(rejected) == []


def test_of_several_it_goes_with_who_overlaps_most(rejected: Mill) -> None:
    redetect(rejected, (0, 0, 100, 190), (0, 0, 100, 170))
    out = rejected.all(
        """select person.box_y1_px from outcome join person using (item_id) join item on item.id = outcome.item_id
        where decision_id = 1 and latest and live and item.kind = 'person'"""
    )
    assert set(out) == {190.0}
    assert len(rejected.passed("package")) == 7


def test_it_stays_in_its_frame(rejected: Mill) -> None:
    decided = """select distinct parent_id from item join outcome on outcome.item_id = item.id
        where decision_id = 1 and latest and live and item.kind = 'person'"""
    frames = rejected.all(decided)
    redetect(rejected, (0, 0, 100, 190))
    assert rejected.all(decided) == frames == rejected.ids("frame")[:1]


def test_whoever_stands_at_its_address_has_it(rejected: Mill) -> None:
    """Nothing is searched where the address itself is in force, though another overlaps more."""
    redetect(rejected, (30, 60, 70, 140), (0, 0, 100, 190))
    decided = "select box_x0_px from outcome join person using (item_id) where decision_id = 1 and latest"
    assert rejected.all(decided) == [30.0]


def test_a_decision_on_a_cutout_goes_along_too(mill: Mill) -> None:
    mill.run_all()
    mill.decide("reject", mill.ids("cutout")[0])
    redetect(mill, (0, 0, 100, 190))
    assert len(mill.passed("package")) == 3
    assert mill.all(
        "select item.kind from outcome join item on item.id = item_id where decision_id = 1 and latest and not passed"
    ) == ["cutout"]
    redetect(mill, LESS)
    assert len(mill.passed("package")) == 4
    assert adrift(mill) == [1]


def test_a_decision_on_a_composite_goes_along_too(mill: Mill) -> None:
    mill.run_all()
    mill.decide("reject", mill.ids("composite")[0])
    redetect(mill, (0, 0, 100, 190))
    assert len(mill.passed("package")) == 3


def test_of_two_decisions_that_meet_in_one_person_the_later_wins(mill: Mill) -> None:
    mill.run("intake")
    mill.run("extract")
    mill.run("detect", mill.persons(MEANT, (0, 0, 100, 180)))
    mill.run_all()
    first, second = mill.ids("person")[:2]
    mill.decide("reject", first)
    mill.decide("keep", second)
    redetect(mill, (0, 0, 100, 190))
    assert len(mill.passed("package")) == 4
    mill.decide("undo", mill.ids("person")[0])
    assert len(mill.passed("package")) == 3, "the keep is taken back, the reject stands"
    mill.decide("undo", mill.ids("person")[0])
    assert len(mill.passed("package")) == 4
    assert mill.all("select undoes is not null from decision order by id") == [0, 0, 1, 1]


def test_undo_finds_a_decision_that_came_from_another_address(rejected: Mill) -> None:
    redetect(rejected, (0, 0, 100, 190))
    rejected.decide("undo", rejected.ids("person")[0])
    rejected.run_all()
    assert len(rejected.passed("package")) == 4
    redetect(rejected, MEANT)
    assert len(rejected.passed("package")) == 4


def test_a_decision_on_a_vanished_source_is_adrift_until_it_is_back(mill: Mill) -> None:
    mill.run_all()
    mill.decide("reject", mill.one("select id from item where path = '00_raw_videos/a.mp4'"))
    assert len(mill.passed("package")) == 2
    path, kept = mill.base / "00_raw_videos" / "a.mp4", mill.base / "kept"
    path.rename(kept)
    mill.refresh()
    assert adrift(mill) == [1]
    kept.rename(path)
    mill.refresh()
    assert adrift(mill) == []
    assert len(mill.passed("package")) == 2


def test_frames_whose_addresses_begin_alike_are_not_mixed_up(mill: Mill) -> None:
    """`…/t000001.000000` and `…/t000001.0000001` would both begin with the first."""
    mill.run("intake")

    def frames(row: Row) -> Result:
        plain = mill.frame(row, 1)
        return Result(made=(plain, replace(mill.frame(row, 1, "b"), address=f"{plain.address}1")))

    mill.run("extract", frames)
    mill.run_all()
    meant, other = mill.ids("frame")[:2]
    mill.decide("reject", mill.ids("person")[0])

    def persons(row: Row) -> Result:
        box: Bounds = (0, 0, 100, 180) if row["item_id"] == meant else (0, 0, 100, 199)
        return mill.persons(box)(row)

    mill.run("detect", persons, version=2)
    mill.run_all()
    out = mill.all(
        "select parent_id from item join outcome on item_id = item.id where decision_id = 1 and latest and live"
    )
    assert out == [meant] != [other]
