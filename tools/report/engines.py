"""The state of each engine on this machine: ready with which model, or what it lacks and what to do."""

from __future__ import annotations

import importlib
import importlib.metadata
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from tools import engines, models
from tools.engines import catalogue, weights
from tools.mill import pinning
from tools.mill.manifest import NAME, connect
from tools.mill.settings import Settings, UsageError
from tools.report import captioners


@dataclass(frozen=True)
class State:
    """One engine. chosen: it is the one that runs in this workspace. said: a line for people."""

    kind: str
    engine: str
    ready: bool
    chosen: bool
    said: str


def states(settings: Settings, *, ask: bool = False) -> Iterator[State]:
    """Each engine, as the workspace's settings name its model. No network is loaded, nothing is fetched.

    ask: whether a captioner elsewhere that is set up here is asked to list its models.
    """
    pins = pinning.pinned(settings.base.resolve())
    for kind, known in engines.ENGINES.items():
        params = params_of(settings, kind)
        runs = pins.get(kind, "auto") if params.engine == "auto" else params.engine
        for name, entry in known.items():
            if entry.remote and name != runs and runs in known and known[runs].remote:
                ready, said = False, f"not configured: [caption] is set up for {runs}"
            else:
                ready, said = _elsewhere(name, params, ask) if entry.remote else _here(settings, kind, name, params)
            yield State(kind, name, ready, name == runs, said)


def better(settings: Settings) -> Iterator[tuple[str, str]]:
    """By kind, a sentence where "auto" would be another engine than it was when the workspace was begun."""
    base = settings.base.resolve()
    for kind, was in pinning.pinned(base).items():
        params = params_of(settings, kind)
        if params.engine != "auto":
            continue
        try:
            now = engines.resolve(kind, "auto", params, base)
        except UsageError:  # `states` tells it, of the engine that would read this setting
            continue
        # The order of the engines is that of what they are worth.
        if now != was and list(engines.ENGINES[kind]).index(now) < list(engines.ENGINES[kind]).index(was):
            begun = f"engine auto was pinned as {was} when this workspace was begun; {now} would run now."
            write = f'To take it, write engine = "{now}" below [{kind}] in {settings.base / "config.toml"}'
            yield kind, f"{begun} {write}: what {was} made is then made anew."


def params_of(settings: Settings, kind: str) -> Any:
    """A tool's parameters, as the settings have them."""
    made = importlib.import_module(f"tools.{kind}").TOOL.params
    return made(**{field.name: settings.sections[kind][field.name] for field in fields(made)})


def _here(settings: Settings, kind: str, name: str, params: Any) -> tuple[bool, str]:
    """Of an engine on this machine: whether it is ready; weights, packages, their licences, device."""
    entry, base = engines.ENGINES[kind][name], settings.base.resolve()
    try:
        files = engines.files(kind, name, params, base)
        device = _device(kind, name, params)
        lack = next(filter(None, map(weights.broken, files)), None) or _replaced(base, kind, files)
    except UsageError as error:
        lack = str(error)
    if lack:
        return False, lack
    terms = models.terms_of(models.Wanted(kind, name, params)) if files else None
    # Those of a package, doctor tells beside the package.
    own = f"; {models.licence(terms)}" if terms and terms not in catalogue.PACKAGES.values() else ""
    told = [f"{path} (SHA-256 {weights.sha256_of(path)[:16]}…{own})" for path in files]
    told += [*_packages(entry.packages, params), f"device {device}"] if device else ["Framemill's own"]
    return True, ", ".join(told)


def _replaced(base: Path, kind: str, files: tuple[Path, ...]) -> str | None:
    """The sentence with which the workspace refuses weights that are others than they were."""
    if not files or not (base / NAME).exists():
        return None
    with closing(connect(base, create=False)) as db:
        return weights.replaced(db, kind, files)


def _packages(names: tuple[str, ...], params: Any) -> Iterator[str]:
    """Each package with its version and its licence's name, and the landmarks where they are found.

    What else is to be said of their terms stands beside the package.
    """
    for name in names:
        yield f"{name} {importlib.metadata.version(name)} ({catalogue.PACKAGES[name].licence})"
    if "face_recognition_models" in names and getattr(params, "landmarks", False):
        yield f"{catalogue.LANDMARKS} ({catalogue.PACKAGES[catalogue.LANDMARKS].licence})"


def _device(kind: str, name: str, params: Any) -> str:
    """Where an engine would compute. Raises UsageError where that is not there."""
    if name == "yolo":
        from tools.engines.yolo_file import chosen_device

        return str(chosen_device(params.device))
    if name == "rembg":
        from tools.engines.onnx_devices import asked, spoken

        return spoken([each if isinstance(each, str) else each[0] for each in asked(params.device)])
    return "cpu" if kind != "caption" else ""


def _elsewhere(name: str, params: Any, ask: bool) -> tuple[bool, str]:
    """Of a captioner that other people run: whether it is set up here, and where asked, whether it answers."""
    entry = engines.ENGINES["caption"][name]
    if not captioners.installed(name):
        return False, f"{entry.packages[0]} is not installed: remove .venv and `make all` without LIGHT=1"
    found = list(captioners.parts(name, params))
    ready, said = all(there for there, _ in found), [words.rstrip(".") for _, words in found]
    if ask and ready:
        ready, answer = captioners.ask(name, params)
        said.append(answer)
    return ready, "; ".join([*_packages(entry.packages, params), *said])
