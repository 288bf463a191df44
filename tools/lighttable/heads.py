"""Heads: a person's face with a little room around it, as a square of a fixed size, by the person's id."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from datasette.utils.asgi import Request, Response

from tools.engines.protocols import Box, Rgb
from tools.lighttable import pictures
from tools.lighttable.desk import Desk
from tools.lighttable.pictures import Shown
from tools.mill.manifest import sql

SIZES: Mapping[str, int] = {"128": 128, "256": 256, "512": 512}
"""The side in pixels. A smaller head is not made larger."""

AROUND = 2.0
"""The side of the square by the longer side of the face, which spans brow to chin."""

BARE = 0.45
"""Without a face: the top of the crop, so high by its height where it is narrower than that."""


@dataclass(frozen=True)
class Square:
    """A square of a picture, in pixels."""

    x: int
    y: int
    side: int


def square(width: int, height: int, face: Box | None) -> Square:
    """What of a crop shows the head: around the face, moved to lie inside; without one its upper middle."""
    if face is None:
        side = min(width, height, max(1, round(BARE * height)))
        return Square((width - side) // 2, 0, side)
    side = max(1, min(width, height, round(AROUND * max(face.width, face.height))))
    x = round((face.x0 + face.x1 - side) / 2)
    y = round((face.y0 + face.y1 - side) / 2)
    return Square(min(max(x, 0), width - side), min(max(y, 0), height - side), side)


def head(pixels: Rgb, face: Box | None, side_px: int) -> bytes:
    """The head as a JPEG, at most side_px wide and high."""
    from PIL import Image

    from tools.media.image import encode_jpeg

    height, width = pixels.shape[:2]
    part = square(width, height, face)
    cut = pixels[part.y : part.y + part.side, part.x : part.x + part.side]
    if part.side <= side_px:
        return encode_jpeg(cut.copy())
    import numpy as np

    image = Image.fromarray(cut).resize((side_px, side_px), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return encode_jpeg(np.asarray(image))


def _face(db: sqlite3.Connection, item_id: int) -> Box | None:
    row = db.execute(sql("pages/people.face"), {"item": item_id}).fetchone()
    return None if row is None or row[0] is None else Box(*row)


def _paint(base: Path, shown: Shown, face: Box | None, size: str) -> bytes:
    import math

    from tools.media.image import read_rgb

    return pictures.remembered(
        base, shown.key, f"face-{size}", lambda: head(read_rgb(shown.path, math.inf), face, SIZES[size])
    )


async def answer(desk: Desk, request: Request) -> Response:
    """The head of the person `item` in `size`; of an item that is no person, and where there is none, 404."""
    size, item_id = request.url_vars["size"], int(request.url_vars["item"])

    def found(db: sqlite3.Connection) -> tuple[Shown | None, Box | None]:
        kind = db.execute("select kind from item where id = ?", (item_id,)).fetchone()
        if kind is None or kind["kind"] != "person":
            return None, None
        return pictures.find(db, desk.base, item_id), _face(db, item_id)

    shown, face = await desk.read(found)
    return await pictures.sent(desk, request, shown, f"face-{size}", lambda one: _paint(desk.base, one, face, size))
