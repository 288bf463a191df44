"""Helpers of the tests of masks: a person's row as sql/inputs/mask.sql gives it, and questions to a manifest."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.media.geometry import Box
from tools.media.image import encode_webp
from tools.mill import files

Pixels = NDArray[np.uint8]


def asked(base: Path, question: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(base / "manifest.db") as db:
        return db.execute(question).fetchall()


def row_of(
    base: Path, crop: Pixels, box: Box, face: Box | None = None, others: list[Box] | None = None
) -> dict[str, Any]:
    """A crop in the workspace and its row, as sql/inputs/mask.sql gives it."""
    stored = files.store(base, "02_person_crops/crop.webp", encode_webp(crop, 95))
    row: dict[str, Any] = {"item_id": 1, "kind": "person", "address": f"{'a' * 32}/t000001.000000/p0500-0500"}
    row |= {"path": stored.path, "sha256": stored.sha256, "crop_x_px": 100, "crop_y_px": 50}
    row |= {f"box_{edge}_px": value for edge, value in box.moved(100, 50)._asdict().items()}
    row |= {f"face_{edge}_px": face and getattr(face, edge) for edge in ("x0", "y0", "x1", "y1")}
    row |= {"keypoints_json": None, "others_json": json.dumps(others or []), "box_slack": 0.0, "box_whole": 0}
    row |= {"frame_path": "01_extracted_frames/frame.webp", "beside_json": "[]"}
    row |= {"frame_width_px": 100 + crop.shape[1], "frame_height_px": 50 + crop.shape[0], "other_faces_json": "[]"}
    return row | {"landmarks_json": None, "cut_top": 0, "cut_bottom": 0}
