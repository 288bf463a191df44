"""What stands still over a shot: bars and overlays in made-up luma planes, on both sides of what counts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tools import detect
from tools.media.burnt import LEAST_FRAMES, WHOLE, Burnt, Watch, burnt_in_one
from tools.media.decode import Tally, decode
from tools.media.geometry import Box
from tools.media.image import encode_png, read_rgb
from tools.media.luma import luma_of
from tools.media.upright import Turn, upright
from tools.media.video import open_video
from tools.mill import files
from tools.mill.line import asked_alone
from tools.mill.tool import Bench, Dataset

Luma = NDArray[np.uint8]
CLIPS = Path(__file__).resolve().parents[2] / "shared" / "clips"
LOGO = Box(540 / 640, 20 / 360, 620 / 640, 60 / 360)


def scene(number: int, seed: int = 0) -> Luma:
    """360 x 640 px: soft-edged shapes that move by 12 px from one number to the next."""
    y, x = np.mgrid[0:360, 0:640].astype(np.float32)
    rng = np.random.default_rng(seed)
    waves = sum(np.sign(np.sin((x + 12 * number) / 40 * a + y / 40 * b)) for a, b in rng.uniform(-2, 2, (4, 2)))
    return np.asarray(np.clip(120 + 20 * waves, 30, 220), np.uint8)


def with_logo(luma: Luma) -> Luma:
    """The same with letters in its upper right corner."""
    luma = luma.copy()
    rows, columns = np.indices((40, 80))
    letters = (rows // 8 + columns // 5) % 2
    luma[20:60, 540:620] = np.where(letters, 235, 20)
    return luma


def with_bars(luma: Luma, top: int, bottom: int, level: int = 16) -> Luma:
    luma = luma.copy()
    luma[:top], luma[luma.shape[0] - bottom :] = level, level
    return luma


def seen(*shots: list[Luma]) -> dict[int, Burnt]:
    watch = Watch()
    for number, frames in enumerate(shots):
        for luma in frames:
            watch.see(number, luma)
    return watch.finish()


def test_bars_are_found_to_the_line() -> None:
    found = seen([with_bars(scene(n), 45, 45) for n in range(3)], [with_bars(scene(n).T, 80, 80).T for n in range(2)])
    assert found[0].picture == pytest.approx((0, 45 / 360, 1, 1 - 45 / 360))
    assert found[1].picture == pytest.approx((80 / 640, 0, 1 - 80 / 640, 1))
    assert burnt_in_one(with_bars(scene(0), 45, 45)).picture == found[0].picture


@pytest.mark.parametrize(
    ("top", "bottom", "level"),
    [(0, 0, 16), (45, 0, 16), (4, 4, 16), (150, 150, 16), (45, 45, 60)],
    ids=["none", "one alone", "thin lines", "a slit", "grey"],
)
def test_what_is_no_pair_of_black_bars_belongs_to_the_picture(top: int, bottom: int, level: int) -> None:
    assert seen([with_bars(scene(n), top, bottom, level) for n in range(3)])[0].picture == WHOLE


def test_a_dark_scene_has_no_bars() -> None:
    y = np.linspace(0, np.pi, 360)[:, None]
    night = np.asarray(np.broadcast_to(16 + 60 * np.sin(y) ** 4, (360, 640)), np.uint8)
    rng = np.random.default_rng(0)
    grainy = [np.asarray(night + rng.integers(0, 12, night.shape), np.uint8) for _ in range(3)]
    assert seen(grainy)[0].picture == WHOLE
    assert seen([night] * 3)[0].picture == WHOLE
    assert seen([np.full((360, 640), 16, np.uint8)] * 3)[0].picture == WHOLE


def test_bars_that_a_frame_of_the_shot_lacks_are_none() -> None:
    assert seen([with_bars(scene(0), 45, 45), scene(1)])[0].picture == WHOLE


def test_a_logo_over_a_moving_scene_is_found_where_it_is() -> None:
    (burnt,) = seen([with_logo(scene(n)) for n in range(8)]).values()
    assert burnt.overlays is not None
    (box,) = burnt.overlays
    assert box.iou(LOGO) > 0.7
    assert seen([scene(n) for n in range(8)])[0].overlays == ()


def test_in_a_still_scene_nobody_can_tell_unless_other_shots_have_it_too() -> None:
    still = [with_logo(scene(0))] * 8
    assert seen(still)[0].overlays is None
    assert seen(still, [with_logo(scene(0, seed=1))] * 8)[0].overlays is None
    shots = seen(still, *([with_logo(scene(0, seed=seed))] * 8 for seed in (1, 2, 3)))
    for burnt in shots.values():
        assert burnt.overlays is not None
        assert any(box.common(LOGO) > 0.8 * LOGO.area and box.area < 2.5 * LOGO.area for box in burnt.overlays)
    assert seen(still, *([scene(0, seed=seed)] * 8 for seed in (1, 2, 3)))[0].overlays == ()


def test_few_frames_say_nothing_of_overlays() -> None:
    frames = [with_logo(scene(n)) for n in range(LEAST_FRAMES)]
    assert seen(frames[:-1])[0].overlays is None
    assert seen(frames)[0].overlays


def test_what_stands_in_the_middle_is_no_overlay() -> None:
    frames = [np.roll(with_logo(scene(n)), (140, -260), (0, 1)) for n in range(8)]
    assert seen(frames)[0].overlays == ()


def test_a_frame_of_another_shape_and_a_shot_that_was_interrupted_are_passed_over() -> None:
    watch = Watch()
    for number in range(5):
        watch.see(0, with_bars(scene(number), 45, 45))
        watch.see(0, scene(number)[::2])
    watch.see(1, scene(0))
    watch.see(0, scene(9))
    found = watch.finish()
    assert found[0].picture == pytest.approx((0, 45 / 360, 1, 1 - 45 / 360))
    assert sorted(found) == [0, 1]


def test_boxes_turn_with_the_picture() -> None:
    corner = Box(0.8, 0.0, 1.0, 0.1)
    assert upright(corner, Turn()) == corner
    assert upright(corner, Turn(mirrored_x=True)) == pytest.approx((0.0, 0.0, 0.2, 0.1))
    assert upright(corner, Turn(mirrored_y=True)) == pytest.approx((0.8, 0.9, 1.0, 1.0))
    for turn in (Turn(True, True), Turn(True, False, True), Turn(True), Turn(False, True, True)):
        picture = np.zeros((100, 200), np.uint8)
        picture[0:10, 160:200] = 1
        rows, columns = np.nonzero(turn.apply(picture))
        height, width = turn.apply(picture).shape
        box = upright(corner, turn)
        assert (box.x0 * width, box.y0 * height) == pytest.approx((columns.min(), rows.min()))
        assert (box.x1 * width, box.y1 * height) == pytest.approx((columns.max() + 1, rows.max() + 1))


@pytest.mark.skipif(not CLIPS.is_dir(), reason="../shared is absent: no real photographs to look at")
def test_crops_hold_no_bars(tmp_path: Path) -> None:
    """A photograph between bars: the person's crop ends where the bars begin, and lies where it did in the frame."""
    portrait = read_rgb(CLIPS.parent / "faces/known/obama/obama.jpg")
    frame = np.zeros((portrait.shape[0], portrait.shape[1] + 240, 3), np.uint8)
    frame[:, 120:-120] = portrait
    files.store(tmp_path, "01/a.png", encode_png(frame))
    bounds = {"picture_x0_px": 120, "picture_y0_px": 0}
    bounds |= {"picture_x1_px": 120 + portrait.shape[1], "picture_y1_px": portrait.shape[0]}
    row = {"item_id": 1, "kind": "frame", "address": f"{'a' * 32}/t000000.000000", "path": "01/a.png", **bounds}
    bench = Bench(tmp_path, replace(detect.Params(), engine="builtin"), Dataset())
    (made,) = asked_alone(detect.TOOL, row, bench).made
    assert made.file is not None
    crop = read_rgb(tmp_path / made.file.path)
    assert (crop[:, 0].max(axis=1) > 20).mean() > 0.9
    x, y = made.facts["crop_x_px"], made.facts["crop_y_px"]
    same = frame[y : y + crop.shape[0], x : x + crop.shape[1]].astype(int)
    assert 120 <= x <= 120 + portrait.shape[1] - crop.shape[1]
    assert np.abs(same - crop).mean() < 4
    assert made.facts["box_x0_px"] >= 120


@pytest.mark.skipif(not CLIPS.is_dir(), reason="../shared is absent: no real clips to look at")
@pytest.mark.parametrize(
    ("name", "logo"),
    [("stage-performer.mp4", Box(576 / 640, 18 / 360, 608 / 640, 50 / 360)), ("street-dancer.avi", None)],
)
def test_the_logo_of_a_real_clip_is_found_and_nothing_else(name: str, logo: Box | None) -> None:
    watch, tally = Watch(), Tally()
    with open_video(bytes(CLIPS / name)) as (container, stream):
        for shown in decode(container, stream, tally):
            if shown.index % 12 == 0:
                watch.see(0, luma_of(shown.frame))
    (burnt,) = watch.finish().values()
    assert burnt.picture == WHOLE
    if logo is None:
        assert burnt.overlays == ()
    else:
        assert burnt.overlays is not None
        (box,) = burnt.overlays
        assert box.common(logo) > 0.95 * logo.area
        assert box.area < 2 * logo.area
