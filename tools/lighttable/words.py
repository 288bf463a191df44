"""Words: what templates write: numbers, names, addresses of pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tools.mill.words import clean, duration, figure, moment, percent, volume

STATIC = Path(__file__).parent / "static"


@cache
def stamp(name: str) -> str:
    """The address of a static file, with what makes a browser fetch it again when it has changed."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/-/table/{name}?v={digest}"


def picture(item_id: int, version: str, size: int | str = 256) -> str:
    """The address of an item's picture in one of pictures.SIZES."""
    return f"/-/picture/{item_id}/{size}?v={version}"


def plain(word: str | None) -> str:
    """A column's or a reason's name as people read it."""
    return (word or "").replace("_", " ")


def thousands(number: int | None) -> str:
    return f"{number or 0:,}".replace(",", "\u202f")


FILTERS: Mapping[str, Callable[..., Any]] = {
    "figure": figure,
    "clean": clean,
    "duration": duration,
    "moment": moment,
    "percent": percent,
    "volume": volume,
    "plain": plain,
    "thousands": thousands,
}
