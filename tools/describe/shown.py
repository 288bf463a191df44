"""What is shown to a model elsewhere: the cut-out alone, on plain grey, no larger than it needs to be."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

VERSION = "grey-1"
"""Raised when the same cut-out would be shown differently."""

GREY = 128
MARGIN = 0.04
"""Of the longer side, around the figure."""

MIN_SIDE_PX = 64
QUALITY = 92
MIME_TYPE = "image/jpeg"


def shown(image: NDArray[np.uint8], side_px: int) -> bytes:
    """A JPEG of an image, its longer side at most side_px.

    image: height x width x 4 uint8, of which only what is opaque is shown, or height x width x 3, shown whole.
    """
    if image.shape[2] == 3:
        image = np.dstack([image, np.full(image.shape[:2], 255, np.uint8)])
    part = _figure(image)
    alpha = part[..., 3:].astype(np.float32) / 255
    laid = part[..., :3].astype(np.float32) * alpha + GREY * (1 - alpha)
    laid = _bordered(_shrunk(laid, side_px), side_px)
    done, file = cv2.imencode(
        ".jpg", cv2.cvtColor(laid.round().astype(np.uint8), cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    )
    if not done:
        raise ValueError(f"An image of {laid.shape[1]} x {laid.shape[0]} px could not be encoded.")
    return file.tobytes()


def _figure(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The rectangle around what is not transparent; the whole image where everything is."""
    rows, columns = np.flatnonzero(image[..., 3].any(axis=1)), np.flatnonzero(image[..., 3].any(axis=0))
    if not rows.size:
        return image
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _shrunk(picture: NDArray[Any], side_px: int) -> NDArray[Any]:
    height, width = picture.shape[:2]
    scale = side_px / (max(height, width) * (1 + 2 * MARGIN))
    if scale >= 1:
        return picture
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def _bordered(picture: NDArray[Any], side_px: int) -> NDArray[Any]:
    """A margin of grey, and a canvas no smaller than services take, in both directions."""
    height, width = picture.shape[:2]
    edge = min(round(MARGIN * max(height, width)), max(0, (side_px - max(height, width)) // 2))
    down, across = (max(edge, -(-(MIN_SIDE_PX - length) // 2)) for length in (height, width))
    border = cv2.copyMakeBorder(picture, down, down, across, across, cv2.BORDER_CONSTANT, value=(GREY, GREY, GREY))
    return np.asarray(border)
