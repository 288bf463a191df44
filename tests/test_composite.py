"""composite: canvas and framing, what stands behind, edges, and the tool itself on a real cut-out."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
from cutouts import SOURCE, astronaut, bench, input_columns, solid, store_background, store_cutout
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data

from tools import composite
from tools.compose import blend, ground
from tools.compose.draw import draw_background, draw_mode
from tools.compose.framing import Rules, Subject, original_region, place
from tools.compose.subject import Extent, cut_sides, drawn_in, extent, solid_extent, subject_of, without_specks
from tools.media.image import read_rgb
from tools.mill.manifest import connect, sql
from tools.mill.settings import UsageError
from tools.training.targets import MAX_ASPECT, TARGETS, buckets, nearest, target_of

ADDRESS = f"{SOURCE}/t000012.345678/p0512-0347"
RULES = Rules(1.0, composite.Params().min_cover, 0.85)
SDXL, WAN = TARGETS["sdxl"], TARGETS["wan"]


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
    assert cut_sides(touching, box, (), "far") == {"bottom"}
    free = solid(100, 100, (20, 30, 60, 90))[..., 3]
    assert cut_sides(free, Extent(20, 30, 60, 90), (), "far") == frozenset()
    assert cut_sides(free, Extent(20, 30, 60, 90), (), "mid") == {"bottom"}


def test_detections_word_counts_only_where_the_subject_ends_near_the_border() -> None:
    near = solid(100, 100, (4, 30, 60, 90))[..., 3]
    assert cut_sides(near, Extent(4, 30, 60, 90), ("left",), "far") == {"left"}
    away = solid(100, 100, (5, 30, 60, 90))[..., 3]
    assert cut_sides(away, Extent(5, 30, 60, 90), ("left",), "far") == frozenset()


def test_a_ragged_lower_end_hangs_out_of_the_canvas() -> None:
    alpha = solid(100, 200, (20, 20, 80, 150))[..., 3]
    alpha[150:160, 45:55] = 255
    assert solid_extent(alpha, Extent(20, 20, 80, 160), {"bottom"}) == Extent(20, 20, 80, 150)
    assert solid_extent(alpha, Extent(20, 20, 80, 160), ()) == Extent(20, 20, 80, 160)


@pytest.mark.parametrize("side", ["left", "top", "right", "bottom"])
def test_no_background_shows_along_a_cut_side(tmp_path: Path, side: str) -> None:
    """Though the mask is soft there and ends some pixels before the border of the crop."""
    frame = np.full((400, 400, 3), (200, 40, 40), np.uint8)
    edges = {"left": 6, "top": 6, "right": 394, "bottom": 394}
    box = {"left": 100, "top": 100, "right": 300, "bottom": 300, side: edges[side]}
    alpha = solid(400, 400, (box["left"], box["top"], box["right"], box["bottom"]))[..., 3]
    rgba = np.dstack([frame, cv2.GaussianBlur(alpha, (0, 0), 2.0)])
    row = store_cutout(tmp_path, frame, rgba, ADDRESS, shot="far", **{f"cut_{side}": 1})
    (made,) = composite.work(row, bench(tmp_path, _only("flat"))).made
    assert made.facts["flush"] == side
    mask = read_rgb(tmp_path / made.facts["mask_path"])[..., 0]
    last = {"left": mask[:, 0], "top": mask[0], "right": mask[:, -1], "bottom": mask[-1]}[side]
    assert (last >= 250).sum() > 150


def test_specks_go_and_parts_stay() -> None:
    alpha = solid(200, 200, (10, 10, 110, 110))[..., 3]
    alpha[150:154, 150:154] = 255
    alpha[150:180, 20:50] = 255
    cleaned = without_specks(alpha)
    assert not cleaned[140:, 140:].any()
    assert (cleaned[150:180, 20:50] == 255).all()


def test_nothing_opaque_is_no_subject() -> None:
    assert subject_of(np.zeros((40, 40), np.uint8), (), "far") is None


def test_modes_are_drawn_by_their_weights() -> None:
    modes = composite.Params().modes
    drawn = Counter(draw_mode(f"a/{index}", modes, has_library=True) for index in range(4000))
    for name, weight in modes.items():
        assert drawn[name] / 4000 == pytest.approx(weight, abs=0.03)
    assert drawn["original"] == 0


def test_without_a_library_its_share_goes_to_the_others() -> None:
    modes = composite.Params().modes
    pairs = [(draw_mode(f"a/{i}", modes, True), draw_mode(f"a/{i}", modes, False)) for i in range(4000)]
    assert all(before == after for before, after in pairs if before != "library")
    drawn = Counter(after for _, after in pairs)
    assert "library" not in drawn
    assert drawn["own"] / 4000 == pytest.approx(0.4, abs=0.03)


def test_only_a_library_and_none_there_is_told() -> None:
    with pytest.raises(UsageError, match=r"Put pictures into 00_background_library or give another mode a weight\.$"):
        draw_mode("a", {"library": 1.0, "own": 0.0}, has_library=False)


def test_one_new_background_changes_about_one_in_n() -> None:
    library = [f"{index:032x}" for index in range(9)]
    before = [draw_background(f"a/{index}", library) for index in range(3000)]
    after = [draw_background(f"a/{index}", [*library, "new"]) for index in range(3000)]
    changed = [new for old, new in zip(before, after, strict=True) if old != new]
    assert set(changed) == {"new"}
    assert len(changed) / 3000 == pytest.approx(1 / 10, abs=0.02)


def test_laying_over_is_exact() -> None:
    layer = np.zeros((1, 3, 4), np.uint8)
    layer[0, :, :3], layer[0, :, 3] = 200, (0, 255, 51)
    assert blend.over(layer, np.full((1, 3, 3), 100, np.uint8))[0, :, 0].tolist() == [100, 200, 120]


def test_shrinking_lets_no_invisible_colour_bleed_in() -> None:
    rgba = solid(64, 64, (0, 0, 33, 64), (250, 0, 0))
    rgba[:, 33:, :3] = (0, 255, 0)
    small = blend.scaled(rgba, (16, 16))
    assert (small[small[..., 3] > 0][:, 1] == 0).all()


def test_the_outline_is_drawn_in_by_a_pixel_but_not_from_the_edge_of_the_crop() -> None:
    rgba = solid(20, 20, (5, 5, 15, 20), (180, 40, 40))
    drawn = drawn_in(rgba)
    rows, columns = np.nonzero(drawn[..., 3])
    assert (columns.min(), rows.min(), columns.max(), rows.max()) == (6, 6, 13, 19)
    assert (drawn[..., :3] == rgba[..., :3]).all()


def test_the_own_ground_keeps_no_ghost_of_the_subject() -> None:
    frame = np.full((360, 640, 3), (40, 60, 160), np.uint8)
    frame[80:360, 260:380] = (250, 30, 30)
    mask = np.zeros((360, 640), np.uint8)
    mask[80:360, 260:380] = 255
    behind = ground.own(frame, mask, "a", 512, 512, 40)
    assert np.abs(behind.astype(int) - (40, 60, 160)).max() <= 2


def test_everybody_seen_in_the_frame_is_taken_out_of_the_own_ground(tmp_path: Path) -> None:
    """Boxes too: what the mask missed of the subject (here its lower half), and other people."""
    frame = np.full((400, 400, 3), (40, 60, 160), np.uint8)
    frame[100:300, 150:250] = (250, 30, 30)
    frame[100:300, 310:380] = (30, 250, 30)
    rgba = np.dstack([frame, solid(400, 400, (150, 100, 250, 200))[..., 3]])
    box = {"box_x0_px": 150.0, "box_y0_px": 100.0, "box_x1_px": 250.0, "box_y1_px": 300.0}
    others = json.dumps([[310, 100, 380, 300]])
    row = store_cutout(tmp_path, frame, rgba, ADDRESS, shot="far", others_json=others, **box)
    (made,) = composite.work(row, bench(tmp_path, _only("own"))).made
    assert made.file is not None
    image, mask = read_rgb(tmp_path / made.file.path), read_rgb(tmp_path / made.facts["mask_path"])[..., 0]
    assert np.abs(image[mask == 0].astype(int) - (40, 60, 160)).max() <= 4


def test_an_own_ground_without_any_place_left_is_a_plain_one() -> None:
    frame = np.full((60, 60, 3), 90, np.uint8)
    assert np.abs(ground.own(frame, np.full((60, 60), 255, np.uint8), "a", 64, 64, 40).astype(int) - 90).max() <= 1


def test_a_library_picture_is_cropped_to_its_middle_and_blurred() -> None:
    stripes = np.zeros((300, 900, 3), np.uint8)
    stripes[:, np.arange(900) % 12 < 6] = 255
    stripes[:, :290] = stripes[:, 610:] = (255, 0, 0)
    behind = ground.blurred(stripes, 256, 256, 24)
    assert behind.shape == (256, 256, 3)
    assert np.abs(behind[:, 20:-20].astype(int) - 127).max() < 20
    sharp = ground.blurred(stripes, 256, 256, 0)
    assert sharp.std() > behind.std()


@pytest.mark.parametrize("make", [ground.flat, ground.gradient, ground.noise])
def test_made_grounds_are_muted_and_depend_on_the_address_alone(make: ground.Maker) -> None:
    first = make("a", 320, 256)
    assert first.shape == (256, 320, 3)
    assert (first == make("a", 320, 256)).all()
    assert (first != make("b", 320, 256)).any()
    colourful = cv2.cvtColor(first, cv2.COLOR_RGB2HSV)[..., 1]
    assert np.median(colourful) <= 0.31 * 255


def test_noise_is_mottled_and_flat_is_flat() -> None:
    assert ground.flat("a", 256, 256).std(axis=(0, 1)).max() == 0
    mottled = ground.noise("a", 256, 256).astype(float)
    assert mottled.std(axis=(0, 1)).min() > 3
    assert np.abs(np.diff(mottled, axis=0)).mean() < 3


def test_a_gradient_has_no_bands() -> None:
    picture = ground.gradient("bands", 512, 512).astype(int)
    rows = np.abs(np.diff(picture[:, :, 0], axis=0)) + np.abs(np.diff(picture[:, :, 0], axis=1))[:511, :1]
    assert (rows > 0).mean() > 0.1


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


# The tool itself.


def test_the_input_has_the_columns_of_these_rows(tmp_path: Path) -> None:
    frame, rgba = astronaut()
    row = store_cutout(tmp_path, frame, rgba, ADDRESS)
    assert input_columns(tmp_path, "composite") <= set(row)
    assert input_columns(tmp_path, "composite") | input_columns(tmp_path, "caption") == set(row)


def test_the_library_is_a_side_input(tmp_path: Path) -> None:
    db = connect(tmp_path, create=True)
    columns = {column[0] for column in db.execute(sql("sides/composite.library")).description}
    facts = {found[1] for found in db.execute("pragma table_info(composite)")}
    db.close()
    assert columns == set(store_background(tmp_path, data.coffee(), "a.png", 7))
    frame, rgba = astronaut()
    (made,) = composite.work(store_cutout(tmp_path, frame, rgba, ADDRESS), bench(tmp_path, _only("flat"))).made
    assert facts == {"item_id", *made.facts}


def _only(mode: str) -> composite.Params:
    return composite.Params(modes={mode: 1.0})


@pytest.mark.parametrize("mode", ["library", "own", "gradient", "flat", "noise", "original"])
def test_a_composite_and_its_mask(tmp_path: Path, mode: str) -> None:
    frame, rgba = astronaut()
    row = store_cutout(tmp_path, frame, rgba, ADDRESS, cut_bottom=1)
    library = [store_background(tmp_path, data.coffee(), "coffee.png", 7)]
    (made,) = composite.work(row, bench(tmp_path, _only(mode), library)).made
    assert made.kind == "composite"
    assert made.address == f"{ADDRESS}/emma/v0"
    assert made.file is not None
    assert made.file.path.startswith(f"05_augmented/emma/{SOURCE[:12]}-000012346-p0512-0347-{made.file.sha256[:12]}")
    assert made.facts["mode"] == mode
    assert made.sides == (((7, "background"),) if mode == "library" else ())
    assert made.facts["background_address"] == (f"{7:032x}" if mode == "library" else None)
    image, mask = read_rgb(tmp_path / made.file.path), read_rgb(tmp_path / made.facts["mask_path"])
    assert Path(made.file.path).name == Path(made.facts["mask_path"]).name
    assert image.shape == mask.shape == (made.height, made.width, 3)
    assert made.width % 64 == made.height % 64 == 0
    digest = hashlib.sha256((tmp_path / made.facts["mask_path"]).read_bytes()).hexdigest()
    assert digest == made.facts["mask_sha256"]
    if mode != "original":
        assert made.facts["flush"] == "bottom"
        assert (mask[-1, :, 0] == 255).sum() > 100
    assert 0.1 < (mask[..., 0] > 127).mean() < 0.9


def test_the_same_inputs_give_the_same_bytes_and_another_address_another_ground(tmp_path: Path) -> None:
    frame, rgba = astronaut()
    row = store_cutout(tmp_path, frame, rgba, ADDRESS)
    digests, before = set(), cv2.getNumThreads()
    for threads in (1, 2):
        cv2.setNumThreads(threads)
        (made,) = composite.work(row, bench(tmp_path, _only("noise"))).made
        digests.add(made.file.sha256 if made.file else "")
    cv2.setNumThreads(before)
    assert len(digests) == 1
    (other,) = composite.work(row | {"address": ADDRESS + "b"}, bench(tmp_path, _only("noise"))).made
    assert other.file is not None
    assert other.file.sha256 not in digests


def test_inside_the_subject_the_pixels_are_the_films_own(tmp_path: Path) -> None:
    """Where nothing is scaled a composite is a copy, but for the rim of one pixel that is given up."""
    frame = np.random.default_rng(1).integers(0, 256, (300, 300, 3), np.uint8)
    rgba = np.dstack([frame, solid(300, 300, (50, 40, 250, 260))[..., 3]])
    row = store_cutout(tmp_path, frame, rgba, ADDRESS, shot="far")
    (made,) = composite.work(row, bench(tmp_path, _only("flat"))).made
    assert made.file is not None
    assert made.facts["scale"] == 1
    mask = read_rgb(tmp_path / made.facts["mask_path"])[..., 0]
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    image = read_rgb(tmp_path / made.file.path)[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    assert (image == frame[41:259, 51:249]).all()


def test_a_cutout_with_nothing_opaque_says_so(tmp_path: Path) -> None:
    rgba = solid(64, 64, (0, 0, 0, 0))
    row = store_cutout(tmp_path, rgba[..., :3], rgba, ADDRESS)
    with pytest.raises(ValueError, match=r"^Nothing of the cut-out is opaque, .* Look at its mask\.$"):
        composite.work(row, bench(tmp_path, composite.Params()))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"modes": {"libary": 1.0}},
            "[composite] modes has 'libary', which is none. There are: library, own, gradient, flat, noise, original.",
        ),
        (
            {"modes": {"own": 0.0}},
            "[composite] modes leaves nothing to draw from: give at least one a weight above 0.",
        ),
        (
            {"min_cover": {"close": 0.5}},
            "[composite] min_cover needs a value for unknown, for persons whose shot is not known.",
        ),
    ],
)
def test_wrong_settings_are_named(values: dict[str, dict[str, float]], sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        composite.Params(**values)
    assert str(caught.value) == sentence
