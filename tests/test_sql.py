"""Every SQL file: it runs on an empty and on a filled manifest, says what it is, and reads no table through.

What waits for a tool is what the funnel says comes in.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from making import Mill, tool_of

from tools.identify import identify
from tools.mill import decisions, settle
from tools.mill.manifest import SQL, sql, transaction
from tools.mill.plan import BY_TOOL
from tools.mill.record import Entry
from tools.mill.steps import Queue, _inputs
from tools.mill.tool import Result, failed, rejected

FILES = [str(path.relative_to(SQL).with_suffix("")) for path in sorted(SQL.rglob("*.sql"))]
ASKED = [name for name in FILES if name.split("/")[0] in ("inputs", "sides", "queries", "explain", "mill")]
INPUTS = [name for name in FILES if name.startswith("inputs/")]

LARGE = ("outcome", "item", "finding", "lineage", "file", "frame", "person", "cutout", "composite", "caption", *BY_TOOL)


@pytest.fixture
def filled(mill: Mill) -> Mill:
    """Every table has rows: all verdicts, two datasets' worth of outputs, decisions, findings, a package."""
    mill.put("wall.jpg", folder="00_background_library")
    mill.put("Emma/face.jpg", folder="00_reference_faces")
    mill.put("photo.jpg", folder="00_raw_photos")
    mill.run("intake")
    mill.run("extract", lambda row: mill.frames(5 if row["kind"] == "video" else 1)(row))
    verdicts = iter([Result(rejected("no_person", "Nobody.")), Result(failed("It broke."))])
    mill.run("detect", lambda row: next(verdicts, None) or mill.persons((0, 0, 100, 200))(row))
    mill.run_all(upto="mask")
    identify(mill.base, [str(mill.ids("person")[0])], "emma")
    sharp = iter([0.1, 0.2])
    mill.run("score", lambda row: Result(measures={"sharpness": next(sharp, 0.8), "crop_mp": 1.0}))
    mill.decide("reject", mill.ids("cutout")[2])
    mill.decide("keep", mill.ids("cutout")[0])
    mill.decide("undo", mill.ids("cutout")[2])
    mill.decide("reject", mill.ids("cutout")[3], dataset="default")
    mill.run_all()
    mill.run("extract", lambda row: mill.frames(4 if row["kind"] == "video" else 1)(row), version=2)
    step = mill.step("package")["id"]
    mill.db.execute("insert into package (step_id, digest, state, at) values (?, 'd', 'current', '')", (step,))
    composite, caption = mill.ids("composite")[0], mill.ids("caption")[0]
    mill.db.execute("insert into package_item values (1, ?, ?, 'a.png', null)", (composite, caption))
    mill.db.execute("insert into lineage values (?, ?, 'background')", (composite, mill.ids("background")[0]))
    return mill


def ready(db: sqlite3.Connection) -> None:
    """The temporary tables that the core's own statements look into."""
    settle.load_decisions(db, "")
    settle.load_scope(db, 1)
    db.execute("delete from temp.decided")
    with transaction(db):
        settle.darken(db, 0, "", [(0, 0)])
    decisions.load_said(db, None, "")


def values(text: str) -> dict[str, Any]:
    """Something for every parameter of a statement."""
    known = {"ids": "[1, 2]", "dataset": "default", "role": "input", "kind": "frame", "verdict": "keep"}
    return {name: known.get(name, 1) for name in re.findall(r":(\w+)", re.sub(r"--.*", "", text))}


def plan(db: sqlite3.Connection, text: str) -> list[str]:
    return [row[3] for row in db.execute(f"explain query plan {text}", values(text))]


def scanned(db: sqlite3.Connection, text: str) -> list[str]:
    """Large tables that a statement reads from end to end. An alias counts as its table."""
    aliases = dict(re.findall(r"(?:from|join)\s+\"?(\w+)\"?\s+as\s+(\w+)", text))
    tables = {alias: table for table, alias in aliases.items()}
    names = [line.split()[1] for line in plan(db, text) if line.startswith("SCAN ")]
    return [name for name in names if tables.get(name, name) in LARGE]


# --- what a file is ---


@pytest.mark.parametrize("name", FILES)
def test_it_begins_with_what_it_is(name: str) -> None:
    text = sql(name)
    first = text.splitlines()[0]
    assert re.match(r"-- [A-Z].*\.$", first), first
    assert text.endswith(";\n")
    assert not re.search(r"\t| $", text, re.MULTILINE)


@pytest.mark.parametrize("name", [name for name in ASKED if not name.startswith("mill/")])
def test_it_is_one_question(name: str) -> None:
    body = re.sub(r"--.*", "", sql(name)).strip()
    assert body.count(";") == 1
    assert body.startswith(("select", "with"))


def test_every_tool_has_its_input_and_its_sides() -> None:
    assert sorted(INPUTS) == sorted(f"inputs/{tool}" for tool in BY_TOOL)
    sides = {f"sides/{tool}.{side}" for tool in BY_TOOL for side in tool_of(tool).sides}
    assert {name for name in FILES if name.startswith("sides/")} == sides


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("mill/")])
def test_the_core_uses_it(name: str) -> None:
    used = "".join(path.read_text() for path in (SQL.parent / "tools").rglob("*.py"))
    assert f'"{name}"' in used


# --- it runs ---


@pytest.mark.parametrize("name", ASKED)
def test_it_runs_on_an_empty_manifest(db: sqlite3.Connection, name: str) -> None:
    ready(db)
    rows = db.execute(sql(name), values(sql(name))).fetchall()
    assert not name.startswith(("inputs/", "sides/")) or rows == []


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("views/")])
def test_a_view_shows_nothing_of_an_empty_manifest(db: sqlite3.Connection, name: str) -> None:
    assert db.execute(f"select * from {Path(name).name}").fetchall() == []


def test_all_run_on_a_filled_manifest(filled: Mill) -> None:
    for name in ASKED:
        ready(filled.db)
        filled.db.execute("begin immediate")
        filled.db.execute(sql(name), values(sql(name))).fetchall()
        filled.db.rollback()
    filled.db.execute(
        """update recipe set json = json_set(json, '$.params.modes', json('{"flat": 1}'))
        where id in (select recipe_id from step where tool = 'composite')"""
    )
    for name in FILES:
        if name.startswith("views/"):
            assert filled.all(f"select * from {Path(name).name}"), name


# --- what comes in ---


def test_the_inputs_are_what_the_funnel_says(filled: Mill) -> None:
    """check compares each step's inputs and its queue with the funnel, by kind."""
    filled.check()
    filled.run_all()
    filled.check()
    filled.bound("score", min_sharpness=0.9)
    filled.check()


@pytest.mark.parametrize("name", INPUTS)
def test_an_input_comes_once_with_what_every_tool_needs(filled: Mill, name: str) -> None:
    filled.run_all()
    rows = filled.db.execute(sql(name), {"dataset": "default"}).fetchall()
    assert rows
    assert {"item_id", "kind", "address", "path", "sha256"} <= set(rows[0].keys())
    ids = [row["item_id"] for row in rows]
    assert len(ids) == len(set(ids))
    tool = Path(name).name
    assert {row["kind"] for row in rows} <= set(BY_TOOL[tool].takes)


def test_sides_say_what_they_are(filled: Mill) -> None:
    for name in FILES:
        if name.startswith("sides/"):
            rows = filled.db.execute(sql(name), {"dataset": "default"}).fetchall()
            assert rows, name
            assert {"item_id", "address", "version"} <= set(rows[0].keys()), name


# --- how it reads ---


@pytest.mark.parametrize("tool", BY_TOOL)
def test_what_waits_is_found_by_index(filled: Mill, tool: str) -> None:
    asked: list[str] = []
    step = filled.step(tool)
    filled.db.set_trace_callback(asked.append)
    list(Queue(filled.db, tool, step["dataset"], step["id"], None, False, None))
    filled.db.set_trace_callback(None)
    questions = [text for text in asked if text.lstrip().startswith("select")]
    assert len(questions) > 1, "the ids, and each row"
    for text in questions:
        # The files of the user are read through by intake alone, which looks at all of them.
        assert set(scanned(filled.db, text)) <= ({"file", "item"} if tool == "intake" else set()), plan(filled.db, text)


@pytest.mark.parametrize("name", [*INPUTS, "mill/settle", "mill/darken", "mill/spread", "mill/release"])
def test_it_reads_no_large_table_from_end_to_end(filled: Mill, name: str) -> None:
    ready(filled.db)
    assert scanned(filled.db, sql(name)) == [], plan(filled.db, sql(name))


def statements(mill: Mill, tool: str) -> Iterator[str]:
    """All that recording one result has the manifest do."""
    recorder = mill.recorder(tool, version=9)
    row = mill.queue(tool)[0]
    asked: list[str] = []
    with transaction(mill.db):
        mill.db.set_trace_callback(asked.append)
        recorder.record([Entry(row, mill.usual(tool)(row), 0.1)])
        mill.db.set_trace_callback(None)
    yield from (
        text
        for text in asked
        if text.lstrip()[:6].lower() in ("select", "update", "insert", "delete", "with f", "with d")
    )


@pytest.mark.parametrize("tool", BY_TOOL)
def test_recording_a_result_costs_the_same_however_much_there_is(filled: Mill, tool: str) -> None:
    """No statement of a batch goes through a table that grows, so the thousandth item costs what the first did."""
    filled.run_all()
    for text in statements(filled, tool):
        if not re.match(r"insert into .* values", text, re.DOTALL):
            assert scanned(filled.db, text) == [], (text, plan(filled.db, text))


@pytest.mark.parametrize("tool", BY_TOOL)
def test_a_page_of_rows_is_found_by_their_ids(filled: Mill, tool: str) -> None:
    """A queue of many pages must not go through all inputs for each of them."""
    text = f"select * from ({_inputs(tool)}) as waiting where waiting.item_id in (1, 2, 3)"
    through = "item" if tool == "intake" else "outcome"
    (line,) = [line for line in plan(filled.db, text) if line.startswith((f"SEARCH {through} ", f"SCAN {through}"))]
    assert "item_id=?" in line or "rowid=?" in line, plan(filled.db, text)
