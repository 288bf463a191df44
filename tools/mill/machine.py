"""The machine: how many workers it bears."""

from __future__ import annotations

import ctypes
import os

MB_PER_WORKER = 450
"""What a worker with OpenCV, PyAV or dlib and one 1080p picture in hand takes, rounded up."""


def cores() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def share(threads: int) -> None:
    """In a worker, before it loads numpy and OpenCV: they start no more threads than its share of the cores."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
        os.environ.setdefault(name, str(threads))


_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""Numbers of glibc's mallopt, from malloc.h."""

POOLED_MB, SPARE_MB = 64, 256
"""Blocks up to the first are taken from memory that was used before; up to the second is kept for them."""


def reuse_memory() -> None:
    """In a worker, before it has threads: keep the memory of a picture that is done for the next one.

    glibc gives every block of some megabytes back to the system and takes it again, page by page: of decoding a frame
    of 1280 px that was 10 of 23 ms. One arena, so that threads share what is kept. Other C libraries have no such
    setting.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for name, value in ((_MMAP_THRESHOLD, POOLED_MB << 20), (_TRIM_THRESHOLD, SPARE_MB << 20), (_ARENA_MAX, 1)):
            mallopt(name, value)


def free_mb() -> int | None:
    """Memory that can be had without swapping, in MiB; None where the system does not say."""
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            facts = dict(line.split(":", 1) for line in lines)
    except FileNotFoundError:
        return None
    return int(facts["MemAvailable"].split()[0]) // 1024


def default_workers(memory_mb: float = MB_PER_WORKER) -> int:
    """As many workers as there are cores, and no more than the free memory bears. memory_mb: what one takes, in MiB."""
    return bearable(cores(), free_mb(), memory_mb)


def bearable(most: int, free: int | None, memory_mb: float) -> int:
    """How many workers, from 1 to most, fit into the free MiB; all of them where nobody knows what is free."""
    return most if free is None else max(1, min(most, int(free // max(memory_mb, MB_PER_WORKER))))
