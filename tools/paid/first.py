"""First: the first question of a run goes alone, so that a wrong key, model or address costs one request, not one for
each thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tools.paid.pace import Pace

POLL_S = 0.05


class First:
    """Lets one question through, and all others once it has come to its end: answered, or given up."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._turn = threading.Lock()

    @contextmanager
    def turn(self, pace: Pace) -> Iterator[None]:
        """Inside, a question may be sent. Raises Halted where the run is broken off while it waits."""
        mine = False
        while not (self._over.is_set() or mine):
            pace.sleep(0)
            mine = self._turn.acquire(timeout=POLL_S)
        try:
            yield
        finally:
            self._over.set()
            if mine:
                self._turn.release()
