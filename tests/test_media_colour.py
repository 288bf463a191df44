"""That a stored frame has the colours of its video and stands upright, whatever the stream says of its pixels."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorTrc
from footage import SMALL, Rgb, Style, picture, write
from watching import pixels

from tools.media.colour import deinterlaced, matrix_of, rgb_of, webp_of
from tools.media.decode import Tally, decode
from tools.media.upright import Turn, square_size, turn_from_matrix
from tools.media.video import open_video

COLOURS = np.array(
    [[200, 40, 40], [40, 180, 60], [40, 60, 200], [220, 200, 50], [60, 190, 200], [190, 60, 180], [128, 128, 128]]
)


def patches(width: int, height: int) -> Rgb:
    columns = np.arange(width) * len(COLOURS) // width
    return np.broadcast_to(COLOURS[columns], (height, width, 3)).astype(np.uint8)


def patch_colours(image: Rgb) -> Rgb:
    width = image.shape[1]
    centres = [(2 * n + 1) * width // (2 * len(COLOURS)) for n in range(len(COLOURS))]
    return np.array([image[:, x - 4 : x + 4].reshape(-1, 3).mean(axis=0) for x in centres])


def first_frame(clip: Path) -> VideoFrame:
    with open_video(os.fsencode(clip)) as (container, stream):
        return next(decode(container, stream, Tally())).frame


@pytest.mark.parametrize(
    ("matrix", "full_range", "pix_fmt", "height"),
    [
        ("bt709", False, "yuv420p", 160),
        ("bt601", False, "yuv420p", 160),
        ("bt2020", False, "yuv420p", 160),
        ("bt709", True, "yuv420p", 160),
        ("bt601", True, "yuvj420p", 160),
        ("bt709", False, "yuv444p", 160),
        (None, False, "yuv420p", 718),
    ],
)
def test_matrix_and_range_are_honoured(
    tmp_path: Path, matrix: str | None, full_range: bool, pix_fmt: str, height: int
) -> None:
    style = Style(matrix=matrix, full_range=full_range, pix_fmt=pix_fmt, crf="4")
    frame = first_frame(write(tmp_path / "a.mp4", [patches(224, height)], style))
    for image in (pixels(webp_of(frame, None, 95, 2)), rgb_of(frame)):
        assert np.abs(patch_colours(image) - COLOURS).max() < 6
        assert np.abs((patch_colours(image) - COLOURS).mean()) < 1


def test_an_unnamed_matrix_is_that_of_the_size(tmp_path: Path) -> None:
    small = VideoFrame(64, 718, "yuv420p")
    large = VideoFrame(64, 720, "yuv420p")
    assert (matrix_of(small), matrix_of(large)) == (6, 1)
    large.colorspace = 9
    assert matrix_of(large) == 9


def test_the_short_way_and_the_way_over_rgb_agree(tmp_path: Path) -> None:
    frame = first_frame(write(tmp_path / "a.mp4", [picture(7, 320, 240)], Style(matrix="bt709")))
    short = pixels(webp_of(frame, None, 90, 2)).astype(float)
    over_rgb = pixels(webp_of(frame.reformat(format="yuv444p"), None, 90, 2)).astype(float)
    assert np.abs((short - over_rgb).mean(axis=(0, 1))).max() < 0.5
    assert np.abs(short - over_rgb).mean() < 2


def test_the_same_frame_gives_the_same_bytes(tmp_path: Path) -> None:
    frame = first_frame(write(tmp_path / "a.mp4", [picture(7)], SMALL))
    assert webp_of(frame, None, 90, 2) == webp_of(frame, None, 90, 2)
    assert len({webp_of(frame, None, quality, 2) for quality in (50, 90)}) == 2
    assert len({webp_of(frame, None, 90, effort) for effort in (0, 4)}) == 2


def test_hdr_is_brought_to_an_ordinary_screen() -> None:
    white, grey = 0.75, 0.5  # in HLG diffuse white is at 75 % of the signal (ITU-R BT.2408), here beside half of it
    signal = np.full((64, 64, 3), white)
    signal[:, 32:] = grey
    frame = VideoFrame.from_ndarray((signal * 65535).astype(np.uint16), format="rgb48le")
    frame = frame.reformat(format="yuv420p10le", dst_colorspace="BT2020", dst_color_range="MPEG")
    plain = rgb_of(frame)
    frame.color_trc, frame.color_primaries = ColorTrc.ARIB_STD_B67, ColorPrimaries.BT2020
    shown = rgb_of(frame)
    assert plain[0, 0].tolist() == pytest.approx([191, 191, 191], abs=2)
    assert shown[0, 0].min() > 230
    assert pixels(webp_of(frame, None, 90, 2))[0, 0].min() > 228


def test_a_deinterlaced_frame_keeps_its_first_field() -> None:
    luma = np.full((64, 64), 50, np.uint8)
    luma[1::2] = 200
    frame = VideoFrame.from_ndarray(luma, format="gray").reformat(format="yuv420p")
    whole = deinterlaced(frame).to_ndarray()[:64]
    assert np.ptp(whole) <= 1
    assert whole.mean() == pytest.approx(frame.to_ndarray()[0].mean(), abs=1)


ROTATED = {0: (1, 0, 0, 1), 90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}


@pytest.mark.parametrize("rotation_deg", ROTATED)
@pytest.mark.parametrize("mirrored", [False, True])
def test_all_eight_orientations(rotation_deg: int, mirrored: bool) -> None:
    a, b, c, d = ROTATED[rotation_deg]
    if mirrored:  # left-right, after it is turned
        a, c = -a, -c
    one = 1 << 16
    turn = turn_from_matrix((a * one, b * one, 0, c * one, d * one, 0, 0, 0, 1 << 30))
    image = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    expected = np.rot90(image, -rotation_deg // 90)
    assert turn.rotation_deg == rotation_deg
    assert np.array_equal(turn.apply(image), expected[:, ::-1] if mirrored else expected)
    assert np.array_equal(turn.apply(image[..., 0]), turn.apply(image)[..., 0])


def test_an_angle_between_counts_as_the_nearest() -> None:
    one = 1 << 16
    a_little = (round(0.99 * one), round(0.1 * one), 0, round(-0.1 * one), round(0.99 * one), 0, 0, 0, 1 << 30)
    assert turn_from_matrix(a_little) == Turn()


def test_square_pixels() -> None:
    assert square_size(720, 576, Fraction(16, 11)) == (1047, 576)
    assert square_size(1440, 1080, Fraction(4, 3)) == (1920, 1080)
    assert square_size(720, 480, Fraction(8, 9)) == (720, 540)
    assert square_size(853, 480, Fraction(1280, 1279)) == (853, 480)
    assert square_size(640, 480, None) == (640, 480)
