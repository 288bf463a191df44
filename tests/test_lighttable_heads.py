"""Reference photos on the People page: the face that match would find, as large as everybody else's."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from lighting import Visitor, rows
from making import Mill
from PIL import Image
from workspaces import ROOT

from tools.lighttable.heads import Square, pictured

GREEN = (0, 200, 0)


def portrait() -> Image.Image:
    path = ROOT.parent / "shared" / "faces" / "known" / "obama" / "obama.jpg"
    if not path.exists():
        pytest.skip("../shared/faces is absent")
    return Image.open(path).convert("RGB")


def hidden(photo: Image.Image) -> Image.Image:
    """The photo in the lower right corner of a green picture four times as large."""
    canvas = Image.new("RGB", (2 * photo.width, 2 * photo.height), GREEN)
    canvas.paste(photo, (photo.width, photo.height))
    return canvas


def green(image: Image.Image) -> float:
    """The share of a picture that is green."""
    red, other, _ = np.moveaxis(np.asarray(image.convert("RGB")).astype(int), 2, 0)
    return float(((other - red) > 120).mean())


def test_a_reference_photo_is_shown_by_its_face(tmp_path: Path) -> None:
    photo = portrait()
    mill = Mill(tmp_path / "known")
    mill.put("face.png", folder="00_reference_faces/emma")
    hidden(photo).save(mill.base / "00_reference_faces" / "emma" / "face.png")
    mill.run("intake")
    mill.db.close()
    visitor = Visitor(mill.base)
    reference = rows(mill.base, "select id from item where kind = 'reference'")[0][0]
    whole = Image.open(io.BytesIO(visitor.ask(f"/-/picture/{reference}/256").content))
    answer = visitor.ask(f"/-/people/face/{reference}/256")
    again = visitor.ask(f"/-/people/face/{reference}/256", headers={"if-none-match": answer.headers["etag"]})
    visitor.close()
    assert green(whole) > 0.7
    face = Image.open(io.BytesIO(answer.content))
    assert face.width == face.height
    assert green(face) == 0.0
    assert again.status_code == 304


def test_the_square_lies_around_the_face() -> None:
    photo = portrait()
    part, moved = pictured(np.asarray(photo)), pictured(np.asarray(hidden(photo)))
    assert part.side < photo.width
    eyes = (0.54 * photo.width, 0.19 * photo.height)  # by eye
    assert part.x < eyes[0] < part.x + part.side
    assert part.y < eyes[1] < part.y + part.side
    assert moved.x - photo.width == pytest.approx(part.x, abs=0.1 * part.side)
    assert moved.y - photo.height == pytest.approx(part.y, abs=0.1 * part.side)


@pytest.mark.parametrize(("size", "wanted"), [((640, 360), Square(140, 0, 360)), ((300, 500), Square(0, 100, 300))])
def test_without_a_face_the_middle_is_shown(size: tuple[int, int], wanted: Square) -> None:
    assert pictured(np.full((size[1], size[0], 3), 120, np.uint8)) == wanted
