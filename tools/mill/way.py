"""How a pool is to work."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Way:
    """How to work: where ('serial', 'threads', 'processes'), with how many workers, deadline and memory per job.

    deadline_s: None is no deadline; memory_mb: 0 is no bound. Both hold in processes only: nothing else can be killed.
    idle: called here each time that idle_s went by without an answer ('threads' and 'processes').
    halt: called where the work is broken off, so that jobs in threads can be told. The rest is of processes: ahead: how
    many jobs each has in hand; surroundings: what each has in its environment besides; niceness: by how much they let
    others go first.
    """

    where: Literal["serial", "threads", "processes"]
    workers: int
    deadline_s: float | None = None
    memory_mb: int = 0
    idle_s: float | None = None
    idle: Callable[[], None] = lambda: None
    halt: Callable[[], None] = lambda: None
    ahead: int = 1
    surroundings: Sequence[Mapping[str, str]] = ()
    niceness: int = 0
