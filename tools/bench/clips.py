"""The clips that the bench measures on, made from photographs that installed packages carry."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import cv2
import numpy as np

from tools.demo import PICTURES, find_pictures
from tools.media.camera import Film, Pixels, Shot, View, shoot
from tools.media.image import read_rgb

FULL_HD_PX, TINY_PX = (1920, 1080), (320, 240)
H264 = {"preset": "veryfast", "crf": "20", "bf": "2", "g": "50"}
"""With B-frames, and a key frame every two seconds at least."""

_ROW_PX, _WALL_PX = 1120, (3360, 2240)
"""Photographs as high as the film: one or two fill the picture, as in footage of people."""

_SHOT_S = 3.0
_MOVES = (
    (View(1000, 560, 1900), View(2300, 1500, 1900)),
    (View(1680, 1120, 2900), View(1100, 700, 1500)),
    (View(2400, 1400, 1600), View(2100, 640, 1600)),
    (View(1300, 1100, 2400), View(2100, 1300, 2400)),
)


def full_hd(folder: Path, name: str, seconds: float, showing: Sequence[str] = tuple(PICTURES), first: int = 0) -> Path:
    """Shoot a 1080p H.264 clip: moves over walls of photographs, so that every part of the picture has texture.

    showing: the names of the photographs, of which those count that are there; first: with which to begin.
    """
    there = find_pictures()
    pictures = [read_rgb(there[name]) for name in showing if name in there]
    pictures = pictures[first % len(pictures) :] + pictures[: first % len(pictures)]
    walls = {str(number): _wall(pictures[number:] + pictures[:number]) for number in range(len(pictures))}
    shots = []
    for place in range(max(1, round(seconds / _SHOT_S))):
        start, end = _MOVES[place % len(_MOVES)]
        shots.append(Shot(str(place % len(walls)), min(_SHOT_S, seconds), start, end))
    return shoot(Film(name, *FULL_HD_PX, "libx264", H264, shots), walls, folder)


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


def tiny(folder: Path, number: int) -> None:
    """Write any number of small clips of a second: all of the same pictures, and no two of the same bytes."""
    folder.mkdir(parents=True)
    astronaut = {"astronaut": read_rgb(find_pictures()["astronaut"])}
    zoom = Shot("astronaut", 1.0, View(256, 200, 300), View(256, 200, 480))
    clip = shoot(Film("clip.mp4", *TINY_PX, "libx264", H264, (zoom,)), astronaut, folder)
    content = clip.read_bytes()
    clip.unlink()
    for place in range(number):
        # A box that readers skip: its length, its type, and a number.
        (folder / f"{place:06d}.mp4").write_bytes(content + struct.pack(">I4sQ", 16, b"free", place))
