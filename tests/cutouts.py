"""Cut-outs for tests: the astronaut of scikit-image outlined by hand, and simple shapes for exact numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage import data

from tools.media.image import encode_png, encode_webp, encode_webp_lossless
from tools.mill import files
from tools.mill.manifest import connect, sql
from tools.mill.tool import Bench, Dataset

Pixels = NDArray[np.uint8]

SOURCE = "0123456789abcdef0123456789abcdef"
OUTLINE = (
    *((222, 10), (265, 22), (288, 60), (285, 120), (262, 165), (275, 190), (305, 240), (345, 262), (362, 335)),
    *((310, 375), (285, 430), (280, 511), (60, 511), (70, 420), (60, 330), (90, 260), (140, 220), (185, 190)),
    *((182, 160), (165, 120), (165, 70), (185, 30)),
)
"""The astronaut's head and body in her picture of 512 x 512 px, cut by its lower edge, without the helmet."""

FACE = (177.0, 62.0, 272.0, 157.0)
"""Her face: x0, y0, x1, y1."""


def astronaut() -> tuple[Pixels, Pixels]:
    """The frame, 512 x 512 x 3, and its cut-out with a soft edge, 512 x 512 x 4."""
    frame = np.ascontiguousarray(data.astronaut())
    mask = np.zeros(frame.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.array(OUTLINE, np.int32)], 255)
    mask = cv2.GaussianBlur(mask, (0, 0), 1.2, borderType=cv2.BORDER_REPLICATE)
    return frame, np.dstack([frame, mask])


def solid(
    width: int, height: int, box: tuple[int, int, int, int], colour: tuple[int, int, int] = (200, 30, 30)
) -> Pixels:
    """A plain picture in which only the box is opaque."""
    x0, y0, x1, y1 = box
    alpha = np.zeros((height, width), np.uint8)
    alpha[y0:y1, x0:x1] = 255
    return np.dstack([np.full((height, width, 3), colour, np.uint8), alpha])


def store_cutout(
    base: Path, frame: Pixels, rgba: Pixels, address: str, item_id: int = 1, **columns: Any
) -> dict[str, Any]:
    """Write frame and cut-out into a workspace; returns a row as the inputs of composite and caption give it."""
    name = address.replace("/", "_")
    frame_path = f"01_extracted_frames/{name}.webp"
    files.store(base, frame_path, encode_webp(frame))
    stored = files.store(base, f"03_masked_subjects/{name}.webp", encode_webp_lossless(rgba))
    crop_path = f"02_person_crops/{name}.webp"
    x, y = columns.get("crop_x_px", 0), columns.get("crop_y_px", 0)
    crop = frame[y : y + rgba.shape[0], x : x + rgba.shape[1]]
    files.store(base, crop_path, encode_webp_lossless(np.ascontiguousarray(crop)))
    row = {"item_id": item_id, "kind": "cutout", "address": address, "path": stored.path, "sha256": stored.sha256}
    row |= {"shot": "mid", "view": None, "extent": None, "posture": None, "arms": None}
    row |= {"crop_x_px": 0, "crop_y_px": 0, "frame_path": frame_path, "others_json": "[]"}
    row |= {"box_x0_px": 0.0, "box_y0_px": 0.0, "box_x1_px": 0.0, "box_y1_px": 0.0}
    row |= {"box_whole": 0, "box_slack": 0.0, "keypoints_json": None, "crop_path": crop_path}
    row |= {f"cut_{side}": 0 for side in ("left", "top", "right", "bottom")}
    row |= {f"face_{edge}_px": None for edge in ("x0", "y0", "x1", "y1")}
    return row | columns


def store_background(base: Path, pixels: Pixels, name: str, item_id: int) -> dict[str, Any]:
    """Write a picture into the background library; returns a row as the side input of composite gives it."""
    files.store(base, f"00_background_library/{name}", encode_png(pixels))
    row = {"item_id": item_id, "address": f"{item_id:032x}", "version": "v", "folder": "00_background_library"}
    return row | {"raw_path": name.encode()}


def bench(base: Path, params: Any, library: Any = (), **dataset: Any) -> Bench[Any]:
    return Bench(base, params, Dataset(**{"name": "emma", **dataset}), {"library": list(library)})


def input_columns(base: Path, tool: str) -> set[str]:
    """The columns that a tool's input has in a real, empty manifest."""
    db = connect(base, create=True)
    try:
        return {column[0] for column in db.execute(sql(f"inputs/{tool}"), {"dataset": "emma"}).description}
    finally:
        db.close()
