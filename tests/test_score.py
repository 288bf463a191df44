"""score: each measurement on pictures with known answers, and each limit on both sides."""

from __future__ import annotations

import operator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from cutouts import FACE, astronaut, bench, solid, store_cutout
from numpy.typing import NDArray
from skimage.measure import blur_effect

from tools import score
from tools.engines.protocols import Box
from tools.measure.exposure import exposure, luma_of
from tools.measure.outline import contour_count, coverage, face_covered_share, largest_share, soft_share, solidity
from tools.measure.sharpness import crete_blur, sharpness
from tools.mill.manifest import connect
from tools.mill.tool import Limit

Pixels = NDArray[np.uint8]

BY_OP = {"<": operator.lt, ">": operator.gt}


def resized(rgba: Pixels, factor: float) -> Pixels:
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(rgba, None, fx=factor, fy=factor, interpolation=method), np.uint8)


def sharp(rgba: Pixels) -> float:
    found = sharpness(luma_of(rgba[..., :3]), rgba[..., 3]).sharpness
    assert found is not None
    return found


def blurred(rgba: Pixels, sigma_px: float) -> Pixels:
    return np.dstack([cv2.GaussianBlur(rgba[..., :3], (0, 0), sigma_px), rgba[..., 3]])


# Sharpness


def test_blur_is_that_of_scikit_image_where_nothing_is_masked() -> None:
    frame, _ = astronaut()
    luma = luma_of(frame)
    inside = np.zeros(luma.shape, bool)
    inside[2:-2, 2:-2] = True  # scikit-image leaves the border out
    found = max(crete_blur(luma, inside, axis) for axis in (0, 1))
    assert found == pytest.approx(blur_effect(luma), abs=0.005)


def test_blur_lowers_sharpness_and_the_limit_lies_between_slightly_and_badly_out_of_focus() -> None:
    _, cutout = astronaut()
    found = [sharp(blurred(cutout, sigma_px)) for sigma_px in (0.1, 1, 2, 4)]
    assert found == sorted(found, reverse=True)
    assert found[0] > 0.6
    assert found[1] > 0.5
    assert found[2] < 0.41
    assert found[3] < 0.25


@pytest.mark.parametrize("factor", [3, 2, 0.75, 0.5, 0.25])
def test_sharpness_hardly_depends_on_size(factor: float) -> None:
    _, cutout = astronaut()
    assert sharp(resized(cutout, factor)) == pytest.approx(sharp(cutout), abs=0.1)


@pytest.mark.parametrize("gain", [0.3, 0.7, 1.2])
def test_sharpness_does_not_depend_on_light_as_the_old_metrics_do(gain: float) -> None:
    _, cutout = astronaut()
    lit = np.dstack([np.clip(cutout[..., :3] * gain, 0, 255).astype(np.uint8), cutout[..., 3]])
    assert sharp(lit) == pytest.approx(sharp(cutout), abs=0.01)
    before = sharpness(luma_of(cutout[..., :3]), cutout[..., 3])
    after = sharpness(luma_of(lit[..., :3]), lit[..., 3])
    assert before.tenengrad
    assert after.tenengrad
    assert before.laplacian_variance
    assert after.laplacian_variance
    assert after.tenengrad / before.tenengrad == pytest.approx(gain**2, rel=0.15)
    assert after.laplacian_variance / before.laplacian_variance == pytest.approx(gain**2, rel=0.15)


def test_what_is_cut_away_does_not_count() -> None:
    """A blurred figure in front of a sharp ground is blurred, and a sharp one in front of a blurred ground is sharp."""
    frame, cutout = astronaut()
    soft = cv2.GaussianBlur(frame, (0, 0), 5)
    mask = cutout[..., 3]
    inside = (mask > 0)[..., None]
    dark = sharp(np.dstack([np.where(inside, frame, 0), mask]))
    assert sharp(np.dstack([np.where(inside, frame, soft), mask])) == pytest.approx(dark, abs=0.03)
    assert sharp(np.dstack([np.where(inside, soft, frame), mask])) < 0.3
    assert sharp(np.dstack([np.where(inside, soft, 0), mask])) < 0.3


def test_a_plain_subject_has_no_sharpness_and_a_tiny_one_has_no_answer() -> None:
    plain = solid(100, 100, (20, 20, 80, 80))
    assert sharp(plain) == pytest.approx(0.0, abs=1e-6)
    tiny = solid(100, 100, (40, 40, 52, 52))
    assert sharpness(luma_of(tiny[..., :3]), tiny[..., 3]) == (None, None, None)


def test_a_subject_that_fills_the_picture_is_measured_up_to_its_border() -> None:
    frame, _ = astronaut()
    whole = np.full(frame.shape[:2], 255, np.uint8)
    found = sharpness(luma_of(frame), whole).sharpness
    assert found == pytest.approx(1 - blur_effect(luma_of(frame)), abs=0.02)


# Exposure


def test_dark_and_bright_shares_are_of_the_subject_alone() -> None:
    picture = np.full((10, 10, 3), 255, np.uint8)
    picture[:4] = 7
    picture[4:6] = 8
    picture[6:8] = 247
    alpha = np.full((10, 10), 255, np.uint8)
    found = exposure(luma_of(picture), alpha)
    assert (found.dark_share, found.bright_share) == (0.4, 0.2)
    assert found.mean_luma == pytest.approx((4 * 7 + 2 * 8 + 2 * 247 + 2 * 255) / 10, abs=0.01)
    alpha[:8] = 127
    assert exposure(luma_of(picture), alpha)[:2] == (0.0, 1.0)


# Outlines


def test_coverage_counts_opacity() -> None:
    alpha = np.zeros((10, 10), np.uint8)
    alpha[:2], alpha[2:4] = 255, 51
    assert coverage(alpha) == pytest.approx(0.24)
    assert soft_share(alpha) == 1.0


def test_solidity_is_area_by_hull() -> None:
    alpha = solid(100, 100, (10, 10, 90, 90))[..., 3]
    assert solidity(alpha) == 1.0
    alpha[30:90, 30:90] = 0  # an L: 80 x 20 and 20 x 60 px, in a hull that lacks a triangle of 60 x 60
    assert solidity(alpha) == pytest.approx(2800 / (6400 - 60 * 60 / 2), abs=0.02)
    alpha[60:80, 60:80] = 255  # another part changes neither
    assert solidity(alpha) == pytest.approx(2800 / 4600, abs=0.02)
    assert largest_share(alpha) == pytest.approx(2800 / 3200)


def test_contours_are_those_of_parts_and_holes_without_specks() -> None:
    alpha = solid(100, 100, (10, 10, 90, 90))[..., 3]
    assert contour_count(alpha) == 1
    alpha[40:50, 40:50] = 0
    alpha[5, 5] = 255
    assert contour_count(alpha) == 2
    alpha[0:5, 0:5] = 255
    assert contour_count(alpha) == 3
    alpha[40:50, 0:50] = 0  # open to the border: no hole
    assert contour_count(alpha) == 3 - 1


def test_a_bite_out_of_the_face_shows() -> None:
    alpha = np.full((100, 100), 255, np.uint8)
    face = Box(30, 20, 70, 80)
    assert face_covered_share(alpha, None) is None
    assert face_covered_share(alpha, face) == 1.0
    alpha[:, :34] = 0  # a cheek of a turned head: the box reaches beyond it
    assert face_covered_share(alpha, face) == 1.0
    alpha[:, :50] = 0
    assert face_covered_share(alpha, face) == pytest.approx(0.5, abs=0.02)
    assert face_covered_share(np.full((50, 50), 255, np.uint8), Box(-10, -10, 20, 20)) == pytest.approx(0.8, abs=0.2)


# The tool


def test_every_measurement_has_its_column(tmp_path: Path) -> None:
    frame, cutout = astronaut()
    row = store_cutout(tmp_path, frame, cutout, f"{'a' * 32}/t000001.000000/p0500-0500")
    row |= {f"face_{edge}_px": value for edge, value in zip(("x0", "y0", "x1", "y1"), FACE, strict=True)}
    result = score.work(row, bench(tmp_path, score.Params()))
    db = connect(tmp_path, create=True)
    columns = {column[0] for column in db.execute("select * from score").description} - {"outcome_id"}
    db.close()
    assert set(result.measures) == columns
    assert all(type(value) in (int, float, bytes) for value in result.measures.values())
    assert result.measures["crop_mp"] == 0.262144
    assert result.measures["height_share"] == pytest.approx(502 / 512, abs=0.005)


def textured(rgba: Pixels) -> Pixels:
    """The same outline, filled with a sharp pattern of medium light."""
    board = (np.indices(rgba.shape[:2]) // 6).sum(axis=0) % 2
    return np.dstack([*(np.where(board, 170, 70).astype(np.uint8) for _ in range(3)), rgba[..., 3]])


def figure(size: int = 600, **changed: Any) -> Pixels:
    """A cut-out that passes everything, changed in one way."""
    rgba = textured(solid(size, size, (100, 50, size - 100, size - 50)))
    if "dark" in changed:
        rgba[50 : 50 + round(changed["dark"] * (size - 100)), :, :3] = 0
    if "bright" in changed:
        rgba[50 : 50 + round(changed["bright"] * (size - 100)), :, :3] = 255
    if "sigma_px" in changed:
        rgba[..., :3] = cv2.GaussianBlur(rgba[..., :3], (0, 0), changed["sigma_px"])
    if "bite_px" in changed:
        rgba[200:300, 200 : 200 + changed["bite_px"], 3] = 0
    if "arm_px" in changed:
        rgba[..., 3] = 0
        rgba[:, 300 : 300 + changed["arm_px"], 3] = 255
        rgba[300 : 300 + changed["arm_px"], :, 3] = 255
    for hole in range(changed.get("holes", 0)):
        row, column = divmod(hole, 6)
        rgba[320 + 30 * row : 332 + 30 * row, 120 + 30 * column : 132 + 30 * column, 3] = 0
    return rgba


SIDES: dict[str, tuple[Pixels, Pixels]] = {
    "subject_too_small": (figure(510), figure(490)),
    "blurry": (figure(sigma_px=1.0), figure(sigma_px=5.0)),
    "face_covered": (figure(bite_px=20), figure(bite_px=40)),
    "under_exposed": (figure(dark=0.38), figure(dark=0.42)),
    "over_exposed": (figure(bright=0.08), figure(bright=0.12)),
    "low_solidity": (figure(arm_px=80), figure(arm_px=45)),
    "too_many_contours": (figure(holes=19), figure(holes=20)),
}
"""For each reason a cut-out that just passes and one that just fails."""


def is_violated(limit: Limit, value: float | None) -> bool:
    return value is not None and BY_OP[limit.op](value, limit.default)


@pytest.mark.parametrize("limit", score.LIMITS, ids=lambda limit: str(limit.reason))
def test_each_limit_decides_on_both_sides_and_alone(limit: Limit) -> None:
    face = Box(200, 200, 300, 300) if limit.reason == "face_covered" else None
    passes, fails = (score.measure(cutout, face) for cutout in SIDES[limit.reason])

    def violated(found: dict[str, Any]) -> list[str]:
        return [one.reason for one in score.LIMITS if is_violated(one, found[one.metric])]

    assert violated(passes) == []
    assert violated(fails) == [limit.reason]
