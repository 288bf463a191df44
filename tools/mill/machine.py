"""The machine: how many workers it bears."""

from __future__ import annotations

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


def free_mb() -> int | None:
    """Memory that can be had without swapping, in MiB; None where the system does not say."""
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            facts = dict(line.split(":", 1) for line in lines)
    except FileNotFoundError:
        return None
    return int(facts["MemAvailable"].split()[0]) // 1024


def default_workers() -> int:
    """As many workers as there are cores, and no more than the free memory bears."""
    free = free_mb()
    return cores() if free is None else max(1, min(cores(), free // MB_PER_WORKER))
