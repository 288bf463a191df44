"""Who works at a step: how many workers, on which device, and what each is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tools.mill.gpus import Gpu

NICENESS = 5
"""Workers on the processor let others go first: the desktop, and a stage beside them that feeds a GPU."""


@dataclass(frozen=True)
class Staff:
    """workers: processes. threads: cores for each. hands: how many threads load and encode beside the engine. batch:
    questions that an engine gets at a time. ahead: jobs that each worker has in hand. surroundings: what it has in its
    environment besides.
    """

    workers: int
    threads: int
    hands: int = 1
    batch: int = 1
    ahead: int = 1
    surroundings: Sequence[Mapping[str, str]] = ()
    niceness: int = NICENESS


def on_processor(workers: int, cores: int, waiting: int, *, asks: bool) -> Staff:
    """One worker for each core or fewer. One that asks an engine has the next picture loaded while the engine works.

    No batches: on a core they gain nothing (yolo11n at 448 px: 46 ms an image alone, 45 ms in batches of 8).
    """
    workers = max(1, min(workers, waiting))
    threads = max(1, cores // workers)
    return Staff(workers, threads, hands=2, ahead=3) if asks else Staff(workers, threads)


def on_gpus(gpus: Sequence[Gpu], cores: int, batch: int) -> Staff:
    """One worker for each GPU, with its share of the cores to load and encode; a batch is loaded while another one is
    on the GPU and the results of a third are stored.
    """
    hands = max(2, cores // len(gpus))
    surroundings = [{"CUDA_VISIBLE_DEVICES": gpu.visible} for gpu in gpus]
    return Staff(len(gpus), hands, hands, batch, 2 * batch + 2 * hands, surroundings, niceness=0)
