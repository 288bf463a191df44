"""What 17 COCO keypoints tell of a person: the face's place and size, the view, the pose, and how much of them shows.

A keypoint counts from a confidence of 0.5 on. Lengths of the body's parts are shares of stature (R. Drillis, R.
Contini: Body segment parameters, 1966). Left and right are the person's own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from tools.media.geometry import Box, Keypoint

SEEN = 0.5

NOSE, LEFT_EYE, RIGHT_EYE, LEFT_EAR, RIGHT_EAR = range(5)
LEFT_SHOULDER, RIGHT_SHOULDER, LEFT_ELBOW, RIGHT_ELBOW, LEFT_WRIST, RIGHT_WRIST = range(5, 11)
LEFT_HIP, RIGHT_HIP, LEFT_KNEE, RIGHT_KNEE, LEFT_ANKLE, RIGHT_ANKLE = range(11, 17)
EYES, EARS, SHOULDERS = (LEFT_EYE, RIGHT_EYE), (LEFT_EAR, RIGHT_EAR), (LEFT_SHOULDER, RIGHT_SHOULDER)
HIPS, KNEES, ANKLES = (LEFT_HIP, RIGHT_HIP), (LEFT_KNEE, RIGHT_KNEE), (LEFT_ANKLE, RIGHT_ANKLE)
WRISTS = (LEFT_WRIST, RIGHT_WRIST)

BY_EYES, BY_EARS, BY_NOSE_AND_EAR = 2.35, 1.05, 1.3
"""The height of a face, brow to chin as dlib's boxes go, by the distance of the eyes, of the ears, of nose and ear.
Medians over the photographs of faces; the last, for turned heads, so that it agrees with the trunk."""

FACE_OF_STATURE = 0.1
LARGEST = 0.22
"""A face of a larger share of the stature is none: keypoints of the head that went astray."""

FARTHEST = 0.25
"""At most such a share of the stature lies between the nose and the middle of the shoulders: twice what is usual."""

TRUNK, SHOULDER_WIDTH, THIGH, SHANK = 0.288, 0.259, 0.245, 0.246
"""Shares of stature."""

THREE_QUARTER, SIDE = 0.35, 0.8
"""The nose's way from the middle between the ears to one of them: where the front ends, and where the side begins."""

NARROW = 0.25
"""Shoulders or eyes whose distance, by the trunk's or the head's size, is less are seen from the side."""

PARTS = {
    "face": (NOSE, LEFT_EYE, RIGHT_EYE),
    "shoulders": SHOULDERS,
    "hands": WRISTS,
    "hips": HIPS,
    "knees": KNEES,
    "feet": ANKLES,
}

Points = Sequence[Keypoint]


class Facts(NamedTuple):
    """All that is derived from keypoints; None where they do not tell.

    view: front, three-quarter, side, back. posture: standing, sitting, crouching, bending, lying. arms: up, out, down.
    extent: how far down they are seen: head, bust, waist, knees, full. parts: those that are seen.
    """

    view: str | None
    posture: str | None
    arms: str | None
    extent: str | None
    parts: tuple[str, ...]


def facts(points: Points) -> Facts:
    return Facts(view(points), posture(points), arms(points), extent(points), parts(points))


def parts(points: Points) -> tuple[str, ...]:
    """Which parts of the body are seen; of pairs one is enough, of the face the nose and an eye."""
    seen = {index for index, point in enumerate(points) if point.confidence >= SEEN}
    found = [name for name, indices in PARTS.items() if seen & set(indices)]
    return tuple(name for name in found if name != "face" or (NOSE in seen and len(seen & set(PARTS["face"])) > 1))


def extent(points: Points) -> str | None:
    """How far down the person is seen: to the head, bust, waist, knees or in full; None where nothing is."""
    seen = {index for index, point in enumerate(points) if point.confidence >= SEEN}
    steps = (("full", ANKLES), ("knees", KNEES), ("waist", HIPS), ("bust", SHOULDERS), ("head", range(5)))
    return next((name for name, indices in steps if seen & set(indices)), None)


def head_box(points: Points) -> Box | None:
    """The face, brow to chin and as wide as high, where it is turned to us at least from the side.

    Its middle is the tip of the nose. None without the nose and an eye, or the nose and both ears, and where the head's
    points lie too far apart for the body, or too far from its shoulders.
    """
    nose, size, tall = _at(points, NOSE), face_height(points), stature(points)
    eyes, ears = _both(points, EYES), _both(points, EARS)
    if nose is None or size is None or not (eyes or len(ears) == 2):
        return None
    shoulders = _middle(points, SHOULDERS)
    if tall and (size > LARGEST * tall or (shoulders and _distance(nose, shoulders) > FARTHEST * tall)):
        return None
    half = size / 2
    return Box(nose.x - half, nose.y - half, nose.x + half, nose.y + half)


def face_height(points: Points) -> float | None:
    """The height of a face in pixels by the distances within the head, of which turning away only takes."""
    nose, eyes, ears = _at(points, NOSE), _both(points, EYES), _both(points, EARS)
    found = [
        *([BY_EYES * _distance(*eyes)] if len(eyes) == 2 else []),
        *([BY_EARS * _distance(*ears)] if len(ears) == 2 else []),
        *(BY_NOSE_AND_EAR * _distance(nose, ear) for ear in ears if nose and len(ears) == 1),
    ]
    return max(found, default=0.0) or None


def stature(points: Points) -> float | None:
    """How high the person would stand, in pixels: by the longest part seen, since what points at us is shorter."""
    found = [
        *_share(_middle(points, SHOULDERS), _middle(points, HIPS), TRUNK),
        *_share(_at(points, LEFT_SHOULDER), _at(points, RIGHT_SHOULDER), SHOULDER_WIDTH),
        *_share(_at(points, LEFT_HIP), _at(points, LEFT_KNEE), THIGH),
        *_share(_at(points, RIGHT_HIP), _at(points, RIGHT_KNEE), THIGH),
        *_share(_at(points, LEFT_KNEE), _at(points, LEFT_ANKLE), SHANK),
        *_share(_at(points, RIGHT_KNEE), _at(points, RIGHT_ANKLE), SHANK),
    ]
    return max(found, default=0.0) or None


def supposed_face(points: Points) -> Box | None:
    """A box of a face's size above the shoulders, or at the head, for somebody whose face does not show.

    It says how large the person is in the picture (`crops.shot_of`), not where a face is.
    """
    tall, head = stature(points), [point for point in points[:5] if point.confidence >= SEEN]
    size = FACE_OF_STATURE * tall if tall else face_height(points)
    place = head[0] if head else _middle(points, SHOULDERS)
    if size is None or place is None:
        return None
    y = place.y if head else place.y - size
    return Box(place.x - size / 2, y - size / 2, place.x + size / 2, y + size / 2)


def view(points: Points) -> str | None:
    """front, three-quarter, side or back; by the head where its face shows, else by the shoulders."""
    nose, eyes, ears = _at(points, NOSE), _both(points, EYES), _both(points, EARS)
    if nose is None or not eyes:
        return _view_of_trunk(points)
    if len(ears) == 2:
        middle, half = (ears[0].x + ears[1].x) / 2, abs(ears[0].x - ears[1].x) / 2
        turn = abs(nose.x - middle) / half if half else 1.0
        return "front" if turn < THREE_QUARTER else "three-quarter" if turn < SIDE else "side"
    if len(eyes) == 1:
        return "side"
    if not ears:
        return "front"
    profile = _distance(*eyes) < NARROW * _distance(nose, ears[0])
    return "side" if profile else "three-quarter"


def _view_of_trunk(points: Points) -> str | None:
    """Of somebody who shows no face: who faces us has their left shoulder on our right."""
    left, right = _at(points, LEFT_SHOULDER), _at(points, RIGHT_SHOULDER)
    if left is None or right is None:
        return None
    hips = _middle(points, HIPS)
    shoulders = _middle(points, SHOULDERS)
    long = _distance(shoulders, hips) if hips and shoulders else _distance(left, right)
    if long and abs(left.x - right.x) < NARROW * long:
        return "side"
    return "front" if left.x > right.x else "back"


def posture(points: Points) -> str | None:
    """standing, sitting, crouching, bending or lying; None where trunk or legs do not show.

    A trunk over 60 degrees from upright lies where the legs, or what is seen of them, lie too, and is bent where they
    stand. Of an upright one the thighs decide: hanging down it stands; level, or pointing at us, it sits, and with the
    feet drawn in below the hips it crouches.
    """
    shoulders, hips, knees = (_middle(points, pair) for pair in (SHOULDERS, HIPS, KNEES))
    if shoulders is None or hips is None:
        return None
    trunk = _distance(shoulders, hips)
    if trunk == 0.0:
        return None
    ankles = _middle(points, ANKLES)
    foot = ankles or knees
    leaning = math.degrees(math.atan2(abs(hips.x - shoulders.x), hips.y - shoulders.y))
    if leaning > 60.0:
        lying = foot is None or abs(foot.y - hips.y) < abs(foot.x - hips.x)
        return "lying" if lying else "bending"
    if knees is None:
        return None
    if knees.y - hips.y > 0.45 * trunk:
        return "standing" if leaning < 40.0 else "bending"
    drawn_in = ankles is not None and ankles.y - hips.y < 0.5 * trunk and abs(ankles.x - hips.x) < 0.4 * trunk
    if drawn_in:
        return "crouching"
    return "sitting"


def arms(points: Points) -> str | None:
    """up (a hand above the head's middle), out (a hand far beside the trunk), down; None where no hand shows."""
    hands = _both(points, WRISTS)
    shoulders = _middle(points, SHOULDERS)
    if not hands or shoulders is None:
        return None
    tall = stature(points)
    if tall is None:
        return None
    head = min((point.y for point in points[:3] if point.confidence >= SEEN), default=shoulders.y - 0.12 * tall)
    if min(hand.y for hand in hands) < head:
        return "up"
    beside = max(abs(hand.x - shoulders.x) for hand in hands)
    return "out" if beside > 0.3 * tall else "down"


def _at(points: Points, index: int) -> Keypoint | None:
    return points[index] if points[index].confidence >= SEEN else None


def _both(points: Points, pair: tuple[int, int]) -> list[Keypoint]:
    return [points[index] for index in pair if points[index].confidence >= SEEN]


def _middle(points: Points, pair: tuple[int, int]) -> Keypoint | None:
    """The middle of a pair, or the one that is seen."""
    seen = _both(points, pair)
    if not seen:
        return None
    x, y = (sum(point[axis] for point in seen) / len(seen) for axis in (0, 1))
    return Keypoint(x, y, min(point.confidence for point in seen))


def _distance(one: Keypoint, other: Keypoint) -> float:
    return math.hypot(one.x - other.x, one.y - other.y)


def _share(one: Keypoint | None, other: Keypoint | None, share: float) -> list[float]:
    return [_distance(one, other) / share] if one and other else []
