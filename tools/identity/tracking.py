"""People followed through a shot, by the overlap of their boxes and by what they look like."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tools.identity.appearance import likeness
from tools.identity.people import People

GAP = 4
"""So many frames of the shot may pass without somebody before the track ends."""

OVERLAP = 0.3
"""Boxes of frames that follow each other, half a second apart, that overlap more (IoU) may be the same person's."""

FACES_APART = 0.70
"""Overlapping boxes with faces further apart than that are two people's: one has stepped before the other."""

FACES_ALIKE = 0.45
"""Faces so near are one person's wherever they went within the shot."""

WORN_APART, WORN_ALIKE, WORN_OVERLAP = 0.3, 0.6, 0.1
"""The same by the colours of the clothes, for those who show no face: what is alike needs little overlap."""


def tracks(everybody: People) -> NDArray[np.int64]:
    """The track of each person: the index of its first member. Two people of one frame never share a track.

    In each frame, whoever fits a track best goes on with it, then the next best (greedy assignment).
    """
    found = np.arange(len(everybody), dtype=np.int64)
    for frames in everybody.shots:
        last: dict[int, tuple[int, int]] = {}
        for number, frame in enumerate(frames):
            last = {track: seen for track, seen in last.items() if number - seen[1] <= GAP}
            taken: set[int] = set()
            for _, person, track in sorted(_offers(everybody, frame, last)):
                if found[person] == person and track not in taken:
                    found[person] = track
                    taken.add(track)
            last |= {int(found[person]): (person, number) for person in frame}
    return found


def _offers(everybody: People, frame: range, last: dict[int, tuple[int, int]]) -> Iterator[tuple[float, int, int]]:
    """(cost, person, track) of everybody of a frame who may go on with a track."""
    if not last:
        return
    tracked = list(last)
    members = np.array([last[track][0] for track in tracked])
    for person in frame:
        overlap = _iou(everybody.boxes[person], everybody.boxes[members])
        alike = likeness(everybody.worn[person], everybody.worn[members])
        for index, track in enumerate(tracked):
            cost = _cost(everybody, person, int(members[index]), float(overlap[index]), float(alike[index]))
            if cost is not None:
                yield cost, person, track


def _cost(everybody: People, one: int, other: int, overlap: float, alike: float) -> float | None:
    """How little two images seem to be of one person, from 0; None where they cannot be."""
    faces = everybody.face[one], everybody.face[other]
    if min(faces) >= 0:
        apart = float(np.linalg.norm(everybody.faces[faces[0]] - everybody.faces[faces[1]]))
        may = apart < FACES_ALIKE or (overlap >= OVERLAP and apart < FACES_APART)
        return 1.0 - overlap + apart if may else None
    may = (overlap >= OVERLAP and alike >= WORN_APART) or (overlap >= WORN_OVERLAP and alike >= WORN_ALIKE)
    return 1.0 - overlap + 1.0 - alike if may else None


def _iou(box: NDArray[np.float32], boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    common = np.clip(np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2]), 0, None).prod(axis=1)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    union = areas + (box[2:] - box[:2]).prod() - common
    return np.asarray(common / np.maximum(union, np.float32(1e-6)), np.float32)
