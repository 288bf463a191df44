"""Still pictures, read right and written the same every time.

Whatever a camera or a program wrote is read as 8-bit sRGB (`srgb.py` says how) and upright: the EXIF orientation is
applied. Of an animation, and of several pages, the first picture counts. Nothing is decoded before its size is known
to be bearable.
"""

from __future__ import annotations

import io
import os
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageFile, TiffImagePlugin, UnidentifiedImageError

from tools.media.errors import MediaError
from tools.media.sniff import (
    CAMERA_RAW,
    CAMERA_RAW_NAMES,
    NOT_READ,
    PICTURE_NAMES,
    Content,
    extension,
    head_of,
    what_is,
)
from tools.media.srgb import Pixels, over_white, to_srgb

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "JPEG2000")
"""What is opened, in Pillow's names. Its other readers are for files that no camera writes, and are an open flank."""

MAX_MEGAPIXELS = 120.0
"""Width times height in millions. The largest that phones store by default have 108."""

MAX_SIDE_PX = 16383
"""What WebP, the format of frames, can hold."""

_BROKEN = (
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    EOFError,
    OverflowError,
    RuntimeError,
    struct.error,
    zlib.error,
)
"""What Pillow's readers raise over bytes that are not what their header promises, beside OSError without a number."""

# Pillow's bound is one for the process and only warns up to twice its number. Ours is a parameter, it is stricter, and
# it stands before every decoding.
Image.MAX_IMAGE_PIXELS = None
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")  # what matters becomes a reason


@dataclass(frozen=True)
class ImageFacts:
    """What the header of a picture says.

    width_px, height_px: upright, after the EXIF orientation (1 to 8). mode: Pillow's name of the pixels' type.
    bits: of one channel as stored; None where Pillow does not tell. alpha: some pixels may be transparent.
    profile: an ICC profile is embedded.
    """

    format: str
    width_px: int
    height_px: int
    mode: str
    bits: int | None
    orientation: int
    animated: bool
    alpha: bool
    profile: bool


def probe_image(path: bytes | Path, max_megapixels: float = MAX_MEGAPIXELS) -> ImageFacts:
    """Read a picture's header; no pixel is decoded.

    Raises MediaError: impostor (its name promises a picture, its bytes are something else), unreadable, too_large
    (more than max_megapixels, or a side above MAX_SIDE_PX). Raises OSError where the file itself cannot be read.
    """
    with _opened(path, max_megapixels) as image:
        orientation = _orientation(image)
        turned = orientation >= 5 and image.format != "TIFF"  # Pillow tells a TIFF's size upright already
        width, height = reversed(image.size) if turned else image.size
        return ImageFacts(
            format=str(image.format),
            width_px=width,
            height_px=height,
            mode=image.mode,
            bits=_bits(image),
            orientation=orientation,
            animated=image.format in ("GIF", "PNG", "WEBP", "AVIF") and bool(getattr(image, "is_animated", False)),
            alpha=image.has_transparency_data,
            profile=bool(image.info.get("icc_profile")),
        )


def read_rgb(path: bytes | Path, max_megapixels: float = MAX_MEGAPIXELS) -> Pixels:
    """Decode a picture wholly: HxWx3 uint8 sRGB, upright, transparent parts over white. Raises as `probe_image`."""
    pixels = _read(path, max_megapixels)
    return over_white(pixels) if pixels.shape[2] == 4 else pixels


def read_rgba(path: bytes | Path, max_megapixels: float = MAX_MEGAPIXELS, least_px: int = 0) -> Pixels:
    """Decode a picture: HxWx4 uint8 sRGB and straight alpha (255 where there is none), upright.

    least_px: a JPEG may come out at a half, a quarter or an eighth of its size, no side less than this; 0 decodes it
    wholly. No other format can be decoded smaller. Raises as `probe_image`.
    """
    pixels = _read(path, max_megapixels, least_px)
    if pixels.shape[2] == 4:
        return pixels
    return np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])


def encode_webp(rgb: Pixels, quality: int = 90, method: int = 2) -> bytes:
    """Lossy WebP of HxWx3 uint8. method: effort 0 to 6; 2 takes half the time of libwebp's 4 for 3 % more bytes.

    Raises ValueError for another shape or dtype, or a side above MAX_SIDE_PX.
    """
    return _encode(rgb, (3,), "WEBP", quality=quality, method=method)


def encode_webp_lossless(rgba: Pixels, effort: int = 20, method: int = 0) -> bytes:
    """Lossless WebP of HxWx4 (or HxWx3) uint8; colours under full transparency are kept as they are.

    effort: 0 (fast) to 100 (small). Raises as `encode_webp`.
    """
    return _encode(rgba, (3, 4), "WEBP", lossless=True, exact=True, quality=effort, method=method)


def encode_png(pixels: Pixels, level: int = 6) -> bytes:
    """PNG of HxW (grey, masks), HxWx3 or HxWx4 uint8. level: zlib's 0 to 9. Raises ValueError for anything else."""
    return _encode(pixels, (1, 3, 4), "PNG", compress_level=level)


def encode_jpeg(rgb: Pixels, quality: int = 88) -> bytes:
    """JPEG of HxWx3 uint8. quality: 0 to 95. Raises ValueError for another shape or dtype."""
    return _encode(rgb, (3,), "JPEG", quality=quality, optimize=True)


def _encode(pixels: Pixels, channels: tuple[int, ...], kind: str, **options: object) -> bytes:
    depth = pixels.shape[2] if pixels.ndim == 3 else 1
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3) or depth not in channels or 0 in pixels.shape:
        wanted = " or ".join(map(str, channels))
        raise ValueError(f"{kind} needs uint8 pixels with {wanted} channels, not {pixels.dtype} of {pixels.shape}.")
    if kind == "WEBP" and max(pixels.shape[:2]) > MAX_SIDE_PX:
        raise ValueError(f"WebP holds at most {MAX_SIDE_PX} px a side, not {pixels.shape[1]}x{pixels.shape[0]}.")
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, kind, **options)
    return buffer.getvalue()


@contextmanager
def _opened(path: bytes | Path, max_megapixels: float) -> Iterator[ImageFile.ImageFile]:
    """The picture with its header read and its size checked; what goes wrong inside the block becomes a MediaError."""
    name = os.fsencode(path)
    with open(name, "rb") as file:
        try:
            image = Image.open(file, formats=FORMATS)
            if image.format == "TIFF" and extension(name) in CAMERA_RAW_NAMES:
                raise _not_read(CAMERA_RAW)
            _check_size(image, max_megapixels)
            yield image
        except UnidentifiedImageError as error:
            raise _not_a_picture(name) from error
        except OSError as error:
            if error.errno is not None:  # the disk's fault, not the picture's
                raise
            raise _undecodable(error) from error
        except _BROKEN as error:
            raise _undecodable(error) from error


def _check_size(image: ImageFile.ImageFile, max_megapixels: float) -> None:
    width, height = image.size
    if width < 1 or height < 1:
        raise MediaError("unreadable", "Its header says that it has no pixels.")
    if width * height > max_megapixels * 1e6:
        size = f"{width}x{height} px are {width * height / 1e6:.4g} megapixels"
        raise MediaError("too_large", f"Its {size}, more than intake.max_megapixels = {max_megapixels:g}.")
    if max(width, height) > MAX_SIDE_PX:
        raise MediaError("too_large", f"Of its {width}x{height} px a side is above {MAX_SIDE_PX}, the most WebP holds.")


def _not_a_picture(path: bytes) -> MediaError:
    content, ending = what_is(head_of(path)), extension(path)
    if os.path.getsize(path) == 0:
        return MediaError("unreadable", "It is empty (0 bytes).")
    if content in NOT_READ:
        return _not_read(content)
    if content.sort == "picture":
        return MediaError("unreadable", f"It begins as {content.name}, but its header is broken or cut off.")
    if ending in PICTURE_NAMES:
        return MediaError("impostor", f"Its name ends in {ending}, but it holds {content.name}.")
    return MediaError("unreadable", f"It holds {content.name}, not a picture.")


def _not_read(content: Content) -> MediaError:
    return MediaError("unreadable", f"It is {content.name}, which is not read here. Export it as JPEG or PNG.")


def _undecodable(error: Exception) -> MediaError:
    words = str(error).strip().rstrip(".") or type(error).__name__
    if "truncated" in words:
        return MediaError("unreadable", "It breaks off before its picture is complete.")
    return MediaError("unreadable", f"Its picture cannot be decoded ({words}).")


def _bits(image: ImageFile.ImageFile) -> int | None:
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        bits = image.tag_v2.get(258, (1,))
        return int(bits[0] if isinstance(bits, tuple) else bits)
    if image.format == "PNG" and image.fp is not None:
        image.fp.seek(24)  # IHDR's bit depth stands at a fixed place
        return image.fp.read(1)[0]
    return 8 if image.format in ("JPEG", "MPO", "WEBP", "GIF") else None


def _orientation(image: ImageFile.ImageFile) -> int:
    """1 to 8 as in EXIF; 1 where there is none, or an EXIF block too broken to tell."""
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        value = image.tag_v2.get(274, 1)
    else:
        try:
            if image.format == "PNG" and "exif" not in image.info:
                image.info["exif"] = _png_exif(image)
            value = Image.Image.getexif(image).get(274, 1)  # the PNG reader's own getexif would decode the picture
        except (OSError, *_BROKEN):
            value = 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _png_exif(image: ImageFile.ImageFile) -> bytes | None:
    """The eXIf chunk of a PNG, which may stand behind the pixels. The file is left where it was."""
    file = image.fp
    if file is None:
        return None
    start = file.tell()
    file.seek(8)
    found = None
    while found is None and len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if kind == b"eXIf":
            found = file.read(length)
        file.seek(length + 4, os.SEEK_CUR)
    file.seek(start)
    return found


def _read(path: bytes | Path, max_megapixels: float, least_px: int = 0) -> Pixels:
    with _opened(path, max_megapixels) as image:
        orientation = 1 if image.format == "TIFF" else _orientation(image)  # Pillow turns a TIFF when it decodes it
        profile = image.info.get("icc_profile")
        if least_px and image.format in ("JPEG", "MPO"):
            image.draft(image.mode, (least_px, least_px))
        image.load()
        pixels = to_srgb(image, profile, _bits(image) if image.format == "TIFF" else None)
    return _upright(pixels, orientation)


def _upright(pixels: Pixels, orientation: int) -> Pixels:
    if orientation >= 5:
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
