"""What the settings of an engine must be, as far as can be said before anything of it is loaded."""

from __future__ import annotations

import re
from typing import Protocol

from tools.engines import catalogue, runtimes
from tools.mill import gpus
from tools.mill.settings import UsageError

STRIDE = 32
"""Of every pose network of ultralytics, but for a few of 64: in px, of what imgsz must be a multiple."""


class YoloSettings(catalogue.YoloSettings, Protocol):
    @property
    def imgsz(self) -> int: ...

    @property
    def device(self) -> str: ...


class RembgSettings(catalogue.RembgSettings, Protocol):
    @property
    def alpha_matting(self) -> bool: ...

    @property
    def matting_foreground(self) -> int: ...

    @property
    def matting_background(self) -> int: ...

    @property
    def device(self) -> str: ...


def yolo(params: YoloSettings) -> None:
    """Raises UsageError for a setting that yolo cannot take."""
    catalogue.check_weights(params)
    if params.imgsz % STRIDE:
        raise UsageError(
            f"[detect] imgsz is {params.imgsz}; it must be a multiple of {STRIDE}, such as "
            f"{max(1, round(params.imgsz / STRIDE)) * STRIDE}."
        )
    _device("[detect] device", params.device, ("auto", "cpu", "mps", "cuda", "cuda:0"), "torch")


def rembg(params: RembgSettings) -> None:
    """Raises UsageError for a setting that rembg cannot take."""
    catalogue.check_model(params)
    if params.alpha_matting and params.matting_background >= params.matting_foreground:
        raise UsageError(
            f"[mask] matting_background is {params.matting_background}; it must be less than matting_foreground, which "
            f"is {params.matting_foreground}, so that something is left to solve for between them."
        )
    _device("[mask] device", params.device, ("auto", "cpu", "cuda", "cuda:0", "tensorrt"), "onnxruntime")


def _device(key: str, wanted: str, known: tuple[str, ...], runtime: str) -> None:
    """Raises UsageError for a device that is none, or a GPU that the library or the driver does not know."""
    if wanted not in known and not re.fullmatch(r"cuda:\d+", wanted):
        raise UsageError(f"{key} is {wanted!r}, which is none. There are: {', '.join(known)}.")
    if not wanted.startswith("cuda") and wanted != "tensorrt":
        return
    if not runtimes.on_cuda(runtime):
        raise UsageError(
            f"{key} is {wanted!r}, but the {runtime} that is installed here was built without CUDA. Remove .venv and "
            "`make all GPU=1`, or set it to auto or cpu."
        )
    if not gpus.wanted(wanted, gpus.found()):
        raise UsageError(
            f"{key} is {wanted!r}, but no such NVIDIA GPU is seen here. Set it to auto or cpu, or mend the driver: "
            "`nvidia-smi` and `make doctor` say more."
        )
