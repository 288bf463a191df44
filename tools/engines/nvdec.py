"""Decoding on an NVIDIA GPU (NVDEC) through PyAV's CUDA acceleration, where it gives the same bits as software.

Only codecs whose standards leave no rounding to the decoder come here, so that where a frame was decoded changes
nothing of it. What the GPU hands out is copied to memory as NV12 or P010, which `tools.media.planar` reorders. The GPU
does not tell damage inside a picture's data; whatever FFmpeg notices around it ends the attempt.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import av
from av.codec.hwaccel import HWAccel, HWDeviceType
from av.video.stream import VideoStream

from tools.media.decode import Shown, Tally, decode
from tools.media.errors import MediaError
from tools.media.planar import ORDERS
from tools.media.video import open_video

DEVICE = "cuda (NVDEC)"

EXACT = ("h264", "hevc", "vp8", "vp9")
"""Codecs in which each bit is prescribed. MPEG-2, MPEG-4 Part 2 and JPEG leave the cosine transform's rounding open."""

FORMATS = ("yuv420p", "yuvj420p", "yuv420p10le")
"""What comes back as NV12 or P010, and can be put into software's order without loss."""


class Refused(Exception):
    """The GPU does not decode this stream, or not to its end; the message says why, without a full stop."""


class _Strict(Tally):
    """Ends decoding at the first thing that goes wrong, instead of counting it."""

    def fail(self, why: str) -> None:
        raise Refused(f"it gave up: {why}")


def look() -> str | None:
    """None where a GPU that PyAV can use is there, else why not, without a full stop. Takes a moment on a GPU."""
    try:
        HWAccel("cuda").create(av.Codec("h264", "r"))
    except NotImplementedError:
        return "this PyAV was built without CUDA"
    except PermissionError:  # FFmpeg's word for a library that does not load
        return "the NVIDIA driver's libcuda does not load here"
    except av.FFmpegError as error:
        return f"CUDA finds no device here ({error.strerror})"
    return None


lack = cache(look)
"""As `look`, once per process."""


def unfit(stream: VideoStream) -> str | None:
    """Why a stream is not for NVDEC, without a full stop; None where it may be. The GPU itself has the last word."""
    context = stream.codec_context
    name = context.codec.canonical_name
    if name not in EXACT:
        return f"{name} is decoded in software: another decoder rounds it otherwise"
    if context.pix_fmt not in FORMATS:
        return f"{context.pix_fmt} is decoded in software: NVDEC is asked for 4:2:0 with 8 or 10 bits alone"
    ways = [config for config in context.codec.hardware_configs if config.device_type == HWDeviceType.cuda]
    if not any(way.is_supported for way in ways):
        return f"the decoder {context.codec.name} of this PyAV has no way to the GPU"
    return None


def decoded(path: bytes, tally: Tally) -> Iterator[Shown]:
    """As `decode`, on the GPU, of a stream that is fit. tally: only n_frames counts up.

    Raises Refused where the GPU does not take the stream, or something is wrong with it.
    """
    strict = _Strict()
    try:
        # One thread: the GPU decodes, and each thread would want pictures of its own in its memory.
        with open_video(path, HWAccel("cuda", allow_software_fallback=False)) as (container, stream):
            for shown in strictly(decode(container, stream, strict, threads=1)):
                if shown.frame.format.name not in ORDERS:
                    raise Refused(f"it gave {shown.frame.format.name}, which is not asked of it")
                tally.n_frames = strict.n_frames
                yield shown
    except (MediaError, av.FFmpegError, RuntimeError, MemoryError) as error:
        # The file was opened in software before, so that this is the GPU's: its driver, its memory, its limits.
        raise Refused(f"it could not begin: {error}") from error


def strictly(frames: Iterator[Shown]) -> Iterator[Shown]:
    """The frames up to the first that is damaged. Raises Refused there."""
    for shown in frames:
        if shown.damaged:
            raise Refused(f"frame {shown.index} is damaged, which software tells apart better")
        yield shown
