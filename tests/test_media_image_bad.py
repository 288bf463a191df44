"""What is no picture, too large a one, or oddly named; and what is written."""

from __future__ import annotations

import contextlib
import hashlib
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.hostile_names import forty
from tests.pictures import HEIGHT, PHOTO, WIDTH, distance, put, refusal, saved
from tools.media.errors import MediaError
from tools.media.image import encode_png, encode_webp, encode_webp_lossless, probe_image, read_rgb, read_rgba


def bomb_png(side_px: int) -> bytes:
    """A PNG of a few bytes that promises side_px x side_px pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">2I5B", side_px, side_px, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def test_pixel_bomb_is_refused_before_decoding(tmp_path: Path) -> None:
    path = put(tmp_path, bomb_png(60000))
    wanted = (
        "too_large",
        "Its 60000x60000 px are 3600 megapixels, more than intake.max_megapixels = 120.",
    )
    assert refusal(path) == wanted
    with pytest.raises(MediaError) as caught:
        probe_image(path)
    assert (caught.value.reason, caught.value.detail) == wanted


def test_webp_bomb_takes_no_memory(tmp_path: Path) -> None:
    red = np.full((8, 8, 3), 200, np.uint8)
    data = bytearray(saved(red, "WEBP", save_all=True, append_images=[Image.fromarray(255 - red)]))
    assert data[12:16] == b"VP8X"
    data[24:30] = (16382).to_bytes(3, "little") * 2
    path = put(tmp_path, bytes(data), "bomb.webp")
    code = (
        "import sys, resource\n"
        "from tools.media.image import read_rgb\n"
        "from tools.media.errors import MediaError\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n    read_rgb(sys.argv[1].encode())\n"
        "except MediaError as error:\n"
        "    print(error.reason, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    answer = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    reason, grown_kib = answer.stdout.split()
    assert reason == "too_large"
    assert int(grown_kib) < 50_000


def test_both_sides_of_the_largest_size(tmp_path: Path) -> None:
    path = put(tmp_path, saved(PHOTO, "PNG"))
    assert read_rgb(path, max_megapixels=WIDTH * HEIGHT / 1e6).shape == PHOTO.shape
    assert refusal(path, max_megapixels=(WIDTH * HEIGHT - 1) / 1e6)[0] == "too_large"
    assert probe_image(put(tmp_path, saved(np.zeros((1, 16383), np.uint8), "PNG"))).width_px == 16383
    assert refusal(put(tmp_path, saved(np.zeros((1, 16384), np.uint8), "PNG"))) == (
        "too_large",
        "Of its 16384x1 px a side is above 16383, the most WebP holds.",
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "TIFF", "BMP"])
def test_half_a_picture_is_no_picture(tmp_path: Path, kind: str) -> None:
    data = saved(PHOTO, kind)
    path = put(tmp_path, data[: len(data) * 6 // 10])
    assert probe_image(path).height_px == HEIGHT  # its header is whole
    assert refusal(path) == ("unreadable", "It breaks off before its picture is complete.")


def test_half_a_progressive_jpeg_is_no_picture(tmp_path: Path) -> None:
    data = saved(PHOTO, "JPEG", progressive=True)
    assert refusal(put(tmp_path, data[: len(data) // 2]))[0] == "unreadable"


@pytest.mark.parametrize("kind", ["WEBP", "AVIF", "JPEG2000"])
def test_half_of_other_pictures(tmp_path: Path, kind: str) -> None:
    data = saved(PHOTO, kind)
    assert refusal(put(tmp_path, data[: len(data) // 2]))[0] == "unreadable"
    assert np.abs(read_rgb(put(tmp_path, data)).astype(float) - PHOTO).mean() < 8


NOT_READ = "which is not read here. Export it as JPEG or PNG."


@pytest.mark.parametrize(
    ("name", "data", "reason", "detail"),
    [
        ("a.jpg", b"dear diary\n", "impostor", "Its name ends in .jpg, but it holds text."),
        ("a.PNG", b"<!DOCTYPE html><p>404", "impostor", "Its name ends in .png, but it holds an HTML page."),
        ("a.jpg", b"PK\x03\x04" + bytes(40), "impostor", "Its name ends in .jpg, but it holds a ZIP archive."),
        ("a.jpg", bytes(5000), "impostor", "Its name ends in .jpg, but it holds zero bytes only."),
        ("a.jpg", b"\0\1\2\3" * 9, "impostor", "Its name ends in .jpg, but it holds bytes of no known kind."),
        ("a.gif", b"\x1aE\xdf\xa3", "impostor", "Its name ends in .gif, but it holds a Matroska or WebM video."),
        ("a.jpg", b"", "unreadable", "It is empty (0 bytes)."),
        ("notes.txt", b"dear diary\n", "unreadable", "It holds text, not a picture."),
        (
            "a.jpg",
            b"\xff\xd8\xff\xe0",
            "unreadable",
            "It begins as a JPEG picture, but its header is broken or cut off.",
        ),
        ("a.heic", b"\0\0\0\x18ftypheic" + bytes(40), "unreadable", f"It is a HEIC picture, {NOT_READ}"),
        ("a.psd", b"8BPS\0\1" + bytes(40), "unreadable", f"It is a Photoshop picture, {NOT_READ}"),
    ],
)
def test_impostors_and_their_like(tmp_path: Path, name: str, data: bytes, reason: str, detail: str) -> None:
    assert refusal(put(tmp_path, data, name)) == (reason, detail)


def test_camera_raw_is_not_taken_for_its_thumbnail(tmp_path: Path) -> None:
    path = put(tmp_path, saved(PHOTO, "TIFF"), "IMG_1.NEF")
    assert refusal(path) == ("unreadable", f"It is a camera's raw file, {NOT_READ}")


def test_content_decides_not_the_name(tmp_path: Path) -> None:
    for name in ("really.jpg", "no ending", "a.txt"):
        assert distance(read_rgb(put(tmp_path, saved(PHOTO, "PNG"), name)), PHOTO) == 0


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_broken_bytes_never_raise_anything_else(tmp_path: Path) -> None:
    random = np.random.default_rng(11)
    exif = Image.Exif()
    exif[274] = 6
    wholes = [saved(PHOTO, kind, exif=exif) for kind in ("JPEG", "PNG", "WEBP", "AVIF")]
    wholes += [saved(PHOTO, kind) for kind in ("GIF", "BMP", "TIFF", "JPEG2000")]
    for round_number in range(400):
        data = np.frombuffer(wholes[round_number % len(wholes)], np.uint8).copy()
        reach = min(len(data), (64, 600, len(data))[round_number % 3])
        data[random.integers(0, reach, 5)] = random.integers(0, 256, 5)
        path = put(tmp_path, data.tobytes())
        for read in (probe_image, read_rgb):
            # Any other exception would be the failure of an item that has a reason.
            with contextlib.suppress(MediaError):
                read(path)


def test_a_missing_file_is_the_callers_error() -> None:
    with pytest.raises(FileNotFoundError):
        read_rgb(b"/no/such/picture.png")


# Names.
def test_forty_names_that_hurt(tmp_path: Path) -> None:
    data = saved(PHOTO, "PNG")
    digest = hashlib.sha256(data).hexdigest()
    names = forty(b".png")
    assert len(set(names)) == 40
    for name in names:
        path = os.path.join(os.fsencode(tmp_path), name)
        with open(path, "wb") as file:
            file.write(data)
        assert probe_image(path).width_px == WIDTH
        assert distance(read_rgb(path), PHOTO) == 0
    assert sorted(os.listdir(os.fsencode(tmp_path))) == sorted(names)
    for name in names:
        with open(os.path.join(os.fsencode(tmp_path), name), "rb") as file:
            assert hashlib.sha256(file.read()).hexdigest() == digest


# Writing.
def test_what_is_written_reads_back(tmp_path: Path) -> None:
    rgba = np.dstack([PHOTO, np.tile(np.arange(WIDTH, dtype=np.uint8) * 4, (HEIGHT, 1))])
    assert (read_rgba(put(tmp_path, encode_webp_lossless(rgba))) == rgba).all()  # also where alpha is 0
    assert (read_rgba(put(tmp_path, encode_png(rgba))) == rgba).all()
    assert (read_rgb(put(tmp_path, encode_png(PHOTO))) == PHOTO).all()
    assert (read_rgb(put(tmp_path, encode_png(rgba[..., 3])))[..., 1] == rgba[..., 3]).all()
    assert np.abs(read_rgb(put(tmp_path, encode_webp(PHOTO))).astype(float) - PHOTO).mean() < 4


def test_same_pixels_same_bytes() -> None:
    for encode in (encode_webp, encode_webp_lossless, encode_png):
        assert encode(PHOTO) == encode(np.asfortranarray(PHOTO.copy()))


def test_wrong_pixels_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^WEBP needs uint8 pixels with 3 channels, not float64 of \(4, 4, 3\)\.$"):
        encode_webp(np.zeros((4, 4, 3)))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"with 3 or 4 channels, not uint8 of \(4, 4\)\.$"):
        encode_webp_lossless(np.zeros((4, 4), np.uint8))
    with pytest.raises(ValueError, match=r"^WebP holds at most 16383 px a side, not 16384x1\.$"):
        encode_webp(np.zeros((1, 16384, 3), np.uint8))
