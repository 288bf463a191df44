"""Draws a contact sheet: tiles in rows, each with its lines of text below, under the titles of their groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Pixels = NDArray[np.uint8]

GROUND, INK, FAINT = (24, 24, 27), (235, 235, 238), (160, 160, 168)
GREY = 127
"""What stands behind a cut-out: neither its dark nor its light edges vanish on it."""

GAP_PX, LINE_PX, TEXT_PX, TITLE_PX = 10, 17, 13, 20


@dataclass(frozen=True)
class Tile:
    """One picture of a sheet. image: height x width x 3 (RGB) or 4 (straight alpha) uint8, of any size.

    lines: what stands below it, the first brightest; a line that is too long for its tile is cut with an ellipsis.
    group: tiles that follow each other with the same one stand together under it as their title; empty: no title.
    """

    image: Pixels
    lines: tuple[str, ...] = ()
    group: str = ""


def contact_sheet(tiles: Sequence[Tile], title: str = "", columns: int = 6, side_px: int = 240) -> Pixels:
    """Draw the tiles, in their order: height x width x 3 uint8.

    side_px: of the square that each picture is fitted into, shrunk or enlarged. Without tiles the sheet has its title
    alone. A JPEG holds 65,500 px of height: about 1,200 tiles in six columns.
    """
    rows = _rows(tiles, columns)
    heights = [_row_height(row, side_px) for _, row in rows]
    titles = [TITLE_PX + GAP_PX if group else 0 for group, _ in rows]
    head = TITLE_PX + 2 * GAP_PX if title else GAP_PX
    width = columns * (side_px + GAP_PX) + GAP_PX
    sheet = Image.new("RGB", (width, head + sum(heights) + sum(titles) + GAP_PX), GROUND)
    pen = ImageDraw.Draw(sheet)
    _write(pen, (GAP_PX, GAP_PX), title, TITLE_PX, INK, width - 2 * GAP_PX)
    top = head
    for (group, row), height, room in zip(rows, heights, titles, strict=True):
        _write(pen, (GAP_PX, top), group, TITLE_PX, INK, width - 2 * GAP_PX)
        for column, tile in enumerate(row):
            _draw(sheet, pen, tile, (GAP_PX + column * (side_px + GAP_PX), top + room), side_px)
        top += room + height
    return np.asarray(sheet, np.uint8)


def on_grey(image: Pixels) -> Pixels:
    """An opaque picture as it is, a cut-out over mid grey: height x width x 3 uint8."""
    if image.shape[2] == 3:
        return image
    alpha = image[..., 3:].astype(np.float32) / np.float32(255)
    return np.asarray(np.rint(image[..., :3] * alpha + GREY * (1 - alpha)), np.uint8)


def _rows(tiles: Sequence[Tile], columns: int) -> list[tuple[str, Sequence[Tile]]]:
    """The tiles of each row, with the group's title where one begins."""
    found: list[tuple[str, Sequence[Tile]]] = []
    for group, members in groupby(tiles, key=lambda tile: tile.group):
        together = list(members)
        starts = range(0, len(together), columns)
        found += [("" if start else group, together[start : start + columns]) for start in starts]
    return found


def _row_height(row: Sequence[Tile], side_px: int) -> int:
    return side_px + max(len(tile.lines) for tile in row) * LINE_PX + 2 * GAP_PX


def _draw(sheet: Image.Image, pen: ImageDraw.ImageDraw, tile: Tile, corner: tuple[int, int], side_px: int) -> None:
    picture = fitted(on_grey(tile.image), side_px)
    height, width = picture.shape[:2]
    sheet.paste(Image.fromarray(picture), (corner[0] + (side_px - width) // 2, corner[1] + (side_px - height) // 2))
    for number, line in enumerate(tile.lines):
        where = corner[0], corner[1] + side_px + 4 + number * LINE_PX
        _write(pen, where, line, TEXT_PX, FAINT if number else INK, side_px)


def fitted(image: Pixels, side_px: int) -> Pixels:
    """A picture of height x width x 3 uint8 as large as it can be in a square of side_px."""
    height, width = image.shape[:2]
    factor = side_px / max(height, width)
    size = max(1, round(width * factor)), max(1, round(height * factor))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size, interpolation=method), np.uint8)


def _write(
    pen: ImageDraw.ImageDraw, where: tuple[int, int], text: str, size: int, ink: tuple[int, int, int], width_px: int
) -> None:
    font = _font(size)
    if font.getlength(text) > width_px:
        while text and font.getlength(f"{text}…") > width_px:
            text = text[:-1]
        text = f"{text}…"
    pen.text(where, text, ink, font)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    """Pillow's own font, which is there wherever Pillow is built with FreeType, as its wheels are."""
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise RuntimeError("This Pillow cannot draw text (it has no FreeType). Install Pillow from its wheels.")
    return font
