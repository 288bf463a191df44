"""Which canvas a subject gets, where it stands there, and at which sides it counts as cut."""

from __future__ import annotations

import numpy as np
import pytest
from cutouts import solid
from hypothesis import given, settings
from hypothesis import strategies as st

from tools import composite
from tools.compose.extent import Extent, extent
from tools.compose.framing import Rules, Subject, original_region, place
from tools.compose.standing import Body
from tools.compose.subject import cut_sides, solid_extent, subject_of, without_specks
from tools.training.targets import TARGETS, buckets

RULES = Rules(1.0, composite.Params().min_cover, 0.85)
SDXL, WAN = TARGETS["sdxl"], TARGETS["wan"]

SIDES = st.booleans()
SUBJECTS = st.builds(
    Subject,
    st.integers(20, 3000),
    st.integers(20, 3000),
    *(SIDES, SIDES, SIDES, SIDES),
    shot=st.sampled_from(["close", "mid", "far", "unknown"]),
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(SUBJECTS, st.sampled_from(sorted(TARGETS)))
def test_framing_holds_for_every_subject(subject: Subject, name: str) -> None:
    target = TARGETS[name]
    placed = place(subject, target, RULES)
    assert placed.width_px % target.step_px == placed.height_px % target.step_px == 0
    assert placed.width_px * placed.height_px <= target.area_px
    assert placed.scale <= 1.0
    right, bottom = placed.left_px + placed.subject_width_px, placed.top_px + placed.subject_height_px
    if subject.left != subject.right:
        assert placed.left_px == 0 if subject.left else right == placed.width_px
    if subject.top != subject.bottom and placed.subject_height_px <= placed.height_px:
        assert placed.top_px == 0 if subject.top else bottom == placed.height_px
    if not (subject.across or subject.upright):
        assert placed.left_px >= 0
        assert right <= placed.width_px
        assert placed.cover <= 0.85 + 1 / placed.height_px


def test_a_large_subject_fills_the_targets_own_canvas_to_85_percent() -> None:
    placed = place(Subject(1200, 2400, shot="far"), SDXL, RULES)
    assert (placed.width_px, placed.height_px) == (768, 1344)
    assert placed.cover == pytest.approx(0.85, abs=0.001)


def test_a_small_subject_gets_a_smaller_canvas_and_is_not_enlarged() -> None:
    placed = place(Subject(200, 500, shot="far"), SDXL, RULES)
    assert placed.scale == 1
    assert placed.width_px * placed.height_px < SDXL.area_px
    assert 0.40 <= placed.cover <= 0.85
    just_enough = place(Subject(200, 538, shot="far"), SDXL, Rules(1.0, {"far": 0.40, "unknown": 0.40}, 0.85))
    assert (just_enough.width_px, just_enough.height_px) == (768, 1344)
    assert place(Subject(200, 537, shot="far"), SDXL, Rules(1.0, {"far": 0.40, "unknown": 0.40}, 0.85)).height_px < 1344


def test_a_subject_may_be_enlarged_only_where_max_upscale_says_so() -> None:
    assert place(Subject(200, 500), SDXL, Rules(1.5, RULES.min_cover, 0.85)).scale == pytest.approx(1.5)


def test_cut_on_opposite_sides_the_canvas_is_as_wide_or_high_as_the_subject() -> None:
    across = place(Subject(640, 360, left=True, right=True, bottom=True), SDXL, RULES)
    assert (across.left_px, across.subject_width_px) == (0, across.width_px)
    assert across.top_px + across.subject_height_px == across.height_px
    upright = place(Subject(400, 720, top=True, bottom=True), SDXL, RULES)
    assert (upright.top_px, upright.subject_height_px) == (0, upright.height_px)
    everywhere = place(Subject(1000, 900, True, True, True, True), WAN, RULES)
    assert everywhere.left_px <= 0
    assert everywhere.left_px + everywhere.subject_width_px >= everywhere.width_px
    assert everywhere.subject_height_px >= everywhere.height_px


def test_cut_on_opposite_sides_it_keeps_the_targets_area_where_a_near_shape_allows_it() -> None:
    placed = place(Subject(1911, 998, left=True, right=True, bottom=True, shot="far"), SDXL, RULES)
    assert (placed.width_px, placed.height_px) in buckets(1024, 64)


def test_what_is_too_high_for_its_canvas_hangs_out_below_and_keeps_its_head() -> None:
    placed = place(Subject(600, 2000, left=True, right=True), SDXL, RULES)
    assert (placed.top_px, placed.left_px, placed.subject_width_px) == (0, 0, placed.width_px)
    assert placed.subject_height_px > placed.height_px


def test_too_small_for_any_canvas_still_gets_the_smallest() -> None:
    placed = place(Subject(30, 40, shot="far"), SDXL, RULES)
    assert (placed.width_px, placed.height_px, placed.scale) == (256, 256, 1.0)


def test_sides_count_as_cut_where_the_subject_touches_the_border() -> None:
    touching = solid(100, 100, (20, 30, 60, 100))[..., 3]
    box = extent(touching)
    assert box == Extent(20, 30, 60, 100)
    assert cut_sides(touching, box, (), True) == {"bottom"}
    free = solid(100, 100, (20, 30, 60, 90))[..., 3]
    assert cut_sides(free, Extent(20, 30, 60, 90), (), True) == frozenset()
    assert cut_sides(free, Extent(20, 30, 60, 90), (), False) == {"bottom"}


def test_detections_word_counts_only_where_the_subject_ends_near_the_border() -> None:
    near = solid(100, 100, (4, 30, 60, 90))[..., 3]
    assert cut_sides(near, Extent(4, 30, 60, 90), ("left",), True) == {"left"}
    away = solid(100, 100, (5, 30, 60, 90))[..., 3]
    assert cut_sides(away, Extent(5, 30, 60, 90), ("left",), True) == frozenset()


def test_a_ragged_lower_end_hangs_out_of_the_canvas() -> None:
    alpha = solid(100, 200, (20, 20, 80, 150))[..., 3]
    alpha[150:160, 45:55] = 255
    assert solid_extent(alpha, Extent(20, 20, 80, 160), {"bottom"}) == Extent(20, 20, 80, 150)
    assert solid_extent(alpha, Extent(20, 20, 80, 160), ()) == Extent(20, 20, 80, 160)


def test_specks_go_and_parts_stay() -> None:
    alpha = solid(200, 200, (10, 10, 110, 110))[..., 3]
    alpha[150:154, 150:154] = 255
    alpha[150:180, 20:50] = 255
    cleaned = without_specks(alpha)
    assert not cleaned[140:, 140:].any()
    assert (cleaned[150:180, 20:50] == 255).all()


def test_nothing_opaque_is_no_subject() -> None:
    assert subject_of(np.zeros((40, 40), np.uint8), (), "far", Body()) is None


def test_the_original_region_lies_in_the_frame_and_is_never_enlarged() -> None:
    region = original_region((300, 100, 420, 340), "mid", (640, 360), SDXL, RULES)
    assert (region.x0 >= 0, region.y0 >= 0, region.x1 <= 640, region.y1 <= 360) == (True,) * 4
    assert region.width_px <= region.x1 - region.x0
    assert region.width_px % 64 == region.height_px % 64 == 0
    assert region.x0 <= 300
    assert region.x1 >= 420
    aspect = (region.x1 - region.x0) / (region.y1 - region.y0)
    assert aspect == pytest.approx(region.width_px / region.height_px, rel=0.01)


def test_a_frame_smaller_than_any_canvas_is_taken_as_it_is() -> None:
    region = original_region((10, 10, 90, 110), "mid", (120, 130), SDXL, RULES)
    assert (region.width_px, region.height_px) == (120, 130)
