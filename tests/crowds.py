"""A workspace with three clusters of people, of some of whom match is unsure, with pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from albums import _number, persons, stocked
from making import Mill
from PIL import Image, ImageDraw

from tools.mill.plan import FOLDERS
from tools.mill.tool import Result, Row

TOLD: dict[int, dict[str, Any]] = {
    0: {"cluster": 1, "identity": "emma", "distance": 0.3, "next_identity": "lea", "next_distance": 0.9},
    1: {"cluster": 1, "identity": "emma", "distance": 0.31, "next_identity": "lea", "next_distance": 0.91},
    2: {"cluster": 1, "identity": "emma", "distance": 0.55, "next_identity": "lea", "next_distance": 0.58},
    3: {"cluster": 2, "identity": "lea", "distance": 0.52, "next_identity": "emma", "next_distance": 0.7},
    4: {"cluster": 2, "identity": "lea", "distance": 0.53, "next_identity": "emma", "next_distance": 0.71},
    5: {"cluster": 3, "identity": "emma", "distance": 0.9, "next_identity": "lea", "next_distance": 0.95},
}
"""What match says of the person of each photograph: sure of two, unsure of three, and one is nobody known."""


def crowded(base: Path) -> dict[int, int]:
    """Fill an empty workspace; returns the id of the person of each photograph."""
    for folder in FOLDERS.values():
        (base / folder).mkdir(parents=True)
    mill = Mill(base)
    stocked(mill)
    match(mill)
    mill.db.execute("update person set face_x0_px = 60, face_y0_px = 50, face_x1_px = 140, face_y1_px = 150")
    found = persons(mill)
    number_of = {item_id: number for number, item_id in found.items()}
    for item_id, name in mill.all("select id, path from item where path is not null"):
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        draw(base / name, number_of.get(item_id, 0))
    mill.db.close()
    return found


def match(mill: Mill, **changes: Any) -> None:
    """Have match say what TOLD says. changes: of every person's measures."""

    def answer(row: Row) -> Result:
        number = _number(mill, row)
        assert number is not None
        return Result(measures={"track": row["address"], "unwanted": 0, "faceless": 0, **TOLD[number], **changes})

    mill.run("match", answer, version=1 + mill.one("select count(*) from run"))


def draw(path: Path, number: int) -> None:
    """A crop of 200 x 600 px: blue, with a red face between (60, 50) and (140, 150)."""
    image = Image.new("RGB", (200, 600), (20, 40, 160 + 10 * number))
    ImageDraw.Draw(image).rectangle((60, 50, 139, 149), (230, 30 + 20 * number, 30))
    image.save(path, "PNG")
