"""backup: a sound copy of one moment, also while others write; nothing is written over."""

from __future__ import annotations

import os
import re
import shlex
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from caring import said
from manifest_filled import filled
from workspaces import ROOT, ask, environment, natural, tool

from tools import backup
from tools.backup import main
from tools.mill.ends import Stop
from tools.mill.settings import UsageError

NOW = datetime(2026, 5, 1, 10, 0, 7, tzinfo=UTC)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return filled(tmp_path / "my $data's")


def rows(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as db:
        names = [row[0] for row in db.execute("select name from sqlite_schema where type = 'table' order by 1")]
        return {name: db.execute(f'select * from "{name}"').fetchall() for name in names}


def test_the_copy_holds_all_and_is_one_file(base: Path, tmp_path: Path) -> None:
    to = tmp_path / "copy.db"
    code, lines, told = said(main, base, str(to))
    assert (code, lines) == (0, [str(to)])
    assert rows(to) == rows(base / "manifest.db")
    assert [path.name for path in tmp_path.iterdir() if "copy" in path.name] == ["copy.db"]
    with closing(sqlite3.connect(to)) as db:
        assert db.execute("pragma journal_mode").fetchone() == ("delete",)
    assert re.match(r"backup: \d+ kB, checked\. To put it back, while no tool runs: cp ", told)


def test_without_a_place_it_goes_into_the_workspace(base: Path) -> None:
    _, [line], _ = said(main, base)
    assert re.fullmatch(rf"{re.escape(str(base))}/backups/manifest-\d{{8}}T\d{{6}}Z\.db", line)
    assert rows(Path(line)) == rows(base / "manifest.db")


def test_where_it_goes(base: Path, tmp_path: Path) -> None:
    assert backup.target(base, None, NOW) == base / "backups" / "manifest-20260501T100007Z.db"
    assert backup.target(base, tmp_path, NOW) == tmp_path / "manifest-20260501T100007Z.db"
    assert backup.target(base, tmp_path / "x.db", NOW) == tmp_path / "x.db"
    with pytest.raises(UsageError, match=r"^/nowhere is no folder\. Make it, or name another place\.$"):
        backup.target(base, Path("/nowhere/x.db"), NOW)


@pytest.mark.parametrize("what", ["file", "link to nowhere", "the manifest itself"])
def test_nothing_is_written_over(base: Path, tmp_path: Path, what: str) -> None:
    to = tmp_path / "taken.db"
    if what == "file":
        to.write_bytes(b"mine")
    elif what == "link to nowhere":
        to.symlink_to(tmp_path / "gone")
    else:
        to = base / "manifest.db"
    before = to.read_bytes() if to.exists() else None
    with pytest.raises(UsageError, match=rf"^{re.escape(str(to))} exists, and nothing is written over\."):
        said(main, base, str(to))
    assert (to.read_bytes() if to.exists() else None) == before


def test_who_was_faster_keeps_his_file(base: Path, tmp_path: Path) -> None:
    to = tmp_path / "copy.db"
    to.write_bytes(b"mine")
    with pytest.raises(UsageError, match=r"exists, and nothing is written over"):
        backup.backup(base, to)
    assert to.read_bytes() == b"mine"
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".part-")]


def test_it_can_be_put_back_as_it_says(base: Path, tmp_path: Path) -> None:
    before = natural(base)
    to = tmp_path / "copy's $.db"
    _, _, told = said(main, base, str(to))
    # The log of the spoilt one is left there, as after a crash.
    spoil = (
        "import os, sqlite3, sys; db = sqlite3.connect(sys.argv[1])\n"
        "db.execute('delete from outcome where step_id > 3'); db.commit(); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", spoil, base / "manifest.db"], check=True)
    assert (base / "manifest.db-wal").stat().st_size > 0
    line = told.partition("while no tool runs: ")[2].partition(" && make verify")[0]
    subprocess.run(["bash", "-c", line], check=True, cwd=tmp_path)
    assert natural(base) == before
    assert ask(base, "pragma integrity_check") == [("ok",)]


def test_a_tool_may_write_meanwhile(base: Path, tmp_path: Path) -> None:
    stop = threading.Event()
    written = 0

    def write() -> None:
        nonlocal written
        with closing(sqlite3.connect(base / "manifest.db", timeout=60)) as db:
            while not stop.is_set():
                # Two rows, together or not at all.
                with db:
                    db.execute("insert or replace into meta values ('one', ?)", (str(written),))
                    db.execute("insert or replace into meta values ('two', ?)", (str(written),))
                written += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        copies = [tmp_path / f"{number}.db" for number in range(5)]
        for copy in copies:
            backup.backup(base, copy)
    finally:
        stop.set()
        writer.join()
    assert written > 5
    for copy in copies:
        pair = [value for key, value in rows(copy)["meta"] if key in ("one", "two")]
        assert len(set(pair)) <= 1


def test_a_spoilt_manifest_gives_no_backup(base: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(base / "manifest.db")) as db:
        db.execute("pragma wal_checkpoint(truncate)")
        page = db.execute("select rootpage from sqlite_schema where name = 'outcome'").fetchone()[0]
    with open(base / "manifest.db", "r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)
    done = tool("backup", str(tmp_path / "copy.db"), base=base)
    assert done.returncode == 1
    assert done.stderr.startswith("Stopped: ")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "copy.db").exists()
    assert not list(tmp_path.glob(".part-*"))


def test_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"manifest\.db does not exist"):
        said(main, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk(base: Path, tmp_path: Path) -> None:
    """A bound on the size of files stands for it."""
    to = tmp_path / "copy.db"
    line = f"ulimit -f 16; exec {ROOT}/.venv/bin/python -m tools.backup --base {shlex.quote(str(base))} {to}"
    env = environment(PYTHONPATH=str(ROOT))
    full = subprocess.run(["bash", "-c", line], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert full.returncode == 1
    assert re.match(rf"Stopped: .*{re.escape(str(to))}", full.stderr)
    assert full.stderr.count("\n") == 1
    assert [path for path in tmp_path.iterdir() if path != base] == []


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    line = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    mounted = subprocess.run(line, capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"only root can mount a disk: {mounted.stderr.strip()}")
    filled(folder / "base")
    subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_workspace_on_a_read_only_disk(read_only: Path, tmp_path: Path) -> None:
    inside = tool("backup", base=read_only / "base")
    assert (inside.returncode, inside.stdout) == (1, "")
    assert inside.stderr.startswith("Stopped: Read-only file system: ")
    to = tmp_path / "rescued.db"
    outside = tool("backup", str(to), base=read_only / "base")
    assert outside.returncode == 0, outside.stderr
    assert ask_file(to, "select count(*) from item") > 0


def ask_file(path: Path, question: str) -> int:
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute(question).fetchone()[0])


def test_a_name_that_is_no_text(base: Path, tmp_path: Path) -> None:
    to = Path(os.fsdecode(os.fsencode(tmp_path) + b"/copy \xff\n.db"))
    done = tool("backup", str(to), base=base)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{tmp_path}/copy \\xff\\n.db\n"
    assert ask_file(to, "select count(*) from item") > 0


def test_a_copy_that_is_not_sound_is_not_kept(base: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(base / "manifest.db")) as db:
        db.execute("pragma foreign_keys = off")
        db.execute("update outcome set item_id = 999999 where id = 1")
        db.commit()
    to = tmp_path / "copy.db"
    with pytest.raises(Stop, match=r"^The copy is not sound \(a row of outcome speaks of one that is not there\)"):
        backup.backup(base, to)
    assert not to.exists()
