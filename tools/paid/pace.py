"""Pace: how fast a service may be asked, by all threads and processes of a workspace together."""

from __future__ import annotations

import sqlite3
import threading
import time
from dataclasses import dataclass
from typing import Protocol

MINUTE_S = 60.0


class Halted(Exception):
    """The run is being broken off: nothing more is asked."""


@dataclass(frozen=True)
class Quota:
    """How many requests and tokens a model at a host may have in any minute."""

    host: str
    model: str
    requests: int
    tokens: int


class Book(Protocol):
    """Where departures are written down; other processes may write into the same one."""

    def depart(self, quota: Quota, tokens: int, now_s: float) -> int | float: ...

    def weigh(self, departure: int, tokens: int) -> None: ...


class Pace:
    """At most so many requests and tokens in any minute, looked at as a sliding window."""

    def __init__(self, quota: Quota, book: Book) -> None:
        self._quota, self._book = quota, book
        self._halted = threading.Event()

    def halt(self) -> None:
        """End every wait, now and from now on."""
        self._halted.set()

    def sleep(self, seconds: float) -> None:
        """Wait. Raises Halted where the run is broken off meanwhile."""
        if self._halted.wait(seconds):
            raise Halted

    def enter(self, tokens: int) -> int:
        """Wait until one more request of so many tokens may be sent, and write it down. Raises Halted."""
        while isinstance(answer := self._book.depart(self._quota, tokens, time.time()), float):
            self.sleep(answer)
        self.sleep(0)
        return answer

    def weigh(self, departure: int, tokens: int) -> None:
        """Write down how many tokens a request really had."""
        self._book.weigh(departure, tokens)


def depart(db: sqlite3.Connection, quota: Quota, tokens: int, now_s: float) -> int | float:
    """Write a departure down and return its number, or the seconds until it may be tried again. In a transaction.

    A request of more tokens than a minute bears is let through alone: it could never be sent otherwise. What would lie
    in the future was written before a clock was set back, and is dropped.
    """
    db.execute("delete from departure where at_s <= ? or at_s > ?", (now_s - MINUTE_S, now_s + 1))
    question = "select count(*), coalesce(sum(tokens), 0), min(at_s) from departure where host = ? and model = ?"
    sent, used, oldest_s = db.execute(question, (quota.host, quota.model)).fetchone()
    if sent >= quota.requests or (sent and used + tokens > quota.tokens):
        return max(0.001, float(oldest_s) + MINUTE_S - now_s)
    row = (quota.host, quota.model, now_s, tokens)
    return int(db.execute("insert into departure (host, model, at_s, tokens) values (?, ?, ?, ?)", row).lastrowid or 0)
