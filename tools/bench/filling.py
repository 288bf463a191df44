"""Fills a manifest with any number of rows, as the tools write them, in seconds: by SQL, not item by item."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tools.mill import settings, settle, steps
from tools.mill.manifest import transaction, utc_now

RECIPE = 1
PER_UNIT = 14
"""Outcomes that belong to one cut-out: of two frames by extract and detect, of two persons by detect, embed, match and
mask, of the cut-out itself by mask and score."""

FRAMES_PER_VIDEO = 300
REJECTED_EVERY = 10
"""One item in so many is rejected by each step that judges it, so that every later step has fewer."""

_ITEM = "insert into item (kind, address, version, parent_id, step_id, path, sha256, made, newest, created_at)"

_VIDEOS = f"""
    with recursive n (i) as (select 0 union all select i + 1 from n where i + 1 < :n)
    {_ITEM}
    select 'video', printf('%032x', i * 2654435761), printf('%016x', i), null, :step, printf('00_raw_videos/%d.mp4', i),
        printf('%064x', i), 0, 1, :now
    from n
    """

_FRAMES = f"""
    with recursive n (i) as (select 0 union all select i + 1 from n where i + 1 < :n)
    {_ITEM}
    select 'frame', source.address || printf('/t%06d.000000', i % :each), printf('%016x', i), source.id, :step,
        printf('01_extracted_frames/%s/%06d.webp', substr(source.address, 1, 12), i % :each), printf('%064x', i),
        1, 1, :now
    from n join item as source on source.id = :first + i / :each
    """

_BELOW = f"""
    {_ITEM}
    select :kind, iif(:kind = 'person', address || '/p0512-0347', address), version, id, :step,
        replace(path, '.webp', '_p0512-0347.webp'), sha256, 1, 1, :now
    from item where kind = :above order by id limit :n
    """

_FACTS = (
    """insert into frame (item_id, time_s, frame_index, shot)
    select id, id % 300, id % 300, 0 from item where kind = 'frame'""",
    """insert into person (item_id, box_x0_px, box_y0_px, box_x1_px, box_y1_px, face_x0_px, face_y0_px, face_x1_px,
        face_y1_px, crop_x_px, crop_y_px, cut_left, cut_top, cut_right, cut_bottom, shot, view, keypoints_json,
        others_json, source, box_slack, box_whole)
    select id, 100, 50, 500, 900, 120, 60, 220, 180, 40, 0, 0, 0, 0, 1, 'mid', null, null, '[]', 'face', 0.1, 0
    from item where kind = 'person'""",
    """insert into cutout (item_id, subject_x0_px, subject_y0_px, subject_x1_px, subject_y1_px)
    select id, 10, 10, 400, 700 from item where kind = 'cutout'""",
)

_MEASURES = (
    "insert into detect (outcome_id, confidence, height_px) select id, 0.9, 850 from {judged} and kind = 'person'",
    "insert into mask (outcome_id, coverage) select id, 0.4 from {judged} and kind = 'cutout'",
    """insert into score (outcome_id, sharpness, dark_share, bright_share, crop_mp, likeness)
    select id, (id % 1000) / 1000.0, 0.1, 0.01, 0.5, zeroblob(256) from {judged}""",
)


def fill(db: sqlite3.Connection, base: Path, outcomes: int, waiting: int) -> None:
    """Write a manifest's worth of rows and settle it. waiting: frames that detect has not seen yet, beside the others.

    db: a new manifest in base. Videos, frames, persons and cut-outs, with facts and measurements where a question
    reads them.
    """
    steps.ensure(db, settings.load(base, {}), "intake", "")
    n = max(1, outcomes // PER_UNIT)
    with transaction(db):
        _begin(db)
        videos = -(-(2 * n + waiting) // FRAMES_PER_VIDEO)
        _run(db, _VIDEOS, "intake", n=videos)
        first = db.execute("select min(id) from item where kind = 'video'").fetchone()[0]
        _run(db, _FRAMES, "extract", n=2 * n + waiting, each=FRAMES_PER_VIDEO, first=first)
        _run(db, _BELOW, "detect", n=2 * n, kind="person", above="frame")
        _run(db, _BELOW, "mask", n=n, kind="cutout", above="person")
        for statement in _FACTS:
            db.execute(statement)
        for tool, kind, number in (
            *(("intake", "video", videos), ("extract", "video", videos), ("extract", "frame", 2 * n + waiting)),
            *(("detect", "frame", 2 * n), ("detect", "person", 2 * n)),
            *(("embed", "person", 2 * n), ("match", "person", 2 * n)),
            *(("mask", "person", 2 * n), ("mask", "cutout", n), ("score", "cutout", n)),
        ):
            _judge(db, tool, kind, number)
        for statement in _MEASURES:
            tool = statement.split()[2]
            judged = f"outcome where step_id = (select id from step where tool = '{tool}')"
            db.execute(statement.format(judged=judged))
        settle.settle(db)


def _begin(db: sqlite3.Connection) -> None:
    """One recipe for all steps, and a run of each."""
    db.execute("insert into recipe (id, digest, json) values (?, 'bench', '{}')", (RECIPE,))
    db.execute("update step set recipe_id = ?", (RECIPE,))
    db.execute(
        """insert into run (uid, step_id, recipe_id, limits_json, machine_json, host, pid, started_at, status)
        select 'bench' || id, id, ?, '{}', '{}', 'bench', 1, ?, 'done' from step""",
        (RECIPE, utc_now()),
    )


def _run(db: sqlite3.Connection, statement: str, tool: str, **values: object) -> None:
    step = db.execute("select id from step where tool = ?", (tool,)).fetchone()[0]
    db.execute(statement, {"step": step, "now": utc_now(), **values})


def _judge(db: sqlite3.Connection, tool: str, kind: str, number: int) -> None:
    """A step's outcomes on the first so many items of a kind."""
    db.execute(
        """
        insert into outcome (step_id, item_id, kind, recipe_id, run_id, status, reason, seconds, passed, live, latest)
        select step.id, item.id, item.kind, :recipe, run.id, iif((item.id + step.id) % :every = 0, 'rejected', 'ok'),
            iif((item.id + step.id) % :every = 0, 'bench', null), 0.01, (item.id + step.id) % :every <> 0, 1, 1
        from (select id, kind from item where kind = :kind order by id limit :number) as item
        join step on step.tool = :tool
        join run on run.step_id = step.id
        """,
        {"recipe": RECIPE, "every": REJECTED_EVERY, "kind": kind, "tool": tool, "number": number},
    )
