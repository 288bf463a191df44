"""How bright a subject is made for its ground: which way, how far, and that its colours stay."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest
from cutouts import Pixels, astronaut, solid

from tools.compose.exposure import HIGHLIGHT, STRENGTH, exposed, exposure_ev, mean_light


def plain(level: int) -> Pixels:
    return np.full((64, 64, 3), level, np.uint8)


def subject(level: int) -> Pixels:
    return solid(64, 64, (8, 8, 56, 56), (level, level, level))


def test_mean_light_is_luminance_in_linear_light() -> None:
    assert mean_light(np.full((10, 3), 255, np.uint8)) == pytest.approx(1.0)
    assert mean_light(np.full((10, 3), 188, np.uint8)) == pytest.approx(0.503, abs=0.002)
    assert mean_light(np.array([[0, 255, 0]], np.uint8)) == pytest.approx(0.7152)
    assert mean_light(np.zeros((0, 3), np.uint8)) == 0.0


def test_a_fifth_of_the_way_in_stops() -> None:
    stops = np.log2(mean_light(plain(140).reshape(-1, 3)) / mean_light(plain(110).reshape(-1, 3)))
    assert exposure_ev(subject(110), plain(140), 1.0) == pytest.approx(STRENGTH * stops, abs=0.001)
    assert exposure_ev(subject(140), plain(110), 1.0) == pytest.approx(-STRENGTH * stops, abs=0.001)
    assert exposure_ev(subject(110), plain(110), 1.0) == 0


def test_it_is_bounded_both_ways_and_can_be_turned_off() -> None:
    assert exposure_ev(subject(20), plain(230), 0.3) == 0.3
    assert exposure_ev(subject(230), plain(5), 0.3) == -0.3
    assert exposure_ev(subject(20), plain(230), 0.0) == 0
    assert exposure_ev(solid(64, 64, (0, 0, 0, 0)), plain(230), 0.3) == 0


def test_bright_parts_do_not_burn_out() -> None:
    layer = subject(60)
    layer[8:20, 8:56, :3] = 235
    ev = exposure_ev(layer, plain(255), 2.0)
    assert 0 < ev < STRENGTH * np.log2(1 / mean_light(plain(60).reshape(-1, 3)))
    assert mean_light(np.full((1, 3), 235, np.uint8)) * 2**ev == pytest.approx(HIGHLIGHT, abs=0.01)
    layer[8:20, 8:56, :3] = 254
    assert exposure_ev(layer, plain(255), 2.0) == 0


@pytest.mark.parametrize("ev", [-0.3, 0.3])
def test_colours_stay_true(ev: float) -> None:
    """Between channels the ratios of light stay, so hue does, and saturation by a hundredth."""
    frame, rgba = astronaut()
    bright = exposed(rgba, ev)
    assert (bright[..., 3] == rgba[..., 3]).all()
    ratio = mean_light(bright[rgba[..., 3] == 255][:, :3]) / mean_light(frame[rgba[..., 3] == 255])
    assert ratio == pytest.approx(2**ev, rel=0.03)
    face = rgba[80:150, 190:260, :3].reshape(-1, 3).mean(axis=0) / 255
    again = bright[80:150, 190:260, :3].reshape(-1, 3).mean(axis=0) / 255
    before, after = colorsys.rgb_to_hsv(*face), colorsys.rgb_to_hsv(*again)
    assert after[0] == pytest.approx(before[0], abs=2 / 360)
    assert after[1] == pytest.approx(before[1], abs=0.03)


def test_nothing_changes_at_zero_stops() -> None:
    _, rgba = astronaut()
    assert exposed(rgba, 0.0) is rgba
