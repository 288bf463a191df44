"""detect: who is in a frame, their crops, and what is known of each."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from cutouts import FACE
from PIL import Image
from skimage import data

from tools import detect
from tools.engines.landmarks import landmarks
from tools.framing.crops import Crop, counted, crop_path, cut_sides, padded, places, shot_of
from tools.framing.detection import Detection
from tools.framing.presence import face_sharpness, presences
from tools.framing.view import turn_of, view_of
from tools.media.geometry import Box, Keypoint
from tools.media.image import read_rgb
from tools.mill.settings import UsageError

Run = Callable[..., Any]

FACES = Path(__file__).resolve().parents[2] / "shared" / "faces"
needs_faces = pytest.mark.skipif(not FACES.is_dir(), reason="the photographs of known people are not there")


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
    assert (facts["shot"], facts["source"]) == ("far", "pose")
    assert (facts["box_slack"], facts["box_whole"]) == (0.1, 1)


def face_turned(tip: float) -> np.ndarray:
    """Landmarks of a face 100 px wide at the height of the eyes, the tip of the nose so far from its left edge."""
    points = np.zeros((68, 2))
    points[0:3], points[14:17] = (0, 40), (100, 40)
    points[36:42], points[42:48], points[30] = (30, 40), (70, 40), (tip, 60)
    return points


@pytest.mark.parametrize(
    ("tip", "turn", "view"),
    [
        (50, 0.0, "front"),
        (67.4, 0.348, "front"),
        (67.6, 0.352, "three-quarter"),
        (10.1, -0.798, "three-quarter"),
        (9.9, -0.802, "side"),
        (-20, -1.0, "side"),
    ],
)
def test_the_view_is_told_by_where_the_nose_stands(tip: float, turn: float, view: str) -> None:
    found = turn_of(face_turned(tip))
    assert found == pytest.approx(turn)
    assert view_of(found) == view
    tilted = face_turned(tip) @ np.array([[0.8, 0.6], [-0.6, 0.8]])  # the head leans to one side
    assert turn_of(tilted) == pytest.approx(turn)


@needs_faces
def test_a_mirrored_face_is_turned_the_other_way() -> None:
    picture = read_rgb(FACES / "known" / "kit_harington" / "john2.jpeg")  # he looks past the camera, to the left
    face = Box(284, 98, 470, 285)
    turn = turn_of(landmarks(picture, face))
    width = picture.shape[1]
    mirrored = turn_of(landmarks(picture[:, ::-1], Box(width - face.x1, face.y0, width - face.x0, face.y1)))
    assert view_of(turn) == view_of(mirrored) == "three-quarter"
    assert turn < 0 < mirrored


def somebody(height_px: float, confidence: float = 0.9, face_px: float | None = None) -> Detection:
    face = None if face_px is None else Box(0, 0, face_px, face_px)
    return Detection(Box(0, 0, 50, height_px), confidence, "face", face)


def test_faces_are_compared_with_faces_and_bodies_with_bodies() -> None:
    people = [somebody(400, face_px=100), somebody(900, face_px=40), somebody(300), somebody(1000, 0.49, face_px=200)]
    found = presences(people, [0.6, 0.9, None, 0.3])
    assert [one.relative_height for one in found] == [1.0, 0.4, pytest.approx(1 / 3), 2.0]
    assert [one.relative_sharpness for one in found] == [1.0, 1.5, None, 0.5]
    assert presences([somebody(100)], [None]) == [(None, 1.0, None)]


def test_a_blurred_face_is_less_sharp_whatever_its_size() -> None:
    picture = np.ascontiguousarray(data.astronaut())
    blurred = np.asarray(cv2.GaussianBlur(picture, (0, 0), 4), np.uint8)
    sharp, soft = (face_sharpness(image, Box(*FACE)) for image in (picture, blurred))
    assert sharp is not None
    assert soft is not None
    assert soft < 0.6 * sharp
    large = np.asarray(cv2.resize(picture, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8)
    assert face_sharpness(large, Box(*FACE).scaled(2)) == pytest.approx(sharp, abs=0.05)
    assert face_sharpness(picture, Box(0, 0, 11, 40)) is None


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
    ((points, view, turn),) = asked(photographed, "select landmarks_json, view, turn from person")
    assert view == "front"
    assert abs(turn) < 0.35
    points = np.array(json.loads(points))
    assert points.shape == (68, 2)
    eyes, mouth = points[36:48], points[48:68]
    x0, y0, x1, y1 = face
    assert x0 < eyes[:, 0].min()
    assert eyes[:, 0].max() < x1
    assert y0 < eyes[:, 1].mean() < (y0 + y1) / 2 < mouth[:, 1].mean() < y1


def test_without_landmarks_the_same_person_has_none(photographed: Path, run_tool: Run) -> None:
    run_tool(photographed, "detect", options={"landmarks": False})
    ((points, view, turn, face),) = asked(photographed, "select landmarks_json, view, turn, face_x0_px from person")
    assert (points, view, turn) == (None, None, None)
    assert face is not None


def test_somebody_small_or_blurred_behind_is_a_bystander(workspace: Path, run_tool: Run) -> None:
    picture = np.zeros((600, 1400, 3), np.uint8) + np.uint8(110)
    her = data.astronaut()[:400, 60:400]
    picture[100:500, 40:380] = her
    picture[100:500, 500:840] = cv2.GaussianBlur(her, (0, 0), 2.5)
    small = cv2.resize(her, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)
    picture[200 : 200 + small.shape[0], 1000 : 1000 + small.shape[1]] = small
    Image.fromarray(picture).save(workspace / "00_raw_photos" / "three.png")
    for name in ("intake", "extract"):
        run_tool(workspace, name)
    run_tool(workspace, "detect", options={"min_relative_height": 0.5})
    question = """select status, reason from outcome join person using (item_id)
    where outcome.kind = 'person' and latest order by box_x0_px"""
    assert asked(workspace, question) == [("ok", None), ("rejected", "bystander"), ("rejected", "bystander")]


@pytest.mark.parametrize(
    ("key", "metric", "reason"),
    [
        ("min_confidence", "confidence", "low_confidence"),
        ("min_height_px", "height_px", "too_small"),
        ("min_relative_height", "relative_height", "bystander"),
        ("min_relative_sharpness", "relative_sharpness", "bystander"),
    ],
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
    run_tool(photographed, "embed")
    assert asked(photographed, "select count(*) from outcome join step on step.id = step_id and tool = 'embed'") == [
        (0,)
    ]
    run_tool(photographed, "detect", options={"max_people": 1})
    run_tool(photographed, "embed")
    assert asked(photographed, "select count(*) from outcome join step on step.id = step_id and tool = 'embed'") == [
        (1,)
    ]


def test_whoever_is_too_improbable_is_no_row(photographed: Path, run_tool: Run) -> None:
    run_tool(photographed, "detect", options={"keep_confidence": 0.9999})
    assert asked(photographed, "select count(*) from item where kind = 'person'") == [(0,)]
    run_tool(photographed, "detect", options={"keep_at_most": 0})
    assert asked(photographed, "select people_seen from detect order by 1 desc limit 1") == [(1,)]
    assert asked(photographed, "select count(*) from item where kind = 'person'") == [(0,)]
