"""Limits: thresholds decide from what is stored, on both sides, in their order, back and forth."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from making import Mill, tool_of

from tools.mill import limits
from tools.mill.manifest import transaction
from tools.mill.tool import Limit, Reason, Result, failed, rejected

SCORE = {limit.key: limit for limit in tool_of("score").limits}


@pytest.fixture
def scored(mill: Mill) -> Callable[..., int]:
    """scored(sharpness=…): a mill whose first cutout measures this; returns its id."""
    mill.run_all(upto="mask")

    def run(**measures: Any) -> int:
        mill.run("score", lambda row: Result(measures=measures), version=mill.versions.get("score", 0) + 1)
        return mill.ids("cutout")[0]

    return run


def state(mill: Mill) -> list[Any]:
    return mill.all("select id, status, reason, passed, live from outcome order by id") + mill.all(
        "select * from finding order by outcome_id, reason"
    )


@pytest.mark.parametrize("limit", SCORE.values(), ids=lambda limit: limit.key)
def test_at_its_bound_an_item_passes_and_beyond_it_does_not(
    mill: Mill, scored: Callable[..., int], limit: Limit
) -> None:
    step = 1 if limit.metric == "contours" else 0.001
    beyond = limit.default - step if limit.op == "<" else limit.default + step
    for value, verdict in ((limit.default, ("ok", None, 1)), (beyond, ("rejected", limit.reason, 0))):
        item_id = scored(**{limit.metric: value})
        outcome = mill.outcome("score", item_id)
        assert (outcome["status"], outcome["reason"], outcome["passed"]) == verdict
    found = mill.all("select finding.reason, bound from finding join outcome on outcome.id = outcome_id where latest")
    assert found == [(limit.reason, limit.default)] * 4
    mill.check()


def test_what_was_not_measured_violates_nothing(mill: Mill, scored: Callable[..., int]) -> None:
    assert mill.outcome("score", scored(sharpness=None, crop_mp=None))["status"] == "ok"
    assert mill.outcome("score", scored())["status"] == "ok"


def test_all_that_is_violated_is_found_and_the_first_declared_is_the_reason(
    mill: Mill, scored: Callable[..., int]
) -> None:
    item_id = scored(dark_share=0.9, sharpness=0.1, crop_mp=0.1, solidity=0.9)
    outcome = mill.outcome("score", item_id)
    assert outcome["reason"] == "subject_too_small"
    assert mill.all("select reason, value, bound from finding where outcome_id = ? order by reason", outcome["id"]) == [
        ("blurry", 0.1, SCORE["min_sharpness"].default),
        ("subject_too_small", 0.1, SCORE["min_crop_mp"].default),
        ("under_exposed", 0.9, SCORE["max_dark"].default),
    ]
    mill.bound("score", min_crop_mp=0.05)
    assert mill.outcome("score", item_id)["reason"] == "blurry"
    mill.bound("score", min_crop_mp=0.05, min_sharpness=0.05)
    assert mill.outcome("score", item_id)["reason"] == "under_exposed"
    mill.bound("score", min_crop_mp=0.05, min_sharpness=0.05, max_dark=0.95)
    assert mill.outcome("score", item_id)["status"] == "ok"
    mill.check()


def test_moved_and_moved_back_leaves_no_trace_and_no_work(mill: Mill) -> None:
    mill.run_all()
    before, passed = state(mill), mill.passed("package")
    mill.bound("score", min_sharpness=0.9)
    assert mill.passed("score") == []
    assert mill.passed("package") == []
    mill.check()
    assert set(mill.run_all().values()) == {0}
    mill.bound("score")
    assert state(mill) == before
    assert mill.passed("package") == passed
    assert set(mill.run_all().values()) == {0}
    mill.check()


def test_only_the_limits_that_moved_are_looked_at_again(mill: Mill, scored: Callable[..., int]) -> None:
    item_id = scored(sharpness=0.1, dark_share=0.9)
    declared = tool_of("score").limits
    before = {limit.key: limit.default for limit in declared}
    after = before | {"min_sharpness": 0.05}
    moved = limits.changed(declared, after, before)
    assert [limit.key for limit in moved] == ["min_sharpness"]
    with transaction(mill.db):
        limits.decide(mill.db, mill.step("score")["id"], "score", declared, after, changed=moved)
    assert mill.outcome("score", item_id)["reason"] == "under_exposed"
    assert mill.all("select distinct reason from finding") == ["under_exposed"]
    assert limits.changed(declared, after, {}) == list(declared), "a new limit has moved too"


def test_two_limits_with_one_reason(mill: Mill) -> None:
    """match: identity_unsure where the distance lies between two bounds, and where no face shows."""
    mill.run_all(upto="embed")
    mill.run("match", lambda row: Result(measures={"distance": 0.55, "faceless": 1}))
    item_id = mill.ids("person")[0]
    outcome = mill.outcome("match", item_id)
    finding = "select value, bound from finding where outcome_id = ?"
    assert outcome["reason"] == "identity_unsure"
    assert mill.all(finding, outcome["id"]) == [(0.55, 0.5)], "the first of the two is shown"
    declared = tool_of("match").limits
    before = {limit.key: limit.default for limit in declared}
    faces = before | {"max_faceless": 1.0}
    with transaction(mill.db):
        limits.decide(
            *(mill.db, outcome["step_id"], "match", declared, faces), changed=limits.changed(declared, faces, before)
        )
    assert mill.all(finding, outcome["id"]) == [(0.55, 0.5)], "the second moved, the first is looked at again"
    mill.bound("match", max_distance=0.58)
    assert mill.outcome("match", item_id)["reason"] == "identity_unsure"
    assert mill.all(finding, outcome["id"]) == [(1.0, 0.0)], "the other one still holds"
    before |= {"max_distance": 0.58}
    after = before | {"max_faceless": 1.0}
    with transaction(mill.db):
        moved = limits.changed(declared, after, before)
        limits.decide(mill.db, mill.step("match")["id"], "match", declared, after, changed=moved)
    assert mill.outcome("match", item_id)["status"] == "ok"
    assert mill.all(finding, outcome["id"]) == []


def test_what_the_code_itself_rejected_is_no_matter_of_limits(mill: Mill) -> None:
    """A defect, though a limit has the same reason; a choice; a failure: whatever the bounds, they stay."""
    mill.run("intake")
    mill.run("extract", mill.frames(4))
    verdicts = iter([rejected("no_person", "Nobody."), failed("It broke."), rejected("too_many_people", "A crowd.")])
    mill.run("detect", lambda row: Result(next(verdicts, Result().verdict), measures={"people_count": 99}))
    coded = [
        ("rejected", "no_person", "Nobody.", 1),
        ("failed", "failed", "It broke.", 0),
        ("rejected", "too_many_people", "A crowd.", 1),
    ]
    detect = mill.step("detect")["id"]
    frames = "select status, reason, detail, defect from outcome where step_id = ? and kind = 'frame' order by id"
    assert mill.all(frames, detect) == [*coded, *[("rejected", "too_many_people", None, 0)] * 5]
    mill.bound("detect", max_people=1000)
    assert mill.all(frames, detect) == [*coded, *[("ok", None, None, 0)] * 5]
    mill.bound("detect")
    assert mill.all(frames, detect) == [*coded, *[("rejected", "too_many_people", None, 0)] * 5]
    mill.check()


def test_a_limit_that_the_code_no_longer_has_rejects_nothing(mill: Mill, scored: Callable[..., int]) -> None:
    item_id = scored(sharpness=0.1, dark_share=0.9)
    assert mill.outcome("score", item_id)["reason"] == "blurry"
    left = [limit for limit in tool_of("score").limits if limit.reason != "blurry"]
    bounds = {limit.key: limit.default for limit in left}
    with transaction(mill.db):
        limits.decide(mill.db, mill.step("score")["id"], "score", left, bounds)
    assert mill.outcome("score", item_id)["reason"] == "under_exposed"
    with transaction(mill.db):
        limits.decide(mill.db, mill.step("score")["id"], "score", [], {})
    assert mill.outcome("score", item_id)["status"] == "ok"
    assert mill.all("select * from finding") == []


def test_older_outcomes_keep_what_they_were_decided_by(mill: Mill, scored: Callable[..., int]) -> None:
    scored(sharpness=0.1)
    scored(sharpness=0.9)
    mill.bound("score", min_sharpness=0.05)
    old = mill.all("select distinct reason from outcome where not latest")
    assert old == ["blurry"]


# --- what they are ---


def test_reasons_are_declared_once_per_tool_and_follow_the_words(db: sqlite3.Connection) -> None:
    two = [
        Limit("unsure", "distance", ">", "max_distance", 0.5, "First.", "Do."),
        Limit("unsure", "faceless", ">", "max_faceless", 0.0, "Second.", "Do."),
    ]
    reasons = [Reason("broken", "defect", "Broken.", "Mend it.")]
    limits.declare(db, "match", two, reasons)
    limits.declare(db, "intake", [], [Reason("broken", "defect", "Also broken.", "Mend it.")])
    rows = db.execute("select * from reason where tool = 'match' order by code").fetchall()
    assert [tuple(row) for row in rows if row["code"] in ("unsure", "broken")] == [
        ("match", "broken", "defect", None, None, None, "Broken.", "Mend it."),
        ("match", "unsure", "limit", "distance", ">", "match.max_distance", "First.", "Do."),
    ]
    assert {row["code"] for row in rows} == {"unsure", "broken", "failed", "rejected_by_hand"}
    changes = db.total_changes
    limits.declare(db, "match", two, reasons)
    assert db.total_changes == changes
    limits.declare(db, "match", two, [Reason("broken", "defect", "In other words.", "Mend it.")])
    assert db.execute("select description from reason where (tool, code) = ('match', 'broken')").fetchone()[0] == (
        "In other words."
    )
    assert db.execute("select description from reason where (tool, code) = ('intake', 'broken')").fetchone()[0] == (
        "Also broken."
    )


# --- through the loop ---


def test_a_moved_bound_opens_no_image(workspace: Path, run_tool: Any, picture: Any, db: sqlite3.Connection) -> None:
    picture(workspace / "00_raw_photos" / "small.jpg", 1, 320, 240)
    picture(workspace / "00_raw_photos" / "large.jpg", 2, 960, 720)
    first = run_tool(workspace, "intake", options={"min_side": 480.0})
    assert (first.counts, first.reasons) == ({"ok": 1, "rejected": 1, "failed": 0}, {"low_resolution": 1})
    outcomes = "select id, recipe_id, run_id from outcome order by id"
    before = db.execute(outcomes).fetchall()
    for min_side, reasons in ((240.0, {}), (241.0, {"low_resolution": 1}), (721.0, {"low_resolution": 2})):
        again = run_tool(workspace, "intake", options={"min_side": min_side})
        assert (again.waiting, again.reasons) == (0, reasons)
        assert again.counts == {"ok": 0, "rejected": 0, "failed": 0}
    run_tool(workspace, "intake", options={"min_side": 480.0})
    assert db.execute(outcomes).fetchall() == before
    runs = db.execute("select count(*) from run").fetchone()[0]
    assert run_tool(workspace, "intake", options={"min_side": 480.0}).counts == {}
    assert db.execute("select count(*) from run").fetchone()[0] == runs, "what changes nothing is no run"
    links = sorted(str(path.relative_to(workspace)) for path in (workspace / "rejected").rglob("*.jpg"))
    assert links == ["rejected/intake/low_resolution/small.jpg"]


def test_a_limit_that_compares_otherwise_decides_again(
    workspace: Path, run_tool: Any, picture: Any, db: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program of another version may compare in the other direction, at the same bound."""
    from tools import intake

    picture(workspace / "00_raw_photos" / "a.jpg", 1, 960, 720)
    run_tool(workspace, "intake")
    assert db.execute("select passed from outcome").fetchone()[0] == 1
    turned = tuple(replace(one, op=">") if one.reason == "low_resolution" else one for one in intake.LIMITS)
    monkeypatch.setattr(intake, "TOOL", replace(intake.TOOL, limits=turned))
    run_tool(workspace, "intake")
    assert tuple(db.execute("select passed, reason from outcome where latest").fetchone()) == (0, "low_resolution")
