"""The loop: what one run of a real tool leaves in the manifest and on the disk, however it ends."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tools.mill import loop, machine, manifest
from tools.mill.ends import Stop
from tools.mill.record import Recorder
from tools.mill.settings import UsageError

PHOTOS = "00_raw_photos"


@pytest.fixture
def photos(workspace: Path, picture: Callable[..., Path]) -> Path:
    """A workspace with four photos."""
    for number in range(4):
        picture(workspace / PHOTOS / f"{number}.jpg", number)
    return workspace


def frames(base: Path) -> list[str]:
    return sorted(str(path.relative_to(base)) for path in (base / "01_extracted_frames").rglob("*") if path.is_file())


def dump(base: Path) -> list[str]:
    with sqlite3.connect(base / "manifest.db") as db:
        found = list(db.iterdump())
    db.close()
    return found


def test_a_run_says_what_it_did_and_the_next_has_nothing_to_do(photos: Path, run_tool: Any) -> None:
    first = run_tool(photos, "intake")
    assert (first.tool, first.waiting, first.counts, first.failed) == (
        "intake",
        4,
        {"ok": 4, "rejected": 0, "failed": 0},
        0,
    )
    assert run_tool(photos, "extract").counts == {"ok": 8, "rejected": 0, "failed": 0}, "four photos and four frames"
    assert len(frames(photos)) == 4
    before = dump(photos)
    for tool in ("intake", "extract"):
        again = run_tool(photos, tool)
        assert (again.waiting, again.counts) == (0, {})
    assert dump(photos) == before


def test_workers_give_the_same_as_none(
    photos: Path, run_tool: Any, tmp_path: Path, picture: Callable[..., Path]
) -> None:
    other = tmp_path / "other"
    for number in range(4):
        picture(other / PHOTOS / f"{number}.jpg", number)
    question = "select kind, address, version, path, sha256, newest from item order by kind, address"
    found = []
    for base, workers in ((photos, 2), (other, 0)):
        run_tool(base, "intake", workers=workers)
        run_tool(base, "extract", workers=workers)
        with sqlite3.connect(base / "manifest.db") as db:
            found.append((db.execute(question).fetchall(), frames(base)))
        db.close()
    assert found[0] == found[1]


def test_a_limit_takes_so_many_and_the_rest_waits(photos: Path, run_tool: Any, db: sqlite3.Connection) -> None:
    run_tool(photos, "intake")
    assert run_tool(photos, "extract", limit=1).waiting == 1
    row = db.execute("select ok, waiting from funnel where tool = 'extract' and kind = 'photo'").fetchone()
    assert tuple(row) == (1, 3)
    assert run_tool(photos, "extract").waiting == 3


def test_a_dry_run_says_what_waits_and_changes_nothing(photos: Path, run_tool: Any) -> None:
    run_tool(photos, "intake")
    before = dump(photos)
    dry = run_tool(photos, "extract", dry_run=True)
    assert (dry.waiting, dry.counts) == (4, {})
    assert run_tool(photos, "intake", dry_run=True, options={"min_side": 2000}).reasons == {"low_resolution": 4}
    assert dump(photos) == before
    assert not (photos / "01_extracted_frames").exists()
    assert not (photos / "rejected").exists()


def test_only_the_first_tool_makes_a_manifest(tmp_path: Path, run_tool: Any) -> None:
    """Else a mistyped --base would be a new, empty workspace."""
    with pytest.raises(UsageError, match=r"/typo/manifest\.db does not exist\. Mend BASE, or put footage into "):
        run_tool(tmp_path / "typo", "score")
    assert list(tmp_path.iterdir()) == []


def test_an_engine_is_chosen_once_and_told_once(photos: Path, run_tool: Any, db: sqlite3.Connection) -> None:
    run_tool(photos, "intake")
    sentence = "mask: engine auto is builtin here, and stays so in this workspace."
    assert sentence not in run_tool(photos, "extract").notes
    assert run_tool(photos, "mask", dry_run=True).notes == (sentence,)
    assert manifest.meta(db, "engine.mask") is None
    assert run_tool(photos, "mask").notes == (sentence,)
    assert manifest.meta(db, "engine.mask") == "builtin"
    assert run_tool(photos, "mask").notes == ()


def test_parameters_that_contradict_each_other_are_the_users_matter(photos: Path, run_tool: Any) -> None:
    run_tool(photos, "intake")
    with pytest.raises(UsageError, match=r"extract\.webp_quality = 101"):
        run_tool(photos, "extract", options={"webp_quality": 101})


def test_how_a_step_runs_redoes_nothing(photos: Path, run_tool: Any) -> None:
    run_tool(photos, "intake")
    run_tool(photos, "extract")
    assert run_tool(photos, "extract", options={"deadline_s": 1.0, "memory_mb": 2000}, workers=1).waiting == 0
    assert run_tool(photos, "extract", options={"webp_quality": 80}).waiting == 4


@pytest.mark.parametrize("ending", [KeyboardInterrupt, OSError, sqlite3.DatabaseError])
def test_a_run_that_breaks_off_keeps_what_was_recorded_and_no_file_without_its_row(
    photos: Path,
    run_tool: Any,
    db: sqlite3.Connection,
    monkeypatch: pytest.MonkeyPatch,
    ending: type[BaseException],
) -> None:
    run_tool(photos, "intake")
    record, calls = Recorder.record, 0

    def breaks_off(self: Recorder, entries: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise ending
        record(self, entries)

    monkeypatch.setattr(loop, "COMMIT_S", 0.0)
    monkeypatch.setattr(Recorder, "record", breaks_off)
    with pytest.raises(ending):
        run_tool(photos, "extract")
    monkeypatch.undo()
    known = [row[0] for row in db.execute("select path from item where kind = 'frame' order by path")]
    assert len(known) == 2
    assert frames(photos) == known
    status = "interrupted" if ending is KeyboardInterrupt else "broken"
    run = db.execute("select status, n_ok, finished_at from run order by id desc limit 1").fetchone()
    assert (run["status"], run["n_ok"]) == (status, 4)
    assert run["finished_at"]
    assert run_tool(photos, "extract").waiting == 2
    assert len(frames(photos)) == 4


def test_a_manifest_that_cannot_grow_stops_the_run_and_is_named(
    photos: Path, run_tool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite's own bound on its pages stands for the disk. Closing the run cannot be written either."""
    run_tool(photos, "intake")
    connect = manifest.connect

    def no_room(base: Path, *, create: bool = False) -> sqlite3.Connection:
        db = connect(base, create=create)
        pages = db.execute("pragma page_count").fetchone()[0]
        db.execute(f"pragma max_page_count = {pages}")
        return db

    monkeypatch.setattr(loop, "connect", no_room)
    monkeypatch.setattr(
        Recorder,
        "record",
        lambda self, entries: self.db.execute("insert into meta values ('large', ?)", ("x" * 1_000_000,)),
    )
    with pytest.raises(Stop, match=r"^database or disk is full: .*/manifest\.db$"):
        run_tool(photos, "extract")
    monkeypatch.undo()
    assert run_tool(photos, "extract").counts == {"ok": 8, "rejected": 0, "failed": 0}
    assert len(frames(photos)) == 4


def test_what_a_killed_run_left_is_cleared_before_the_next(photos: Path, run_tool: Any, db: sqlite3.Connection) -> None:
    run_tool(photos, "intake")
    run_tool(photos, "extract", limit=2)
    db.execute("update run set status = 'running' where id = (select max(id) from run)")
    lost = photos / "01_extracted_frames" / "lost_0123456789ab.webp"
    lost.write_bytes(b"pixels")
    run_tool(photos, "extract")
    assert not lost.exists()
    assert db.execute("select count(*) from audit where action = 'orphan_removed'").fetchone()[0] == 1
    assert [row[0] for row in db.execute("select status from run order by id")] == ["done", "killed", "done"]


def test_one_bad_item_stops_nothing(photos: Path, run_tool: Any, db: sqlite3.Connection) -> None:
    """A frame whose file is gone fails at the next tool; the others go on; a retry takes it again."""
    run_tool(photos, "intake")
    run_tool(photos, "extract")
    lost = photos / frames(photos)[0]
    data = lost.read_bytes()
    lost.unlink()
    report = run_tool(photos, "detect")
    assert (report.counts["failed"], report.failed, report.waiting) == (1, 1, 4)
    detail = db.execute("select detail from outcome where status = 'failed'").fetchone()[0]
    assert str(lost) in detail
    assert run_tool(photos, "detect").waiting == 0
    lost.write_bytes(data)
    assert run_tool(photos, "detect", retry_failed=True).failed == 0


def test_a_worker_takes_its_share_of_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setenv("OPENCV_FOR_THREADS_NUM", "7")
    machine.share(2)
    assert os.environ["OMP_NUM_THREADS"] == os.environ["OPENBLAS_NUM_THREADS"] == "2"
    assert os.environ["OPENCV_FOR_THREADS_NUM"] == "7", "what the user says holds"
    assert 1 <= machine.default_workers() <= machine.cores()
