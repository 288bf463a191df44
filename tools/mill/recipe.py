"""Recipes: what decides the bytes that come out of a step, and nothing else."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any


def parameters(params: Any, engine: str | None = None) -> dict[str, Any]:
    """The fields of a tool's Params that decide what comes out; operational ones (deadline, memory) stay away.

    So do those that nobody reads with this engine and the other settings, and names of files that the engine's digest
    stands for.
    """
    return {name: value for name, value, names_file in _read(params, engine) if not names_file}


def files(params: Any, engine: str | None) -> list[str]:
    """The names, without their folders, of the files that a tool's Params name for this engine."""
    return [Path(value).name for _, value, names_file in _read(params, engine) if names_file and value]


def _read(params: Any, engine: str | None) -> Iterator[tuple[str, Any, bool]]:
    """Name and value of each field that somebody reads, and whether it names a file."""
    for field in dataclasses.fields(params):
        told = field.metadata
        switch, values = told.get("where") or ("", ())
        off = switch and getattr(params, switch) not in values
        if told.get("recipe", True) and told.get("engine", engine) == engine and not off:
            yield field.name, getattr(params, field.name), told.get("file", False)


def digest_rows(rows: Iterable[Mapping[str, Any]], *columns: str) -> str:
    """One digest of a set of rows (of some columns, or of all but ids: those differ from manifest to manifest)."""
    # Sorted by digest, so that of a large set no row is held as text.
    keys = sorted(
        hashlib.sha256(
            json.dumps([row[name] for name in columns or row if not name.endswith("_id")], default=bytes.hex).encode()
        ).digest()
        for row in rows
    )
    return hashlib.sha256(b"".join(keys)).hexdigest()


def build(
    tool: str,
    version: int,
    params: Mapping[str, Any],
    *,
    engine: Sequence[str] | None = None,
    dataset: Mapping[str, Any] | None = None,
    sides: Mapping[str, str] | None = None,
    inputs: str | None = None,
) -> dict[str, Any]:
    """A recipe. engine: its name and its model's digest; sides, inputs: digests of side inputs and of a set."""
    recipe: dict[str, Any] = {"tool": tool, "version": version, "params": dict(params)}
    parts = {"engine": engine and list(engine), "dataset": dataset, "sides": sides, "inputs": inputs}
    return recipe | {name: part for name, part in parts.items() if part}


def ensure(db: sqlite3.Connection, recipe: Mapping[str, Any]) -> int:
    """The id of a recipe; a new one is written."""
    text = json.dumps(recipe, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()
    db.execute("insert into recipe (digest, json) values (?, ?) on conflict do nothing", (digest, text))
    return int(db.execute("select id from recipe where digest = ?", (digest,)).fetchone()[0])
