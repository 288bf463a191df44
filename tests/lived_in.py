"""A sound workspace with a past: what an old run, a rejected source or a dataset of last year leaves behind.

None of it is a violation. Each row is as wrong as can be, so that a check which forgets to leave it out speaks of it.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

BELOW = {"frame": "video", "person": "frame", "cutout": "person", "composite": "cutout", "caption": "cutout"}
"""What is made, by what it is made from, in the order of the stages."""

OF_DATASETS = ("select", "composite", "caption", "package")
TEXT = "Picture\nheadshot, full body, full body"


def lived_in(db: sqlite3.Connection, base: Path) -> None:
    """Give a workspace its past."""
    rejected_below(db, base)
    superseded(db, base)
    dataset_of_last_year(db)


def at_work(db: sqlite3.Connection, base: Path) -> None:
    """Every tool is at work on another machine, and its files are as it happens to have left them."""
    db.execute(
        """insert into run (uid, step_id, recipe_id, limits_json, machine_json, host, pid, started_at, status)
        select 'at work ' || id, id, recipe_id, '{}', '{}', 'elsewhere', 1, '', 'running' from step"""
    )
    for path in sorted(base.rglob("*")):
        if path.is_file() and path.relative_to(base).parts[0][:3] in ("01_", "02_", "03_", "05_", "07_"):
            path.write_bytes(b"")
    for path in sorted((base / "03_masked_subjects").rglob("*.webp")):
        path.unlink()
    (base / "02_person_crops" / "stray.webp").write_bytes(b"")


def rejected_below(db: sqlite3.Connection, base: Path) -> None:
    """What was made from a video before intake rejected it: in force, no longer live, and whatever was said of it."""
    video = db.execute(
        "select item_id from outcome where kind = 'video' and status = 'rejected' and latest and live"
    ).fetchone()[0]
    for status in ("ok", "rejected", "failed"):
        made = {"video": video}
        for kind, parent in BELOW.items():
            made[kind] = _item(db, base, kind, f"ghost/{status}", made[parent], newest=1)
        for kind, item_id in made.items():
            if kind != "video" or status == "ok":
                _judged(db, kind, item_id, status)


def superseded(db: sqlite3.Connection, base: Path) -> None:
    """Earlier versions of images that are there in a newer one."""
    old: dict[str, int] = {}
    for kind, parent in BELOW.items():
        row = db.execute(
            "select address, parent_id from item where kind = ? and newest and address not like 'ghost%' limit 1",
            (kind,),
        ).fetchone()
        item_id = old[kind] = _item(db, base, kind, row["address"], old.get(parent, row["parent_id"]), newest=0)
        _judged(db, kind, item_id, "ok")
        if kind == "person":
            # Somebody has cleared up.
            (base / db.execute("select path from item where id = ?", (item_id,)).fetchone()[0]).unlink()


def dataset_of_last_year(db: sqlite3.Connection) -> None:
    """A dataset that the configuration has no longer, whose files are gone, whose last run was killed."""
    steps = {tool: _old_step(db, tool) for tool in OF_DATASETS}
    cutout = db.execute("select min(id) from item where kind = 'cutout' and newest and version <> 'old'").fetchone()[0]
    older = db.execute("select id from item where kind = 'cutout' and not newest").fetchone()[0]
    background = db.execute("select address from item where kind = 'background' order by id limit 1").fetchone()[0]
    for tool, kind in (("select", "cutout"), ("composite", "cutout"), ("caption", "cutout")):
        outcome = _outcome(db, steps[tool], kind, cutout, "rejected" if tool == "select" else "ok", live=1)
        if tool == "select":
            db.execute('insert into "select" (outcome_id, moment, rank) values (?, 7, 1)', (outcome,))
    package = db.execute(
        "insert into package (step_id, digest, state, at) values (?, '', 'current', '')", (steps["package"],)
    ).lastrowid
    for place in range(20):
        parent = older if place == 19 else cutout
        composite = _row(db, "composite", f"gone/{place}", parent, steps["composite"], "05_augmented/gone/none.png", 1)
        db.execute(
            """insert into composite (item_id, mode, background_address, scale, cover, flush, mask_path, mask_sha256)
            values (?, ?, ?, 1, 1, '', '05_augmented/gone/masks/none.png', '')""",
            (composite, "library" if place < 14 else "original", background),
        )
        _outcome(db, steps["composite"], "composite", composite, "ok", live=1)
        _outcome(db, steps["package"], "composite", composite, "failed" if place == 0 else "ok", live=1)
        caption = _row(db, "caption", f"gone/{place}", cutout, steps["caption"], None, 1)
        db.execute(
            """insert into caption (item_id, dataset, text, author, engine, prompt_version, words)
            values (?, 'gone', ?, 'template', '', '', 1)""",
            (caption, TEXT),
        )
        _outcome(db, steps["caption"], "caption", caption, "ok", live=1)
        if place == 18:
            db.execute("update item set newest = 0 where id = ?", (composite,))
        if place:
            db.execute(
                "insert into package_item values (?, ?, ?, ?, ' ')",
                (package, composite, caption, f"07_final_training/gone/{place}.png"),
            )


def _old_step(db: sqlite3.Connection, tool: str) -> int:
    step = db.execute(
        """insert into step (position, stage, tool, dataset, gate, recipe_id, limits_json, active)
        select position, stage, tool, 'gone', gate, recipe_id, limits_json, 0 from step where tool = ?""",
        (tool,),
    ).lastrowid
    db.execute(
        """insert into step_kind
        select ?, kind, role from step_kind where step_id = (select min(id) from step where tool = ?)""",
        (step, tool),
    )
    for status in ("running", "killed"):
        db.execute(
            """insert into run (uid, step_id, recipe_id, limits_json, machine_json, host, pid, started_at, status)
            select ? || uid, ?, recipe_id, limits_json, machine_json, host, 1 << 30, started_at, ?
            from run order by id desc limit 1""",
            (f"{status} {tool} ", step, status),
        )
    return int(step or 0)


def _item(db: sqlite3.Connection, base: Path, kind: str, address: str, parent: int, *, newest: int) -> int:
    """An image of one byte, of which its row says something else."""
    tool = {"frame": "extract", "person": "detect", "cutout": "mask"}.get(kind, kind)
    step = db.execute("select id from step where tool = ? and active", (tool,)).fetchone()[0]
    path = None
    if kind != "caption":
        folder = {"frame": "01_extracted_frames", "person": "02_person_crops", "cutout": "03_masked_subjects"}
        path = f"{folder.get(kind, '05_augmented/default')}/{kind} {address.replace('/', ' ')[:60]} {newest}.webp"
        (base / path).write_bytes(b"x")
    item_id = _row(db, kind, address, parent, step, path, newest)
    if kind == "caption":
        db.execute(
            """insert into caption (item_id, dataset, text, author, engine, prompt_version, words)
            values (?, 'default', ?, 'template', '', '', 1)""",
            (item_id, TEXT),
        )
    if not newest:
        db.execute("update item set bytes = 999 where id = ?", (item_id,))
    return item_id


def _row(db: sqlite3.Connection, kind: str, address: str, parent: int, step: int, path: str | None, newest: int) -> int:
    cursor = db.execute(
        """insert into item (kind, address, version, parent_id, step_id, path, width, height, made, newest, created_at)
        values (?, ?, 'old', ?, ?, ?, 0, 0, 1, ?, '')""",
        (kind, address, parent, step, path, newest),
    )
    return int(cursor.lastrowid or 0)


def _judged(db: sqlite3.Connection, kind: str, item_id: int, status: str) -> None:
    """What each tool that takes or makes such a thing says of it."""
    steps = db.execute(
        """select step.id from step join step_kind on step_kind.step_id = step.id
        where kind = ? and active and not exists (select 1 from outcome where step_id = step.id and item_id = ?)""",
        (kind, item_id),
    )
    for (step,) in steps.fetchall():
        _outcome(db, step, kind, item_id, status, live=0)


def _outcome(db: sqlite3.Connection, step: int, kind: str, item_id: int, status: str, *, live: int) -> int:
    cursor = db.execute(
        """insert into outcome (step_id, item_id, kind, recipe_id, run_id, status, reason, passed, live, latest)
        select id, ?, ?, recipe_id, (select max(run.id) from run where run.step_id = step.id), ?, ?, ?, ?, 1
        from step where id = ?""",
        (item_id, kind, status, None if status == "ok" else "whatever", status == "ok", live, step),
    )
    return int(cursor.lastrowid or 0)
