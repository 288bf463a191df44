"""Heads: a face with a little room around it, as a square of a fixed size, of a person or a reference photo by id."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from datasette.utils.asgi import Request, Response

from tools.lighttable import pictures
from tools.lighttable.desk import Desk
from tools.lighttable.pictures import Shown
from tools.media.geometry import Box, Rgb
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


def pictured(pixels: Rgb) -> Square:
    """What of a reference photo shows the head: the largest face that match would find; without one its middle."""
    from tools.engines.faces import sure
    from tools.engines.hog import Hog

    height, width = pixels.shape[:2]
    faces = sure(Hog(), pixels)
    if faces:
        return square(width, height, Body(faces[0], faces[0]))
    side = min(width, height)
    return Square((width - side) // 2, (height - side) // 2, side)


def head(pixels: Rgb, part: Square, side_px: int) -> bytes:
    """That part of a picture as a JPEG, at most side_px wide and high."""
    from PIL import Image

    from tools.media.image import encode_jpeg

    cut = pixels[part.y : part.y + part.side, part.x : part.x + part.side]
    if part.side <= side_px:
        return encode_jpeg(cut.copy())
    import numpy as np

    image = Image.fromarray(cut).resize((side_px, side_px), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return encode_jpeg(np.asarray(image))


@dataclass(frozen=True)
class Place:
    """Of whom there is a head. body: None of a reference photo, where it is looked for in the picture."""

    body: Body | None


def _place(db: sqlite3.Connection, item_id: int) -> Place | None:
    """None of what is neither a person nor a reference photo."""
    row = db.execute(sql("pages/people.face"), {"item": item_id}).fetchone()
    if row is None:
        return None
    if row["kind"] == "reference":
        return Place(None)
    return Place(Body(Box(*row[1:5]) if row[1] is not None else None, Box(*row[5:])))


def _paint(base: Path, shown: Shown, place: Place, size: str) -> bytes:
    import math

    from tools.media.image import read_rgb

    def made() -> bytes:
        pixels = read_rgb(shown.path, math.inf)
        height, width = pixels.shape[:2]
        part = square(width, height, place.body) if place.body else pictured(pixels)
        return head(pixels, part, SIZES[size])

    return pictures.remembered(base, shown.key, f"face-{size}", made)


async def answer(desk: Desk, request: Request) -> Response:
    """The head of the person or reference photo `item` in `size`; of another item, and where there is none, 404."""
    size, item_id = request.url_vars["size"], int(request.url_vars["item"])

    def found(db: sqlite3.Connection) -> tuple[Shown | None, Place | None]:
        return pictures.find(db, desk.base, item_id), _place(db, item_id)

    shown, place = await desk.read(found)
    if place is None:
        return Response("There is no such person.", status=404)
    return await pictures.sent(desk, request, shown, f"face-{size}", lambda one: _paint(desk.base, one, place, size))
