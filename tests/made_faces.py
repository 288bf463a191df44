"""Made-up persons for tests of identity: rows as sql/inputs/match.sql gives them, faces as points."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = list[dict[str, Any]]

RED, BLUE = bytes([255] + [0] * 63), bytes([0] * 63 + [255])
"""Colours of clothes that share nothing."""


def face(*place: float) -> NDArray[np.float32]:
    """A point by its first coordinates; the others are 0."""
    return np.pad(np.array(place, np.float32), (0, 128 - len(place)))


def person(
    time_s: float = 0.0,
    face: NDArray[np.float32] | None = None,
    *,
    source: str = "clip",
    x_px: float = 0.0,
    shot: int = 0,
    view: str | None = "front",
    worn: bytes = RED,
    said: str | None = None,
    height_px: float = 100.0,
) -> dict[str, Any]:
    """A person 200 px wide and 600 px high; the address tells source, time and place."""
    address = f"{source}/t{time_s:013.6f}/p{round(x_px):04d}-0500"
    box = {"box_x0_px": x_px, "box_y0_px": 0.0, "box_x1_px": x_px + 200, "box_y1_px": 600.0}
    seen = {"embedding": None, "face_height_px": None, "view": None}
    if face is not None:
        seen = {"embedding": face.astype("<f4").tobytes(), "face_height_px": height_px, "view": view}
    told = {"said": said, "said_by": None, "said_id": None, "pinned": False, "excluded": False}
    where = {"item_id": hash_of(address), "kind": "person", "address": address, "time_s": time_s, "shot": shot}
    return {**where, **box, **seen, **told, "colours": worn}


def hash_of(address: str) -> int:
    """An id for an address, the same in every run."""
    import zlib

    return zlib.crc32(address.encode())
