"""What runs networks here: whether the libraries are the ones built for CUDA. Nothing heavy is imported."""

from __future__ import annotations

import importlib.util
from pathlib import Path

_CUDA_PARTS = {"torch": "lib/libtorch_cuda.so", "onnxruntime": "capi/libonnxruntime_providers_cuda.so"}


def on_cuda(library: str) -> bool:
    """Whether torch or onnxruntime, as installed, can compute on a CUDA GPU."""
    found = importlib.util.find_spec(library)
    folders = (found.submodule_search_locations or ()) if found else ()
    return any(Path(folder, _CUDA_PARTS[library]).is_file() for folder in folders)
