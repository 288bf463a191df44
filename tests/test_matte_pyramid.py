"""Pictures halved for speed: what is found on them lies over the same pixels again, at every size."""

from __future__ import annotations

import numpy as np
import pytest

from tools.engines.watched import _scaled
from tools.matte.foreground import cut_out
from tools.matte.outline import SPECK, softened
from tools.matte.pyramid import ROW, halved, multiplied, sampled
from tools.measure.outline import largest_share

RAMP = np.tile(np.arange(3, 240, dtype=np.uint8), (91, 1))


@pytest.mark.parametrize("times", [0, 1, 2])
def test_what_was_halved_lies_over_the_same_pixels_again(times: int) -> None:
    small = halved(RAMP, times)[-1].astype(np.float32)
    again = multiplied(small, 2**times)[: RAMP.shape[0], : RAMP.shape[1]]
    inner = slice(2**times, -(2**times))
    assert np.abs(again[:, inner] - RAMP[:, inner]).max() <= 1.0


def test_each_halving_is_the_mean_of_four() -> None:
    picture = np.array([[0, 4, 100, 104], [8, 12, 108, 112]], dtype=np.uint8)
    whole, half = halved(picture, 1)
    assert np.array_equal(whole, picture)
    assert half.tolist() == [[6, 106]]


@pytest.mark.parametrize("times", [1, 2, 4, 8])
@pytest.mark.parametrize("count", [0, 1, ROW, 3 * ROW + 5])
def test_at_some_places_alone_it_is_what_it_is_at_all(times: int, count: int) -> None:
    generator = np.random.Generator(np.random.PCG64(7))
    small = generator.random((9, 13, 4), dtype=np.float32)
    large = np.dstack([multiplied(np.ascontiguousarray(small[..., place]), times) for place in range(4)])
    places = generator.integers(0, large.shape[0] * large.shape[1], count)
    rows, columns = np.divmod(places, large.shape[1])
    found = sampled(small, times, columns, rows)
    assert found.shape == (count, 4)
    assert np.allclose(found, large[rows, columns], atol=1e-6)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (5, 3), (61, 83)])
def test_what_is_not_soft_keeps_its_colour_at_every_size(shape: tuple[int, int]) -> None:
    generator = np.random.Generator(np.random.PCG64(5))
    picture = generator.integers(0, 256, (*shape, 3), dtype=np.uint8)
    alpha = generator.choice(np.array([0, 0, 90, 255], dtype=np.uint8), shape)
    cutout = cut_out(picture, alpha)
    assert np.array_equal(cutout[..., 3], alpha)
    assert np.array_equal(cutout[alpha == 255][:, :3], picture[alpha == 255])
    assert not cutout[alpha == 0].any()


def test_a_mask_without_an_outline_stays_as_it_is() -> None:
    picture = np.full((90, 60, 3), 120, dtype=np.uint8)
    assert (softened(picture, np.ones((45, 30), np.uint8)) == 255).all()
    assert not softened(picture, np.zeros((45, 30), np.uint8)).any()


@pytest.mark.parametrize(("side", "kept"), [(9, False), (12, True)])
def test_a_spot_of_a_hundredth_is_no_part_of_the_outline(side: int, kept: bool) -> None:
    """Beside a square of 100 x 100 px a spot of 9 x 9 is less than the bound, one of 12 x 12 more."""
    assert SPECK == 0.01
    mask = np.zeros((200, 200), np.uint8)
    mask[20:120, 20:120] = 1
    mask[160 : 160 + side, 160 : 160 + side] = 1
    picture = np.repeat(mask[..., None] * np.uint8(200), 3, axis=2)
    alpha = softened(picture, mask)
    assert bool(alpha[150:, 150:].any()) is kept
    assert alpha[70, 70] == 255


def test_the_largest_part_is_all_of_one_and_three_quarters_of_two() -> None:
    alpha = np.zeros((40, 40), np.uint8)
    alpha[:10, :30] = 255
    assert largest_share(alpha) == 1.0
    alpha[20:30, 20:30] = 255
    assert largest_share(alpha) == pytest.approx(0.75)


def test_a_part_inside_a_ring_is_a_part_and_may_be_the_largest() -> None:
    """A ring of 28 x 28 px, one wide, has 108; what stands in it touches it nowhere."""
    alpha = np.zeros((40, 40), np.uint8)
    alpha[5:33, 5:33] = 255
    alpha[6:32, 6:32] = 0
    assert largest_share(alpha) == 1.0
    alpha[10:14, 10:19] = 255
    assert largest_share(alpha) == pytest.approx(108 / (108 + 36))
    alpha[10:30, 10:30] = 255
    assert largest_share(alpha) == pytest.approx(400 / 508)


@pytest.mark.parametrize("size", [(320, 320), (500, 400), (640, 640), (1300, 330), (200, 900)])
def test_the_networks_picture_is_the_picture_smaller_without_moving(size: tuple[int, int]) -> None:
    """A ramp over the whole picture is the same ramp over the network's."""
    width, height = size
    ramp = np.repeat(np.linspace(0.0, 255.0, width)[None, :, None], height, axis=0).repeat(3, axis=2)
    small = _scaled(np.rint(ramp).astype(np.uint8), (320, 320)).astype(float)
    wanted = ((np.arange(320) + 0.5) * width / 320 - 0.5) / (width - 1) * 255.0
    assert small.shape == (320, 320, 3)
    assert np.abs(small[:, 2:-2] - wanted[None, 2:-2, None]).max() <= 1.0
