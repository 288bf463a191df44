"""Causes: the chained digest of what a step depends on: sources, configuration, code, decisions, the steps before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tools.mill.plan import BY_TOOL, PLAN, Step
from tools.mill.present import trace
from tools.mill.settings import ROOT, Settings
from tools.mill.walk import walk
from tools.stamps.known import Manifest

Files = tuple[tuple[str, str], ...]
CODE: Files = (("tools", "*.py"), ("sql", "*.sql"))
OWN: Mapping[str, Files] = {"caption": (("prompts", "*.md"), ("prompts", "*.json"))}
"""Files of the project that one tool alone reads: a change of them starts it and what comes after it."""


def digests(settings: Settings, manifest: Manifest) -> dict[str, str]:
    """The chained digest of every step, named as its stamp: its own causes and all before it."""
    common = _content(CODE)
    own = {tool: _content(files) for tool, files in OWN.items()}
    found: dict[str, str] = {}
    for step, dataset in steps(settings):
        section = settings.sections[step.tool]
        parts: list[Any] = [common, own.get(step.tool), section, manifest.decisions(step, dataset)]
        parts.append(manifest.lost(name(step.tool, dataset)))
        parts.append(trace(step.tool, section, manifest.pinned(step.tool), settings.base.absolute()))
        if step.gate is None:
            parts.append(_sources(settings.base))
        if step.subjects:
            parts.append(sorted({told["subject"] for told in settings.datasets.values()}))
        parts += [found[name] for name in before(step, dataset)]
        if dataset:
            parts.append(settings.datasets[dataset])
        found[name(step.tool, dataset)] = _digest(parts)
    return found


def steps(settings: Settings) -> Iterator[tuple[Step, str]]:
    """Every step with its dataset ('' for shared ones), in the order of the plan."""
    for step in PLAN:
        for dataset in sorted(settings.datasets) if step.per_dataset else [""]:
            yield step, dataset


def before(step: Step, dataset: str) -> list[str]:
    """The names of the steps that come right before one."""
    return [name(tool, dataset) for tool in (step.gate, step.beside) if tool]


def name(tool: str, dataset: str) -> str:
    """What the stamp of a step is called."""
    return f"{tool}.{dataset}" if BY_TOOL[tool].per_dataset else tool


def _digest(parts: list[Any]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _content(files: Files) -> str:
    """The digest of some files of the project."""
    digest = hashlib.sha256()
    for folder, pattern in files:
        for path in sorted((ROOT / folder).rglob(pattern)):
            digest.update(f"{path.relative_to(ROOT)}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _sources(base: Path) -> str:
    digest = hashlib.sha256()
    lines = [
        b"%s\0%s\0%d %d %d %d\n" % (f.kind.encode(), f.path, f.size, f.mtime_ns, f.ctime_ns, f.inode)
        for f in walk(base)
    ]
    for line in sorted(lines):
        digest.update(line)
    return digest.hexdigest()
