"""Silence: how long a service that is asked by all threads of a run has answered nobody."""

from __future__ import annotations

import threading

ROW = 5
"""Questions in a row that got no answer, each another one, until nothing more is asked. One picture that crashes a
server ends no run, and a server that is gone is not asked about forty."""


class Silence:
    """Questions that were given up since the last answer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._given_up = 0

    @property
    def begun(self) -> bool:
        """Whether the last question got no answer in all its tries: until one is answered, a single try must do."""
        return self._given_up > 0

    def end(self) -> None:
        with self._lock:
            self._given_up = 0

    def lasts(self) -> bool:
        """Count a question that was given up. True from the one on that fills the row."""
        with self._lock:
            self._given_up += 1
            return self._given_up >= ROW
