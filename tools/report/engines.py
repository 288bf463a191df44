"""The state of each engine on this machine: ready with which model, or what it lacks and what to do."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator
from dataclasses import dataclass

from tools import engines, models
from tools.engines import weights
from tools.mill.settings import Settings


@dataclass(frozen=True)
class State:
    """One engine that runs a model of the user's choice. said: a line for people."""

    kind: str
    engine: str
    ready: bool
    said: str


def states(settings: Settings) -> Iterator[State]:
    """Each engine beside the builtin ones, as the workspace's settings name its model. Nothing is loaded or fetched."""
    base = settings.base.absolute()
    for each in models.wanted(settings):
        model = models.provide(each, base, fetch=False)
        if model.lack:
            yield State(each.kind, each.engine, False, model.lack)
            continue
        versions = ", ".join(
            f"{name} {importlib.metadata.version(name)}" for name in engines.ENGINES[each.kind][each.engine].modules
        )
        files = ", ".join(f"{path} (SHA-256 {weights.sha256_of(path)[:16]}…)" for path in model.files)
        said = f"{files} on {versions}, device {each.params.device} ({models.licence(model.terms)})"
        yield State(each.kind, each.engine, True, said)
