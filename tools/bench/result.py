"""What a bench gives: lines with a figure, its unit, and the bound it is held to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Line:
    """One figure. bound: what it is held to, None where it is told only; at_least: the bound is a floor."""

    name: str
    value: float
    unit: Literal["ms", "s", "MB", "ratio", "share"]
    bound: float | None
    at_least: bool = False

    @property
    def met(self) -> bool | None:
        """Whether the bound is met; None where there is none."""
        if self.bound is None:
            return None
        return self.value >= self.bound if self.at_least else self.value <= self.bound
