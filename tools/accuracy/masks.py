"""How well masks agree with outlines drawn by hand, given the true box and given the builtin detector's."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tools import engines
from tools.engines.hog import Hog
from tools.engines.landmarks import landmarks
from tools.engines.protocols import DetectJob, MaskJob
from tools.framing.crops import padded
from tools.framing.detection import Detection
from tools.media.geometry import Box, Rgb
from tools.media.image import read_rgb

FOUND = 0.5
"""A detection is a person's from this intersection over union of the boxes on."""

PAD, PAD_ABOVE = 0.15, 0.25


@dataclass(frozen=True)
class Drawn:
    """A person outlined by hand in a photograph: all boxes in its pixels; mask: height x width, bool."""

    picture: Rgb
    name: str
    box: Box
    others: tuple[Box, ...]
    mask: NDArray[np.bool_]


@dataclass(frozen=True)
class Agreement:
    """Intersection over union of masks, 0 to 1. by_detector: None where the detector does not find the person."""

    name: str
    by_box: float
    by_detector: float | None


def drawn_people(shared: Path) -> list[Drawn]:
    """The people of `coco/annotations.json` whose keypoints were drawn as well: the others are a few pixels large."""
    notes = json.loads((shared / "coco" / "annotations.json").read_text(encoding="utf-8"))
    files = {image["id"]: image["file_name"] for image in notes["images"]}
    people: list[Drawn] = []
    for note in notes["annotations"]:
        if note["num_keypoints"] == 0:
            continue
        picture = read_rgb(shared / "coco" / files[note["image_id"]], 100.0)
        beside = [each for each in notes["annotations"] if each["image_id"] == note["image_id"] and each is not note]
        mask = np.zeros(picture.shape[:2], np.uint8)
        for outline in note["segmentation"]:
            cv2.fillPoly(mask, [np.rint(np.reshape(outline, (-1, 2))).astype(np.int32)], 1)
        name = f"{Path(files[note['image_id']]).stem.lstrip('0')} / {len(people) + 1}"
        people.append(Drawn(picture, name, _box(note), tuple(_box(each) for each in beside), mask > 0))
    return people


def _box(note: dict[str, Any]) -> Box:
    x, y, width, height = note["bbox"]
    return Box(x, y, x + width, y + height)


def agreements(shared: Path) -> list[Agreement]:
    """Each person's masks by the builtin engines against the drawn one."""
    hog, people = Hog(), drawn_people(shared)
    found: list[Agreement] = []
    for person in people:
        truly = Detection(person.box, 1.0, "drawn", hog.face_in(person.picture, person.box))
        (seen,) = hog.run([DetectJob(person.picture)])
        nearest = max(seen, key=lambda each: each.box.iou(person.box), default=None)
        by_detector = None
        if nearest is not None and nearest.box.iou(person.box) >= FOUND:
            others = tuple(each.box for each in seen if each is not nearest)
            by_detector = overlap(person, nearest, others)
        found.append(Agreement(person.name, overlap(person, truly, person.others), by_detector))
    return found


def overlap(person: Drawn, seen: Detection, others: tuple[Box, ...]) -> float:
    """Intersection over union of the drawn mask and that of the builtin engine in the padded crop of a detection."""
    height, width = person.picture.shape[:2]
    crop = padded(seen.box, width, height, PAD, PAD_ABOVE)
    part = np.ascontiguousarray(person.picture[crop.y0 : crop.y1, crop.x0 : crop.x1])

    def moved(box: Box) -> Box:
        return box.moved(-crop.x0, -crop.y0)

    beside = tuple(moved(other) for other in others if other.common(Box(*crop)) > 0.0)
    face = seen.face and moved(seen.face)
    points = None if face is None else tuple((float(x), float(y)) for x, y in landmarks(part, face))
    job = MaskJob(part, moved(seen.box), face, None, beside, seen.slack, seen.whole, landmarks=points)
    (alpha,) = engines.load("mask", "builtin").run([job])
    whole = np.zeros((height, width), np.bool_)
    whole[crop.y0 : crop.y1, crop.x0 : crop.x1] = alpha > 127
    return float(np.count_nonzero(whole & person.mask)) / float(np.count_nonzero(whole | person.mask))


def _told(share: float | None) -> str:
    return "not found" if share is None else f"{share:.2f}"


def section(shared: Path) -> str:
    """The Markdown section. shared: the folder that holds `coco/`."""
    found = agreements(shared)
    detected = [each.by_detector for each in found if each.by_detector is not None]
    rows = [f"| {each.name} | {each.by_box:.2f} | {_told(each.by_detector)} |" for each in found]
    mean = np.mean([each.by_box for each in found])
    by_detector = f"{np.mean(detected):.2f} ({len(detected)} of {len(found)} found)" if detected else "none found"
    return "\n".join(
        [
            "## Masks",
            "",
            f"Intersection over union with the outlines of {len(found)} people drawn by hand in COCO photographs:",
            "given the true box, and given the builtin detector's (found: the boxes have an intersection over union of",
            f"{FOUND} or more). Photographs have no neighbouring frames, which help in footage.",
            "",
            "| photograph / person | true box | builtin detector |",
            "|---|---|---|",
            *rows,
            f"| mean | {mean:.3f} | {by_detector} |",
        ]
    )
