"""Chooses the sharpest frame of each window of time, before anything is converted or encoded."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from tools.media.decode import Shown
from tools.media.luma import Look, Luma, correlation, difference, look_at, luma_of

CUT_FLOOR = 4.0
"""Thumbnails that differ by less, in levels, are of one shot whatever their correlation: dark or flat pictures."""

Status = Literal["kept", "near_duplicate", "corrupt_frame"]

FLASH_US = 250_000
"""A picture that returns within this time, in microseconds, was interrupted (a flash, a broken frame) and not cut."""


@dataclass(frozen=True)
class Rules:
    """How to choose.

    window_us: length of a window in microseconds, n_windows: the most there may be; windows are counted from the first
    frame, and what lies beyond the last belongs to it. cut_correlation: frames that follow each other and correlate
    less are of two shots. identical: a frame that differs from the last kept by less, in levels, is a near duplicate.
    """

    window_us: int
    n_windows: int
    cut_correlation: float
    identical: float


def rules_for(duration_s: float, fps: float, max_frames: int, cut_correlation: float, identical: float) -> Rules:
    """Windows of 1/fps seconds; where these would be more than max_frames, longer ones, so that they cover it all."""
    window_us = max(round(1e6 / fps), math.ceil(duration_s * 1e6 / max_frames))
    return Rules(window_us, max_frames, cut_correlation, identical)


@dataclass(frozen=True)
class Choice:
    """What a window gives: a frame that is kept (to be written), or one that is only told of.

    shot: number of its shot, from 0. window: number of the window, from 0. n_candidates: sound frames among which it is
    the sharpest. tenengrad: its sharpness; difference: to the frame kept last, in levels, None for the first; thumb:
    36 x 64 uint8. All three are None for a corrupt frame.
    """

    shown: Shown
    status: Status
    shot: int
    window: int
    n_candidates: int
    tenengrad: float | None
    difference: float | None
    thumb: Luma | None


@dataclass
class _Part:
    """The frames of one shot in one window: how many, and the sharpest."""

    shot: int
    best: Shown
    look: Look
    n_frames: int = 1

    def add(self, shown: Shown, look: Look) -> None:
        self.n_frames += 1
        if look.tenengrad > self.look.tenengrad:
            self.best, self.look = shown, look


@dataclass
class _Shots:
    """Numbers the shots as the frames come by: a new number at each cut, the old one when a flash is over."""

    cut_correlation: float
    number: int = 0
    _count: int = 0
    _last: tuple[Luma, tuple[int, int]] | None = None
    _before: tuple[Luma, tuple[int, int]] | None = None
    _before_number: int = 0
    _cut_us: int = 0

    def number_of(self, shown: Shown, thumb: Luma) -> int:
        now = (thumb, (shown.frame.width, shown.frame.height))
        if self._last is not None and not self._same(self._last, now):
            self._cut(now, shown.time_us)
        self._last = now
        return self.number

    def _cut(self, now: tuple[Luma, tuple[int, int]], time_us: int) -> None:
        if self._before is not None and time_us - self._cut_us <= FLASH_US and self._same(self._before, now):
            self.number, self._before = self._before_number, None
            return
        self._before, self._before_number, self._cut_us = self._last, self.number, time_us
        self._count += 1
        self.number = self._count

    def _same(self, one: tuple[Luma, tuple[int, int]], other: tuple[Luma, tuple[int, int]]) -> bool:
        if one[1] != other[1]:
            return False
        return difference(one[0], other[0]) < CUT_FLOOR or correlation(one[0], other[0]) >= self.cut_correlation


@dataclass
class _Window:
    """One window: its parts, of which the longest gives the frame, and the first damaged frame if there is one.

    shot: in which it begins.
    """

    number: int
    shot: int
    parts: list[_Part] = field(default_factory=list)
    damaged: Shown | None = None

    def add(self, shown: Shown, look: Look, shot: int) -> None:
        for part in self.parts:
            if part.shot == shot:
                part.add(shown, look)
                return
        # Besides the longest part, only the last can still grow (after a flash): the others' frames are let go.
        self.parts = [*{id(part): part for part in (self.longest, *self.parts[-1:]) if part}.values()]
        self.parts.append(_Part(shot, shown, look))

    @property
    def longest(self) -> _Part | None:
        return max(self.parts, key=lambda part: part.n_frames, default=None)


def choose(frames: Iterable[Shown], rules: Rules) -> Iterator[Choice]:
    """Yield one choice for each window that shows anything: the sharpest of its sound frames.

    A window that cuts divide gives the sharpest frame of its longest part (most frames; of equals the first), so that
    no window gives two, and a shot as long as two windows is never without a frame. A window of damaged frames alone
    gives its first one as a corrupt_frame. At most four frames are held at a time.
    """
    kept: Luma | None = None
    for window in _windows(frames, rules):
        choice = _choice(window, kept, rules.identical)
        del window  # its frames, while the next one fills
        if choice.status == "kept":
            kept = choice.thumb
        yield choice


def _windows(frames: Iterable[Shown], rules: Rules) -> Iterator[_Window]:
    shots = _Shots(rules.cut_correlation)
    window: _Window | None = None
    start_us: int | None = None
    for shown in frames:
        start_us = shown.time_us if start_us is None else start_us
        number = min((shown.time_us - start_us) // rules.window_us, rules.n_windows - 1)
        if window is None or number != window.number:
            if window is not None:
                yield window
            window = _Window(number, shots.number)
        if shown.damaged:
            window.damaged = window.damaged or shown
        else:
            look = look_at(luma_of(shown.frame))
            window.add(shown, look, shots.number_of(shown, look.thumb))
    if window is not None:
        yield window


def _choice(window: _Window, kept: Luma | None, identical: float) -> Choice:
    part = window.longest
    if part is None:
        if window.damaged is None:
            raise AssertionError("a window is opened by its first frame")
        shown = window.damaged
        return Choice(shown, "corrupt_frame", window.shot, window.number, 0, None, None, None)
    thumb = part.look.thumb
    apart = None if kept is None else difference(thumb, kept)
    status: Status = "near_duplicate" if apart is not None and apart < identical else "kept"
    return Choice(part.best, status, part.shot, window.number, part.n_frames, part.look.tenengrad, apart, thumb)
