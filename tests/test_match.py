"""match: who somebody is, by the distance of faces."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage import data

from tools import match
from tools.match import Reference, counts, nearest

Run = Callable[..., Any]

FACES = Path(__file__).resolve().parents[2] / "shared" / "faces"
needs_faces = pytest.mark.skipif(not FACES.is_dir(), reason="the photographs of known people are not there")

OUTCOMES = """select status, reason, identity, faceless, references_used, references_ignored, distance
from outcome join step on step.id = step_id and tool = 'match' left join "match" on outcome_id = outcome.id
where latest and live"""

WHO = """select file.shown, status, reason, identity, references_ignored
from outcome join step on step.id = outcome.step_id and tool = 'match' join "match" on outcome_id = outcome.id
join item on item.id = outcome.item_id join item as frame on frame.id = item.parent_id
join file on file.item_id = frame.parent_id
where latest and live order by shown, status"""


def at(*place: float) -> np.ndarray:
    return np.array(place, dtype=np.float64)


def asked(base: Path, question: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(base / "manifest.db") as db:
        return db.execute(question).fetchall()


def test_the_nearest_reference_of_the_nearest_name_counts() -> None:
    references = [
        Reference("emma", "emma/1.jpg", at(0.9, 0)),
        Reference("emma", "emma/2.jpg", at(0.3, 0)),
        Reference("emma", "emma/group.jpg", None),
        Reference("lea", "lea/1.jpg", at(0, 0.4)),
    ]
    assert nearest(at(0, 0), references) == {"distance": 0.3, "identity": "emma", "next_distance": 0.4}
    assert nearest(at(0, 0), references[:2]) == {"distance": 0.3, "identity": "emma", "next_distance": None}


def test_references_that_cannot_be_compared_with_are_named() -> None:
    some = [Reference("emma", "emma/b.jpg", None), Reference("emma", "emma/a.jpg", None)]
    assert counts(some) == {"references_used": 0, "references_ignored": "emma/a.jpg, emma/b.jpg"}
    assert counts([Reference("emma", "emma/c.jpg", at(0, 0))]) == {"references_used": 1, "references_ignored": None}


@pytest.fixture
def chained(workspace: Path, run_tool: Run) -> Callable[..., Path]:
    """chained(): run intake to match over what lies in the workspace."""

    def run(**options: Any) -> Path:
        for name in ("intake", "extract", "detect"):
            run_tool(workspace, name)
        run_tool(workspace, "match", options=options)
        return workspace

    return run


def test_without_references_everybody_passes(workspace: Path, chained: Callable[..., Path]) -> None:
    Image.fromarray(data.astronaut()).save(workspace / "00_raw_photos" / "astronaut.png")
    assert asked(chained(), OUTCOMES) == [("ok", None, None, None, None, None, None)]
    question = (Path(match.__file__).parents[1] / "sql" / "queries" / "people_seen.sql").read_text()
    assert [row[1:] for row in asked(workspace, question)] == [(1, 1), (1, 1)]


def test_a_reference_of_herself_says_who_she_is_and_both_bounds_hold(
    workspace: Path, chained: Callable[..., Path], run_tool: Run
) -> None:
    Image.fromarray(data.astronaut()).save(workspace / "00_raw_photos" / "astronaut.png")
    folder = workspace / "00_reference_faces" / "eileen"
    folder.mkdir()
    Image.fromarray(data.astronaut()[:300, 60:400]).resize((680, 600)).save(folder / "portrait.png")
    Image.new("RGB", (640, 480)).save(folder / "night.png")
    ((*found, distance),) = asked(chained(), OUTCOMES)
    assert found == ["ok", None, "eileen", 0, 1, "eileen/night.png"]
    assert 0 < distance < 0.4
    for options, expected in (
        ({"max_distance": distance - 0.001}, ("rejected", "identity_unsure")),
        ({"max_distance": distance + 0.001}, ("ok", None)),
        ({"max_distance": 0.01, "unsure_distance": distance - 0.001}, ("rejected", "other_person")),
        ({"max_distance": 0.01, "unsure_distance": distance + 0.001}, ("rejected", "identity_unsure")),
    ):
        run_tool(workspace, "match", options=options)
        assert asked(workspace, OUTCOMES)[0][:2] == expected


@needs_faces
def test_known_people_are_told_from_others(workspace: Path, chained: Callable[..., Path]) -> None:
    photos, references = workspace / "00_raw_photos", workspace / "00_reference_faces"
    for name in ("obama1.jpg", "johnsnow_test1.jpg", "kit_with_rose.jpg"):
        shutil.copy(FACES / "unknown" / name, photos / name)
    for name in ("obama", "kit_harington"):
        shutil.copytree(FACES / "known" / name, references / name)
    shutil.copy(FACES / "unknown" / "obama_and_biden.jpg", references / "obama" / "two.jpg")
    chained()
    told = asked(workspace, WHO)
    assert told[0] == ("johnsnow_test1.jpg", "ok", None, "kit_harington", "obama/two.jpg")
    assert told[1] == ("kit_with_rose.jpg", "ok", None, "kit_harington", "obama/two.jpg")
    assert told[2][:3] == ("kit_with_rose.jpg", "rejected", "other_person")
    assert told[3:] == [("obama1.jpg", "ok", None, "obama", "obama/two.jpg")]


def test_who_shows_no_face_is_unsure_where_there_are_references(
    workspace: Path, chained: Callable[..., Path], run_tool: Run
) -> None:
    Image.fromarray(data.astronaut()).save(workspace / "00_raw_photos" / "astronaut.png")
    folder = workspace / "00_reference_faces" / "eileen"
    folder.mkdir()
    Image.fromarray(data.astronaut()).save(folder / "portrait.png")
    for name in ("intake", "extract", "detect"):
        run_tool(workspace, name)
    with sqlite3.connect(workspace / "manifest.db") as db:
        db.execute("update person set face_x0_px = null")  # as of somebody seen from behind
    run_tool(workspace, "match")
    assert asked(workspace, OUTCOMES) == [("rejected", "identity_unsure", None, 1, 1, None, None)]
    run_tool(workspace, "match", options={"max_faceless": 1})
    assert asked(workspace, OUTCOMES)[0][:2] == ("ok", None)
