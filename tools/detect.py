"""Find the people in each frame and crop them out, with room around them.

Reads: frames that passed extract.  Writes: person (a crop).
Rejects: no_person, too_many_people (the frame); low_confidence, too_small, bystander (the person).
Example: python -m tools.detect --base data --limit 10
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tools.mill.tool import (
    Asking,
    Bench,
    Limit,
    Made,
    Reason,
    Result,
    Row,
    Tool,
    of_engine,
    operational,
    read_where,
    rejected,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tools.framing.crops import Crop
    from tools.framing.detection import Detection
    from tools.framing.presence import Presence
    from tools.media.geometry import Box, Rgb

VERSION = 2

SHOT_RULES = ("face", "area")
BY_FACE = "shot_rule", ("face",)

LIMITS = (
    Limit(
        "too_many_people",
        "people_count",
        ">",
        "max_people",
        12.0,
        "The frame shows more people than wanted, so that none of them is its subject.",
        "Raise detect.max_people, or keep the frame.",
    ),
    Limit(
        "low_confidence",
        "confidence",
        "<",
        "min_confidence",
        0.5,
        "It is less probable than wanted that this is one person.",
        "Lower detect.min_confidence, or keep the crops that are right.",
    ),
    Limit(
        "too_small",
        "height_px",
        "<",
        "min_height_px",
        128.0,
        "The person takes too few pixels of the frame's height.",
        "Lower detect.min_height_px, or take footage in which the person is larger.",
    ),
    Limit(
        "bystander",
        "relative_height",
        "<",
        "min_relative_height",
        0.30,
        "Someone much smaller or blurrier than the frame's main person: behind, in a mirror, on a picture.",
        "Lower detect.min_relative_height or detect.min_relative_sharpness, or keep the crops that are right.",
    ),
    Limit(
        "bystander",
        "relative_sharpness",
        "<",
        "min_relative_sharpness",
        0.60,
        "Someone much smaller or blurrier than the frame's main person: behind, in a mirror, on a picture.",
        "Lower detect.min_relative_height or detect.min_relative_sharpness, or keep the crops that are right.",
    ),
)

REASONS = (
    Reason(
        "no_person",
        "defect",
        "Nobody was found in the frame.",
        "Lower detect.keep_confidence, with the builtin engine detect.min_face_px, or take a better detector.",
    ),
)


@dataclass(frozen=True)
class Params:
    """pad: room around the box, share of its width and height; pad_above: above the head, share of its height.

    shot_rule: "face" (face height by crop height: close from shot_close on, far below shot_far) or "area" (face area by
    crop area: 25 % and 8 %). min_face_px: height of the smallest face that matters, in the frame. landmarks: whether
    the 68 points of each face are found, from which view, open eyes and expression are measured. keep_confidence: who
    is less probable is no row at all, nor is who comes after the surest keep_at_most of a frame. webp_quality: 0 to
    100. webp_effort: 0 to 6. weights, imgsz: the file of the engine yolo's network, and the longer side at which it
    looks, in px. device: auto, cpu, mps, cuda, cuda:N; batch: images that go through the network at once.
    """

    engine: str = "auto"
    weights: str = of_engine("yolo", "yolo26m-pose.pt", file=True)
    imgsz: int = of_engine("yolo", 640)
    device: str = operational("auto")
    batch: int = operational(8)
    pad: float = 0.15
    pad_above: float = 0.25
    shot_rule: str = "face"
    shot_close: float = read_where(BY_FACE, 0.30)
    shot_far: float = read_where(BY_FACE, 0.15)
    min_face_px: float = of_engine("builtin", 40.0)
    landmarks: bool = True
    keep_confidence: float = 0.3
    keep_at_most: int = 24
    webp_quality: int = 90
    webp_effort: int = 0
    deadline_s: float = operational(60.0)

    def __post_init__(self) -> None:
        from tools.mill.settings import UsageError

        if self.shot_rule not in SHOT_RULES:
            raise UsageError(
                f"[detect] shot_rule is {self.shot_rule!r}, which is none. There are: {', '.join(SHOT_RULES)}."
            )


def work(row: Row, bench: Bench[Params]) -> Asking:
    from tools.engines.landmarks import landmarks
    from tools.engines.protocols import DetectJob
    from tools.framing.crops import counted, places
    from tools.framing.presence import face_sharpness, presences
    from tools.media.image import read_rgb

    params = bench.params
    image = read_rgb(bench.file(row), math.inf)  # intake has judged its size
    corner = (0, 0)
    if row["picture_x0_px"] is not None:  # without the black bars of its shot
        corner = row["picture_x0_px"], row["picture_y0_px"]
        image = image[corner[1] : row["picture_y1_px"], corner[0] : row["picture_x1_px"]].copy()
    seen: list[Detection] = yield DetectJob(image, params.min_face_px, params.keep_confidence)
    kept = seen[: params.keep_at_most]
    measures = {
        "people_seen": len(seen),
        "people_count": counted([each.box for each in seen], [each.confidence for each in seen]),
    }
    if not kept:
        return Result(rejected("no_person"), measures=measures)
    height, width = image.shape[:2]
    beside = presences(kept, [each.face and face_sharpness(image, each.face) for each in kept])
    # All faces before any crop is encoded: the predictor is 100 MB of trees, of which a processor's cache holds the
    # part that the face before has read.
    points = [landmarks(image, each.face) if params.landmarks and each.face else None for each in kept]
    named = zip(kept, beside, points, places([each.box for each in kept], width, height), strict=True)
    made = tuple(
        _made(each, (how, face), f"{row['address']}/{place}", kept, (image, corner), bench)
        for each, how, face, place in named
    )
    return Result(measures=measures, made=made)


def _made(
    person: Detection,
    seen: tuple[Presence, NDArray[np.float64] | None],
    address: str,
    everybody: list[Detection],
    picture: tuple[Rgb, tuple[int, int]],
    bench: Bench[Params],
) -> Made:
    """Crop one person out, store the crop and say what is known of it.

    seen: beside the others, and the landmarks of the face in the picture. picture: its pixels, its corner in the frame.
    """
    import hashlib

    from tools.framing.crops import crop_path, padded
    from tools.media.image import encode_webp

    params = bench.params
    (presence, points), (image, corner) = seen, picture
    height, width = image.shape[:2]
    crop = padded(person.box, width, height, params.pad, params.pad_above)
    data = encode_webp(image[crop.y0 : crop.y1, crop.x0 : crop.x1], params.webp_quality, params.webp_effort)
    path = crop_path("02_person_crops", address, hashlib.sha256(data).hexdigest(), "webp")
    return Made(
        "person",
        address,
        bench.store(path, data),
        crop.x1 - crop.x0,
        crop.y1 - crop.y0,
        facts=facts(person, [each for each in everybody if each is not person], (width, height), params, corner)
        | posed(person)
        | turned(points, (crop.x0, crop.y0)),
        measures={
            "confidence": round(person.confidence, 4),
            "height_px": round(person.box.height, 2),
            **{name: value if value is None else round(value, 4) for name, value in presence._asdict().items()},
        },
    )


def facts(
    person: Detection,
    others: list[Detection],
    picture: tuple[int, int],
    params: Params,
    corner: tuple[int, int] = (0, 0),
) -> dict[str, Any]:
    """The columns of `person`: the box in pixels of the frame, all else in pixels of the crop.

    picture: width and height of the frame without its bars; corner: where in the frame it begins.
    Rounded, so that processors which differ in the last bit make the same person.
    """
    from tools.framing.crops import cut_sides, padded, shot_of

    crop = padded(person.box, *picture, params.pad, params.pad_above)
    face = person.face and person.face.moved(-crop.x0, -crop.y0)
    neighbours = [each.box.moved(-crop.x0, -crop.y0) for each in others]
    keypoints = [(p.x - crop.x0, p.y - crop.y0, p.confidence) for p in person.keypoints or ()]
    return {
        **{f"box_{name}_px": round(value, 2) for name, value in person.box.moved(*corner)._asdict().items()},
        **{f"face_{name}_px": face and round(getattr(face, name), 2) for name in ("x0", "y0", "x1", "y1")},
        "crop_x_px": crop.x0 + corner[0],
        "crop_y_px": crop.y0 + corner[1],
        **cut_sides(person.box, *picture),
        "shot": shot_of(face or _supposed(person, crop), crop, params.shot_rule, params.shot_close, params.shot_far),
        "keypoints_json": _json(keypoints) if keypoints else None,
        "others_json": _json(neighbours),
        "source": person.source,
        "box_slack": person.slack,
        "box_whole": int(person.whole),
    }


def turned(points: NDArray[np.float64] | None, corner: tuple[int, int]) -> dict[str, Any]:
    """The landmarks of a person's face in pixels of the crop, whose corner is given, and how the face is turned."""
    if points is None:
        return {"landmarks_json": None, "turn": None}
    from tools.framing.view import turn_of, view_of

    turn = round(turn_of(points), 3)
    return {"landmarks_json": _json((points - corner).tolist()), "turn": turn, "view": view_of(turn)}


def _supposed(person: Detection, crop: Crop) -> Box | None:
    """Where no face shows: how large it would be, by the rest of the body."""
    from tools.framing.pose import supposed_face

    face = supposed_face(person.keypoints) if person.keypoints else None
    return face and face.moved(-crop.x0, -crop.y0)


def posed(person: Detection) -> dict[str, Any]:
    """What the keypoints tell, as columns of `person`; all null without any. Landmarks know the view better."""
    from tools.framing.pose import facts as of_pose

    if person.keypoints is None:
        return {"view": None, "posture": None, "arms": None, "extent": None, "parts_json": None}
    told = of_pose(person.keypoints)
    return {
        "view": told.view,
        "posture": told.posture,
        "arms": told.arms,
        "extent": told.extent,
        "parts_json": json.dumps(told.parts),
    }


def _json(rows: Sequence[tuple[float, ...]]) -> str:
    return json.dumps([[round(value, 2) for value in row] for row in rows])


TOOL = Tool(
    name="detect",
    version=VERSION,
    params=Params,
    limits=LIMITS,
    reasons=REASONS,
    work=work,
    engine="detect",
    recalls=True,
)

if __name__ == "__main__":
    from tools.mill.command import main

    main("detect")
