"""What somebody wears, by colour: above and below the waist, told apart by the proportions of a body.

Heights are counted in face heights (brows to chin, 0.65 of a head) from the chin: in an artist's figure of 7.5 heads
the waist lies 2.6 of them below it, the hips 4.6, the ankles 9.2.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tools.describe.colours import family, grouped, lab, shares
from tools.media.geometry import Box

Pixels = NDArray[np.uint8]
Flags = NDArray[np.bool_]

UPPER, LOWER = (0.35, 2.8), (4.4, 8.0)
"""From where to where, in face heights below the chin."""

LOWER_FROM = 5.6
"""How far down a figure must reach at least before anything is said of what is worn below."""

HALF_WIDTH = 1.6
"""Of the body, in face widths: beyond are sleeves at best, and what the mask took along."""

UPPER_SHARES, LOWER_SHARES = (0.20, 0.42), (0.60, 0.85)
"""The same as shares of the height of a whole figure without a visible face."""

MIN_PIXELS = 150
"""Of cloth, less of which say nothing."""

FIRST_SHARE, SECOND_SHARE = 0.4, 0.25
"""Shares of the cloth's pixels from which a colour is named, as the first and as the second."""

ALONE_SHARE = 0.5
"""The same for the first without a face: then skin cannot be told from cloth."""

SKIN_LIKE = frozenset({"beige", "brown", "pink", "orange"})
"""Names that bare legs and arms have too; without a face to compare with they are not given."""

SKIN_DISTANCE = 14.0
"""Pixels nearer than this to the face's median colour, in a and b of CIELAB, are skin."""


class Worn(NamedTuple):
    """Colours by name, the greater share first; () where none stands out. Both alike: one colour from top to toe."""

    upper: tuple[str, ...] = ()
    lower: tuple[str, ...] = ()


def clothes(image: Pixels, face: Box | None, whole: bool) -> Worn:
    """The colours of what the subject wears. image: height x width x 4 uint8. whole: head and feet are in it."""
    opaque = np.asarray(image[..., 3] >= 200)
    rows = np.flatnonzero(opaque.any(axis=1))
    if not rows.size or (face is None and not whole):
        return Worn()
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    if face is None:
        upper, lower = (
            [round(top + share * (bottom - top)) for share in zone] for zone in (UPPER_SHARES, LOWER_SHARES)
        )
        return Worn(_alone(image, _middle(opaque, *upper)), _alone(image, _middle(opaque, *lower)))
    upper, lower = ([round(face.y1 + height * face.height) for height in zone] for zone in (UPPER, LOWER))
    hair = _long_hair(image, opaque, face)
    above = _named(image, _zone(opaque, face, *upper), face, hair)
    seen = bottom >= face.y1 + LOWER_FROM * face.height
    return Worn(above, _named(image, _zone(opaque, face, *lower), face, None)[:1] if seen else ())


def _zone(opaque: Flags, face: Box, top: int, bottom: int) -> Flags:
    """The body between two rows, below the face."""
    x = face.centre[0]
    left, right = max(0, round(x - HALF_WIDTH * face.width)), max(0, round(x + HALF_WIDTH * face.width))
    part = np.zeros_like(opaque)
    part[max(0, top) : max(0, bottom), left:right] = True
    return np.asarray(part & opaque)


def _middle(opaque: Flags, top: int, bottom: int) -> Flags:
    """The figure between two rows, less the outermost columns, where the mask may have taken something along."""
    part = np.zeros_like(opaque)
    columns = np.nonzero(opaque[top:bottom])[1]
    if columns.size:
        left, right = np.percentile(columns, [10, 90]).round().astype(int)
        part[top:bottom, left : right + 1] = True
    return np.asarray(part & opaque)


def _alone(image: Pixels, zone: Flags) -> tuple[str, ...]:
    pixels = image[..., :3][zone]
    if len(pixels) < MIN_PIXELS:
        return ()
    name, share = next(iter(grouped(shares(_some(pixels))).items()))
    return (name,) if share >= ALONE_SHARE and name not in SKIN_LIKE else ()


def _named(image: Pixels, zone: Flags, face: Box, hair: str | None) -> tuple[str, ...]:
    """The first colour, and the second where there is one; none where long hair of that colour may lie on the cloth."""
    pixels = _without_skin(_some(image[..., :3][zone]), image, face)
    if len(pixels) < MIN_PIXELS:
        return ()
    (first, share), *others = grouped(shares(pixels)).items()
    if share < FIRST_SHARE or (hair and family(first) == hair):
        return ()
    second = [name for name, share in others[:1] if share >= SECOND_SHARE and family(name) != hair]
    return (first, *second)


def _some(pixels: Pixels, at_most: int = 20_000) -> Pixels:
    return pixels[:: max(1, len(pixels) // at_most)]


def _long_hair(image: Pixels, opaque: Flags, face: Box) -> str | None:
    """The family of the hair's colour where it falls beside the face, past the ear and past the chin, else None."""
    width, height = 0.4 * face.width, 0.4 * face.height
    above = _box(image, opaque, face.x0, face.y0 - height, face.x1, face.y0)
    if not len(above):
        return None
    hair = family(next(iter(grouped(shares(_some(above))))))
    for x in (face.x0 - width, face.x1):
        tops = (face.y0 + 0.5 * face.height, face.y1 - height / 2)
        if all(_is_hair(_box(image, opaque, x, top, x + width, top + height), hair, width * height) for top in tops):
            return hair
    return None


def _is_hair(pixels: Pixels, hair: str, area_px: float) -> bool:
    """True where a part of the picture is covered, and most of it has the hair's colour."""
    if len(pixels) < 0.3 * area_px:
        return False
    return any(family(name) == hair and share > 0.5 for name, share in grouped(shares(_some(pixels))).items())


def _box(image: Pixels, opaque: Flags, x0: float, y0: float, x1: float, y1: float) -> Pixels:
    rows, columns = slice(max(0, int(y0)), max(0, int(y1))), slice(max(0, int(x0)), max(0, int(x1)))
    return np.asarray(image[rows, columns, :3][opaque[rows, columns]], np.uint8)


def _without_skin(pixels: Pixels, image: Pixels, face: Box) -> Pixels:
    """Neck, arms, legs taken out by the colour of the middle of the face; dark cloth stays, whatever its hue."""
    x, y = face.centre
    half = max(1.0, face.width / 4)
    middle: NDArray[Any] = image[max(0, int(y - half)) : int(y + half), max(0, int(x - half)) : int(x + half), :3]
    if not len(pixels) or not middle.size:
        return pixels
    skin, found = np.median(lab(middle.reshape(-1, 3)), axis=0), lab(pixels)
    near = np.hypot(found[:, 1] - skin[1], found[:, 2] - skin[2]) < SKIN_DISTANCE
    alike = near & (np.abs(found[:, 0] - skin[0]) < 25) & (np.hypot(skin[1], skin[2]) > 8)
    return np.asarray(pixels[~alike], np.uint8)
