"""Opens a video so that nothing but that file is read, and says what it holds."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import av
from av.codec.hwaccel import HWAccel
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.reformatter import ColorTrc
from av.video.stream import VideoStream

from tools.media.clock import Span, family, ticks_of
from tools.media.errors import MediaError
from tools.media.sniff import head_of, what_is
from tools.media.upright import shown_size, turn_of

FORMATS = (
    "mov,matroska,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg,mxf,nut,rm,dv,ivf,gxf,wtv,"
    "h264,hevc,av1,obu,m4v,vc1,yuv4mpegpipe"
)
"""The demuxers that may open a file: they hold their pictures themselves. None points to other files."""

SOUND_FORMATS = "mp3,wav,flac,aac"
"""Demuxers that may open a file only so that it can be told what is missing."""

DECLARING = frozenset({"mov", "matroska", "avi", "flv", "asf"})
"""Demuxers whose duration stands in a header; of the others it is what FFmpeg made of the packets themselves."""

DEMUX_ERRORS = 16
"""After as many errors in a row, the rest of a file counts as missing."""


@dataclass(frozen=True)
class VideoFacts:
    """What a video file holds, as its packets and its first picture show it.

    width, height: in pixels as shown, that is after rotation and with square pixels. rotation_deg: clockwise, 0, 90,
    180 or 270, already in width and height. duration_s: of the pictures, measured from their packets. bitrate_bps: of
    the pictures. color_transfer: FFmpeg's name in lower case ("bt709", "smpte2084", "arib_std_b67"), None where the
    stream does not say. declared_frames: by the header, less what an edit list hides; None where it does not say.
    missing_share: share (0 to 1) of the duration declared by the header after which the file holds no packets.
    """

    container: str
    codec: str
    width: int
    height: int
    frame_rate: float
    duration_s: float
    bitrate_bps: int
    pixel_format: str
    rotation_deg: int
    color_transfer: str | None
    interlaced: bool
    has_audio: bool
    declared_frames: int | None
    missing_share: float


@dataclass(frozen=True)
class _Survey:
    """What one pass over the packets found. seconds: of the pictures; end_s: of the last packet of any stream."""

    first: VideoFrame | None
    seconds: float
    end_s: float
    n_packets: int
    n_bytes: int
    error: str | None


def probe(path: bytes) -> VideoFacts:
    """Measure a video file: one pass over its packets, of which only the first picture is decoded.

    path: absolute. Raises MediaError with one of intake's reasons: unreadable, impostor, corrupt_container,
    no_video_stream, zero_duration.
    """
    with open_video(path) as (container, stream):
        stream.codec_context.thread_count = 1
        declared = _declared_s(container, stream)
        n_declared = declared_frames(container, stream)
        survey = _survey(container, stream)
        frame = _first_picture(survey, declared)
        width, height = shown_size(frame, stream.sample_aspect_ratio)
        return VideoFacts(
            container=_container_name(container),
            codec=stream.codec_context.codec.canonical_name,
            width=width,
            height=height,
            frame_rate=frame_rate(stream) or survey.n_packets / survey.seconds,
            duration_s=survey.seconds,
            bitrate_bps=round(survey.n_bytes * 8 / survey.seconds),
            pixel_format=frame.format.name,
            rotation_deg=turn_of(frame).rotation_deg,
            color_transfer=_transfer_name(frame.color_trc),
            interlaced=frame.interlaced_frame or stream.codec_context.field_order > 1,
            has_audio=bool(container.streams.audio),
            declared_frames=n_declared,
            missing_share=_missing_share(survey, declared),
        )


@contextmanager
def open_video(path: bytes, hwaccel: HWAccel | None = None) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open the file at an absolute path, and the best of its video streams; a cover picture is none.

    hwaccel: where its pictures are to be decoded; None is software, and with anything else other errors may come.
    Raises MediaError: unreadable, impostor, corrupt_container, no_video_stream.
    """
    _check_content(path)
    try:
        container = av.open(
            "file:" + os.fsdecode(path),
            mode="r",
            container_options={"format_whitelist": f"{FORMATS},{SOUND_FORMATS}", "protocol_whitelist": "file"},
            metadata_errors="replace",
            hwaccel=hwaccel,
        )
    except av.ArgumentError as error:
        raise MediaError("impostor", "It is in no video format known here.") from error
    except av.error.MemoryError as error:
        raise MemoryError(str(error)) from error  # FFmpeg's own is none of Python's
    except OSError as error:
        raise MediaError("unreadable", f"It could not be read: {error.strerror}.") from error
    except av.FFmpegError as error:
        raise MediaError("corrupt_container", f"It could not be opened: {error.strerror}.") from error
    with container:
        yield container, _best_stream(container)


def _check_content(path: bytes) -> None:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise MediaError("unreadable", "It is no regular file.")
        head = head_of(path)
    except OSError as error:
        raise MediaError("unreadable", f"It could not be read: {error.strerror}.") from error
    if not head:
        raise MediaError("corrupt_container", "It is empty (0 bytes).")
    content = what_is(head)
    if content.sort not in ("video", "sound", "unknown"):
        raise MediaError("impostor", f"It holds {content.name}, not a video.")


def _best_stream(container: InputContainer) -> VideoStream:
    stream = container.streams.best("video")
    if not isinstance(stream, VideoStream) or stream.disposition & (Disposition.attached_pic | Disposition.still_image):
        held = "sound alone" if container.streams.audio else "no pictures"
        raise MediaError("no_video_stream", f"It holds {held}.")
    # A stream whose codec FFmpeg does not know has no context, whatever the annotations say.
    if getattr(stream, "codec_context", None) is None:
        raise MediaError("unreadable", "There is no decoder for its video stream.")
    return stream


def packets(container: InputContainer, *streams: av.stream.Stream) -> Iterator[Packet[av.stream.Stream] | None]:
    """Yield the packets of the streams, the flushing ones at the end, and None for each place that cannot be read."""
    errors = 0
    while errors < DEMUX_ERRORS:
        try:
            for packet in container.demux(streams):
                errors = 0
                yield packet
            return
        except av.FFmpegError:
            errors += 1
            yield None
    for stream in streams:
        flush: Packet[av.stream.Stream] = Packet()
        flush.stream = stream
        yield flush


def frame_rate(stream: VideoStream) -> float:
    """Frames a second as the container says or FFmpeg guesses; 0 where nobody knows."""
    return float(stream.average_rate or stream.guessed_rate or 0)


def declared_frames(container: InputContainer, stream: VideoStream) -> int | None:
    """How many frames the header declares to be shown: those that an edit list hides do not count."""
    if not stream.frames:
        return None
    if family(container) != "mov":
        return stream.frames
    return sum(not entry.is_discard for entry in stream.index_entries) or stream.frames


def _declared_s(container: InputContainer, stream: VideoStream) -> tuple[float, bool] | None:
    """The duration that the header declares, and whether it is of the pictures alone. None where it tells none."""
    kind = family(container)
    if kind in ("mov", "avi") and stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base), True
    if kind in DECLARING and container.duration:
        return container.duration / av.time_base, False
    return None


def _survey(container: InputContainer, stream: VideoStream) -> _Survey:
    ticks = ticks_of(container, stream)
    span = Span(ticks)
    first, error, end_s, n_bytes = None, None, 0.0, 0
    for packet in packets(container, *container.streams.video, *container.streams.audio):
        if packet is None:
            continue
        pictures = packet.stream_index == stream.index
        if packet.pts is not None:
            lasts = packet.duration or (ticks.step if pictures else 0)
            end_s = max(end_s, float((packet.pts + lasts) * packet.time_base))
        if pictures and packet.size and not packet.is_discard:
            span.add(packet.pts, packet.dts, packet.duration)
            n_bytes += packet.size
        if pictures and first is None:
            try:
                first = next(iter(stream.decode(packet)), None)
            except av.FFmpegError as broken:
                error = error or broken.strerror
    return _Survey(first, span.seconds, end_s, span.n_packets, n_bytes, error)


def _first_picture(survey: _Survey, declared: tuple[float, bool] | None) -> VideoFrame:
    if not survey.n_packets and declared:
        raise MediaError("corrupt_container", f"Its header declares {declared[0]:.1f} s, but it holds no picture.")
    if not survey.n_packets or not survey.seconds:
        raise MediaError("zero_duration", "It holds a video stream that lasts no time at all.")
    if survey.first is None:
        why = f": {survey.error}" if survey.error else ""
        raise MediaError("corrupt_container", f"None of its {survey.n_packets} pictures can be decoded{why}.")
    return survey.first


def _missing_share(survey: _Survey, declared: tuple[float, bool] | None) -> float:
    if declared is None:
        return 0.0
    declared_s, of_pictures = declared
    return max(0.0, 1 - (survey.seconds if of_pictures else survey.end_s) / declared_s)


def _container_name(container: InputContainer) -> str:
    name = family(container)
    return "mp4" if name == "mov" and container.metadata.get("major_brand") != "qt  " else name


def _transfer_name(value: int) -> str | None:
    if value == ColorTrc.UNSPECIFIED or value not in ColorTrc.__members__.values():
        return None
    return ColorTrc(value).name.lower()
