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

    No batches: on a core they gain little (yolo11n at 448 px: 41.9 ms an image alone, 36.2 ms in batches of 8), and an
    image's last bits would hang on who goes with it.
    """
    workers = max(1, min(workers, waiting))
    threads = max(1, cores // workers)
    return Staff(workers, threads, hands=2, ahead=3) if asks else Staff(workers, threads)


BYTES_PER_PX = 6
"""Of a picture under way: it, and what is cut out of it or laid over it (48 of 12 megapixels took 2.9 GB, 5 each)."""


def on_gpus(gpus: Sequence[Gpu], cores: int, batch: int, largest_px: int = 0, free_mb: int | None = None) -> Staff:
    """One worker for each GPU, with its share of the cores to load and encode; a batch is loaded while another one is
    on the GPU and the results of a third are stored.

    Fewer where so many of the largest picture would not fit into half of the free memory; None: nobody knows that.
    """
    hands = max(2, cores // len(gpus))
    ahead = 2 * batch + 2 * hands
    if free_mb is not None and largest_px:
        room = free_mb * 2**20 // 2 // len(gpus)
        ahead = max(1, min(ahead, room // (largest_px * BYTES_PER_PX)))
        hands = min(hands, ahead)
    surroundings = [{"CUDA_VISIBLE_DEVICES": gpu.visible} for gpu in gpus]
    return Staff(len(gpus), hands, hands, min(batch, ahead), ahead, surroundings, niceness=0)
