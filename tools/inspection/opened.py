"""Opened: what is wrong with a file, as sentences; nothing where it is sound. Whether it is good is not asked.

Each function gets a row of a check (path and sizes) and the workspace's folder, and runs in a worker's thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.inspection.rim import outlined
from tools.media.errors import MediaError
from tools.media.image import read_rgb, read_rgba

Row = Mapping[str, Any]
Pixels = NDArray[np.uint8]
ANY_SIZE = float("inf")

MAX_OUTLINED = 0.35
"""Share of the rim that may be lighter, or darker, than both sides of it: 17 composites of the clips have at most 0.13,
the same with a white line drawn around them 0.48 and more."""


def picture(row: Row, base: Path) -> list[str]:
    """Row: path, width, height. It opens to its end and has the size that its row says."""
    pixels = _pixels(base / row["path"])
    return [pixels] if isinstance(pixels, str) else _sized(pixels, row)


def cutout(row: Row, base: Path) -> list[str]:
    """The same, and its alpha is not constant."""
    pixels = _pixels(base / row["path"], alpha=True)
    return [pixels] if isinstance(pixels, str) else _sized(pixels, row) + _constant(pixels[..., 3], "Its alpha")


def composite(row: Row, base: Path) -> list[str]:
    """Row: also mask_path. The image and its mask are sound, of one size, and the mask is not constant."""
    pixels, mask = _pixels(base / row["path"]), _pixels(base / row["mask_path"])
    if isinstance(pixels, str):
        return [pixels]
    if isinstance(mask, str):
        return [f"Its mask: {mask}"]
    found = _sized(pixels, row) + _constant(mask[..., 0], "Its mask")
    if mask.shape != pixels.shape:
        found.append(f"Its mask is {_size(mask)}, itself {_size(pixels)}.")
    return found


def halo(row: Row, base: Path) -> list[str]:
    """Row: path, mask_path. No line that is lighter or darker than both sides runs around the subject.

    A file that does not open is said by `composite`.
    """
    pixels, mask = _pixels(base / row["path"]), _pixels(base / row["mask_path"])
    if isinstance(pixels, str) or isinstance(mask, str) or mask.shape != pixels.shape:
        return []
    share = outlined(pixels, mask[..., 0])
    if share is None or share <= MAX_OUTLINED:
        return []
    return [f"A line runs along {share:.0%} of the subject's rim, lighter or darker than both of its sides."]


def pair(row: Row, base: Path) -> list[str]:
    """Row: path of the image. Image, mask and caption lie beside one another; the caption is one line with words."""
    from tools.training.names import files_of

    image = Path(row["path"])
    picture_name, mask_name, text_name = files_of(image.stem)
    folder = base / image.parent
    found = []
    for what, name in (("The image", picture_name), ("The mask", mask_name)):
        pixels = _pixels(folder / name)
        if isinstance(pixels, str):
            found.append(f"{what}: {pixels}")
    try:
        text = (folder / text_name).read_text(encoding="utf-8")
    except FileNotFoundError:
        return [*found, "The caption is not there."]
    except UnicodeDecodeError:
        return [*found, "The caption is not UTF-8."]
    if not text.strip():
        found.append("The caption is empty.")
    elif "\n" in text.strip("\n"):
        found.append("The caption has several lines; trainers read one.")
    return found


def _pixels(path: Path, *, alpha: bool = False) -> Pixels | str:
    """The pixels of a picture, or a sentence about why there are none."""
    try:
        if not path.stat().st_size:
            return "It has no bytes."
        return read_rgba(path, ANY_SIZE) if alpha else read_rgb(path, ANY_SIZE)
    except FileNotFoundError:
        return "It is not there."
    except MediaError as error:
        return f"It cannot be opened: {error.detail}"


def _sized(pixels: Pixels, row: Row) -> list[str]:
    wanted = f"{row['width']}×{row['height']}"
    return [] if _size(pixels) == wanted else [f"It is {_size(pixels)}, its row says {wanted}."]


def _size(pixels: Pixels) -> str:
    return f"{pixels.shape[1]}×{pixels.shape[0]}"


def _constant(values: Pixels, what: str) -> list[str]:
    low, high = int(values.min()), int(values.max())
    return [f"{what} is {low} everywhere."] if low == high else []


INSPECTORS: Mapping[str, Callable[[Row, Path], list[str]]] = {
    "picture": picture,
    "cutout": cutout,
    "composite": composite,
    "halo": halo,
    "pair": pair,
}
"""By the word that a check's comment says behind `Opens:`."""
