"""Pace: how fast a service may be asked. One for all threads of a run."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass

MINUTE_S = 60.0


class Halted(Exception):
    """The run is being broken off: nothing more is asked."""


@dataclass
class Ticket:
    """A request that was let through: when, and of how many tokens as far as that is known."""

    at_s: float
    tokens: int


class Pace:
    """At most so many requests and tokens in any minute, looked at as a sliding window.

    A request of more tokens than a minute bears is let through alone: it could never be sent otherwise.
    """

    def __init__(self, requests_per_minute: int, tokens_per_minute: int) -> None:
        self._requests, self._tokens = requests_per_minute, tokens_per_minute
        self._sent: deque[Ticket] = deque()
        self._lock = threading.Lock()
        self._halted = threading.Event()

    def halt(self) -> None:
        """End every wait, now and from now on."""
        self._halted.set()

    @property
    def halted(self) -> bool:
        return self._halted.is_set()

    def sleep(self, seconds: float) -> None:
        """Wait. Raises Halted where the run is broken off meanwhile."""
        if self._halted.wait(seconds):
            raise Halted

    def enter(self, tokens: int) -> Ticket:
        """Wait until one more request of so many tokens may be sent, and count it. Raises Halted.

        The caller writes the tokens that it really had into the ticket.
        """
        while isinstance(answer := self._try(tokens, time.monotonic()), float):
            self.sleep(answer)
        if self.halted:
            raise Halted
        return answer

    def _try(self, tokens: int, now_s: float) -> Ticket | float:
        """The ticket, or the seconds until it may be tried again."""
        with self._lock:
            while self._sent and self._sent[0].at_s <= now_s - MINUTE_S:
                self._sent.popleft()
            full = len(self._sent) >= self._requests
            heavy = bool(self._sent) and sum(sent.tokens for sent in self._sent) + tokens > self._tokens
            if full or heavy:
                return max(0.001, self._sent[0].at_s + MINUTE_S - now_s)
            self._sent.append(Ticket(now_s, tokens))
            return self._sent[-1]
