"""Sources: the manifest follows the user's folders: what comes, moves, changes, is a copy, or cannot be read."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hostile_names import forty
from sourcing import VIDEOS, Refresh, audits, in_force, put, state

from tools.mill import files, raw
from tools.mill.pool import Answer
from tools.mill.tool import Asked
from tools.mill.walk import shown

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

    monkeypatch.setattr(raw, "_digest", no_reading)
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
    """Intake says what is wrong with them; two of them are not copies of each other."""
    for name in ("also.mp4", "empty.mp4"):
        (workspace / VIDEOS / name).touch()
    refresh()
    assert sorted(in_force(db)) == [f"{VIDEOS}/also.mp4", f"{VIDEOS}/empty.mp4"]
    assert not [row[0] for row in db.execute("select address from item") if "~" in row[0]]


def test_links_that_lead_nowhere_are_told(workspace: Path, refresh: Refresh) -> None:
    put(workspace, f"{VIDEOS}/a.mp4")
    (workspace / VIDEOS / "film.mp4").symlink_to(workspace / "a disk" / "film.mp4")
    said = f"intake: {VIDEOS}/film.mp4: links that lead nowhere. Mount the disk, or take them out."
    assert refresh() == (said,)
    (workspace / VIDEOS / "loop").symlink_to("loop")
    assert refresh() == (said.replace("film.mp4:", "film.mp4 and 1 more:"),)
    (workspace / VIDEOS / "film.mp4").unlink()
    (workspace / VIDEOS / "loop").unlink()
    assert refresh() == ()


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


# --- what cannot be read ---


def test_a_file_that_cannot_be_read_is_a_source_without_a_hash(
    workspace: Path, db: sqlite3.Connection, refresh: Refresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may read everything, so a folder, which nobody can open, stands for the file. Once it can be read, it is."""
    put(workspace, f"{VIDEOS}/a.mp4")
    put(workspace, f"{VIDEOS}/b.mp4")
    monkeypatch.setattr(files, "source_path", lambda *_: os.fsencode(workspace))
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
