"""Faults of a service: which are tried again, which end the run, and how long to wait between tries."""

from __future__ import annotations

import math
import random
from email.utils import parsedate_to_datetime
from http import HTTPStatus

BACKOFF_S, LONGEST_S = 1.0, 60.0
"""Seconds before the second try, doubled before each further one up to the longest."""

STOPPING = frozenset({401, 402, 403, 404, 405, 407})
"""Who is asked, or who asks, is wrong, as with any 3xx: the next image would get the same answer."""


class Fault(Exception):
    """A request that brought no answer; the message is a sentence that may be shown.

    retry: trying again may help. stop: no other image will fare better. paid: it may have been worked on, and cost.
    of_image: the service itself is well, and what is wrong may be this one question. after_s: how long the server asked
    to wait.
    """

    def __init__(
        self,
        sentence: str,
        *,
        retry: bool = False,
        stop: bool = False,
        paid: bool = False,
        of_image: bool = False,
        after_s: float | None = None,
    ) -> None:
        super().__init__(sentence)
        self.retry, self.stop, self.paid, self.of_image, self.after_s = retry, stop, paid, of_image, after_s

    def told(self, sentence: str) -> Fault:
        """The same fault in other words."""
        kept = {"retry": self.retry, "stop": self.stop, "paid": self.paid, "of_image": self.of_image}
        return Fault(sentence, **kept, after_s=self.after_s)


def of_status(host: str, status: int, said: str, after: str | None, now_s: float) -> Fault:
    """The fault behind an HTTP status. said: what the body says; after: the Retry-After header; now_s: since the epoch.

    Tried again: 408, 429 and 5xx. When those stay, 429 ends the run (it is the account's limit, not the image's).
    """
    name = HTTPStatus(status).phrase if status in {entry.value for entry in HTTPStatus} else "unknown status"
    sentence = (
        f"{host} answered {status} ({name}): {brief(said)}" if said.strip() else f"{host} answered {status} ({name})"
    )
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Fault(sentence, retry=True, stop=True, after_s=seconds_of(after, now_s))
    if status == HTTPStatus.REQUEST_TIMEOUT or status >= 500:
        return Fault(sentence, retry=True, paid=status == HTTPStatus.GATEWAY_TIMEOUT, after_s=seconds_of(after, now_s))
    stop = status in STOPPING or status < 400
    return Fault(f"{sentence}{_remedy(status)}", stop=stop, of_image=not stop)


def _remedy(status: int) -> str:
    if status in (401, 403, 407):
        return ". Check the key, and what it may do"
    if 300 <= status < 400:
        return ". It sends on to another address: set [caption] base_url to that, if images may go there"
    if status in (404, 405):
        return ". Check [caption] model, location and base_url"
    return ""


def brief(said: str, at_most: int = 300) -> str:
    """The beginning of what a server said, on one line, to go into a sentence."""
    line = " ".join(said.split()).rstrip(".")
    return line if len(line) <= at_most else f"{line[:at_most]} …"


def seconds_of(after: str | None, now_s: float) -> float | None:
    """A Retry-After header, in seconds or as a date, as seconds from now; None where it says neither."""
    if not after:
        return None
    try:
        seconds = float(after)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(after).timestamp() - now_s
        except ValueError:
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def pause_s(tries: int, fault: Fault, chance: random.Random) -> float:
    """Seconds to wait after so many tries: doubling, with full jitter in its upper half, never less than was asked for.

    (M. Brooker, Exponential Backoff and Jitter, AWS Architecture Blog, 2015.)
    """
    longest = min(LONGEST_S, BACKOFF_S * 2 ** (tries - 1))
    return max(chance.uniform(longest / 2, longest), min(fault.after_s or 0.0, 10 * LONGEST_S))
