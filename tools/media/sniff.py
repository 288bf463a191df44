"""What the first bytes of a file say it is, whatever its name: for sentences that help when it cannot be read.

Standard library only. The signatures are those of the formats' own specifications.
"""

from __future__ import annotations

import codecs
import os
from dataclasses import dataclass
from typing import Literal

HEAD_BYTES = 4096
"""How much of a file `what_is` wants to see."""

PICTURE_NAMES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".apng", ".webp", ".gif", ".tif", ".tiff", ".bmp", ".dib"}
    | {".avif", ".avifs", ".jp2", ".j2k", ".heic", ".heif"}
)
"""Endings of names that promise a picture."""

CAMERA_RAW_NAMES = frozenset({".cr2", ".nef", ".arw", ".dng", ".orf", ".rw2", ".srw", ".pef"})
"""Endings of cameras' raw files that are TIFF files, in which other readers find a thumbnail only."""

VIDEO_NAMES = frozenset(
    {".mp4", ".m4v", ".mov", ".qt", ".3gp", ".3g2", ".mkv", ".webm", ".avi", ".divx", ".mpg", ".mpeg", ".mpe", ".m2v"}
    | {".vob", ".ts", ".m2ts", ".mts", ".wmv", ".asf", ".flv", ".f4v", ".ogv", ".ogm", ".mxf", ".dv", ".y4m"}
)
"""Endings of names that promise a video."""

Sort = Literal["picture", "video", "sound", "other", "unknown"]


@dataclass(frozen=True)
class Content:
    """What a file holds: its sort, and a name with its article, for sentences ("it holds an HTML page")."""

    sort: Sort
    name: str


UNKNOWN = Content("unknown", "bytes of no known kind")

HEIC = Content("picture", "a HEIC picture")
PHOTOSHOP = Content("picture", "a Photoshop picture")
CAMERA_RAW = Content("picture", "a camera's raw file")
NOT_READ = frozenset({HEIC, PHOTOSHOP, CAMERA_RAW})
"""Pictures that no reader here can open."""

_STARTS: tuple[tuple[bytes, Sort, str], ...] = (
    (b"\xff\xd8\xff", "picture", "a JPEG picture"),
    (b"\x89PNG\r\n\x1a\n", "picture", "a PNG picture"),
    (b"GIF87a", "picture", "a GIF picture"),
    (b"GIF89a", "picture", "a GIF picture"),
    (b"II*\0", "picture", "a TIFF picture"),
    (b"MM\0*", "picture", "a TIFF picture"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "picture", "a JPEG 2000 picture"),
    (b"\xff\x4f\xff\x51", "picture", "a JPEG 2000 picture"),
    (b"\x1aE\xdf\xa3", "video", "a Matroska or WebM video"),
    (b"FLV\x01", "video", "a Flash video"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video", "a Windows Media video"),
    (b"\0\0\x01\xba", "video", "an MPEG video"),
    (b"\0\0\x01\xb3", "video", "an MPEG video"),
    (b"OggS", "video", "an Ogg video or sound"),
    (b"%PDF-", "other", "a PDF document"),
    (b"PK\x03\x04", "other", "a ZIP archive"),
    (b"PK\x05\x06", "other", "an empty ZIP archive"),
    (b"Rar!\x1a\x07", "other", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "other", "a 7z archive"),
    (b"\x1f\x8b\x08", "other", "a gzip archive"),
    (b"\xfd7zXZ\0", "other", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "other", "a Zstandard archive"),
    (b"SQLite format 3\0", "other", "an SQLite database"),
    (b"\x7fELF", "other", "a program"),
    (b"8BPS", PHOTOSHOP.sort, PHOTOSHOP.name),
    (b"FUJIFILMCCD-RAW", CAMERA_RAW.sort, CAMERA_RAW.name),
    (b"ID3", "sound", "a sound file"),
    (b"fLaC", "sound", "a sound file"),
)

_RIFF = {
    b"WEBP": Content("picture", "a WebP picture"),
    b"AVI ": Content("video", "an AVI video"),
    b"WAVE": Content("sound", "a sound file"),
}

_BRANDS = {
    b"avif": Content("picture", "an AVIF picture"),
    b"avis": Content("picture", "an AVIF picture"),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), HEIC),
    b"crx ": CAMERA_RAW,
    b"qt  ": Content("video", "a QuickTime video"),
    b"M4A ": Content("sound", "a sound file"),
    b"M4B ": Content("sound", "a sound file"),
}


def extension(path: bytes) -> str:
    r"""The ending of a raw name in lower case, with its dot; bytes that are no text are shown as `\xNN`."""
    return os.path.splitext(path)[1].decode("utf-8", "backslashreplace").lower()


def head_of(path: bytes) -> bytes:
    """The first `HEAD_BYTES` of a file. Raises OSError."""
    with open(path, "rb") as file:
        return file.read(HEAD_BYTES)


def what_is(head: bytes) -> Content:
    """Name what begins with these bytes (the first `HEAD_BYTES` of a file)."""
    if not head.strip(b"\0"):
        return Content("other", "zero bytes only" if head else "nothing")
    for start, sort, name in _STARTS:
        if head.startswith(start):
            return Content(sort, name)
    if head.startswith(b"RIFF"):
        return _RIFF.get(head[8:12], UNKNOWN)
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], Content("video", "an MP4 video"))
    if head[4:8] in (b"moov", b"mdat", b"wide"):
        return Content("video", "a QuickTime video")
    if head[:1] == b"G" and head[188:189] == b"G":
        return Content("video", "an MPEG transport stream")
    if head.startswith(b"BM") and head[14:18] in (b"\x0c\0\0\0", b"\x28\0\0\0", b"\x6c\0\0\0", b"\x7c\0\0\0"):
        return Content("picture", "a BMP picture")
    return _text(head) or UNKNOWN


def _text(head: bytes) -> Content | None:
    utf_16 = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    decoder = codecs.getincrementaldecoder("utf-16" if utf_16 else "utf-8")()
    try:
        text = decoder.decode(head)  # a character cut in two at the end is no error here
    except UnicodeDecodeError:
        return None
    if any(ord(character) < 32 and character not in "\t\n\r\f\x1b" for character in text):
        return None
    start = text.lstrip("\ufeff \t\r\n").lower()
    if start.startswith("ffconcat"):
        return Content("other", "a list of other files (ffconcat)")
    if start.startswith("#extm3u"):
        return Content("other", "a playlist (m3u8)")
    if start.startswith(("<!doctype html", "<html")):
        return Content("other", "an HTML page")
    if start.startswith("<svg") or (start.startswith("<?xml") and "<svg" in start):
        return Content("other", "an SVG drawing")
    return Content("other", "text")
