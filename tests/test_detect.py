"""detect: who is in a frame, their crops, and what is known of each."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cutouts import FACE
from PIL import Image
from skimage import data

from tools import detect
from tools.engines.protocols import Box, Detection, Keypoint
from tools.media.image import read_rgb
from tools.mill.settings import UsageError
from tools.people.framing import Crop, counted, crop_path, cut_sides, padded, places, shot_of

Run = Callable[..., Any]


# Geometry


def test_a_crop_has_room_around_the_box_and_above_the_head() -> None:
    assert padded(Box(400, 300, 500, 500), 1000, 1000, 0.15, 0.25) == Crop(385, 250, 515, 530)


def test_a_crop_never_goes_beyond_the_frame() -> None:
    assert padded(Box(-5, 10, 700.5, 470), 640, 480, 0.15, 0.25) == Crop(0, 0, 640, 480)


@pytest.mark.parametrize(
    ("face_px", "shot"), [(60, "close"), (59.9, "mid"), (30, "mid"), (29.9, "far"), (None, "unknown")]
)
def test_the_shot_is_told_by_the_face_height(face_px: float | None, shot: str) -> None:
    face = None if face_px is None else Box(0, 0, 50, face_px)
    assert shot_of(face, Crop(0, 0, 100, 200), "face", 0.30, 0.15) == shot


@pytest.mark.parametrize(("side_px", "shot"), [(50, "close"), (49.9, "mid"), (28.3, "mid"), (28.2, "far")])
def test_the_shot_may_be_told_by_the_face_area(side_px: float, shot: str) -> None:
    assert shot_of(Box(0, 0, side_px, side_px), Crop(0, 0, 100, 100), "area", 0.30, 0.15) == shot


def test_an_unknown_shot_rule_is_a_sentence() -> None:
    with pytest.raises(UsageError) as raised:
        detect.Params(shot_rule="head")
    assert str(raised.value) == "[detect] shot_rule is 'head', which is none. There are: face, area."


def test_sides_are_cut_where_the_box_reaches_the_frame() -> None:
    reaching = cut_sides(Box(2, 40, 102, 298), 640, 300)
    assert reaching == {"cut_left": 1, "cut_top": 0, "cut_right": 0, "cut_bottom": 1}
    inside = cut_sides(Box(2.1, 5.9, 102.1, 294.1), 640, 300)
    assert inside == {"cut_left": 0, "cut_top": 0, "cut_right": 0, "cut_bottom": 0}


def test_a_place_is_the_box_centre_and_the_second_in_one_place_has_a_letter() -> None:
    box = Box(500, 300, 524, 394)
    found = places([box, Box(0, 0, 0.4, 0.4), box.moved(0.2, 0.2), box, Box(998, 996, 1002, 1004)], 1000, 1000)
    assert found == ["p0512-0347", "p0000-0000", "p0512-0347b", "p0512-0347c", "p1000-1000"]


def test_a_crowd_far_behind_does_not_count() -> None:
    near, half, small = Box(0, 0, 50, 200), Box(0, 0, 50, 100), Box(0, 0, 50, 99)
    assert counted([near, half, small], [0.9, 0.5, 0.9]) == 2
    assert counted([near, half, small], [0.49, 0.9, 0.9]) == 2
    assert counted([], []) == 0


def test_a_path_carries_source_time_place_and_bytes() -> None:
    address = "0123456789abcdef0123456789abcdef/t000012.345678/p0512-0347"
    assert crop_path("02_person_crops", address, "f" * 64, "webp") == (
        "02_person_crops/0123456789ab/000012.345678_p0512-0347_ffffffffffff.webp"
    )


def test_facts_are_in_pixels_of_the_crop_but_for_the_box() -> None:
    person = Detection(
        Box(400, 300, 500, 500),
        0.9,
        "pose",
        Box(440.126, 310, 460, 330),
        tuple(Keypoint(450 + index, 320, 0.5) for index in range(17)),
        slack=0.1,
    )
    beside = Detection(Box(480, 310, 600, 500), 0.8, "people")
    far = Detection(Box(700, 310, 800, 500), 0.8, "people")
    facts = detect.facts(person, [beside, far], (1000, 1000), detect.Params())
    assert [facts[f"box_{edge}_px"] for edge in ("x0", "y0", "x1", "y1")] == [400, 300, 500, 500]
    assert [facts[f"face_{edge}_px"] for edge in ("x0", "y0", "x1", "y1")] == [55.13, 60, 75, 80]
    assert (facts["crop_x_px"], facts["crop_y_px"]) == (385, 250)
    assert json.loads(facts["others_json"]) == [[95, 60, 215, 250], [315, 60, 415, 250]]
    assert json.loads(facts["keypoints_json"])[16] == [81, 70, 0.5]
    assert (facts["shot"], facts["view"], facts["source"]) == ("far", None, "pose")
    assert (facts["box_slack"], facts["box_whole"]) == (0.1, 1)


# The tool, on real pictures


@pytest.fixture
def photographed(workspace: Path, run_tool: Run) -> Path:
    """A workspace with the astronaut and an empty wall, extracted."""
    folder = workspace / "00_raw_photos"
    Image.fromarray(data.astronaut()).save(folder / "astronaut.png")
    Image.new("RGB", (640, 480), (90, 110, 130)).save(folder / "wall.png")
    run_tool(workspace, "intake")
    run_tool(workspace, "extract")
    return workspace


def asked(base: Path, question: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(base / "manifest.db") as db:
        return db.execute(question).fetchall()


OUTCOMES = """select outcome.kind, status, reason, people_seen, people_count from outcome
join step on step.id = step_id and tool = 'detect' left join detect on outcome_id = outcome.id
where latest and live order by outcome.kind, reason"""


def test_the_astronaut_is_cropped_and_the_wall_is_nobody(photographed: Path, run_tool: Run) -> None:
    run_tool(photographed, "detect")
    assert asked(photographed, OUTCOMES) == [
        ("frame", "ok", None, 1, 1),
        ("frame", "rejected", "no_person", 0, 0),
        ("person", "ok", None, None, None),
    ]
    ((address, path, width, height),) = asked(
        photographed, "select address, path, width, height from item where kind = 'person'"
    )
    source, time, place = address.split("/")
    assert time == "t000000.000000"
    assert path.startswith(f"02_person_crops/{source[:12]}/000000.000000_{place}_")
    ((crop_x, crop_y, *face, shot, cut),) = asked(
        photographed,
        """select crop_x_px, crop_y_px, face_x0_px, face_y0_px, face_x1_px, face_y1_px, shot,
        cut_left || cut_top || cut_right || cut_bottom from person""",
    )
    crop = read_rgb(photographed / path)
    assert crop.shape == (height, width, 3)
    frame = data.astronaut()[crop_y : crop_y + height, crop_x : crop_x + width]
    assert np.abs(crop.astype(int) - frame).mean() < 4  # twice compressed, and in its place
    assert Box(*face).moved(crop_x, crop_y).iou(Box(*FACE)) > 0.6
    assert shot == "mid"
    assert cut == "0001"


@pytest.mark.parametrize(
    ("key", "metric", "reason"),
    [("min_confidence", "confidence", "low_confidence"), ("min_height_px", "height_px", "too_small")],
)
def test_each_limit_of_a_person_decides_on_both_sides(
    photographed: Path, run_tool: Run, key: str, metric: str, reason: str
) -> None:
    run_tool(photographed, "detect")
    ((value,),) = asked(photographed, f"select {metric} from detect where {metric} is not null")
    persons = "select status, reason from outcome where kind = 'person' and latest"
    run_tool(photographed, "detect", options={key: value + 0.01})
    assert asked(photographed, persons) == [("rejected", reason)]
    run_tool(photographed, "detect", options={key: value - 0.01})
    assert asked(photographed, persons) == [("ok", None)]


def test_who_is_in_a_crowd_goes_no_further(photographed: Path, run_tool: Run) -> None:
    run_tool(photographed, "detect", options={"max_people": 0})
    assert asked(photographed, OUTCOMES)[:2] == [
        ("frame", "rejected", "no_person", 0, 0),
        ("frame", "rejected", "too_many_people", 1, 1),
    ]
    run_tool(photographed, "match")
    assert asked(photographed, "select count(*) from outcome join step on step.id = step_id and tool = 'match'") == [
        (0,)
    ]
    run_tool(photographed, "detect", options={"max_people": 1})
    run_tool(photographed, "match")
    assert asked(photographed, "select count(*) from outcome join step on step.id = step_id and tool = 'match'") == [
        (1,)
    ]


def test_whoever_is_too_improbable_is_no_row(photographed: Path, run_tool: Run) -> None:
    run_tool(photographed, "detect", options={"keep_confidence": 0.9999})
    assert asked(photographed, "select count(*) from item where kind = 'person'") == [(0,)]
    run_tool(photographed, "detect", options={"keep_at_most": 0})
    assert asked(photographed, "select people_seen from detect order by 1 desc limit 1") == [(1,)]
    assert asked(photographed, "select count(*) from item where kind = 'person'") == [(0,)]
