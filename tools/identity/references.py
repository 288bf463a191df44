"""Reference photos: whose face each one is."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import NamedTuple

from tools.engines.protocols import Embedding, FaceFound

LARGEST_BY = 4.0
"""A reference photo counts where its largest face has so many times the area of every other."""

JITTERS = 6
"""References are few and everything is compared with them: their embeddings may cost more."""


class Reference(NamedTuple):
    """A photo of a person with a name, and their face; None where it shows no face, or several."""

    person: str
    shown: str
    embedding: Embedding | None


def ignored(references: Sequence[Reference]) -> list[str]:
    """The photos that cannot be compared with, by name."""
    return sorted(reference.shown for reference in references if reference.embedding is None)


@functools.lru_cache(maxsize=4096)
def only_face(engine: str, path: bytes, _sha256: str) -> Embedding | None:
    """The face of a reference photo, worked out once per process; None where it is not clear whose it is."""
    from tools import engines
    from tools.engines.protocols import MatchJob
    from tools.media.image import read_rgb

    faces: list[FaceFound]
    (faces,) = engines.load("embed", engine).run([MatchJob(read_rgb(path, math.inf), jitters=JITTERS)])
    if not faces or any(faces[0].box.area < LARGEST_BY * other.box.area for other in faces[1:]):
        return None
    return faces[0].embedding
