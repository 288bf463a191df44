"""Opening a file of YOLO weights on a device, and a sentence where that cannot be."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tools.engines import ultralytics_setup
from tools.mill.settings import UsageError

ultralytics_setup.prepare()

import torch  # noqa: E402
from ultralytics.nn.autobackend import AutoBackend  # noqa: E402

BAD_FILE: tuple[type[Exception], ...] = (
    TypeError,
    RuntimeError,
    ValueError,
    KeyError,
    AttributeError,
    EOFError,
    AssertionError,
    OSError,
    ImportError,
)
"""What the libraries raise over a file that is damaged, or something else."""


def chosen_device(wanted: str) -> torch.device:
    """The device of a setting; "auto" is the first CUDA GPU, else the processor. Raises UsageError where it is none."""
    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", wanted):
        raise UsageError(
            f"[detect] device is {wanted!r}, which is none. There are: auto, cpu, mps, cuda, cuda:0, cuda:1 …."
        )
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if wanted == "auto":
        return torch.device("cuda:0" if gpus else "cpu")
    device = torch.device("cuda:0" if wanted == "cuda" else wanted)
    if device.type == "cuda" and (device.index or 0) >= gpus:
        raise UsageError(
            f"[detect] device is {wanted!r}, but torch sees {gpus} CUDA devices here. Set it to auto or cpu, or mend "
            "the driver: `nvidia-smi` and `make doctor` say more."
        )
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise UsageError("[detect] device is 'mps', but this machine has no Apple GPU that torch sees. Set it to auto.")
    return device


def opened(path: Path, device: torch.device) -> Any:
    """The network. Raises UsageError where the file is damaged, holds other things than a network, or needs a GPU."""
    if path.suffix == ".engine" and device.type != "cuda":
        raise UsageError(
            f"The weights {path} are for an NVIDIA GPU, and the device is {device}. Set [detect] weights to a .pt."
        )
    with tempfile.TemporaryDirectory() as folder, telling(path, "cannot be loaded"):
        # ultralytics drops apostrophes from a path, and reads meanings into a name: it gets a plain one.
        plain = Path(folder, f"weights{path.suffix}")
        plain.symlink_to(path.absolute())
        model = AutoBackend(str(plain), device=device, fp16=device.type == "cuda", fuse=True, verbose=False)
    model.eval()
    return model


def memory_ended(error: Exception) -> bool:
    """Whether a device has no memory left: torch says so in a class of its own, CUDA's libraries only in words."""
    words = r"out of memory|_ALLOC_FAILED|failed to allocate"
    return isinstance(error, torch.OutOfMemoryError) or re.search(words, str(error), re.IGNORECASE) is not None


@contextmanager
def telling(path: Path, what: str) -> Iterator[None]:
    """What libraries say of a bad file becomes one sentence that names it."""
    try:
        yield
    except BAD_FILE + ultralytics_setup.onnx_errors() as error:
        if memory_ended(error):
            raise UsageError(
                f"The weights {path} {what}: the device has too little memory left, which another program may hold. "
                "Take smaller weights, or set detect.device to cpu."
            ) from error
        said = re.sub(r"/\S*/weights\.\w+", path.name, str(error))
        reason = " ".join(said.split())[:300].rstrip(".") or type(error).__name__
        raise UsageError(
            f"The weights {path} {what}: {reason}. Fetch them again with `make models`, or set [detect] weights to "
            "others."
        ) from error
