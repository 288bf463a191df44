"""That every frame which comes out of a video is the one that its time says, whatever was done to the file."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from footage import SMALL, Rgb, Style, cut_off, flip_bytes, pictures, shift_times, woven, write
from watching import facts, on_time, pixels, read, write_bytes

from tools.media.colour import webp_of
from tools.media.decode import Tally, decode
from tools.media.video import open_video

COUNT = 30
B_FRAMES = Style(b_frames=2)

KINDS = {
    "h264.mp4": SMALL,
    "b_frames.mp4": B_FRAMES,
    "with_sound.mp4": Style(sound=True, b_frames=2),
    "hevc.mp4": Style(codec="libx265", b_frames=2),
    "hevc_ten_bits.mkv": Style(codec="libx265", pix_fmt="yuv420p10le"),
    "vp9.webm": Style(codec="libvpx-vp9"),
    "h264.ts": Style(b_frames=2, sound=True),
    "mpeg2.ts": Style(codec="mpeg2video", b_frames=2),
    "mpeg2.mpg": Style(codec="mpeg2video", b_frames=2),
    "h264.mkv": B_FRAMES,
    "h264.avi": B_FRAMES,
    "mpeg4.avi": Style(codec="mpeg4", b_frames=2),
    "h264.flv": B_FRAMES,
    "jpeg.mov": Style(codec="mjpeg", pix_fmt="yuvj420p", full_range=True, matrix="bt601"),
    "rgb.mkv": Style(codec="ffv1", pix_fmt="bgr0"),
    "without_times.h264": B_FRAMES,
}


@pytest.mark.parametrize("name", KINDS)
def test_every_frame_is_the_one_that_its_time_says(tmp_path: Path, name: str) -> None:
    clip = write(tmp_path / name, pictures(COUNT), KINDS[name])
    found = facts(clip)
    assert (found.width, found.height, found.frame_rate) == (160, 120, 25.0)
    assert found.duration_s == pytest.approx(COUNT / 25, abs=0.002)
    assert found.missing_share == pytest.approx(0, abs=0.01)
    assert found.declared_frames in (COUNT, None)
    assert found.has_audio == KINDS[name].sound
    seen, tally = read(clip)
    assert on_time(seen)
    assert (len(seen), tally) == (COUNT, Tally(COUNT))


@pytest.mark.parametrize("rotation_deg", [90, 180, 270])
def test_rotated_by_the_display_matrix(tmp_path: Path, rotation_deg: int) -> None:
    clip = write(tmp_path / "a.mp4", pictures(COUNT), Style(rotation_deg=rotation_deg))
    with av.open(str(clip)) as stored:
        coded = stored.streams.video[0]
        assert (coded.width, coded.height) == ((160, 120) if rotation_deg == 180 else (120, 160))
    found = facts(clip)
    assert (found.width, found.height, found.rotation_deg) == (160, 120, rotation_deg)
    assert on_time(read(clip)[0])


def test_odd_sizes_and_rotation_of_an_odd_size(tmp_path: Path) -> None:
    plain = write(tmp_path / "a.webm", pictures(COUNT, 161, 121), Style(codec="libvpx-vp9"))
    turned = write(tmp_path / "b.mp4", pictures(3, 161, 121), Style(codec="mpeg4", rotation_deg=90))
    for clip in (plain, turned):
        found = facts(clip)
        assert (found.width, found.height) == (161, 121)
        assert on_time(read(clip)[0])


def test_pixels_that_are_not_square_are_stretched(tmp_path: Path) -> None:
    clip = write(tmp_path / "a.mp4", pictures(3), Style(pixel_aspect=Fraction(4, 3)))
    found = facts(clip)
    assert (found.width, found.height) == (213, 120)
    assert on_time(read(clip)[0])


def test_variable_rate(tmp_path: Path) -> None:
    times = [0.04 * n + 0.013 * (n % 3) + (1.7 if n > 20 else 0) for n in range(COUNT)]
    clip = write(tmp_path / "a.mp4", pictures(COUNT), SMALL, times_s=times)
    seen, _ = read(clip)
    assert [number for _, number in seen] == list(range(COUNT))
    assert [time_s for time_s, _ in seen] == pytest.approx(times, abs=1e-4)
    assert facts(clip).missing_share == 0


def test_trimmed_with_an_edit_list(tmp_path: Path) -> None:
    clip = shift_times(write(tmp_path / "a.mp4", pictures(COUNT), B_FRAMES), tmp_path / "trimmed.mp4", -0.4)
    assert b"elst" in clip.read_bytes()
    found = facts(clip)
    assert (found.declared_frames, found.duration_s, found.missing_share) == (COUNT - 10, pytest.approx(0.8), 0)
    seen, _ = read(clip)
    assert seen == [(pytest.approx(n / 25), n + 10) for n in range(COUNT - 10)]


def test_a_late_start_keeps_its_time(tmp_path: Path) -> None:
    clip = shift_times(write(tmp_path / "a.mp4", pictures(COUNT), B_FRAMES), tmp_path / "late.mp4", 0.4)
    assert read(clip)[0][0] == (pytest.approx(0.4), 0)
    assert facts(clip).duration_s == pytest.approx(1.2)


def test_frames_without_times_are_counted_on_from_zero(tmp_path: Path) -> None:
    early = {"avoid_negative_ts": "disabled"}
    times = [n / 25 - 0.2 for n in range(COUNT)]
    clip = write(tmp_path / "a.mkv", pictures(COUNT), SMALL, times_s=times, container_options=early)
    with av.open(str(clip)) as stored:
        assert [packet.pts for packet in stored.demux(video=0)][:6] == [None, None, None, None, None, 0]
    seen, _ = read(clip)
    assert on_time(seen)
    assert len(seen) == COUNT


def joined(tmp_path: Path, one: Path, other: Path) -> Path:
    return write_bytes(tmp_path / "joined.ts", one.read_bytes() + other.read_bytes())


def test_recordings_joined_end_to_end_go_on_where_the_first_ended(tmp_path: Path) -> None:
    one = write(tmp_path / "a.ts", pictures(COUNT), B_FRAMES)
    other = write(tmp_path / "b.ts", pictures(COUNT, first=COUNT), B_FRAMES)
    clip = joined(tmp_path, one, other)
    seen, tally = read(clip)
    assert on_time(seen)
    assert seen[-1] == (pytest.approx(2.36), 2 * COUNT - 1)
    assert (tally.n_frames, len(seen) + tally.n_damaged) == (2 * COUNT, 2 * COUNT)
    assert tally.n_damaged <= 4  # the joint is a gap in the stream's own count
    assert facts(clip).duration_s == pytest.approx(2.4, abs=0.001)


def test_the_size_changes_in_mid_stream(tmp_path: Path) -> None:
    style = Style(codec="mpeg2video")
    one = write(tmp_path / "a.ts", pictures(COUNT), style)
    later = {"output_ts_offset": str((COUNT + 1) / 25)}
    other = write(tmp_path / "b.ts", pictures(COUNT, 240, 180, first=COUNT), style, container_options=later)
    clip = joined(tmp_path, one, other)
    assert (facts(clip).width, facts(clip).height) == (160, 120)
    seen, _ = read(clip)
    assert on_time(seen)
    assert {number for _, number in seen} >= {*range(COUNT - 4), *range(COUNT, 2 * COUNT)}


@pytest.mark.parametrize("name", ["h264.mp4", "mpeg2.ts"])
def test_interlaced_frames_lose_their_comb(tmp_path: Path, name: str) -> None:
    codec = "libx264" if name.startswith("h264") else "mpeg2video"
    clip = write(tmp_path / name, [woven(n) for n in range(8)], Style(codec=codec, interlaced=True))
    assert facts(clip).interlaced
    assert on_time(read(clip)[0])
    with open_video(os.fsencode(clip)) as (container, stream):
        frame = next(decode(container, stream, Tally())).frame
        assert comb(pixels(webp_of(frame, None, 90, 0))) < comb(woven(0)) / 4


def comb(image: Rgb) -> float:
    """How much more a line differs from the next than from the one after that, in levels."""
    right = image[:, image.shape[1] // 4 :].astype(float)
    return float(np.abs(right[:-2] - right[1:-1]).mean() - np.abs(right[:-2] - right[2:]).mean())


def test_cut_off_in_mid_stream(tmp_path: Path) -> None:
    front = write(tmp_path / "a.mp4", pictures(COUNT), Style(gop=10), container_options={"movflags": "faststart"})
    cut = cut_off(front, tmp_path / "cut.mp4", 0.6)
    found = facts(cut)
    assert found.declared_frames == COUNT
    seen, tally = read(cut)
    assert on_time(seen)
    assert 5 < len(seen) < COUNT - 5
    assert tally.n_errors + tally.n_damaged > 0
    assert found.missing_share == pytest.approx(1 - len(seen) / COUNT, abs=0.08)


def test_inverted_bytes_damage_frames_up_to_the_next_key_frame(tmp_path: Path) -> None:
    front = write(tmp_path / "a.mp4", pictures(60), Style(gop=20), container_options={"movflags": "faststart"})
    seen, tally = read(flip_bytes(front, tmp_path / "flipped.mp4", 0.45, 0.5, 29))
    assert on_time(seen)
    assert 0 < tally.n_damaged < 25
    assert {number for _, number in seen} >= {*range(18), *range(40, 60)}
