"""Detection: a person in a frame, as a detector tells of them."""

from __future__ import annotations

from dataclasses import dataclass

from tools.media.geometry import Box, Keypoint


@dataclass(frozen=True)
class Detection:
    """A person in a frame.

    confidence: how probable it is that a person is in the box, 0 to 1. source: what found them. slack: how far the
    sides of the box may be off, as a share of its size. whole: the box was found around the whole person, not guessed
    from the face.
    """

    box: Box
    confidence: float
    source: str
    face: Box | None = None
    keypoints: tuple[Keypoint, ...] | None = None
    slack: float = 0.0
    whole: bool = True
