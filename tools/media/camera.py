"""A camera that moves over still pictures: pans, zooms, holds, cuts, pulls focus. Its films are the demo footage."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import cv2
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

FPS = 25
SHUTTER = 9
"""Of how many moments a frame of a fast pan is the mean. They span half its time, as a film camera's shutter does."""

SHARP_PX = 0.3
"""A blur of less changes nothing that can be seen."""

HAND = ((0.0035, 0.9, 0.0), (0.0020, 2.3, 1.7))
"""The unrest of a hand: amplitude as a share of the view's width, swings a second, phase."""


@dataclass(frozen=True)
class View:
    """What the camera sees: the centre and the width of its field in the picture's pixels, and how far it is out of
    focus (standard deviation in pixels of the film)."""

    x_px: float
    y_px: float
    width_px: float
    blur_px: float = 0.0


@dataclass(frozen=True)
class Shot:
    """One move over one picture, between two cuts. fast: moving parts smear, as in a whip pan."""

    picture: str
    seconds: float
    start: View
    end: View
    fast: bool = False


@dataclass(frozen=True)
class Film:
    """Shots in a row, and how they are encoded. The name's ending chooses the container."""

    name: str
    width_px: int
    height_px: int
    codec: str
    options: Mapping[str, str]
    shots: Sequence[Shot]


def frames(film: Film, pictures: Mapping[str, Pixels]) -> Iterator[Pixels]:
    """Yield the frames of a film, HxWx3 uint8 sRGB. Raises KeyError for a picture that is not there."""
    for shot in film.shots:
        picture = pictures[shot.picture]
        # Twice the size once, by cubic interpolation, makes every closer frame cheap: linear is then enough.
        doubled = cv2.resize(picture, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC).astype(np.uint8, copy=False)
        count = round(shot.seconds * FPS)
        moments = SHUTTER if shot.fast else 1
        for index in range(count):
            light = np.zeros((film.height_px, film.width_px, 3), np.uint16)
            for moment in range(moments):
                view = _view(film, shot, index + moment / moments / 2, count)
                light += _see(film, view, doubled if view.width_px < film.width_px else picture, picture.shape[1])
            yield (light // moments).astype(np.uint8)


def _view(film: Film, shot: Shot, index: float, count: int) -> View:
    """Where the camera looks at a moment of a shot: eased from start to end, by hand."""
    share = min(1.0, index / max(1, count - 1))
    eased = share * share * (3 - 2 * share)
    x, y, width, blur = (a + (b - a) * eased for a, b in zip(_numbers(shot.start), _numbers(shot.end), strict=True))
    x += width * sum(a * math.sin(2 * math.pi * f * index / FPS + p) for a, f, p in HAND)
    y += width * sum(a * math.cos(2 * math.pi * f * index / FPS - p) for a, f, p in HAND)
    return View(x, y, width, blur)


def _see(film: Film, view: View, picture: Pixels, width_px: int) -> Pixels:
    """One view of a picture, given at any size; the view is in pixels of a picture width_px wide."""
    size = picture.shape[1] / width_px
    scale = film.width_px / view.width_px / size
    # The field stays inside the picture, whatever the hand does.
    half_x, half_y = film.width_px / scale / 2, film.height_px / scale / 2
    x = min(max(view.x_px * size, half_x), picture.shape[1] - half_x)
    y = min(max(view.y_px * size, half_y), picture.shape[0] - half_y)
    # A pixel's centre lies half a pixel inside it.
    matrix = np.array([[scale, 0, (half_x - x + 0.5) * scale - 0.5], [0, scale, (half_y - y + 0.5) * scale - 0.5]])
    size_px = (film.width_px, film.height_px)
    seen = cv2.warpAffine(picture, matrix, size_px, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    if view.blur_px > SHARP_PX:
        seen = cv2.GaussianBlur(seen, (0, 0), view.blur_px)
    return seen.astype(np.uint8, copy=False)


def _numbers(view: View) -> tuple[float, float, float, float]:
    return view.x_px, view.y_px, view.width_px, view.blur_px


def shoot(film: Film, pictures: Mapping[str, Pixels], folder: Path) -> Path:
    """Write a film into a folder and return its path. The same film gives the same bytes: one thread, no dates.

    Raises OSError where the folder cannot be written.
    """
    path = folder / film.name
    options = {"fflags": "+bitexact"} | ({"movflags": "+faststart"} if path.suffix == ".mp4" else {})
    with av.open(str(path), "w", options=options) as container:
        stream = cast(VideoStream, container.add_stream(film.codec, rate=FPS, options=dict(film.options)))
        stream.width, stream.height, stream.pix_fmt = film.width_px, film.height_px, "yuv420p"
        stream.codec_context.thread_count = 1
        stream.codec_context.time_base = Fraction(1, FPS)
        for pixels in frames(film, pictures):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return path
