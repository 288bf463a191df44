"""Migrations: a new manifest and one of an older program end up the same; a newer one is left alone."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from pathlib import Path

import pytest

from tools.mill import manifest
from tools.mill.manifest import SQL, connect, meta, set_meta, sql, transaction, utc_now
from tools.mill.settings import UsageError

FILES = sorted((SQL / "migrations").glob("*.sql"))
VIEWS = sorted(path.stem for path in (SQL / "views").glob("*.sql"))


def schema(db: sqlite3.Connection) -> list[tuple[str, str]]:
    rows = db.execute("select name, sql from sqlite_schema where sql is not null order by type, name")
    return [tuple(row) for row in rows]


def test_they_are_numbered_without_a_gap() -> None:
    assert [path.name[:5] for path in FILES] == [f"{number:04}_" for number in range(1, len(FILES) + 1)]


def test_a_new_manifest_has_them_all(workspace: Path) -> None:
    db = connect(workspace, create=True)
    assert db.execute("pragma user_version").fetchone()[0] == len(FILES)
    assert [row[0] for row in db.execute("select name from sqlite_schema where type = 'view' order by name")] == VIEWS
    assert len(meta(db, "uid") or "") == 32
    assert db.execute("pragma journal_mode").fetchone()[0] == "wal"
    assert db.execute("pragma synchronous").fetchone()[0] == 2
    assert db.execute("pragma foreign_keys").fetchone()[0] == 1
    assert db.execute("pragma integrity_check").fetchone()[0] == "ok"
    tables = db.execute(
        "select name, strict from pragma_table_list where schema = 'main' and type = 'table'"
    ).fetchall()
    assert {row["name"] for row in tables if not row["strict"]} <= {"sqlite_schema", "sqlite_sequence"}
    db.close()


def test_opening_again_writes_nothing(workspace: Path) -> None:
    connect(workspace, create=True).close()
    before = hashlib.sha256((workspace / "manifest.db").read_bytes()).hexdigest()
    db = connect(workspace)
    assert db.total_changes == 0
    db.close()
    assert hashlib.sha256((workspace / "manifest.db").read_bytes()).hexdigest() == before


@pytest.mark.parametrize("known", range(1, len(FILES)))
def test_an_older_one_is_brought_up_to_date_and_keeps_what_it_holds(workspace: Path, known: int) -> None:
    """Whatever an older program knew: the schema ends up as in a new manifest, and rows stay."""
    with sqlite3.connect(workspace / "manifest.db") as old:
        for path in FILES[:known]:
            old.executescript(path.read_text(encoding="utf-8"))
        old.execute(f"pragma user_version = {known}")
        old.execute("insert into meta values ('uid', 'old'), ('answer', '42')")
    old.close()
    db = connect(workspace)
    other = connect(workspace / "new", create=True)
    assert schema(db) == schema(other)
    assert (meta(db, "uid"), meta(db, "answer")) == ("old", "42")
    db.close()
    other.close()


def test_a_view_that_was_changed_is_made_anew(workspace: Path) -> None:
    db = connect(workspace, create=True)
    right = schema(db)
    db.execute("drop view funnel")
    db.execute("create view funnel as select 1 as old")
    db.execute("create view gone as select 2 as older")
    with transaction(db):
        set_meta(db, "views", "the digest of an older program")
    db.close()
    db = connect(workspace)
    assert schema(db) == right
    db.close()


def test_a_newer_one_is_left_alone(workspace: Path) -> None:
    db = connect(workspace, create=True)
    db.execute(f"pragma user_version = {len(FILES) + 1}")
    db.close()
    with pytest.raises(UsageError) as caught:
        connect(workspace)
    assert str(caught.value) == (
        f"{workspace}/manifest.db was made by a newer Framemill (schema {len(FILES) + 1}, here {len(FILES)}). "
        "Update the program."
    )


def test_where_there_is_none_it_is_said_and_none_is_made(tmp_path: Path) -> None:
    base = tmp_path / "typo"
    with pytest.raises(UsageError) as caught:
        connect(base)
    assert str(caught.value) == (
        f"{base}/manifest.db does not exist. Mend BASE, or put footage into {base}/00_raw_videos and type `make all`."
    )
    assert not base.exists()


def test_several_that_open_it_at_once_make_it_once(workspace: Path) -> None:
    uids: list[str | None] = []
    barrier = threading.Barrier(4)

    def open_it() -> None:
        barrier.wait()
        db = connect(workspace, create=True)
        uids.append(meta(db, "uid"))
        db.close()

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(uids) == 4
    assert len(set(uids)) == 1


# --- transactions ---


def test_a_transaction_is_written_whole_or_not_at_all(db: sqlite3.Connection) -> None:
    def break_off() -> None:
        with transaction(db):
            set_meta(db, "a", "1")
            raise KeyError

    with pytest.raises(KeyError):
        break_off()
    assert meta(db, "a") is None
    with transaction(db):
        set_meta(db, "a", "1")
        with transaction(db):
            set_meta(db, "b", "2")
        assert db.in_transaction, "the inner one is a part of the outer"
    assert (meta(db, "a"), meta(db, "b")) == ("1", "2")
    assert not db.in_transaction


def test_a_writer_waits_for_another(workspace: Path, db: sqlite3.Connection) -> None:
    """The lock is taken at the start: a transaction that has read cannot lose it to another when it writes."""
    other = connect(workspace)
    other.execute("pragma busy_timeout = 50")
    with transaction(db):
        set_meta(db, "a", "1")
        with pytest.raises(sqlite3.OperationalError, match="database is locked"), transaction(other):
            pytest.fail("Two write at once.")
        assert meta(other, "a") is None, "reading goes on"
    with transaction(other):
        set_meta(other, "a", "2")
    assert meta(db, "a") == "2"
    other.close()


def test_a_script_runs_statement_by_statement(db: sqlite3.Connection) -> None:
    script = """-- a comment; with a semicolon
    create table odd (text text); -- and one behind
    insert into odd values ('a;b'), ('-- no comment');
    create trigger twice after insert on odd begin
        insert into meta values (new.text, 'x');
    end;
    insert into odd values ('c')"""
    with (
        pytest.raises(sqlite3.OperationalError, match="ends in the middle of a statement: insert into odd"),
        transaction(db),
    ):
        manifest._execute_all(db, script)
    with transaction(db):
        manifest._execute_all(db, script + ";\n-- the end\n")
    assert [row[0] for row in db.execute("select text from odd")] == ["a;b", "-- no comment", "c"]
    assert meta(db, "c") == "x"


def test_time_is_utc_to_the_millisecond() -> None:
    now = utc_now()
    assert len(now) == len("2026-01-02T03:04:05.678Z")
    assert now.endswith("Z")


def test_sql_is_found_by_its_name() -> None:
    assert sql("inputs/intake").startswith("-- ")
