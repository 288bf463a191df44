"""From a decoded frame to an upright WebP or RGB picture: fields, matrix, range, pixel shape, rotation as it says.

HDR (PQ and HLG) is brought to what an ordinary screen shows; otherwise transfer and primaries are left as they are.
"""

from __future__ import annotations

import threading
from fractions import Fraction
from functools import cache

import av
import cv2
import numpy as np
from av.filter import Graph
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, ColorTrc, Interpolation, VideoReformatter
from numpy.typing import NDArray

from tools.media.image import encode_webp
from tools.media.planar import planar
from tools.media.upright import Turn, square_size, turn_of

Plane = NDArray[np.uint8]

UNSPECIFIED = 2
"""The code by which a stream says nothing of its colour matrix (ITU-T H.273, table 4)."""

BT709, BT601 = 1, 6

LUMA_WEIGHTS = {BT709: (0.2126, 0.0722), 4: (0.30, 0.11), 5: (0.299, 0.114), BT601: (0.299, 0.114), 7: (0.212, 0.087),
                9: (0.2627, 0.0593)}  # fmt: skip
"""Weights of red and blue in luma, by matrix code (H.273, table 4). WebP is BT.601, limited range."""

HD_HEIGHT_PX = 720
"""A picture that does not name its matrix is taken for BT.709 from this height on, for BT.601 below, as players do."""

HDR = frozenset({ColorTrc.SMPTE2084, ColorTrc.ARIB_STD_B67})
"""Transfers whose white is far above that of a picture: PQ and HLG, always with the primaries of BT.2020."""

_SCALER = Interpolation.BICUBIC | Interpolation.FULL_CHR_H_INT | Interpolation.ACCURATE_RND | Interpolation.BITEXACT
"""Rounds instead of cutting off (the fast path is a level too dark), and gives the same bytes on every processor."""


_OWN = threading.local()


def webp_of(frame: VideoFrame, pixel_aspect: Fraction | None, quality: int, effort: int) -> bytes:
    """Encode a frame as lossy WebP, as a player shows it. quality: 0 to 100; effort: libwebp's method, 0 to 6.

    The usual formats go into WebP's own YCbCr 4:2:0 without a detour over RGB, which costs time and rounds twice.
    """
    frame = planar(frame)
    frame = deinterlaced(frame) if frame.interlaced_frame else frame
    planes = _webp_planes(frame, pixel_aspect)
    if planes is None:
        return encode_webp(rgb_of(frame, pixel_aspect), quality, effort)
    return _encode(planes, quality, effort)


def rgb_of(frame: VideoFrame, pixel_aspect: Fraction | None = None) -> Plane:
    """Convert any frame to H x W x 3 uint8, full range, as a player shows it: turned, with square pixels."""
    frame = planar(frame)
    frame = deinterlaced(frame) if frame.interlaced_frame else frame
    width, height = square_size(frame.width, frame.height, pixel_aspect)
    is_hdr = frame.color_trc in HDR
    rgb = _reformatter().reformat(
        frame,
        width=width,
        height=height,
        format="rgb24",
        src_colorspace=matrix_of(frame),
        dst_color_range=ColorRange.JPEG,
        dst_color_trc=ColorTrc.IEC61966_2_1 if is_hdr else None,
        dst_color_primaries=ColorPrimaries.BT709 if is_hdr else None,
        interpolation=_SCALER,
        threads=1,
    )
    rows = _rows(rgb, 0)[:, : width * 3].reshape(height, width, 3)
    return np.ascontiguousarray(turn_of(frame).apply(rows))


def _reformatter() -> VideoReformatter:
    """One for each thread: to make the tables for HDR takes seconds, to use them milliseconds."""
    if not hasattr(_OWN, "reformatter"):
        _OWN.reformatter = VideoReformatter()
    reformatter: VideoReformatter = _OWN.reformatter
    return reformatter


def matrix_of(frame: VideoFrame) -> int:
    """The code of the frame's colour matrix (H.273); where the stream names none, the one that players take."""
    if frame.colorspace != UNSPECIFIED:
        return frame.colorspace
    return BT709 if frame.height >= HD_HEIGHT_PX else BT601


def deinterlaced(frame: VideoFrame) -> VideoFrame:
    """The first field of a frame, the lines between filled along edges (FFmpeg's estdif): no neighbour is needed."""
    graph = Graph()
    graph.threads = 1
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base or Fraction(1, 1000)
    )
    graph.link_nodes(source, graph.add("estdif", mode="frame", deint="all"), graph.add("buffersink")).configure()
    graph.vpush(frame)
    graph.vpush(None)
    return graph.vpull()


def _webp_planes(frame: VideoFrame, pixel_aspect: Fraction | None) -> tuple[Plane, Plane, Plane] | None:
    """Luma (H x W) and chroma (half of it) as WebP wants them; None where the frame needs the way over RGB."""
    turn, size, matrix = turn_of(frame), (frame.width, frame.height), matrix_of(frame)
    odd = frame.width % 2 or frame.height % 2
    if frame.format.name != "yuv420p" or frame.color_range == ColorRange.JPEG or matrix not in LUMA_WEIGHTS:
        return None
    if square_size(*size, pixel_aspect) != size or (odd and turn != Turn()) or frame.color_trc in HDR:
        return None
    luma, blue, red = (_rows(frame, index)[:, : frame.planes[index].width] for index in range(3))
    if LUMA_WEIGHTS[matrix] != LUMA_WEIGHTS[BT601]:
        luma, blue, red = _to_bt601(luma, blue, red, matrix)
    return turn.apply(luma), turn.apply(blue), turn.apply(red)


@cache
def _rematrix(matrix: int) -> NDArray[np.float64]:
    """What one adds to Y', and how Cb and Cr mix, from a matrix to BT.601: 3 x 2, for limited range, chroma about 0."""
    to_rgb, from_rgb = np.linalg.inv(_from_rgb(*LUMA_WEIGHTS[matrix])), _from_rgb(*LUMA_WEIGHTS[BT601])
    mix = (from_rgb @ to_rgb)[:, 1:]
    mix[0] *= 219 / 224
    return mix


def _from_rgb(red: float, blue: float) -> NDArray[np.float64]:
    luma = np.array([red, 1 - red - blue, blue])
    return np.stack([luma, ([0, 0, 1] - luma) / (2 * (1 - blue)), ([1, 0, 0] - luma) / (2 * (1 - red))])


def _to_bt601(luma: Plane, blue: Plane, red: Plane, matrix: int) -> tuple[Plane, Plane, Plane]:
    (y_b, y_r), (b_b, b_r), (r_b, r_r) = _rematrix(matrix)
    height, width = luma.shape
    # The correction of luma, around 128 so that it fits a byte (it is at most 35 levels), at the size of chroma first.
    shift = cv2.addWeighted(blue, y_b, red, y_r, 128 - 128 * (y_b + y_r))
    shift = cv2.resize(shift, (blue.shape[1] * 2, blue.shape[0] * 2), interpolation=cv2.INTER_NEAREST)
    return (
        _plane(cv2.addWeighted(luma, 1, shift[:height, :width], 1, -128)),
        _plane(cv2.addWeighted(blue, b_b, red, b_r, 128 - 128 * (b_b + b_r))),
        _plane(cv2.addWeighted(blue, r_b, red, r_r, 128 - 128 * (r_b + r_r))),
    )


def _encode(planes: tuple[Plane, Plane, Plane], quality: int, effort: int) -> bytes:
    height, width = planes[0].shape
    frame = VideoFrame(width, height, "yuv420p")
    for index, plane in enumerate(planes):
        _rows(frame, index)[:, : plane.shape[1]] = plane
    encoder = av.CodecContext.create("libwebp", "w")
    if not isinstance(encoder, VideoCodecContext):
        raise TypeError("libwebp is no video encoder in this PyAV")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = width, height, "yuv420p", Fraction(1, 1)
    encoder.options = {"quality": str(quality), "compression_level": str(effort)}
    return b"".join(bytes(packet) for packet in (*encoder.encode(frame), *encoder.encode(None)))


def _rows(frame: VideoFrame, index: int) -> Plane:
    """A plane with its padding, H x bytes, sharing the frame's memory."""
    plane = frame.planes[index]
    rows: Plane = np.frombuffer(plane, np.uint8).reshape(plane.height, -1)  # type: ignore[call-overload]
    return rows if plane.line_size > 0 else rows[::-1]


def _plane(pixels: NDArray[np.integer | np.floating]) -> Plane:
    return np.asarray(pixels, np.uint8)
