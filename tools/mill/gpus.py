"""The NVIDIA GPUs of this machine, and the lease that a stage takes on those it uses.

A lease is a lock on a file of the machine's temporary folder, one for each GPU: two stages or two workspaces that are
prepared at once take turns, and no GPU runs out of memory because of the other.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import re
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

POLL_S = 0.5

_SUCCESS = 0


@dataclass(frozen=True)
class Gpu:
    """uid: the same whatever the process sees. visible: what CUDA_VISIBLE_DEVICES must hold to see it alone."""

    uid: str
    visible: str


def found() -> tuple[Gpu, ...]:
    """The GPUs that this process may use, in CUDA's order; none where there is no driver."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return ()
    count = ctypes.c_int()
    if driver.cuInit(0) != _SUCCESS or driver.cuDeviceGetCount(ctypes.byref(count)) != _SUCCESS:
        return ()
    shown = [each for each in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if each.strip()]
    return tuple(
        Gpu(_uid(driver, number), shown[number].strip() if number < len(shown) else str(number))
        for number in range(count.value)
    )


def _uid(driver: ctypes.CDLL, number: int) -> str:
    held = (ctypes.c_ubyte * 16)()
    ask = getattr(driver, "cuDeviceGetUuid_v2", None) or driver.cuDeviceGetUuid
    if ask(ctypes.byref(held), number) != _SUCCESS:
        return f"number-{number}"
    return str(uuid.UUID(bytes=bytes(held)))


def wanted(device: str, gpus: Sequence[Gpu]) -> tuple[Gpu, ...]:
    """Those of the GPUs that a `device` setting means: all for "auto", "cuda" and "tensorrt", one for "cuda:1"."""
    named = re.fullmatch(r"cuda:(\d+)", device)
    if named:
        return tuple(gpus[int(named[1]) : int(named[1]) + 1])
    return tuple(gpus) if device in ("auto", "cuda", "tensorrt") else ()


@contextmanager
def leased(gpus: Sequence[Gpu], who: str, say: Callable[[str], None]) -> Iterator[tuple[Gpu, ...]]:
    """Hold as many of these GPUs as nobody else holds; where all are held, wait for one and say so once.

    who: what those read who wait for us.
    """
    with ExitStack() as held:
        said = False
        while True:
            mine = tuple(gpu for gpu in gpus if _taken(gpu, who, held))
            if mine or not gpus:
                break
            if not said:
                say(f"Waiting for a GPU: {'; '.join(_holder(gpu) for gpu in gpus)}. Ctrl-C gives up.")
                said = True
            time.sleep(POLL_S)
        yield mine


def _taken(gpu: Gpu, who: str, held: ExitStack) -> bool:
    descriptor = _opened(_path(gpu))
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return False
    held.callback(os.close, descriptor)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{who} (process {os.getpid()})".encode(), 0)
    return True


def _opened(path: Path) -> int:
    try:
        # Without O_CREAT: Linux forbids that on another user's file in a folder like /tmp.
        return os.open(path, os.O_RDWR)
    except FileNotFoundError:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
        os.fchmod(descriptor, 0o666)  # all users of the machine share it, whatever their umask
        return descriptor


def _holder(gpu: Gpu) -> str:
    return f"GPU {gpu.visible} is used by {_path(gpu).read_text(encoding='utf-8', errors='replace') or 'somebody'}"


def _path(gpu: Gpu) -> Path:
    return Path(tempfile.gettempdir(), f"framemill-gpu-{gpu.uid}.lock")
