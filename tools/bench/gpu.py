"""Detect and mask as on the processor, on a CUDA GPU."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tools.bench import detect, mask
from tools.bench.result import Line, Missing
from tools.bench.sizes import Sizes

TITLE = "Detect and mask on a CUDA GPU"
HOW = """\
The same as on the processor, with device = "cuda" for both networks and for yolo predict, in half precision where the
engine computes so. `python -m tools.bench gpu --write docs/speed-gpu.md` keeps it, with the machine's name."""


def measure(folder: Path, sizes: Sizes) -> Iterator[Line]:
    """Where there is a GPU; else one line that says so."""
    lack = _lack()
    if lack:
        yield Line("detect and mask on a CUDA GPU", None, "ratio", missing=lack)
        return
    for name, part in (("detect", detect), ("mask", mask)):
        try:
            for line in part.measure_on("cuda", folder, sizes):
                yield line.of(name)
        except Missing as missing:
            # One of the two may run here without the other: onnxruntime is another installation than torch.
            yield Line(f"the rest of {name}", None, "ratio", 0.0, missing=str(missing))


def _lack() -> str:
    """Why there is nothing to measure on; empty where there is a GPU."""
    try:
        import torch
    except ImportError:
        return "torch is not installed (LIGHT=1)"
    return "" if torch.cuda.is_available() else "torch sees no CUDA GPU on this machine"
