"""Who is a frame's subject and who is only there: sizes and sharpness, compared within one frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from tools.framing.detection import Detection
from tools.measure.sharpness import crete_blur
from tools.media.geometry import Box, Rgb

FACE_SIDE_PX = 96
"""The size at which faces are compared; smaller ones stay as they are, which flatters them a little."""

LEAST_FACE_PX = 12
"""Below so many pixels a side no blur can be told."""

MAIN_HEIGHT = 0.5
"""A face at least so high, by the highest, is one of the frame's main faces."""

SURE = 0.5
"""Whoever is less probable than that is nobody to compare with."""


class Presence(NamedTuple):
    """One person beside the others of the frame: columns of table detect."""

    face_sharpness: float | None
    relative_height: float
    relative_sharpness: float | None


def face_sharpness(image: Rgb, face: Box) -> float | None:
    """1 less the perceptual blur of a face, 0 to 1; None where it has too few pixels.

    F. Crete and others: The blur effect: perception and estimation with a new no-reference perceptual blur metric,
    SPIE 6492, 2007.
    """
    height, width = image.shape[:2]
    inside = face.clipped(width, height)
    part = image[round(inside.y0) : round(inside.y1), round(inside.x0) : round(inside.x1)]
    if min(part.shape[:2]) < LEAST_FACE_PX:
        return None
    grey = cv2.cvtColor(np.ascontiguousarray(part), cv2.COLOR_RGB2GRAY)
    factor = FACE_SIDE_PX / max(grey.shape)
    if factor < 1.0:
        grey = np.asarray(cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)
    everywhere = np.ones(grey.shape, np.bool_)
    return 1.0 - max(crete_blur(grey.astype(np.float32), everywhere, axis) for axis in (0, 1))


def presences(people: Sequence[Detection], sharpness: Sequence[float | None]) -> list[Presence]:
    """Each person beside the others. sharpness: of each one's face.

    Faces are compared with faces, and bodies with bodies: the height of a body that was guessed from its face only says
    where the frame ends. Somebody who is alone is compared with themselves: 1.
    """
    sure = [each for each in people if each.confidence >= SURE]
    highest = max((each.face.height for each in sure if each.face), default=0.0)
    tallest = max((each.box.height for each in sure), default=0.0)
    main = [
        value
        for each, value in zip(people, sharpness, strict=True)
        if each in sure and each.face and value is not None and each.face.height >= MAIN_HEIGHT * highest
    ]
    sharpest = max(main, default=0.0)
    return [
        Presence(
            value,
            _share(each.face.height, highest) if each.face else _share(each.box.height, tallest),
            None if value is None else _share(value, sharpest),
        )
        for each, value in zip(people, sharpness, strict=True)
    ]


def _share(value: float, of: float) -> float:
    return value / of if of > 0.0 else 1.0
