"""Sources that go: never taken for gone because a disk was not there; and when they come back, all comes with them."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
from sourcing import ACCEPT, VIDEOS, Refresh, audits, in_force, put, state

from tools.mill.items import Family
from tools.mill.manifest import transaction
from tools.mill.settings import UsageError
from tools.mill.tool import Made


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
