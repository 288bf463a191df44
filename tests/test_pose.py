"""What keypoints tell: hand-drawn people on photographs, and stick figures on both sides of each threshold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tools.framing import pose
from tools.media.geometry import Box, Keypoint

SHARED = Path(__file__).resolve().parents[2] / "shared"
COCO = SHARED / "coco" / "annotations.json"

NAMES = {
    name: index
    for index, name in enumerate(
        (
            *("nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder"),
            *("left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip"),
            *("left_knee", "right_knee", "left_ankle", "right_ankle"),
        )
    )
}

Points = Mapping[str, tuple[float, float]]

STANDING: Points = {
    "nose": (100, 60),
    "left_eye": (107, 52),
    "right_eye": (93, 52),
    "left_ear": (116, 56),
    "right_ear": (84, 56),
    "left_shoulder": (140, 100),
    "right_shoulder": (60, 100),
    "left_elbow": (150, 155),
    "right_elbow": (50, 155),
    "left_wrist": (150, 205),
    "right_wrist": (50, 205),
    "left_hip": (124, 200),
    "right_hip": (76, 200),
    "left_knee": (124, 285),
    "right_knee": (76, 285),
    "left_ankle": (124, 370),
    "right_ankle": (76, 370),
}
"""Somebody 347 px tall who faces us."""


def figure(points: Points, **moved: tuple[float, float] | None) -> tuple[Keypoint, ...]:
    """Keypoints of a figure, some moved or (None) hidden."""
    places = {**points, **moved}
    found = [Keypoint(0.0, 0.0, 0.0)] * 17
    for name, place in places.items():
        if place is not None:
            found[NAMES[name]] = Keypoint(float(place[0]), float(place[1]), 0.9)
    return tuple(found)


def hidden(*names: str) -> dict[str, None]:
    return dict.fromkeys(names)


HEADLESS = hidden("nose", "left_eye", "right_eye", "left_ear", "right_ear")


# Size


def test_the_face_lies_around_the_nose_and_is_as_large_as_the_eyes_and_ears_say() -> None:
    by_ears = 1.05 * 32
    assert pose.head_box(figure(STANDING)) == Box(
        100 - by_ears / 2, 60 - by_ears / 2, 100 + by_ears / 2, 60 + by_ears / 2
    )
    by_eyes = 2.35 * 14
    assert pose.face_height(figure(STANDING, **hidden("left_ear", "right_ear"))) == pytest.approx(by_eyes)


@pytest.mark.parametrize(
    ("missing", "shows"),
    [
        (("nose",), False),
        (("left_eye", "right_eye"), True),
        (("left_eye", "right_eye", "left_ear"), False),
        (("left_eye", "left_ear"), True),
    ],
)
def test_a_face_shows_with_the_nose_and_an_eye_or_both_ears(missing: tuple[str, ...], shows: bool) -> None:
    assert (pose.head_box(figure(STANDING, **hidden(*missing))) is not None) == shows


@pytest.mark.parametrize(("apart", "shows"), [(72.0, True), (74.0, False)])
def test_a_head_too_large_for_the_body_is_no_face(apart: float, shows: bool) -> None:
    """0.22 of a stature of 347 px is 76.4 px: ears 72.8 px apart."""
    points = figure(STANDING, left_ear=(100 + apart / 2, 56), right_ear=(100 - apart / 2, 56))
    assert pose.stature(points) == pytest.approx(100 / 0.288)
    assert (pose.head_box(points) is not None) == shows


@pytest.mark.parametrize(("nose", "shows"), [(14.0, True), (12.0, False)])
def test_a_head_too_far_from_the_shoulders_is_no_face(nose: float, shows: bool) -> None:
    """A quarter of the stature of 347 px is 86.8 px; the shoulders are at 100."""
    points = figure(STANDING, nose=(100, nose), left_eye=(107, nose - 8), right_eye=(93, nose - 8))
    assert (pose.head_box(points) is not None) == shows


def test_a_keypoint_counts_from_one_half_on() -> None:
    points = list(figure(STANDING))
    points[NAMES["nose"]] = Keypoint(100.0, 60.0, 0.5)
    assert pose.head_box(points) is not None
    points[NAMES["nose"]] = Keypoint(100.0, 60.0, 0.4999)
    assert pose.head_box(points) is None


def test_stature_is_that_of_the_part_that_points_at_us_least() -> None:
    away = figure(STANDING, **hidden("left_shoulder", "right_shoulder"))
    assert pose.stature(away) == pytest.approx(85 / 0.245)
    assert pose.stature(figure({}, nose=(1, 1))) is None


def test_without_a_face_its_size_is_a_tenth_of_the_stature() -> None:
    box = pose.supposed_face(figure(STANDING, **HEADLESS))
    assert box is not None
    assert box.height == pytest.approx(0.1 * 100 / 0.288)
    assert box.centre == pytest.approx((100.0, 100.0 - box.height))
    assert pose.supposed_face(figure({})) is None


@pytest.mark.skipif(not COCO.exists(), reason="the photographs in ../shared are not there")
def test_on_photographs_head_and_body_agree_about_the_size_of_the_face() -> None:
    """Adults of COCO who are drawn with face and trunk: two ways to the same length, within a third."""
    people = json.loads(COCO.read_text(encoding="utf-8"))["annotations"]
    ratios = []
    for each in people:
        if each["num_keypoints"] >= 13:
            values = each["keypoints"]
            points = [
                Keypoint(x, y, float(seen > 0))
                for x, y, seen in zip(*(values[axis::3] for axis in range(3)), strict=True)
            ]
            head, body = pose.head_box(points), pose.supposed_face(points)
            if head and body:
                ratios.append(head.height / body.height)
    assert len(ratios) >= 9
    assert sum(0.67 < ratio < 1.5 for ratio in ratios) >= len(ratios) - 1


# View


@pytest.mark.parametrize(
    ("moved", "expected"),
    [
        ({}, "front"),
        ({"nose": (105.5, 60)}, "front"),
        ({"nose": (105.7, 60)}, "three-quarter"),
        ({"nose": (112.7, 60)}, "three-quarter"),
        ({"nose": (112.9, 60)}, "side"),
        (hidden("left_ear", "right_ear"), "front"),
        (hidden("left_ear"), "three-quarter"),
        ({**hidden("left_ear"), "left_eye": (96.5, 52)}, "side"),
        (hidden("left_ear", "left_eye"), "side"),
    ],
)
def test_the_view_of_a_face(moved: dict[str, Any], expected: str) -> None:
    """The nose turns by 0.35 of the 16 px between the middle and an ear: 105.6; by 0.8: 112.8."""
    assert pose.view(figure(STANDING, **moved)) == expected


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (140, 60, "front"),
        (60, 140, "back"),
        (112, 88, "side"),
        (87, 113, "back"),
        (113, 87, "front"),
        (88, 112, "side"),
    ],
)
def test_the_view_of_somebody_who_shows_no_face(left: float, right: float, expected: str) -> None:
    """A quarter of the trunk's 100 px divides the side from front and back."""
    points = figure(STANDING, left_shoulder=(left, 100), right_shoulder=(right, 100), **HEADLESS)
    assert pose.view(points) == expected


def test_without_face_and_shoulders_nobody_can_tell() -> None:
    assert pose.view(figure(STANDING, **HEADLESS, **hidden("left_shoulder"))) is None


# Pose


def test_who_stands() -> None:
    assert pose.posture(figure(STANDING)) == "standing"


@pytest.mark.parametrize(("knee", "expected"), [(246.0, "standing"), (244.0, "sitting")])
def test_level_thighs_sit(knee: float, expected: str) -> None:
    moved = {"left_knee": (150, knee), "right_knee": (50, knee), "left_ankle": (150, 330), "right_ankle": (50, 330)}
    assert pose.posture(figure(STANDING, **moved)) == expected


@pytest.mark.parametrize(
    ("ankle", "expected"),
    [((100, 249), "crouching"), ((100, 251), "sitting"), ((139, 240), "crouching"), ((141, 240), "sitting")],
)
def test_feet_drawn_in_below_the_hips_crouch(ankle: tuple[float, float], expected: str) -> None:
    moved = {"left_knee": (100, 190), "right_knee": (100, 190), "left_ankle": ankle, "right_ankle": ankle}
    assert pose.posture(figure(STANDING, **moved)) == expected


def lying() -> dict[str, tuple[float, float]]:
    """The standing figure, turned by 90 degrees."""
    return {name: (y, x) for name, (x, y) in STANDING.items()}


def test_who_lies() -> None:
    assert pose.posture(figure(lying())) == "lying"
    assert pose.posture(figure(lying(), **hidden("left_knee", "right_knee", "left_ankle", "right_ankle"))) == "lying"


def test_who_bends_over_upright_legs() -> None:
    moved = {"left_shoulder": (200, 190), "right_shoulder": (200, 170)}
    assert pose.posture(figure(STANDING, **moved)) == "bending"


def test_without_legs_or_trunk_nobody_can_tell() -> None:
    assert pose.posture(figure(STANDING, **hidden("left_knee", "right_knee"))) is None
    assert pose.posture(figure(STANDING, **hidden("left_hip", "right_hip"))) is None


@pytest.mark.parametrize(
    ("wrist", "expected"),
    [((150, 51), "up"), ((150, 53), "down"), ((205, 150), "out"), ((203, 150), "down"), (None, "down")],
)
def test_arms(wrist: tuple[float, float] | None, expected: str) -> None:
    """Up: above the eyes at 52. Out: 0.3 of the stature of 347 px beside the middle at 100: beyond 204.2."""
    assert pose.arms(figure(STANDING, left_wrist=wrist)) == expected


def test_without_hands_nobody_can_tell_of_arms() -> None:
    assert pose.arms(figure(STANDING, **hidden("left_wrist", "right_wrist"))) is None


# How much shows


def test_how_far_down_somebody_is_seen() -> None:
    steps = [
        ("full", ()),
        ("knees", ("left_ankle", "right_ankle")),
        ("waist", ("left_knee", "right_knee")),
        ("bust", ("left_hip", "right_hip")),
        ("head", ("left_shoulder", "right_shoulder")),
        (None, tuple(HEADLESS)),
    ]
    gone: dict[str, None] = {}
    for expected, names in steps:
        gone |= hidden(*names)
        assert pose.extent(figure(STANDING, **gone)) == expected


def test_which_parts_are_seen() -> None:
    assert pose.parts(figure(STANDING)) == ("face", "shoulders", "hands", "hips", "knees", "feet")
    assert pose.parts(figure(STANDING, **hidden("left_eye", "right_eye"))) == (
        "shoulders",
        "hands",
        "hips",
        "knees",
        "feet",
    )
    assert pose.parts(figure({}, right_ankle=(1, 1))) == ("feet",)
    assert pose.parts(figure({})) == ()


@pytest.mark.skipif(not COCO.exists(), reason="the photographs in ../shared are not there")
@pytest.mark.parametrize(
    ("identity", "view", "posture"),
    [
        (442619, "front", "standing"),
        (198196, "three-quarter", "sitting"),
        (230195, "front", "sitting"),
        (460541, "side", "standing"),
        (1717641, "back", "crouching"),
    ],
)
def test_on_photographs_view_and_pose_are_what_one_sees(identity: int, view: str, posture: str) -> None:
    """A skier, two men on chairs, a batter, and the catcher behind him, from COCO, with keypoints drawn by hand."""
    people = {each["id"]: each for each in json.loads(COCO.read_text(encoding="utf-8"))["annotations"]}
    values = people[identity]["keypoints"]
    points = [
        Keypoint(x, y, float(seen > 0)) for x, y, seen in zip(*(values[axis::3] for axis in range(3)), strict=True)
    ]
    told = pose.facts(points)
    assert (told.view, told.posture) == (view, posture)


FACES = SHARED / "faces" / "known"


@pytest.mark.skipif(not FACES.exists(), reason="the photographs of faces in ../shared are not there")
@pytest.mark.parametrize("name", ["biden/biden.jpg", "obama/obama.jpg", "rose_leslie/img1.jpg"])
def test_a_face_found_by_keypoints_is_as_good_for_telling_who_it_is(name: str) -> None:
    """The embedding from the keypoints' box lies far nearer to that from dlib's box than two photos of one person."""
    import cv2
    import dlib
    import numpy as np

    from tools.engines import weights_path
    from tools.engines.faces import Faces
    from tools.engines.protocols import MatchJob

    image = np.ascontiguousarray(cv2.imread(str(FACES / name))[..., ::-1])
    faces = Faces()
    box = faces.faces(image)[0]
    predictor = dlib.shape_predictor(str(weights_path("shape_predictor_68_face_landmarks.dat")))
    corners = (round(value) for value in (box.x0, box.y0, box.x1 - 1, box.y1 - 1))
    marks = np.asarray([(mark.x, mark.y) for mark in predictor(image, dlib.rectangle(*corners)).parts()], np.float64)
    places = {"nose": marks[30], "left_eye": marks[42:48].mean(axis=0), "right_eye": marks[36:42].mean(axis=0)}
    found = pose.head_box(figure({part: (float(x), float(y)) for part, (x, y) in places.items()}))
    assert found is not None
    ((own,), (theirs,)) = faces.run([MatchJob(image, found), MatchJob(image, box)])
    assert np.linalg.norm(own.embedding - theirs.embedding) < 0.15
