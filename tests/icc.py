"""Small ICC profiles made from their specification (ICC.1:2001-04), and what they mean, computed without a library.

A matrix profile is three primaries and a gamma. A CMYK profile holds a table of 2x2x2x2 nodes; ours is affine in the
inks, so that every way of interpolating in it gives the same.
"""

from __future__ import annotations

import struct
from itertools import product

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

D50 = np.array([0.9642, 1.0, 0.8249])
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
D65_XY = (0.3127, 0.3290)
SRGB_XY = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
ADOBE_RGB_XY = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
ADOBE_RGB_GAMMA = 563 / 256
PAPER_TO_INK = np.array([[-20.0, -30.0, -8.0, -42.0], [-24.0, 40.0, -16.0, 0.0], [-22.0, -10.0, 32.0, 0.0]])
"""What full C, M, Y and K (columns) add to L, a and b of white paper (100, 0, 0); all four together make black."""


def matrix_of(primaries: tuple[tuple[float, float], ...], white: tuple[float, float] = D65_XY) -> Floats:
    """Linear RGB to XYZ of D50, 3x3: primaries scaled to their white, which Bradford's method then adapts."""
    columns = np.array([[x / y, 1.0, (1 - x - y) / y] for x, y in primaries]).T
    white_xyz = np.array([white[0] / white[1], 1.0, (1 - white[0] - white[1]) / white[1]])
    to_xyz = columns * np.linalg.solve(columns, white_xyz)
    cones = (BRADFORD @ D50) / (BRADFORD @ white_xyz)
    return np.linalg.inv(BRADFORD) @ np.diag(cones) @ BRADFORD @ to_xyz


def srgb_of_xyz(xyz: Floats) -> Floats:
    """XYZ of D50 (...x3) to sRGB values 0 to 255, not rounded (IEC 61966-2-1)."""
    linear = np.clip(xyz @ np.linalg.inv(matrix_of(SRGB_XY)).T, 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055) * 255


def lab_of_inks(inks: Floats) -> Floats:
    """What our CMYK profile says of inks 0 to 1 (...x4): CIE L, a, b."""
    return np.array([100.0, 0, 0]) + inks @ PAPER_TO_INK.T


def xyz_of_lab(lab: Floats) -> Floats:
    """CIE 1976 L, a, b to XYZ, both of D50."""
    y = (lab[..., 0] + 16) / 116
    f = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], axis=-1)
    return np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * D50


def rgb_profile(primaries: tuple[tuple[float, float], ...], gamma: float) -> bytes:
    """A display profile of three primaries and one gamma."""
    matrix = matrix_of(primaries)
    tags = {b"wtpt": _xyz(D50)}
    for index, name in enumerate((b"r", b"g", b"b")):
        tags[name + b"XYZ"] = _xyz(matrix[:, index])
        tags[name + b"TRC"] = _gamma(gamma)
    return _profile(b"mntr", b"RGB ", b"XYZ ", tags)


def grey_profile(gamma: float) -> bytes:
    return _profile(b"mntr", b"GRAY", b"XYZ ", {b"wtpt": _xyz(D50), b"kTRC": _gamma(gamma)})


def cmyk_profile() -> bytes:
    """A printer profile whose only table, inks to Lab, is `lab_of_inks`."""
    nodes = lab_of_inks(np.array(list(product((0.0, 1.0), repeat=4))))
    coded = np.stack([nodes[:, 0] * 652.8, (nodes[:, 1] + 128) * 256, (nodes[:, 2] + 128) * 256], axis=-1)
    straight = struct.pack(">2H", 0, 65535)
    identity = [65536 * (place % 4 == 0) for place in range(9)]
    table = struct.pack(">4s4x4B9i2H", b"mft2", 4, 3, 2, 0, *identity, 2, 2)  # 4 inks to 3 values, 2 nodes along each
    table += straight * 4 + np.round(coded).astype(">u2").tobytes() + straight * 3
    return _profile(b"prtr", b"CMYK", b"Lab ", {b"wtpt": _xyz(D50), b"A2B0": table})


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def _xyz(value: Floats) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(_fixed(number) for number in value)


def _gamma(value: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(value * 256)) + b"\0\0"


def _profile(device: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    tags = {b"desc": b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + bytes(78), **tags}
    offset = 128 + 4 + 12 * len(tags)
    directory, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        directory += name + struct.pack(">2I", offset + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    header = struct.pack(">I4sI4s4s4s12s4s", offset + len(body), b"\0\0\0\0", 0x02400000, device, space, connection,
                         struct.pack(">6H", 2024, 1, 1, 0, 0, 0), b"acsp")  # fmt: skip
    header += bytes(28) + b"".join(_fixed(number) for number in D50)
    return header.ljust(128, b"\0") + directory + body
