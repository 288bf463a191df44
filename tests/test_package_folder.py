"""package: what becomes of the folder that was there: caches, strangers, full disks, the swap, the manifest's rows."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from packing import FOLDER, listing, make, name_of, packed, row

from tools import package
from tools.mill.manifest import connect
from tools.mill.settings import UsageError
from tools.mill.tool import Dataset, Result
from tools.training import swap

# What happens to the one before.


def test_an_unchanged_package_is_not_touched(tmp_path: Path) -> None:
    rows = [row(tmp_path, 1), row(tmp_path, 2)]
    first = packed(make(tmp_path, rows))
    before = (tmp_path / FOLDER).stat()
    again = packed(make(tmp_path, rows[::-1]))
    assert {item_id: replace(made, swapped=True) for item_id, made in again.items()} == first
    assert not any(made.swapped for made in again.values())
    after = (tmp_path / FOLDER).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert not swap.previous_of(tmp_path / FOLDER).exists()


@pytest.mark.parametrize("harm", ["image", "mask", "text", "folder"])
def test_a_damaged_package_is_made_again(tmp_path: Path, harm: str) -> None:
    rows = [row(tmp_path, 1), row(tmp_path, 2)]
    make(tmp_path, rows)
    whole = listing(tmp_path / FOLDER)
    folder, name = tmp_path / FOLDER, name_of(rows[0])
    if harm == "folder":
        shutil.rmtree(folder)
    elif harm == "text":
        (folder / f"{name}.txt").write_text("\n", encoding="utf-8")
    else:
        path = folder / (f"{name}.png" if harm == "image" else f"masks/{name}.png")
        path.write_bytes(path.read_bytes()[:-30])
    make(tmp_path, rows)
    assert listing(folder) == whole


def test_the_package_before_is_kept_beside(tmp_path: Path) -> None:
    make(tmp_path, [row(tmp_path, 1)])
    first = listing(tmp_path / FOLDER)
    make(tmp_path, [row(tmp_path, 2)])
    second = listing(tmp_path / FOLDER)
    make(tmp_path, [row(tmp_path, 3)])
    assert listing(tmp_path / "07_final_training/.previous-emma") == second != first
    assert sorted(path.name for path in (tmp_path / "07_final_training").iterdir()) == [".previous-emma", "emma"]


def test_work_on_a_package_harms_no_composite(tmp_path: Path) -> None:
    one = row(tmp_path, 1)
    make(tmp_path, [one])
    image = tmp_path / FOLDER / f"{name_of(one)}.png"
    image.write_bytes(b"painted over")
    assert hashlib.sha256((tmp_path / one["path"]).read_bytes()).hexdigest() == one["sha256"]


def test_a_trainers_caches_go_with_their_images(tmp_path: Path) -> None:
    rows = [row(tmp_path, number) for number in (1, 2, 3)]
    make(tmp_path, rows)
    folder = tmp_path / FOLDER
    same, gone, retold = (name_of(one) for one in rows)
    theirs = [f"{name}{end}" for name in (same, gone, retold) for end in ("_0320x0320_sdxl.npz", "_te_outputs.npz")]
    theirs += [f"cache/{name}_0320x0320_wan.safetensors" for name in (same, gone)] + ["notes.md", "metadata_cache.json"]
    for name in theirs:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(name, encoding="utf-8")
    make(tmp_path, [rows[0], rows[2] | {"text": "ohwx, told anew"}])
    kept = {name for name in theirs if (folder / name).exists()}
    assert kept == {
        f"{same}_0320x0320_sdxl.npz",
        f"{same}_te_outputs.npz",
        f"{retold}_0320x0320_sdxl.npz",
        f"cache/{same}_0320x0320_wan.safetensors",
        "notes.md",
    }
    assert not (folder / f"{gone}.png").exists()
    assert (folder / f"{same}_te_outputs.npz").read_text(encoding="utf-8") == f"{same}_te_outputs.npz"


def test_a_folder_that_holds_somebody_elses_files_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / FOLDER
    folder.mkdir(parents=True)
    (folder / "holiday.png").write_bytes(b"mine")
    with pytest.raises(UsageError) as refused:
        make(tmp_path, [row(tmp_path, 1)])
    assert str(refused.value) == (
        f"{folder} holds files, but no manifest.json that says they are a package. Move them to another place: the "
        "package will stand there."
    )
    assert [path.name for path in folder.iterdir()] == ["holiday.png"]


def test_a_full_disk_leaves_the_old_package_in_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, [row(tmp_path, 1)])
    before = listing(tmp_path / FOLDER)

    def full(source: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(OSError, match="No space left on device") as caught:
        make(tmp_path, [row(tmp_path, 2)])
    assert caught.value.filename is not None
    monkeypatch.undo()
    assert listing(tmp_path / FOLDER) == before
    assert [path.name for path in (tmp_path / "07_final_training").iterdir()] == ["emma"]


def test_what_the_disk_did_not_keep_is_not_put_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, [row(tmp_path, 1)])
    before = listing(tmp_path / FOLDER)

    def half(source: Path, target: Path) -> None:
        target.write_bytes(source.read_bytes()[:-1])

    monkeypatch.setattr(shutil, "copyfile", half)
    with pytest.raises(OSError, match="It does not hold what was just written to it") as caught:
        make(tmp_path, [row(tmp_path, 2)])
    assert caught.value.filename == str(tmp_path / "07_final_training/.part-emma")
    assert listing(tmp_path / FOLDER) == before
    assert [path.name for path in (tmp_path / "07_final_training").iterdir()] == ["emma"]


# The swap.


@pytest.mark.parametrize("can_exchange", [True, False])
def test_the_swap_keeps_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, can_exchange: bool) -> None:
    if not can_exchange:
        monkeypatch.setattr(swap, "exchange", lambda first, second: False)
    folder = tmp_path / "emma"
    for content in ("one", "two", "three"):
        swap.part_of(folder).mkdir()
        (swap.part_of(folder) / "content").write_text(content, encoding="utf-8")
        swap.swap_in(folder)
        assert (folder / "content").read_text(encoding="utf-8") == content
    assert (swap.previous_of(folder) / "content").read_text(encoding="utf-8") == "two"
    assert not swap.part_of(folder).exists()


def test_linux_exchanges_in_one_step(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    if not swap.exchange(tmp_path / "a", tmp_path / "b"):
        pytest.skip("this file system knows no exchange of names")
    assert (tmp_path / "a/b").exists()
    assert (tmp_path / "b/a").exists()
    with pytest.raises(FileNotFoundError):
        swap.exchange(tmp_path / "a", tmp_path / "none")


def test_after_a_crash_between_two_renames_the_old_one_comes_back(tmp_path: Path) -> None:
    folder = tmp_path / "emma"
    swap.previous_of(folder).mkdir()
    (swap.previous_of(folder) / "content").touch()
    swap.part_of(folder).mkdir()
    swap.recover(folder)
    assert (folder / "content").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["emma"]


# The manifest's rows.


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = connect(tmp_path, create=True)
    connection.execute("pragma foreign_keys = off")
    yield connection
    connection.close()


def _conclude(db: sqlite3.Connection, results: dict[int, Result]) -> list[tuple[Any, ...]]:
    package.conclude(db, 3, Dataset(name="emma"), results)
    return [tuple(found) for found in db.execute("select id, step_id, state from package order by id")]


def test_packages_are_recorded_once_each(tmp_path: Path, db: sqlite3.Connection) -> None:
    rows = [row(tmp_path, 1), row(tmp_path, 2), row(tmp_path, 3, text=None)]
    results = make(tmp_path, rows)
    assert _conclude(db, results) == [(1, 3, "current")]
    found = [tuple(one) for one in db.execute("select item_id, caption_id, path, text from package_item order by 1")]
    assert found == [
        (number, 100 + number, f"{FOLDER}/{name_of(rows[number - 1])}.png", rows[number - 1]["text"])
        for number in (1, 2)
    ]
    assert all((tmp_path / path).exists() for _, _, path, _ in found)
    digest = json.loads((tmp_path / FOLDER / "manifest.json").read_text(encoding="utf-8"))["digest"]
    assert tuple(db.execute("select digest from package").fetchone()) == (digest,)
    assert _conclude(db, make(tmp_path, rows)) == [(1, 3, "current")]
    assert _conclude(db, make(tmp_path, rows[:1])) == [(1, 3, "superseded"), (2, 3, "current")]
    assert _conclude(db, make(tmp_path, [])) == [(1, 3, "superseded"), (2, 3, "superseded"), (3, 3, "current")]
    assert tuple(db.execute("select count(*) from package_item where package_id = 3").fetchone()) == (0,)


def test_what_becomes_of_a_package_leaves_a_row(tmp_path: Path, db: sqlite3.Connection) -> None:
    rows = [row(tmp_path, number) for number in (1, 2, 3)]
    digests = []
    for count in (1, 2, 3):
        _conclude(db, make(tmp_path, rows[:count]))
        digests.append(db.execute("select digest from package where state = 'current'").fetchone()[0])
    shutil.rmtree(tmp_path / FOLDER)
    _conclude(db, make(tmp_path, rows))
    _conclude(db, make(tmp_path, rows))
    said = db.execute("select action, path, sha256, why from audit where actor = 'package' order by id").fetchall()
    replaced = "A package of {} images took its place; until the next one it lies in .previous-emma."
    assert [tuple(one) for one in said] == [
        ("package_superseded", FOLDER, digests[0], replaced.format(2)),
        ("package_superseded", FOLDER, digests[1], replaced.format(3)),
        ("package_removed", "07_final_training/.previous-emma", digests[0], "Two packages have come after it."),
        ("package_remade", FOLDER, digests[2], "Files of it were gone or changed."),
    ]
