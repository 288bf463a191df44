"""What seeds a mask: neighbouring frames, what stays in them, walkers in loose boxes, hair, edges."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from making import Mill
from numpy.typing import NDArray
from skimage import data

from tools.engines.grabcut import GrabCut
from tools.engines.protocols import MaskJob
from tools.matte import neighbours
from tools.matte.align import camera_movement
from tools.matte.beside import Beside
from tools.matte.body import Pose, covered, probability
from tools.matte.colours import to_lab
from tools.matte.likely import certain
from tools.matte.outline import CRACK, Edges, tidied
from tools.matte.still import CHANGED, STAYED, stillness
from tools.matte.upright import Stance, figure, fitted
from tools.media.geometry import Box
from tools.media.image import encode_webp
from tools.mill import files, steps

Pixels = NDArray[np.uint8]
STILL = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


def street() -> Pixels:
    """A photograph full of corners, 300 x 451."""
    return np.ascontiguousarray(data.chelsea())


def shifted(picture: Pixels, movement: NDArray[np.float64]) -> Pixels:
    size = picture.shape[1], picture.shape[0]
    return np.asarray(cv2.warpAffine(picture, movement, size, borderMode=cv2.BORDER_REFLECT), np.uint8)


# The camera's movement


@pytest.mark.parametrize(("turn", "scale", "dx", "dy"), [(0.0, 1.0, 0.0, 0.0), (2.0, 1.02, 14.0, -9.0)])
def test_the_cameras_movement_is_found(turn: float, scale: float, dx: float, dy: float) -> None:
    truth = cv2.getRotationMatrix2D((225, 150), turn, scale)
    truth[:, 2] += (dx, dy)
    found = camera_movement(shifted(street(), truth), street(), (), ())
    assert found is not None
    corners = np.array([[60, 60, 1], [390, 60, 1], [60, 240, 1], [390, 240, 1]]).T
    assert np.abs(found @ corners - truth @ corners).max() < 1.0


def test_who_walks_through_moves_no_camera() -> None:
    """Most corners lie on somebody who goes to the right; without them the camera stands still."""
    before, after = np.full((300, 450, 3), 90, np.uint8), np.full((300, 450, 3), 90, np.uint8)
    wall = street()
    before[:, :150], after[:, :150] = wall[:, :150], wall[:, :150]
    before[40:290, 180:320] = wall[40:290, 220:360]
    after[40:290, 210:350] = wall[40:290, 220:360]
    found = camera_movement(after, before, [Box(200, 30, 360, 300)], [Box(170, 30, 330, 300)])
    assert found is not None
    assert np.abs(found - STILL).max() < 0.5


def test_frames_that_show_different_things_are_not_brought_together() -> None:
    other = np.ascontiguousarray(np.resize(data.astronaut()[::-1, ::-1], (300, 451, 3)))
    assert camera_movement(street(), other, (), ()) is None
    assert camera_movement(street(), np.full_like(street(), 120), (), ()) is None
    assert camera_movement(street(), street()[:200], (), ()) is None


def test_a_zoom_is_no_movement_to_follow() -> None:
    assert camera_movement(shifted(street(), cv2.getRotationMatrix2D((225, 150), 0.0, 1.25)), street(), (), ()) is None


# What stays


def walker(x: int) -> Pixels:
    """A figure in front of the photograph, 40 x 160 px, its left side at x."""
    picture = street()
    picture[100:260, x : x + 40] = (210, 40, 160)
    return picture


def test_what_stays_is_background_and_what_came_is_a_person() -> None:
    here, before = walker(300), Beside(walker(60), STILL, (Box(45, 90, 115, 270),))
    found = stillness(to_lab(here), (before,), 1.0)
    assert found.shape == (300, 451)
    assert found[110:250, 305:335].mean() > 0.9 * CHANGED  # who came
    assert found[20:280, 400:440].mean() == pytest.approx(STAYED, abs=0.05)  # the wall
    assert abs(found[150:200, 70:90]).max() < 0.3  # behind who left nothing is known


def test_no_neighbours_say_nothing() -> None:
    assert not stillness(to_lab(street()), (), 1.0).any()


def test_beyond_the_neighbours_edges_nothing_is_known() -> None:
    movement = np.array([[1.0, 0.0, 200.0], [0.0, 1.0, 0.0]])
    found = stillness(to_lab(shifted(street(), movement)), (Beside(street(), movement),), 1.0)
    assert not found[:, :190].any()
    assert found[:, 210:].mean() == pytest.approx(STAYED, abs=0.1)


def test_neighbours_mend_a_mask() -> None:
    """A wall as red as the figure and right beside it: the picture alone cannot tell them apart."""
    rng = np.random.default_rng(3)
    wall = cv2.GaussianBlur(rng.integers(0, 255, (240, 200, 3)).astype(np.uint8), (0, 0), 3)
    wall[40:150, 110:170] = (200, 40, 40)
    here, mask = wall.copy(), np.zeros((240, 200), bool)
    mask[30:220, 75:118] = True
    here[mask] = (200, 40, 40)
    noise = rng.integers(-6, 7, here.shape)
    here, there = (np.clip(each + noise, 0, 255).astype(np.uint8) for each in (here, wall))
    job = MaskJob(here, Box(60, 22, 140, 230), slack=0.1, whole=True)
    (alone,) = GrabCut().run([job])
    (together,) = GrabCut().run([MaskJob(here, job.box, slack=0.1, whole=True, beside=(Beside(there, STILL),))])

    def overlap(alpha: Pixels) -> float:
        return float(np.count_nonzero((alpha > 127) & mask) / np.count_nonzero((alpha > 127) | mask))

    assert overlap(together) > 0.85
    assert overlap(together) > overlap(alone) + 0.1


# Reading neighbours


def person_row(base: Path, near: list[Pixels]) -> dict[str, Any]:
    """A row as sql/inputs/mask.sql gives it, of somebody at x = 300 in a frame with neighbours."""
    paths = []
    for number, frame in enumerate([walker(300), *near]):
        paths.append(files.store(base, f"01_extracted_frames/{number}.webp", encode_webp(frame, 95)).path)
    row: dict[str, Any] = {
        "crop_x_px": 280,
        "crop_y_px": 60,
        "frame_path": paths[0],
        "others_json": "[[-250, 30, -180, 210]]",
    }
    row |= {f"box_{edge}_px": value for edge, value in Box(290, 90, 350, 270)._asdict().items()}
    row["beside_json"] = json.dumps([{"path": path, "people": [[45, 90, 115, 270]]} for path in paths[1:]])
    return row


def test_neighbours_lie_over_the_crop(tmp_path: Path) -> None:
    moved = np.array([[1.0, 0.0, 8.0], [0.0, 1.0, -5.0]])
    (found,) = neighbours.beside(tmp_path, person_row(tmp_path, [shifted(walker(60), moved)]))
    assert found.people == (Box(45, 90, 115, 270),)
    # A pixel of the neighbour lies 8 to the left and 5 lower in the frame; the crop begins at 280, 60.
    assert found.movement @ (308, 155, 1) == pytest.approx((20, 100), abs=0.7)


def test_a_neighbour_that_does_not_agree_is_left_out(tmp_path: Path) -> None:
    blank = np.full((300, 451, 3), 128, np.uint8)
    assert len(neighbours.beside(tmp_path, person_row(tmp_path, [blank, walker(60)]))) == 1


# Walkers in loose boxes


def test_a_figure_has_a_head_shoulders_and_legs() -> None:
    box = Box(0, 0, 100, 260)
    rows, columns = np.mgrid[0:260, 0:100] + 0.5
    found = figure(box, Stance(crown=0.04, soles=0.88), columns, rows)
    assert found[25, 50] > 0.85  # head
    assert found[25, 15] < 0.05  # beside it
    assert found[80, 25] > 0.7  # shoulder
    assert found[2, 50] < 0.3 < 0.8 < found[30, 50]  # above the crown
    assert found[245, 50] < 0.1 < 0.8 < found[215, 50]  # below the soles


@pytest.mark.parametrize("truth", [Stance(0.1, 0.87, 0.42), Stance(-0.02, 0.92, 0.58), Stance(0.02, 0.82, 0.5, 0.75)])
def test_the_stance_that_the_picture_shows_is_found(truth: Stance) -> None:
    box = Box(30, 40, 130, 300)
    rows, columns = np.mgrid[0:340, 0:160].astype(np.float32) + 0.5
    wanted = figure(box, truth, columns, rows)
    evidence = np.where(wanted > 0.5, 3.0, -3.0)
    found, usual = fitted(box, evidence, columns, rows), figure(box, Stance(), columns, rows)
    assert np.abs(found - wanted).mean() < 0.5 * np.abs(usual - wanted).mean()


def test_without_evidence_a_walker_stands_as_most_do() -> None:
    box = Box(30, 40, 130, 300)
    rows, columns = np.mgrid[0:340, 0:160].astype(np.float32) + 0.5
    found = fitted(box, np.zeros((340, 160)), columns, rows)
    assert np.abs(found - figure(box, Stance(), columns, rows)).mean() < 0.03


def test_a_loose_box_is_looked_through_only_where_the_picture_is_known() -> None:
    pose = Pose(Box(30, 40, 130, 300), slack=0.1, whole=True)
    rows, columns = np.mgrid[0:340, 0:160] + 0.5
    left = figure(pose.box, Stance(middle=0.42), columns, rows)
    evidence = np.where(left > 0.5, 3.0, -3.0)
    assert probability(pose, 160, 340, evidence)[200, 45] > probability(pose, 160, 340)[200, 45] + 0.15


def test_feet_may_be_anywhere_in_the_lower_half_of_a_box() -> None:
    rows, columns = np.mgrid[0:260, 0:100] + 0.5
    found = covered(Box(0, 0, 100, 260), columns, rows)
    assert found[230, 5] > 0.9
    assert found[20, 5] < 0.1
    assert covered(Box(0, 100, 100, 200), columns, rows)[20, 50] == 0.0


# Seeds and outlines


def test_the_hair_above_a_face_is_certain_and_the_air_above_it_is_not() -> None:
    sure = certain(Pose(Box(0, 0, 200, 300), Box(80, 100, 120, 140)), (200, 300))
    assert all(sure[y, 100] for y in (92, 120, 160))
    assert not any(sure[place] for place in ((75, 100), (92, 85), (160, 75)))
    assert not certain(Pose(Box(0, 0, 200, 300)), (200, 300)).any()


def test_an_outline_on_the_edge_lies_better_than_one_beside_it() -> None:
    picture = np.full((200, 200, 3), 200, np.uint8)
    cv2.circle(picture, (100, 100), 60, (60, 40, 30), -1)
    edges, drawn = Edges(picture), []
    for radius in (60, 70):
        mask = np.zeros((200, 200), np.uint8)
        cv2.circle(mask, (100, 100), radius, 1, -1)
        drawn.append(edges.under(mask))
    assert drawn[0] > 0.95
    assert drawn[1] < 0.5
    assert edges.under(np.ones((200, 200), np.uint8)) == 0.0


@pytest.mark.parametrize(("width", "closed"), [(4, True), (6, False)])
def test_cracks_are_closed_and_gaps_are_not(width: int, closed: bool) -> None:
    assert round(CRACK * 400) == 2
    mask = np.zeros((400, 400), np.uint8)
    mask[100:300, 100:300] = 1
    mask[:250, 200 : 200 + width] = 0
    assert bool(tidied(mask)[180, 201]) is closed


def test_what_ends_at_the_border_is_not_cut_short() -> None:
    mask = np.zeros((400, 400), np.uint8)
    mask[100:, 150:250] = 1
    assert np.array_equal(tidied(mask), mask)


# A neighbour that changes


def test_who_has_another_neighbour_now_waits_again(mill: Mill) -> None:
    """Five frames of one shot with one person each; in the first the detector now finds somebody else as well."""
    mill.put("clip.mp4")
    for tool in ("intake", "extract", "detect"):
        mill.run(tool, {"extract": mill.frames(5), "detect": mill.persons((0, 0, 100, 200))}.get(tool))
    mill.run_all(upto="mask")
    steps.notice(mill.db, "mask", "", mill.step("mask")["id"], None)
    assert mill.queue("mask") == []
    first = mill.one("select min(address) from item where kind = 'frame' and newest")
    both, alone = mill.persons((0, 0, 100, 200), (300, 0, 400, 200)), mill.persons((0, 0, 100, 200))
    mill.run("detect", lambda row: (both if row["address"] == first else alone)(row), version=2)
    mill.run_all(upto="match")
    steps.notice(mill.db, "mask", "", mill.step("mask")["id"], None)
    frames = [row["address"].split("/")[1] for row in mill.queue("mask")]
    stood = sorted(mill.all("select address from item where kind = 'frame' and newest"))
    second = stood[1].split("/")[1]
    assert sorted(frames) == [first.split("/")[1], second]
    mill.run_all(upto="mask")
    assert mill.queue("mask") == []
