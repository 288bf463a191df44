"""Synthetic clips for the tests: each frame carries its own number, so that an extracted frame proves which one it is.

A picture shows a texture that moves with its number, and at its left edge a column of blocks: a white one, a black one,
then the number in binary, most significant first, white for 1, and a block that makes the count of white ones even. A
picture that is turned, mirrored, mixed of two or badly damaged cannot be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from av.video.stream import VideoStream
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]

FIXED_RATE = frozenset({"mpeg2video", "mpeg4", "mjpeg"})
"""Encoders whose clock must be the frame rate."""

BITS = 12
BLOCKS = BITS + 3
TICK = Fraction(1, 12_800)
"""The clock of the clips, in seconds: fine enough for frames at any time."""

_ACCURATE = Interpolation.BICUBIC | Interpolation.FULL_CHR_H_INP | Interpolation.ACCURATE_RND
STRIP = 1 / 12
"""Share of the width that the blocks take."""


def _texture(width: int, height: int, number: float, seed: int) -> Rgb:
    """Large shapes with sharp edges; each seed has its own, and each number has them in another place."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = x / height * 6 + 0.04 * number, y / height * 6 + 0.02 * number
    shapes = np.zeros((height, width, 3), np.float32)
    for _ in range(4):
        across, down = rng.uniform(-2, 2, 2)
        edges = np.sign(np.sin(x * across + y * down + rng.uniform(0, 6.28)))
        shapes += edges[..., None] * (rng.uniform(15, 30) + rng.uniform(-15, 15, 3))
    return np.clip(rng.uniform(100, 150, 3) + shapes, 20, 235).astype(np.uint8)


def picture(number: int, width: int = 160, height: int = 120, seed: int = 0, drift: float = 0.0) -> Rgb:
    """Paint one frame: H x W x 3 uint8. number: 0 to 4095. seed: the scene; another one looks quite different.

    drift: by how many frames the texture is ahead of the number.
    """
    bits = [number >> shift & 1 for shift in reversed(range(BITS))]
    column = [1, 0, *bits, (1 + sum(bits)) % 2]
    image = _texture(width, height, number + drift, seed)
    edges = np.linspace(0, height, BLOCKS + 1).round().astype(int)
    strip = round(width * STRIP)
    for bit, (top, bottom) in zip(column, pairwise(edges), strict=True):
        image[top:bottom, :strip] = 235 if bit else 20
    return image


def number_of(image: Rgb) -> int:
    """Read the number back from H x W x 3 uint8 of any size. Raises ValueError where there is none to be read."""
    height, width = image.shape[:2]
    edges = np.linspace(0, height, BLOCKS + 1)
    strip = width * STRIP
    column = []
    for top, bottom in pairwise(edges):
        inner = image[round(top * 0.7 + bottom * 0.3) : round(top * 0.3 + bottom * 0.7) + 1]
        level = float(inner[:, round(strip * 0.3) : round(strip * 0.7) + 1].mean())
        if 90 < level < 165:
            raise ValueError(f"a block of {level:.0f} levels is neither black nor white")
        column.append(level > 128)
    if not column[0] or column[1] or sum(column) % 2:
        raise ValueError(f"no number stands in the blocks {[int(bit) for bit in column]}")
    return int("".join("1" if bit else "0" for bit in column[2:-1]), 2)


def pictures(count: int, width: int = 160, height: int = 120, first: int = 0, seed: int = 0) -> list[Rgb]:
    """Frames numbered from first on."""
    return [picture(number, width, height, seed) for number in range(first, first + count)]


def woven(number: int, width: int = 160, height: int = 120) -> Rgb:
    """A frame of two fields: the odd lines are half a frame, and a good deal of motion, later than the even ones."""
    image = picture(number, width, height)
    image[1::2] = picture(number, width, height, drift=8)[1::2]
    return image


@dataclass(frozen=True)
class Style:
    """How a clip is encoded. fps is also what the times of `write` are made of where none are given.

    rotation_deg: clockwise, as a phone would note it in the file; the pictures are stored turned back, so that they are
    upright when shown. matrix, full_range: of the conversion to YUV, and said in the stream; None leaves it unsaid.
    """

    codec: str = "libx264"
    pix_fmt: str = "yuv420p"
    fps: int = 25
    gop: int = 25
    b_frames: int = 0
    crf: str = "18"
    sound: bool = False
    rotation_deg: int = 0
    interlaced: bool = False
    matrix: str | None = None
    full_range: bool = False
    pixel_aspect: Fraction | None = None


SMALL = Style()


def write(
    path: Path,
    images: Sequence[Rgb],
    style: Style = SMALL,
    *,
    times_s: Sequence[float] | None = None,
    container: str | None = None,
    container_options: dict[str, str] | None = None,
) -> Path:
    """Encode images into a file and return its path. times_s: when each is shown; by default as fps says.

    container: FFmpeg's name of the format where the file's ending does not say it.
    """
    with av.open(str(path), "w", format=container, container_options=container_options or {}) as out:
        stream = _video_stream(out, images[0], style)
        voice = out.add_stream("aac" if path.suffix != ".webm" else "libopus", 48_000) if style.sound else None
        for index, image in enumerate(images):
            frame = _frame(image, style)
            time_s = times_s[index] if times_s is not None else index / style.fps
            frame.pts, frame.time_base = round(time_s / TICK), TICK
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
        if isinstance(voice, AudioStream):
            _write_sound(out, voice, len(images) / style.fps)
    return path


def write_sound(path: Path, seconds: float = 1.0, codec: str = "aac") -> Path:
    """A file that holds sound alone."""
    with av.open(str(path), "w") as out:
        voice = out.add_stream(codec, 48_000)
        if not isinstance(voice, AudioStream):
            raise TypeError(f"{codec} is no sound encoder in this PyAV")
        _write_sound(out, voice, seconds)
    return path


def shift_times(path: Path, target: Path, seconds: float) -> Path:
    """Remux a clip so that its times are later by so much; what comes before zero is hidden by an edit list (MP4)."""
    with av.open(str(path)) as source, av.open(str(target), "w") as out:
        stream = source.streams.video[0]
        copy = out.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.dts is None or packet.pts is None or packet.time_base is None:
                continue
            ticks = round(seconds / packet.time_base)
            packet.pts, packet.dts = packet.pts + ticks, packet.dts + ticks
            packet.stream = copy
            out.mux(packet)
    return target


def cut_off(path: Path, target: Path, share: float) -> Path:
    """A copy that ends after a share of the bytes."""
    data = path.read_bytes()
    target.write_bytes(data[: round(len(data) * share)])
    return target


def flip_bytes(path: Path, target: Path, start: float, stop: float, every: int) -> Path:
    """A copy in which, between two shares of the file, each so many bytes one is inverted."""
    data = bytearray(path.read_bytes())
    for index in range(round(len(data) * start), round(len(data) * stop), every):
        data[index] ^= 0xFF
    target.write_bytes(data)
    return target


def _video_stream(out: Any, image: Rgb, style: Style) -> VideoStream:
    stream: VideoStream = out.add_stream(style.codec, style.fps, options=_options(style))
    stream.height, stream.width = _stored(image, style).shape[:2]
    stream.pix_fmt = style.pix_fmt
    context = stream.codec_context
    context.gop_size, context.max_b_frames = style.gop, style.b_frames
    fixed = style.codec in FIXED_RATE or out.format.name == "avi"
    context.time_base = Fraction(1, style.fps) if fixed else TICK
    if style.matrix is not None:
        context.colorspace = {"bt709": 1, "bt601": 6, "bt2020": 9}[style.matrix]
        context.color_range = 2 if style.full_range else 1
    if style.pixel_aspect is not None:
        context.sample_aspect_ratio = style.pixel_aspect
    if style.rotation_deg:
        stream.set_display_rotation(-style.rotation_deg)
    return stream


def _options(style: Style) -> dict[str, str]:
    options = {"threads": "1"}
    if style.codec == "libx264":
        options |= {"crf": style.crf, "preset": "veryfast", "sc_threshold": "0"}
        if style.interlaced:
            options["x264-params"] = "interlaced=1:tff=1"
    elif style.codec == "libx265":
        options |= {"crf": style.crf, "preset": "ultrafast", "x265-params": "log-level=none:pools=1:frame-threads=1"}
    elif style.codec == "libvpx-vp9":
        options |= {"crf": style.crf, "b": "0", "deadline": "realtime", "cpu-used": "8"}
    elif style.codec == "mpeg2video":
        options |= {"b": "3M"} | ({"flags": "+ildct+ilme", "top": "1"} if style.interlaced else {})
    return options


def _stored(image: Rgb, style: Style) -> Rgb:
    return np.rot90(image, style.rotation_deg // 90)


def _frame(image: Rgb, style: Style) -> VideoFrame:
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(_stored(image, style)), format="rgb24")
    return frame.reformat(
        format=style.pix_fmt,
        dst_colorspace={"bt709": "ITU709", "bt2020": "BT2020"}.get(style.matrix or "", "ITU601"),
        dst_color_range="JPEG" if style.full_range else "MPEG",
        interpolation=_ACCURATE,
    )


def _write_sound(out: Any, voice: AudioStream, seconds: float) -> None:
    size = 1024
    for start in range(0, round(seconds * 48_000), size):
        wave = 0.2 * np.sin(np.arange(start, start + size) * (2 * np.pi * 440 / 48_000))
        samples = np.stack([wave, wave]).astype(np.float32)
        frame = AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, start, Fraction(1, 48_000)
        out.mux(voice.encode(frame))
    out.mux(voice.encode(None))
