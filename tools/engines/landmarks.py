"""The 68 points of a face: dlib's predictor, an ensemble of regression trees.

V. Kazemi, J. Sullivan: One Millisecond Face Alignment with an Ensemble of Regression Trees, CVPR 2014; trained on iBUG
300-W, whose numbering the points have: 0 to 16 the jaw from ear to ear, 17 to 26 the brows, 27 to 35 the nose, 36 to 47
the eyes, 48 to 67 the mouth; from left to right in the picture.
"""

from __future__ import annotations

import functools

import dlib
import numpy as np
from numpy.typing import NDArray

from tools.engines import LANDMARKS_68, weights_path
from tools.media.geometry import Box, Rgb


def landmarks(image: Rgb, face: Box) -> NDArray[np.float64]:
    """The points of a face whose box is known, in pixels of the image: 68 x 2, x and y."""
    shape = _predictor()(np.ascontiguousarray(image), rectangle(face))
    return np.array([(point.x, point.y) for point in shape.parts()], dtype=np.float64)


def rectangle(face: Box) -> dlib.rectangle:
    """dlib's rectangle includes its right and lower edge."""
    return dlib.rectangle(*(round(value) for value in (face.x0, face.y0, face.x1 - 1, face.y1 - 1)))


@functools.cache
def _predictor() -> dlib.shape_predictor:
    return dlib.shape_predictor(str(weights_path(LANDMARKS_68)))
