"""The public views: what they show of a filled manifest, row by row, and after decisions and new runs."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from manifest_filled import DATASET, filled, item, play, source

from tools.decide import decide
from tools.mill.manifest import connect, transaction
from tools.mill.settle import settle
from tools.mill.sources import refresh
from tools.mill.tool import Asked, Made, Result
from tools.package import Packed, conclude

KINDS = ("videos", "photos", "frames", "persons", "cutouts", "composites", "captions")
CONTRACT = ["item_id", "path", "source_path", "time_s", "status", "reason"]
DANCE, PORTRAIT = "00_raw_videos/dance.mp4", "00_raw_photos/portrait.jpg"
BOX = "p0156-0556"


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = connect(filled(tmp_path))
    yield connection
    connection.close()


def rows(db: sqlite3.Connection, question: str, *values: object) -> list[tuple[object, ...]]:
    return [tuple(row) for row in db.execute(question, values)]


def identity_holds(db: sqlite3.Connection) -> bool:
    return not rows(db, "select * from funnel where inputs <> ok + rejected + failed + waiting or waiting < 0")


@pytest.mark.parametrize("view", [*KINDS, "funnel", "failures", "ground_shares", "selection", "final"])
def test_a_new_manifest_has_every_view_and_no_rows(tmp_path: Path, view: str) -> None:
    empty = connect(tmp_path, create=True)
    assert rows(empty, f"select * from {view}") == []
    empty.close()


@pytest.mark.parametrize("view", KINDS)
def test_every_kind_begins_with_the_same_columns(db: sqlite3.Connection, view: str) -> None:
    assert [column[0] for column in db.execute(f"select * from {view}").description][:6] == CONTRACT


def test_the_funnel(db: sqlite3.Connection) -> None:
    assert rows(db, "select * from funnel where inputs") == [
        (0, "intake", "", "photo", 1, 1, 0, 0, 0, 0.5),
        (0, "intake", "", "video", 3, 1, 2, 0, 0, 1.5),
        (1, "extract", "", "photo", 1, 1, 0, 0, 0, 0.5),
        (1, "extract", "", "video", 1, 1, 0, 0, 0, 0.5),
        (1, "extract", "", "frame", 9, 8, 1, 0, 0, 0.0),
        (2, "detect", "", "frame", 8, 7, 1, 0, 0, 4.0),
        (2, "detect", "", "person", 7, 6, 1, 0, 0, 0.0),
        (2, "embed", "", "person", 6, 6, 0, 0, 0, 3.0),
        (2, "match", "", "person", 6, 6, 0, 0, 0, 3.0),
        (3, "mask", "", "person", 6, 5, 0, 1, 0, 3.0),
        (3, "mask", "", "cutout", 5, 4, 1, 0, 0, 0.0),
        (4, "score", "", "cutout", 4, 3, 1, 0, 0, 2.0),
        (4, "select", "default", "cutout", 3, 2, 1, 0, 0, 1.5),
        (5, "composite", "default", "cutout", 2, 2, 0, 0, 0, 1.0),
        (5, "composite", "default", "composite", 2, 2, 0, 0, 0, 0.0),
        (6, "caption", "default", "cutout", 2, 2, 0, 0, 0, 1.0),
        (6, "caption", "default", "caption", 2, 2, 0, 0, 0, 0.0),
        (7, "package", "default", "composite", 2, 2, 0, 0, 0, 1.0),
    ]
    assert identity_holds(db)


@pytest.mark.parametrize(
    ("library", "weights", "shares"),
    [
        (False, {"library": 4, "flat": 1, "noise": 3, "own": 0}, {"library": 0, "flat": 0.25, "noise": 0.75, "own": 0}),
        (
            True,
            {"library": 4, "flat": 1, "noise": 3, "own": 0},
            {"library": 0.5, "flat": 0.125, "noise": 0.375, "own": 0},
        ),
        (False, {"library": 4, "flat": 0}, {"library": None, "flat": None}),
        (False, {"flat": 2, "noise": -1}, {"flat": 1, "noise": 0}),
    ],
)
def test_grounds_are_shared_out_by_their_weights(
    db: sqlite3.Connection, library: bool, weights: dict[str, int], shares: dict[str, float | None]
) -> None:
    recipe = json.dumps({"params": {"modes": weights}})
    db.execute("insert into recipe (digest, json) values ('x', ?)", (recipe,))
    db.execute("update step set recipe_id = (select max(id) from recipe) where tool = 'composite'")
    if library:
        db.execute("update outcome set kind = 'background', passed = 1 where kind = 'photo'")
    told = rows(db, "select dataset, mode, share from ground_shares order by mode")
    assert told == sorted(("default", mode, share) for mode, share in shares.items())


def test_the_failures(db: sqlite3.Connection) -> None:
    assert rows(db, "select tool, dataset, kind, reason, n, share from failures") == [
        ("intake", "", "video", "impostor", 1, 0.3333),
        ("intake", "", "video", "low_resolution", 1, 0.3333),
        ("extract", "", "frame", "near_duplicate", 1, 0.1111),
        ("detect", "", "frame", "no_person", 1, 0.125),
        ("detect", "", "person", "low_confidence", 1, 0.1429),
        ("mask", "", "cutout", "empty_mask", 1, 0.2),
        ("mask", "", "person", "failed", 1, 0.1667),
        ("score", "", "cutout", "blurry", 1, 0.25),
        ("select", "default", "cutout", "same_moment", 1, 0.3333),
    ]


def test_videos_and_photos(db: sqlite3.Connection) -> None:
    tiny, hostile = "00_raw_videos/tiny.mp4", r'00_raw_videos/two\nlines "quoted", \xff.mp4'
    text = "Its name ends in .mp4, but it holds text."
    columns = "path, source_path, time_s, status, reason, detail, height_px, short_side_px"
    assert rows(db, f"select {columns} from videos order by path") == [
        (DANCE, DANCE, None, "ok", None, None, 720, 720),
        (tiny, tiny, None, "rejected", "low_resolution", None, 720, 200),
        (hostile, hostile, None, "rejected", "impostor", text, None, None),
    ]
    assert rows(db, "select path, source_path, status, width_px, short_side_px from photos") == [
        (PORTRAIT, PORTRAIT, "ok", 900, 900)
    ]


def test_frames_and_persons_have_the_verdict_of_the_last_tool_that_judged_them(db: sqlite3.Connection) -> None:
    of_dance = "where source_path = ? order by time_s"
    assert rows(db, f"select time_s, status, reason, path is null from frames {of_dance}", DANCE) == [
        (0.0, "ok", None, 0),
        (0.5, "rejected", "near_duplicate", 1),
        (1.0, "rejected", "no_person", 0),
        *((time_s, "ok", None, 0) for time_s in (1.5, 2.0, 2.5, 3.0, 3.5)),
    ]
    assert rows(db, f"select time_s, status, reason, confidence from persons {of_dance}", DANCE) == [
        (0.0, "ok", None, 0.9),
        (1.5, "rejected", "low_confidence", 0.3),
        (2.0, "failed", "failed", 0.9),
        (2.5, "ok", None, 0.9),
        (3.0, "ok", None, 0.9),
        (3.5, "ok", None, 0.9),
    ]


def test_cutouts_and_what_was_made_of_them(db: sqlite3.Connection) -> None:
    assert rows(db, "select source_path, time_s, status, reason, coverage, sharpness from cutouts order by 1, 2") == [
        (PORTRAIT, 0.0, "ok", None, 0.4, 0.6),
        (DANCE, 0.0, "ok", None, 0.4, 0.6),
        (DANCE, 2.5, "rejected", "empty_mask", 0.01, None),
        (DANCE, 3.0, "ok", None, 0.4, 0.6),
        (DANCE, 3.5, "rejected", "blurry", 0.4, 0.3125),
    ]
    assert rows(db, "select source_path, status, reason, dataset, mode from composites order by 1") == [
        (PORTRAIT, "ok", None, "default", "flat"),
        (DANCE, "ok", None, "default", "flat"),
    ]
    assert rows(db, "select source_path, status, reason, dataset, words from captions order by 1") == [
        (PORTRAIT, "ok", None, "default", 6),
        (DANCE, "ok", None, "default", 6),
    ]


def test_the_selection(db: sqlite3.Connection) -> None:
    kept = "03_masked_subjects"
    found = rows(db, "select dataset, source_path, time_s, chosen, reason, detail, rank from selection order by 2, 3")
    path = rows(db, "select path from cutouts where source_path = ? and time_s = 0", DANCE)[0][0]
    assert str(path).startswith(kept)
    assert found == [
        ("default", PORTRAIT, 0.0, 1, None, None, 5),
        ("default", DANCE, 0.0, 1, None, None, 1),
        ("default", DANCE, 3.0, 0, "same_moment", f"Kept instead: {path}", None),
    ]


def test_final_names_the_whole_ancestry(db: sqlite3.Connection) -> None:
    first = rows(db, "select * from final order by path")[0]
    frame = "t000000.000000"
    assert first == (
        *("default", "07_final_training/default/1.png", "emma, close-up, red coat, soft light", DANCE, 0.0),
        item(db, "composite", f"{frame}/{BOX}/default/v0"),
        item(db, "caption", f"{frame}/{BOX}/default"),
        item(db, "cutout", f"{frame}/{BOX}"),
        item(db, "person", f"{frame}/{BOX}"),
        item(db, "frame", frame),
        item(db, "video", source(db, "dance.mp4")),
    )


def test_final_holds_the_current_package_alone(db: sqlite3.Connection) -> None:
    step_id = db.execute("select id from step where tool = 'package'").fetchone()[0]
    (composite_id, caption_id) = rows(db, "select composite_id, caption_id from final order by path")[0]
    with transaction(db):
        one = Packed(path="07_final_training/default/new.png", caption_id=int(str(caption_id)), digest="other")
        conclude(db, step_id, DATASET, {int(str(composite_id)): one})
    assert rows(db, "select path from final") == [("07_final_training/default/new.png",)]
    assert rows(db, "select count(*) from package_item") == [(3,)]


def test_no_view_shows_an_item_twice_after_it_was_made_again(db: sqlite3.Connection, tmp_path: Path) -> None:
    video = source(db, "dance.mp4")
    before = {view: rows(db, f"select count(*), count(distinct item_id) from {view}") for view in KINDS}
    facts = {"time_s": 0.0, "frame_index": 99, "shot": 0}
    once_more = Made("frame", f"{video}/t000000.000000", facts=facts)
    play(db, tmp_path, "extract", {video: Result(made=(once_more,))}, pace=3.0)
    assert rows(db, "select count(*) from item where kind = 'frame'") == [(10,)]
    assert rows(db, "select frame_index, status from frames where source_path = ?", DANCE) == [(99, "ok")]
    for view in KINDS:
        ((count, distinct),) = rows(db, f"select count(*), count(distinct item_id) from {view}")
        assert count == distinct
        assert count <= before[view][0][0]
    assert identity_holds(db)


def test_a_rejected_video_takes_everything_below_out(db: sqlite3.Connection, tmp_path: Path) -> None:
    decide(tmp_path, "reject", [DANCE], "", "not her")
    assert rows(db, "select status, reason from videos where path = ?", DANCE) == [("rejected", "rejected_by_hand")]
    for view in ("frames", "persons", "cutouts", "composites", "captions"):
        assert rows(db, f"select distinct status, reason from {view} where source_path = ?", DANCE) == [
            ("rejected", "ancestor_out")
        ]
    assert rows(db, "select distinct source_path from selection") == [(PORTRAIT,)]
    assert rows(db, "select tool, n from failures where reason = 'rejected_by_hand'") == [("intake", 1)]
    assert identity_holds(db)


def test_a_kept_cutout_is_ok_whatever_its_limits_say(db: sqlite3.Connection, tmp_path: Path) -> None:
    blurry = item(db, "cutout", f"t000003.500000/{BOX}")
    decide(tmp_path, "keep", [str(blurry)], "", "")
    assert rows(db, "select status, reason, sharpness from cutouts where item_id = ?", blurry) == [("ok", None, 0.3125)]
    assert rows(db, "select ok, rejected, waiting from funnel where tool = 'select'") == [(2, 1, 1)]


def test_a_source_that_nobody_has_judged_yet_waits(db: sqlite3.Connection, tmp_path: Path) -> None:
    (tmp_path / "00_raw_photos" / "new.jpg").write_bytes(b"new")
    refresh(db, tmp_path, Asked())
    assert rows(db, "select status, reason from photos where path like '%new.jpg'") == [("waiting", None)]
    assert rows(db, "select inputs, ok, waiting from funnel where tool = 'intake' and kind = 'photo'") == [(2, 1, 1)]


def test_what_a_vanished_source_gave_is_gone_and_back_when_it_returns(db: sqlite3.Connection, tmp_path: Path) -> None:
    path = tmp_path / DANCE
    path.rename(tmp_path / "elsewhere")
    refresh(db, tmp_path, Asked(accept_vanished=True))
    with transaction(db):
        settle(db)
    assert rows(db, "select count(*) from videos") == [(2,)]
    assert rows(db, "select distinct source_path from cutouts") == [(PORTRAIT,)]
    assert identity_holds(db)
    (tmp_path / "elsewhere").rename(path)
    refresh(db, tmp_path, Asked())
    with transaction(db):
        settle(db)
    assert rows(db, "select status, count(*) from cutouts where source_path = ? group by 1 order by 1", DANCE) == [
        ("ok", 2),
        ("rejected", 2),
    ]


def test_what_an_older_recipe_judged_waits_and_still_stands(db: sqlite3.Connection) -> None:
    db.execute("insert into recipe (digest, json) values ('new', '{}')")
    db.execute("update step set recipe_id = (select max(id) from recipe) where tool = 'score'")
    assert rows(db, "select inputs, ok, rejected, waiting from funnel where tool = 'score'") == [(4, 0, 0, 4)]
    assert rows(db, "select inputs, ok, rejected, waiting from funnel where tool = 'select'") == [(3, 2, 1, 0)]
    assert identity_holds(db)


@pytest.mark.parametrize("view", KINDS)
def test_one_item_is_found_without_a_scan(db: sqlite3.Connection, view: str) -> None:
    plan = [str(row[3]) for row in db.execute(f"explain query plan select * from {view} where item_id = 7")]
    scans = [line for line in plan if line.startswith("SCAN") and "step" not in line]
    assert scans == []
