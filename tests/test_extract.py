"""extract: each source gives its frames as files that are what their addresses say, or the reason why not."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from footage import SMALL, Style, cut_off, flip_bytes, number_of, picture, pictures, write
from PIL import Image

from tools import extract
from tools.engines import nvdec
from tools.extract import Params
from tools.media.decode import Tally
from tools.media.harvest import Plan, floor, harvest
from tools.media.video import probe
from tools.mill.tool import OK, Bench, Dataset, Made, Result, failed, rejected

SOURCE = "0123456789abcdef" * 2
FRAMES = "01_extracted_frames/0123456789ab/"
DEFAULTS = Params()


def bench(base: Path, params: Params = DEFAULTS, threads: int = 2) -> Bench[Params]:
    return Bench(base, params, Dataset(), threads=threads)


def row_of(clip: Path, kind: str = "video", **facts: Any) -> dict[str, Any]:
    folder = "00_raw_videos" if kind == "video" else "00_raw_photos"
    raw: dict[str, Any] = {
        "folder": folder,
        "raw_path": os.fsencode(clip.name),
        "duration_s": None,
        "declared_frames": None,
    }
    if clip.exists():
        stat = clip.stat()
        raw |= {"size": stat.st_size, "mtime_ns": stat.st_mtime_ns}
    return {"item_id": 1, "kind": kind, "address": SOURCE, **raw, **facts}


def raw(base: Path, name: str) -> Path:
    folder = base / "00_raw_videos"
    folder.mkdir(exist_ok=True)
    return folder / name


def work(base: Path, clip: Path, params: Params = DEFAULTS, threads: int = 2) -> Result:
    found = probe(os.fsencode(clip))
    row = row_of(clip, duration_s=found.duration_s, declared_frames=found.declared_frames)
    return extract.work(row, bench(base, params, threads))


def whole(width: int, height: int) -> dict[str, Any]:
    """The facts of a frame without bars."""
    return {"picture_x0_px": 0, "picture_y0_px": 0, "picture_x1_px": width, "picture_y1_px": height}


def image_of(base: Path, made: Made) -> Any:
    assert made.file is not None
    with Image.open(base / made.file.path) as image:
        assert (image.format, image.size) == ("WEBP", (made.width, made.height))
        return np.asarray(image.convert("RGB"))


def test_frames_are_what_their_addresses_say(tmp_path: Path) -> None:
    result = work(tmp_path, write(raw(tmp_path, "a.mp4"), pictures(75), Style(b_frames=2)))
    assert result.verdict == OK
    assert len(result.made) == 6
    for window, made in enumerate(result.made):
        assert made.file is not None
        number = number_of(image_of(tmp_path, made))
        address = re.fullmatch(rf"{SOURCE}/t(\d{{6}}\.\d{{6}})", made.address)
        assert address is not None
        data = (tmp_path / made.file.path).read_bytes()
        assert made.facts == {"time_s": float(address[1]), "frame_index": number, "shot": 0, **whole(160, 120)}
        assert number == round(float(address[1]) * 25)
        assert number // 12.5 == window
        assert made.file.path == f"{FRAMES}{address[1]}_{hashlib.sha256(data).hexdigest()[:12]}.webp"
        assert (made.file.sha256, made.file.bytes) == (hashlib.sha256(data).hexdigest(), len(data))
        assert (made.kind, made.verdict, made.measures["candidates"]) == ("frame", OK, 13 - window % 2)
    assert result.measures == {
        "window_s": 0.5,
        "decoded_frames": 75,
        "missing_frames": 0,
        "damaged_frames": 0,
        "decode_errors": 0,
        "decoder": "nvdec" if nvdec.lack() is None else "pyav",
        "decoder_fallback": None,
        "shots": 1,
    }
    assert [path.name for path in (tmp_path / FRAMES).iterdir() if not path.name.endswith(".webp")] == []


def test_a_still_scene_is_one_file_and_rows_without(tmp_path: Path) -> None:
    result = work(tmp_path, write(raw(tmp_path, "a.mp4"), [picture(5)] * 40, SMALL))
    assert [made.file is not None for made in result.made] == [True, False, False, False]
    assert [made.verdict.reason for made in result.made] == [None, *["near_duplicate"] * 3]
    assert re.fullmatch(
        r"It differs from the frame kept before it by 0\.\d\d levels\.", result.made[1].verdict.detail or ""
    )
    assert (result.made[1].width, result.made[1].height) == (160, 120)
    everything = work(tmp_path, raw(tmp_path, "a.mp4"), Params(identical=0.0))
    assert all(made.file for made in everything.made)


def test_shots_are_told_apart(tmp_path: Path) -> None:
    scenes = pictures(25) + pictures(25, first=25, seed=4) + pictures(25, first=50, seed=9)
    result = work(tmp_path, write(raw(tmp_path, "a.mp4"), scenes, SMALL))
    assert [made.facts["shot"] for made in result.made] == [0, 0, 1, 1, 2, 2]
    assert [made.facts["frame_index"] // 25 for made in result.made] == [0, 0, 1, 1, 2, 2]
    assert result.measures["shots"] == 3


def test_never_more_than_max_frames_and_all_of_the_source(tmp_path: Path) -> None:
    result = work(tmp_path, write(raw(tmp_path, "a.mp4"), pictures(100), SMALL), Params(max_frames=4))
    assert [made.facts["frame_index"] // 25 for made in result.made] == [0, 1, 2, 3]
    assert result.measures["window_s"] == 1.0


def test_threads_change_nothing(tmp_path: Path) -> None:
    clip = write(raw(tmp_path, "a.mp4"), pictures(60, 320, 240), Style(b_frames=2))
    assert work(tmp_path, clip, threads=1) == work(tmp_path, clip, threads=5)


def test_a_file_cut_off_gives_what_is_left_and_says_so(tmp_path: Path) -> None:
    front = write(tmp_path / "a.mp4", pictures(75), Style(gop=25), container_options={"movflags": "faststart"})
    result = work(tmp_path, cut_off(front, raw(tmp_path, "cut.mp4"), 0.55))
    assert 2 <= len([made for made in result.made if made.file]) <= 4
    for made in result.made:
        if made.file:
            assert number_of(image_of(tmp_path, made)) == made.facts["frame_index"]
    came = result.measures["decoded_frames"]
    assert result.measures["missing_frames"] == 75 - came > 20
    assert result.verdict.status == "ok"
    assert (result.verdict.detail or "").startswith(f"{came} of 75 declared frames came out")


def test_windows_of_damaged_frames_are_rows_without_a_file(tmp_path: Path) -> None:
    front = write(tmp_path / "a.mp4", pictures(75), Style(gop=75), container_options={"movflags": "faststart"})
    result = work(tmp_path, flip_bytes(front, raw(tmp_path, "flipped.mp4"), 0.5, 0.55, 29))
    damaged = [made for made in result.made if made.verdict.reason == "corrupt_frame"]
    assert damaged
    assert {(made.file, made.verdict.detail) for made in damaged} == {(None, "Its window holds no sound frame.")}
    assert {made.measures["candidates"] for made in damaged} == {0}
    assert result.measures["damaged_frames"] > 0
    assert "are damaged and were passed over." in (result.verdict.detail or "")


def test_a_source_without_a_sound_frame_is_rejected(tmp_path: Path) -> None:
    clip = write(raw(tmp_path, "a.mp4"), pictures(10), SMALL, container_options={"movflags": "faststart"})
    data = clip.read_bytes()
    start = data.index(b"mdat") + 4
    clip.write_bytes(data[:start] + bytes(len(data) - start))
    result = extract.work(row_of(clip, duration_s=0.4, declared_frames=10), bench(tmp_path))
    assert result.verdict == rejected(
        "extractor_rejected", "Not one frame could be decoded: Invalid data found when processing input."
    )
    assert (result.made, result.measures["missing_frames"]) == ((), 10)


def test_files_that_changed_after_intake(tmp_path: Path) -> None:
    gone = row_of(raw(tmp_path, "gone.mp4"), duration_s=1.0)
    assert extract.work(gone, bench(tmp_path)).verdict == failed("It could not be read: No such file or directory.")
    clip = raw(tmp_path, "text.mp4")
    clip.write_text("no video at all\n")
    row = row_of(clip, duration_s=1.0)
    text = extract.work(row, bench(tmp_path))
    assert text.verdict == rejected("extractor_rejected", "It holds text, not a video.")
    os.utime(clip, ns=(0, row["mtime_ns"] + 1))
    touched = extract.work(row, bench(tmp_path))
    assert touched.verdict == failed("It was changed after intake had read it. Type make.")


def test_a_photo_becomes_one_frame(tmp_path: Path) -> None:
    folder = tmp_path / "00_raw_photos"
    folder.mkdir()
    exif = Image.Exif()
    exif[274] = 6  # turned: to be shown, it is rotated clockwise by a quarter
    stored = Image.fromarray(np.ascontiguousarray(np.rot90(picture(77, 400, 300))))
    stored.save(folder / "a.jpg", quality=95, exif=exif)
    result = extract.work(row_of(folder / "a.jpg", "photo"), bench(tmp_path))
    (made,) = result.made
    assert (made.address, made.kind) == (f"{SOURCE}/t000000.000000", "frame")
    assert made.facts == {"time_s": 0.0, "frame_index": 0, "shot": 0, **whole(400, 300)}
    assert made.measures["overlays_json"] is None
    assert made.measures["candidates"] == 1
    assert made.measures["luma_tenengrad"] > 0
    assert number_of(image_of(tmp_path, made)) == 77
    assert (made.width, made.height) == (400, 300)


def test_a_full_disk_stops_the_run(tmp_path: Path) -> None:
    clip = write(raw(tmp_path, "a.mp4"), pictures(75), SMALL)
    (tmp_path / "01_extracted_frames").write_text("a file stands where the folder should be")
    with pytest.raises(OSError, match="01_extracted_frames"):
        work(tmp_path, clip)


def test_the_floor_decodes_all_and_keeps_what_is_asked(tmp_path: Path) -> None:
    clip = os.fsencode(write(tmp_path / "a.mp4", pictures(50), SMALL))
    kept: dict[int, bytes] = {}
    plan = Plan(threads=2)
    taken = harvest(clip, 2.0, plan, kept.__setitem__).taken
    again: dict[int, bytes] = {}
    assert floor(clip, {frame.index for frame in taken}, plan, again.__setitem__) == 50
    assert again == kept


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"fps": 0.0}, "extract.fps = 0: it must be above 0, as 2 for two frames a second."),
        ({"max_frames": 0}, "extract.max_frames = 0: it must be at least 1."),
        ({"webp_quality": 101}, "extract.webp_quality = 101: it must be from 0 to 100."),
        ({"webp_effort": 7}, "extract.webp_effort = 7: it must be from 0 to 6."),
    ],
)
def test_settings_that_make_no_sense(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        Params(**values)


def test_sentences() -> None:
    assert extract.loss_sentence(Tally(100), 100) is None
    assert extract.loss_sentence(Tally(100), None) is None
    assert extract.loss_sentence(Tally(99), 100) == "99 of 100 declared frames came out."
    assert extract.loss_sentence(Tally(100, n_damaged=3), 90) == "3 are damaged and were passed over."
    assert extract.nothing_sentence(Tally(3, 3)) == "All 3 frames that could be decoded are damaged."
    assert extract.nothing_sentence(Tally()) == "Not one frame could be decoded: the file ends before the first."
    assert extract.stamp(12_345_678) == "000012.345678"


def test_bars_and_what_is_burnt_in_are_told_of_each_frame(tmp_path: Path) -> None:
    """A moving scene of 400 x 300 px between bars of 40 px, with a logo in its upper right corner; stored turned."""
    frames = []
    for number in range(100):
        image = np.full((300, 400, 3), 16, np.uint8)
        image[40:260] = picture(number, 400, 220)
        image[60:90, 330:380] = (np.indices((30, 50)).sum(axis=0) // 4 % 2 * 219 + 16)[..., None]
        frames.append(image)
    result = work(tmp_path, write(raw(tmp_path, "a.mp4"), frames, Style(rotation_deg=90)))
    assert len(result.made) == 8
    for made in result.made:
        assert (made.width, made.height) == (400, 300)
        bounds = [made.facts[f"picture_{side}_px"] for side in ("x0", "y0", "x1", "y1")]
        assert bounds == pytest.approx([0, 40, 400, 260], abs=3)
        boxes = json.loads(made.measures["overlays_json"])
        image = image_of(tmp_path, made)
        assert any(_holds(box, image) for box in boxes)


def _holds(box: list[float], image: Any) -> bool:
    """Whether the box is about the logo: as large, and as lively inside."""
    x0, y0, x1, y1 = (round(value) for value in box)
    part = image[y0:y1, x0:x1].astype(float)
    return 45 <= x1 - x0 <= 70 and 25 <= y1 - y0 <= 50 and part.std() > 70


def test_through_the_mill(workspace: Path, db: sqlite3.Connection, run_tool: Callable[..., Any]) -> None:
    write(workspace / "00_raw_videos" / "a.mp4", [*pictures(13, 640, 480), *[picture(13, 640, 480)] * 37], SMALL)
    Image.fromarray(picture(9, 640, 480)).save(workspace / "00_raw_photos" / "b.png")
    run_tool(workspace, "intake")
    run_tool(workspace, "extract")
    found = db.execute(
        """select item.path is not null as stored, outcome.status, outcome.reason, frame.shot, extract.candidates
        from item join frame on frame.item_id = item.id
        join outcome on outcome.item_id = item.id join extract on extract.outcome_id = outcome.id
        where item.newest and outcome.latest order by item.address = (select address from item where kind = 'photo'
        limit 1) || '/t000000.000000', frame.time_s"""
    ).fetchall()
    assert [tuple(row) for row in found] == [
        (1, "ok", None, 0, 13),
        (1, "ok", None, 0, 12),
        (0, "rejected", "near_duplicate", 0, 13),
        (0, "rejected", "near_duplicate", 0, 12),
        (1, "ok", None, 0, 1),
    ]
    assert run_tool(workspace, "extract").waiting == 0


def test_only_a_choice_can_be_undone() -> None:
    assert {reason.code: reason.nature for reason in extract.REASONS} == {
        "extractor_rejected": "defect",
        "near_duplicate": "choice",
        "corrupt_frame": "defect",
    }
