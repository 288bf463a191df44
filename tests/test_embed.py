"""embed: what tells people apart is measured once per person."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cutouts import FACE
from PIL import Image
from skimage import data

from tools import embed, engines
from tools.embed import Params
from tools.engines.protocols import MatchJob
from tools.media.geometry import Box
from tools.mill.line import asked_alone
from tools.mill.tool import Bench, Dataset

Run = Callable[..., Any]


def row(face: tuple[float, ...] | None = FACE) -> dict[str, Any]:
    """The astronaut as a person whose crop begins at (10, 20) of the frame."""
    sides = ("x0", "y0", "x1", "y1")
    box = dict(zip((f"box_{side}_px" for side in sides), (110, 20, 410, 530), strict=True))
    seen = dict(zip((f"face_{side}_px" for side in sides), face or (None,) * 4, strict=True))
    return {
        "item_id": 1,
        "kind": "person",
        "address": "a",
        "path": "her.png",
        **box,
        **seen,
        "crop_x_px": 10,
        "crop_y_px": 20,
    }


@pytest.fixture
def bench(tmp_path: Path) -> Callable[..., Bench[Params]]:
    Image.fromarray(data.astronaut()).save(tmp_path / "her.png")
    return lambda **values: Bench(tmp_path, Params(engine="builtin", **values), Dataset())


def test_a_face_has_the_embedding_that_the_engine_gives(bench: Callable[..., Bench[Params]]) -> None:
    found = asked_alone(embed.TOOL, row(), bench()).measures
    vector = np.frombuffer(found["embedding"], "<f4")
    image = np.ascontiguousarray(data.astronaut())
    ((face,),) = engines.load("embed", "builtin").run([MatchJob(image, Box(*FACE), 2)])
    assert vector.shape == (128,)
    assert np.array_equal(vector, face.embedding.astype(np.float32))
    assert found["face_height_px"] == FACE[3] - FACE[1]
    assert found["spread"] == round(face.spread, 4)
    assert len(found["colours"]) == 64


def test_small_faces_are_looked_at_more_often(bench: Callable[..., Bench[Params]]) -> None:
    height = FACE[3] - FACE[1]
    six = asked_alone(embed.TOOL, row(), bench(jitters=6)).measures
    for small_face_px, alike in ((height + 1, True), (height, False)):
        found = asked_alone(embed.TOOL, row(), bench(small_face_px=small_face_px)).measures
        assert (found["embedding"] == six["embedding"]) is alike
    assert asked_alone(embed.TOOL, row(), bench(jitters=1)).measures["spread"] is None


def test_who_shows_no_face_has_no_embedding_and_still_wears_something(bench: Callable[..., Bench[Params]]) -> None:
    found = asked_alone(embed.TOOL, row(None), bench()).measures
    assert set(found) == {"colours"}
    assert found["colours"] == asked_alone(embed.TOOL, row(), bench()).measures["colours"]


def test_it_is_measured_once_and_the_same_each_time(workspace: Path, run_tool: Run) -> None:
    Image.fromarray(data.astronaut()).save(workspace / "00_raw_photos" / "astronaut.png")
    for name in ("intake", "extract", "detect", "embed"):
        run_tool(workspace, name)
    question = (
        "select embedding, spread, face_height_px, colours from embed join outcome on id = outcome_id where latest"
    )

    def measured() -> list[tuple[Any, ...]]:
        with sqlite3.connect(workspace / "manifest.db") as db:
            return db.execute(question).fetchall()

    first = measured()
    assert len(first) == 1
    assert run_tool(workspace, "embed").waiting == 0
    assert run_tool(workspace, "embed", options={"jitters": 1}).waiting == 1
    assert measured() != first
    run_tool(workspace, "embed")
    assert measured() == first
