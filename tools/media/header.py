"""What the header of a file says, without reading on: for a forecast, not for a verdict."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Header:
    """Width and height in px, as stored. duration_s, frame_rate_hz: 0 for pictures and where nobody says."""

    width_px: int
    height_px: int
    duration_s: float = 0.0
    frame_rate_hz: float = 0.0

    @property
    def megapixels(self) -> float:
        return self.width_px * self.height_px / 1e6


def video_header(path: bytes) -> Header:
    """The header of a video at an absolute path. Raises MediaError where it cannot be opened."""
    import av

    from tools.media.video import frame_rate, open_video

    with open_video(path) as (container, stream):
        # The container's own is that of its longest stream, which may be the sound.
        seconds = (container.duration or 0) / av.time_base
        if stream.duration and stream.time_base:
            seconds = float(stream.duration * stream.time_base)
        return Header(stream.width, stream.height, max(0.0, seconds), frame_rate(stream))


def picture_header(path: bytes) -> Header:
    """The header of a picture. Raises MediaError where it cannot be opened, OSError where it cannot be read."""
    from tools.media.image import probe_image

    facts = probe_image(path)
    return Header(facts.width_px, facts.height_px)
