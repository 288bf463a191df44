"""match: who somebody is, by references, by names that people gave, and what the limits make of it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_faces import face, person
from PIL import Image
from skimage import data

from tools import match
from tools.identity.references import Reference, ignored
from tools.identity.telling import Told
from tools.mill.manifest import SQL
from tools.mill.settings import UsageError
from tools.mill.tool import Bench, Dataset, Result

Run = Callable[..., Any]

FACES = Path(__file__).resolve().parents[2] / "shared" / "faces"
needs_faces = pytest.mark.skipif(not FACES.is_dir(), reason="the photographs of known people are not there")

BEFORE = ("intake", "extract", "detect", "embed")

OUTCOMES = """select status, reason, identity, faceless, distance
from outcome join step on step.id = step_id and tool = 'match' left join "match" on outcome_id = outcome.id
where latest and live"""

WHO = """select file.shown, status, reason, identity
from outcome join step on step.id = outcome.step_id and tool = 'match' join "match" on outcome_id = outcome.id
join item on item.id = outcome.item_id join item as frame on frame.id = item.parent_id
join file on file.item_id = frame.parent_id join person on person.item_id = item.id
where latest and live order by shown, box_x0_px"""


def asked(base: Path, question: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(base / "manifest.db") as db:
        return db.execute(question).fetchall()


def bench(**sides: list[dict[str, Any]]) -> Bench[match.Params]:
    return Bench(Path("nowhere"), match.Params(), Dataset(), sides)


def wanted(*subjects: str) -> list[dict[str, Any]]:
    return [{"address": f"set{number}", "version": subject} for number, subject in enumerate(subjects)]


# The set


def test_every_person_has_a_result_and_the_same_in_any_order() -> None:
    rows = [person(t, face(0.1 * t), said="emma" if t == 0 else None) for t in range(3)] + [person(1, x_px=900)]
    found = match.work_set(rows, bench(wanted=wanted("emma")))
    assert set(found) == {row["item_id"] for row in rows}
    assert match.work_set(rows[::-1], bench(wanted=wanted("emma"))) == found
    emma = found[rows[2]["item_id"]].measures
    assert (emma["identity"], emma["distance"], emma["cluster"], emma["unwanted"]) == ("emma", pytest.approx(0.2), 1, 0)
    assert match.work_set([], bench()) == {}


def test_what_is_not_wanted_says_whom_it_shows() -> None:
    rows = [person(0, face(0.0), said="lea"), person(0, face(0.9), source="e"), person(0, source="f")]
    found = match.work_set(rows, bench(wanted=wanted("emma", "kim")))
    assert [found[row["item_id"]].verdict.detail for row in rows] == [
        "It shows lea; the datasets are about emma, kim.",
        "Nobody has said who cluster 2 is; the datasets are about emma, kim.",
        "It shows nobody known; the datasets are about emma, kim.",
    ]
    found = match.work_set(rows, bench(wanted=wanted("emma", "")))
    assert [found[row["item_id"]].verdict.detail for row in rows] == [None, None, None]
    assert {result.measures["unwanted"] for result in found.values()} == {0}


def test_an_image_that_flips_says_whom_it_looks_like() -> None:
    assert match.detail(Told(identity="emma", flips=1, own="lea"), None) == (
        "By itself it looks like lea, unlike the images before and after it."
    )


def test_references_that_cannot_be_compared_with_are_named() -> None:
    some = [Reference("emma", "emma/b.jpg", None), Reference("emma", "emma/a.jpg", None)]
    assert ignored(some) == ["emma/a.jpg", "emma/b.jpg"]
    assert ignored([Reference("emma", "emma/c.jpg", np.zeros(128))]) == []


def test_references_that_are_ignored_are_told_once_and_those_beyond_ten_are_counted(
    workspace: Path, chained: Callable[..., Path], run_tool: Run
) -> None:
    portray(workspace)
    folder = workspace / "00_reference_faces" / "eileen"
    Image.new("RGB", (640, 480)).save(folder / "night.png")
    for tool in BEFORE:
        run_tool(workspace, tool)
    sentence = "1 reference photo is not compared with, as it shows no face, or several: eileen/night.png."
    assert run_tool(workspace, "match").notes == (sentence,)
    assert run_tool(workspace, "match").notes == ()
    for number in range(11):
        Image.new("RGB", (640, 480 + number), "white").save(folder / f"day{number:02}.png")
    for tool in BEFORE:
        run_tool(workspace, tool)
    (told,) = run_tool(workspace, "match").notes
    assert told.startswith("12 reference photos are not compared with, as they show no face, or several: eileen/day00")
    assert told.endswith(", eileen/day09.png and 2 more.")
    assert asked(workspace, 'select distinct references_used, references_ignored from "match"') == [(None, None)]


# Whom the datasets are about


def references(*people: str) -> list[dict[str, Any]]:
    return [{"person": name} for name in people]


def test_a_subject_without_a_reference_is_an_error_with_the_nearest_name() -> None:
    with pytest.raises(UsageError) as caught:
        match.remarks(bench(wanted=wanted("ema"), references=references("emma", "lea")))
    assert str(caught.value) == (
        "[dataset.set0] subject is 'ema', and neither a folder of 00_reference_faces nor a named cluster is. "
        "Did you mean 'emma'?"
    )
    with pytest.raises(UsageError, match=r"There are: emma, lea\.$"):
        match.remarks(bench(wanted=wanted("zoe"), references=references("lea", "emma")))


def test_a_subject_that_nobody_has_named_yet_is_told() -> None:
    assert match.remarks(bench(wanted=wanted("emma", ""), names=[{"address": "lea"}, {"address": "other"}])) == (
        "[dataset.set0] subject is 'emma', and nobody has that name yet. `make people` shows who there is, "
        "`make name CLUSTER=… AS=emma` says who it is.",
    )
    assert match.remarks(bench(wanted=wanted("emma"), names=[{"address": "emma"}])) == ()
    assert match.remarks(bench(wanted=wanted("emma"), references=references("emma"))) == ()
    assert match.remarks(bench(wanted=wanted(""), references=references("emma"))) == ()


# The tool, on real pictures


@pytest.fixture
def chained(workspace: Path, run_tool: Run) -> Callable[..., Path]:
    """chained(): run intake to match over what lies in the workspace."""

    def run(**options: Any) -> Path:
        for name in BEFORE:
            run_tool(workspace, name)
        run_tool(workspace, "match", options=options)
        return workspace

    return run


def portray(workspace: Path) -> None:
    """The astronaut as a photograph, and a picture of her as the reference of eileen."""
    Image.fromarray(data.astronaut()).save(workspace / "00_raw_photos" / "astronaut.png")
    folder = workspace / "00_reference_faces" / "eileen"
    folder.mkdir()
    Image.fromarray(data.astronaut()[:300, 60:400]).resize((680, 600)).save(folder / "portrait.png")


def test_without_references_everybody_passes(workspace: Path, chained: Callable[..., Path]) -> None:
    Image.fromarray(data.astronaut()).save(workspace / "00_raw_photos" / "astronaut.png")
    assert asked(chained(), OUTCOMES) == [("ok", None, None, None, None)]
    question = (SQL / "queries" / "people.sql").read_text()
    assert [row[:6] for row in asked(workspace, question)] == [(1, None, 1, 1, 1, 0)]


def test_a_reference_of_herself_says_who_she_is_and_both_bounds_hold(
    workspace: Path, chained: Callable[..., Path], run_tool: Run
) -> None:
    portray(workspace)
    Image.new("RGB", (640, 480)).save(workspace / "00_reference_faces" / "eileen" / "night.png")
    ((*found, distance),) = asked(chained(), OUTCOMES)
    assert found == ["ok", None, "eileen", 0]
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
    photos, folder = workspace / "00_raw_photos", workspace / "00_reference_faces"
    for name in ("obama1.jpg", "johnsnow_test1.jpg", "kit_with_rose.jpg"):
        shutil.copy(FACES / "unknown" / name, photos / name)
    for name in ("obama", "kit_harington"):
        shutil.copytree(FACES / "known" / name, folder / name)
    shutil.copy(FACES / "unknown" / "obama_and_biden.jpg", folder / "obama" / "two.jpg")
    found = asked(chained(), WHO)
    assert found[0] == ("johnsnow_test1.jpg", "ok", None, "kit_harington")
    assert found[1][:3] == ("kit_with_rose.jpg", "rejected", "other_person")
    assert found[2:] == [
        ("kit_with_rose.jpg", "ok", None, "kit_harington"),
        ("obama1.jpg", "ok", None, "obama"),
    ]


@needs_faces
def test_people_of_a_photo_library_are_clustered_right(workspace: Path, chained: Callable[..., Path]) -> None:
    """The photographs of all five people, no references, and the one face more that is in them."""
    for path in [*FACES.glob("known/*/*"), *FACES.glob("unknown/*")]:
        who = path.parent.name if path.parent.parent.name == "known" else "asked"
        picture = Image.open(path)
        picture.thumbnail((1000, 1000))
        picture.save(workspace / "00_raw_photos" / f"{who}-{path.name}", quality=95)
    (workspace / "config.toml").write_text("[intake]\nmin_side = 300\n")  # one of them is 374 px high
    question = """select cluster, group_concat(shown, ' ') from (
        select "match".cluster, file.shown from "match" join outcome on outcome.id = outcome_id and latest and live
        join item on item.id = outcome.item_id join item as frame on frame.id = item.parent_id
        join file on file.item_id = frame.parent_id order by file.shown) group by cluster"""
    found = sorted(row[1] for row in asked(chained(), question))
    assert found == [
        "alex_lacamoire-img1.jpg asked-alex_lacamoire1.jpg",
        "asked-johnsnow_test1.jpg asked-kit_with_rose.jpg kit_harington-john1.jpeg kit_harington-john2.jpeg",
        "asked-kit_with_rose.jpg rose_leslie-img1.jpg rose_leslie-img2.jpg",
        "asked-obama1.jpg asked-obama_and_biden.jpg obama-obama.jpg obama-obama2.jpg",
        "asked-obama_and_biden.jpg",
        "asked-obama_and_biden.jpg biden-biden.jpg biden-biden2.jpg",
    ]


def test_who_shows_no_face_is_unsure_where_there_are_references(workspace: Path, run_tool: Run) -> None:
    portray(workspace)
    for name in BEFORE:
        run_tool(workspace, name)
    with sqlite3.connect(workspace / "manifest.db") as db:
        db.execute("update embed set embedding = null, face_height_px = null")  # as of somebody seen from behind
    run_tool(workspace, "match")
    assert asked(workspace, OUTCOMES) == [("rejected", "identity_unsure", None, 1, None)]
    run_tool(workspace, "match", options={"max_faceless": 1})
    assert asked(workspace, OUTCOMES)[0][:2] == ("ok", None)


@pytest.mark.parametrize(
    ("measures", "options", "reason"),
    [
        ({"flips": 1}, {}, "identity_unsure"),
        ({"flips": 1}, {"max_flips": 1.0}, None),
        ({"stir": 0.079}, {}, "still_picture"),
        ({"stir": 0.081}, {}, None),
        ({"unwanted": 1}, {}, "unwanted_person"),
        ({"unwanted": 1}, {"max_unwanted": 1.0}, None),
        ({"unwanted": 1, "distance": 0.55}, {}, "identity_unsure"),
        ({"unwanted": 1, "distance": 0.61, "flips": 1}, {}, "other_person"),
    ],
)
def test_each_limit_decides_on_both_sides_and_the_weightiest_comes_first(
    mill: Any, measures: Mapping[str, float], options: Mapping[str, float], reason: str | None
) -> None:
    mill.run_all(upto="embed")
    mill.run("match", lambda row: Result(measures=measures))
    mill.bound("match", **options)
    outcomes = mill.db.execute(
        "select distinct reason from outcome join step on step.id = step_id and tool = 'match' where latest"
    ).fetchall()
    assert [row[0] for row in outcomes] == [reason]


def test_the_word_of_a_person_is_obeyed_and_taken_back(workspace: Path, chained: Callable[..., Path]) -> None:
    from tools.decide import decide
    from tools.identify import identify

    portray(workspace)
    chained()
    ((item_id,),) = asked(workspace, "select id from item where kind = 'person'")
    first = asked(workspace, OUTCOMES)
    identify(workspace, [str(item_id)], "other")
    assert asked(chained(), OUTCOMES) == [("rejected", "other_person", None, 0, 2.0)]
    identify(workspace, [str(item_id)], "sally")
    assert asked(chained(), OUTCOMES) == [("ok", None, "sally", 0, 0.0)]
    decide(workspace, "undo", [str(item_id)], "", "")
    decide(workspace, "undo", [str(item_id)], "", "")
    assert asked(chained(), OUTCOMES) == first


def test_only_whom_a_dataset_is_about_goes_on_and_a_pin_overrides(
    workspace: Path, chained: Callable[..., Path], run_tool: Run
) -> None:
    from tools.decide import decide

    portray(workspace)
    (workspace / "00_reference_faces" / "sally").mkdir()
    Image.fromarray(data.astronaut()[:, ::-1][:400]).save(workspace / "00_reference_faces" / "sally" / "group.png")
    (workspace / "config.toml").write_text('[dataset.one]\nsubject = "eileen"\n[dataset.two]\nsubject = "sally"\n')
    assert asked(chained(), OUTCOMES)[0][:2] == ("ok", None)
    (workspace / "config.toml").write_text('[dataset.one]\nsubject = "nobody"\n')
    with pytest.raises(UsageError, match=r"^\[dataset\.one\] subject is 'nobody', and neither"):
        run_tool(workspace, "match")
    other = next(name for name in ("eileen", "sally") if name != asked(workspace, OUTCOMES)[0][2])
    (workspace / "config.toml").write_text(f'[dataset.one]\nsubject = "{other}"\n')
    run_tool(workspace, "match")
    assert asked(workspace, OUTCOMES)[0][:2] == ("rejected", "unwanted_person")
    ((item_id,),) = asked(workspace, "select id from item where kind = 'person'")
    decide(workspace, "pin", [str(item_id)], "", "")
    passed = "select passed from outcome join step on step.id = step_id and tool = 'match' where latest"
    assert asked(workspace, passed) == [(1,)]
