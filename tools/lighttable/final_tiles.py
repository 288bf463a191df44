"""Final tiles: the images of a final set as they are shown: narrowed, grouped, each with what a trainer makes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tools.lighttable.finalset import SHOTS, Image, Training, see, why
from tools.training.report import Contents


def matches(row: Image, wanted: Mapping[str, str]) -> bool:
    return all((row[name] or "none") == value for name, value in wanted.items())


def tile(row: Image, viewed: Training, there: Contents) -> dict[str, Any]:
    is_in = row["chosen"] and row["fate"] != 0
    what = [word for word in (row["shot"], row["view"], row["who"]) if word]
    size = f"{row['width']} by {row['height']} px" if row["width"] else "no composite yet"
    return {
        **row,
        **see(row, viewed, there),
        "state": "in" if is_in else "out",
        "what": what,
        "why": why(row),
        "alt": f"image {row['rank'] or row['id']}: {', '.join(what)}, {size}{'' if is_in else ', leaves the set'}",
    }


def groups(tiles: Sequence[Mapping[str, Any]], by: str, viewed: Training) -> list[dict[str, Any]]:
    """The tiles under headings. A bucket's heading tells what the trainer does with it."""
    found: dict[Any, list[Mapping[str, Any]]] = {}
    for tile in tiles:
        key = {"bucket": tile["bucket"], "shot": tile["shot"], "source": tile["source"], "rank": ""}[by]
        found.setdefault(key, []).append(tile)
    steps = {size: made for size, _, made in viewed.buckets}
    order = sorted(found, key=lambda key: (key is None, _place(key, by, found)))
    return [
        {"title": _title(key, by, found[key]), "tiles": found[key], "steps": steps.get(key) if by == "bucket" else None}
        for key in order
    ]


def _place(key: Any, by: str, found: Mapping[Any, Sequence[Any]]) -> tuple[Any, ...]:
    if by == "shot":
        return (SHOTS.index(key),)
    return (-len(found[key]), key or "")


def _title(key: Any, by: str, tiles: Sequence[Mapping[str, Any]]) -> str:
    if by == "bucket":
        return f"{key[0]} × {key[1]}" if key else "not composed yet"
    if by == "source":
        return str(tiles[0]["source_name"] or key)
    return str(key)
