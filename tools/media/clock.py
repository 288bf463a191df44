"""When a picture is shown, from what the container says: its presentation time stamps (pts)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

OWN_ZERO = frozenset({"mov", "matroska"})
"""Containers whose clock has a zero of its own. In the others it is arbitrary: there the first picture is the zero."""

STORED_ORDER = frozenset({"avi"})
"""Containers that only count their pictures as stored. FFmpeg's guess of when each is shown is wrong for B-frames, but
the decoder hands them out in the right order, one a count."""

BACK_S = 1
"""A step back by more is a new clock (recordings joined end to end); by less, a stamp out of order."""

AHEAD_S = 10
"""In a container with an arbitrary clock, a step ahead by more is a new clock too, not a pause."""


def family(container: InputContainer) -> str:
    """The demuxer's first name: "mov" for all of MP4, QuickTime and 3GP."""
    return container.format.name.split(",")[0]


@dataclass(frozen=True)
class Ticks:
    """How to read the time stamps of a stream. base: seconds in a tick; zero, step (the usual one): in ticks.

    zero: None where it is the first picture. stored_order: only decoding times (dts) can be trusted.
    """

    base: Fraction
    zero: int | None
    step: int
    stored_order: bool

    def stamp(self, of: VideoFrame | Packet[Stream]) -> int | None:
        """When a frame or a packet is shown, in ticks; None where nothing says it."""
        if self.stored_order or of.pts is None:
            return of.dts
        return of.pts

    def is_new_clock(self, last: int, now: int) -> bool:
        """Whether the second of two stamps in a row is of another clock."""
        ahead = self.zero is None and not self.stored_order and now > last + AHEAD_S / self.base
        return ahead or now < last - BACK_S / self.base


def ticks_of(container: InputContainer, stream: VideoStream) -> Ticks:
    """How to read the stamps of a stream. A clock of its own that begins before its zero is shifted to begin there."""
    base = stream.time_base or Fraction(1, 1_000_000)
    rate = stream.average_rate or stream.guessed_rate
    zero = min(0, stream.start_time or 0) if family(container) in OWN_ZERO else None
    return Ticks(base, zero, round(1 / (rate * base)) if rate else 0, family(container) in STORED_ORDER)


@dataclass
class Clock:
    """Turns the stamps of decoded frames, in the order in which they are shown, into microseconds that always grow.

    A frame without a stamp comes one step after the last; a new clock goes on where the old one ended.
    """

    ticks: Ticks
    _zero: int = 0
    _shift: int = 0
    _stamped: bool = False
    _last: int | None = None
    _last_us: int = -1

    def micros(self, stamp: int | None) -> int:
        """Presentation time in microseconds of the next frame, given its stamp in ticks."""
        if self._last is None:
            now = stamp or 0
            self._zero = now if self.ticks.zero is None else self.ticks.zero
        elif stamp is None:
            now = self._last + self.ticks.step
        else:
            if self._is_new(self._last, stamp + self._shift):
                self._shift = self._last + self.ticks.step - stamp
            now = stamp + self._shift
        self._stamped = self._stamped or stamp is not None
        self._last = now
        self._last_us = max(round((now - self._zero) * self.ticks.base * 1_000_000), self._last_us + 1)
        return self._last_us

    def _is_new(self, last: int, now: int) -> bool:
        """Also where the first stamp of all comes too early for the frames that had none before it."""
        return self.ticks.is_new_clock(last, now) or (not self._stamped and now <= last)


@dataclass
class Span:
    """Adds up how long the pictures of a stream last, from its packets in the order in which they are stored."""

    ticks: Ticks
    n_packets: int = 0
    _closed: int = 0
    _low: int | None = None
    _high: int = 0
    _last: int | None = None

    def add(self, pts: int | None, dts: int | None, duration: int | None) -> None:
        """Count one packet; its stamps are in ticks."""
        self.n_packets += 1
        stored = dts if dts is not None else pts
        if stored is None or pts is None:
            return
        if self._last is not None and self.ticks.is_new_clock(self._last, stored):
            self._close()
        self._last = stored
        self._low = pts if self._low is None else min(self._low, pts)
        self._high = max(self._high, pts + (duration or self.ticks.step))

    def _close(self) -> None:
        if self._low is not None:
            self._closed += self._high - self._low
        self._low, self._high = None, 0

    @property
    def seconds(self) -> float:
        """The sum; of packets without any stamps, their number times the usual step."""
        open_ticks = self._high - self._low if self._low is not None else 0
        return float((self._closed + open_ticks or self.n_packets * self.ticks.step) * self.ticks.base)
