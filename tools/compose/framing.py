"""Which canvas a subject gets and where it stands there. Plain arithmetic, no picture is opened.

The rules, the earlier before the later: never enlarged beyond `max_upscale`; a side that is cut lies on that edge of
the canvas (cut on opposite sides: the canvas is as wide or as high as the subject); the subject covers between its
shot's `min_cover` and `max_cover` of the height; where the target's own canvases do not allow that, a smaller one does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tools.compose.extent import Extent
from tools.training.targets import Target, levels, nearest

SIDE_MARGIN = 0.05
"""Share of the canvas's width that stays free at each side where the subject is not cut."""

BELOW, BELOW_OF_FREE = 0.06, 0.4
"""What stays free below a subject that is cut neither above nor below: a share of the canvas's height, but no more than
this share of the free height. It stands on the ground near the lower edge, and the head has room."""

FLUSH_TOLERANCE = 0.2
"""How much further from the wanted shape than the nearest a canvas may be for a subject cut on opposite sides, whose
scale the canvas dictates. As a difference of log(width/height)."""


@dataclass(frozen=True)
class Subject:
    """The part of a cut-out that is opaque: its size in px, at which sides it is cut off, whether it is on its feet."""

    width_px: int
    height_px: int
    left: bool = False
    top: bool = False
    right: bool = False
    bottom: bool = False
    shot: str = "unknown"
    standing: bool = False

    @property
    def across(self) -> bool:
        return self.left and self.right

    @property
    def upright(self) -> bool:
        return self.top and self.bottom


@dataclass(frozen=True)
class Rules:
    """max_upscale: factor. min_cover: by shot, max_cover: share of the canvas's height."""

    max_upscale: float
    min_cover: Mapping[str, float]
    max_cover: float


@dataclass(frozen=True)
class Placement:
    """The canvas, and where the scaled subject begins on it: negative where it hangs over the edge."""

    width_px: int
    height_px: int
    left_px: int
    top_px: int
    subject_width_px: int
    subject_height_px: int
    scale: float

    @property
    def box(self) -> Extent:
        """The subject on the canvas, as far as it lies on it."""
        right, bottom = self.left_px + self.subject_width_px, self.top_px + self.subject_height_px
        return Extent(max(0, self.left_px), max(0, self.top_px), min(right, self.width_px), min(bottom, self.height_px))

    @property
    def cover(self) -> float:
        """Share of the canvas's height that shows the subject."""
        return (self.box.y1 - self.box.y0) / self.height_px


def place(subject: Subject, target: Target, rules: Rules) -> Placement:
    """Choose canvas, scale and place for a subject of at least 1×1 px.

    Where no canvas satisfies every rule, covering more than max_cover is given up first (what overhangs is cropped
    below), then min_cover and the flush second side, on the smallest canvas.
    """
    least = rules.min_cover.get(subject.shot, rules.min_cover["unknown"])

    def right(width: int, height: int, scale: float) -> bool:
        across, upright = _room(subject, rules)
        fits = subject.width_px * scale <= width * across + 0.5 and subject.height_px * scale <= height * upright + 0.5
        return large_enough(width, height, scale) and (fits or (subject.across and subject.upright))

    def large_enough(width: int, height: int, scale: float) -> bool:
        return subject.height_px * scale >= height * least

    for accept in (right, large_enough):
        if found := _first(subject, target, rules, accept):
            return _stand(subject, *found)
    width, height = nearest(levels(target)[-1], _wanted(subject, rules))
    return _stand(subject, width, height, min(_scale(subject, width, height, rules), rules.max_upscale))


def _first(
    subject: Subject, target: Target, rules: Rules, accept: Callable[[int, int, float], bool]
) -> tuple[int, int, float] | None:
    """The largest canvas that is accepted, of those the nearest to the wanted shape: width, height, scale."""
    wanted = _wanted(subject, rules)
    for shapes in levels(target):
        by_shape = sorted(shapes, key=lambda shape: (abs(math.log(shape[0] / shape[1] / wanted)), shape))
        far = abs(math.log(by_shape[0][0] / by_shape[0][1] / wanted))
        far += FLUSH_TOLERANCE if subject.across or subject.upright else 0.0
        for width, height in by_shape:
            scale = _scale(subject, width, height, rules)
            near = abs(math.log(width / height / wanted)) <= far
            if near and scale <= rules.max_upscale and accept(width, height, scale):
                return width, height, scale
    return None


def _room(subject: Subject, rules: Rules) -> tuple[float, float]:
    """Shares of the canvas's width and height that the subject may take."""
    across = 1 - SIDE_MARGIN * (not subject.left) - SIDE_MARGIN * (not subject.right)
    return across, 1.0 if subject.upright else rules.max_cover


def _wanted(subject: Subject, rules: Rules) -> float:
    """Width by height of the canvas that the subject would fill best."""
    height = subject.height_px / (1.0 if subject.upright else rules.max_cover)
    return subject.width_px / (1.0 if subject.across else rules.max_cover) / height


def _scale(subject: Subject, width: int, height: int, rules: Rules) -> float:
    """The factor at which the subject fills what it may; where opposite sides are cut, the one that makes it flush."""
    if subject.across or subject.upright:
        return max(
            width / subject.width_px if subject.across else 0.0, height / subject.height_px if subject.upright else 0.0
        )
    across, upright = _room(subject, rules)
    return min(rules.max_upscale, width * across / subject.width_px, height * upright / subject.height_px)


def _stand(subject: Subject, width: int, height: int, scale: float) -> Placement:
    """Put the scaled subject onto its canvas."""
    size = max(1, round(subject.width_px * scale)), max(1, round(subject.height_px * scale))
    side = width - size[0]
    left = _offset(side, subject.left, subject.right, round(0.5 * side))
    free = height - size[1]
    # What overhangs is lost below: heads are worth more than what hangs out at the bottom.
    above = free - min(round(BELOW * height), round(BELOW_OF_FREE * free))
    top = 0 if free < 0 else _offset(free, subject.top, subject.bottom, above)
    return Placement(width, height, left, top, *size, scale)


def _offset(free: int, first: bool, second: bool, uncut: int) -> int:
    """Where something begins in a room: flush with its cut side, amid both, or at `uncut` where neither is cut."""
    if first != second:
        return 0 if first else free
    return round(free * 0.5) if first else uncut


@dataclass(frozen=True)
class Region:
    """A part of a frame in its pixels, and the size in px that it is shrunk to."""

    x0: int
    y0: int
    x1: int
    y1: int
    width_px: int
    height_px: int


def original_region(
    box: tuple[int, int, int, int], shot: str, frame_px: tuple[int, int], target: Target, rules: Rules
) -> Region:
    """The part of a frame about a subject that has the shape of one of the target's canvases.

    box: the subject's x0, y0, x1, y1 in the frame; frame_px: the frame's width and height. As much around the subject
    as max_cover asks for, where the frame has it; more, down to the shot's min_cover, where that fills a larger canvas.
    """
    x0, y0, x1, y1 = box
    room_w = min(frame_px[0], max(1.0, (x1 - x0) / rules.max_cover))
    room_h = min(frame_px[1], max(1.0, (y1 - y0) / rules.max_cover))
    least = rules.min_cover.get(shot, rules.min_cover["unknown"])
    for shapes in levels(target):
        width, height = nearest(shapes, room_w / room_h)
        whole_frame = min(frame_px[0] / width, frame_px[1] / height)
        scale = min(max(room_w / width, room_h / height, 1 / rules.max_upscale), whole_frame)
        if scale >= 1 / rules.max_upscale and y1 - y0 >= least * height * scale:
            break
    else:
        width, height = min(width, frame_px[0]), min(height, frame_px[1])
        scale = 1.0
    part_w, part_h = round(width * scale), round(height * scale)
    left = min(max(round((x0 + x1 - part_w) / 2), 0), frame_px[0] - part_w)
    top = min(max(round((y0 + y1 - part_h) / 2), 0), frame_px[1] - part_h)
    return Region(left, top, left + part_w, top + part_h, width, height)
