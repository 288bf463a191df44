"""The bill beforehand: how many requests, tokens and USD, and to whom."""

from __future__ import annotations

from dataclasses import dataclass

from tools.mill.words import plural
from tools.paid.prices import Price

USUAL_OUTPUT = 400
"""Tokens of an answer as it usually is; only estimates use it."""


@dataclass(frozen=True)
class Bill:
    """What open requests would come to. images: that wait; due: those of them that are not paid for. tokens: of one
    request at most, in and out. price: None where nobody says it.
    """

    name: str
    host: str
    model: str
    images: int
    due: int
    requests: int
    tokens: tuple[int, int]
    price: Price | None

    def sentences(self) -> tuple[str, ...]:
        """One sentence; none where there is no image."""
        if not self.images:
            return ()
        if not self.requests:
            return (f"{self.name}: {plural(self.images, 'image')}, all paid for already; nothing is sent.",)
        known = f", {self.images - self.due} of {self.images} paid for already" if self.images > self.due else ""
        sent, most = self.tokens
        usual = min(USUAL_OUTPUT, most)
        cost = self._cost(sent, usual, most)
        return (
            f"{self.name}: {plural(self.due, 'image')} would go to {self.host} ({self.model}){known}: "
            f"{plural(self.requests, 'request')}, "
            f"about {self.requests * (sent + usual)} tokens, {cost}.",
        )

    def _cost(self, sent: int, usual: int, most: int) -> str:
        if self.price is None:
            return "at a price nobody says"
        if self.price.free:
            return "free of charge"
        about, at_most = (self.price.cost(self.requests * sent, self.requests * out) for out in (usual, most))
        return f"about {_usd(about)} USD, at most {_usd(at_most)} ({self.price.source})"


def _usd(cost: float) -> str:
    """To the cent, small sums to a hundredth of one."""
    return f"{cost:.2f}" if cost >= 1 else f"{cost:.4f}"
