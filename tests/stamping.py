"""Stamps: which there are, which follow from one, and setting them as make does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tools.mill import settings
from tools.mill.plan import PLAN, Step
from tools.stamps import changes

ALL = [f"{step.tool}.default" if step.per_dataset else step.tool for step in PLAN]

Check = Callable[[], list[str]]


def expected(base: Path) -> list[str]:
    """All stamps that a workspace may have."""
    datasets = sorted(settings.load(base, {}).datasets)
    return [f"{step.tool}.{name}" if name else step.tool for step in PLAN for name in names(step, datasets)]


def names(step: Step, datasets: list[str]) -> list[str]:
    return datasets if step.per_dataset else [""]


def stamp(base: Path, check: Check) -> None:
    """As make does: look, then stamp each step that is done."""
    for name in check():
        assert changes.main(["stamp", str(base), name]) == 0
    assert check() == []


def since(name: str) -> list[str]:
    """The stamps from one step on: composite and caption do not need each other."""
    if name.startswith("caption"):
        return [name, "package.default"]
    return [
        step for step in ALL[ALL.index(name) :] if not (name.startswith("composite") and step.startswith("caption"))
    ]
