"""How well people are told apart, measured on photographs of people whose names are known."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tools import engines
from tools.engines.protocols import FaceFound, MatchJob
from tools.identity.clustering import Groups, cluster
from tools.identity.references import JITTERS
from tools.identity.who import Named, nearest
from tools.match import LIMITS, Params
from tools.media.image import read_rgb

SHOWN = {
    "alex_lacamoire1.jpg": ("alex_lacamoire",),
    "johnsnow_test1.jpg": ("kit_harington",),
    "kit_with_rose.jpg": ("rose_leslie", "kit_harington"),
    "obama1.jpg": ("obama",),
    "obama_and_biden.jpg": ("biden", "obama"),
}
"""Who stands in the photographs of faces/unknown, from left to right; looked at by eye."""

WITHIN = (0.40, 0.45, 0.50, 0.55, 0.60, 0.70, 0.80)


@dataclass(frozen=True)
class Face:
    """A face of a photograph, and whose it is."""

    person: str
    picture: str
    embedding: NDArray[np.float64]


def section(shared: Path) -> str:
    """The section of docs/accuracy.md: references, distances, clusters."""
    references = [
        Face(folder.name, path.name, found.embedding)
        for folder in sorted((shared / "faces" / "known").iterdir())
        for path in sorted(folder.iterdir())
        for found in _faces(path, JITTERS)[:1]
    ]
    asked = [
        Face(person, name, found.embedding)
        for name, people in SHOWN.items()
        for person, found in zip(people, _left_to_right(_faces(shared / "faces" / "unknown" / name, 2)), strict=False)
    ]
    names = sorted({face.person for face in references})
    return "\n".join(
        [
            "## Identity",
            "",
            f"{len(references)} photographs of {len(names)} people by name, and {len(asked)} more faces of them in "
            f"{len(SHOWN)} photographs, two with two people. Every face of the second kind is asked for; a face within "
            f"{_bound('max_distance'):g} of a name is taken for it, beyond {_bound('unsure_distance'):g} for somebody "
            "else, between them for unsure.",
            "",
            "| references | faces asked for | right | wrong | unsure |",
            "|---|---:|---:|---:|---:|",
            _row("all names", _judged(asked, references)),
            _row("one name at a time, the others are nobody", _each_alone(asked, references, names)),
            _row("its own name left out: all must be somebody else", _left_out(asked, references, names)),
            "",
            *_distances([*references, *asked]),
            "",
            *_clusters([*references, *asked]),
        ]
    )


def _bound(key: str) -> float:
    return next(limit.default for limit in LIMITS if limit.key == key)


def _faces(path: Path, jitters: int) -> list[FaceFound]:
    image = read_rgb(os.fsencode(path), math.inf)
    found: list[FaceFound]
    (found,) = engines.load("embed", "builtin").run([MatchJob(image, jitters=jitters)])
    return found


def _left_to_right(found: Sequence[FaceFound]) -> list[FaceFound]:
    return sorted(found, key=lambda face: face.box.x0)


def _judged(asked: Sequence[Face], references: Sequence[Face]) -> Counter[str]:
    """right: the own name, or somebody else where there is no reference of it."""
    seen = nearest(
        np.array([face.embedding for face in asked], np.float32),
        [Named(face.person, face.embedding) for face in references],
    )
    known = {face.person for face in references}
    found: Counter[str] = Counter()
    for index, face in enumerate(asked):
        distance = seen.distance[index]
        if _bound("max_distance") < distance <= _bound("unsure_distance"):
            found["unsure"] += 1
        else:
            said = seen.of(index) if distance <= _bound("max_distance") else None
            found["right" if said == (face.person if face.person in known else None) else "wrong"] += 1
    return found


def _each_alone(asked: Sequence[Face], references: Sequence[Face], names: Sequence[str]) -> Counter[str]:
    return sum((_judged(asked, [face for face in references if face.person == name]) for name in names), Counter[str]())


def _left_out(asked: Sequence[Face], references: Sequence[Face], names: Sequence[str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for name in names:
        some = [face for face in asked if face.person == name]
        if some:
            found += _judged(some, [face for face in references if face.person != name])
    return found


def _row(what: str, counts: Counter[str]) -> str:
    return f"| {what} | {counts.total()} | {counts['right']} | {counts['wrong']} | {counts['unsure']} |"


def _distances(faces: Sequence[Face]) -> list[str]:
    points = np.array([face.embedding for face in faces])
    apart = np.linalg.norm(points[:, None] - points, axis=2)
    person = np.array([face.person for face in faces])
    pairs = np.triu_indices(len(faces), 1)
    same = (person[:, None] == person)[pairs]
    rows = (("of one person", apart[pairs][same]), ("of two people", apart[pairs][~same]))
    return [
        "| distances of pairs | pairs | least | median | mean | greatest |",
        "|---|---:|---:|---:|---:|---:|",
        *(
            f"| {what} | {len(found)} | "
            + " | ".join(f"{value:.2f}" for value in (found.min(), np.median(found), found.mean(), found.max()))
            + " |"
            for what, found in rows
        ),
    ]


def _clusters(faces: Sequence[Face]) -> list[str]:
    """All photographs as one library, without any name."""
    points = np.array([face.embedding for face in faces], np.float32)
    ones = np.ones(len(faces), np.float32)
    people = len({face.person for face in faces})
    rows = []
    for within in WITHIN:
        labels = cluster(Groups(points, 0 * ones, ones), [None] * len(faces), within)
        members = [
            [face.person for face, label in zip(faces, labels, strict=True) if label == one] for one in set(labels)
        ]
        pure = sum(max(Counter(some).values()) for some in members) / len(faces)
        mark = " (the default)" if within == Params().cluster_distance else ""
        rows.append(f"| {within:.2f}{mark} | {len(members)} | {people} | {pure:.2f} |")
    return [
        f"Without any reference, all {len(faces)} faces as a photo library; purity is the share of faces that "
        "belong to the person whom most faces of their cluster show.",
        "",
        "| match.cluster_distance | clusters | people | purity |",
        "|---|---:|---:|---:|",
        *rows,
    ]
