"""Workspaces full of people, for the engines that run networks: windows of labelled photographs, and what lies below.

The networks and the photographs are no part of the project. They lie in ../shared, and the small pose network knows the
people of exactly these photographs.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import cv2

from tools.bench.programs import said, tool
from tools.bench.result import Missing
from tools.mill.manifest import NAME, connect
from tools.mill.plan import FOLDERS
from tools.mill.settings import ROOT

SHARED = ROOT.parent / "shared"
POSES, PORTRAITS = SHARED / "models" / "yolo11n-pose-overfit.pt", SHARED / "models" / "portrait-u2net-320.onnx"
SIDE_PX, IMGSZ_PX, KEEP = 1280, 448, 0.3

_LEAST = 0.84
"""Sides of the smallest window, as a share of the photograph's: smaller ones lose people."""

_CONFIG = f"""\
[intake]
min_side = 240
[extract]
identical = 0.0
[detect]
engine = "yolo"
weights = "{POSES}"
imgsz = {IMGSZ_PX}
keep_confidence = {KEEP}
device = "DEVICE"
min_height_px = 32
min_relative_height = 0.0
min_relative_sharpness = 0.0
[embed]
jitters = 1
jitters_small = 1
[mask]
engine = "rembg"
model = "u2net_custom"
weights = "{PORTRAITS}"
device = "DEVICE"
"""
"""People of all sizes pass; who they are is found the quick way, since nobody asks here."""


def workspace(base: Path, number: int, device: str, tools: Sequence[str]) -> None:
    """A workspace of so many photographs through which some tools have gone.

    device: of both networks, as in the settings. Raises Missing where the photographs or the networks are not there.
    """
    sources = sorted((SHARED / "coco").glob("*.jpg"))
    lacking = [path for path in (POSES, PORTRAITS) if not path.is_file()]
    if not sources or lacking:
        raise Missing(f"{lacking[0] if lacking else SHARED / 'coco'} is not there: the networks are measured on it")
    photos = base / FOLDERS["photo"]
    photos.mkdir(parents=True)
    (base / "config.toml").write_text(_CONFIG.replace("DEVICE", device), encoding="utf-8")
    for place in range(number):
        _window(sources[place % len(sources)], place // len(sources), photos / f"{place:04d}.jpg")
    for name in tools:
        said(tool(name, base, "--quiet"))


def _window(source: Path, turn: int, target: Path) -> None:
    """Write a window of a photograph, enlarged; another one each turn, its place and size by irrational steps."""
    picture = cv2.imread(str(source))
    if picture is None:
        raise Missing(f"{source} cannot be read")
    height, width = picture.shape[:2]
    share = _LEAST + (1.0 - _LEAST) * (turn * 0.6180 % 1)
    x, y = (round(side * (turn * step % 1) * (1 - share)) for side, step in ((width, 0.7549), (height, 0.5698)))
    cut = picture[y : y + round(height * share), x : x + round(width * share)]
    scale = SIDE_PX / max(cut.shape[:2])
    large = cv2.resize(cut, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    if not cv2.imwrite(str(target), large, [cv2.IMWRITE_JPEG_QUALITY, 95]):
        raise Missing(f"{target} cannot be written")


@contextmanager
def fresh(base: Path) -> Iterator[Path]:
    """A copy of a workspace for the time of the block: its files by hard links, its manifest as a file of its own."""
    with tempfile.TemporaryDirectory(dir=base.parent) as name:
        place = Path(name) / "workspace"
        shutil.copytree(base, place, copy_function=os.link, ignore=shutil.ignore_patterns(f"{NAME}*"))
        with closing(connect(base)) as db, closing(sqlite3.connect(place / NAME)) as copy:
            db.backup(copy)
        yield place


def flat(files: Sequence[Path], folder: Path) -> Path:
    """A new folder with these files in it, by hard links and numbers for names, as peers want their input."""
    folder.mkdir()
    for place, file in enumerate(files):
        os.link(file, folder / f"{place:05d}{file.suffix}")
    return folder


def asked(base: Path, question: str) -> list[dict[str, Any]]:
    """Rows of the manifest of a workspace."""
    with closing(connect(base)) as db:
        return [dict(row) for row in db.execute(question)]
