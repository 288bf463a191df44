"""Say who each person is, by the distance of their face to reference photos of people with names.

Reads: persons that passed detect, reference photos.  Writes: nothing.  Rejects: other_person, identity_unsure.
Example: python -m tools.match --base data --limit 10
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from tools.mill.tool import Bench, Limit, Result, Row, Tool, operational

if TYPE_CHECKING:
    from tools.engines.protocols import Embedding, FaceFound

VERSION = 1

LIMITS = (
    Limit(
        "other_person",
        "distance",
        ">",
        "unsure_distance",
        0.60,
        "The face is unlike every reference.",
        "Add reference photos of whoever it is, raise match.unsure_distance, or keep it.",
    ),
    Limit(
        "identity_unsure",
        "distance",
        ">",
        "max_distance",
        0.50,
        "The face is somewhat like a reference, or no face shows.",
        "Look at it: keep or reject it; more reference photos help.",
    ),
    Limit(
        "identity_unsure",
        "faceless",
        ">",
        "max_faceless",
        0.0,
        "The face is somewhat like a reference, or no face shows.",
        "Keep the right ones, or set match.max_faceless = 1 to let all who show no face pass.",
    ),
)

LARGEST_BY = 4.0
"""A reference photo counts where its largest face has so many times the area of every other."""


@dataclass(frozen=True)
class Params:
    """Without reference photos that show one face everybody passes, and no distance is measured."""

    engine: str = "auto"
    deadline_s: float = operational(60.0)


class Reference(NamedTuple):
    """A photo of a person with a name, and their face; None where it shows no face, or several."""

    person: str
    shown: str
    embedding: Embedding | None


def work(row: Row, bench: Bench[Params]) -> Result:
    from tools import engines
    from tools.engines.protocols import Box, MatchJob
    from tools.media.image import read_rgb

    sides = bench.sides.get("references", ())
    if not sides:
        return Result()
    references = [_reference(side, bench) for side in sides]
    measures: dict[str, float | str | None] = {**counts(references)}
    if not measures["references_used"]:
        return Result(measures=measures)
    measures["faceless"] = int(row["face_x0_px"] is None)
    if not measures["faceless"]:
        face = Box(*(row[f"face_{name}_px"] for name in ("x0", "y0", "x1", "y1")))
        ((found,),) = engines.load("match", bench.params.engine).run(
            [MatchJob(read_rgb(bench.file(row), math.inf), face)]
        )
        measures |= nearest(found.embedding, references)
    return Result(measures=measures)


def counts(references: Sequence[Reference]) -> dict[str, int | str | None]:
    """How many references can be compared with, and the names of those that cannot."""
    ignored = sorted(reference.shown for reference in references if reference.embedding is None)
    return {"references_used": len(references) - len(ignored), "references_ignored": ", ".join(ignored) or None}


def nearest(embedding: Embedding, references: Iterable[Reference]) -> dict[str, float | str | None]:
    """The name whose nearest reference is nearest, its Euclidean distance, and that of the next name.

    One reference at least must have a face.
    """
    import numpy as np

    distances: dict[str, float] = {}
    for reference in references:
        if reference.embedding is not None:
            distance = float(np.linalg.norm(embedding - reference.embedding))
            distances[reference.person] = min(distance, distances.get(reference.person, distance))
    ranked = sorted((round(distance, 4), person) for person, distance in distances.items())
    distance, identity = ranked[0]
    return {"distance": distance, "identity": identity, "next_distance": ranked[1][0] if len(ranked) > 1 else None}


def _reference(side: Row, bench: Bench[Params]) -> Reference:
    embedding = _only_face(bench.params.engine, bench.source(side), str(side["sha256"]))
    return Reference(str(side["person"]), str(side["shown"]), embedding)


@functools.lru_cache(maxsize=4096)
def _only_face(engine: str, path: bytes, _sha256: str) -> Embedding | None:
    """The face of a reference photo, worked out once per process; None where it is not clear whose it is."""
    from tools import engines
    from tools.engines.protocols import MatchJob
    from tools.media.image import read_rgb

    faces: list[FaceFound]
    (faces,) = engines.load("match", engine).run([MatchJob(read_rgb(path, math.inf))])
    if not faces or any(faces[0].box.area < LARGEST_BY * other.box.area for other in faces[1:]):
        return None
    return faces[0].embedding


TOOL = Tool(
    name="match",
    version=VERSION,
    params=Params,
    limits=LIMITS,
    work=work,
    engine="match",
    sides=("references",),
)

if __name__ == "__main__":
    from tools.mill.command import main

    main("match")
