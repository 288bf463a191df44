"""What the questions in sql/queries answer about a manifest that is known by heart."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from asking import answer
from made_up import person
from manifest_filled import filled, item, play, source

from tools.choose.quotas import quotas
from tools.decide import decide
from tools.mill import reattach
from tools.mill.manifest import connect, sql, transaction
from tools.mill.settle import settle
from tools.mill.sources import refresh
from tools.mill.tool import Asked, Result

BOX = "p0156-0556"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return filled(tmp_path / "work")


@pytest.fixture
def db(base: Path) -> Iterator[sqlite3.Connection]:
    connection = connect(base)
    yield connection
    connection.close()


def test_failures_by_source_tells_which_footage_loses_its_images(base: Path) -> None:
    found = answer(base, "failures_by_source", "-p", "source=dance")
    assert [(row["tool"], row["kind"], row["reason"], row["n"], row["share"]) for row in found] == [
        ("extract", "frame", "near_duplicate", 1, 0.125),
        ("detect", "person", "low_confidence", 1, 0.1667),
        ("detect", "frame", "no_person", 1, 0.1429),
        ("mask", "cutout", "empty_mask", 1, 0.25),
        ("mask", "person", "failed", 1, 0.2),
        ("score", "cutout", "blurry", 1, 0.3333),
        ("select", "cutout", "same_moment", 1, 0.5),
    ]


def test_frames_detection_and_sharpness_by_source(base: Path) -> None:
    frames = answer(base, "frames_per_video")[0]
    assert (frames["frames"], frames["kept"], frames["near_duplicates"], frames["kept_hz"]) == (8, 7, 1, 1.75)
    dance = next(row for row in answer(base, "detection_rate") if str(row["path"]).endswith("dance.mp4"))
    assert (dance["frames"], dance["frames_with_persons"], dance["rate"], dance["passed"]) == (7, 6, 0.857, 5)
    sharp = answer(base, "sharpness")[0]
    assert (sharp["source_path"], sharp["n"], sharp["least"], sharp["p50"], sharp["bound"], sharp["passing"]) == (
        *("all sources", 4, 0.313, 0.6, 0.4, 0.75),
    )


def test_percentiles_are_the_nearest_rank(db: sqlite3.Connection, base: Path) -> None:
    db.execute("update score set sharpness = 0.1")
    ids = [row[0] for row in db.execute("select outcome_id from score order by 1")]
    db.executemany("update score set sharpness = ? where outcome_id = ?", zip((0.2, 0.4, 0.6, 0.8), ids, strict=True))
    found = answer(base, "sharpness")[0]
    assert [found[key] for key in ("least", "p5", "p25", "p50", "p75", "p95", "most")] == [
        *(0.2, 0.2, 0.2, 0.4, 0.6, 0.8, 0.8),
    ]


@pytest.mark.parametrize(
    ("count", "quota"),
    [
        (4, {"close": 0.5, "far": 0.5}),
        (7, {"close": 0.35, "mid": 0.4, "far": 0.25}),
        (10, {"far": 1, "mid": 1, "close": 1}),
    ],
)
def test_gaps_are_counted_as_select_counts_them(
    db: sqlite3.Connection, base: Path, count: int, quota: dict[str, float]
) -> None:
    recipe = json.dumps({"dataset": {"count": count, "quota": quota}})
    db.execute("insert into recipe (digest, json) values ('x', ?)", (recipe,))
    db.execute("update step set recipe_id = (select max(id) from recipe) where tool = 'select'")
    found = {row["shot"]: row["wanted"] for row in answer(base, "selection_gaps")}
    assert found == quotas(count, quota)
    assert {row["shot"]: row["chosen"] for row in answer(base, "selection_gaps") if row["chosen"]} == {"close": 2}


def test_decisions_by_actor_and_their_state(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILL_ACTOR", "ada")
    decide(base, "reject", ["21"], "", "eyes closed")
    decide(base, "keep", ["21"], "", "")
    decide(base, "pin", ["23"], "", "")
    decide(base, "undo", ["23"], "", "")
    found = answer(base, "decisions")
    assert [(row["verdict"], row["item_id"], row["state"], row["why"]) for row in found] == [
        ("pin", 23, "taken back", None),
        ("keep", 21, "stands", None),
        ("reject", 21, "replaced", "eyes closed"),
    ]
    assert [
        (row["actor"], row["verdict"], row["n"], row["standing"]) for row in answer(base, "decisions_by_actor")
    ] == [
        ("ada", "keep", 1, 1),
        ("ada", "pin", 1, 0),
        ("ada", "reject", 1, 0),
        ("ada", "undo", 1, 0),
    ]


def adrift(db: sqlite3.Connection, base: Path) -> list[int]:
    """Ids of the decisions that find nobody, as the query says; the core must say the same."""
    found = [int(str(row["decision_id"])) for row in answer(base, "decisions_adrift")]
    standing = db.execute(sql("mill/standing"), {"dataset": ""}).fetchall()
    assert found == sorted(row["id"] for row in standing if reattach.item_today(db, row) is None)
    return found


def move(db: sqlite3.Connection, base: Path, shift_px: float) -> None:
    """A changed detector finds one person alone, in the first frame, elsewhere."""
    frame = f"{source(db, 'dance.mp4')}/t000000.000000"
    play(db, base, "detect", {frame: Result(made=(person(frame, shift_px=shift_px),))}, pace=3.0)


@pytest.mark.parametrize(("shift_px", "lost"), [(66.0, False), (67.0, True)])
def test_a_decision_is_adrift_where_nobody_overlaps_enough(
    db: sqlite3.Connection, base: Path, shift_px: float, lost: bool
) -> None:
    # Two boxes 200 px wide overlap by a half (IoU) where one is shifted by a third of its width.
    who = item(db, "person", f"t000000.000000/{BOX}")
    decide(base, "reject", [str(who)], "", "")
    assert adrift(db, base) == []
    move(db, base, shift_px)
    assert adrift(db, base) == ([1] if lost else [])


def test_a_decision_whose_source_is_gone_is_adrift_until_it_returns(db: sqlite3.Connection, base: Path) -> None:
    decide(base, "reject", [str(item(db, "frame", "t000002.000000"))], "", "")
    path = base / "00_raw_videos" / "dance.mp4"
    path.rename(base / "away")
    refresh(db, base, Asked(accept_vanished=True))
    with transaction(db):
        settle(db)
    assert adrift(db, base) == [1]
    assert answer(base, "orphans") == []
    (base / "away").rename(path)
    refresh(db, base, Asked())
    assert adrift(db, base) == []


def test_an_orphan_is_found(db: sqlite3.Connection, base: Path) -> None:
    db.execute("update item set newest = 0 where id = ?", (item(db, "frame", "t000002.000000"),))
    assert [(row["kind"], row["item_id"], row["parent_id"]) for row in answer(base, "orphans")] == [("person", 16, 9)]


def test_a_dataset_that_is_configured_no_longer_has_no_orphans(db: sqlite3.Connection, base: Path) -> None:
    composite = db.execute("select min(id) from item where kind = 'composite' and newest").fetchone()[0]
    db.execute("update item set newest = 0 where id = (select parent_id from item where id = ?)", (composite,))
    kinds = {row["kind"] for row in answer(base, "orphans")}
    assert kinds == {"composite", "caption"}
    db.execute("update step set active = 0 where tool in ('composite', 'caption')")
    assert answer(base, "orphans") == []


def test_an_undone_decision_is_not_adrift(db: sqlite3.Connection, base: Path) -> None:
    who = str(item(db, "person", f"t000000.000000/{BOX}"))
    decide(base, "reject", [who], "", "")
    decide(base, "undo", [who], "", "")
    move(db, base, 200.0)
    assert adrift(db, base) == []


def test_what_waits(db: sqlite3.Connection, base: Path) -> None:
    (base / "00_raw_photos" / "new.jpg").write_bytes(b"new")
    refresh(db, base, Asked())
    assert answer(base, "waiting") == [
        {"stage": 0, "tool": "intake", "dataset": "", "kind": "photo", "waiting": 1, "inputs": 2}
    ]


def test_seconds_are_of_inputs_alone(base: Path) -> None:
    found = {(row["tool"], row["kind"]): row for row in answer(base, "seconds")}
    assert ("mask", "cutout") not in found
    mask = found["mask", "person"]
    assert (mask["n"], mask["seconds"], mask["median_s"], mask["p95_s"]) == (6, 3.0, 0.5, 0.5)


def test_caption_words_are_counted_once_a_caption(db: sqlite3.Connection, base: Path) -> None:
    db.execute("update caption set text = 'red red coat' where item_id = (select min(item_id) from caption)")
    found = {row["word"]: (row["n"], row["share"]) for row in answer(base, "caption_words")}
    assert found["red"] == (2, 1.0)
    assert found["emma"] == (1, 0.5)


def test_a_run_shows_its_settings(db: sqlite3.Connection, base: Path) -> None:
    play(db, base, "select", {}, pace=9.0)
    newest = answer(base, "runs", "-p", "tool=select")[0]
    assert (newest["run_id"], newest["engine"], newest["parameters"]) == (12, "builtin", '{"pace":9.0}')


@pytest.mark.parametrize(
    ("tool", "recipe", "device", "libraries", "weights", "told"),
    [
        (
            "detect",
            {"engine": ["yolo", "ab" * 32]},
            ["cpu", "cuda:0"],
            {"torch": "2", "ultralytics": "8", "onnxruntime": "1", "dlib-bin": "20", "av": "18"},
            ["net.pt"],
            ("yolo", "abababababab net.pt", "cpu and cuda:0", "ultralytics 8, torch 2, dlib-bin 20"),
        ),
        (
            "detect",
            {"engine": ["yolo", "ab" * 32]},
            ["cpu"],
            {"torch": "2", "ultralytics": "8", "onnxruntime": "1", "dlib-bin": None},
            ["net.onnx"],
            ("yolo", "abababababab net.onnx", "cpu", "ultralytics 8, torch 2, onnxruntime 1"),
        ),
        (
            "caption",
            {"engine": ["vertex", "vertex-1"], "sides": {"model": "gemini-9", "prompt": "p"}},
            [],
            {"google-genai": "2", "openai": "3"},
            [],
            ("vertex", "gemini-9", "elsewhere", "google-genai 2"),
        ),
        ("score", {}, [], {"scikit-image": "0.26"}, [], ("", None, None, "scikit-image 0.26")),
    ],
)
def test_a_run_shows_what_made_it(
    db: sqlite3.Connection,
    base: Path,
    tool: str,
    recipe: dict[str, object],
    device: list[str],
    libraries: dict[str, str | None],
    weights: list[str],
    told: tuple[object, ...],
) -> None:
    machine = json.dumps({"libraries": libraries, "devices": device, "weights": weights})
    run = db.execute("select run.id, run.recipe_id from run join step on step.id = step_id where tool = ?", (tool,))
    run_id, recipe_id = run.fetchone()
    db.execute("update recipe set json = ? where id = ?", (json.dumps(recipe), recipe_id))
    db.execute("update run set machine_json = ? where id = ?", (machine, run_id))
    (row,) = answer(base, "runs", "-p", f"tool={tool}")
    assert tuple(row[name] for name in ("engine", "model", "device", "libraries")) == told


def test_two_limits_of_one_reason_are_not_taken_for_each_other(db: sqlite3.Connection, base: Path) -> None:
    who = f"{source(db, 'dance.mp4')}/t000003.000000/{BOX}"
    play(db, base, "match", {who: Result(measures={"faceless": 1})}, pace=3.0)
    found = answer(base, "rejected", "-p", "reason=identity_unsure")
    assert [(row["metric"], row["value"], row["bound"]) for row in found] == [(None, 1.0, 0.0)]


def test_a_tools_own_rejection_shows_its_sentence(base: Path) -> None:
    found = answer(base, "rejected", "-p", "reason=no_person")
    assert [row["detail"] for row in found] == ["Nobody was found."]
