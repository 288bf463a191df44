"""Say what works on this machine, what does not, and what to do.

Example: python -m tools.doctor --base data
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sqlite3
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import click

from tools import models
from tools.engines import catalogue
from tools.mill import machine
from tools.mill.command import guard

WIDTH = 100
"""Signs in a line."""

MIN_SQLITE = (3, 37, 0)
FREE_GB = 5
SYSTEM_LIBRARIES = "apt-get install libgl1 libglib2.0-0"


@dataclass(frozen=True)
class Finding:
    """One thing looked at. state: 'ok', 'missing' (nothing works without it) or 'optional'."""

    name: str
    state: Literal["ok", "missing", "optional"]
    said: str


@dataclass(frozen=True)
class Need:
    """A library that is looked at: the module to import, the package that brings it, what it is for."""

    module: str
    package: str
    purpose: str

    @property
    def licence(self) -> str:
        return models.licence(catalogue.PACKAGES[self.package])


NEEDED = (
    Need("av", "av", "decoding"),
    Need("cv2", "opencv-python", "detection, masks"),
    Need("dlib", "dlib-bin", "faces"),
    Need("PIL", "pillow", "images"),
    Need("skimage", "scikit-image", "measurements"),
)
OPTIONAL = (
    Need("torch", "torch", "engines on a GPU"),
    Need("ultralytics", "ultralytics", "the engine yolo"),
    Need("rembg", "rembg", "the engine rembg"),
    Need("google.genai", "google-genai", "the captioner vertex"),
    Need("openai", "openai", "the captioner openai"),
    Need("datasette", "datasette", "the light table"),
)


def examine(base: Path, *, ask: bool = False) -> Iterator[Finding]:
    """Look at the machine, the libraries and the workspace, one finding each.

    ask: whether captioners elsewhere, which are set up here, are asked to list their models.
    """
    version = platform.python_version()
    yield Finding("Python", "ok" if sys.version_info >= (3, 11) else "missing", f"{version}; 3.11 or newer is needed")
    enough = tuple(int(part) for part in sqlite3.sqlite_version.split(".")) >= MIN_SQLITE
    yield Finding("SQLite", "ok" if enough else "missing", f"{sqlite3.sqlite_version}; 3.37 or newer is needed")
    yield _program("make", "GNU Make 4.3 or newer: apt-get install make", "missing")
    yield _program("ffmpeg", "only `make bench` compares with it", "optional")
    free = machine.free_mb()
    memory = f", {free} MiB of memory free" if free is not None else ""
    yield Finding("Machine", "ok", f"{machine.cores()} cores{memory}: {machine.default_workers()} workers")
    yield _disk(base)
    yield from (_loads(need) for need in NEEDED)
    yield _landmarks()
    yield from (_installed(need) for need in OPTIONAL)
    yield _gpu()
    yield from _decoders()
    yield from _engines(base, ask)


def _decoders() -> Iterator[Finding]:
    """Who can take pictures out of videos beside PyAV's software, which always can."""
    from tools.engines.decoders import lacks

    try:
        lack = lacks("nvdec")
    except ImportError:
        return  # PyAV itself is not there, as was told above
    said = "H.264, HEVC, VP8 and VP9 in 4:2:0 go to the GPU, all else to software; the bytes are the same"
    yield Finding("decode: nvdec", "optional" if lack else "ok", f"{lack}; software decodes" if lack else said)
    lack = lacks("decord")
    said = lack or (
        f"{importlib.metadata.version('decord')} (Apache-2.0), only where [extract] decoder says so; each source is "
        "held to its container"
    )
    yield Finding("decode: decord", "optional" if lack else "ok", said)


def _engines(base: Path, ask: bool) -> Iterator[Finding]:
    """Every engine, as the workspace's settings name its model, and whether a better one than the pinned could run."""
    from tools.mill import settings
    from tools.report.engines import better, states

    try:
        loaded = settings.load(base)
        for state in states(loaded, ask=ask):
            absent: Literal["missing", "optional"] = "missing" if state.chosen else "optional"
            here = "runs in this workspace: " if state.chosen else ""
            yield Finding(f"{state.kind}: {state.engine}", "ok" if state.ready else absent, f"{here}{state.said}")
        for kind, said in better(loaded):
            yield Finding(f"{kind}: better", "optional", said)
    except settings.UsageError as error:
        yield Finding("Settings", "missing", str(error))


def _program(name: str, hint: str, absent: Literal["missing", "optional"]) -> Finding:
    path = shutil.which(name)
    return Finding(name, "ok", "found") if path else Finding(name, absent, f"not found; {hint}")


def _disk(base: Path) -> Finding:
    """Free room where the workspace is or will be, and whether it can be written to."""
    folder = base.absolute()
    while not folder.exists():
        folder = folder.parent
    if not os.access(folder, os.W_OK):
        return Finding("Workspace", "missing", f"{folder} cannot be written to; choose another with BASE=…")
    free_gb = shutil.disk_usage(folder).free / 1e9
    word = "" if free_gb >= FREE_GB else "; that is little: an hour of footage takes about 3 GB"
    return Finding("Workspace", "ok", f"{base}, {free_gb:.0f} GB free{word}")


def _loads(need: Need) -> Finding:
    """Needed libraries are really loaded: a wheel may be there while a system library under it is not."""
    try:
        importlib.import_module(need.module)
    except ImportError as error:
        return Finding(
            need.package, "missing", f"{error}; on Debian: {SYSTEM_LIBRARIES}; then remove .venv, `make all`"
        )
    return Finding(need.package, "ok", f"{importlib.metadata.version(need.package)}, {need.purpose} ({need.licence})")


def _installed(need: Need) -> Finding:
    """Optional libraries are heavy to load, so that their being there must do."""
    try:
        version = importlib.metadata.version(need.package)
    except importlib.metadata.PackageNotFoundError:
        return Finding(
            need.package, "optional", f"not installed: {need.purpose}. Remove .venv and `make all` without LIGHT=1"
        )
    return Finding(need.package, "ok", f"{version}, {need.purpose} ({need.licence})")


def _landmarks() -> Finding:
    found = importlib.util.find_spec("face_recognition_models")
    if found is None:
        return Finding(
            "face weights", "missing", "face_recognition_models is not installed; remove .venv and `make all`"
        )
    return Finding(
        "face weights",
        "ok",
        f"face_recognition_models ({models.licence(catalogue.PACKAGES['face_recognition_models'])}); "
        f"{catalogue.LANDMARKS}: {models.licence(catalogue.PACKAGES[catalogue.LANDMARKS])}",
    )


def _gpu() -> Finding:
    if shutil.which("nvidia-smi"):
        return Finding("GPU", "ok", "an NVIDIA driver is there; yolo and rembg use it, the builtin engines do not")
    return Finding("GPU", "optional", "none found; the builtin engines need none")


def shown(finding: Finding) -> str:
    """A finding in lines of at most WIDTH signs, but for paths; what it says is one column."""
    head = f"{finding.state:9} {finding.name:22} "
    return textwrap.fill(
        finding.said,
        WIDTH,
        initial_indent=head,
        subsequent_indent=" " * len(head),
        break_long_words=False,
        break_on_hyphens=False,
    )


@click.command()
@click.option("--base", type=click.Path(path_type=Path), default=Path("data"), show_default=True, help="the workspace")
@click.option("--ask", is_flag=True, help="ask the captioner elsewhere for its models: costs nothing, sends no image")
def main(base: Path, ask: bool) -> int:
    """Say what works on this machine, what does not, and what to do. Exits 1 where something needed is missing."""
    broken = False
    for finding in examine(base, ask=ask):
        broken |= finding.state == "missing"
        click.echo(shown(finding))
    if broken:
        click.echo("Something needed is missing: see the lines above.", err=True)
    return 1 if broken else 0


if __name__ == "__main__":
    guard(lambda: main(standalone_mode=False))
