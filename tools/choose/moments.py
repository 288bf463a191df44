"""Moments: images that show the same person within a few seconds of the same camera shot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from tools.choose.candidates import Candidate
from tools.media.geometry import Box

MIN_IOU = 0.2
"""Overlap of two boxes, in pictures that follow each other, from which they are the same person's."""


@dataclass
class _Track:
    """A person followed through a camera shot."""

    shot_index: int
    who: str
    track: str
    box: Box
    last_s: float
    moment: int
    began_s: float


def moments(candidates: Iterable[Candidate], moment_s: float) -> dict[int, int]:
    """The moment of each candidate, by item id; moments are numbered from 1 in the order of sources and times.

    Two people in one frame never share a moment. Somebody is followed as match did, by name, or else by overlapping
    boxes, as long as the pictures are not further apart than moment_s; a moment ends moment_s after its first picture.
    """
    found: dict[int, int] = {}
    ordered = sorted(candidates, key=lambda one: (one.source, one.time_s, one.address))
    count = 0
    for _, of_source in groupby(ordered, key=lambda one: one.source):
        tracks: list[_Track] = []
        for time_s, together in groupby(of_source, key=lambda one: one.time_s):
            free = [track for track in tracks if time_s - track.last_s < moment_s]
            tracks = list(free)
            for one in together:
                track = _follow(one, free)
                if track is not None:
                    free.remove(track)
                if track is None or time_s - track.began_s >= moment_s:
                    count += 1
                    began = _Track(one.shot_index, one.who, one.track, one.box, time_s, count, time_s)
                    tracks = [other for other in tracks if other is not track]
                    tracks.append(began)
                    track = began
                track.box, track.last_s = one.box, time_s
                found[one.item_id] = track.moment
    return found


def _follow(one: Candidate, tracks: Sequence[_Track]) -> _Track | None:
    """The track that a candidate goes on with: the one that match follows, of the same name, or that overlaps most."""
    here = [track for track in tracks if track.shot_index == one.shot_index]
    for track in here:
        if (one.track and track.track == one.track) or (one.who and track.who == one.who):
            return track
    unnamed = [track for track in here if not (one.who and track.who)]
    best = max(unnamed, key=lambda track: track.box.iou(one.box), default=None)
    return best if best is not None and best.box.iou(one.box) >= MIN_IOU else None
