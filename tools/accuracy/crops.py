"""Real people to measure on: cut out of the labelled photographs and clips by the builtin detector's boxes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

EVERY_S = 0.5
"""Between two frames that are taken of a clip, as extract does by default."""

PAD = 0.1
LEAST_CONFIDENCE = 0.5
CLIPS = ("stage-performer.mp4", "street-dancer.avi", "street-walk-5frames.mp4")


@dataclass(frozen=True)
class Person:
    """Somebody in a picture. source, time_s, x: where and when (x: middle of the box, 0 to 1). rgb: height x width x 3.

    rgba: the same with the box as its opaque part.
    """

    source: str
    time_s: float
    x: float
    rgb: Pixels

    @property
    def rgba(self) -> Pixels:
        return opaque(self.rgb)

    @property
    def side_px(self) -> int:
        return int(max(self.rgb.shape[:2]))


def opaque(rgb: Pixels) -> Pixels:
    return np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)])


def people(shared: Path) -> list[Person]:
    """Everybody who is found in the photographs and clips below shared, largest first within each picture."""
    from tools import engines
    from tools.engines.protocols import DetectJob

    detect = engines.load("detect", "builtin")
    found = []
    for source, time_s, image in pictures(shared):
        (seen,) = detect.run([DetectJob(image, 40.0, LEAST_CONFIDENCE)])
        width = image.shape[1]
        for each in sorted(seen, key=lambda one: -one.box.area):
            wide, high = PAD * each.box.width, PAD * each.box.height
            x0, y0 = max(0, math.floor(each.box.x0 - wide)), max(0, math.floor(each.box.y0 - high))
            x1, y1 = math.ceil(each.box.x1 + wide), math.ceil(each.box.y1 + high)
            rgb = np.ascontiguousarray(image[y0:y1, x0:x1])
            found.append(Person(source, time_s, each.box.centre[0] / width, rgb))
    return found


def pictures(shared: Path) -> Iterator[tuple[str, float, Pixels]]:
    """Source, time in seconds and pixels of each photograph and of two frames a second of each clip."""
    from tools.media.image import read_rgb

    for path in sorted([*shared.glob("faces/*/**/*.jp*g"), *shared.glob("coco/*.jpg")]):
        yield path.relative_to(shared).as_posix(), 0.0, read_rgb(path)
    for name in CLIPS:
        yield from ((name, time_s, image) for time_s, image in frames(shared / "clips" / name))


def frames(path: Path) -> Iterator[tuple[float, Pixels]]:
    """A frame of a clip each half second, with its time."""
    from tools.media.colour import rgb_of
    from tools.media.decode import Tally, decode
    from tools.media.video import open_video

    after = 0.0
    with open_video(bytes(path)) as (container, stream):
        for shown in decode(container, stream, Tally()):
            if shown.time_us / 1e6 >= after:
                after = shown.time_us / 1e6 + EVERY_S
                yield shown.time_us / 1e6, rgb_of(shown.frame, stream.sample_aspect_ratio)
