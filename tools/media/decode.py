"""Decodes all pictures of a video in the order in which they are shown, and tells which are damaged."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import av
from av.codec.context import Flags
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from tools.media.clock import Clock, Ticks, ticks_of
from tools.media.video import packets


@dataclass(frozen=True)
class Shown:
    """A decoded frame. time_us: when it is shown, in microseconds. index: its place in the order of showing, from 0.

    damaged: the decoder or the container says that it is corrupt, or it may build on a frame that is.
    """

    frame: VideoFrame
    time_us: int
    index: int
    damaged: bool


@dataclass
class Tally:
    """What a run of `decode` counted: frames that came out, how many of them damaged, and places that failed.

    decoder, device: what decoded them, where. fallback: why that was not the decoder that was to do it, as a sentence.
    """

    n_frames: int = 0
    n_damaged: int = 0
    n_errors: int = 0
    error: str | None = None
    decoder: str = "pyav"
    device: str = "cpu"
    fallback: str | None = None

    def fail(self, why: str) -> None:
        self.n_errors += 1
        self.error = self.error or why


@dataclass
class _Damage:
    """Which frames build on something broken: all from the break on, up to the next key frame.

    Between `since` (a decoding time) and `until` (the presentation time of the key packet that came next) lie the
    breaks that are known from packets; `flagged` is what the decoder says of frames that it mended.
    """

    ticks: Ticks
    recent: deque[int]
    since: int | None = None
    until: int | None = None
    flagged: bool = False

    def strike(self) -> None:
        """Something broke here, or, as decoding runs in several threads, a few packets before."""
        if not self.recent:
            self.flagged = True
            return
        first = min(self.recent)
        self.since = first if self.since is None else min(self.since, first)
        self.until = None

    def pass_packet(self, packet: Packet[Stream]) -> None:
        stamp = packet.dts if packet.dts is not None else packet.pts
        if stamp is not None:
            self.recent.append(stamp)
        if packet.is_corrupt:
            self.strike()
        elif packet.is_keyframe and self.since is not None and self.until is None:
            self.until = self.ticks.stamp(packet)

    def covers(self, frame: VideoFrame, stamp: int | None) -> bool:
        if frame.is_corrupt:
            self.flagged = True
        elif frame.key_frame:
            self.flagged = False
        if self.flagged or self.since is None or stamp is None:
            return self.flagged
        if self.until is not None and stamp >= self.until:
            self.since = self.until = None
            return False
        return stamp >= self.since


def decode(container: InputContainer, stream: VideoStream, tally: Tally, threads: int = 0) -> Iterator[Shown]:
    """Yield every frame of the stream, damaged ones too, each with its time; nothing is raised for broken data.

    threads: of the decoder; 0 takes one for each core. tally is counted up as the frames come.
    """
    stream.codec_context.thread_count = threads
    stream.thread_type = "AUTO"
    stream.codec_context.flags |= Flags.output_corrupt  # else frames before the first key frame vanish uncounted
    ticks = ticks_of(container, stream)
    clock, damage = Clock(ticks), _Damage(ticks, deque(maxlen=max(threads, 1) + 1))
    for packet in packets(container, stream):
        if packet is None:
            tally.fail("a part of the file cannot be read")
            damage.strike()
            continue
        damage.pass_packet(packet)
        for frame in _frames(stream, packet, tally, damage):
            stamp = ticks.stamp(frame)
            shown = Shown(frame, clock.micros(stamp), tally.n_frames, damage.covers(frame, stamp))
            tally.n_frames += 1
            tally.n_damaged += shown.damaged
            yield shown


def _frames(stream: VideoStream, packet: Packet[Stream], tally: Tally, damage: _Damage) -> list[VideoFrame]:
    try:
        return stream.decode(packet)
    except av.error.MemoryError as error:
        raise MemoryError(str(error)) from error
    except av.FFmpegError as error:
        tally.fail(str(error.strerror))
        damage.strike()
        return []
