"""mask: soft outlines without islands and holes, clean edges, and cutouts that hold nobody else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cutouts import FACE, bench
from masking import Pixels, asked, row_of
from PIL import Image
from skimage import data

from tools import mask
from tools.matte.body import Pose, probability
from tools.matte.colours import Palette, to_lab
from tools.matte.foreground import cut_out
from tools.matte.guided import smoothed
from tools.matte.outline import HOLE, ISLAND, softened, tidied
from tools.matte.reach import Terrain
from tools.media.geometry import Box, Keypoint
from tools.media.image import read_rgba
from tools.mill.line import asked_alone

Run = Callable[..., Any]


# Where a body is


def test_a_head_is_around_the_face_and_a_body_below_it() -> None:
    found = probability(Pose(Box(0, 20, 200, 400), Box(80, 60, 120, 100)), 200, 400)
    assert found.shape == (400, 200)
    assert found[80, 100] > 0.9  # the face
    assert found[180, 100] > 0.9  # the breast
    assert found[80, 30] < 0.2  # beside the head
    assert found[10, 100] < 0.2  # above it
    assert 0.1 < found[180, 5] < 0.3  # where an arm may be


def test_what_is_outside_the_box_is_improbable_the_less_so_the_looser_the_box() -> None:
    tight = probability(Pose(Box(50, 50, 150, 350)), 200, 400)
    loose = probability(Pose(Box(50, 50, 150, 350), slack=0.1), 200, 400)
    assert tight[200, 100] > 0.8
    assert tight[390, 100] < 0.05
    assert tight[365, 100] < loose[365, 100]


@pytest.mark.parametrize(("bottom", "least", "most"), [(390, 0.0, 0.2), (250, 0.5, 1.0)])
def test_who_stands_in_front_takes_the_place(bottom: float, least: float, most: float) -> None:
    other = Box(80, 50, 200, bottom)
    found = probability(Pose(Box(50, 50, 150, 300), others=(other,)), 200, 400)
    assert least <= found[200, 100] <= most


def test_a_body_is_around_its_keypoints() -> None:
    points = [Keypoint(0, 0, 0.0)] * 17
    for index, place in {
        0: (100, 60),
        5: (120, 100),
        6: (80, 100),
        7: (160, 140),
        11: (115, 200),
        12: (85, 200),
    }.items():
        points[index] = Keypoint(*place, 0.9)
    found = probability(Pose(Box(0, 0, 200, 400), keypoints=tuple(points)), 200, 400)
    assert min(found[150, 100], found[120, 140], found[60, 100]) > 0.6  # trunk, upper arm, head
    assert found[350, 20] < 0.05


# Colours, ways, smoothing


def test_colours_are_counted_by_where_they_are() -> None:
    picture = np.zeros((40, 40, 3), np.uint8)
    picture[:, :20], picture[:, 20:] = (200, 30, 30), (30, 30, 200)
    left = np.zeros((40, 40))
    left[:, :20] = 1
    density = Palette(to_lab(picture)).density(left)
    assert density[0, 0] > 50 * density[0, 39]


def test_ways_from_outside_end_at_an_edge() -> None:
    picture = np.full((100, 100, 3), 200, np.uint8)
    picture[30:70, 30:70] = (40, 60, 160)
    outside, person = np.ones((100, 100), np.float32), np.zeros((100, 100), np.float32)
    outside[15:85, 15:85] = 0
    person[45:55, 45:55] = 1
    near = Terrain(to_lab(picture), outside).closeness(person)
    assert near[35, 35] > 0.5
    assert near[22, 22] < -0.5
    assert not Terrain(to_lab(picture), np.zeros((100, 100), np.float32)).closeness(person).any()


def test_smoothing_stops_at_the_edges_of_the_guide() -> None:
    guide = np.zeros((60, 60, 3), np.float32)
    guide[:, 30:] = 0.8
    noise = np.random.default_rng(0).normal(0, 0.2, (60, 60)).astype(np.float32)
    smooth = smoothed(guide, (guide[..., 0] > 0.4).astype(np.float32) + noise, 5, 1e-3)
    assert smooth[:, :28].std() < 0.3 * noise.std()
    assert smooth[:, 31:].mean() - smooth[:, :29].mean() > 0.95


# Outlines


def square(side: int = 100, size: int = 200) -> Pixels:
    found = np.zeros((size, size), np.uint8)
    start = (size - side) // 2
    found[start : start + side, start : start + side] = 1
    return found


@pytest.mark.parametrize(("side", "kept"), [(44, False), (46, True)])
def test_islands_go_and_large_parts_stay(side: int, kept: bool) -> None:
    found = square()
    found[:side, :side] = 1
    assert (side * side >= ISLAND * 100 * 100) is kept
    assert bool(tidied(found)[0, 0]) is kept


@pytest.mark.parametrize(("side", "filled"), [(9, True), (11, False)])
def test_holes_are_filled_and_what_shows_through_is_not(side: int, filled: bool) -> None:
    found = square()
    found[100 : 100 + side, 100 : 100 + side] = 0
    assert (side * side < HOLE * int(found.sum())) is filled
    assert bool(tidied(found)[100 + side // 2, 100 + side // 2]) is filled


def test_a_gap_at_the_border_is_no_hole() -> None:
    found = np.ones((100, 100), np.uint8)
    found[0:5, 50:55] = 0
    assert tidied(found)[2, 52] == 0


def test_nothing_stays_nothing() -> None:
    assert not tidied(np.zeros((20, 20), np.uint8)).any()


def test_the_edge_is_soft_and_as_fine_as_the_picture() -> None:
    """A disc found a pixel too large on a picture a quarter as large: the edge falls back on the disc."""
    rows, columns = np.mgrid[0:600, 0:600]
    distance = np.hypot(rows - 300, columns - 300)
    picture = np.where((distance < 200)[..., None], (210, 60, 50), (40, 90, 160)).astype(np.uint8)
    rough = (np.hypot(*(np.mgrid[0:150, 0:150] - 75)) < 51).astype(np.uint8)
    alpha = softened(picture, rough)
    assert np.count_nonzero((alpha > 127) != (distance < 200)) < 0.02 * np.count_nonzero(distance < 200)
    assert (alpha[distance < 170] == 255).all()
    assert (alpha[distance > 230] == 0).all()


def test_colours_of_the_edge_are_the_subjects_own() -> None:
    """A red disc whose soft edge was mixed with green: what is kept is red."""
    distance = np.hypot(*(np.mgrid[0:200, 0:200] - 100.0))
    opacity = np.clip((60 - distance) / 6 + 0.5, 0, 1)
    red, green = np.array([220.0, 30.0, 40.0]), np.array([20.0, 200.0, 60.0])
    mixed = opacity[..., None] * red + (1 - opacity[..., None]) * green
    alpha = np.rint(opacity * 255).astype(np.uint8)
    cutout = cut_out(np.rint(mixed).astype(np.uint8), alpha)
    soft = (alpha > 25) & (alpha < 230)
    assert np.abs(mixed[soft] - red).max() > 100
    assert np.abs(cutout[soft][:, :3] - red).max() < 25
    assert (cutout[alpha == 0] == 0).all()
    assert np.array_equal(cutout[alpha == 255][:, :3], np.rint(mixed[alpha == 255]).astype(np.uint8))
    assert np.array_equal(cutout[..., 3], alpha)


# The tool


@pytest.mark.parametrize(
    ("box", "reason", "detail"),
    [
        (Box(400, 400, 500, 500), "empty_mask", "The mask is empty."),
        (Box(-60, -90, 100, 150), "full_mask", "The mask is the whole crop."),
    ],
)
def test_a_mask_of_nothing_or_everything_is_a_defect(tmp_path: Path, box: Box, reason: str, detail: str) -> None:
    row = row_of(tmp_path, np.full((60, 40, 3), 120, np.uint8), box)
    result = asked_alone(mask.TOOL, row, bench(tmp_path, mask.Params(engine="builtin")))
    assert (result.verdict.status, result.verdict.reason, result.verdict.detail) == ("rejected", reason, detail)
    assert result.made == ()


def test_a_cutout_has_the_address_and_the_size_of_its_crop(tmp_path: Path) -> None:
    row = row_of(tmp_path, np.ascontiguousarray(data.astronaut()), Box(40, 0, 390, 512), Box(*FACE))
    params = bench(tmp_path, mask.Params(engine="builtin"))
    (made,) = asked_alone(mask.TOOL, row, params).made
    assert (made.kind, made.address, made.width, made.height) == ("cutout", row["address"], 512, 512)
    assert made.file is not None
    assert made.file.path.startswith("03_masked_subjects/aaaaaaaaaaaa/000001.000000_p0500-0500_")
    alpha = read_rgba(tmp_path / made.file.path)[..., 3]
    rows, columns = np.nonzero(alpha > 127)
    assert list(made.facts.values()) == [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    assert made.measures["coverage"] == pytest.approx(alpha.mean() / 255)
    assert made.measures["largest_share"] > 0.999
    (again,) = asked_alone(mask.TOOL, row, params).made
    assert again == made


@pytest.mark.parametrize(
    ("key", "reason", "sign"), [("min_coverage", "empty_mask", 1), ("max_coverage", "full_mask", -1)]
)
def test_each_limit_decides_on_both_sides(workspace: Path, run_tool: Run, key: str, reason: str, sign: int) -> None:
    Image.fromarray(data.astronaut()).save(workspace / "00_raw_photos" / "astronaut.png")
    for name in ("intake", "extract", "detect", "embed", "match", "mask"):
        run_tool(workspace, name)
    ((coverage, *told),) = asked(workspace, "select coverage, status, reason from mask join outcome on id = outcome_id")
    assert told == ["ok", None]
    cutouts = "select status, reason from outcome where kind = 'cutout' and latest"
    run_tool(workspace, "mask", options={key: coverage + sign * 0.001})
    assert asked(workspace, cutouts) == [("rejected", reason)]
    run_tool(workspace, "mask", options={key: coverage - sign * 0.001})
    assert asked(workspace, cutouts) == [("ok", None)]
