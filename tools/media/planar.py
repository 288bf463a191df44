"""Frames as a GPU hands them out, put into the order in which software decodes the same: no value changes."""

from __future__ import annotations

from av.video.frame import VideoFrame

ORDERS = {"nv12": "yuv420p", "p010le": "yuv420p10le"}
"""Formats with both chroma planes woven into one, and the same with planes of their own."""


def planar(frame: VideoFrame) -> VideoFrame:
    """The frame itself, or, of NV12 and P010, the same values as yuv420p or yuv420p10le.

    What the frame says of itself (range, matrix, fields, rotation, time) stays.
    """
    order = ORDERS.get(frame.format.name)
    if order is None:
        return frame
    return frame.reformat(
        format=order, src_color_range=frame.color_range, dst_color_range=frame.color_range, interpolation="POINT"
    )
