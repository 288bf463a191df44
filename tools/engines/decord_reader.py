"""Decoding by decord, held to what the container and PyAV say of the same file.

decord is known for frames that are not those of their times (transport streams, interlaced MPEG), for passing over edit
lists and changes of size, and for reading ahead without bound. So its times are compared with the container's before
the first frame, every repeated frame is an error, key frames are compared with PyAV's as they come by, and it reads in
pieces of bounded size, between which it rests. It hangs at Ctrl-C: workers are ended from outside.
"""

from __future__ import annotations

import os
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import av
import cv2
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from tools.engines.decoders import Untrusted
from tools.media.clock import Clock, ticks_of
from tools.media.colour import HDR, rgb_of
from tools.media.decode import Shown, Tally
from tools.media.luma import THUMB
from tools.media.video import open_video, packets

Rgb = NDArray[np.uint8]

PIECE_BYTES = 512 << 20
"""How much RGB is read at a time: 86 frames of 1080p. While it is used, decord has nothing to do."""

EVERY_US = 500_000
"""Where every frame is a key frame, one in so many microseconds is compared with PyAV's: a window's default length."""

MAX_APART = 6.0
"""Mean difference of RGB at 64 x 36, in levels, up to which two pictures are one. Right ones, decord's own rounding
and matrices included, lay at 0.2 to 2.1."""

SLACK_US = 1000
"""How far times may be apart, beside the rounding of decord's 24-bit numbers."""

NO_COPIES = 1e-9
"""decord's fault_tol: the share of frames that it may make up of their neighbours."""

ADVICE = 'Set [extract] decoder = "pyav".'


@dataclass(frozen=True)
class _Times:
    """Of each frame in the order of showing: its stamp in ticks, and when it is shown in microseconds."""

    stamps: array[int]
    micros: array[int]


def decoded(path: bytes, video: tuple[InputContainer, VideoStream], tally: Tally, threads: int) -> Iterator[Shown]:
    """Every frame by decord, as upright RGB. Raises Untrusted at the first thing that is not as the container says."""
    tally.decoder = "decord"
    times = _container_times(*video)
    reader = _opened(path, threads, tally)
    _compare_times(times, reader)
    keys = _key_frames(path)
    key = next(keys, None)
    for index, pixels in _frames(reader):
        stamp = times.stamps[index]
        while key is not None and key[0] < stamp:
            key = next(keys, None)
        if key is not None and key[0] == stamp:
            _compare(pixels, key[1], times.micros[index])
        tally.n_frames += 1
        yield Shown(_frame(pixels), times.micros[index], index, False)


def _container_times(container: InputContainer, stream: VideoStream) -> _Times:
    """When the container shows its pictures, from the packets alone."""
    ticks = ticks_of(container, stream)
    stamps = array("q")
    for packet in packets(container, stream):
        if packet is None:
            raise Untrusted(f"A part of the file cannot be read, and decord does not tell damage. {ADVICE}")
        if packet.size and not packet.is_discard:
            stamp = ticks.stamp(packet)
            if stamp is None:
                raise Untrusted(f"Its container gives some pictures no time, by which to judge decord's. {ADVICE}")
            stamps.append(stamp)
    stamps = array("q", sorted(stamps))
    clock = Clock(ticks)
    return _Times(stamps, array("q", map(clock.micros, stamps)))


def _opened(path: bytes, threads: int, tally: Tally) -> Any:
    """A reader, on the GPU where this decord was built for it."""
    import decord

    name = os.fsdecode(path)
    try:
        reader = decord.VideoReader(name, ctx=decord.gpu(0), num_threads=threads, fault_tol=NO_COPIES)
        tally.device = "cuda (decord)"
        return reader
    except decord.DECORDError as error:
        if "CUDA not enabled" not in str(error):
            raise Untrusted(f"decord cannot open it. {ADVICE}") from error
    try:
        return decord.VideoReader(name, num_threads=threads, fault_tol=NO_COPIES)
    except (decord.DECORDError, AssertionError, RuntimeError) as error:
        raise Untrusted(f"decord cannot open it. {ADVICE}") from error


def _compare_times(times: _Times, reader: Any) -> None:
    """Raise Untrusted where decord counts other frames than the container shows, or shows one at another time."""
    if len(reader) != len(times.micros):
        raise Untrusted(
            f"decord counts {len(reader)} frames, but the container shows {len(times.micros)} (an edit list hides "
            f"some, or the count is wrong). {ADVICE}"
        )
    said = np.asarray(reader.get_frame_timestamp(range(len(reader))), np.float64)[:, 0] * 1e6
    true = np.frombuffer(times.micros, np.int64)
    wrong = np.flatnonzero(~(np.abs(said - true) <= SLACK_US + np.abs(true) * 2.0**-23))
    if wrong.size:
        first = int(wrong[0])
        raise Untrusted(
            f"decord's times disagree with the container's: frame {first} is at {said[first] / 1e6:g} s for decord and "
            f"at {true[first] / 1e6:g} s in the file, the first of {wrong.size}. {ADVICE}"
        )


def _frames(reader: Any) -> Iterator[tuple[int, Rgb]]:
    """Index and RGB of each frame, piece by piece."""
    start, most = 0, 1
    keys = sorted({0, *map(int, reader.get_key_indices())})
    while start < len(reader):
        ends = (end for end in (*keys, len(reader)) if start < end <= start + most)
        end = max(ends, default=start + most)
        piece = _piece(reader, start, end, rest=keys[bisect_right(keys, start) - 1])
        most = max(1, PIECE_BYTES // piece[0].nbytes)
        for offset, pixels in enumerate(piece):
            yield start + offset, pixels
        start = end


def _piece(reader: Any, start: int, end: int, rest: int) -> list[Rgb]:
    """The frames from start up to end. rest: the key frame before start, at which decord waits afterwards.

    From any other frame decord would count wrongly: after `seek` it takes itself to be where it was asked to go.
    """
    from decord import DECORDError, DECORDLimitReachedError

    piece: list[Rgb] = []
    try:
        reader.seek_accurate(start)
        while start + len(piece) < end:
            piece.append(reader.next().asnumpy())
        reader.seek(rest)  # drops what it has read ahead, and stops it reading
    except DECORDLimitReachedError as error:
        raise Untrusted(f"decord gives a copy of another for frame {start + len(piece)}. {ADVICE}") from error
    except DECORDError as error:
        raise Untrusted(f"decord cannot decode frame {start + len(piece)}. {ADVICE}") from error
    except StopIteration as error:
        raise Untrusted(f"decord ends before frame {start + len(piece)} of {len(reader)}. {ADVICE}") from error
    return piece


def _key_frames(path: bytes) -> Iterator[tuple[int, VideoFrame]]:
    """The stamp and the picture of each key frame, decoded by PyAV alone; of those in a row, one in EVERY_US."""
    with open_video(path) as (container, stream):
        ticks = ticks_of(container, stream)
        context = stream.codec_context
        context.thread_count = 1
        last, in_a_row = 0, False
        for packet in packets(container, stream):
            if packet is None or not packet.size or packet.is_discard:
                continue
            stamp = ticks.stamp(packet)
            due = packet.is_keyframe
            if stamp is None or not due or (in_a_row and (stamp - last) * ticks.base * 1_000_000 < EVERY_US):
                in_a_row = due
                continue
            last, in_a_row = stamp, True
            try:
                found = [*context.decode(packet), *context.decode(None)]
            except av.FFmpegError as error:
                raise Untrusted(f"A key frame is damaged, and decord does not tell damage. {ADVICE}") from error
            context.flush_buffers()
            if found:
                yield stamp, found[0]


def _compare(pixels: Rgb, key: VideoFrame, time_us: int) -> None:
    """Raise Untrusted where decord's RGB, H x W x 3, is not PyAV's picture, or cannot stand for it."""
    at = f"at {time_us / 1e6:.3f} s"
    if key.interlaced_frame:
        raise Untrusted(f"It is interlaced {at}, and decord does not say so: moving edges would be combs. {ADVICE}")
    if key.color_trc in HDR:
        raise Untrusted(f"It is HDR {at}, and decord does not say so: its colours would be pale. {ADVICE}")
    true = rgb_of(key)
    if true.shape != pixels.shape:
        sizes = [f"{shape[1]} x {shape[0]}" for shape in (true.shape, pixels.shape)]
        raise Untrusted(f"The frame {at} has {sizes[0]} px, and decord gives {sizes[1]}. {ADVICE}")
    small = [cv2.resize(image, THUMB, interpolation=cv2.INTER_AREA) for image in (true, pixels)]
    apart = cv2.norm(small[0], small[1], cv2.NORM_L1) / small[0].size
    if apart > MAX_APART:
        raise Untrusted(f"What decord shows {at} is not the frame of that time ({apart:.1f} levels apart). {ADVICE}")


def _frame(pixels: Rgb) -> VideoFrame:
    return VideoFrame.from_ndarray(pixels, format="rgb24")
