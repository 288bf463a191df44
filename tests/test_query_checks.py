"""Queries for people who check: what if a limit stood elsewhere, what lies at it, samples, runs compared."""

from __future__ import annotations

import importlib
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from asking import answer
from caring import change
from made_up import source
from manifest_filled import filled, item, play

from tools.decide import decide
from tools.inspection.checks import checks
from tools.mill import limits
from tools.mill.manifest import connect, transaction
from tools.mill.plan import PLAN
from tools.mill.settle import settle
from tools.mill.tool import Result, Tool
from tools.qc import inspect
from tools.report import queries

BOX = "p0156-0556"
FIRST, LAST = f"t000000.000000/{BOX}", f"t000003.500000/{BOX}"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return filled(tmp_path / "work")


@pytest.fixture
def db(base: Path) -> Iterator[sqlite3.Connection]:
    connection = connect(base)
    yield connection
    connection.close()


def tool_of(name: str) -> Tool:
    tool: Tool = importlib.import_module(f"tools.{name}").TOOL
    return tool


def asked(base: Path, name: str, **values: object) -> list[dict[str, object]]:
    """Rows of a query. Values are bound as texts, as a person types them."""
    return answer(base, name, *(word for key, value in values.items() for word in ("-p", f"{key}={value}")))


# --- parameters ---


@pytest.mark.parametrize("name", queries.names())
def test_every_parameter_is_explained_with_what_stands_for_nothing(name: str, base: Path) -> None:
    query = queries.load(name)
    assert [one.name for one in query.takes] == list(query.parameters)
    for one in query.takes:
        if one.default.split()[0] in ("all", "the", "where"):
            continue
        assert asked(base, name, **{one.name: one.default}) == asked(base, name), one


def test_a_parameter_is_read_from_its_sentence() -> None:
    text = "-- Title.\n-- It is. a: what, or who, empty for 20. b, c: empty for all. d: none.\nselect :a, :b, :c, :d;"
    assert queries.parse("x", text).takes == (
        queries.Parameter("a", "what, or who", "20"),
        queries.Parameter("b", "", "all"),
        queries.Parameter("c", "", "all"),
    )


# --- limits ---


def test_the_views_know_every_limit_and_its_measurement(db: sqlite3.Connection) -> None:
    declared = {
        (step.tool, limit.key, limit.reason, limit.metric, limit.op, limit.default)
        for step in PLAN
        for limit in tool_of(step.tool).limits
    }
    shown = db.execute("select tool, key, reason, metric, op, bound from limits").fetchall()
    assert {tuple(row) for row in shown} == declared
    assert len(shown) == len(declared)
    text = str(db.execute("select sql from sqlite_schema where name = 'measurements'").fetchone()[0])
    metrics = re.findall(r"select outcome_id, '(\w+)'(?: as tool)?, '(\w+)'(?: as metric)?, (\w+)", text)
    assert sorted(metrics) == sorted({(tool, metric, metric) for tool, _, _, metric, _, _ in declared})


@pytest.mark.parametrize(
    ("tool", "key", "value"),
    [
        ("score", "min_sharpness", 0.3),
        ("score", "min_sharpness", 0.6),
        ("score", "min_sharpness", 0.61),
        ("score", "max_dark", 0.5),
        ("detect", "min_confidence", 0.2),
        ("detect", "min_confidence", 0.91),
        ("detect", "max_people", 0),
        ("mask", "min_coverage", 0.005),
        ("mask", "max_coverage", 0.39),
        ("intake", "min_side", 100),
        ("intake", "min_side", 900),
    ],
)
@pytest.mark.parametrize("decided", [False, True])
def test_what_if_says_what_moving_the_limit_does(
    db: sqlite3.Connection, base: Path, tool: str, key: str, value: float, decided: bool
) -> None:
    if decided:
        decide(base, "keep", [str(item(db, "cutout", LAST))], "", "")
        decide(base, "reject", [str(item(db, "person", FIRST))], "", "")
    told = {row["kind"]: row for row in asked(base, "what_if", tool=tool, key=key, value=value)}
    assert told
    step_id, dataset = db.execute("select id, dataset from step where tool = ?", (tool,)).fetchone()
    before = passing(db, step_id)
    bounds = {limit.key: limit.default for limit in tool_of(tool).limits} | {key: value}
    with transaction(db):
        limits.decide(db, step_id, tool, tool_of(tool).limits, bounds)
        settle(db)
    after = passing(db, step_id)
    for kind, row in told.items():
        assert (row["tool"], row["dataset"], row["value"]) == (tool, dataset, value)
        gained, lost = len(after[kind] - before[kind]), len(before[kind] - after[kind])
        assert (row["passing"], row["would_pass"]) == (len(before[kind]), len(after[kind]))
        assert (row["gained"], row["lost"]) == (gained, lost)


def passing(db: sqlite3.Connection, step_id: int) -> dict[str, set[int]]:
    """Items that pass a step, by kind. What is no longer live there is another step's matter."""
    rows = db.execute("select kind, item_id, passed from outcome where step_id = ? and latest and live", (step_id,))
    found: dict[str, set[int]] = {}
    for kind, item_id, passed in rows.fetchall():
        found.setdefault(kind, set()).update({item_id} if passed else ())
    return found


def test_limits_that_share_a_reason_all_have_to_let_it_pass(db: sqlite3.Connection, base: Path) -> None:
    who = f"{source(db, 'dance.mp4')}/{FIRST}"
    play(db, base, "match", {who: Result(measures={"distance": 0.55, "faceless": 1, "flips": 0})}, pace=3.0)
    one = {"tool": "match", "key": "max_distance", "value": 0.56}
    assert [row["gained"] for row in asked(base, "what_if", **one)] == [0], "faceless still rejects it"
    db.execute("update match set faceless = 0 where faceless = 1")
    assert [row["gained"] for row in asked(base, "what_if", **one)] == [1]
    assert asked(base, "what_if", tool="match", key="nothing") == []


def test_the_borderline_is_told_from_both_sides_the_nearest_first(db: sqlite3.Connection, base: Path) -> None:
    ids = [row[0] for row in db.execute("select outcome_id from score order by 1")]
    db.executemany("update score set sharpness = ? where outcome_id = ?", zip((0.1, 0.39, 0.41, 0.4), ids, strict=True))
    found = asked(base, "borderline")
    assert [(row["side"], row["value"]) for row in found] == [("in", 0.4), ("in", 0.41), ("out", 0.39), ("out", 0.1)]
    assert [(row["side"], row["value"]) for row in asked(base, "borderline", n=1)] == [("in", 0.4), ("out", 0.39)]
    assert {row["bound"] for row in found} == {0.4}


# --- samples ---


def test_a_sample_is_of_the_rejected_and_repeats_with_its_seed(base: Path) -> None:
    rejected = {row["item_id"]: row["reason"] for row in asked(base, "rejected") if row["reason"] != "failed"}
    whole = asked(base, "random_rejected")
    assert {row["item_id"]: row["reason"] for row in whole} == rejected
    few = asked(base, "random_rejected", n=3, seed=2)
    assert few == asked(base, "random_rejected", n=100, seed=2)[:3]
    orders = {tuple(row["item_id"] for row in asked(base, "random_rejected", seed=seed)) for seed in range(5)}
    assert len(orders) > 1
    assert {row["reason"] for row in asked(base, "random_rejected", reason="no_person")} == {"no_person"}
    assert {row["tool"] for row in asked(base, "random_rejected", tool="score")} == {"score"}


def test_false_rejects_and_false_accepts_stand_at_the_top(db: sqlite3.Connection, base: Path) -> None:
    rejected, accepted = asked(base, "sharpest_rejected"), asked(base, "blurriest_accepted")
    assert [(row["item_id"], row["sharpness"], row["reason"]) for row in rejected] == [
        (item(db, "cutout", LAST), 0.313, "blurry")
    ]
    assert [row["sharpness"] for row in accepted] == [0.6, 0.6, 0.6]
    ids = [row["item_id"] for row in accepted]
    db.execute(
        "update score set sharpness = 0.5 where outcome_id in (select id from outcome where item_id = ?)", (ids[-1],)
    )
    assert [row["item_id"] for row in asked(base, "blurriest_accepted")] == [ids[-1], *ids[:-1]]
    assert len(asked(base, "blurriest_accepted", n=2)) == 2
    assert len(asked(base, "blurriest_accepted", source="dance")) == 2
    assert asked(base, "sharpest_rejected", reason="noisy") == []


# --- runs ---


def test_two_runs_are_compared_by_what_was_done_again(db: sqlite3.Connection, base: Path) -> None:
    step_id = db.execute("select id from step where tool = 'score'").fetchone()[0]
    first = db.execute("select max(id) from run where step_id = ?", (step_id,)).fetchone()[0]
    sharp = {"sharpness": 0.6, "dark_share": 0.01, "crop_mp": 0.3}
    of = source(db, "dance.mp4")
    again = {f"{of}/{FIRST}": Result(measures=sharp | {"sharpness": 0.1}), f"{of}/{LAST}": Result(measures=sharp)}
    play(db, base, "score", again, pace=3.0)
    second = db.execute("select max(id) from run").fetchone()[0]
    found = asked(base, "flips")
    flips = {(row["flip"], row["item_id"], row["before"], row["after"]) for row in found}
    assert flips == {
        ("now out", item(db, "cutout", FIRST), "ok", "blurry"),
        ("now in", item(db, "cutout", LAST), "blurry", "ok"),
    }
    assert {(row["tool"], row["before_run"], row["after_run"]) for row in found} == {("score", first, second)}
    assert asked(base, "flips", after=second, before=first) == found
    assert asked(base, "flips", after=first) == []
    play(db, base, "score", again, pace=4.0)
    assert asked(base, "flips") == [], "the third run says what the second did"
    assert len(asked(base, "flips", before=first)) == 2


# --- grounds, containers, QC ---


def test_grounds_are_counted_against_their_shares(db: sqlite3.Connection, base: Path) -> None:
    recipe = '{"params":{"modes":{"flat":1.0,"noise":3.0,"library":4.0}}}'
    db.execute("insert into recipe (digest, json) values ('x', ?)", (recipe,))
    db.execute("update step set recipe_id = (select max(id) from recipe) where tool = 'composite'")
    rows = asked(base, "grounds")
    assert [(row["mode"], row["n"], row["share"], row["expected"]) for row in rows] == [
        *(("flat", 2, 1.0, 0.25), ("library", 0, 0.0, 0.0), ("noise", 0, 0.0, 0.75)),
    ]
    assert asked(base, "grounds", dataset="nobody") == []


def test_containers_are_accepted_or_rejected_by_reason(base: Path) -> None:
    rows = asked(base, "containers", folder="videos")
    assert [(row["status"], row["reason"], row["files"], row["example"]) for row in rows] == [
        ("accepted", None, 1, "dance.mp4"),
        ("rejected", "impostor", 1, r'two\nlines "quoted", \xff.mp4'),
        ("rejected", "low_resolution", 1, "tiny.mp4"),
    ]


def test_qc_is_told_with_since_when(base: Path) -> None:
    wanted = [check for check in checks() if check.name in ("ledger_runs", "ledger_failed")]
    for status in ("done", "running", "running"):
        change(base, "update run set status = ?, host = 'elsewhere' where id = 1", status)
        if status == "running":
            change(base, "update run set host = (select host from run where id = 2), pid = 0 where id = 1")
        inspect(base, wanted, look=False, most=None, workers=0)
    change(base, "update qc_run set at = 'time ' || id")
    rows = {row["name"]: (row["state"], row["since"], row["at"]) for row in asked(base, "qc")}
    assert rows["ledger_failed"] == ("violated", "time 1", "time 3")
    assert asked(base, "qc", milestone="QC3") == []
    assert [row["name"] for row in asked(base, "qc_violations", check="ledger_failed")] == ["ledger_failed"]
