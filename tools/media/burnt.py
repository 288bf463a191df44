"""What stands still over a shot: black bars at the frame's sides, and what is burnt in (a logo, a clock, subtitles).

Watches the frames that were chosen, one after another, and holds little more than one small picture for each shot.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.media.geometry import Box
from tools.media.luma import Luma

Floats = NDArray[np.floating[Any]]
Mask = NDArray[np.bool_]

WHOLE = Box(0.0, 0.0, 1.0, 1.0)

BLACK = 40
"""Bars are darker than this level."""

EVEN = 8
"""Levels by which a bar differs within itself at most, over all frames of its shot."""

STEP = 24
"""Levels by which the picture, somewhere and at some time, is lighter than its bar right beside it."""

LEAST_BAR, MOST_BAR = 0.015, 0.40
"""Shares of a side that a bar takes."""

SIZE = (320, 180)
"""Width and height of the picture on which what stands still is looked for, whatever the frame's shape."""

EDGE = 60.0
"""Sobel gradient, in levels, from which on there is an edge."""

STEADY = 6.0
"""Standard deviation over time, in levels, below which a point stands still."""

LEAST_FRAMES = 4
MOVES = 0.5
"""A shot moves where at most this share of its edges stands still: what does so in it is no part of the scene."""

COMMON = 0.9
LEAST_SHOTS = 3
"""What stands still in this share of all shots, and in three at least, is no part of any scene."""

BORDER = 0.25
"""Share of each side in which something burnt in has its middle."""

LEAST_DENSITY = 0.35
"""Share of edges in the box of what is burnt in: letters and logos are dense."""

LEAST_SIDE, MOST_AREA = 0.02, 0.15
"""Shares of the frame: of the shorter side of what is burnt in at least (of its longer twice that), of it at most."""


@dataclass(frozen=True)
class Burnt:
    """What stands still over a shot, in shares of the frame as it is coded, not turned.

    picture: the frame without its bars. overlays: boxes of what is burnt in; None where nobody can tell, because the
    shot has few frames or does not move.
    """

    picture: Box = WHOLE
    overlays: tuple[Box, ...] | None = None


@dataclass
class _Shot:
    """What one shot has shown. rows, columns: the darkest and lightest level of each, over all frames."""

    shape: tuple[int, ...]
    rows: tuple[Luma, Luma]
    columns: tuple[Luma, Luma]
    frames: int = 0
    edges: Floats = field(default_factory=lambda: np.zeros(SIZE[::-1], np.float32))
    levels: Floats = field(default_factory=lambda: np.zeros(SIZE[::-1], np.float32))
    squares: Floats = field(default_factory=lambda: np.zeros(SIZE[::-1], np.float32))


@dataclass(frozen=True)
class _Seen:
    """A shot that is over. still: where its edges stand still, None where it had few frames; moves: see MOVES."""

    picture: Box
    still: Mask | None
    moves: bool


class Watch:
    """Sees the chosen frames of one source in their order. A shot that another has interrupted is over."""

    def __init__(self) -> None:
        self._over: dict[int, tuple[Box, bytes | None, bool]] = {}
        self._now: tuple[int, _Shot] | None = None

    def see(self, shot: int, luma: Luma) -> None:
        """luma: height x width uint8, as coded."""
        if shot in self._over:
            return
        if self._now is None or self._now[0] != shot:
            self._close()
            self._now = shot, _begun(luma)
        _add(self._now[1], luma)

    def finish(self) -> dict[int, Burnt]:
        """What stood still, by the number of the shot."""
        self._close()
        seen = {shot: _Seen(box, _unpacked(still), moves) for shot, (box, still, moves) in self._over.items()}
        common = _common([one.still for one in seen.values() if one.still is not None])
        return {shot: Burnt(one.picture, _overlays(one, common)) for shot, one in seen.items()}

    def _close(self) -> None:
        if self._now is not None:
            number, shot = self._now
            still, moves = _still(shot)
            packed = None if still is None else np.packbits(still).tobytes()
            self._over[number] = _picture(shot), packed, moves
            self._now = None


def burnt_in_one(luma: Luma) -> Burnt:
    """Of a single picture: its bars. What is burnt in nobody can tell."""
    shot = _begun(luma)
    _add(shot, luma)
    return Burnt(_picture(shot))


def _unpacked(still: bytes | None) -> Mask | None:
    if still is None:
        return None
    return np.unpackbits(np.frombuffer(still, np.uint8), count=SIZE[0] * SIZE[1]).reshape(SIZE[::-1]).astype(bool)


def _extremes(luma: Luma, axis: int) -> tuple[Luma, Luma]:
    least = cv2.reduce(luma, axis, cv2.REDUCE_MIN).ravel()
    return np.asarray(least, np.uint8), np.asarray(cv2.reduce(luma, axis, cv2.REDUCE_MAX).ravel(), np.uint8)


def _begun(luma: Luma) -> _Shot:
    return _Shot(luma.shape, _extremes(luma, 1), _extremes(luma, 0))


def _add(shot: _Shot, luma: Luma) -> None:
    """Another frame. One of another shape (a field among frames) is passed over."""
    if luma.shape != shot.shape:
        return
    for have, new in ((shot.rows, _extremes(luma, 1)), (shot.columns, _extremes(luma, 0))):
        np.minimum(have[0], new[0], out=have[0])
        np.maximum(have[1], new[1], out=have[1])
    small = np.asarray(cv2.resize(luma, SIZE, interpolation=cv2.INTER_AREA), np.float32)
    steep = np.hypot(cv2.Sobel(small, cv2.CV_32F, 1, 0), cv2.Sobel(small, cv2.CV_32F, 0, 1))
    shot.frames += 1
    shot.edges += steep >= EDGE
    shot.levels += small
    shot.squares += small * small


def _picture(shot: _Shot) -> Box:
    y0, y1 = _between_bars(*shot.rows)
    x0, x1 = _between_bars(*shot.columns)
    return Box(x0, y0, x1, y1)


def _between_bars(least: Luma, most: Luma) -> tuple[float, float]:
    """Where the picture begins and ends along one side, in shares; bars come in pairs, so that one alone is none."""
    length: int = most.size
    first, last = _bar(least, most), _bar(least[::-1], most[::-1])
    if min(first, last) < LEAST_BAR * length or max(first, last) > MOST_BAR * length:
        return 0.0, 1.0
    return first / length, 1.0 - last / length


def _bar(least: Luma, most: Luma) -> int:
    """How many lines from the start on are evenly black, with something lighter right behind them; else 0."""
    dark = (most < BLACK) & (np.maximum.accumulate(most).astype(int) - np.minimum.accumulate(least) <= EVEN)
    count = int(np.argmin(dark)) if not dark.all() else 0
    behind = most[count : count + 1 + len(most) // 50]
    return count if count and int(behind.max()) >= int(most[0]) + STEP else 0


def _still(shot: _Shot) -> tuple[Mask | None, bool]:
    """Where edges stood still over a shot, and whether the others did not. None where there were few frames."""
    if shot.frames < LEAST_FRAMES:
        return None, False
    mean = shot.levels / shot.frames
    steady = shot.squares / shot.frames - mean * mean < STEADY**2
    still = (shot.edges >= 0.9 * shot.frames) & steady
    n_still, n_edges = int(np.count_nonzero(still)), int(np.count_nonzero(shot.edges))
    return still, n_still <= MOVES * n_edges


def _common(still: list[Mask]) -> Mask | None:
    """What stands still in nearly all shots; None where there are too few to compare: two scenes share some edges."""
    if len(still) < LEAST_SHOTS:
        return None
    return np.asarray(np.sum(still, axis=0) >= max(LEAST_SHOTS, COMMON * len(still)))


def _overlays(seen: _Seen, common: Mask | None) -> tuple[Box, ...] | None:
    if seen.still is None or not (seen.moves or common is not None):
        return None
    still = seen.still if seen.moves or common is None else seen.still & common
    return tuple(_boxes(still))


def _boxes(still: Mask) -> list[Box]:
    """Boxes around dense groups of edges whose middle lies near a side, in shares of the frame."""
    width, height = SIZE
    joined = cv2.morphologyEx(still.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 11), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    found = []
    for label in range(1, count):
        x, y, wide, high, _ = (int(value) for value in stats[label])
        sides = sorted((wide / width, high / height))
        middle = (x + wide / 2) / width, (y + high / 2) / height
        density = np.count_nonzero(still & (labels == label)) / (wide * high)
        inner = all(BORDER < share < 1 - BORDER for share in middle)
        if inner or sides[0] < LEAST_SIDE or sides[1] < 2 * LEAST_SIDE or wide * high > MOST_AREA * width * height:
            continue
        if density >= LEAST_DENSITY:
            found.append(Box((x - 1) / width, (y - 1) / height, (x + wide + 1) / width, (y + high + 1) / height))
    return [box.clipped(1, 1) for box in found]
