"""Ends: how an attempt at a job ends, and what ends the whole run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

J = TypeVar("J")


class Stop(Exception):
    """The machine, not the item, is at fault (full disk, no memory): the run stops and records nothing in flight."""


Ends = type[Exception] | None
"""The error with which the whole run ends; None where it goes on."""

Attempt = tuple[Any, str | None, Ends, float]
"""(value, error, Ends, seconds) of one job; a value or an error sentence."""

Serve = Callable[[Iterator[tuple[int, J]], Callable[[], None]], Iterator[tuple[int, Attempt]]]
"""In a worker: takes numbered jobs as they come, calls its second argument once it is ready to work, and gives the
attempt at each by its number, in any order."""
