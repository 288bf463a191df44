"""What a bench gives: lines with a figure, its unit, its spread, and the bound it is held to."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Unit = Literal["ms", "s", "MB", "ratio", "share"]


class Missing(Exception):
    """A figure cannot be had here; the message says why."""


@dataclass(frozen=True)
class Line:
    """One figure.

    value: None where it could not be had, and why in missing. bound: what it is held to, None where it is told only;
    at_least: the bound is a floor. low, high: the extremes of what was measured, where it was measured several times.
    """

    name: str
    value: float | None
    unit: Unit
    bound: float | None = None
    at_least: bool = False
    low: float | None = None
    high: float | None = None
    missing: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the bound is met; None where there is none. A figure that is missing meets no bound."""
        if self.bound is None:
            return None
        if self.value is None:
            return False
        return self.value >= self.bound if self.at_least else self.value <= self.bound

    def of(self, part: str) -> Line:
        """The same line with the name of a part before its own."""
        return dataclasses.replace(self, name=f"{part}: {self.name}")

    @property
    def judgement(self) -> str:
        """What stands in the last column: yes, or by how much of the bound not."""
        if self.bound is None:
            return ""
        if self.value is None:
            return "missing"
        if self.met:
            return "yes"
        return f"no, by {abs(self.value / self.bound - 1) * 100:.0f} %"


def median_line(
    name: str, values: Sequence[float], unit: Unit, bound: float | None = None, *, at_least: bool = False
) -> Line:
    """The median of several measurements, with their extremes."""
    return Line(name, statistics.median(values), unit, bound, at_least, min(values), max(values))


def shown(value: float | None, unit: Unit) -> str:
    """A figure as people read it, with the digits that mean something."""
    if value is None:
        return ""
    match unit:
        case "ms":
            return f"{value:,.0f} ms" if value >= 10 else f"{value:.2f} ms"
        case "s":
            return f"{value:.2f} s"
        case "MB":
            return f"{value:,.0f} MB"
        case "share":
            return f"{value * 100:.2f} %"
        case "ratio":
            return f"{value:.2f}"
