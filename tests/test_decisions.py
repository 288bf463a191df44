"""What people say beyond in or out: it reaches the tool that obeys it, follows the person, and is taken back."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from making import Mill

from tools.decide import decide
from tools.mill import decisions, settle, steps
from tools.mill.manifest import SQL, connect, transaction
from tools.mill.record import Entry
from tools.mill.settings import UsageError
from tools.mill.tool import Row


@pytest.fixture
def done(workspace: Path) -> Mill:
    mill = Mill(workspace)
    mill.put("dance.mp4")
    mill.run_all(upto="select")
    return mill


def say(mill: Mill, verdict: str, item_id: int, value: str, dataset: str = "") -> None:
    item = mill.db.execute("select * from item where id = ?", (item_id,)).fetchone()
    with transaction(mill.db):
        decisions.write(mill.db, verdict, item, dataset, "seen", value=value)


def waiting(mill: Mill, dataset: str = "default") -> list[Row]:
    """What waits for a tool that obeys captions."""
    step = mill.step("caption")
    steps.notice(mill.db, "caption", dataset, step["id"], "caption")
    return list(steps.Queue(mill.db, "caption", dataset, step["id"], step["recipe_id"], False, None, "caption"))


def work(mill: Mill) -> int:
    rows = waiting(mill)
    with transaction(mill.db):
        recorder = mill.recorder("caption")
        recorder.record([Entry(row, mill.usual("caption")(row), 0.0) for row in rows])
    return len(rows)


def test_a_word_reaches_the_tool_and_makes_its_item_alone_wait(done: Mill, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILL_ACTOR", "ada")
    work(done)
    assert waiting(done) == []
    first, second = done.ids("cutout")
    say(done, "caption", first, "a dancer", "default")
    (row,) = waiting(done)
    assert done.funnel()["caption", "default", "cutout"]["waiting"] == 1
    done.check()
    assert (row["item_id"], row["said"], row["said_by"]) == (first, "a dancer", "ada")
    assert work(done) == 1
    assert waiting(done) == []
    say(done, "caption", first, "a singer", "default")
    assert [row["said"] for row in waiting(done)] == ["a singer"]
    say(done, "caption", second, "for another", "other")
    assert len(waiting(done)) == 1


def test_a_word_taken_back_makes_it_wait_again(done: Mill) -> None:
    first = done.ids("cutout")[0]
    say(done, "caption", first, "a dancer", "default")
    assert work(done) == 2
    decide(done.base, "undo", [str(first)], "default", "")
    (row,) = waiting(done)
    assert (row["item_id"], row["said"], row["said_by"]) == (first, None, None)
    with pytest.raises(UsageError, match=rf"^cutout {first} has no decision to undo\. `make explain` shows them\.$"):
        decide(done.base, "undo", [str(first)], "default", "")


def test_undo_takes_back_whatever_was_said_last(done: Mill) -> None:
    person = done.ids("person")[0]
    say(done, "identity", person, "emma")
    decide(done.base, "reject", [str(person)], "", "")
    decide(done.base, "undo", [str(person)], "", "")
    rows = {row["item_id"]: row["said"] for row in steps.input_rows(done.db, "match", "", "identity")}
    assert rows[person] == "emma"
    decide(done.base, "undo", [str(person)], "", "")
    rows = {row["item_id"]: row["said"] for row in steps.input_rows(done.db, "match", "", "identity")}
    assert rows[person] is None


def test_a_word_follows_a_person_whose_address_has_changed(done: Mill) -> None:
    """Another detector moves the box by a tenth of its width: the word is found by overlap, and can be taken back."""
    person = done.ids("person")[0]
    say(done, "identity", person, "emma")
    done.run("detect", done.persons((10, 0, 110, 200)), version=2)
    done.run("embed")
    moved = done.ids("person")[0]
    assert moved != person
    rows = {row["item_id"]: row["said"] for row in steps.input_rows(done.db, "match", "", "identity")}
    assert rows[moved] == "emma"
    decide(done.base, "undo", [str(moved)], "", "")
    rows = {row["item_id"]: row["said"] for row in steps.input_rows(done.db, "match", "", "identity")}
    assert rows[moved] is None


def test_a_verdict_carries_a_value_or_none_as_it_must(done: Mill) -> None:
    item = done.db.execute("select * from item where kind = 'person'").fetchone()
    for verdict, value in (("keep", "x"), ("identity", None)):
        with pytest.raises(sqlite3.IntegrityError, match="CHECK constraint failed"):
            decisions.write(done.db, verdict, item, value=value)


def test_decisions_of_an_older_manifest_stay_what_they_were(workspace: Path) -> None:
    """The table is made anew by the sixth migration: rows, ids and what points at them stay."""
    files = sorted((SQL / "migrations").glob("*.sql"))[:5]
    with sqlite3.connect(workspace / "manifest.db") as old:
        for path in files:
            old.executescript(path.read_text(encoding="utf-8"))
        old.executescript("""
            pragma user_version = 5;
            insert into recipe values (1, 'r', '{}');
            insert into step (id, position, stage, tool) values (1, 0, 0, 'intake');
            insert into run (id, uid, step_id, limits_json, machine_json, host, pid, started_at, status)
            values (1, 'u', 1, '{}', '{}', 'h', 1, 'now', 'done');
            insert into item (id, kind, address, version, step_id, made, newest, created_at)
            values (7, 'video', 'a', 'v', 1, 1, 1, 'now');
            insert into decision (id, uid, kind, address, item_id, verdict, actor, created_at)
            values (3, 'd', 'video', 'a', 7, 'keep', 'ada', 'now');
            insert into outcome (step_id, item_id, kind, recipe_id, run_id, status, decision_id, passed, live, latest)
            values (1, 7, 'video', 1, 1, 'ok', 3, 1, 1, 1);
        """)
    old.close()
    db = connect(workspace)
    assert tuple(db.execute("select id, uid, verdict, value, actor from decision").fetchone()) == (
        *(3, "d", "keep", None, "ada"),
    )
    assert db.execute("select decision_id from outcome").fetchone()[0] == 3
    assert db.execute("pragma foreign_key_check").fetchall() == []
    assert db.execute("pragma foreign_keys").fetchone()[0] == 1
    settle.load_decisions(db, "")
    assert tuple(db.execute("select item_id, verdict from temp.in_force").fetchone()) == (7, "keep")
    db.close()


def test_rows_that_point_at_nothing_stop_a_migration(workspace: Path) -> None:
    files = sorted((SQL / "migrations").glob("*.sql"))[:5]
    with sqlite3.connect(workspace / "manifest.db") as old:
        for path in files:
            old.executescript(path.read_text(encoding="utf-8"))
        old.execute("pragma user_version = 5")
        old.execute("insert into meta values ('uid', 'old')")
        old.execute("insert into audit (at, run_id, actor, action, why) values ('now', 99, 'a', 'b', 'c')")
    old.close()
    with pytest.raises(UsageError) as caught:
        connect(workspace)
    assert str(caught.value) == (
        f"{workspace / 'manifest.db'} holds rows that point at nothing. Put a backup of it back."
    )
    with sqlite3.connect(workspace / "manifest.db") as old:
        assert old.execute("pragma user_version").fetchone()[0] == 5


def test_the_datasets_of_the_configuration_stand_in_the_manifest(workspace: Path) -> None:
    (workspace / "config.toml").write_text('[dataset.emma]\nsubject = "emma"\ntrigger = "emmx"\ncount = 12\n')
    mill = Mill(workspace)
    assert mill.all("select name, subject, trigger_word, count, target from dataset where active") == [
        ("emma", "emma", "emmx", 12, "sdxl")
    ]
    (workspace / "config.toml").write_text("[dataset.bob]\n")
    again = Mill(workspace)
    assert again.all("select name, active from dataset order by name") == [("bob", 1), ("emma", 0)]
    changes = again.db.total_changes
    steps.ensure(again.db, again.settings, "intake", "")
    assert again.db.total_changes == changes
