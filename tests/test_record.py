"""Record: one transaction a batch; what was found, measured and made, and what it means for the rest at once."""

from __future__ import annotations

import sqlite3

import pytest
from making import Mill

from tools.mill.manifest import transaction
from tools.mill.record import Entry
from tools.mill.tool import Result, failed, rejected


@pytest.fixture
def ready(mill: Mill) -> Mill:
    """Two videos with two frames each wait for detect."""
    mill.run("intake")
    mill.run("extract")
    return mill


def test_an_outcome_says_what_was_found_by_which_recipe_in_which_run(ready: Mill) -> None:
    recorder = ready.recorder("detect")
    (row, *_) = ready.queue("detect")
    with transaction(ready.db):
        recorder.record([Entry(row, ready.persons((0, 0, 100, 200))(row), 1.25)])
    frame = ready.outcome("detect", row["item_id"])
    expected = {"kind": "frame", "status": "ok", "reason": None, "detail": None, "defect": 0, "seconds": 1.25}
    expected |= {"passed": 1, "live": 1, "recipe_id": recorder.recipe_id, "run_id": recorder.run_id}
    assert {key: frame[key] for key in expected} == expected
    (person,) = ready.ids("person")
    made = ready.outcome("detect", person)
    assert (made["kind"], made["seconds"], made["passed"]) == ("person", 0.0, 1), "the time is counted once"
    assert ready.all("select people_count, confidence from detect order by outcome_id") == [(1, None), (None, 0.9)]
    assert ready.one("select box_y1_px from person where item_id = ?", person) == 200.0
    assert ready.one("select parent_id from item where id = ?", person) == row["item_id"]


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (Result(rejected("no_person", "Nobody.")), ("rejected", "no_person", "Nobody.", 1, 0)),
        (Result(failed("ValueError: no")), ("failed", "failed", "ValueError: no", 0, 0)),
        (Result(measures={"people_count": 99}), ("rejected", "too_many_people", None, 0, 0)),
        (Result(measures={"people_count": 1}), ("ok", None, None, 0, 1)),
    ],
    ids=["defect", "failed", "limit", "ok"],
)
def test_every_kind_of_verdict(ready: Mill, result: Result, expected: tuple[object, ...]) -> None:
    ready.run("detect", lambda row: result)
    step = ready.step("detect")["id"]
    found = ready.all("select status, reason, detail, defect, passed from outcome where step_id = ?", step)
    assert set(found) == {expected}
    ready.check()


def test_a_choice_is_no_defect(ready: Mill) -> None:
    ready.run_all()
    ready.run("select", lambda row: Result(rejected("same_moment", "Kept instead: x")), version=2)
    outcome = ready.outcome("select", ready.ids("cutout")[0])
    assert (outcome["reason"], outcome["defect"], outcome["passed"]) == ("same_moment", 0, 0)


def test_the_older_outcome_is_history(ready: Mill) -> None:
    ready.run("detect")
    ready.run("detect", version=2)
    frame = ready.ids("frame")[0]
    step = ready.step("detect")["id"]
    history = ready.all("select latest, live, passed from outcome where (step_id, item_id) = (?, ?)", step, frame)
    assert history == [(0, 0, 1), (1, 1, 1)]
    assert ready.all("select count(*) from detect") == [16], "the measurements of both stay"
    ready.check()


def test_a_batch_is_written_whole_or_not_at_all(ready: Mill) -> None:
    recorder = ready.recorder("detect")
    rows = ready.queue("detect")
    bad = Result(measures={"no_such_column": 1})
    before = ready.all("select count(*) from item union all select count(*) from outcome")
    with pytest.raises(sqlite3.OperationalError, match="no_such_column"), transaction(ready.db):
        recorder.record([Entry(rows[0], ready.persons((0, 0, 9, 9))(rows[0]), 0.1), Entry(rows[1], bad, 0.1)])
    assert ready.all("select count(*) from item union all select count(*) from outcome") == before
    ready.check()


@pytest.mark.parametrize("batch", [1, 3, None])
def test_it_does_not_matter_how_results_are_batched(mill: Mill, batch: int | None) -> None:
    mill.run_all(batch=batch, check=True)
    assert len(mill.passed("package")) == 4
    shown = mill.all("select kind, address, version, newest, made from item order by kind, address")
    assert len(shown) == len(set(shown)) == 2 + 4 * 5
    mill.check()


def test_what_falls_takes_the_light_from_all_above_it_in_the_same_batch(mill: Mill) -> None:
    """Half-way through a redo, nothing at a later step may outnumber what reaches it."""
    mill.run_all()
    recorder = mill.recorder("detect", version=2)
    rows = mill.queue("detect")
    with transaction(mill.db):
        recorder.record([Entry(rows[0], Result(rejected("no_person", "Nobody.")), 0.1)])
    mill.check(at_rest=False)
    assert len(mill.passed("package")) == 3
    with transaction(mill.db):
        recorder.record([Entry(rows[1], Result(failed("It broke.")), 0.1)])
    mill.check(at_rest=False)
    assert len(mill.passed("package")) == 2
    with transaction(mill.db):
        recorder.record([Entry(rows[2], Result(), 0.1)])
    mill.check(at_rest=False)
    assert len(mill.passed("package")) == 1
    funnel = mill.funnel()["detect", "", "frame"]
    assert [funnel[name] for name in ("inputs", "ok", "rejected", "failed", "waiting")] == [4, 1, 1, 1, 1]


def test_what_falls_at_one_step_is_out_at_the_next_at_once(mill: Mill) -> None:
    """match and mask judge the same person, one after the other."""
    mill.run_all()
    recorder = mill.recorder("match", version=2)
    for row in mill.queue("match")[:2]:
        with transaction(mill.db):
            recorder.record([Entry(row, Result(measures={"distance": 0.9}), 0.1)])
        mill.check(at_rest=False)
    assert len(mill.passed("package")) == 2


def test_an_outcome_of_an_older_recipe_stands_and_waits(mill: Mill) -> None:
    mill.run_all()
    mill.recorder("detect", version=2)
    assert len(mill.passed("package")) == 4
    assert mill.funnel()["detect", "", "frame"]["waiting"] == 4
    assert mill.funnel()["match", "", "person"]["ok"] == 4
    mill.check()


def test_a_run_counts_what_it_judged(ready: Mill) -> None:
    verdicts = iter([Result(), Result(), Result(rejected("no_person")), Result(failed("It broke."))])
    ready.run("detect", lambda row: next(verdicts))
    run = ready.all("select status, n_ok, n_rejected, n_failed from run order by id desc limit 1")
    assert run == [("done", 2, 1, 1)]


def test_retrying_takes_only_what_failed(ready: Mill) -> None:
    verdicts = iter([Result(), Result(rejected("no_person")), Result(failed("It broke.")), Result()])
    ready.run("detect", lambda row: next(verdicts))
    assert len(ready.queue("detect")) == 0
    assert len(ready.queue("detect", retry=True)) == 1
    assert ready.run("detect", retry=True) == 1
    assert ready.funnel()["detect", "", "frame"]["failed"] == 0


def test_a_limit_on_what_is_taken(ready: Mill) -> None:
    assert len(ready.queue("detect", limit=3)) == 3
    assert [row["item_id"] for row in ready.queue("detect", limit=1)] == [min(ready.ids("frame"))]
