"""What the video reader takes for a video, and what it says of it."""

from __future__ import annotations

import io
import os
from pathlib import Path

import av
import numpy as np
import pytest
from footage import SMALL, Style, cut_off, picture, pictures, write, write_sound
from PIL import Image
from watching import facts, write_bytes

from tools.media.errors import MediaError
from tools.media.video import VideoFacts, probe

COUNT = 30


def rejection(path: Path) -> tuple[str, str]:
    with pytest.raises(MediaError) as caught:
        facts(path)
    return caught.value.reason, caught.value.detail


def test_facts_of_a_plain_clip(tmp_path: Path) -> None:
    clip = write(tmp_path / "a.mp4", pictures(COUNT), Style(matrix="bt709"))
    found = facts(clip)
    payload = sum(packet.size for packet in av.open(str(clip)).demux() if packet.dts is not None)
    assert found == VideoFacts(
        container="mp4",
        codec="h264",
        width=160,
        height=120,
        frame_rate=25.0,
        duration_s=1.2,
        bitrate_bps=round(payload * 8 / 1.2),
        pixel_format="yuv420p",
        rotation_deg=0,
        color_transfer=None,
        interlaced=False,
        has_audio=False,
        declared_frames=COUNT,
        missing_share=0.0,
    )


def test_what_is_no_video(tmp_path: Path) -> None:
    good = write(tmp_path / "good.mp4", pictures(3))
    listed = b"ffconcat version 1.0\nfile good.mp4\n"
    playlist = b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\ngood.mp4\n#EXT-X-ENDLIST\n"
    broken = "It could not be opened: Invalid data found when processing input."
    assert facts(good).declared_frames == 3
    assert {
        path.name: rejection(path)
        for path in (
            write_bytes(tmp_path / "empty.mp4", b""),
            write_bytes(tmp_path / "text.mp4", b"this is not a film\n" * 40),
            write_bytes(tmp_path / "list.mp4", listed),
            write_bytes(tmp_path / "playlist.mp4", playlist),
            write_bytes(tmp_path / "noise.mp4", np.random.default_rng(0).bytes(5000)),
            write_sound(tmp_path / "sound.mp4"),
            write_sound(tmp_path / "sound.aiff", codec="pcm_s16be"),
            cut_off(good, tmp_path / "cut.mp4", 0.5),
            tmp_path / "missing.mp4",
            tmp_path,
        )
    } == {
        "empty.mp4": ("corrupt_container", "It is empty (0 bytes)."),
        "text.mp4": ("impostor", "It holds text, not a video."),
        "list.mp4": ("impostor", "It holds a list of other files (ffconcat), not a video."),
        "playlist.mp4": ("impostor", "It holds a playlist (m3u8), not a video."),
        "noise.mp4": ("corrupt_container", broken),
        "sound.mp4": ("no_video_stream", "It holds sound alone."),
        "sound.aiff": ("impostor", "It is in no video format known here."),
        "cut.mp4": ("corrupt_container", broken),
        "missing.mp4": ("unreadable", "It could not be read: No such file or directory."),
        tmp_path.name: ("unreadable", "It is no regular file."),
    }


def test_pictures_and_archives_by_another_name(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.fromarray(picture(0)).save(buffer, "JPEG")
    assert rejection(write_bytes(tmp_path / "a.mp4", buffer.getvalue()))[0] == "impostor"
    assert rejection(write_bytes(tmp_path / "b.mkv", b"PK\x03\x04" + bytes(100))) == (
        "impostor",
        "It holds a ZIP archive, not a video.",
    )


def test_a_header_without_pictures_is_never_zero_frames_and_fine(tmp_path: Path) -> None:
    front = write(tmp_path / "a.mp4", pictures(COUNT), SMALL, container_options={"movflags": "faststart"})
    data = front.read_bytes()
    bare = write_bytes(tmp_path / "bare.mp4", data[: data.index(b"mdat") + 4])
    assert rejection(bare) == ("corrupt_container", "Its header declares 1.2 s, but it holds no picture.")
    blank = write_bytes(tmp_path / "blank.mp4", data[: data.index(b"mdat") + 4] + bytes(len(data)))
    reason, detail = rejection(blank)
    assert (reason, detail.split(":")[0]) == ("corrupt_container", "None of its 30 pictures can be decoded")


def test_names_are_bytes_and_no_protocols(tmp_path: Path) -> None:
    data = write(tmp_path / "a.mp4", pictures(3)).read_bytes()
    for name in (b"http:x.mp4", b"concat:a.mp4|b.mp4", b"%03d.mp4", b"caf\xe9 \n'$(id)`.mp4", b"-i.mp4"):
        path = os.path.join(os.fsencode(tmp_path), name)
        Path(os.fsdecode(path)).write_bytes(data)
        assert probe(path).declared_frames == 3


CLIPS = Path(__file__).parents[2] / "shared" / "clips"


@pytest.mark.skipif(not CLIPS.is_dir(), reason="the clips of ../shared are not here")
def test_real_clips() -> None:
    assert {
        path.name: (found.width, found.height, found.codec, found.declared_frames, found.has_audio)
        for path in sorted(CLIPS.iterdir())
        if (found := facts(path))
    } == {
        "stage-performer.mp4": (640, 360, "h264", 275, True),
        "street-dancer.avi": (1280, 720, "h264", 205, True),
        "street-walk-5frames.mp4": (960, 540, "h264", 5, False),
    }
