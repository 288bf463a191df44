"""Fetch the models that the configuration names, and write down what they are.

Reads: the settings of detect and mask.  Writes: the SHA-256 of each file, into the manifest where there is one.
Example: python -m tools.models --base data
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import click

from tools import engines
from tools.engines import catalogue, weights
from tools.mill import pinning
from tools.mill.command import guard
from tools.mill.manifest import NAME, connect
from tools.mill.settings import Settings, UsageError, load

KINDS = ("detect", "mask")
"""The tools whose engines run models of the user's choice."""


@dataclass(frozen=True)
class Wanted:
    """A model that the configuration names: for which tool, by which engine, and with which settings."""

    kind: str
    engine: str
    params: Any


@dataclass(frozen=True)
class Model:
    """What became of it: its files, or the sentence that says why there are none, or none that can be used."""

    wanted: Wanted
    files: tuple[Path, ...]
    lack: str | None
    terms: catalogue.Terms


def wanted(settings: Settings, pins: Mapping[str, str] | None = None) -> Iterator[Wanted]:
    """The models that the settings name, and those that "auto" would take if they were there.

    pins: what "auto" is in this workspace, by kind, where that was said already.
    """
    for kind in KINDS:
        made = importlib.import_module(f"tools.{kind}").TOOL.params
        params = made(**{field.name: settings.sections[kind][field.name] for field in fields(made)})
        for name, entry in engines.ENGINES[kind].items():
            runs = (pins or {}).get(kind, "auto") if params.engine == "auto" else params.engine
            if entry.files is not None and runs in ("auto", name):
                yield Wanted(kind, name, params)


def unasked(settings: Settings, pins: Mapping[str, str]) -> Iterator[str]:
    """A line for each tool whose engine "auto" is pinned as one that needs no model."""
    for kind in KINDS:
        pin = pins.get(kind, "")
        if settings.sections[kind]["engine"] == "auto" and pin and engines.ENGINES[kind][pin].files is None:
            best = next(iter(engines.ENGINES[kind]))
            yield (
                f"{kind:7} {pin:6} none needed: engine auto is {pin} in this workspace, and stays so. For a model, "
                f'write engine = "{best}" below [{kind}] in {settings.base / "config.toml"}; all is then made anew.'
            )


def provide(each: Wanted, base: Path, *, fetch: bool = True) -> Model:
    """Have the files of a model here."""
    found: tuple[Path, ...] = ()
    lack = None
    try:
        get = engines.provided if fetch else engines.files
        found = get(each.kind, each.engine, each.params, base)
        lack = next(filter(None, map(weights.broken, found)), None)
    except UsageError as error:
        lack = str(error)
    return Model(each, found, lack, terms_of(each))


def terms_of(each: Wanted) -> catalogue.Terms:
    if each.engine == "yolo":
        return catalogue.PACKAGES["ultralytics"]
    return catalogue.MASK_MODELS.get(each.params.model, catalogue.PACKAGES["rembg"])


def licence(terms: catalogue.Terms) -> str:
    """The licence in words: what it is, and what stands in the way of earning money with it."""
    parts = [terms.licence, terms.note, "" if terms.commercial else "read it before you earn money with it"]
    return "; ".join(part for part in parts if part)


def table() -> str:
    """The licences of all packages and models that engines run, as a table in Markdown."""
    rows = [*catalogue.PACKAGES.items(), *((f"rembg: {name}", terms) for name, terms in catalogue.MASK_MODELS.items())]
    head = "| what | for | licence | for money | said at |\n|---|---|---|---|---|"
    lines = [
        f"| {name} | {terms.what} | {'; '.join(filter(None, (terms.licence, terms.note)))} | {_for_money(terms)} "
        f"| {f'<{terms.source}>' if terms.source else ''} |"
        for name, terms in rows
    ]
    return "\n".join([head, *lines])


def _for_money(terms: catalogue.Terms) -> str:
    if terms.licence == catalogue.YOURS:
        return "yours to know"
    return "yes" if terms.commercial else "read the terms"


def told(model: Model) -> Iterator[str]:
    """One line for each file of a model, or for what it lacks."""
    head = f"{model.wanted.kind:7} {model.wanted.engine:6}"
    if model.lack:
        yield f"{head} {'damaged' if model.files else 'missing'}: {model.lack}"
        return
    for path in model.files:
        size = path.stat().st_size / 1e6
        yield f"{head} {path}, {size:.1f} MB, SHA-256 {weights.sha256_of(path)} ({licence(model.terms)})"


def _warm_up() -> None:
    """Import rembg once: PyMatting, that it brings, compiles itself then, for half a minute."""
    done = subprocess.run([sys.executable, "-c", "import rembg"], capture_output=True, text=True, check=False)
    if done.returncode:
        reason = done.stderr.strip().rpartition("\n")[2]
        raise UsageError(f"rembg cannot be imported: {reason}. Remove .venv and `make all`.")


@click.command(help=__doc__)
@click.option("--base", type=click.Path(path_type=Path), default=Path("data"), show_default=True, help="the workspace")
@click.option("--accept", is_flag=True, help="take the files as they are now, also where they were others before")
def main(base: Path, accept: bool) -> int:
    """Fetch, say what there is, and write it down. Exits 1 where a model that an engine is named for is missing, and
    where one is damaged."""
    base = base.resolve()
    settings, pins = load(base), pinning.pinned(base)
    for line in unasked(settings, pins):
        click.echo(line)
    models = [provide(each, base) for each in wanted(settings, pins)]
    if any(model.files and model.wanted.engine == "rembg" for model in models):
        _warm_up()
    for model in models:
        for line in told(model):
            click.echo(line)
    if (base / NAME).exists():
        with closing(connect(base, create=False)) as db:
            write_down = weights.accept if accept else weights.check
            for model in (each for each in models if not each.lack):
                for line in write_down(db, model.wanted.kind, model.files):
                    click.echo(line, err=True)
    return 1 if any(model.lack and (model.files or model.wanted.params.engine != "auto") for model in models) else 0


if __name__ == "__main__":
    guard(lambda: main(standalone_mode=False))
