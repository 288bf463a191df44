"""What footage will become: numbers of images, seconds and bytes, stage by stage. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tools.forecast.rates import OTHER_S, Rates
from tools.media.header import Header
from tools.mill.plan import PLAN, Step

TARGET_MP: Mapping[str, float] = {"sdxl": 1.05, "flux": 1.05, "wan": 0.5}
MANIFEST_BYTES = 4000
"""What the manifest grows by for one person and all that is made from it."""


@dataclass(frozen=True)
class Footage:
    """What lies in the raw folders. unread: files that cannot be opened; bytes: of all files."""

    videos: Sequence[Header]
    photos: Sequence[Header]
    unread: int
    others: int
    bytes: int

    @property
    def seconds(self) -> float:
        return math.fsum(video.duration_s for video in self.videos)


@dataclass(frozen=True)
class Line:
    """One tool's part. items: what it takes in; seconds: by the clock, with all workers; measured: from runs here."""

    stage: int
    tool: str
    takes: str
    items: int
    seconds: float
    bytes: int
    measured: bool


@dataclass(frozen=True)
class Forecast:
    """videos, photos: how many can be opened. duration_s: of the videos. bytes: that the workspace will grow by."""

    videos: int
    photos: int
    unread: int
    duration_s: float
    frames: int
    images: int
    seconds: float
    bytes: int
    lines: Sequence[Line]


def windows(video: Header, fps: float, max_frames: int) -> int:
    """How many frames extract takes from a video: one of each window, at least one, at most max_frames."""
    return max(1, min(max_frames, math.ceil(video.duration_s * fps)))


def forecast(
    footage: Footage, rates: Rates, settings: Mapping[str, Any], datasets: Sequence[Mapping[str, Any]], workers: int
) -> Forecast:
    """What the footage will become. settings: [extract] fps and max_frames. datasets: each with count and target."""
    taken = [windows(video, settings["fps"], settings["max_frames"]) for video in footage.videos]
    frames = sum(taken) + len(footage.photos)
    frame_mp = sum(n * video.megapixels for n, video in zip(taken, footage.videos, strict=True))
    frame_mp += sum(photo.megapixels for photo in footage.photos)
    people = _people(frames, rates)
    chosen = [min(float(dataset["count"]), people.passed) for dataset in datasets]
    canvas_mp = sum(n * TARGET_MP[one["target"]] for n, one in zip(chosen, datasets, strict=True))
    items = _items(footage, frames, people, sum(chosen))
    seconds = {tool: number * rates.seconds.get(tool, OTHER_S) for tool, number in items.items()}
    decoded = sum(video.megapixels * video.duration_s * video.frame_rate_hz for video in footage.videos)
    seconds["extract"] = decoded * rates.decode + len(footage.photos) * rates.seconds["photo"]
    sizes = _sizes(frame_mp, frame_mp / frames if frames else 0.0, canvas_mp, people, rates)
    lines = [
        _line(step, items[step.tool], seconds[step.tool], sizes.get(step.tool, 0.0), workers, rates) for step in PLAN
    ]
    return Forecast(
        videos=len(footage.videos),
        photos=len(footage.photos),
        unread=footage.unread,
        duration_s=footage.seconds,
        frames=frames,
        images=round(sum(chosen)),
        seconds=sum(line.seconds for line in lines),
        bytes=sum(line.bytes for line in lines),
        lines=lines,
    )


@dataclass(frozen=True)
class _People:
    """How many persons are found, how many come to match, to mask and to score, and how many cut-outs pass it."""

    found: float
    matched: float
    masked: float
    scored: float
    passed: float


def _people(frames: int, rates: Rates) -> _People:
    found = frames * rates.passed["detect", "frame"] * rates.persons_per_frame
    matched = found * rates.passed["detect", "person"]
    masked = matched * rates.passed["match", "person"]
    scored = masked * rates.passed["mask", "cutout"]
    return _People(found, matched, masked, scored, scored * rates.passed["score", "cutout"])


def _items(footage: Footage, frames: int, people: _People, images: float) -> dict[str, float]:
    """How many items each tool takes in."""
    main = len(footage.videos) + len(footage.photos)
    items = {step.tool: people.matched if "person" in step.takes else images for step in PLAN}
    items |= {"intake": main + footage.unread + footage.others, "extract": main, "detect": frames}
    return items | {"mask": people.masked, "score": people.scored, "select": people.passed}


def _sizes(frame_mp: float, mean_mp: float, canvas_mp: float, people: _People, rates: Rates) -> dict[str, float]:
    """How many bytes each tool writes. frame_mp: of all frames; mean_mp: of one; canvas_mp: of all composites."""
    per_mp, crop_mp = rates.bytes_per_mp, mean_mp * rates.crop_share
    return {
        "extract": frame_mp * per_mp["frame"],
        "detect": people.found * (crop_mp * per_mp["person"] + MANIFEST_BYTES),
        "mask": people.scored * crop_mp * per_mp["cutout"],
        "composite": canvas_mp * per_mp["composite"],
        "package": canvas_mp * per_mp["composite"],
    }


def _line(step: Step, items: float, worker_s: float, size: float, workers: int, rates: Rates) -> Line:
    # What works on a set as a whole works in one process; and no more workers help than there are items.
    alone = step.tool in ("select", "package")
    seconds = worker_s / (1 if alone else max(1, min(workers, round(items))))
    takes = {"intake": "file", "extract": "video or photo"}.get(step.tool, step.takes[0])
    return Line(step.stage, step.tool, takes, round(items), seconds, round(size), step.tool in rates.measured)
