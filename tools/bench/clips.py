"""The clips that the bench measures on, made from photographs that installed packages carry."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import cv2
import numpy as np

from tools.demo import find_pictures
from tools.media.camera import Film, Pixels, Shot, View, shoot
from tools.media.image import read_rgb

FULL_HD_PX = (1920, 1080)
H264 = {"preset": "veryfast", "crf": "20", "bf": "2", "g": "50"}
"""With B-frames and a key frame every two seconds; some 10 Mbit/s of what is shot here, as a phone writes."""

_ROW_PX, _WALL_PX = 1120, (3360, 2240)
_SHOT_S = 3.0


def full_hd(folder: Path, name: str, seconds: float, first: int = 0) -> Path:
    """Shoot a 1080p H.264 clip: moves over walls of photographs, so that every part of the picture has texture.

    first: the wall to begin with; another one gives another clip.
    """
    pictures = [read_rgb(path) for path in find_pictures().values()]
    walls = {str(number): _wall(pictures[number:] + pictures[:number]) for number in range(len(pictures))}
    shots = []
    for place in range(first, first + max(1, round(seconds / _SHOT_S))):
        start, end = _MOVES[place % len(_MOVES)]
        shots.append(Shot(str(place % len(walls)), min(_SHOT_S, seconds), start, end))
    return shoot(Film(name, *FULL_HD_PX, "libx264", H264, shots), walls, folder)


_MOVES = (
    (View(1000, 560, 1900), View(2300, 1100, 1900)),
    (View(1680, 840, 2900), View(1100, 600, 1500)),
    (View(2400, 1000, 1600), View(2100, 640, 1600)),
    (View(1300, 840, 2400), View(2100, 840, 2400)),
)


def _wall(pictures: Sequence[Pixels]) -> Pixels:
    """Photographs side by side, in rows of one height."""
    width, height = _WALL_PX
    rows = []
    turn = 0
    for _ in range(height // _ROW_PX):
        row: list[Pixels] = []
        while sum(picture.shape[1] for picture in row) < width:
            picture = pictures[turn % len(pictures)]
            size = (round(picture.shape[1] * _ROW_PX / picture.shape[0]), _ROW_PX)
            row.append(cast(Pixels, cv2.resize(picture, size, interpolation=cv2.INTER_AREA)))
            turn += 1
        rows.append(np.hstack(row)[:, :width])
    return cast(Pixels, np.vstack(rows))


def tiny(folder: Path, number: int) -> Iterator[Path]:
    """Write any number of small clips, all of the same pictures and no two with the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    picture = {"astronaut": read_rgb(find_pictures()["astronaut"])}
    film = Film("clip.mp4", 320, 240, "libx264", H264, (Shot("astronaut", 1.0, View(256, 200, 300), View(256, 200, 480)),))
    clip = shoot(film, picture, folder)
    content = clip.read_bytes()
    clip.unlink()
    for place in range(number):
        path = folder / f"{place:06d}.mp4"
        # A box that readers skip: its length, its type, and a number.
        path.write_bytes(content + struct.pack(">I4sQ", 16, b"free", place))
        yield path
