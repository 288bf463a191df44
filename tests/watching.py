"""What the tests see of a clip: its facts, and each frame's time and painted number."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
from footage import Rgb, number_of
from PIL import Image

from tools.engines.decoders import frames_of
from tools.media.colour import webp_of
from tools.media.decode import Shown, Tally, decode
from tools.media.video import VideoFacts, open_video, probe


def read(path: Path) -> tuple[list[tuple[float, int | None]], Tally]:
    """All sound frames: time in seconds, and the number painted into what would be stored."""
    tally = Tally()
    seen: list[tuple[float, int | None]] = []
    with open_video(os.fsencode(path)) as (container, stream):
        for shown in decode(container, stream, tally, threads=2):
            if not shown.damaged:
                webp = webp_of(shown.frame, stream.sample_aspect_ratio, 90, 0)
                seen.append((shown.time_us / 1e6, number_of(pixels(webp))))
    return seen, tally


def pixels(webp: bytes) -> Rgb:
    return np.asarray(Image.open(io.BytesIO(webp)).convert("RGB"))


def write_bytes(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def facts(path: Path) -> VideoFacts:
    return probe(os.fsencode(path))


def on_time(seen: list[tuple[float, int | None]], fps: int = 25) -> bool:
    """Whether each number is the one whose turn it is."""
    return all(number == round(time_s * fps) for time_s, number in seen)


def shown_by(name: str, clip: Path) -> tuple[list[Shown], Tally]:
    """Every frame of a clip, by one decoder."""
    tally, path = Tally(), os.fsencode(clip)
    with open_video(path) as video:
        return list(frames_of(name, path, video, tally, 2)), tally
