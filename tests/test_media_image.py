"""Pictures of every kind are read as what they show, within 2/255 of what is computed here apart from the reader."""

from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from tests import icc
from tests.pictures import HEIGHT, PHOTO, WIDTH, Array, distance, put, refusal, saved
from tools.media.image import probe_image, read_rgb, read_rgba
from tools.media.srgb import over_white

CLOSE = 2.0
"""What a picture may differ from its reference, of 255."""


# Orientation. EXIF 2.3 says where the stored picture's first row and first column are seen.
SEEN = {
    1: ("top", "left"),
    2: ("top", "right"),
    3: ("bottom", "right"),
    4: ("bottom", "left"),
    5: ("left", "top"),
    6: ("right", "top"),
    7: ("right", "bottom"),
    8: ("left", "bottom"),
}


def stored_as(upright: Array, orientation: int) -> Array:
    """The picture as a camera stores it that says this orientation."""
    rows, columns = SEEN[orientation]
    stored = np.swapaxes(upright, 0, 1) if rows in ("left", "right") else upright
    if rows in ("bottom", "right"):
        stored = stored[::-1]
    if columns in ("bottom", "right"):
        stored = stored[:, ::-1]
    return np.ascontiguousarray(stored)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "JPEG"])
def test_orientation_is_applied(tmp_path: Path, kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    exact: dict[str, dict[str, Any]] = {"WEBP": {"lossless": True}, "JPEG": {"quality": 100, "subsampling": 0}}
    path = put(tmp_path, saved(stored_as(PHOTO, orientation), kind, exif=exif, **exact.get(kind, {})))
    facts = probe_image(path)
    assert (facts.format, facts.width_px, facts.height_px, facts.orientation) == (kind, WIDTH, HEIGHT, orientation)
    found = read_rgb(path)
    if kind == "JPEG":
        # OpenCV turns JPEG too.
        decoded = cv2.imread(os.fsdecode(path))
        assert decoded is not None
        assert distance(found, cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB)) <= CLOSE
        assert np.abs(found.astype(float) - PHOTO).mean() < 2
    else:
        assert distance(found, PHOTO) == 0


def test_exif_behind_the_pixels_of_a_png_counts(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6
    plain = saved(stored_as(PHOTO, 6), "PNG")
    body = b"eXIf" + exif.tobytes()[6:]
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    path = put(tmp_path, plain[:-12] + chunk + plain[-12:])
    assert (probe_image(path).width_px, probe_image(path).orientation) == (WIDTH, 6)
    assert distance(read_rgb(path), PHOTO) == 0


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data:UserWarning")
@pytest.mark.parametrize("exif", [b"Exif\0\0nonsense", b"Exif\0\0II*\0\xff\xff\xff\xff", b""])
def test_broken_exif_turns_nothing(tmp_path: Path, exif: bytes) -> None:
    path = put(tmp_path, saved(PHOTO, "PNG", exif=exif))
    assert probe_image(path).orientation == 1
    assert distance(read_rgb(path), PHOTO) == 0


# Depth.
def deep(channels: int) -> Array:
    """16-bit values that cover the whole range, as noise."""
    shape = (40, 50, channels) if channels > 1 else (40, 50)
    return np.random.default_rng(5).integers(0, 65536, shape, dtype=np.uint16)


@pytest.mark.parametrize("ending", [".png", ".tiff"])
@pytest.mark.parametrize("channels", [1, 3])
def test_sixteen_bits_become_eight(tmp_path: Path, ending: str, channels: int) -> None:
    stored = deep(channels)
    assert cv2.imwrite(str(tmp_path / f"deep{ending}"), stored)
    path = os.fsencode(tmp_path / f"deep{ending}")
    facts = probe_image(path)
    assert (facts.bits, facts.width_px, facts.height_px) == (16, 50, 40)
    wanted = stored / 257
    wanted = wanted[..., ::-1] if channels == 3 else np.repeat(wanted[..., None], 3, axis=2)
    assert distance(read_rgb(path), wanted) <= CLOSE


def test_sixteen_bits_with_alpha_lie_over_white(tmp_path: Path) -> None:
    stored = deep(4)
    assert cv2.imwrite(str(tmp_path / "deep.png"), stored)
    path = os.fsencode(tmp_path / "deep.png")
    colour, alpha = stored[..., 2::-1] / 257, stored[..., 3:] / 65535
    assert distance(read_rgb(path), colour * alpha + 255 * (1 - alpha)) <= CLOSE


def test_sixteen_bit_grey_with_a_transparent_value(tmp_path: Path) -> None:
    stored = np.full((4, 6), 30000, np.uint16)
    stored[:, 3:] = 1234
    path = put(tmp_path, saved(stored, "PNG", transparency=1234))
    grey = round(30000 / 257)
    assert read_rgb(path)[0, :, 0].tolist() == [grey] * 3 + [255] * 3
    assert read_rgba(path)[0, :, 3].tolist() == [255] * 3 + [0] * 3


def test_pixels_of_unknown_range_are_refused(tmp_path: Path) -> None:
    path = put(tmp_path, saved(np.ones((4, 4), np.float32), "TIFF"), "float.tiff")
    assert refusal(path) == (
        "unreadable",
        "Its pixels have 32 bits, whose range nothing tells. Export it with 8 or 16.",
    )


def test_one_bit_and_grey(tmp_path: Path) -> None:
    black_and_white = np.random.default_rng(1).integers(0, 2, (20, 30)).astype(bool)
    path = put(tmp_path, saved(black_and_white, "PNG"))
    assert probe_image(path).bits == 1
    assert distance(read_rgb(path), np.repeat(black_and_white[..., None] * 255, 3, axis=2)) == 0
    grey = PHOTO[..., 1]
    assert distance(read_rgb(put(tmp_path, saved(grey, "PNG"))), np.repeat(grey[..., None], 3, axis=2)) == 0


# Colour.
def inks() -> Array:
    return np.random.default_rng(7).integers(0, 256, (60, 50, 4), dtype=np.uint8)


def as_cmyk(array: Array, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.merge("CMYK", [Image.fromarray(np.ascontiguousarray(array[..., i])) for i in range(4)]).save(
        buffer, kind, **options
    )
    return buffer.getvalue()


def test_cmyk_without_a_profile_is_ideal_ink(tmp_path: Path) -> None:
    path = put(tmp_path, as_cmyk(inks(), "TIFF"), "inks.tif")
    assert probe_image(path).mode == "CMYK"
    ink = inks() / 255
    assert distance(read_rgb(path), (1 - ink[..., :3]) * (1 - ink[..., 3:]) * 255) <= CLOSE


def test_cmyk_goes_through_its_profile(tmp_path: Path) -> None:
    wanted = icc.srgb_of_xyz(icc.xyz_of_lab(icc.lab_of_inks(inks() / 255)))
    path = put(tmp_path, as_cmyk(inks(), "TIFF", icc_profile=icc.cmyk_profile()), "inks.tif")
    assert probe_image(path).profile
    assert distance(read_rgb(path), wanted) <= CLOSE


def test_cmyk_jpeg(tmp_path: Path) -> None:
    flat = np.zeros((16, 48, 4), np.uint8)
    flat[:, :16] = (200, 40, 10, 0)
    flat[:, 16:32] = (0, 120, 90, 60)
    flat[:, 32:] = (0, 0, 0, 255)
    path = put(tmp_path, as_cmyk(flat, "JPEG", quality=100), "inks.jpg")
    ink = flat / 255
    assert distance(read_rgb(path), (1 - ink[..., :3]) * (1 - ink[..., 3:]) * 255) <= CLOSE


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_wide_colours_go_through_their_profile(tmp_path: Path, kind: str) -> None:
    stored = np.random.default_rng(3).integers(0, 256, (60, 50, 3), dtype=np.uint8)
    profile = icc.rgb_profile(icc.ADOBE_RGB_XY, icc.ADOBE_RGB_GAMMA)
    options: dict[str, Any] = {"lossless": True} if kind == "WEBP" else {}
    path = put(tmp_path, saved(stored, kind, icc_profile=profile, **options))
    linear = (stored / 255) ** icc.ADOBE_RGB_GAMMA
    wanted = icc.srgb_of_xyz(linear @ icc.matrix_of(icc.ADOBE_RGB_XY).T)
    assert distance(read_rgb(path), wanted) <= CLOSE
    assert distance(stored, wanted) > 10 * CLOSE  # what it would be without


@pytest.mark.parametrize("gamma", [1.0, 1.8])
def test_grey_goes_through_its_profile(tmp_path: Path, gamma: float) -> None:
    ramp = np.arange(256, dtype=np.uint8)[None].repeat(2, axis=0)
    path = put(tmp_path, saved(ramp, "PNG", icc_profile=icc.grey_profile(gamma)))
    assert distance(read_rgb(path), icc.srgb_of_xyz(((ramp / 255) ** gamma)[..., None] * icc.D50)) <= CLOSE


def test_colour_profile_on_a_grey_picture_counts(tmp_path: Path) -> None:
    ramp = np.arange(256, dtype=np.uint8)[None].repeat(2, axis=0)
    path = put(tmp_path, saved(ramp, "PNG", icc_profile=icc.rgb_profile(icc.SRGB_XY, 1.8)))
    assert distance(read_rgb(path), icc.srgb_of_xyz(((ramp / 255) ** 1.8)[..., None] * icc.D50)) <= CLOSE


@pytest.mark.parametrize("profile", [b"no profile at all", icc.grey_profile(1.8), icc.cmyk_profile()])
def test_profile_that_does_not_fit_is_ignored(tmp_path: Path, profile: bytes) -> None:
    path = put(tmp_path, saved(PHOTO, "PNG", icc_profile=profile))
    assert distance(read_rgb(path), PHOTO) == 0


def test_palette_with_transparency_and_profile(tmp_path: Path) -> None:
    palette = np.random.default_rng(2).integers(0, 256, (16, 3), dtype=np.uint8)
    alphas = np.linspace(0, 255, 16).astype(np.uint8)
    indices = np.arange(64, dtype=np.uint8).reshape(8, 8) % 16
    image = Image.fromarray(indices, "L")
    image.putpalette(palette.tobytes())
    for profile in (None, icc.rgb_profile(icc.ADOBE_RGB_XY, icc.ADOBE_RGB_GAMMA)):
        buffer = io.BytesIO()
        image.save(buffer, "PNG", transparency=alphas.tobytes(), icc_profile=profile)
        path = put(tmp_path, buffer.getvalue())
        assert (probe_image(path).mode, probe_image(path).alpha) == ("P", True)
        colour = palette.astype(float)
        if profile:
            linear = (palette / 255) ** icc.ADOBE_RGB_GAMMA
            colour = icc.srgb_of_xyz(linear @ icc.matrix_of(icc.ADOBE_RGB_XY).T)
        share = alphas[:, None] / 255
        assert distance(read_rgb(path), (colour * share + 255 * (1 - share))[indices]) <= CLOSE
        assert (read_rgba(path)[..., 3] == alphas[indices]).all()


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_alpha_lies_over_white(tmp_path: Path, mode: str) -> None:
    rgba = np.random.default_rng(4).integers(0, 256, (30, 40, 4), dtype=np.uint8)
    stored = rgba[..., 2:] if mode == "LA" else rgba
    path = put(tmp_path, saved(np.ascontiguousarray(stored), "PNG"))
    assert probe_image(path).mode == mode
    share = rgba[..., 3:] / 255
    colour = rgba[..., 2:3].repeat(3, axis=2) if mode == "LA" else rgba[..., :3]
    assert distance(read_rgb(path), colour * share + 255 * (1 - share)) <= 0.5
    assert (read_rgba(path) == np.dstack([colour, rgba[..., 3]])).all()


def test_over_white_rounds_to_the_nearest() -> None:
    every = np.stack(np.meshgrid(np.arange(256), np.arange(256)), axis=-1).astype(np.uint8)
    rgba = np.dstack([every[..., :1].repeat(3, axis=2), every[..., 1]])
    exact = (every[..., 0].astype(float) * every[..., 1] + 255.0 * (255 - every[..., 1].astype(float))) / 255
    assert np.abs(over_white(rgba)[..., 0] - exact).max() <= 0.5


# Animations and pages.
@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_of_an_animation_the_first_picture_counts(tmp_path: Path, kind: str) -> None:
    red, blue = np.zeros((2, 20, 30, 3), np.uint8)
    red[..., 0] = blue[..., 2] = 255
    options: dict[str, Any] = {"lossless": True} if kind == "WEBP" else {}
    data = saved(red, kind, save_all=True, append_images=[Image.fromarray(blue)], **options)
    path = put(tmp_path, data)
    assert probe_image(path).animated == (kind != "TIFF")  # pages are no animation
    assert distance(read_rgb(path), red) == 0


@pytest.mark.parametrize(("least", "size"), [(0, (400, 640)), (100, (100, 160)), (101, (200, 320)), (401, (400, 640))])
def test_a_jpeg_may_be_decoded_smaller_to_the_same_picture(tmp_path: Path, least: int, size: tuple[int, int]) -> None:
    ramp = np.add.outer(np.linspace(0, 120, 400), np.linspace(0, 120, 640)).astype(np.uint8)
    image = Image.fromarray(np.dstack([ramp, ramp, 255 - ramp]))
    image.save(tmp_path / "a.jpg", quality=95)
    small = read_rgba(tmp_path / "a.jpg", least_px=least)
    assert small.shape == (*size, 4)
    wanted = np.asarray(image.resize(size[::-1], Image.Resampling.BOX), int)
    assert np.abs(small[..., :3].astype(int) - wanted).max() <= 4
