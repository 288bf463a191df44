"""Every user file gets its verdict, its facts and its measurements, and stays as it was."""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from tests.hostile_names import forty
from tests.pictures import HEIGHT, PHOTO, WIDTH, saved
from tools import intake
from tools.mill.plan import FOLDERS
from tools.mill.tool import Bench, Dataset, Result

ROOT = Path(__file__).resolve().parents[1]
SECONDS, FPS = 2, 25


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of an MP4 of 2 s, 96x64 px, its index in front."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=FPS, options={"g": "5", "threads": "1"})
        stream.width, stream.height, stream.pix_fmt = HEIGHT, WIDTH, "yuv420p"
        for index in range(SECONDS * FPS):
            pixels = np.roll(np.rot90(PHOTO), index, axis=1)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")))
        container.mux(stream.encode())
    return path.read_bytes()


def sound_only(folder: Path) -> bytes:
    path = folder / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=8000)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path.read_bytes()


def no_frames(folder: Path) -> bytes:
    path = folder / "empty.avi"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = HEIGHT, WIDTH, "yuv420p"
        container.start_encoding()
    return path.read_bytes()


def look(base: Path, kind: str, name: bytes, data: bytes, params: intake.Params | None = None, **more: Any) -> Result:
    """Put a file into its raw folder and let intake look at it; it must be the same afterwards."""
    path = os.path.join(os.fsencode(base / FOLDERS[kind]), name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)
    before = os.stat(path)
    row = {"item_id": 1, "kind": kind, "address": "a" * 32, "folder": FOLDERS[kind], "raw_path": name}
    row |= {"shown": name.decode("utf-8", "backslashreplace"), "size": len(data), "same_as": None} | more
    result = intake.work(row, Bench(base, params or intake.Params(), Dataset()))
    with open(path, "rb") as file:
        assert hashlib.sha256(file.read()).digest() == hashlib.sha256(data).digest()
    assert os.stat(path).st_mtime_ns == before.st_mtime_ns
    return result


def refusal(result: Result) -> tuple[str | None, str | None]:
    assert result.verdict.status == "rejected"
    assert not result.facts
    assert not result.measures
    return result.verdict.reason, result.verdict.detail


def test_a_video(tmp_path: Path, film: bytes) -> None:
    result = look(tmp_path, "video", b"film.mp4", film)
    assert result.verdict == intake.OK
    assert result.measures == {"short_side_px": WIDTH, "missing_share": 0.0}
    facts = dict(result.facts)
    assert facts.pop("bitrate_bps") == pytest.approx(len(film) * 8 / SECONDS, rel=0.2)
    assert facts == {
        "container": "mp4", "codec": "h264", "width_px": HEIGHT, "height_px": WIDTH, "frame_rate_hz": float(FPS),
        "duration_s": float(SECONDS), "pixel_format": "yuv420p", "rotation_deg": 0, "color_transfer": None,
        "interlaced": 0, "has_audio": 0, "declared_frames": SECONDS * FPS,
    }  # fmt: skip


def test_a_video_that_ends_early_is_measured_and_told(tmp_path: Path, film: bytes) -> None:
    result = look(tmp_path, "video", b"film.mp4", film[: len(film) * 6 // 10])
    assert result.verdict.status == "ok"  # the limit decides
    share = result.measures["missing_share"]
    assert 0.1 < share < 0.9
    assert share == pytest.approx(1 - result.facts["duration_s"] / SECONDS)
    detail = result.verdict.detail
    match = re.fullmatch(
        r"It ends after (\d\.\d) s: (\d+) % of the duration that it declares is missing\.", detail or ""
    )
    assert match
    assert float(match[1]) == pytest.approx(result.facts["duration_s"], abs=0.051)
    assert int(match[2]) == pytest.approx(share * 100, abs=0.51)


def test_the_sentence_of_what_is_missing() -> None:
    assert intake.missing_sentence(3.06, 0.66) == (
        "It ends after 3.1 s: 66 % of the duration that it declares is missing."
    )
    assert intake.missing_sentence(9.0, 0.0101) is not None
    assert intake.missing_sentence(9.0, 0.0099) is None


def test_bad_videos(tmp_path: Path, film: bytes) -> None:
    jpeg = saved(PHOTO, "JPEG")
    head = film[: film.index(b"mdat") + 4]
    concat = b"ffconcat version 1.0\nfile film.mp4\n"
    cases = {
        b"cut.mp4": (head, "corrupt_container", "Its header declares 2.0 s, but it holds no picture."),
        b"empty.mp4": (b"", "corrupt_container", "It is empty (0 bytes)."),
        b"sound.mp4": (sound_only(tmp_path), "no_video_stream", "It holds sound alone."),
        b"still.avi": (no_frames(tmp_path), "zero_duration", "It holds a video stream that lasts no time at all."),
        b"text.mp4": (b"dear diary\n", "impostor", "Its name ends in .mp4, but it holds text."),
        b"a.MOV": (concat, "impostor", "Its name ends in .mov, but it holds a list of other files (ffconcat)."),
        b"list.ts": (b"#EXTM3U\nfilm.mp4\n", "impostor", "Its name ends in .ts, but it holds a playlist (m3u8)."),
        b"page.webm": (b"<html>404</html>", "impostor", "Its name ends in .webm, but it holds an HTML page."),
        b"photo.mkv": (jpeg, "impostor", "Its name ends in .mkv, but it holds a JPEG picture."),
        b"photo.jpg": (jpeg, "unreadable", "It is a JPEG picture. Pictures belong in 00_raw_photos."),
        b"notes.txt": (b"dear diary\n", "unreadable", "It holds text, not a video."),
    }
    for name, (data, reason, detail) in cases.items():
        assert refusal(look(tmp_path, "video", name, data)) == (reason, detail), name


def test_a_photo_is_measured_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6
    result = look(tmp_path, "photo", b"trip/photo.jpg", saved(PHOTO, "JPEG", exif=exif))
    assert result.verdict == intake.OK
    assert result.measures == {"short_side_px": min(HEIGHT, WIDTH)}
    assert result.facts == {
        "format": "JPEG", "width_px": HEIGHT, "height_px": WIDTH, "mode": "RGB", "bits": 8, "orientation": 6,
        "animated": 0, "has_alpha": 0, "has_profile": 0,
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["photo", "background", "reference"])
def test_bad_pictures(tmp_path: Path, film: bytes, kind: str) -> None:
    jpeg = saved(PHOTO, "JPEG")
    cases = {
        b"EMMA/half.jpg": (jpeg[: len(jpeg) // 2], "unreadable", "It breaks off before its picture is complete."),
        b"EMMA/text.png": (b"dear diary\n", "impostor", "Its name ends in .png, but it holds text."),
        b"EMMA/film.jpg": (film, "impostor", "Its name ends in .jpg, but it holds an MP4 video."),
        b"EMMA/film.mp4": (film, "unreadable", "It is an MP4 video. Videos belong in 00_raw_videos."),
        b"EMMA/notes.txt": (b"dear diary\n", "unreadable", "It holds text, not a picture."),
        b"EMMA/empty.jpg": (b"", "unreadable", "It is empty (0 bytes)."),
    }
    for name, (data, reason, detail) in cases.items():
        assert refusal(look(tmp_path, kind, name, data)) == (reason, detail), name


def test_the_largest_picture_is_a_parameter(tmp_path: Path) -> None:
    png = saved(np.zeros((1000, 2000), np.uint8), "PNG")
    assert look(tmp_path, "photo", b"a.png", png, intake.Params(max_megapixels=2.0)).verdict == intake.OK
    assert refusal(look(tmp_path, "photo", b"a.png", png, intake.Params(max_megapixels=1.999))) == (
        "too_large",
        "Its 2000x1000 px are 2 megapixels, more than intake.max_megapixels = 1.999.",
    )


def test_backgrounds_and_references_have_no_smallest_size(tmp_path: Path) -> None:
    for kind in ("background", "reference"):
        assert not look(tmp_path, kind, b"EMMA/tiny.png", saved(PHOTO[:8, :8], "PNG")).measures


def test_a_reference_is_whose_folder_it_lies_in(tmp_path: Path) -> None:
    png = saved(PHOTO, "PNG")
    for path, person in ((b"EMMA/1.png", "EMMA"), (b"Zo\xc3\xab B/old/1.png", "Zoë B"), (b"\xff/1.png", "\\xff")):
        assert look(tmp_path, "reference", path, png).facts["person"] == person
    assert refusal(look(tmp_path, "reference", b"1.png", png)) == (
        "unnamed_reference",
        "It lies directly in 00_reference_faces. Move it to 00_reference_faces/NAME/1.png, NAME being who it shows.",
    )


def test_a_copy_names_its_original(tmp_path: Path, film: bytes) -> None:
    copy = {"address": "a" * 32 + "~" + "b" * 12, "same_as": "00_raw_videos/film.mp4"}
    assert refusal(look(tmp_path, "video", b"copy.mp4", film, **copy)) == (
        "duplicate_source",
        "It is the same as 00_raw_videos/film.mp4, byte for byte.",
    )


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    for kind in FOLDERS:
        row = {"item_id": 1, "kind": kind, "address": "a", "folder": FOLDERS[kind], "raw_path": b"NAME/gone.mp4"}
        result = intake.work(row, Bench(tmp_path, intake.Params(), Dataset()))
        assert refusal(result) == ("unreadable", "It could not be read: No such file or directory.")


def test_forty_names_that_hurt(tmp_path: Path, film: bytes) -> None:
    png = saved(PHOTO, "PNG")
    for name in forty(b".mp4"):
        assert look(tmp_path, "video", name, film).verdict == intake.OK, name
    for name in forty(b".png"):
        assert look(tmp_path, "photo", name, png).verdict == intake.OK, name
    assert len(os.listdir(tmp_path / FOLDERS["video"])) == 40


# The manifest's side.
@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    for name in ("0001_core.sql", "0002_sources.sql"):
        connection.executescript((ROOT / "sql" / "migrations" / name).read_text(encoding="utf-8"))
    yield connection
    connection.close()


def test_what_is_found_out_has_a_column(tmp_path: Path, db: sqlite3.Connection, film: bytes) -> None:
    png = saved(PHOTO, "PNG")
    for kind in FOLDERS:
        result = look(tmp_path, kind, b"EMMA/file", film if kind == "video" else png)
        columns = {row["name"] for row in db.execute(f"pragma table_info({kind})")}
        assert set(result.facts) == columns - {"item_id"}
        assert all(isinstance(value, int | float | str | None) for value in result.facts.values())
        assert set(result.measures) <= {row["name"] for row in db.execute("pragma table_info(intake)")}
    for limit in intake.LIMITS:
        assert limit.metric in {row["name"] for row in db.execute("pragma table_info(intake)")}


def test_every_reason_is_declared_once() -> None:
    codes = [limit.reason for limit in intake.LIMITS] + [reason.code for reason in intake.REASONS]
    assert len(codes) == len(set(codes))
    assert {limit.key: limit.default for limit in intake.LIMITS} == {"max_missing": 0.10, "min_side": 480}


def test_what_waits(db: sqlite3.Connection) -> None:
    db.execute("insert into step (id, position, stage, tool) values (1, 0, 0, 'intake')")
    address, other = "a" * 32, "b" * 32
    for item_id, kind, place, newest in (
        (1, "video", address, 1),
        (2, "video", address + "~cc", 1),
        (3, "photo", address, 1),
        (4, "photo", other, 0),
        (5, "frame", other, 1),
    ):
        columns = {"id": item_id, "kind": kind, "address": place, "version": "v", "step_id": 1, "made": 1}
        columns |= {"path": f"00_raw_{kind}s/{item_id}", "newest": newest, "created_at": "2025-01-01T00:00:00Z"}
        names = ", ".join(columns)
        db.execute(f"insert into item ({names}) values ({', '.join('?' * len(columns))})", tuple(columns.values()))
        db.execute(
            "insert into file (item_id, folder, path, shown, size, mtime_ns, ctime_ns, inode)"
            " values (?, ?, ?, ?, 1, 0, 0, 0)",
            (item_id, f"00_raw_{kind}s", b"name\xff%d" % item_id, "name"),
        )
    query = (ROOT / "sql" / "inputs" / "intake.sql").read_text(encoding="utf-8")
    rows = {row["item_id"]: row for row in db.execute(query)}
    assert sorted(rows) == [1, 2, 3]
    assert [rows[item_id]["same_as"] for item_id in (1, 2, 3)] == [None, "00_raw_videos/1", None]
    assert (rows[2]["folder"], rows[2]["raw_path"]) == ("00_raw_videos", b"name\xff2")
