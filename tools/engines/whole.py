"""Whether a file of weights is whole, by the form that it is written in. Nothing of it is unpickled, run or loaded.

What is in it only the library can say that loads it; that half of it is missing stands in its structure. Forms: torch's
archive (a zip, whose directory is at its end) and ONNX (a protobuf message, whose fields say how long they are).
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

CUT = "it ends too early"

_OLD_TORCH = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
"""How torch began a file before its archives (torch.serialization.MAGIC_NUMBER). What is missing at its end does not
show without reading it."""

_GRAPH, _OPSETS = 7, 8
"""Fields of onnx.proto3's ModelProto that every network has; the second is written last of what it needs."""


def lack(path: Path) -> str | None:
    """What is amiss with a file of weights, to go into a sentence; None where it is whole, as far as its form tells.

    Raises OSError where it cannot be read.
    """
    if path.stat().st_size == 0:
        return "it is empty"
    if path.suffix == ".pt":
        return _torch(path)
    return _onnx(path) if path.suffix == ".onnx" else None


def _torch(path: Path) -> str | None:
    with path.open("rb") as file:
        head = file.read(len(_OLD_TORCH))
    if head == _OLD_TORCH:
        return None
    if not head.startswith(b"PK\x03\x04"):
        return "it is not of the form that torch writes"
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        return CUT
    return None if any(name.rpartition("/")[2] == "data.pkl" for name in names) else "it is an archive, but not torch's"


def _onnx(path: Path) -> str | None:
    size, found = path.stat().st_size, set()
    with path.open("rb") as file:
        try:
            for number, end in _fields(file):
                found.add(number)
                if end > size:
                    return CUT if number == _GRAPH or _GRAPH in found else "it is no ONNX network"
        except EOFError:
            return CUT if found else "it is no ONNX network"
        except ValueError:
            return "it is no ONNX network"
    if {_GRAPH, _OPSETS} <= found:
        return None
    return CUT if _GRAPH in found else "it is no ONNX network"


def _fields(file: BinaryIO) -> Iterator[tuple[int, int]]:
    """The top fields of a protobuf message: the number of each, and the byte at which it ends. Contents are skipped.

    Raises EOFError where it ends within a field's head, ValueError where it is no such message.
    """
    while (tag := _varint(file, first=True)) is not None:
        number, kind = tag >> 3, tag & 7
        if number == 0:
            raise ValueError("field 0")
        if kind == 0:
            _varint(file)
        elif kind in (1, 5):
            file.seek(8 if kind == 1 else 4, os.SEEK_CUR)
        elif kind == 2:
            file.seek(_varint(file) or 0, os.SEEK_CUR)
        else:
            raise ValueError(f"wire type {kind}")
        yield number, file.tell()


def _varint(file: BinaryIO, *, first: bool = False) -> int | None:
    """A number in groups of seven bits, the lowest first. first: None where the file ends before it."""
    value = 0
    for shift in range(0, 64, 7):
        byte = file.read(1)
        if not byte:
            if first and shift == 0:
                return None
            raise EOFError
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
    raise ValueError("a number of more than 64 bits")
