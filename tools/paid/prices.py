"""Prices: what a model costs, from a dated table or from the configuration. Standard library only."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path

from tools.mill.settings import UsageError

TABLE = Path(__file__).with_name("prices.toml")


@dataclass(frozen=True)
class Price:
    """USD for a million tokens, in and out (thinking included), and where that stands."""

    input: float
    output: float
    source: str

    def cost(self, input_tokens: int, output_tokens: int) -> float:
        """USD."""
        return (input_tokens * self.input + output_tokens * self.output) / 1e6

    @property
    def free(self) -> bool:
        return self.input == 0 and self.output == 0


@functools.cache
def table() -> dict[str, Price]:
    with TABLE.open("rb") as file:
        entries = tomllib.load(file)["model"]
    return {
        entry["name"]: Price(entry["input"], entry["output"], f"{entry['source']}, {entry['on']}") for entry in entries
    }


def price_of(model: str, input_price: float, output_price: float) -> Price | None:
    """The price of a model: the configuration's where both are said (not below 0), else the table's, else None.

    Raises UsageError where only one of the two is said.
    """
    said = [value >= 0 for value in (input_price, output_price)]
    if all(said):
        return Price(input_price, output_price, "[caption] input_price and output_price")
    if any(said):
        raise UsageError("[caption] input_price and output_price go together: say both, in USD for a million tokens.")
    return table().get(model.rpartition("/")[2])


def unpriced(model: str) -> str:
    """What to say where max_cost is set and nobody knows what a model costs."""
    return (
        f"[caption] max_cost cannot be kept: nobody says what {model} costs. Set [caption] input_price and "
        "output_price in USD for a million tokens (0 and 0 for a server of your own)."
    )
