"""Repair: what is lost or spoilt waits to be made again, what lies in the wrong place is moved away, and it is told."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from tools.care import ours
from tools.care.moving import move
from tools.care.verification import Fault
from tools.mill import settle
from tools.mill.manifest import set_meta, sql, transaction, utc_now
from tools.training.edits import read_manifest
from tools.training.names import MANIFEST

ORPHANS = "orphans"
"""Where in the workspace files go that no row speaks of, or that are not what their row says."""

LOST = "lost."
"""In `meta`, before a step's name: when something of it was last put back in the queue. Stamps are made of it."""

MENDABLE = ("missing", "changed", "swapped", "orphaned")


def mendable(fault: Fault) -> bool:
    """Whether it can be made again: the user's own files cannot, and what cannot be read may be whole."""
    return fault.part != "sources" and fault.sort in MENDABLE


def repair(db: sqlite3.Connection, base: Path, faults: Sequence[Fault]) -> None:
    """Mend some faults, in one transaction; nobody else may be at work.

    Raises OSError where a file cannot be moved, UsageError where one is not ours to move.
    """
    for fault in faults:
        if fault.part != "packages" and fault.sort != "missing":
            _put_away(db, base, fault)
    with transaction(db):
        for part, forget in (("made", forget_files), ("masks", forget_masks)):
            lost = [fault for fault in faults if fault.part == part]
            forget(db, [fault.row_id for fault in lost if fault.row_id is not None])
            for fault in lost:
                _audit(db, "requeued", fault.path, f"It was {fault.sort}; it is made again.", fault.row_id)
    by_step: dict[int, list[Fault]] = {}
    for fault in faults:
        if fault.part == "packages" and fault.row_id is not None:
            by_step.setdefault(fault.row_id, []).append(fault)
    for step_id, broken in by_step.items():
        _renew_package(db, base, step_id, broken)


def forget_files(db: sqlite3.Connection, item_ids: Sequence[int]) -> None:
    """Items no longer have a file, and what made them waits to make them again. In the open transaction."""
    _wait_again(db, item_ids)
    db.executemany(
        "update item set path = null, sha256 = null, bytes = null where id = ?", [(item_id,) for item_id in item_ids]
    )


def forget_masks(db: sqlite3.Connection, item_ids: Sequence[int]) -> None:
    """Composites no longer have a mask, and what made them waits to make them again. In the open transaction."""
    _wait_again(db, item_ids)
    db.executemany(
        "update composite set mask_path = '', mask_sha256 = '' where item_id = ?", [(item_id,) for item_id in item_ids]
    )


def _wait_again(db: sqlite3.Connection, item_ids: Sequence[int]) -> None:
    if not item_ids:
        return
    ids = json.dumps(list(item_ids))
    db.execute(sql("care/forget"), {"ids": ids})
    steps = db.execute(
        """select distinct step.id, tool, dataset from json_each(?) as wanted
        join item on item.id = wanted.value join step on step.id = item.step_id""",
        (ids,),
    ).fetchall()
    for _, tool, dataset in steps:
        tell_stamps(db, tool, dataset)
    settle.mark(db)


def tell_stamps(db: sqlite3.Connection, tool: str, dataset: str) -> None:
    """Have the stamps of a step, and of all after it, disagree from now on: something of it waits again."""
    set_meta(db, f"{LOST}{tool}.{dataset}" if dataset else f"{LOST}{tool}", utc_now())


def _put_away(db: sqlite3.Connection, base: Path, fault: Fault) -> None:
    """Move what lies at a path below `orphans/`, where it keeps its folders; first it is written down.

    Raises UsageError where it is not ours to move.
    """
    ours.refuse_foreign(base, [fault.path])
    source = os.path.join(os.fsencode(base), fault.path)
    if not os.path.lexists(source):
        return
    target = _free(os.path.join(os.fsencode(base), ORPHANS.encode(), fault.path))
    ours.refuse_users(ours.all_users_folders(base), [target])
    shown = os.path.relpath(target, os.fsencode(base)).decode("utf-8", "backslashreplace")
    with transaction(db):
        why = f"It was {fault.sort}. It lies at {shown} now."
        row_id = _audit(db, "moved_away", fault.path, why, None, fault.found_sha256)
    try:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        move(source, target)
    except OSError:
        # It lies where it lay, and so no row may say that it was moved.
        with transaction(db):
            db.execute("delete from audit where id = ?", (row_id,))
        raise


def _free(path: bytes) -> bytes:
    """A path at which nothing lies yet."""
    stem, ending = os.path.splitext(path)
    number, free = 1, path
    while os.path.lexists(free):
        number += 1
        free = b"%s~%d%s" % (stem, number, ending)
    return free


def _renew_package(db: sqlite3.Connection, base: Path, step_id: int, broken: Sequence[Fault]) -> None:
    """Have a package made again as a whole. What a trainer has put into it stays, where its own list can be read."""
    dataset = str(db.execute("select dataset from step where id = ?", (step_id,)).fetchone()[0])
    folder = _folder_of(base, broken[0])
    ours.refuse_foreign(base, [fault.path for fault in broken])
    content = read_manifest(folder) if folder.is_dir() else None
    if folder.is_dir() and content is None:
        # Without its list it is a stranger's folder, in whose place no package is put.
        _put_away(db, base, Fault("packages", step_id, os.fsencode(folder.relative_to(base)), "changed"))
    elif content is not None:
        # What lies there in place of ours would be taken for a person's edit.
        for fault in broken:
            if fault.sort != "missing" and not fault.path.endswith(MANIFEST.encode()):
                _put_away(db, base, fault)
        # By another digest it is known that it is to be built anew.
        part = folder / f".{MANIFEST}"
        text = json.dumps(content | {"digest": ""}, indent=2, ensure_ascii=False)
        part.write_text(f"{text}\n", encoding="utf-8")
        os.replace(part, folder / MANIFEST)
    with transaction(db):
        db.execute("update outcome set latest = 0, live = 0 where step_id = ? and latest", (step_id,))
        for fault in broken:
            _audit(db, "requeued", fault.path, f"It was {fault.sort}; the package is made again.")
        tell_stamps(db, "package", dataset)
        settle.mark(db)


def _folder_of(base: Path, fault: Fault) -> Path:
    """The folder of the package that a file is or was in: the second below the workspace."""
    return base.joinpath(*os.fsdecode(fault.path).split("/")[:2])


def _audit(
    db: sqlite3.Connection, action: str, path: bytes, why: str, item_id: int | None = None, sha256: str | None = None
) -> int:
    """Write down what is done; returns the row's id."""
    shown = path.decode("utf-8", "backslashreplace")
    cursor = db.execute(
        "insert into audit (at, actor, action, item_id, path, sha256, why) values (?, 'verify', ?, ?, ?, ?, ?)",
        (utc_now(), action, item_id, shown, sha256, why),
    )
    return int(cursor.lastrowid or 0)
