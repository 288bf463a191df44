"""Measurements on the decoder's own luma plane, made small: cheap enough for every frame of a video."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from tools.media.planar import planar

Luma = NDArray[np.uint8]

LONG_SIDE_PX = 960
"""The plane is halved until its long side is no longer than this: fine enough to see motion blur of a few pixels."""

THUMB = (64, 36)
"""Width and height of the thumbnail on which frames are compared, whatever their shape."""


@dataclass(frozen=True)
class Look:
    """What a frame looks like in small: thumb, 36 x 64 uint8, and the sharpness of the small plane."""

    thumb: Luma
    tenengrad: float


def look_at(luma: Luma) -> Look:
    """Measure a luma plane, H x W uint8 of any size."""
    small = shrink(luma)
    return Look(cv2.resize(small, THUMB, interpolation=cv2.INTER_AREA), tenengrad(small))  # type: ignore[arg-type]


def shrink(luma: Luma) -> Luma:
    """Halve H x W, by exact means of 2 x 2 pixels, until no side is above LONG_SIDE_PX; they take noise with them."""
    while max(luma.shape) > LONG_SIDE_PX and min(luma.shape) > 1:
        size = (luma.shape[1] // 2, luma.shape[0] // 2)
        luma = cv2.resize(luma, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    return luma


def tenengrad(luma: Luma) -> float:
    """Mean squared Sobel gradient of H x W uint8, in squared levels: the more and the sharper the edges, the higher.

    Comparable between frames of one scene and size only. Tenenbaum 1970; in Pertuz et al., "Analysis of focus measure
    operators for shape-from-focus", Pattern Recognition 46 (2013), it is GRA6.
    """
    across = cv2.Sobel(luma, cv2.CV_16S, 1, 0)
    down = cv2.Sobel(luma, cv2.CV_16S, 0, 1)
    return (cv2.norm(across, cv2.NORM_L2SQR) + cv2.norm(down, cv2.NORM_L2SQR)) / luma.size


def difference(one: Luma, other: Luma) -> float:
    """Mean absolute difference of two thumbnails, in levels (0 to 255)."""
    return cv2.norm(one, other, cv2.NORM_L1) / one.size


def correlation(one: Luma, other: Luma) -> float:
    """Pearson's correlation of two thumbnails, -1 to 1: light and contrast do not count. A flat one gives 0."""
    a, b = one.astype(np.float32).ravel(), other.astype(np.float32).ravel()
    a -= a.mean()
    b -= b.mean()
    norm = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / norm if norm > 0 else 0.0


def luma_of(frame: VideoFrame) -> Luma:
    """The luma of a frame as it was coded, neither turned nor stretched: H x W uint8; of an interlaced one, a field."""
    luma = _plane(frame)
    if frame.interlaced_frame:
        luma = luma[::2]
    return luma


def luma_of_rgb(rgb: NDArray[np.uint8]) -> Luma:
    """BT.601 luma, full range, of H x W x 3 uint8."""
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)


def _plane(frame: VideoFrame) -> Luma:
    component = frame.format.components[0]
    if component.is_luma and component.bits == 8 and frame.format.is_planar:
        plane = frame.planes[0]
        rows: Luma = np.frombuffer(plane, np.uint8).reshape(plane.height, -1)  # type: ignore[call-overload]
        return rows[:, : plane.width]
    # Deep, packed and RGB formats are rare: one conversion, at half the size where that is enough.
    frame = planar(frame)
    halves = 2 if max(frame.width, frame.height) > LONG_SIDE_PX else 1
    size = {"width": max(1, frame.width // halves), "height": max(1, frame.height // halves)}
    grey = frame.reformat(**size, format="gray", interpolation="AREA", threads=1)
    return np.asarray(grey.to_ndarray(), np.uint8)
