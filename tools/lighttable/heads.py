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

BARE = 0.4
"""Without a face: the upper part of the person's box, so high by its height where it is narrower than that."""


@dataclass(frozen=True)
class Square:
    """A square of a picture, in pixels."""

    x: int
    y: int
    side: int


@dataclass(frozen=True)
class Body:
    """Where somebody is in their crop: the face, None where none shows, and the whole person."""

    face: Box | None
    box: Box


def square(width: int, height: int, body: Body) -> Square:
    """What of a crop shows the head: around the face; without one the upper middle of the box. It lies inside."""
    face, box = body.face, body.box
    if face is not None:
        wanted, middle = AROUND * max(face.width, face.height), (face.x0 + face.x1, face.y0 + face.y1)
    else:
        wanted = min(box.width, BARE * box.height)
        middle = (box.x0 + box.x1, 2 * box.y0 + wanted)
    side = max(1, min(width, height, round(wanted)))
    x, y = (round((twice - side) / 2) for twice in middle)
    return Square(min(max(x, 0), width - side), min(max(y, 0), height - side), side)


def head(pixels: Rgb, body: Body, side_px: int) -> bytes:
    """The head as a JPEG, at most side_px wide and high."""
    from PIL import Image

    from tools.media.image import encode_jpeg

    height, width = pixels.shape[:2]
    part = square(width, height, body)
    cut = pixels[part.y : part.y + part.side, part.x : part.x + part.side]
    if part.side <= side_px:
        return encode_jpeg(cut.copy())
    import numpy as np

    image = Image.fromarray(cut).resize((side_px, side_px), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return encode_jpeg(np.asarray(image))


def _body(db: sqlite3.Connection, item_id: int) -> Body | None:
    """None of what is no person."""
    row = db.execute(sql("pages/people.face"), {"item": item_id}).fetchone()
    if row is None:
        return None
    return Body(Box(*row[:4]) if row[0] is not None else None, Box(*row[4:]))


def _paint(base: Path, shown: Shown, body: Body, size: str) -> bytes:
    import math

    from tools.media.image import read_rgb

    return pictures.remembered(
        base, shown.key, f"face-{size}", lambda: head(read_rgb(shown.path, math.inf), body, SIZES[size])
    )


async def answer(desk: Desk, request: Request) -> Response:
    """The head of the person `item` in `size`; of an item that is no person, and where there is none, 404."""
    size, item_id = request.url_vars["size"], int(request.url_vars["item"])

    def found(db: sqlite3.Connection) -> tuple[Shown | None, Body | None]:
        return pictures.find(db, desk.base, item_id), _body(db, item_id)

    shown, body = await desk.read(found)
    if body is None:
        return Response("There is no such person.", status=404)
    return await pictures.sent(desk, request, shown, f"face-{size}", lambda one: _paint(desk.base, one, body, size))
