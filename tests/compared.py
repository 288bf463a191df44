"""What the tests of Compare look at: a filled manifest with keypoints, a face and somebody else; masks."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from manifest_filled import filled
from PIL import Image

from tools.lighttable.comparing import JOINTS

PERSON, CUTOUT, TWIN, COMPOSITE = 14, 21, 23, 26
"""A person of the first frame, its cut-out, one left out for it, and its composite."""


def points(seen: float = 0.9, faint: float = 0.1) -> list[list[float]]:
    """17 keypoints in a crop of 220 x 620 px: those below the hips are hardly seen, an ear not at all."""
    found = [[100.0 + at, 20.0 + 30 * at, seen if at < 13 else faint] for at in range(len(JOINTS))]
    found[3][2] = 0.0
    return found


def compared(base: Path) -> Path:
    """A filled workspace in which the first person has keypoints and a face, and stands beside somebody."""
    filled(base)
    with sqlite3.connect(base / "manifest.db") as db:
        db.execute(
            """update person set keypoints_json = ?, others_json = '[[400, 10, 500, 300]]', face_x0_px = 80,
            face_y0_px = 20, face_x1_px = 140, face_y1_px = 90 where item_id = ?""",
            (json.dumps(points()), PERSON),
        )
    return base


def mask(path: Path, box: tuple[int, int, int, int], size: tuple[int, int] = (400, 500)) -> bytes:
    """A mask whose subject fills a box (x0, y0, x1, y1); gives its path."""
    image = Image.new("L", size, 0)
    image.paste(255, box)
    image.save(path)
    return bytes(path)
