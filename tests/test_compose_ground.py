"""What stands behind a subject: drawn by its address, made or taken, and how the two are joined."""

from __future__ import annotations

from collections import Counter

import cv2
import numpy as np
import pytest
from cutouts import solid

from tools import composite
from tools.compose import blend, ground
from tools.compose.draw import draw_background, draw_mode
from tools.mill.settings import UsageError


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


def test_the_own_ground_keeps_no_ghost_of_the_subject() -> None:
    frame = np.full((360, 640, 3), (40, 60, 160), np.uint8)
    frame[80:360, 260:380] = (250, 30, 30)
    mask = np.zeros((360, 640), np.uint8)
    mask[80:360, 260:380] = 255
    behind = ground.own(frame, mask, "a", 512, 512, 40)
    assert np.abs(behind.astype(int) - (40, 60, 160)).max() <= 2


def test_an_own_ground_without_any_place_left_is_a_plain_one() -> None:
    frame = np.full((60, 60, 3), 90, np.uint8)
    assert np.abs(ground.own(frame, np.full((60, 60), 255, np.uint8), "a", 64, 64, 40).astype(int) - 90).max() <= 1


def test_a_library_picture_is_cropped_to_its_middle_and_blurred() -> None:
    stripes = np.zeros((300, 900, 3), np.uint8)
    stripes[:, np.arange(900) % 12 < 6] = 255
    stripes[:, :290] = stripes[:, 610:] = (255, 0, 0)
    behind = ground.blurred(stripes, "a", 256, 256, 24)
    assert behind.shape == (256, 256, 3)
    assert np.abs(behind[:, 20:-20].astype(int) - 127).max() < 20
    sharp = ground.blurred(stripes, "a", 256, 256, 0)
    assert sharp.std() > behind.std()


def test_who_stands_gets_the_lower_end_of_a_picture() -> None:
    field = np.full((400, 200, 3), (90, 140, 220), np.uint8)
    field[300:] = (60, 110, 40)
    nobody = np.zeros((400, 200), np.uint8)
    for low, floor in ((True, (60, 110, 40)), (False, (90, 140, 220))):
        assert (ground.blurred(field, "a", 200, 200, 0, low=low)[-1] == floor).all()
        assert np.abs(ground.own(field, nobody, "a", 200, 200, 1, low=low)[-1].astype(int) - floor).max() <= 2


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
    assert 2 < mottled.std(axis=(0, 1)).min() < 15
    assert np.abs(np.diff(mottled, axis=0)).mean() < 3


def test_a_blurred_sky_has_no_bands() -> None:
    sky = np.repeat(np.linspace(80, 90, 512)[:, None, None].round(), 512, 1).repeat(3, 2).astype(np.uint8)
    rows = ground.blurred(sky, "a", 512, 512, 24)[..., 0].astype(int)
    assert (np.diff(sky[:, 0, 0].astype(int)) != 0).mean() < 0.05
    assert (np.diff(rows, axis=0) != 0).mean() > 0.2
    assert np.abs(rows.mean(axis=1) - np.linspace(80, 90, 512)).max() < 0.5


def test_a_gradient_has_no_bands() -> None:
    picture = ground.gradient("bands", 512, 512).astype(int)
    rows = np.abs(np.diff(picture[:, :, 0], axis=0)) + np.abs(np.diff(picture[:, :, 0], axis=1))[:511, :1]
    assert (rows > 0).mean() > 0.1
