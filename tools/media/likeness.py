"""How alike two cut-outs look, from a small embedding of each: brightness pattern, colours, edges, outline.

64 float32, little-endian, 256 bytes, each block scaled so that the Euclidean distance of two embeddings lies between 0
(the same) and 1:

    0 to 15   brightness of 4 x 4 cells against the subject's mean (what perceptual hashes take the signs of)
    16 to 39  colours: 8 hues, each dark and light, then 8 greys; square roots of shares, so that distances are
              Hellinger's
    40 to 55  edges: 4 directions in each quarter of the subject (histograms of oriented gradients, Dalal and Triggs
              2005, coarsely); square roots of shares
    56 to 63  outline: opacity of 2 x 4 cells of the bounding box
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

DIMENSIONS = 64

_SIDE_PX = 64
_SHARES = {"brightness": 0.3, "colour": 0.3, "edges": 0.2, "outline": 0.2}
_GREY_BELOW = 0.15
"""Saturation under which a pixel has no hue worth the name."""

Floats = NDArray[np.floating[Any]]


def embed(rgba: NDArray[np.uint8]) -> bytes:
    """The embedding of a cut-out: height x width x 4 uint8, straight alpha. All zeros where nothing is opaque."""
    opaque = rgba[..., 3] >= 128
    rows, columns = np.flatnonzero(opaque.any(axis=1)), np.flatnonzero(opaque.any(axis=0))
    if not rows.size:
        return np.zeros(DIMENSIONS, "<f4").tobytes()
    part = rgba[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float32) / np.float32(255)
    weighted = np.dstack([part[..., :3] * part[..., 3:], part[..., 3]])
    small = np.asarray(cv2.resize(weighted, (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_AREA), np.float32)
    alpha = small[..., 3]
    colour = small[..., :3] / np.maximum(alpha, 1e-6)[..., None]
    luma = colour @ np.array([0.299, 0.587, 0.114], np.float32)
    blocks = {
        "brightness": _brightness(luma, alpha),
        "colour": _colours(colour, alpha) / np.sqrt(2),
        "edges": _edges(luma, alpha) / np.sqrt(2),
        "outline": _cells(alpha, 4, 2).ravel() / np.sqrt(8),
    }
    scaled = [values * np.sqrt(_SHARES[name]) for name, values in blocks.items()]
    return np.concatenate(scaled).astype("<f4").tobytes()


def vector(embedding: bytes) -> Floats:
    """The 64 numbers of an embedding. Raises ValueError for bytes of another length."""
    if len(embedding) != 4 * DIMENSIONS:
        raise ValueError(f"A likeness has {4 * DIMENSIONS} bytes, not {len(embedding)}. Measure the cutout again.")
    return np.frombuffer(embedding, "<f4")


def distance(first: bytes, second: bytes) -> float:
    """0 for the same picture, at most 1."""
    return float(np.linalg.norm(vector(first) - vector(second)))


def _cells(values: Floats, rows: int, columns: int) -> Floats:
    """Means of rows x columns equal cells."""
    height, width = values.shape
    return np.asarray(values.reshape(rows, height // rows, columns, width // columns).mean(axis=(1, 3)))


def _brightness(luma: Floats, alpha: Floats) -> Floats:
    mean = float((luma * alpha).sum() / alpha.sum())
    return _cells((luma - np.float32(mean)) * alpha, 4, 4).ravel() / np.float32(4)


def _colours(colour: Floats, alpha: Floats) -> Floats:
    hsv = cv2.cvtColor(np.clip(colour, 0, 1), cv2.COLOR_RGB2HSV)
    hue, saturation, value = hsv[..., 0] / 45, hsv[..., 1], hsv[..., 2]
    light = (value > 0.5).astype(np.int64)
    coloured = 2 * (np.floor(hue + 0.5).astype(np.int64) % 8) + light
    grey = 16 + np.minimum((value * 8).astype(np.int64), 7)
    bins = np.where((saturation < _GREY_BELOW) | (value < 0.15), grey, coloured)
    return _root_shares(np.asarray(np.bincount(bins.ravel(), alpha.ravel(), 24), np.float64))


def _edges(luma: Floats, alpha: Floats) -> Floats:
    filled = luma * alpha + np.float32(0.5) * (1 - alpha)
    across = cv2.Sobel(filled, cv2.CV_32F, 1, 0)
    down = cv2.Sobel(filled, cv2.CV_32F, 0, 1)
    strength = np.hypot(across, down) * alpha
    direction = np.floor(np.arctan2(down, across) / np.pi * 4 + 0.5).astype(np.int64) % 4
    quarter = np.arange(_SIDE_PX) // (_SIDE_PX // 2)
    bins = 4 * (2 * quarter[:, None] + quarter[None, :]) + direction
    return _root_shares(np.asarray(np.bincount(bins.ravel(), strength.ravel(), 16), np.float64))


def _root_shares(counts: NDArray[np.float64]) -> Floats:
    return np.sqrt(counts / max(float(counts.sum()), 1e-9))
