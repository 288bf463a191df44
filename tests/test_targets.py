"""What the base models are trained at: areas, shapes and steps of their canvases."""

from __future__ import annotations

import pytest

from tools.mill.settings import UsageError
from tools.training.targets import MAX_ASPECT, MIN_SIDE_PX, TARGETS, buckets, levels, nearest, target_of


@pytest.mark.parametrize(("target", "most_mp"), [("sdxl", 1.0486), ("flux", 1.0486), ("wan", 0.5)])
def test_canvases_have_the_targets_area_in_its_steps(target: str, most_mp: float) -> None:
    found = buckets(TARGETS[target].side_px, TARGETS[target].step_px)
    for width, height in found:
        assert width % TARGETS[target].step_px == height % TARGETS[target].step_px == 0
        assert 0.94 * most_mp < width * height / 1e6 <= most_mp
        assert max(width, height) <= MAX_ASPECT * min(width, height)
    assert {(height, width) for width, height in found} == set(found)


def test_sdxl_has_the_canvases_that_its_makers_name() -> None:
    assert {(1024, 1024), (1152, 896), (896, 1152), (1216, 832), (832, 1216), (1344, 768), (768, 1344)} <= set(
        buckets(1024, 64)
    )


def test_the_nearest_canvas_is_nearest_by_ratio() -> None:
    assert nearest([(1024, 1024), (896, 1152)], 0.88) == (896, 1152)
    assert nearest([(1024, 1024), (896, 1152)], 0.89) == (1024, 1024)


def test_an_unknown_target_is_named() -> None:
    with pytest.raises(UsageError, match=r'target = "sd15" is not known\. Use one of: sdxl, flux, wan\.$'):
        target_of("sd15")


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_smaller_canvases_keep_the_targets_steps_down_to_the_least_side(name: str) -> None:
    target = TARGETS[name]
    found = levels(target)
    areas = [max(width * height for width, height in shapes) for shapes in found]
    assert found[0] == buckets(target.side_px, target.step_px)
    assert areas == sorted(areas, reverse=True)
    for width, height in (shape for shapes in found for shape in shapes):
        assert width % target.step_px == height % target.step_px == 0
        assert min(width, height) >= MIN_SIDE_PX
    assert found[-1] == [(MIN_SIDE_PX, MIN_SIDE_PX)]


def test_wan_is_smaller_and_finer_than_sdxl_and_flux() -> None:
    assert (TARGETS["wan"].step_px, TARGETS["sdxl"].step_px, TARGETS["flux"].step_px) == (16, 64, 64)
    assert TARGETS["wan"].area_px < 0.5e6 < 1.0e6 < TARGETS["sdxl"].area_px == TARGETS["flux"].area_px
