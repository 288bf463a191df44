"""The head's box that keypoints give serves the embedding of a face as the face detector's own does. Real faces."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tools.engines.faces import Faces
from tools.engines.landmarks import landmarks
from tools.engines.protocols import MatchJob
from tools.framing.pose import head_box
from tools.media.geometry import Keypoint
from tools.media.image import read_rgb

FACES = Path(__file__).resolve().parents[2] / "shared" / "faces" / "known"
pytestmark = pytest.mark.skipif(not FACES.exists(), reason="../shared is not there")

SAME, OTHER = 0.50, 0.60
"""match.max_distance and match.unsure_distance."""


def keypoints(points: NDArray[np.float64]) -> tuple[Keypoint, ...]:
    """COCO's five of the head from the 68 landmarks, and no body. Left and right are the person's own."""
    head = (points[30], points[42:48].mean(axis=0), points[36:42].mean(axis=0), points[16], points[0])
    return tuple(Keypoint(*map(float, place), 0.9) for place in head) + (Keypoint(0.0, 0.0, 0.0),) * 12


def test_embeddings_by_head_boxes_are_those_by_face_boxes() -> None:
    engine = Faces()
    found: list[tuple[str, NDArray[np.float64], NDArray[np.float64]]] = []
    for path in sorted(FACES.rglob("*.jp*g")):
        image = read_rgb(path, math.inf)
        for face in engine.faces(image)[:1]:
            head = head_box(keypoints(landmarks(image, face)))
            assert head is not None
            assert head.iou(face) > 0.5
            ((own,), (by_head,)) = engine.run([MatchJob(image, face), MatchJob(image, head)])
            found.append((path.parent.name, own.embedding, by_head.embedding))
    assert len(found) >= 5
    assert max(float(np.linalg.norm(own - by_head)) for _, own, by_head in found) < 0.15
    for index, (person, own, _) in enumerate(found):
        for other, _, by_head in found[index + 1 :]:
            distance = float(np.linalg.norm(own - by_head))
            assert distance < SAME if person == other else distance > OTHER
