"""Where onnxruntime computes: its execution providers for a `device` setting, and what it really took."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as state

from tools.engines.weights import user_cache
from tools.mill import gpus
from tools.mill.settings import UsageError

CPU, CUDA, TENSORRT = "CPUExecutionProvider", "CUDAExecutionProvider", "TensorrtExecutionProvider"

Provider = str | tuple[str, dict[str, Any]]


def asked(device: str) -> list[Provider]:
    """The providers to try, best first. "auto": TensorRT, CUDA and the processor, as far as they are installed.

    Raises UsageError for a device that is none, is not there, or that this onnxruntime was not built for.
    """
    if not re.fullmatch(r"auto|cpu|tensorrt|cuda(:\d+)?", device):
        raise UsageError(f"[mask] device is {device!r}, which is none. There are: auto, cpu, cuda, cuda:0, tensorrt.")
    number = device.partition(":")[2] or "0"
    cache = {"trt_engine_cache_enable": "1", "trt_engine_cache_path": str(user_cache().parent / "tensorrt")}
    tensorrt: Provider = (TENSORRT, {"device_id": number, **cache})
    cuda: Provider = (CUDA, {"device_id": number})
    available = onnxruntime.get_available_providers()
    wanted = {"cpu": [], "tensorrt": [TENSORRT], "auto": []}.get(device, [CUDA])
    missing = [name for name in wanted if name not in available]
    if missing:
        raise UsageError(
            f"[mask] device is {device!r}, but the installed onnxruntime {onnxruntime.__version__} runs on "
            f"{spoken(available)} alone. Remove .venv and `make all GPU=1`, or set it to auto or cpu."
        )
    gpu = gpus.found() != ()
    if wanted and not gpu:
        raise UsageError(f"[mask] device is {device!r}, but no NVIDIA GPU is seen here. Set it to auto or cpu.")
    if device == "cpu" or not gpu:
        return [CPU]
    # The libraries of CUDA that came with torch: onnxruntime does not look for them itself.
    onnxruntime.preload_dlls()
    with_tensorrt = TENSORRT in available and (device == "tensorrt" or importlib.util.find_spec("tensorrt") is not None)
    return [*([tensorrt] if with_tensorrt else []), *([cuda] if CUDA in available else []), CPU]


def used(device: str, providers: Sequence[str], key: str) -> str:
    """What a session really runs on, in words. Raises UsageError where that is not the device that was asked for."""
    best = providers[0] if providers else CPU
    if (device == "tensorrt" and best != TENSORRT) or (device.startswith("cuda") and best != CUDA):
        raise UsageError(
            f"{key} is {device!r}, but onnxruntime fell back to {spoken(providers)}: the driver, CUDA or cuDNN do not "
            f"fit onnxruntime {onnxruntime.__version__}. Mend that, or set it to auto or cpu."
        )
    return spoken(providers)


def spoken(providers: Sequence[str]) -> str:
    names = [name.removesuffix("ExecutionProvider") for name in providers if not name.startswith("Azure")]
    return ", ".join(names)


def errors() -> tuple[type[Exception], ...]:
    """What onnxruntime raises over a file that is no network, or one that it cannot run."""
    names = ("Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NoSuchFile", "NotImplemented")
    return tuple(getattr(state, name) for name in (*names, "RuntimeException", "EPFail"))


@contextmanager
def enough_memory(files: Sequence[Path], remedy: str) -> Iterator[None]:
    """A network that does not fit into its device's memory is a sentence: no other picture would fare better."""
    try:
        yield
    except errors() as error:
        if not re.search(r"allocat|bad_alloc|out of memory", str(error), re.IGNORECASE):
            raise
        raise UsageError(
            f"The device has too little memory for the network {', '.join(map(str, files))}. {remedy}"
        ) from error
