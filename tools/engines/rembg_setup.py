"""rembg's networks without what rembg itself loads before them.

`import rembg` loads PyMatting, scikit-image and with them numba: two thirds of the start of a worker, for matting that
it does not do here.
"""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

import onnxruntime

ERRORS_ALONE = 3
"""Of onnxruntime's severities, as rembg sets it."""


def sessions() -> dict[str, type[Any]]:
    """The classes of all of its networks by their names. Raises ImportError where rembg is not installed."""
    onnxruntime.set_default_logger_severity(ERRORS_ALONE)
    if "rembg" in sys.modules:
        return _sessions()
    spec = importlib.util.find_spec("rembg")
    if spec is None:
        raise ImportError("No module named 'rembg'", name="rembg")
    # The package for as long as its networks are loaded: with its place, and nothing run in it.
    sys.modules["rembg"] = importlib.util.module_from_spec(spec)
    try:
        return _sessions()
    finally:
        # Whoever needs more of it, such as its post-processing, imports it whole.
        del sys.modules["rembg"]


def _sessions() -> dict[str, type[Any]]:
    found: dict[str, type[Any]] = importlib.import_module("rembg.sessions").sessions
    return found
