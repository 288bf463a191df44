"""What must be said to ultralytics before it is imported: load nothing but networks, send and install nothing.

By itself it runs whatever a .pt holds, installs packages with pip, reports its use to an analytics service, and prints
to standard output.
"""

from __future__ import annotations

import importlib
import os
import sys

from tools.engines.weights import user_cache
from tools.mill.settings import UsageError

WORDS = {
    "ULTRALYTICS_SAFE_LOAD": "1",
    "ULTRALYTICS_SKIP_REQUIREMENTS_CHECKS": "1",
    "YOLO_AUTOINSTALL": "false",
    "YOLO_OFFLINE": "true",
    "YOLO_VERBOSE": "false",
}


def prepare() -> None:
    """Set the environment, see that it holds, import it. Raises UsageError where weights would be loaded unsafely."""
    os.environ.update(WORDS)
    # Its settings file may name services that listen to every prediction: ours is a fresh one.
    os.environ["YOLO_CONFIG_DIR"] = str(user_cache().parent / "ultralytics")
    loaded = sys.modules.get("ultralytics.utils")
    if loaded is not None and not loaded.SAFE_LOAD:
        raise UsageError("ultralytics was imported before it was told to load safely. Start the program anew.")
    import torch

    if not hasattr(torch.serialization, "get_unsafe_globals_in_checkpoint"):
        raise UsageError(
            f"torch {torch.__version__} cannot load weights safely: 2.6 is needed. Remove .venv and `make all`."
        )
    if loaded is None:
        _imported()


def _imported() -> None:
    """Import it, and take back what it does to others by that: Pillow's opening (of a broken picture it would ask for
    a package that is not there, which ends the run) and the number of OpenCV's threads."""
    import cv2
    from PIL import Image

    opening, threads = Image.open, cv2.getNumThreads()
    importlib.import_module("ultralytics.utils")
    Image.open = opening
    cv2.setNumThreads(threads)


def onnx_errors() -> tuple[type[Exception], ...]:
    """What onnxruntime raises over a file that is no network, or one that it cannot run; none where it is missing."""
    try:
        from onnxruntime.capi import onnxruntime_pybind11_state as state
    except ImportError:
        return ()
    names = ("Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NoSuchFile", "NotImplemented")
    return tuple(getattr(state, name) for name in (*names, "RuntimeException", "EPFail"))
