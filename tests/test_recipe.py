"""Recipes: what decides the bytes is in them, and nothing else."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tools.detect import Params as Detect
from tools.mask import Params as Mask
from tools.mill import recipe
from tools.mill.tool import of_engine, operational, read_where


@dataclass(frozen=True)
class Params:
    side_px: int = 448
    deadline_s: float = operational(60.0)


def test_how_a_step_runs_is_not_in_its_recipe() -> None:
    assert recipe.parameters(Params()) == {"side_px": 448}
    assert recipe.parameters(Params(deadline_s=1.0)) == recipe.parameters(Params())


@dataclass(frozen=True)
class Networks:
    engine: str = "net"
    weights: str = of_engine("net", "a.pt", file=True)
    soft: bool = of_engine("net", False)
    soft_px: int = of_engine("net", 10, where=("soft", (True,)))
    rule: str = "face"
    near: float = read_where(("rule", ("face", "head")), 0.3)


@pytest.mark.parametrize(
    ("changed", "engine", "same"),
    [
        ({"weights": "sub/b.pt"}, "net", True),
        ({"soft_px": 11}, "net", True),
        ({"soft": True}, "net", False),
        ({"soft": True}, "builtin", True),
        ({"soft": True, "soft_px": 11}, "builtin", True),
        ({"near": 0.4}, "net", False),
        ({"near": 0.4}, "builtin", False),
        ({"rule": "area"}, "net", False),
    ],
)
def test_only_what_is_read_is_in_a_recipe(changed: dict[str, Any], engine: str, same: bool) -> None:
    found = recipe.parameters(Networks(**changed), engine)
    assert (found == recipe.parameters(Networks(), engine)) is same


def test_a_switch_brings_what_it_turns_on_into_the_recipe() -> None:
    on = {"soft": True, "soft_px": 10}
    assert recipe.parameters(Networks(soft=True), "net") == {"engine": "net", "rule": "face", "near": 0.3, **on}
    assert recipe.parameters(Networks(rule="area"), "builtin") == {"engine": "net", "rule": "area"}
    one, other = Networks(rule="area", near=0.1), Networks(rule="area", near=0.2)
    assert recipe.parameters(one, "net") == recipe.parameters(other, "net")
    assert "near" in recipe.parameters(Networks(rule="head"), "net")


def test_a_files_name_is_told_beside_the_recipe() -> None:
    assert recipe.files(Networks(weights="/data/nets/b.pt"), "net") == ["b.pt"]
    assert recipe.files(Networks(weights=""), "net") == []
    assert recipe.files(Networks(), "builtin") == []


@pytest.mark.parametrize(
    ("params", "engine", "unread"),
    [
        (Detect(), "yolo", {"weights": "renamed.pt", "min_face_px": 20.0}),
        (Detect(shot_rule="area"), "builtin", {"shot_close": 0.5, "shot_far": 0.1, "imgsz": 1280}),
        (Mask(), "rembg", {"matting_foreground": 200, "matting_background": 1, "matting_erode_px": 1}),
        (Mask(model="u2net_custom", weights="net.onnx"), "rembg", {"weights": "renamed.onnx", "working_side_px": 64}),
        (Mask(), "builtin", {"alpha_matting": True, "matting_erode_px": 1, "model": "silueta"}),
    ],
)
def test_settings_that_nobody_reads_make_nothing_anew(params: Any, engine: str, unread: dict[str, Any]) -> None:
    for name, value in unread.items():
        assert getattr(params, name) != value
        changed = replace(params, **{name: value})
        assert recipe.parameters(changed, engine) == recipe.parameters(params, engine), name
    assert set(unread).isdisjoint(recipe.parameters(params, engine))


def test_matting_that_is_on_is_in_the_recipe_with_its_bounds() -> None:
    on = Mask(alpha_matting=True)
    assert recipe.parameters(on, "rembg") != recipe.parameters(replace(on, matting_erode_px=1), "rembg")


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
