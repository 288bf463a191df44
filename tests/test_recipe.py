"""Recipes: what decides the bytes is in them, and nothing else."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from tools.mill import recipe
from tools.mill.tool import operational


@dataclass(frozen=True)
class Params:
    side_px: int = 448
    deadline_s: float = operational(60.0)


def test_how_a_step_runs_is_not_in_its_recipe() -> None:
    assert recipe.parameters(Params()) == {"side_px": 448}
    assert recipe.parameters(Params(deadline_s=1.0)) == recipe.parameters(Params())


def test_only_what_there_is_is_written() -> None:
    assert recipe.build("mask", 1, {"side_px": 448}) == {"tool": "mask", "version": 1, "params": {"side_px": 448}}
    full = recipe.build(
        "mask", 2, {}, engine=("grabcut", "abc"), dataset={"name": "emma"}, sides={"faces": "f00"}, inputs="123"
    )
    assert full == {
        "tool": "mask",
        "version": 2,
        "params": {},
        "engine": ["grabcut", "abc"],
        "dataset": {"name": "emma"},
        "sides": {"faces": "f00"},
        "inputs": "123",
    }


def test_equal_recipes_are_one_row(db: sqlite3.Connection) -> None:
    first = recipe.ensure(db, {"tool": "mask", "version": 1, "params": {"a": 1, "b": 2}})
    assert recipe.ensure(db, {"params": {"b": 2, "a": 1}, "version": 1, "tool": "mask"}) == first
    assert recipe.ensure(db, {"tool": "mask", "version": 2, "params": {"a": 1, "b": 2}}) != first
    assert db.execute("select count(*) from recipe").fetchone()[0] == 2


def test_a_set_is_known_by_its_rows_in_any_order() -> None:
    rows: list[dict[str, Any]] = [
        {"address": "a", "version": "1", "likeness": b"\x00"},
        {"address": "b", "version": "2", "likeness": None},
    ]
    digest = recipe.digest_rows(rows)
    assert recipe.digest_rows(rows[::-1]) == digest
    assert recipe.digest_rows(rows[:1]) != digest
    assert recipe.digest_rows([{**rows[0], "likeness": b"\x01"}, rows[1]]) != digest
    assert recipe.digest_rows([{**rows[0], "likeness": b"\x01"}, rows[1]], "address", "version") == recipe.digest_rows(
        rows, "address", "version"
    )
    assert recipe.digest_rows([]) == recipe.digest_rows([])


def test_numbers_of_rows_are_not_natural_keys() -> None:
    """The same set has the same recipe in every manifest, whatever ids its rows were given there."""
    here = [{"item_id": 1, "parent_id": 7, "caption_id": 9, "address": "a"}]
    there = [{"item_id": 2, "parent_id": 8, "caption_id": 3, "address": "a"}]
    assert recipe.digest_rows(here) == recipe.digest_rows(there)
