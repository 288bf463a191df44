"""Which engine a tool runs in a workspace, and that it stays the one that it was."""

from __future__ import annotations

import dataclasses
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from tools.mill.manifest import NAME, connect, meta, set_meta, transaction
from tools.mill.tool import Tool


def engine(
    db: sqlite3.Connection, base: Path, tool: Tool, params: Any
) -> tuple[Any, tuple[str, str] | None, tuple[str, ...]]:
    """Resolve `engine = "auto"` once per workspace and pin it; the engine's name and digest go into the recipe.

    What its weights are is pinned as well.
    """
    if tool.engine is None:
        return params, None, ()
    from tools import engines
    from tools.engines import weights

    notes: tuple[str, ...] = ()
    name = params.engine
    if name == "auto":
        key = f"engine.{tool.engine}"
        pinned = meta(db, key)
        name = pinned or engines.resolve(tool.engine, "auto", params, base)
        if pinned is None:
            with transaction(db):
                set_meta(db, key, name)
            notes = (f"{tool.name}: engine auto is {name} here, and stays so in this workspace.",)
    identity = engines.identify(tool.engine, name, params, base)
    notes += weights.check(db, tool.engine, engines.files(tool.engine, identity.name, params, base))
    return dataclasses.replace(params, engine=name), (identity.name, identity.digest), notes


def pinned(base: Path) -> dict[str, str]:
    """What "auto" means in a workspace, by kind of engine, in the order of the kinds; nothing where none was begun."""
    from tools import engines

    if not (base / NAME).exists():
        return {}
    with closing(connect(base)) as db:
        found = {kind: meta(db, f"engine.{kind}") for kind in engines.ENGINES}
    return {kind: name for kind, name in found.items() if name in engines.ENGINES[kind]}
