"""Which frame of each window is chosen: the sharpest, never across a cut, and not the same twice."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator, Sequence

import cv2
import numpy as np
import pytest
from av.video.frame import VideoFrame
from footage import picture

from tools.media.decode import Shown
from tools.media.luma import LONG_SIDE_PX, Luma, correlation, difference, look_at, luma_of, shrink, tenengrad
from tools.media.sharpest import CUT_FLOOR, Choice, Rules, choose, rules_for

HALF_SECOND = Rules(window_us=500_000, n_windows=600, cut_correlation=0.5, identical=1.5)
STEP_US = 100_000


def scene(number: int, seed: int = 0, blur: float = 0.0) -> Luma:
    texture = np.ascontiguousarray(picture(number, 360, 240, seed)[:, 40:])
    luma = np.asarray(cv2.cvtColor(texture, cv2.COLOR_RGB2GRAY), np.uint8)
    return np.asarray(cv2.GaussianBlur(luma, (0, 0), blur), np.uint8) if blur else luma


def shown(luma: Luma, index: int, time_us: int | None = None, damaged: bool = False) -> Shown:
    frame = VideoFrame.from_ndarray(luma, format="gray")
    return Shown(frame, index * STEP_US if time_us is None else time_us, index, damaged)


def stream(lumas: Iterable[Luma]) -> Iterator[Shown]:
    for index, luma in enumerate(lumas):
        yield shown(luma, index)


def chosen(choices: Sequence[Choice]) -> list[int]:
    return [choice.shown.index for choice in choices]


def test_the_sharpest_of_each_window_is_found() -> None:
    sharp = {3, 5, 14, 17}
    lumas = [scene(n, blur=0.0 if n in sharp else 2.0 + n % 3) for n in range(20)]
    choices = list(choose(stream(lumas), HALF_SECOND))
    assert chosen(choices) == [3, 5, 14, 17]
    assert [choice.n_candidates for choice in choices] == [5, 5, 5, 5]
    assert [choice.tenengrad for choice in choices] == [tenengrad(lumas[n]) for n in (3, 5, 14, 17)]


def test_noise_is_not_taken_for_sharpness() -> None:
    rng = np.random.default_rng(1)
    large = np.asarray(cv2.resize(scene(0), (1920, 1080), interpolation=cv2.INTER_CUBIC), np.uint8)
    moved = np.asarray(cv2.blur(large, (15, 1)), np.uint8)
    noisy = np.clip(moved + rng.normal(0, 6, moved.shape), 0, 255).astype(np.uint8)
    assert look_at(large).tenengrad > 1.2 * look_at(noisy).tenengrad


def test_windows_are_of_time_and_not_of_frames() -> None:
    times_us = [0, 10_000, 20_000, 30_000, 499_999, 500_000, 1_600_000]
    blurs = [1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0]
    frames = [shown(scene(n, blur=blur), n, at) for n, (at, blur) in enumerate(zip(times_us, blurs, strict=True))]
    choices = list(choose(frames, HALF_SECOND))
    assert [(choice.shown.index, choice.window) for choice in choices] == [(2, 0), (5, 1), (6, 3)]


def test_windows_begin_with_the_first_frame() -> None:
    frames = [shown(scene(n), n, 852_000 + n * STEP_US) for n in range(10)]
    assert [choice.n_candidates for choice in choose(frames, HALF_SECOND)] == [5, 5]


@pytest.mark.parametrize(("cut_at", "expected"), [(7, [1, 7]), (8, [1, 6])])
def test_a_window_with_a_cut_gives_a_frame_of_its_longer_part(cut_at: int, expected: list[int]) -> None:
    sharpest = {1, 6, 7}
    lumas = [scene(n, seed=0 if n < cut_at else 9, blur=0.0 if n in sharpest else 1.5) for n in range(10)]
    choices = list(choose(stream(lumas), HALF_SECOND))
    assert chosen(choices) == expected
    assert [choice.shot for choice in choices] == [0, 1 if cut_at == 7 else 0]
    assert choices[1].n_candidates == 3


def test_many_cuts_in_a_window_still_give_one_frame() -> None:
    seeds = [0, 0, 1, 2, 2, 2, 3, 3, 4, 0]
    choices = list(choose(stream([scene(n, seed) for n, seed in enumerate(seeds)]), rules_for(1.0, 1.0, 600, 0.5, 1.5)))
    assert [(choice.shot, choice.n_candidates) for choice in choices] == [(2, 3)]


def test_shots_are_numbered_by_cuts() -> None:
    seeds = [0] * 10 + [1] * 10 + [0] * 10
    choices = list(choose(stream([scene(n, seed) for n, seed in enumerate(seeds)]), HALF_SECOND))
    assert [choice.shot for choice in choices] == [0, 0, 1, 1, 2, 2]


def test_a_flash_is_no_cut() -> None:
    lumas = [scene(n) for n in range(20)]
    lumas[11] = np.full_like(lumas[11], 250)
    choices = list(choose(stream(lumas), HALF_SECOND))
    assert [choice.shot for choice in choices] == [0, 0, 0, 0]
    assert 11 not in chosen(choices)


def test_both_sides_of_the_cut_threshold() -> None:
    one, other = scene(0), scene(0, seed=9)
    mixed = [np.asarray(cv2.addWeighted(one, 1 - share, other, share, 0), np.uint8) for share in (0.3, 0.7)]
    alike = [correlation(look_at(one).thumb, look_at(luma).thumb) for luma in mixed]
    assert alike[0] > alike[1]
    for bound, shots in ((alike[1] - 0.01, {0}), (alike[1] + 0.01, {0, 1})):
        rules = Rules(100_000, 600, bound, 0.0)
        assert {choice.shot for choice in choose(stream([one, mixed[1]]), rules)} == shots


def test_flat_pictures_have_no_cuts_between_them() -> None:
    dark = np.full((240, 320), 16, np.uint8)
    for step, shots in ((CUT_FLOOR - 1, {0}), (CUT_FLOOR + 1, {0, 1})):
        lumas = [dark, dark + np.uint8(step)]
        assert {choice.shot for choice in choose(stream(lumas), Rules(100_000, 600, 0.5, 0.0))} == shots


def test_a_change_of_size_is_a_cut() -> None:
    lumas = [scene(0), np.asarray(cv2.resize(scene(0), (640, 480)), np.uint8)]
    assert [choice.shot for choice in choose(stream(lumas), Rules(100_000, 600, 0.5, 0.0))] == [0, 1]


@pytest.mark.parametrize(("levels", "status"), [(1, "near_duplicate"), (2, "kept")])
def test_both_sides_of_identical(levels: int, status: str) -> None:
    first, second = scene(0), scene(0) + np.uint8(levels)
    choices = list(choose([shown(first, 0), shown(second, 1, 600_000)], HALF_SECOND))
    assert [choice.status for choice in choices] == ["kept", status]
    assert [choice.difference for choice in choices] == [None, pytest.approx(levels, abs=0.01)]


def test_duplicates_are_measured_against_the_last_kept_and_not_the_last_seen() -> None:
    lumas = [scene(0) + np.uint8(levels) for levels in (0, 1, 2, 3, 4)]
    frames = [shown(luma, n, n * 500_000) for n, luma in enumerate(lumas)]
    statuses = [choice.status for choice in choose(frames, HALF_SECOND)]
    assert statuses == ["kept", "near_duplicate", "kept", "near_duplicate", "kept"]


def test_damaged_frames_are_passed_over_and_told_of_where_there_are_no_others() -> None:
    frames = [shown(scene(n, blur=0.0 if n % 2 else 2.0), n, damaged=bool(n % 2) or n >= 5) for n in range(10)]
    choices = list(choose(frames, HALF_SECOND))
    assert [(choice.shown.index % 2, choice.status) for choice in choices] == [(0, "kept"), (1, "corrupt_frame")]
    assert (choices[1].shown.index, choices[1].n_candidates, choices[1].tenengrad) == (5, 0, None)


@pytest.mark.parametrize(
    ("duration_s", "max_frames", "window_us"),
    [(300.0, 600, 500_000), (300.01, 600, 500_017), (3600.0, 600, 6_000_000), (10.0, 1, 10_000_000)],
)
def test_windows_grow_where_there_would_be_too_many(duration_s: float, max_frames: int, window_us: int) -> None:
    assert rules_for(duration_s, 2.0, max_frames, 0.5, 1.5) == Rules(window_us, max_frames, 0.5, 1.5)


def test_frames_are_spread_over_the_whole_source_and_never_too_many() -> None:
    lumas = [scene(n) for n in range(24)]
    choices = list(choose(stream(lumas), rules_for(2.4, 5.0, 4, 0.5, 0.0)))
    assert [choice.shown.index // 6 for choice in choices] == [0, 1, 2, 3]
    longer_than_declared = choose(stream(lumas), rules_for(1.2, 5.0, 4, 0.5, 0.0))
    assert len(list(longer_than_declared)) == 4


def test_few_frames_are_held_at_a_time() -> None:
    lumas = [scene(0, seed) for seed in range(10)]
    alive: list[weakref.ref[Shown]] = []
    most = 0

    def watched() -> Iterator[Shown]:
        nonlocal most
        for n in range(40):
            frame = shown(lumas[n // 4], n)
            alive.append(weakref.ref(frame))
            most = max(most, sum(reference() is not None for reference in alive))
            yield frame

    for _ in choose(watched(), rules_for(4.0, 0.5, 600, 0.5, 1.5)):
        pass
    assert most <= 6  # three in the window, the one chosen before, the last and the next


def test_measures_are_what_they_say() -> None:
    ramp = np.tile(np.arange(0, 200, 2, dtype=np.uint8), (100, 1))
    assert tenengrad(ramp[:, 1:-1]) == pytest.approx(16.0**2, rel=0.03)  # Sobel's sum of weights is 8, over 2 levels
    assert difference(ramp, ramp + np.uint8(3)) == 3
    assert correlation(ramp, 255 - ramp) == pytest.approx(-1)
    assert correlation(ramp, np.zeros_like(ramp)) == 0


def test_shrinking_halves_by_means_and_stops_in_time() -> None:
    checks = np.indices((540, 1920)).sum(axis=0).astype(np.uint8) % 2 * 200
    assert shrink(checks).shape == (270, LONG_SIDE_PX)
    assert (shrink(checks) == 100).all()
    assert shrink(checks[:, :LONG_SIDE_PX]).shape == (540, LONG_SIDE_PX)


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "nv12", "yuv444p", "yuv420p10le", "yuyv422", "rgb24", "gbrp", "gray"])
def test_luma_of_every_sort_of_pixels(pix_fmt: str) -> None:
    rgb = np.repeat(scene(0, blur=1.0)[..., None], 3, axis=2)
    frame = VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format=pix_fmt)
    expected = rgb[..., 0] if pix_fmt in ("rgb24", "gbrp", "gray") else 16 + rgb[..., 0] * (219 / 255)
    luma = luma_of(frame)
    assert luma.shape == (240, 320)
    assert np.abs(luma.astype(float) - expected).mean() < (22 if pix_fmt in ("yuyv422", "yuv420p10le") else 1.5)
