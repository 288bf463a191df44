"""mask: what tells a mask that is plainly wrong, each limit on both sides, and the skull that mends some."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from cutouts import bench
from masking import Pixels, asked, row_of
from PIL import Image
from skimage import data

from tools import mask
from tools.engines.grabcut import GrabCut
from tools.engines.protocols import MaskJob
from tools.matte.skull import skull
from tools.measure import faults
from tools.measure.faults import Sides
from tools.media.geometry import Box
from tools.mill.line import asked_alone

Run = Callable[..., Any]

BOX = Box(50, 100, 150, 300)
NOWHERE, EVERYWHERE = Sides(False, False, False, False), Sides(True, True, True, True)


def face_at(x: float, y: float, turn_deg: float = 0.0) -> tuple[tuple[float, float], ...]:
    """Landmarks of a face 40 px wide with its nasion at x, y and its chin 50 px below, turned in the picture."""
    points = np.zeros((68, 2))
    points[0], points[16], points[8], points[27] = (-20, 0), (20, 0), (0, 50), (0, 0)
    angle = np.radians(turn_deg)
    turned = points @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return tuple((float(px + x), float(py + y)) for px, py in turned)


def opaque_in(*boxes: tuple[int, int, int, int], size: tuple[int, int] = (200, 400)) -> Pixels:
    """An opacity in which the boxes are opaque; size: width and height."""
    found = np.zeros((size[1], size[0]), np.uint8)
    for x0, y0, x1, y1 in boxes:
        found[y0:y1, x0:x1] = 255
    return found


@pytest.mark.parametrize(("turn_deg", "inside"), [(0.0, (100, 55)), (90.0, (145, 100)), (-90.0, (55, 100))])
def test_a_skull_is_above_the_eyes_however_the_head_is_tilted(turn_deg: float, inside: tuple[int, int]) -> None:
    drawn = skull(face_at(100, 100, turn_deg), 200, 200)
    assert drawn[inside[1], inside[0]]
    assert not drawn[200 - inside[1] - 1, 200 - inside[0] - 1]  # the chin's side
    assert np.count_nonzero(drawn) == pytest.approx(np.pi * 20 * 50 / 2, rel=0.06)


def test_a_skull_reaches_back_from_where_a_turned_head_looks() -> None:
    """The nasion moves to the right of the middle between the jaw's ends: the back of the head is on the left."""
    frontal, turned = list(face_at(100, 100)), list(face_at(100, 100))
    turned[27], turned[8] = (115.0, 100.0), (115.0, 150.0)
    columns = [np.flatnonzero(skull(each, 200, 200).any(axis=0)) for each in (frontal, turned)]
    assert columns[1][0] < columns[0][0] - 15
    assert columns[1][-1] == columns[0][-1]


def test_a_face_of_no_size_has_no_skull() -> None:
    assert not skull(((5.0, 5.0),) * 68, 20, 20).any()


def test_the_head_counts_above_the_eyes() -> None:
    points = face_at(100, 100)
    whole = opaque_in((0, 0, 200, 400))
    assert faults.head_share(whole, points) == 1.0
    assert faults.head_share(opaque_in((0, 100, 200, 400)), points) == pytest.approx(0.0, abs=0.03)
    assert faults.head_share(opaque_in((0, 0, 100, 400)), points) == pytest.approx(0.5, abs=0.02)
    assert faults.head_share(whole, None) is None
    assert faults.head_share(whole, face_at(100, -10)) is None


def test_gaps_are_shares_of_the_box() -> None:
    alpha = opaque_in((80, 120, 120, 270))
    assert (faults.crown_gap(alpha, BOX), faults.feet_gap(alpha, BOX)) == pytest.approx((0.1, 0.15))
    beyond = opaque_in((80, 80, 120, 310))
    assert (faults.crown_gap(beyond, BOX), faults.feet_gap(beyond, BOX)) == pytest.approx((-0.1, -0.05))


@pytest.mark.parametrize(("head", "width"), [((90, 0, 110, 20), 0.2), ((50, 0, 150, 20), 1.0)])
def test_the_width_of_the_top_is_that_of_the_widest(head: tuple[int, int, int, int], width: float) -> None:
    assert faults.top_width(opaque_in(head, (50, 20, 150, 400))) == pytest.approx(width)


def test_only_sides_where_the_picture_goes_on_are_straight_edges() -> None:
    alpha = opaque_in((0, 100, 50, 201))  # 101 of its 298 pixels of outline lie on the left side
    assert faults.straight_share(alpha, EVERYWHERE) == pytest.approx(101 / 298)
    assert faults.straight_share(alpha, Sides(False, True, True, True)) == 0.0
    corner = opaque_in((150, 350, 200, 400))  # 50 on each of two sides, with the corner on both; 196 in all
    assert faults.straight_share(corner, EVERYWHERE) == pytest.approx(99 / 196)
    assert faults.straight_share(corner, Sides(False, False, True, False)) == pytest.approx(50 / 196)
    assert faults.straight_share(opaque_in((1, 1, 199, 399)), EVERYWHERE) == 0.0
    assert faults.straight_share(corner, NOWHERE) == 0.0


def test_of_other_faces_the_most_counts() -> None:
    alpha = opaque_in((0, 0, 100, 400))
    inside, half, outside = Box(20, 20, 60, 60), Box(80, 20, 120, 60), Box(120, 20, 160, 60)
    assert faults.other_face_share(alpha, [outside, half]) == pytest.approx(0.5, abs=0.03)
    assert faults.other_face_share(alpha, [outside, inside]) == 1.0
    assert faults.other_face_share(alpha, [outside, Box(300, 20, 340, 60)]) == 0.0
    assert faults.other_face_share(alpha, []) == 0.0
    assert faults.other_face_share(alpha, [Box(-30, 20, 10, 60)]) == pytest.approx(0.25)  # a quarter is in the crop


def veiled(opacity: int, share: float) -> Pixels:
    """A figure of 100 x 300 px with an opaque upper part, and an opacity over the lowest share of its height."""
    found = opaque_in((50, 50, 150, 350))
    found[350 - round(300 * share) : 350, 50:150] = opacity
    return found


@pytest.mark.parametrize("opacity", [faults.NONE + 1, 128, faults.SURE - 1])
def test_a_body_that_one_sees_through_is_translucent(opacity: int) -> None:
    assert faults.translucent_share(veiled(opacity, 1.0)) == 1.0
    assert faults.translucent_share(veiled(opacity, 0.5)) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("opacity", [0, faults.NONE, faults.SURE, 255])
def test_what_is_sure_or_none_is_not_translucent(opacity: int) -> None:
    assert faults.translucent_share(veiled(opacity, 0.5)) == 0.0


def test_a_soft_outline_and_soft_holes_are_not_translucent() -> None:
    figure = opaque_in((50, 50, 150, 350))
    figure[150:250, 80:120] = 0
    soft = cv2.GaussianBlur(figure, (0, 0), 4.0).astype(np.uint8)
    assert np.count_nonzero((soft > faults.NONE) & (soft < faults.SURE)) > 3000
    assert faults.translucent_share(soft) == 0.0


def test_a_side_of_the_crop_is_no_outline() -> None:
    """A veil 8 px wide lies within the rim of 9 px of an outline, but not along a side of the crop."""
    for x0, translucent in ((50, False), (0, True)):
        figure = opaque_in((x0, 50, x0 + 100, 350))
        figure[:, x0 : x0 + 8] = np.minimum(figure[:, x0 : x0 + 8], 128)
        assert (faults.translucent_share(figure) or 0.0) == (pytest.approx(8 / 91, abs=0.01) if translucent else 0.0)


def test_a_figure_of_any_size_is_as_translucent_and_a_thread_has_no_inside() -> None:
    small = veiled(128, 0.3)
    large = small.repeat(10, axis=0).repeat(10, axis=1)
    assert faults.translucent_share(large) == pytest.approx(faults.translucent_share(small), abs=0.02)
    assert faults.translucent_share(opaque_in((50, 50, 54, 350))) is None


def measured(base: Path, **columns: Any) -> dict[str, Any]:
    """What is measured of somebody who fills the middle of a plain crop of 200 x 400, with other columns in the row."""
    crop = np.full((400, 200, 3), 200, np.uint8)
    crop[100:300, 50:150] = (40, 60, 160)
    row = row_of(base, crop, BOX) | {"box_whole": 1} | columns
    (made,) = asked_alone(mask.TOOL, row, bench(base, mask.Params(engine="builtin"))).made
    return dict(made.measures)


def test_what_is_measured_of_a_whole_person(tmp_path: Path) -> None:
    found = measured(tmp_path)
    assert (found["crown_gap"], found["feet_gap"]) == pytest.approx((0.0, 0.0), abs=0.05)
    assert found["top_width"] > 0.5
    assert (found["head_share"], found["straight_share"], found["other_face_share"]) == (None, 0.0, 0.0)


@pytest.mark.parametrize(
    ("columns", "unknown"),
    [
        ({}, {"head_share"}),
        ({"box_whole": 0}, {"head_share", "crown_gap", "top_width", "feet_gap"}),
        ({"cut_top": 1}, {"head_share", "crown_gap", "top_width"}),
        ({"cut_bottom": 1}, {"head_share", "feet_gap"}),
        (dict(zip(("face_x0_px", "face_y0_px", "face_x1_px", "face_y1_px"), (85, 105, 115, 135), strict=True)),
         {"head_share", "top_width"}),
        ({"landmarks_json": json.dumps(face_at(100, 160))}, set()),
    ],
)  # fmt: skip
def test_nothing_is_said_where_nobody_can_tell(tmp_path: Path, columns: dict[str, Any], unknown: set[str]) -> None:
    assert {name for name, value in measured(tmp_path, **columns).items() if value is None} == unknown


def test_other_faces_are_moved_into_the_crop(tmp_path: Path) -> None:
    """The crop's corner is at 100, 50 of the frame."""
    assert measured(tmp_path, other_faces_json="[[180, 230, 220, 270]]")["other_face_share"] == 1.0
    assert measured(tmp_path, other_faces_json="[[80, 180, 120, 220]]")["other_face_share"] == 0.0


def test_a_side_of_the_frame_is_no_straight_edge(tmp_path: Path) -> None:
    """Somebody who fills the crop down to its lower side: with the frame 1 px higher than that, it goes on there."""
    crop = np.full((400, 200, 3), 200, np.uint8)
    crop[100:, 50:150] = (40, 60, 160)
    row = row_of(tmp_path, crop, Box(50, 100, 150, 400))
    shares = []
    for height in (450, 451):
        (made,) = asked_alone(
            mask.TOOL, row | {"frame_height_px": height}, bench(tmp_path, mask.Params(engine="builtin"))
        ).made
        shares.append(made.measures["straight_share"])
    assert shares[0] == 0.0
    assert shares[1] > 0.1


def test_the_skull_above_a_face_is_in_the_mask_whatever_its_colour() -> None:
    """Hair in the colour of the wall: what the landmarks tell of the head stays, the wall beside it does not."""
    wall, points = np.full((300, 200, 3), 60, np.uint8), face_at(100, 90)
    wall[90:140, 80:120], wall[140:, 50:150] = (220, 170, 140), (60, 80, 160)
    masks = [
        GrabCut().run([MaskJob(wall, Box(40, 20, 160, 300), Box(80, 80, 120, 140), landmarks=each)])[0]
        for each in (None, points)
    ]
    shares = [faults.head_share(each, points) for each in masks]
    assert shares[0] is not None
    assert shares[1] is not None
    assert shares[0] < 0.8 < 0.9 < shares[1]
    assert not masks[1][60, :60].any()


# The tool

FAULTS = {
    "min_head_share": "head_missing",
    "max_crown_gap": "head_missing",
    "max_top_width": "head_missing",
    "max_feet_gap": "feet_missing",
    "max_straight_share": "straight_edge",
    "max_other_face_share": "other_person_in_mask",
    "max_translucent_share": "translucent",
}


def test_each_fault_decides_from_what_is_stored_and_not_at_its_bound(workspace: Path, run_tool: Run) -> None:
    Image.fromarray(data.astronaut()).save(workspace / "00_raw_photos" / "astronaut.png")
    for name in ("intake", "extract", "detect", "embed", "match", "mask"):
        run_tool(workspace, name)
    limits = {limit.key: limit for limit in mask.LIMITS if limit.key in FAULTS}
    assert {key: limit.reason for key, limit in limits.items()} == FAULTS
    harmless = {"head_share": 1.0, "crown_gap": 0, "top_width": 0, "feet_gap": 0, "straight_share": 0}
    cutouts = "select status, reason from outcome where kind = 'cutout' and latest"
    for key, limit in limits.items():
        stored = harmless | {"other_face_share": 0, "translucent_share": 0, limit.metric: limit.default}
        with sqlite3.connect(workspace / "manifest.db") as db:
            db.execute(f"update mask set {', '.join(f'{name} = {value}' for name, value in stored.items())}")
        beyond = limit.default + (0.001 if limit.op == "<" else -0.001)
        run_tool(workspace, "mask", options={key: beyond})
        assert asked(workspace, cutouts) == [("rejected", limit.reason)], key
        run_tool(workspace, "mask", options={key: limit.default})
        assert asked(workspace, cutouts) == [("ok", None)], key
