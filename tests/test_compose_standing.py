"""Whose feet show, who stands on them, and where the ground is darkened."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from cutouts import Pixels

from tools.compose.extent import Extent
from tools.compose.standing import Body, feet, feet_show, stands, with_shadow

BOX = Extent(100, 50, 250, 450)
"""A figure of 150 x 400 px."""


def keypoints(hip_y: float, ankle_y: float, confidence: float = 0.9) -> tuple[tuple[float, float, float], ...]:
    points = [(0.0, 0.0, 0.0)] * 17
    for place in (11, 12):
        points[place] = (170.0, hip_y, 0.9)
    for place in (15, 16):
        points[place] = (170.0, ankle_y, confidence)
    return tuple(points)


@pytest.mark.parametrize(
    ("bottom", "slack", "shows"), [(475, 0.0, True), (480, 0.0, False), (535, 0.1, True), (540, 0.1, False)]
)
def test_feet_show_where_the_mask_reaches_the_end_of_a_whole_persons_box(
    bottom: float, slack: float, shows: bool
) -> None:
    assert feet_show(BOX, Body(50, bottom, slack, True)) is shows
    assert not feet_show(BOX, Body(50, bottom, slack, False))


def test_a_person_of_too_few_heads_is_not_whole() -> None:
    assert feet_show(BOX, Body(50, 450, 0.0, True, face_px=400 / 6.1))
    assert not feet_show(BOX, Body(50, 450, 0.0, True, face_px=400 / 5.9))


def test_ankles_decide_where_they_were_seen() -> None:
    assert feet_show(BOX, Body(points=keypoints(250, 410)))
    assert not feet_show(BOX, Body(50, 450, 0.0, True, points=keypoints(250, 460)))
    assert not feet_show(BOX, Body(50, 450, 0.0, True, points=keypoints(250, 395)))
    assert not feet_show(BOX, Body(50, 450, 0.0, True, points=keypoints(250, 410, confidence=0.4)))


def test_who_stands_is_upright_and_has_long_legs() -> None:
    whole = Body(50, 450, 0.0, True)
    assert stands(BOX, whole)
    assert stands(Extent(0, 50, 266, 450), whole)
    assert not stands(Extent(0, 50, 267, 450), whole)
    assert stands(BOX, Body(points=keypoints(245, 410)))
    assert not stands(BOX, Body(points=keypoints(255, 410)))


def figure(left_y: int = 450, right_y: int = 450) -> Pixels:
    alpha = np.zeros((500, 400), np.uint8)
    alpha[50:300, 120:230] = 255
    alpha[300:left_y, 120:150] = 255
    alpha[300:right_y, 200:230] = 255
    return alpha


def test_feet_are_what_touches_the_ground() -> None:
    box = Extent(120, 50, 230, 450)
    assert feet(figure(), box) == [Extent(120, 449, 150, 450), Extent(200, 449, 230, 450)]
    in_stride = feet(figure(right_y=431), box)
    assert in_stride == [Extent(120, 449, 150, 450), Extent(200, 430, 230, 431)]
    assert feet(figure(right_y=428), box) == [Extent(120, 449, 150, 450)]


def shaded(alpha: Pixels, box: Extent, level: int = 200) -> Pixels:
    ground = np.full((500, 400, 3), level, np.uint8)
    return with_shadow(ground, alpha, box, np.random.Generator(np.random.PCG64(1)))


def test_the_shadow_lies_under_the_feet_and_fades() -> None:
    found = shaded(figure(right_y=400), Extent(120, 50, 230, 450))[..., 0].astype(int)
    assert found[449, 135] < 0.6 * 200
    assert found[449, 215] > 0.9 * 200
    assert (found[:390] == 200).all()
    assert (found[:, :60] == 200).all()
    assert found.max() == 200
    below = cv2.blur(found[449:, 120:150].astype(np.float32), (9, 3))[:, 15]
    assert (np.diff(below) >= -1.5).all()
    assert below[-1] > 198


def test_the_shadow_has_no_bands_and_takes_no_colour() -> None:
    found = shaded(figure(), Extent(120, 50, 230, 450))
    assert (found[..., 0] == found[..., 2]).all()
    # One level of noise in the soft part: without it whole stretches of a row would be equal.
    row = found[465, 100:250, 0].astype(int)
    assert (np.diff(row) != 0).mean() > 0.3


def test_without_feet_there_is_no_shadow() -> None:
    assert (shaded(np.zeros((500, 400), np.uint8), Extent(120, 50, 230, 450)) == 200).all()
