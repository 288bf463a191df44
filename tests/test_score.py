"""score: each measurement on pictures with known answers, and each limit on both sides."""

from __future__ import annotations

import json
import operator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from cutouts import FACE, astronaut, bench, input_columns, solid, store_cutout
from numpy.typing import NDArray
from skimage.measure import blur_effect

from tools import score
from tools.accuracy.crops import opaque
from tools.accuracy.sharpness import CHANGES, measured
from tools.measure.burnt import bar_share, overlay_share
from tools.measure.exposure import exposure, luma_of
from tools.measure.face import eye_aspect
from tools.measure.grain import blocking, inside, noise_level
from tools.measure.outline import contour_count, coverage, face_covered_share, largest_share, soft_share, solidity
from tools.measure.sharpness import SIDE_PX, crete_blur, edge_blur_px, sharpness
from tools.media.geometry import Box
from tools.media.image import read_rgb
from tools.mill.manifest import connect
from tools.mill.tool import Limit

Pixels = NDArray[np.uint8]

FACES = Path(__file__).resolve().parents[2] / "shared" / "faces" / "known"
BY_OP = {"<": operator.lt, ">": operator.gt}


def resized(rgba: Pixels, factor: float) -> Pixels:
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(rgba, None, fx=factor, fy=factor, interpolation=method), np.uint8)


def sharp(rgba: Pixels) -> float:
    found = sharpness(luma_of(rgba[..., :3]), rgba[..., 3]).sharpness
    assert found is not None
    return found


def blurred(rgba: Pixels, sigma_px: float) -> Pixels:
    if not sigma_px:
        return rgba
    return np.dstack([cv2.GaussianBlur(rgba[..., :3], (0, 0), sigma_px), rgba[..., 3]])


# Sharpness


def test_blur_is_that_of_scikit_image_where_nothing_is_masked() -> None:
    frame, _ = astronaut()
    luma = luma_of(frame)
    inside = np.zeros(luma.shape, bool)
    inside[2:-2, 2:-2] = True  # scikit-image leaves the border out
    found = max(crete_blur(luma, inside, axis) for axis in (0, 1))
    assert found == pytest.approx(blur_effect(luma), abs=0.005)


def test_the_blur_of_an_edge_is_that_of_the_lens_whatever_its_height_and_direction() -> None:
    """An edge that a Gaussian made: the answer is that Gaussian's standard deviation, in pixels of 512."""
    for angle, contrast in ((0.0, 200.0), (0.7, 40.0), (1.5, 100.0)):
        y, x = np.mgrid[0:512, 0:512] - 255.5
        step = (x * np.cos(angle) + y * np.sin(angle) > 0) * contrast + 20.0
        whole = np.full(step.shape, 255, np.uint8)
        for sigma_px in (2.0, 4.0, 8.0):
            luma = cv2.GaussianBlur(step.astype(np.float32), (0, 0), sigma_px)
            assert edge_blur_px(luma, whole) == pytest.approx(sigma_px, rel=0.12)


def test_blur_lowers_sharpness_and_the_limit_lies_at_three_pixels_of_512() -> None:
    _, cutout = astronaut()
    found = [sharp(blurred(cutout, sigma_px)) for sigma_px in (0.1, 1, 2, 2.7, 4, 6)]
    assert found == sorted(found, reverse=True)
    assert found[0] > 0.9
    assert found[3] > 0.40 > found[4]


@pytest.mark.parametrize("factor", [3, 2, 0.75, 0.5, 0.25])
@pytest.mark.parametrize("sigma_px", [0, 2, 4])
def test_sharpness_does_not_depend_on_size(factor: float, sigma_px: float) -> None:
    """The distance of a clearly sharp subject (0.97) to the limit is 0.57, of which a tenth is 0.057."""
    cutout = blurred(astronaut()[1], sigma_px)
    assert sharp(resized(cutout, factor)) == pytest.approx(sharp(cutout), abs=0.057)


@pytest.mark.skipif(not FACES.is_dir(), reason="../shared is absent: no real photographs to measure")
@pytest.mark.parametrize(
    "name", ["obama/obama.jpg", "biden/biden2.jpg", "rose_leslie/img2.jpg", "kit_harington/john1.jpeg"]
)
@pytest.mark.parametrize("blur_px", [0.0, 3.0])
def test_a_real_portrait_is_as_sharp_at_half_and_a_quarter_of_its_size_darker_and_brighter(
    name: str, blur_px: float
) -> None:
    """By less than a tenth of the distance between a sharp portrait (0.95) and the limit (0.40)."""
    pixels = read_rgb(FACES / name)
    portrait = blurred(opaque(pixels), blur_px * max(pixels.shape) / SIDE_PX)
    before = measured(portrait[..., :3])
    for change in CHANGES.values():
        assert measured(change(portrait[..., :3])) == pytest.approx(before, abs=0.055)


@pytest.mark.parametrize("gain", [0.3, 0.7, 1.2])
def test_sharpness_does_not_depend_on_light_as_the_old_metrics_do(gain: float) -> None:
    _, cutout = astronaut()
    lit = np.dstack([np.clip(cutout[..., :3] * gain, 0, 255).astype(np.uint8), cutout[..., 3]])
    assert sharp(lit) == pytest.approx(sharp(cutout), abs=0.02)
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
    tiny = solid(100, 100, (40, 40, 47, 47))
    assert sharpness(luma_of(tiny[..., :3]), tiny[..., 3]) == (None, None, None, None, None)


def test_a_subject_that_fills_the_picture_is_measured_up_to_its_border() -> None:
    frame, _ = astronaut()
    frame = np.where(np.indices(frame.shape[:2])[1][..., None] < 500, cv2.GaussianBlur(frame, (0, 0), 6), frame)
    frame[:, 500:] = np.where((np.indices((512, 12)).sum(axis=0) // 6 % 2)[..., None], 250, 5)
    found = sharp(np.dstack([frame, np.full(frame.shape[:2], 255, np.uint8)]))
    assert found > sharp(np.dstack([frame, solid(512, 512, (0, 0, 490, 512))[..., 3]])) + 0.2


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


# Noise, blocks, eyes, what is burnt in


def test_noise_is_measured_where_the_subject_is_flat() -> None:
    _, cutout = astronaut()
    subject = inside(cutout[..., 3])
    soft = cv2.GaussianBlur(luma_of(cutout[..., :3]), (0, 0), 1.5)
    rng = np.random.default_rng(0)
    for level in (3.0, 8.0, 16.0):
        noisy = (soft + rng.normal(0, level, soft.shape)).astype(np.float32)
        assert noise_level(noisy, subject) == pytest.approx(level, rel=0.1)
    assert (noise_level(soft, subject) or 0) < 0.5
    assert noise_level(soft, np.zeros(soft.shape, bool)) is None


def test_blocks_are_found_on_the_frames_grid_and_nowhere_else() -> None:
    frame, _ = astronaut()
    coded = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 8])[1]
    blocky = luma_of(np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8))
    crop, whole = blocky[13:480, 21:470], np.ones((467, 449), bool)
    right = blocking(crop, whole, 21, 13)
    assert right
    assert right > 1.0
    assert all((blocking(crop, whole, 21 + shift, 13 + shift) or 0) < 0.3 * right for shift in range(1, 8))
    assert (blocking(luma_of(frame)[13:480, 21:470], whole, 21, 13) or 0) < 0.2
    half = np.asarray(cv2.resize(blocky, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA), np.float32)
    assert (blocking(half, np.ones(half.shape, bool), 0, 0) or 0) < 0.3 * right
    assert blocking(crop, np.zeros(crop.shape, bool), 0, 0) is None


def landmarks(openness: float) -> tuple[tuple[float, float], ...]:
    """68 points of which those of the eyes are 30 px wide and, in their middle, openness times as high."""
    points = [(50.0, 50.0)] * 68
    for first, x in ((36, 20.0), (42, 80.0)):
        half = 15 * openness
        points[first : first + 6] = [
            *((x, 50.0), (x + 10, 50 - half), (x + 20, 50 - half)),
            *((x + 30, 50.0), (x + 20, 50 + half), (x + 10, 50 + half)),
        ]
    return tuple(points)


def test_eyes_are_as_open_as_their_landmarks() -> None:
    assert eye_aspect(None) is None
    assert eye_aspect(landmarks(0.3)) == pytest.approx(0.3)
    assert eye_aspect(landmarks(0.0)) == 0.0
    with pytest.raises(
        ValueError, match=r"^A face has 68 landmarks of x and y, not \(5, 2\)\. Detect its people again\.$"
    ):
        eye_aspect([(0.0, 0.0)] * 5)


def test_what_lies_in_bars_and_behind_a_logo_is_counted_in_the_frames_pixels() -> None:
    alpha = solid(100, 100, (0, 0, 50, 100))[..., 3]
    assert bar_share(alpha, (200, 10), None) is None
    assert bar_share(alpha, (200, 10), Box(0, 0, 640, 360)) == 0.0
    assert bar_share(alpha, (200, 10), Box(0, 40, 640, 320)) == pytest.approx(0.3)
    assert overlay_share(alpha, (200, 10), None) is None
    assert overlay_share(alpha, (200, 10), ()) == 0.0
    logo = (Box(225, 60, 400, 110), Box(225, 60, 260, 90), Box(0, 0, 199, 360))
    assert overlay_share(alpha, (200, 10), logo) == pytest.approx(0.25)


# The tool


def test_every_measurement_has_its_column(tmp_path: Path) -> None:
    frame, cutout = astronaut()
    row = store_cutout(tmp_path, frame, cutout, f"{'a' * 32}/t000001.000000/p0500-0500")
    row |= {f"face_{edge}_px": value for edge, value in zip(("x0", "y0", "x1", "y1"), FACE, strict=True)}
    row |= dict(zip((f"picture_{edge}_px" for edge in ("x0", "y0", "x1", "y1")), (0, 0, 512, 512), strict=True))
    row |= {"landmarks_json": json.dumps(landmarks(0.3)), "overlays_json": "[[0, 0, 60, 20]]", "beside": None}
    assert input_columns(tmp_path / "empty", "score") <= set(row)
    result = score.work(row, bench(tmp_path, score.Params()))
    db = connect(tmp_path, create=True)
    columns = {column[0] for column in db.execute("select * from score").description} - {"outcome_id"}
    db.close()
    assert set(result.measures) == columns
    assert all(type(value) in (int, float, bytes) for value in result.measures.values())
    assert result.measures["crop_mp"] == 0.262144
    assert result.measures["height_share"] == pytest.approx(502 / 512, abs=0.005)


def test_what_is_not_known_is_null(tmp_path: Path) -> None:
    row = dict.fromkeys(input_columns(tmp_path, "score")) | {"crop_x_px": 3, "crop_y_px": 4}
    known = score.subject_of(row)
    assert known == score.Subject(corner=(3, 4))
    found = score.measure(astronaut()[1], known)
    empty = {"face_covered_share", "face_height_px", "eye_aspect", "bar_share", "overlay_share"}
    assert {name for name, value in found.items() if value is None} == empty


def textured(rgba: Pixels) -> Pixels:
    """The same outline, filled with a sharp pattern of medium light."""
    board = (np.indices(rgba.shape[:2]) // 25).sum(axis=0) % 2
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


def grainy(level: float) -> Pixels:
    rgba = figure()
    rgba[..., :3] = np.clip(rgba[..., :3] + np.random.default_rng(1).normal(0, level, (600, 600, 1)), 0, 255)
    return rgba


def blocky(step: float) -> Pixels:
    """Blocks of 8 x 8 px, as much lighter and darker in turn than the figure, on a gentle slope."""
    rgba = figure()
    rows, columns = np.indices((600, 600))
    turns = (rows // 8 + columns // 8) % 2
    rgba[..., :3] = np.clip(60 + columns[..., None] * 0.2 + turns[..., None] * step, 0, 255)
    rgba[300:304, 300:304, :3] = 0
    return rgba


SIDES: dict[str, tuple[tuple[Pixels, dict[str, Any]], tuple[Pixels, dict[str, Any]]]] = {
    "subject_too_small": ((figure(510), {}), (figure(490), {})),
    "blurry": ((figure(sigma_px=2.5), {}), (figure(sigma_px=3.5), {})),
    "face_covered": tuple((figure(bite_px=px), {"face": Box(200, 200, 300, 300)}) for px in (20, 40)),  # type: ignore[dict-item]
    "under_exposed": ((figure(dark=0.38), {}), (figure(dark=0.42), {})),
    "over_exposed": ((figure(bright=0.08), {}), (figure(bright=0.12), {})),
    "low_solidity": ((figure(arm_px=80), {}), (figure(arm_px=45), {})),
    "too_many_contours": ((figure(holes=19), {}), (figure(holes=20), {})),
    "eyes_closed": ((figure(), {"landmarks": landmarks(0.11)}), (figure(), {"landmarks": landmarks(0.09)})),
    "noisy": ((grainy(13.0), {}), (grainy(18.0), {})),
    "blocky": ((blocky(0.5), {}), (blocky(2.0), {})),
    "letterboxed": ((figure(), {"picture": Box(0, 0, 600, 542)}), (figure(), {"picture": Box(0, 0, 600, 538)})),
    "burnt_in": (
        (figure(), {"overlays": (Box(100, 50, 200, 140),)}),
        (figure(), {"overlays": (Box(100, 50, 200, 160),)}),
    ),
}
"""For each reason a cut-out (and what is known of it) that just passes and one that just fails."""


def is_violated(limit: Limit, value: float | None) -> bool:
    return value is not None and BY_OP[limit.op](value, limit.default)


@pytest.mark.parametrize("limit", score.LIMITS, ids=lambda limit: str(limit.reason))
def test_each_limit_decides_on_both_sides_and_alone(limit: Limit) -> None:
    passes, fails = (score.measure(cutout, score.Subject(**known)) for cutout, known in SIDES[limit.reason])

    def violated(found: dict[str, Any]) -> list[str]:
        return [one.reason for one in score.LIMITS if is_violated(one, found[one.metric])]

    assert violated(passes) == []
    assert violated(fails) == [limit.reason]
