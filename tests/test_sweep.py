"""Sweep: what a killed run left behind is gone before the next one begins, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest
from making import Mill

from tools.mill import sweep
from tools.mill.files import TEMPORARY

FRAMES, OURS = "01_extracted_frames", "05_augmented"


def put(base: Path, *paths: str) -> None:
    for path in paths:
        (base / path).parent.mkdir(parents=True, exist_ok=True)
        (base / path).write_bytes(b"pixels")


def lying(base: Path, folder: str) -> list[str]:
    return sorted(str(path.relative_to(base)) for path in (base / folder).rglob("*") if path.is_file())


@pytest.fixture
def killed(mill: Mill) -> Mill:
    """extract was killed: two frames have rows, one has none, one is half written."""
    mill.run("intake")
    mill.run("extract")
    put(mill.base, *mill.all("select path from item where kind = 'frame'"))
    put(mill.base, f"{FRAMES}/abc/lost_0123456789ab.webp", f"{FRAMES}/abc/{TEMPORARY}123-half.webp")
    mill.recorder("extract")
    return mill


def clear(mill: Mill, tool: str = "extract", folder: str = FRAMES) -> None:
    sweep.after_crash(mill.db, mill.base, mill.step(tool)["id"], folder)


def test_files_without_rows_go_and_say_so(killed: Mill) -> None:
    known = sorted(killed.all("select path from item where kind = 'frame'"))
    run = killed.one("select max(id) from run")
    clear(killed)
    assert lying(killed.base, FRAMES) == known
    assert killed.all("select run_id, actor, action, path, why from audit") == [
        (
            run,
            "sweep",
            "orphan_removed",
            f"{FRAMES}/abc/lost_0123456789ab.webp",
            "A run ended before its rows were written.",
        )
    ]
    assert killed.all("select status, finished_at is not null from run order by id desc limit 1") == [("killed", 1)]


def test_after_a_run_that_ended_nothing_is_looked_for(killed: Mill) -> None:
    clear(killed)
    put(killed.base, f"{FRAMES}/the user's own.txt")
    clear(killed)
    assert f"{FRAMES}/the user's own.txt" in lying(killed.base, FRAMES)


def test_older_versions_of_a_file_stay(killed: Mill) -> None:
    """A replaced image exists, to be seen and restored: it has its row."""
    killed.run("extract", killed.frames(2, "other"), version=2)
    put(killed.base, *killed.all("select path from item where kind = 'frame' and newest"))
    killed.recorder("extract")
    clear(killed)
    assert len(lying(killed.base, FRAMES)) == 8


def test_masks_of_composites_have_their_rows_too(mill: Mill) -> None:
    mill.run_all()
    put(mill.base, *mill.all("select path from item where kind = 'composite'"))
    put(mill.base, *mill.all("select mask_path from composite"))
    put(mill.base, f"{OURS}/default/lost-0123456789ab.png")
    mill.recorder("composite")
    clear(mill, "composite", f"{OURS}/default")
    assert f"{OURS}/default/lost-0123456789ab.png" not in lying(mill.base, OURS)
    assert len(lying(mill.base, OURS)) == 8


def test_another_datasets_files_are_not_its_own(mill: Mill) -> None:
    """A run of another dataset may be writing them at this moment."""
    from tools.mill.plan import folder_of

    mill.run_all()
    others = [f"{OURS}/emma/new-0123456789ab.png", f"{OURS}/emma/{TEMPORARY}9-new-0123456789ab.png"]
    put(mill.base, f"{OURS}/default/lost-0123456789ab.png", *others)
    mill.recorder("composite")
    clear(mill, "composite", folder_of("composite", "default") or "")
    assert lying(mill.base, OURS) == sorted(others)
    assert folder_of("extract", "") == FRAMES
    assert folder_of("score", "") is None


def test_a_step_without_a_folder_and_one_that_never_wrote(killed: Mill) -> None:
    killed.recorder("score")
    sweep.after_crash(killed.db, killed.base, killed.step("score")["id"], None)
    assert len(lying(killed.base, FRAMES)) == 6
    killed.recorder("mask")
    clear(killed, "mask", "03_masked_subjects")
    assert killed.all(
        "select distinct status from run join step on step.id = step_id where tool in ('score', 'mask')"
    ) == ["killed"]


def test_when_sweeping_is_killed_too_it_is_done_again(killed: Mill, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    unlink = os.unlink

    def dies(path: str) -> None:
        if str(path).endswith("lost_0123456789ab.webp"):
            raise KeyboardInterrupt
        unlink(path)

    monkeypatch.setattr(os, "unlink", dies)
    with pytest.raises(KeyboardInterrupt):
        clear(killed)
    monkeypatch.undo()
    clear(killed)
    assert f"{FRAMES}/abc/lost_0123456789ab.webp" not in lying(killed.base, FRAMES)
