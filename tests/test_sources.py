"""Sources: the manifest follows the user's folders, and never loses a thing because a disk was not there."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hostile_names import forty

from tools.mill import settings, sources, steps
from tools.mill.items import Family
from tools.mill.manifest import transaction
from tools.mill.pool import Answer
from tools.mill.settings import UsageError
from tools.mill.tool import Asked, Made
from tools.mill.walk import shown

VIDEOS = "00_raw_videos"
ACCEPT, REFUSE = Asked(accept_vanished=True), Asked()
Refresh = Callable[..., tuple[str, ...]]


@pytest.fixture
def refresh(workspace: Path, db: sqlite3.Connection) -> Refresh:
    """refresh(asked): bring the manifest in line with the workspace's folders; returns what is told."""
    steps.ensure(db, settings.load(workspace, {}), "intake", "")

    def run(asked: Asked = REFUSE) -> tuple[str, ...]:
        return sources.refresh(db, workspace, asked)

    return run


def put(workspace: Path, path: str, data: bytes = b"") -> Path:
    target = workspace / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data or path.encode())
    return target


def in_force(db: sqlite3.Connection) -> dict[str, int]:
    """The sources in force: id by path."""
    return {
        row["path"]: row["id"] for row in db.execute("select id, path from item where parent_id is null and newest")
    }


def audits(db: sqlite3.Connection) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in db.execute("select action, path, why from audit order by id")]


def state(db: sqlite3.Connection) -> list[tuple[Any, ...]]:
    tables = ("item", "file", "audit")
    return [tuple(row) for table in tables for row in db.execute(f"select * from {table} order by id")]


# --- what comes ---


def test_new_files_at_any_depth_are_sources_of_their_folders_kind(
    workspace: Path, db: sqlite3.Connection, refresh: Refresh
) -> None:
    put(workspace, f"{VIDEOS}/a.mp4", b"a film")
    put(workspace, f"{VIDEOS}/x/y/z/b.mp4")
    put(workspace, "00_raw_photos/p.jpg")
    put(workspace, "00_background_library/g.jpg")
    put(workspace, "00_reference_faces/Emma/r.jpg")
    assert refresh() == ()
    kinds = {row["path"]: row["kind"] for row in db.execute("select path, kind from item")}
    assert kinds == {
        f"{VIDEOS}/a.mp4": "video",
        f"{VIDEOS}/x/y/z/b.mp4": "video",
        "00_raw_photos/p.jpg": "photo",
        "00_background_library/g.jpg": "background",
        "00_reference_faces/Emma/r.jpg": "reference",
    }
    film = db.execute("select * from item where path = ?", (f"{VIDEOS}/a.mp4",)).fetchone()
    sha256 = hashlib.sha256(b"a film").hexdigest()
    assert (film["address"], film["sha256"], film["newest"]) == (sha256[:32], sha256, 1)
    assert db.execute("select count(*) from file where item_id is null").fetchone()[0] == 0
    put(workspace, f"{VIDEOS}/later/c.mp4")
    refresh()
    assert f"{VIDEOS}/later/c.mp4" in in_force(db)


def test_a_second_look_changes_nothing_and_reads_nothing(
    workspace: Path, db: sqlite3.Connection, refresh: Refresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.mp4", "b.mp4", "copy of a.mp4"):
        put(workspace, f"{VIDEOS}/{name}", name[-5:].encode())
    refresh()
    before, changes = state(db), db.total_changes

    def no_reading(*_: object) -> list[Answer[Any, Any]]:
        pytest.fail("Something was read.")

    monkeypatch.setattr(sources, "_digest", no_reading)
    assert refresh() == ()
    assert (state(db), db.total_changes) == (before, changes)


def test_names_that_hurt_are_kept_as_bytes(workspace: Path, db: sqlite3.Connection, refresh: Refresh) -> None:
    root = os.fsencode(workspace / VIDEOS)
    names = forty(b".mp4")
    for name in names:
        with open(os.path.join(root, name), "wb") as file:
            file.write(name)
    refresh()
    assert {bytes(row["path"]) for row in db.execute("select path from file")} == set(names)
    assert in_force(db).keys() == {f"{VIDEOS}/{shown(name)}" for name in names}
    assert {row[0] for row in db.execute("select shown from file")} == {shown(name) for name in names}
    assert refresh() == ()


def test_empty_files_are_sources_too(workspace: Path, db: sqlite3.Connection, refresh: Refresh) -> None:
    """Intake says what is wrong with them."""
    (workspace / VIDEOS / "empty.mp4").touch()
    refresh()
    assert list(in_force(db)) == [f"{VIDEOS}/empty.mp4"]


# --- what moves ---


@pytest.mark.parametrize("new", [f"{VIDEOS}/z.mp4", f"{VIDEOS}/deep/er/a.mp4"], ids=["renamed", "moved"])
def test_a_file_that_moved_is_the_same_source(
    workspace: Path, db: sqlite3.Connection, refresh: Refresh, new: str
) -> None:
    old = put(workspace, f"{VIDEOS}/a.mp4")
    put(workspace, f"{VIDEOS}/b.mp4")
    refresh()
    item_id = in_force(db)[f"{VIDEOS}/a.mp4"]
    (workspace / new).parent.mkdir(parents=True, exist_ok=True)
    old.rename(workspace / new)
    assert refresh() == ()
    assert in_force(db)[new] == item_id
    assert audits(db) == []
    row = db.execute("select item_id, path from file where path = ?", (new.removeprefix(f"{VIDEOS}/").encode(),))
    assert row.fetchone()["item_id"] == item_id
    assert db.execute("select count(*) from file").fetchone()[0] == 2


def test_a_file_moved_to_another_kinds_folder_is_another_source(
    workspace: Path, db: sqlite3.Connection, refresh: Refresh
) -> None:
    path = put(workspace, "00_raw_photos/a.jpg")
    put(workspace, "00_raw_photos/b.jpg")
    put(workspace, "00_raw_photos/c.jpg")
    refresh()
    path.rename(workspace / "00_background_library" / "a.jpg")
    assert refresh() == ("intake: 00_raw_photos/a.jpg is gone; what was made from it leaves the package.",)
    assert in_force(db).keys() == {"00_background_library/a.jpg", "00_raw_photos/b.jpg", "00_raw_photos/c.jpg"}


def test_a_reference_is_also_whose_folder_it_lies_in(workspace: Path, db: sqlite3.Connection, refresh: Refresh) -> None:
    path = put(workspace, "00_reference_faces/Emma/1.jpg")
    put(workspace, "00_reference_faces/Max/1.jpg")
    refresh()
    before = in_force(db)
    path.rename(workspace / "00_reference_faces" / "Emma" / "2.jpg")
    refresh()
    assert in_force(db)["00_reference_faces/Emma/2.jpg"] == before["00_reference_faces/Emma/1.jpg"]
    (workspace / "00_reference_faces" / "Emma" / "2.jpg").rename(workspace / "00_reference_faces" / "Max" / "2.jpg")
    refresh()
    assert in_force(db)["00_reference_faces/Max/2.jpg"] not in before.values()
    assert len(in_force(db)) == 2
    (workspace / "00_reference_faces" / "Max" / "2.jpg").rename(workspace / "00_reference_faces" / "Emma" / "1.jpg")
    refresh()
    assert in_force(db) == before


def test_another_ending_is_judged_again(workspace: Path, run_tool: Any, db: sqlite3.Connection) -> None:
    """An impostor that was given its true name is one no more."""
    path = put(workspace, f"{VIDEOS}/notes.mp4", b"only words\n" * 100)
    run_tool(workspace, "intake")
    question = "select reason from outcome where latest"
    assert [row[0] for row in db.execute(question)] == ["impostor"]
    path.rename(path.with_name("notes.txt"))
    run_tool(workspace, "intake")
    assert [row[0] for row in db.execute(question)] == ["unreadable"]
    path.with_name("notes.txt").rename(path.with_name("other.txt"))
    assert run_tool(workspace, "intake").counts == {}


# --- what changes ---


def test_a_replaced_file_with_its_old_time_is_another_source(
    workspace: Path, db: sqlite3.Connection, refresh: Refresh
) -> None:
    path = put(workspace, f"{VIDEOS}/a.mp4", b"first")
    refresh()
    before, stat = in_force(db), path.stat()
    path.write_bytes(b"other")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert path.stat().st_size == stat.st_size
    assert refresh() == (f"intake: {VIDEOS}/a.mp4 was replaced; what was made from it leaves the package.",)
    assert in_force(db).keys() == before.keys()
    assert in_force(db) != before
    assert audits(db) == [("replaced", f"{VIDEOS}/a.mp4", "Another file lies in its place.")]
    path.write_bytes(b"first")
    refresh()
    assert in_force(db) == before
    assert audits(db)[1:] == [
        ("replaced", f"{VIDEOS}/a.mp4", "Another file lies in its place."),
        ("returned", f"{VIDEOS}/a.mp4", "Its file is in the folder again."),
    ]


def test_a_touched_file_is_read_again_and_stays_what_it_was(
    workspace: Path, db: sqlite3.Connection, refresh: Refresh
) -> None:
    path = put(workspace, f"{VIDEOS}/a.mp4")
    refresh()
    before = in_force(db)
    os.utime(path, ns=(1, 1))
    assert refresh() == ()
    assert in_force(db) == before
    assert db.execute("select mtime_ns, item_id from file").fetchone()[:] == (1, *before.values())


# --- copies ---


def test_of_equal_files_the_first_by_name_is_the_source(
    workspace: Path, db: sqlite3.Connection, refresh: Refresh
) -> None:
    put(workspace, f"{VIDEOS}/m.mp4", b"same")
    refresh()
    original = in_force(db)[f"{VIDEOS}/m.mp4"]
    put(workspace, f"{VIDEOS}/z.mp4", b"same")
    refresh()
    assert in_force(db)[f"{VIDEOS}/m.mp4"] == original
    copy = db.execute("select address from item where path = ?", (f"{VIDEOS}/z.mp4",)).fetchone()[0]
    plain = db.execute("select address from item where id = ?", (original,)).fetchone()[0]
    assert copy.startswith(f"{plain}~")
    put(workspace, f"{VIDEOS}/a.mp4", b"same")
    refresh()
    assert in_force(db)[f"{VIDEOS}/a.mp4"] == original, "what was made from it stays with the picture, not the name"
    assert len(in_force(db)) == 3
    assert audits(db) == []


def test_a_copy_takes_the_place_of_its_original(workspace: Path, db: sqlite3.Connection, refresh: Refresh) -> None:
    path = put(workspace, f"{VIDEOS}/a.mp4", b"same")
    put(workspace, f"{VIDEOS}/b.mp4", b"same")
    refresh()
    original = in_force(db)[f"{VIDEOS}/a.mp4"]
    path.unlink()
    assert refresh() == (), "nothing is lost"
    assert in_force(db) == {f"{VIDEOS}/b.mp4": original}


def test_all_copies_may_be_taken_out_at_once(workspace: Path, db: sqlite3.Connection, refresh: Refresh) -> None:
    """They are more than half of the files, but nothing is lost."""
    for number in range(4):
        put(workspace, f"{VIDEOS}/{number}.mp4", b"same")
    refresh()
    for number in range(1, 4):
        (workspace / VIDEOS / f"{number}.mp4").unlink()
    assert refresh() == ()
    assert list(in_force(db)) == [f"{VIDEOS}/0.mp4"]


# --- what goes ---


def test_a_vanished_file_leaves_with_an_audit_row_and_comes_back_with_all_its_own(
    workspace: Path, db: sqlite3.Connection, refresh: Refresh
) -> None:
    path = put(workspace, f"{VIDEOS}/a.mp4")
    put(workspace, f"{VIDEOS}/b.mp4")
    refresh()
    before = in_force(db)
    item_id = before[f"{VIDEOS}/a.mp4"]
    address = db.execute("select address from item where id = ?", (item_id,)).fetchone()[0]
    with transaction(db):
        family = Family(db, db.execute("select id from step where tool = 'extract'").fetchone()[0], item_id)
        frame = family.add(Made("frame", f"{address}/t000000.000000"))
        family.close()
    kept = workspace / "kept.mp4"
    path.rename(kept)
    assert refresh() == (f"intake: {VIDEOS}/a.mp4 is gone; what was made from it leaves the package.",)
    assert list(in_force(db)) == [f"{VIDEOS}/b.mp4"]
    assert audits(db) == [("vanished", f"{VIDEOS}/a.mp4", "Its file is no longer in the folder.")]
    kept.rename(path)
    assert refresh() == ()
    assert in_force(db) == before
    assert db.execute("select newest from item where id = ?", (frame,)).fetchone()[0] == 1
    assert audits(db)[1:] == [("returned", f"{VIDEOS}/a.mp4", "Its file is in the folder again.")]


def test_of_many_that_vanished_the_first_are_named(workspace: Path, refresh: Refresh) -> None:
    for number in range(30):
        put(workspace, f"{VIDEOS}/{number:02}.mp4")
    refresh()
    for number in range(15):
        (workspace / VIDEOS / f"{number:02}.mp4").unlink()
    told = refresh()
    assert len(told) == 11
    assert told[-1] == "intake: and so are 5 more."


@pytest.mark.parametrize(("gone", "stops"), [(2, False), (3, True)], ids=["half", "more than half"])
def test_more_than_half_gone_stops(
    workspace: Path, db: sqlite3.Connection, refresh: Refresh, gone: int, stops: bool
) -> None:
    for number in range(4):
        put(workspace, f"{VIDEOS}/{number}.mp4")
    put(workspace, "00_raw_photos/p.jpg")
    refresh()
    before = state(db)
    for number in range(gone):
        (workspace / VIDEOS / f"{number}.mp4").unlink()
    if not stops:
        refresh()
        assert len(in_force(db)) == 5 - gone
        return
    with pytest.raises(UsageError) as caught:
        refresh()
    assert str(caught.value) == (
        f"3 of 4 sources are gone from {workspace / VIDEOS}. Mount the disk they are on, "
        "or say that they are really gone: ACCEPT_VANISHED=1 (--accept-vanished)."
    )
    assert state(db) == before
    assert len(refresh(ACCEPT)) == 3
    assert in_force(db).keys() == {f"{VIDEOS}/3.mp4", "00_raw_photos/p.jpg"}
    assert refresh() == ()


def test_files_that_were_all_replaced_are_not_lost(workspace: Path, db: sqlite3.Connection, refresh: Refresh) -> None:
    for number in range(3):
        put(workspace, f"{VIDEOS}/{number}.mp4")
    refresh()
    for number in range(3):
        put(workspace, f"{VIDEOS}/{number}.mp4", b"exported again %d" % number)
    assert len(refresh()) == 3
    assert len(in_force(db)) == 3


@pytest.mark.parametrize(("state_", "sentence"), [("empty", "is empty"), ("missing", "is not there")])
def test_an_empty_or_missing_folder_stops(
    workspace: Path, db: sqlite3.Connection, refresh: Refresh, state_: str, sentence: str
) -> None:
    put(workspace, f"{VIDEOS}/a.mp4")
    put(workspace, f"{VIDEOS}/b.mp4")
    refresh()
    before = state(db)
    shutil.rmtree(workspace / VIDEOS)
    if state_ == "empty":
        (workspace / VIDEOS).mkdir()
    with pytest.raises(UsageError) as caught:
        refresh()
    assert str(caught.value) == (
        f"{workspace / VIDEOS} {sentence}, but 2 sources came from it. Mount its disk, "
        "or say that they are really gone: ACCEPT_VANISHED=1 (--accept-vanished)."
    )
    assert state(db) == before
    assert len(refresh(ACCEPT)) == 2
    assert in_force(db) == {}
    assert refresh() == ()


def test_a_folder_that_never_held_a_thing_may_be_missing(workspace: Path, refresh: Refresh) -> None:
    for folder in ("00_raw_photos", "00_background_library", "00_reference_faces"):
        (workspace / folder).rmdir()
    put(workspace, f"{VIDEOS}/a.mp4")
    assert refresh() == ()


# --- what cannot be read ---


def test_a_file_that_cannot_be_read_is_a_source_without_a_hash(
    workspace: Path, db: sqlite3.Connection, refresh: Refresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may read everything, so a folder, which nobody can open, stands for the file. Once it can be read, it is."""
    put(workspace, f"{VIDEOS}/a.mp4")
    put(workspace, f"{VIDEOS}/b.mp4")
    monkeypatch.setattr(sources.files, "source_path", lambda *_: os.fsencode(workspace))
    refresh()
    rows = db.execute("select address, sha256 from item where newest").fetchall()
    assert len(rows) == 2
    assert all(row["address"].startswith("unread") and row["sha256"] is None for row in rows)
    before = state(db)
    assert refresh() == ()
    assert state(db) == before, "it is tried again each time, and nothing is written anew"
    monkeypatch.undo()
    assert refresh() == ()
    assert in_force(db).keys() == {f"{VIDEOS}/a.mp4", f"{VIDEOS}/b.mp4"}
    assert all(row["sha256"] for row in db.execute("select sha256 from item where newest"))
    assert [audit[::2] for audit in audits(db)] == [("replaced", "It can be read now.")] * 2


def test_a_dry_run_only_counts(workspace: Path, db: sqlite3.Connection, refresh: Refresh) -> None:
    put(workspace, f"{VIDEOS}/a.mp4")
    before = state(db)
    assert refresh(Asked(dry_run=True)) == ("intake: 1 new or changed files would be read.",)
    assert state(db) == before


def test_nothing_is_written_to_the_users_folders(workspace: Path, run_tool: Any, picture: Any) -> None:
    picture(workspace / "00_raw_photos" / "a.jpg", 1)
    put(workspace, f"{VIDEOS}/text.mp4", b"no film")

    def look() -> dict[Path, tuple[int, int, bytes]]:
        found = {}
        for path in workspace.glob("00_*/**/*"):
            stat = path.stat()
            found[path] = (stat.st_mtime_ns, stat.st_ctime_ns, path.read_bytes() if path.is_file() else b"")
        return found

    before = look()
    run_tool(workspace, "intake")
    run_tool(workspace, "intake")
    assert look() == before
