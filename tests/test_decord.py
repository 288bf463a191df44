"""decord: the frames of PyAV where it is right, and a sentence where it is not."""

from __future__ import annotations

import importlib.util
import os
import re
from array import array
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from footage import SMALL, Style, cut_off, flip_bytes, number_of, picture, pictures, shift_times, woven, write
from watching import shown_by

from tools.engines.decoders import Untrusted
from tools.media.colour import rgb_of
from tools.media.harvest import Plan, harvest

if importlib.util.find_spec("decord") is None:
    pytest.skip("decord is not installed (optional)", allow_module_level=True)

CLIPS = Path(__file__).resolve().parents[2] / "shared" / "clips"
COUNT = 40
B_FRAMES = Style(b_frames=2)
CLOSE = 3.0
"""Levels, mean over a frame, by which decord's RGB may differ from PyAV's: it rounds down, twice."""


def refusal(clip: Path) -> str:
    with pytest.raises(Untrusted) as caught:
        shown_by("decord", clip)
    return str(caught.value)


# decord, where it is right


RIGHT = {
    "h264.mp4": SMALL,
    "b_frames.mp4": B_FRAMES,
    "b_frames.mkv": B_FRAMES,
    "b_frames.flv": B_FRAMES,
    "hevc.mp4": Style(codec="libx265", b_frames=2),
    "ten_bits.mkv": Style(codec="libx265", pix_fmt="yuv420p10le"),
    "vp9.webm": Style(codec="libvpx-vp9"),
    "turned.mp4": Style(rotation_deg=90),
    "bt709.mp4": Style(matrix="bt709"),
    "full_range.mp4": Style(pix_fmt="yuvj420p", full_range=True, matrix="bt601"),
    "not_square.mp4": Style(pixel_aspect=Fraction(4, 3)),
}


def same(clip: Path) -> int:
    """Compare decord's frames with PyAV's, each one; how many there are."""
    found, tally = shown_by("decord", clip)
    wanted, _ = shown_by("pyav", clip)
    assert [(shown.time_us, shown.index) for shown in found] == [(shown.time_us, shown.index) for shown in wanted]
    for one, other in zip(found, wanted, strict=True):
        apart = np.abs(rgb_of(one.frame).astype(int) - rgb_of(other.frame)).mean()
        assert apart < CLOSE
    assert (tally.decoder, tally.n_frames, tally.n_damaged) == ("decord", len(found), 0)
    return len(found)


@pytest.mark.parametrize("name", RIGHT)
def test_decord_gives_the_same_frames_where_it_is_right(tmp_path: Path, name: str) -> None:
    clip = write(tmp_path / name, pictures(COUNT), RIGHT[name])
    assert same(clip) == COUNT
    found, _ = shown_by("decord", clip)
    assert [number_of(rgb_of(shown.frame)) for shown in found] == list(range(COUNT))


def test_decord_at_variable_rate(tmp_path: Path) -> None:
    times = [0.04 * n + 0.013 * (n % 3) + (1.7 if n > 20 else 0) for n in range(COUNT)]
    assert same(write(tmp_path / "a.mp4", pictures(COUNT), SMALL, times_s=times)) == COUNT


def test_decord_on_real_footage() -> None:
    if not CLIPS.is_dir():
        pytest.skip("../shared/clips is not here")
    assert same(CLIPS / "street-walk-5frames.mp4") == 5


def test_decord_reads_in_pieces_and_misses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of 7 frames: they end at key frames, or between them where these are farther apart."""
    from tools.engines import decord_reader

    monkeypatch.setattr(decord_reader, "PIECE_BYTES", 7 * 160 * 120 * 3 + 100)
    assert same(write(tmp_path / "far.mp4", pictures(COUNT), Style(gop=25, b_frames=2))) == COUNT
    assert same(write(tmp_path / "near.mp4", pictures(COUNT), Style(gop=3))) == COUNT


# decord, where it is wrong


ADVICE = ' Set [extract] decoder = "pyav".'


@pytest.mark.parametrize(
    ("name", "style"), [("a.ts", B_FRAMES), ("b.ts", Style(codec="mpeg2video", b_frames=2))], ids=["H.264", "MPEG-2"]
)
def test_frames_that_are_not_those_of_their_times(tmp_path: Path, name: str, style: Style) -> None:
    """In transport streams decord begins in mid-stream, and says that it was the beginning."""
    said = refusal(write(tmp_path / name, pictures(60), style))
    assert re.fullmatch(
        r"What decord shows at 0\.000 s is not the frame of that time \(\d\d\.\d levels apart\)\." + re.escape(ADVICE),
        said,
    )


def test_copies_of_neighbours_are_no_frames(tmp_path: Path) -> None:
    """The same fault where nothing moves, so that only the copies at its end tell it."""
    said = refusal(write(tmp_path / "a.ts", [picture(5)] * 60, B_FRAMES))
    assert re.fullmatch(r"decord gives a copy of another for frame \d+\." + re.escape(ADVICE), said)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.mpg"])
def test_interlaced(tmp_path: Path, name: str) -> None:
    codec = "libx264" if name == "a.mp4" else "mpeg2video"
    clip = write(tmp_path / name, [woven(n) for n in range(30)], Style(codec=codec, interlaced=True))
    said = "It is interlaced at 0.000 s, and decord does not say so: moving edges would be combs."
    assert refusal(clip) == said + ADVICE


def one_after_the_other(one: Path, other: Path, target: Path) -> Path:
    """The packets of two clips of 30 frames in one stream."""
    with av.open(str(one)) as first, av.open(str(other)) as second, av.open(str(target), "w") as out:
        copy = out.add_stream_from_template(first.streams.video[0])
        for source, later in ((first, 0), (second, 1200)):  # Matroska counts milliseconds
            for packet in source.demux(video=0):
                if packet.pts is not None and packet.dts is not None:
                    packet.pts, packet.dts, packet.stream = packet.pts + later, packet.dts + later, copy
                    out.mux(packet)
    return target


def test_the_size_changes_in_mid_stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In Matroska, where decord's places are right: it stretches the second size to the first and does not say so.

    Read in pieces, as a longer clip is, so that its fault at the end does not come first.
    """
    from tools.engines import decord_reader

    monkeypatch.setattr(decord_reader, "PIECE_BYTES", 10 * 160 * 120 * 3)
    style = Style(codec="mpeg2video")
    one = write(tmp_path / "a.mkv", pictures(30), style)
    other = write(tmp_path / "b.mkv", pictures(30, 240, 180, first=30), style)
    said = refusal(one_after_the_other(one, other, tmp_path / "both.mkv"))
    assert re.fullmatch(
        r"The frame at 1\.200 s has 240 x 180 px, and decord gives 160 x 120\." + re.escape(ADVICE), said
    )


def test_an_edit_list_that_hides_frames(tmp_path: Path) -> None:
    clip = shift_times(write(tmp_path / "a.mp4", pictures(COUNT), B_FRAMES), tmp_path / "trimmed.mp4", -0.4)
    assert refusal(clip) == (
        f"decord counts 40 frames, but the container shows 30 (an edit list hides some, or the count is wrong).{ADVICE}"
    )


def test_a_late_start(tmp_path: Path) -> None:
    clip = shift_times(write(tmp_path / "a.mp4", pictures(COUNT), SMALL), tmp_path / "late.mp4", 0.4)
    assert refusal(clip) == (
        "decord's times disagree with the container's: frame 0 is at 0 s for decord and at 0.4 s in the file, the "
        f"first of 40.{ADVICE}"
    )


@pytest.mark.parametrize(("late_us", "right"), [(0, True), (990, True), (-990, True), (1010, False), (-1010, False)])
def test_times_may_be_a_millisecond_apart(tmp_path: Path, late_us: int, right: bool) -> None:
    from decord import VideoReader

    from tools.engines import decord_reader

    reader = VideoReader(str(write(tmp_path / "a.mp4", pictures(COUNT), SMALL)))
    micros = array("q", [40_000 * number + late_us * (number == 7) for number in range(COUNT)])
    times = decord_reader._Times(micros, micros)
    if right:
        decord_reader._compare_times(times, reader)
        return
    said = f"frame 7 is at 0.28 s for decord and at {0.28 + late_us / 1e6:g} s in the file, the first of 1."
    with pytest.raises(Untrusted, match=re.escape(said)):
        decord_reader._compare_times(times, reader)


def test_a_container_whose_times_decord_does_not_read(tmp_path: Path) -> None:
    said = refusal(write(tmp_path / "a.avi", pictures(COUNT), B_FRAMES))
    assert said.startswith("decord's times disagree with the container's: frame 0 is at -")


def test_hdr(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as out:
        options = {"x265-params": "log-level=none:transfer=smpte2084:colorprim=bt2020:colormatrix=bt2020nc"}
        stream: Any = out.add_stream("libx265", 25, options=options)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p10le"
        for image in pictures(5):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        out.mux(stream.encode(None))
    said = "It is HDR at 0.000 s, and decord does not say so: its colours would be pale."
    assert refusal(path) == said + ADVICE


def test_damage(tmp_path: Path) -> None:
    front = write(tmp_path / "a.mp4", pictures(60), Style(gop=10), container_options={"movflags": "faststart"})
    assert re.fullmatch(
        r"decord (cannot decode|gives a copy of another for) frame \d+\." + re.escape(ADVICE),
        refusal(flip_bytes(front, tmp_path / "flipped.mp4", 0.45, 0.5, 29)),
    )
    assert refusal(cut_off(front, tmp_path / "cut.mp4", 0.6)).endswith(ADVICE)


def test_the_harvest_of_decord_is_that_of_pyav(tmp_path: Path) -> None:
    """The same frames are chosen, with the same numbers in them."""
    clip = os.fsencode(write(tmp_path / "a.mp4", pictures(75, 320, 240), B_FRAMES))
    plain, other = (
        harvest(clip, 3.0, Plan(threads=2, decoder=name), lambda _, data: data) for name in ("pyav", "decord")
    )
    assert [taken.index // 12.5 for taken in other.taken] == [taken.index // 12.5 for taken in plain.taken]
    assert [(taken.time_us, taken.width, taken.height) for taken in other.taken] == [
        (round(taken.index * 40_000), 320, 240) for taken in other.taken
    ]
