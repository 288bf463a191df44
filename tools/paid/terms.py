"""Terms: how a service is asked. Standard library only."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tools.mill.tool import operational


@dataclass(frozen=True)
class Terms:
    """The settings of a captioner that other people run; the builtin one reads none of them.

    None of them is in the recipe by itself: what decides the answer (model, prompt, picture, max_output_tokens,
    thinking, temperature) goes into it through `tools.engines.remote.causes`, and only where such an engine runs.
    """

    model: str = operational("")
    base_url: str = operational("")
    project: str = operational("")
    location: str = operational("global")
    key_file: str = operational("")
    show: str = operational("cutout")
    side_px: int = operational(768)
    second_look: str = operational("rules")
    max_output_tokens: int = operational(2048)
    thinking: str = operational("low")
    temperature: float = operational(-1.0)
    max_cost: float = operational(0.0)
    max_requests: int = operational(0)
    input_price: float = operational(-1.0)
    output_price: float = operational(-1.0)
    requests_per_minute: int = operational(60)
    tokens_per_minute: int = operational(200_000)
    concurrency: int = operational(4)
    attempts: int = operational(7)
    timeout_s: float = operational(60.0)


@dataclass(frozen=True)
class Budget:
    """What may be spent in all. Sums over everything that the workspace's manifest knows of; infinite: no bound."""

    max_cost: float = math.inf
    max_requests: float = math.inf

    @classmethod
    def of(cls, terms: Terms) -> Budget:
        return cls(terms.max_cost or math.inf, terms.max_requests or math.inf)

    @property
    def unbounded(self) -> bool:
        return math.isinf(self.max_cost) and math.isinf(self.max_requests)
