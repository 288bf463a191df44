"""How well near-duplicates are told from other pictures: cut-outs by how they look, frames by their thumbnails."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np

from tools.accuracy.crops import Person, Pixels, opaque, people, pictures
from tools.choose.looks import SHARES
from tools.media.image import encode_webp
from tools.media.likeness import distance, embed
from tools.media.luma import difference, look_at, luma_of_rgb

MIN_DIFFERENCE = 0.06
IDENTICAL = 1.5
"""The defaults of select.min_difference and extract.identical."""

APART_S = 2.0
"""Pictures of one place in a clip that lie further apart are of different moments, as select counts."""

Change = Callable[[Pixels], Pixels]


def coded(quality: int) -> Change:
    """The picture as a WebP of that quality gives it back."""

    def change(rgb: Pixels) -> Pixels:
        found = cv2.imdecode(np.frombuffer(encode_webp(rgb, quality), np.uint8), cv2.IMREAD_COLOR)
        if found is None:
            raise RuntimeError("OpenCV cannot read the WebP that was just written. Install OpenCV from its wheels.")
        return np.ascontiguousarray(found[..., ::-1], np.uint8)

    return change


def scaled(rgb: Pixels) -> Pixels:
    return np.asarray(cv2.resize(rgb, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA), np.uint8)


def trimmed(rgb: Pixels) -> Pixels:
    """Without 2 % of each side."""
    height, width = rgb.shape[:2]
    rows, columns = max(1, height // 50), max(1, width // 50)
    return np.ascontiguousarray(rgb[rows:-rows, columns:-columns])


def brightened(rgb: Pixels) -> Pixels:
    return np.asarray(np.clip(rgb * 1.05, 0, 255), np.uint8)


CHANGES: dict[str, Change] = {
    "coded again at quality 60": coded(60),
    "at 60 % of the size": scaled,
    "trimmed by 2 % on each side": trimmed,
    "5 % brighter": brightened,
}


def section(shared: Path) -> str:
    """The Markdown of this part."""
    everybody = people(shared)
    seen = [embed(one.rgba) for one in everybody]
    weight = SHARES["appearance"] ** 0.5
    apart = [
        weight * distance(seen[one], seen[other])
        for one, other in combinations(range(len(everybody)), 2)
        if different(everybody[one], everybody[other])
    ]
    alike = {
        name: [
            weight * distance(embed(opaque(change(one.rgb))), like) for one, like in zip(everybody, seen, strict=True)
        ]
        for name, change in CHANGES.items()
    }
    frames = [look_at(luma_of_rgb(image)).thumb for _, _, image in pictures(shared)]
    frames_apart = [difference(one, other) for one, other in combinations(frames, 2)]
    again = [look_at(luma_of_rgb(coded(60)(image))).thumb for _, _, image in pictures(shared)]
    frames_alike = {"frames coded again at quality 60": list(map(difference, frames, again))}
    return "\n".join(
        [
            "## Near-duplicates",
            "",
            f"{len(everybody)} people in the photographs and clips, each against a changed copy (which is to be found)",
            "and against everybody in another picture, or elsewhere or two seconds away in the same clip (who is not).",
            "Only their appearance is compared, not pose and face. Precision: of what counts as a duplicate, the share",
            "that is one; recall: the share of the copies that is found.",
            "",
            f"| copy | median difference | recall at {MIN_DIFFERENCE:g} | precision |",
            "|---|---|---|---|",
            *table(alike, apart, MIN_DIFFERENCE),
            f"| other pictures ({len(apart)} pairs) | {np.median(apart):.3f} | | |",
            "",
            f"Frames, all pairs of them, by `extract.identical` = {IDENTICAL:g} levels. All frames of a clip, even",
            "those half a second apart, are different here, so that some that count against it are rightly dropped.",
            "",
            f"| copy | median difference | recall at {IDENTICAL:g} | precision |",
            "|---|---|---|---|",
            *table(frames_alike, frames_apart, IDENTICAL),
            f"| other frames ({len(frames_apart)} pairs) | {np.median(frames_apart):.1f} | | |",
            "",
        ]
    )


def different(one: Person, other: Person) -> bool:
    """Whether two show different people or moments for certain."""
    if one.source != other.source:
        return True
    return abs(one.time_s - other.time_s) >= APART_S or (one.time_s == other.time_s and abs(one.x - other.x) > 0.05)


def table(alike: dict[str, list[float]], apart: list[float], bound: float) -> list[str]:
    """One row for each sort of copy."""
    rows = []
    wrong = sum(value < bound for value in apart)
    for name, values in alike.items():
        right = sum(value < bound for value in values)
        precision = right / (right + wrong) if right + wrong else 1.0
        rows.append(f"| {name} | {np.median(values):.3f} | {right / len(values):.1%} | {precision:.1%} |")
    return rows
