"""ONNX networks made by hand, byte by byte: each gives the same answer whatever it is shown.

The format is a few protobuf messages (onnx.proto3): a tag (field number and wire type) before each value.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FLOAT = 1
INT_ATTRIBUTE = 2


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def block(field: int, value: bytes | str) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(data)) + data


def tensor(name: str, values: NDArray[np.float32]) -> bytes:
    dims = b"".join(number(1, size) for size in values.shape)
    return dims + number(2, FLOAT) + block(8, name) + block(9, values.astype("<f4").tobytes())


def node(kind: str, inputs: Sequence[str], output: str, **attributes: int) -> bytes:
    named = b"".join(
        block(5, block(1, name) + number(3, value) + number(20, INT_ATTRIBUTE)) for name, value in attributes.items()
    )
    return b"".join(block(1, name) for name in inputs) + block(2, output) + block(4, kind) + named


def value(name: str, shape: Sequence[int | str]) -> bytes:
    dims = b"".join(block(1, number(1, size) if isinstance(size, int) else block(2, size)) for size in shape)
    return block(1, name) + block(2, block(1, number(1, FLOAT) + block(2, dims)))


def constant(
    path: Path,
    answer: Any,
    takes: Sequence[int | str] = (1, 3, 320, 320),
    facts: Mapping[str, str] | None = None,
) -> Path:
    """A network that takes a picture of that shape and gives `answer`."""
    return constants(path, {"output0": answer}, {"images": takes}, facts)


def constants(
    path: Path,
    answers: Mapping[str, Any],
    takes: Mapping[str, Sequence[int | str]],
    facts: Mapping[str, str] | None = None,
) -> Path:
    """A network of several inputs and outputs, by name: each output is 0 x mean(first input) + its answer."""
    gives = {name: np.asarray(answer, dtype=np.float32) for name, answer in answers.items()}
    graph = b"".join(
        [
            block(1, node("ReduceMean", [next(iter(takes))], "mean", keepdims=0)),
            block(1, node("Mul", ["mean", "nought"], "nothing")),
            *(block(1, node("Add", ["nothing", f"{name}_answer"], name)) for name in gives),
            block(2, "constant"),
            block(5, tensor("nought", np.zeros((), np.float32))),
            *(block(5, tensor(f"{name}_answer", answer)) for name, answer in gives.items()),
            *(block(11, value(name, shape)) for name, shape in takes.items()),
            *(block(12, value(name, answer.shape)) for name, answer in gives.items()),
        ]
    )
    told = b"".join(block(14, block(1, key) + block(2, text)) for key, text in (facts or {}).items())
    path.write_bytes(number(1, 8) + block(7, graph) + block(8, block(1, "") + number(2, 13)) + told)
    return path


def greedy(path: Path) -> Path:
    """A network that takes a picture of 1 x 3 x 320 x 320 and needs four terabytes for its answer."""
    side = np.zeros((1 << 20, 1), np.float32)
    graph = b"".join(
        [
            block(1, node("ReduceMean", ["images"], "mean", keepdims=0)),
            block(1, node("Add", ["mean", "column"], "tall")),
            block(1, node("Add", ["tall", "row"], "output0")),
            block(2, "greedy"),
            block(5, tensor("column", side)),
            block(5, tensor("row", side.T)),
            block(11, value("images", (1, 3, 320, 320))),
            block(12, value("output0", (1 << 20, 1 << 20))),
        ]
    )
    path.write_bytes(number(1, 8) + block(7, graph) + block(8, block(1, "") + number(2, 13)))
    return path


def whole(suffix: str, content: bytes = b"") -> bytes:
    """A file of the form that weights of that kind have, and nothing in it that could run."""
    if suffix == ".onnx":
        return number(1, 8) + block(7, block(2, content)) + block(8, block(1, "") + number(2, 13))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        # At a fixed time, so that equal contents are equal files.
        archive.writestr(zipfile.ZipInfo("net/data.pkl"), content)
    return packed.getvalue()


POSE_FACTS = {
    "task": "pose",
    "stride": "32",
    "batch": "1",
    "imgsz": "[320, 320]",
    "names": "{0: 'person'}",
    "kpt_shape": "[17, 3]",
}
"""What ultralytics writes into the pose networks that it exports."""


def person(box: tuple[float, float, float, float], confidence: float) -> NDArray[np.float32]:
    """A pose network's row for one person, 1 x 56 x 1: middle and size of the box, confidence, 17 times the middle."""
    x, y, _, _ = box
    return np.asarray([*box, confidence, *((x, y, 0.9) * 17)], np.float32).reshape(1, 56, 1)
