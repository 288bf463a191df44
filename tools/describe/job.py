"""What a captioner is asked and what it answers, the same for a template and for a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from tools.describe.figure import framing
from tools.media.geometry import Box
from tools.training.targets import Target


@dataclass(frozen=True)
class CaptionJob:
    """A cut-out to describe.

    image: height x width x 4 uint8, straight alpha. face: in its pixels. shot: close, mid, far or unknown. whole: head
    and feet are in the picture. trigger may be empty. target: says the style and the length. view: front,
    three-quarter, side, back, or not known. landmarks: the face's 68 points, 68 x 2. around: the picture it was cut
    from, height x width x 3. seed: what to draw from, where there is a choice. sha256: of the cut-out's
    file. extent, posture, arms: as keypoints tell them (`framing/pose.py`), or None. cut_below: the frame ends there.
    """

    image: NDArray[np.uint8]
    face: Box | None
    shot: str
    whole: bool
    trigger: str
    class_word: str
    target: Target
    view: str | None = None
    landmarks: NDArray[np.float64] | None = None
    around: NDArray[np.uint8] | None = None
    seed: str = ""
    sha256: str = ""
    extent: str | None = None
    posture: str | None = None
    arms: str | None = None
    cut_below: bool = False

    @property
    def framing(self) -> str:
        """How much of the person is seen: close, bust, mid, far, whole or unknown."""
        return framing(self.shot, self.whole, self.extent, self.cut_below)


@dataclass(frozen=True)
class Draft:
    """What a captioner wrote. problem: why there is no usable text; detail: in its own words.

    author: who wrote it, as captions carry it. prompt_version: of the template or prompt. more: further columns of the
    caption, by name.
    """

    text: str
    author: str
    prompt_version: str
    problem: Literal["", "refused", "truncated", "invalid"] = ""
    detail: str = ""
    shot: str | None = None
    light: str | None = None
    clothing: str | None = None
    view: str | None = None
    eyes: str | None = None
    expression: str | None = None
    more: Mapping[str, str] = field(default_factory=dict)


class Captioner(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def digest(self) -> str: ...

    def run(self, jobs: list[CaptionJob]) -> list[Draft]: ...
