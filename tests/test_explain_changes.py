"""explain: what it says of decisions and limits, and that what it advises works."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from asking import explained, verdict
from made_up import person
from manifest_filled import filled, item, play, source, words

from tools import score
from tools.decide import decide
from tools.mill import limits
from tools.mill.manifest import connect, transaction
from tools.mill.tool import Result

BOX = "p0156-0556"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return filled(tmp_path / "work")


@pytest.fixture
def db(base: Path) -> Iterator[sqlite3.Connection]:
    connection = connect(base)
    yield connection
    connection.close()


def test_what_failed_is_tried_again_by_a_command(base: Path) -> None:
    assert verdict(base, 16)[1:] == [
        "It is out: mask failed on it. ValueError: the crop has no pixels",
        "",
        "What would bring it in:",
        f"  Read the error above, mend it, and type: make all BASE={base} RETRY_FAILED=1",
    ]


def test_what_was_not_chosen_can_be_pinned(base: Path, db: sqlite3.Connection) -> None:
    instead = db.execute("select path from item where id = 21").fetchone()[0]
    assert verdict(base, 23)[1:] == [
        f"For dataset default it is out: select did not choose it (same_moment). Kept instead: {instead}",
        "",
        "What would bring it in:",
        f"  Have it chosen: make pin BASE={base} ITEM=23 DATASET=default WHY=…",
        f"  {words('select', 'same_moment')[1]}",
    ]


def test_what_hangs_on_an_ancestor_says_which(
    base: Path, db: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MILL_ACTOR", "ada")
    frame = item(db, "frame", "t000000.000000")
    decide(base, "reject", [str(frame)], "", "eyes closed")
    db.execute("update decision set created_at = '2024-05-02T08:00:00.000Z'")
    assert verdict(base, 21)[1:] == [
        f"It is out, because frame {frame} above it is: ada rejected it on 2024-05-02 08:00:00 UTC: “eyes closed”.",
        "",
        "What would bring it in:",
        f"  Take the decision back: make undo BASE={base} ITEM={frame}",
    ]
    assert "  cutout 21, out: " in explained(base, str(frame))
    decide(base, "undo", [str(frame)], "", "")
    text = explained(base, "21")
    assert "\nFor dataset default it is in the package: " in text
    assert "    ada rejected it on 2024-05-02 08:00:00 UTC: “eyes closed”. It was taken back.\n" in text


def test_a_rejection_by_hand_is_told_before_a_limit(base: Path) -> None:
    decide(base, "reject", ["24"], "", "")
    assert re.fullmatch(r"It is out: \S+ rejected it on .* UTC\.", verdict(base, 24)[1])
    decide(base, "undo", ["24"], "", "")
    assert verdict(base, 24)[1].startswith("It is out: score rejected it (blurry). ")


def test_a_decision_for_one_dataset_reaches_its_cutouts(base: Path, db: sqlite3.Connection) -> None:
    who = item(db, "person", f"t000000.000000/{BOX}")
    decide(base, "reject", [str(who)], "default", "")
    lines = verdict(base, 21)
    assert re.fullmatch(
        r"For dataset default it is out: \S+ rejected the person above it on .* UTC for dataset default\.", lines[1]
    )
    assert lines[4:] == [
        f"  Take the decision on the person back: make undo BASE={base} ITEM={who} DATASET=default",
        f"  Or decide on this one alone: make keep BASE={base} ITEM=21 WHY=…",
    ]
    decide(base, "keep", ["21"], "", "")
    assert verdict(base, 21)[1].startswith("For dataset default it is in the package: ")


def test_a_kept_image_says_that_a_person_stands_above_the_limit(base: Path) -> None:
    decide(base, "keep", ["24"], "", "the blur is wanted")
    assert verdict(base, 24)[1] == "For dataset default it waits for select. The next `make all` takes it up."
    text = explained(base, "24")
    assert "    score: rejected, blurry, but kept by hand.\n" in text
    assert ": “the blur is wanted”.\n" in text


def test_a_decision_that_came_by_overlap_says_so(base: Path, db: sqlite3.Connection) -> None:
    old = f"{source(db, 'dance.mp4')}/t000000.000000/{BOX}"
    decide(base, "reject", [str(item(db, "person", old))], "", "")
    frame = old.rsplit("/", 1)[0]
    play(db, base, "detect", {frame: Result(made=(person(frame, shift_px=20.0),))}, pace=3.0)
    new = item(db, "person", f"{frame}/p0172-0556")
    lines = verdict(base, new)
    assert lines[1].endswith(f"UTC. It was said of {old}, and came here by overlap.")
    assert lines[-1] == f"  Take the decision back: make undo BASE={base} ITEM=14"
    decide(base, "undo", ["14"], "", "")
    assert verdict(base, new)[1] == "It waits for embed. The next `make all` takes it up."


@pytest.mark.parametrize("measured", [0.31254, 0.39996, 0.4 - 1e-9])
def test_the_bound_that_is_advised_lets_the_image_in(base: Path, db: sqlite3.Connection, measured: float) -> None:
    db.execute("update score set sharpness = ? where sharpness < 0.4", (measured,))
    db.execute("update score set dark_share = 0.40004 where dark_share > 0.4")
    text = "\n".join(verdict(base, 24))
    bounds = {key: float(value) for key, value in re.findall(r"Set (\w+) under .* to (\S+) or", text)}
    assert set(bounds) == {"min_sharpness", "max_dark"}
    now = {limit.key: limit.default for limit in score.LIMITS} | bounds
    step_id = db.execute("select id from step where tool = 'score'").fetchone()[0]
    with transaction(db):
        limits.decide(db, step_id, "score", score.LIMITS, now)
    assert db.execute("select status from outcome where item_id = 24 and step_id = ?", (step_id,)).fetchone()[0] == "ok"


def test_a_value_just_beyond_its_limit_is_not_rounded_onto_it(base: Path, db: sqlite3.Connection) -> None:
    db.execute("update score set sharpness = 0.399999 where sharpness < 0.4")
    assert "  sharpness is 0.399999, below score.min_sharpness = 0.4 (blurry)" in verdict(base, 24)


@pytest.mark.parametrize(("measured", "mark"), [(0.4, "✓"), (0.3999, "✗")])
def test_a_value_on_its_limit_passes(base: Path, db: sqlite3.Connection, measured: float, mark: str) -> None:
    db.execute("update score set sharpness = ? where sharpness < 0.4", (measured,))
    assert f"      {mark} sharpness is {measured}" in explained(base, 24)
