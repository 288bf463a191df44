"""The decoders of extract: the same frames whoever decodes them, and a sentence from each that cannot say so."""

from __future__ import annotations

import importlib.util
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from footage import SMALL, Style, flip_bytes, picture, pictures, woven, write
from watching import shown_by

from tools import doctor
from tools.engines import decoders, nvdec
from tools.engines.decoders import fallen_back
from tools.media.colour import rgb_of, webp_of
from tools.media.decode import Shown, Tally, decode
from tools.media.luma import luma_of
from tools.media.planar import planar
from tools.media.upright import turn_of
from tools.media.video import open_video
from tools.mill.manifest import connect
from tools.mill.settings import UsageError

COUNT = 40
B_FRAMES = Style(b_frames=2)
NO_GPU = nvdec.lack()
gpu = pytest.mark.skipif(NO_GPU is not None, reason=f"needs an NVIDIA GPU: {NO_GPU}")
no_gpu = pytest.mark.skipif(NO_GPU is None, reason="says what is missing where there is no GPU")
decord = pytest.mark.skipif(importlib.util.find_spec("decord") is None, reason="decord is not installed (optional)")


# NV12 and P010, as a GPU hands frames out


def woven_chroma(frame: av.VideoFrame) -> av.VideoFrame:
    """The frame as NVDEC would give it, put together by hand: 4:2:0 of 8 bits as NV12, of 10 bits as P010."""
    deep = "10" in frame.format.name
    word, shift = (np.uint16, 6) if deep else (np.uint8, 0)
    luma, blue, red = (values(plane, word) for plane in frame.planes)
    chroma = np.stack([blue, red], axis=-1).reshape(blue.shape[0], -1)
    like = frame.reformat(format="p010le" if deep else "nv12")  # for what it says of itself
    for index, wanted in enumerate((luma, chroma)):
        plane = like.planes[index]
        rows = rows_of(plane, word)
        rows[:, : wanted.shape[1]] = wanted << shift
    like.color_range = frame.color_range
    return like


def rows_of(plane: Any, word: Any) -> Any:
    """A plane with its padding, sharing the frame's memory."""
    return np.frombuffer(plane, word).reshape(plane.height, -1)


def values(plane: Any, word: Any) -> Any:
    return rows_of(plane, word)[:, : plane.width]


@pytest.mark.parametrize(
    "style",
    [
        SMALL,
        Style(codec="libx265", pix_fmt="yuv420p10le"),
        Style(pix_fmt="yuvj420p", full_range=True, matrix="bt601"),
        Style(matrix="bt709", rotation_deg=90),
        Style(interlaced=True),
        Style(codec="libvpx-vp9"),
    ],
    ids=["plain", "ten bits", "full range", "BT.709, turned", "interlaced", "odd size"],
)
def test_what_a_gpu_hands_out_becomes_the_same_bytes(tmp_path: Path, style: Style) -> None:
    images = [woven(3)] * 3 if style.interlaced else pictures(3, 161, 121) if "vp9" in style.codec else pictures(3)
    clip = write(tmp_path / ("a.webm" if "vp9" in style.codec else "a.mp4"), images, style)
    with open_video(os.fsencode(clip)) as video:
        frame = list(decode(*video, Tally()))[1].frame
    handed = woven_chroma(frame)
    again = planar(handed)
    assert handed.format.name in ("nv12", "p010le")
    assert again.format.name == frame.format.name.replace("yuvj", "yuv")
    word = np.uint16 if "10" in frame.format.name else np.uint8
    for one, other in zip(again.planes, frame.planes, strict=True):
        assert np.array_equal(values(one, word), values(other, word))
    assert (turn_of(again), again.interlaced_frame) == (turn_of(frame), frame.interlaced_frame)
    assert (again.pts, again.color_range, again.colorspace) == (frame.pts, frame.color_range, frame.colorspace)
    assert webp_of(handed, None, 90, 2) == webp_of(frame, None, 90, 2)
    assert np.array_equal(rgb_of(handed), rgb_of(frame))
    assert np.array_equal(luma_of(handed), luma_of(frame))


def test_frames_in_software_s_own_order_are_left_alone() -> None:
    frame = av.VideoFrame(64, 48, "yuv422p")
    assert planar(frame) is frame


# The choice


def test_a_name_that_is_none() -> None:
    said = "[extract] decoder is 'cuda', which is none. There are: auto, nvdec, pyav, decord."
    with pytest.raises(UsageError, match=re.escape(said)):
        decoders.check("cuda")


@no_gpu
def test_nvdec_without_a_gpu_is_a_sentence_before_anything_begins(
    workspace: Path, run_tool: Callable[..., Any]
) -> None:
    write(workspace / "00_raw_videos" / "a.mp4", pictures(10, 320, 240), SMALL)
    run_tool(workspace, "intake", options={"min_side": 100})
    said = f'[extract] decoder is \'nvdec\', but {NO_GPU}. Set it to "auto" or "pyav".'
    with pytest.raises(UsageError, match=re.escape(said)):
        run_tool(workspace, "extract", options={"decoder": "nvdec"})
    with connect(workspace) as db:
        assert (
            db.execute("select count(*) from run join step on step.id = step_id where tool = 'extract'").fetchone()[0]
            == 0
        )


@no_gpu
def test_auto_without_a_gpu_is_software(tmp_path: Path) -> None:
    frames, tally = shown_by("auto", write(tmp_path / "a.mp4", pictures(10), SMALL))
    assert (len(frames), tally) == (10, Tally(10))


@pytest.mark.parametrize(
    ("name", "style", "why"),
    [
        ("a.mp4", SMALL, None),
        ("a.mkv", Style(codec="libx265", pix_fmt="yuv420p10le"), None),
        ("a.ts", Style(codec="mpeg2video"), "mpeg2video is decoded in software: another decoder rounds it otherwise"),
        (
            "b.mp4",
            Style(pix_fmt="yuv422p10le"),
            "yuv422p10le is decoded in software: NVDEC is asked for 4:2:0 with 8 or 10 bits alone",
        ),
    ],
)
def test_what_is_fit_for_nvdec(tmp_path: Path, name: str, style: Style, why: str | None) -> None:
    with open_video(os.fsencode(write(tmp_path / name, pictures(3), style))) as (_, stream):
        assert nvdec.unfit(stream) == why


# Falling back


def test_software_goes_on_where_the_gpu_stops_and_gives_each_frame_once(tmp_path: Path) -> None:
    """A damaged stream, whose sound beginning came from elsewhere: the frames and the count are those of software."""
    front = write(tmp_path / "a.mp4", pictures(60), Style(gop=20), container_options={"movflags": "faststart"})
    path = os.fsencode(flip_bytes(front, tmp_path / "flipped.mp4", 0.45, 0.5, 29))
    asked: list[bool] = []
    with open_video(path) as one, open_video(path) as other, open_video(path) as third:
        alone = Tally()
        wanted = list(decode(*one, alone, 1))
        tally = Tally(decoder="nvdec", device=nvdec.DEVICE)
        first = nvdec.strictly(decode(*other, nvdec._Strict(), 1))
        found = list(fallen_back(first, lambda: decode(*third, tally, 1), tally, lambda: asked.append(True)))
    assert alone.n_damaged > 0
    assert [(shown.time_us, shown.index, shown.damaged) for shown in found] == [
        (shown.time_us, shown.index, shown.damaged) for shown in wanted
    ]
    assert asked == [True]
    assert (tally.decoder, tally.device) == ("pyav", "cpu")
    assert (tally.n_frames, tally.n_damaged, tally.n_errors) == (alone.n_frames, alone.n_damaged, alone.n_errors)
    assert tally.fallback is not None
    assert re.fullmatch(r"NVDEC was tried, but (it gave up: .+|frame \d+ is damaged, .+)\.", tally.fallback)


def test_a_sound_stream_never_comes_to_software(tmp_path: Path) -> None:
    def never() -> Iterator[Shown]:
        raise AssertionError("nothing was wrong")

    path = os.fsencode(write(tmp_path / "a.mp4", pictures(10), B_FRAMES))
    tally = Tally(decoder="nvdec")
    with open_video(path) as video:
        found = list(fallen_back(nvdec.strictly(decode(*video, tally, 1)), never, tally, lambda: None))
    assert [shown.index for shown in found] == list(range(10))
    assert tally.decoder == "nvdec"


@no_gpu
def test_a_gpu_that_does_not_begin_refuses(tmp_path: Path) -> None:
    path = os.fsencode(write(tmp_path / "a.mp4", pictures(3), SMALL))
    with pytest.raises(nvdec.Refused, match="it could not begin: "):
        list(nvdec.decoded(path, Tally()))


@no_gpu
def test_a_gpu_that_is_lost_stops_those_who_demanded_it_alone(tmp_path: Path) -> None:
    path = os.fsencode(write(tmp_path / "a.mp4", pictures(3), SMALL))
    with open_video(path) as video:
        tally = Tally()
        found = list(decoders._on_the_gpu(path, video, tally, 1, demanded=False))
    assert ([shown.index for shown in found], tally.decoder) == ([0, 1, 2], "pyav")
    assert (tally.fallback or "").startswith("NVDEC was tried, but it could not begin: ")
    said = f'[extract] decoder is "nvdec", but the GPU was lost: {NO_GPU}. Mend that and go on.'
    with open_video(path) as video, pytest.raises(UsageError, match=re.escape(said)):
        list(decoders._on_the_gpu(path, video, Tally(), 1, demanded=True))


@gpu
@pytest.mark.parametrize(
    ("name", "style"),
    [
        ("a.mp4", B_FRAMES),
        ("b.mp4", Style(codec="libx265", b_frames=2)),
        ("c.mkv", Style(codec="libx265", pix_fmt="yuv420p10le")),
        ("d.webm", Style(codec="libvpx-vp9")),
        ("e.mp4", Style(interlaced=True)),
        ("f.mp4", Style(rotation_deg=90, matrix="bt709")),
    ],
)
def test_the_gpu_gives_software_s_bytes(tmp_path: Path, name: str, style: Style) -> None:
    clip = write(tmp_path / name, pictures(COUNT, 320, 240), style)
    frames, tally = shown_by("nvdec", clip)
    assert (tally.decoder, tally.device, tally.fallback) == ("nvdec", nvdec.DEVICE, None)
    plain, _ = shown_by("pyav", clip)
    assert [(shown.time_us, shown.index) for shown in frames] == [(shown.time_us, shown.index) for shown in plain]
    for one, other in zip(frames, plain, strict=True):
        assert webp_of(one.frame, None, 90, 0) == webp_of(other.frame, None, 90, 0)


@gpu
def test_what_the_gpu_cannot_take_is_decoded_in_software_and_told(tmp_path: Path) -> None:
    small = write(tmp_path / "a.mp4", [picture(n, 32, 16) for n in range(5)], Style(codec="libx265"))
    frames, tally = shown_by("auto", small)
    assert ([shown.index for shown in frames], tally.decoder) == ([0, 1, 2, 3, 4], "pyav")
    assert (tally.fallback or "").startswith("NVDEC was tried, but ")


# In a run


def told(base: Path, question: str) -> Any:
    with connect(base) as db:
        return db.execute(question).fetchone()


@pytest.fixture
def clips(workspace: Path, run_tool: Callable[..., Any]) -> Path:
    """A workspace after intake: a clip on which decord is right, and one on which it is not."""
    folder = workspace / "00_raw_videos"
    write(folder / "right.mp4", pictures(30, 320, 240), SMALL)
    write(folder / "wrong.ts", pictures(60, 320, 240, seed=2), B_FRAMES)
    run_tool(workspace, "intake", options={"min_side": 100})
    return workspace


def test_who_decoded_stands_in_the_manifest(clips: Path, run_tool: Callable[..., Any]) -> None:
    run_tool(clips, "extract")
    expected = ("pyav", None) if NO_GPU else ("nvdec", None)
    assert tuple(told(clips, "select decoder, decoder_fallback from videos where path like '%right.mp4'")) == expected
    devices = told(clips, "select json_extract(machine_json, '$.devices') from run order by id desc limit 1")[0]
    assert json.loads(devices) == (["cpu"] if NO_GPU else [nvdec.DEVICE])
    # Another way to the same bytes makes nothing anew.
    assert run_tool(clips, "extract", options={"decoder": "pyav"}).waiting == 0
    with connect(clips) as db:
        recipe = db.execute("select json from recipe join step on step.recipe_id = recipe.id where tool = 'extract'")
        assert "decoder" not in recipe.fetchone()[0]


@decord
def test_decord_in_a_worker_fails_what_it_cannot_do_and_counts_to_the_recipe(
    clips: Path, run_tool: Callable[..., Any]
) -> None:
    run_tool(clips, "extract", options={"decoder": "pyav"})
    report = run_tool(clips, "extract", options={"decoder": "decord"}, workers=1)
    assert (report.waiting, report.kinds["video"]) == (2, {"ok": 1, "failed": 1})
    status, reason, detail = told(clips, "select status, reason, detail from videos where path like '%wrong.ts'")
    assert (status, reason) == ("failed", "failed")
    assert detail.startswith("What decord shows at 0.000 s is not the frame of that time")
    assert told(clips, "select decoder from videos where path like '%right.mp4'")[0] == "decord"
    assert told(clips, "select json_extract(json, '$.sides.decoder') from recipe order by id desc")[0] == "decord-1"
    left = {path.name for path in (clips / "01_extracted_frames").rglob("*.webp")}
    with connect(clips) as db:
        known = {
            Path(row[0]).name for row in db.execute("select path from item where kind = 'frame' and path not null")
        }
    assert left == known


def test_doctor_shows_the_decoders(tmp_path: Path) -> None:
    found = {each.name: each for each in doctor.examine(tmp_path)}
    assert found["decode: nvdec"].state == ("optional" if NO_GPU else "ok")
    if NO_GPU:
        assert found["decode: nvdec"].said == f"{NO_GPU}; software decodes"
    missing = importlib.util.find_spec("decord") is None
    assert found["decode: decord"].state == ("optional" if missing else "ok")
