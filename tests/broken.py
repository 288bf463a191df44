"""Workspaces broken on purpose: for each check of `make qc` one deed that it must find, and what lies just before."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from tools.media.image import encode_png, encode_webp_lossless, read_rgb, read_rgba
from tools.stamps import changes

Deed = Callable[[sqlite3.Connection, Path], None]


@dataclass(frozen=True)
class Broken:
    """said: a part of what the check says of it. almost: what it must let pass; None: the sound workspace itself.

    n: how many violations it finds.
    """

    deed: Deed
    said: str
    almost: Deed | None = None
    n: int = 1


def sql(*statements: str) -> Deed:
    """A deed that only writes to the manifest."""

    def act(db: sqlite3.Connection, _: Path) -> None:
        for statement in statements:
            db.execute(statement)

    return act


def one(db: sqlite3.Connection, question: str) -> str:
    return str(db.execute(question).fetchone()[0])


def first(kind: str) -> str:
    """The SQL of an item's id: the first of a kind that stands passed."""
    return f"""(select min(item.id) from item join outcome on outcome.item_id = item.id
        where item.kind = '{kind}' and newest and latest and live and passed)"""


def path_of(db: sqlite3.Connection, base: Path, kind: str) -> Path:
    return base / one(db, f"select path from item where id = {first(kind)}")


def outcome_of(kind: str, tool: str) -> str:
    return f"""(select id from outcome where item_id = {first(kind)} and latest
        and step_id = (select id from step where tool = '{tool}'))"""


# --- more of what is there ---


def add(
    db: sqlite3.Connection, kind: str, n: int, tool: str, parent: str = "null", reason: str | None = None
) -> list[int]:
    """Further items of a kind, each judged by a tool: without files, for checks that count."""
    step = int(one(db, f"select id from step where tool = '{tool}'"))
    run = int(one(db, f"select max(id) from run where step_id = {step}"))
    recipe = int(one(db, f"select recipe_id from step where id = {step}"))
    found = []
    for _ in range(n):
        number = int(one(db, "select max(id) + 1 from item"))
        db.execute(
            f"""insert into item (id, kind, address, version, parent_id, step_id, made, newest, created_at)
            values (?, ?, 'more/' || ?, 'v', {parent}, ?, 1, 1, '')""",
            (number, kind, number, step),
        )
        db.execute(
            """insert into outcome (step_id, item_id, kind, recipe_id, run_id, status, reason, passed, live, latest)
            values (?, ?, ?, ?, ?, ?, ?, ?, 1, 1)""",
            (step, number, kind, recipe, run, "rejected" if reason else "ok", reason, not reason),
        )
        found.append(number)
    return found


def videos(db: sqlite3.Connection, n: int) -> list[int]:
    """Videos that are all alike, those that were there too: 1280 x 720 at 25 Hz, 2 million bits a second."""
    columns = [row[1] for row in db.execute("pragma table_info(video)")][1:]
    for item_id in add(db, "video", n, "intake"):
        db.execute(f"insert into video select {item_id}, {', '.join(columns)} from video limit 1")
    db.execute("update video set width_px = 1280, height_px = 720, frame_rate_hz = 25, bitrate_bps = 2000000")
    return [row[0] for row in db.execute("select item_id from video order by item_id")]


def bitrate(factor: float, then: str = "select ?") -> Deed:
    def act(db: sqlite3.Connection, _: Path) -> None:
        last = videos(db, 5)[-1]
        db.execute(then, (last,))
        db.execute("update video set bitrate_bps = cast(2000000 * ? as integer) where item_id = ?", (factor, last))

    return act


def sizes(*numbers: int) -> Deed:
    """Photos of so many bytes."""

    def act(db: sqlite3.Connection, _: Path) -> None:
        for place, size in enumerate(numbers):
            db.execute(
                """insert into file (folder, path, shown, size, mtime_ns, ctime_ns, inode)
                values ('00_raw_photos', ?, ?, ?, 0, 0, 0)""",
                (str(place).encode(), str(place), size),
            )

    return act


def lasting(slack_s: float) -> Deed:
    """A video whose duration holds just twice as many windows as it gave frames and one more, and some seconds."""

    def act(db: sqlite3.Connection, _: Path) -> None:
        video = one(db, f"select {first('video')}")
        n = int(one(db, f"select count(*) from item where parent_id = {video} and newest"))
        window_s = float(one(db, f"select window_s from extract where outcome_id = {outcome_of('video', 'extract')}"))
        db.execute("update video set duration_s = ? where item_id = ?", (2 * (n + 1) * window_s + slack_s, video))

    return act


def twins(n: int, first: int = 1, then: str = "select 1") -> Deed:
    """A video with one frame, and so many that look the same; then something else."""

    def act(db: sqlite3.Connection, _: Path) -> None:
        (video,) = add(db, "video", 1, "intake")
        add(db, "frame", first, "extract", str(video))
        add(db, "frame", n, "extract", str(video), "near_duplicate")
        db.execute(then)

    return act


def rates(odd: int, n: int = 20, failed: int = 0) -> Deed:
    """Six videos of 20 frames, the last of n: somebody in all of them, in the last one in so many."""

    def act(db: sqlite3.Connection, _: Path) -> None:
        for place, video in enumerate(videos(db, 6)[-6:]):
            frames = add(db, "frame", n if place == 5 else 20, "detect", str(video))
            for frame in frames[: odd if place == 5 else 20]:
                add(db, "person", 1, "detect", str(frame))
            for frame in frames[len(frames) - (failed if place == 5 else 0) :]:
                db.execute("update outcome set status = 'failed', reason = 'failed' where item_id = ?", (frame,))

    return act


def coverages(before: int, later: int, moved: float, metric: str = "coverage", last: int = 0) -> Deed:
    """Masks of two runs; those of the later one have more of a metric. last: of a third run, as those before."""

    def act(db: sqlite3.Connection, _: Path) -> None:
        db.execute("delete from mask")
        step = one(db, "select id from step where tool = 'mask'")
        for name, n, shift in (("before", before, 0.0), ("later", later, moved), ("last", last, 0.0)):
            if n:
                db.execute(
                    """insert into run (uid, step_id, limits_json, machine_json, host, pid, started_at, status)
                    values (?, ?, '{}', '{}', '', 0, '', 'done')""",
                    (name, step),
                )
            for place in range(n):
                (cutout,) = add(db, "cutout", 1, "mask")
                outcome = int(one(db, f"select id from outcome where item_id = {cutout}"))
                db.execute(f"insert into mask (outcome_id, {metric}) values (?, ?)", (outcome, place / n + shift))

    return act


def grounds(noise: int) -> Deed:
    """So many of the composites before noise, the others before library pictures."""
    return sql(
        "update composite set mode = 'library'",
        f"update composite set mode = 'noise' where item_id in (select item_id from composite limit {noise})",
    )


def on_one_picture(n: int, then: str = "select 1") -> Deed:
    """So many composites, all before the first library picture, and none before the second; then something else."""

    def act(db: sqlite3.Connection, _: Path) -> None:
        db.execute("update composite set mode = 'flat', background_address = null")
        address = one(db, "select address from item where kind = 'background' order by id limit 1")
        for composite in add(db, "composite", n, "composite"):
            db.execute(
                """insert into composite
                (item_id, mode, background_address, scale, cover, flush, mask_path, mask_sha256)
                values (?, 'library', ?, 1, 1, '', '', '')""",
                (composite, address),
            )
        db.execute(then)

    return act


def captions(*texts: str) -> Deed:
    """The first captions say this, each other one something of its own."""

    def act(db: sqlite3.Connection, _: Path) -> None:
        db.execute("update caption set text = 'emx7, ' || item_id, author = 'template'")
        for text, (item_id,) in zip(
            texts, db.execute("select item_id from caption order by 1").fetchall(), strict=False
        ):
            db.execute("update caption set text = ? where item_id = ?", (text, item_id))

    return act


def likenesses(apart: float) -> Deed:
    """The images of the package lie one apart; but for the last two, which lie so far."""

    def act(db: sqlite3.Connection, _: Path) -> None:
        packed = """select scored.id from package_item join item on item.id = package_item.item_id
            join outcome as scored on scored.item_id = item.parent_id join score on score.outcome_id = scored.id
            order by package_item.item_id"""
        ids = [row[0] for row in db.execute(packed)]
        for place, outcome in enumerate(ids):
            value = float(place) if place < len(ids) - 1 else place - 1 + apart
            db.execute(
                "update score set likeness = ? where outcome_id = ?", (struct.pack("<64f", value, *[0] * 63), outcome)
            )

    return act


def moments(n: int) -> Deed:
    """So many of the chosen show one moment, each other one its own."""
    chosen = 'select outcome_id from "select" where rank is not null order by 1'
    return sql(
        'update "select" set moment = 1000 + outcome_id',
        f'update "select" set moment = 7 where outcome_id in ({chosen} limit {n})',
    )


def ended_by(pid: int) -> Deed:
    import socket

    return sql(
        f"""update run set status = 'running', host = '{socket.gethostname()}', pid = {pid}
        where id = (select max(run.id) from run join step on step.id = run.step_id where tool = 'score')"""
    )


def gone_pid() -> int:
    """The number of a process that has ended."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


def too_many(more: int) -> Deed:
    """A video with as many frames as its windows and cuts allow, and so many more."""

    def act(db: sqlite3.Connection, _: Path) -> None:
        video = one(db, f"select {first('video')}")
        room = one(
            db,
            f"""select cast(1.25 * duration_s / window_s + shots + 2 as integer) from video, extract
            where item_id = {video} and outcome_id = {outcome_of("video", "extract")}""",
        )
        n = int(one(db, f"select count(*) from item where parent_id = {video} and newest"))
        add(db, "frame", int(room) + more - n, "extract", video)

    return act


def tiny(then: str) -> Deed:
    """Four videos of a million bytes beside the text that calls itself one; then something else."""

    def act(db: sqlite3.Connection, _: Path) -> None:
        db.execute("update file set size = 1000000 where folder = '00_raw_videos' and shown <> 'note.mp4'")
        for place in range(4):
            db.execute(
                """insert into file (folder, path, shown, size, mtime_ns, ctime_ns, inode)
                values ('00_raw_videos', ?, 'big', 1000000, 0, 0, 0)""",
                (str(place).encode(),),
            )
        db.execute(then)

    return act


def many_captions(n: int) -> Deed:
    """So many captions in all, three of which read the same."""

    def act(db: sqlite3.Connection, base: Path) -> None:
        captions("emx7", "emx7", "emx7")(db, base)
        have = int(one(db, "select count(*) from caption"))
        for place in add(db, "caption", n - have, "caption", first("cutout")):
            db.execute(
                """insert into caption (item_id, dataset, text, author, engine, prompt_version, words)
                values (?, 'default', 'emx7 ' || ?, 'template', '', '', 2)""",
                (place, place),
            )

    return act


# --- files ---


def cut(kind: str) -> Deed:
    """Half of the file is gone."""

    def act(db: sqlite3.Connection, base: Path) -> None:
        path = path_of(db, base, kind)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    return act


def opaque(db: sqlite3.Connection, base: Path) -> None:
    path = path_of(db, base, "cutout")
    rgba = read_rgba(path)
    path.write_bytes(encode_webp_lossless(np.dstack([rgba[..., :3], np.full(rgba.shape[:2], 255, np.uint8)])))


def mask_of(db: sqlite3.Connection, base: Path) -> Path:
    return base / one(db, f"select mask_path from composite where item_id = {first('composite')}")


def smaller_mask(db: sqlite3.Connection, base: Path) -> None:
    path = mask_of(db, base)
    path.write_bytes(encode_png(np.ascontiguousarray(read_rgb(path)[:-1, :, 0])))


def line(share: float) -> Deed:
    """A white line along so much of the subject's rim, counted by its angle around the middle."""

    def act(db: sqlite3.Connection, base: Path) -> None:
        path, mask = path_of(db, base, "composite"), read_rgb(mask_of(db, base))[..., 0]
        solid, rgb = (mask >= 128).astype(np.uint8), np.full((*mask.shape, 3), 90, np.uint8)
        ring = cv2.dilate(solid, np.ones((5, 5))) - cv2.erode(solid, np.ones((5, 5))) > 0
        rows, columns = np.indices(mask.shape)
        middle = np.argwhere(solid).mean(axis=0)
        angle = np.arctan2(rows - middle[0], columns - middle[1]) / (2 * np.pi) + 0.5
        rgb[ring & (angle < share)] = 255
        path.write_bytes(encode_png(rgb))

    return act


def text_of(content: bytes | None) -> Deed:
    """The first caption file of the package holds this; None: it is gone."""

    def act(_: sqlite3.Connection, base: Path) -> None:
        path = min((base / "07_final_training" / "default").glob("*-*.txt"))
        path.unlink() if content is None else path.write_bytes(content)

    return act


def longer(db: sqlite3.Connection, base: Path) -> None:
    with path_of(db, base, "frame").open("ab") as file:
        file.write(b"x")


def stray(folder: str) -> Deed:
    return lambda _, base: (base / folder / "stray.png").write_bytes(b"x") and None


def unreferenced(db: sqlite3.Connection, _: Path) -> None:
    db.execute("pragma foreign_keys = off")
    db.execute("delete from recipe where id = (select recipe_id from step where tool = 'score')")


def stamped(config: str) -> Deed:
    """As make leaves it when it has finished; then somebody adds to the configuration."""

    def act(_: sqlite3.Connection, base: Path) -> None:
        with redirect_stdout(io.StringIO()) as told:
            changes.check(base)
        os.environ[changes.EXPECTED] = expected = told.getvalue().splitlines()[1]
        for step in json.loads(expected):
            changes.stamp(base, step)
        del os.environ[changes.EXPECTED]
        with (base / "config.toml").open("a", encoding="utf-8") as file:
            file.write(config)

    return act


EDGE = f"(select width from item where id = (select parent_id from item where id = {first('person')}))"
BOX = f"box_x1_px = {EDGE}, box_x0_px = {EDGE} - 20"
CROP = f"(select width from item where id = {first('person')})"

BROKEN: Mapping[str, Broken] = {
    "qc0_raw_judged": Broken(sizes(1000), "No verdict of intake is there."),
    "qc0_rejected_explained": Broken(
        sql("update outcome set detail = ' ' where reason = 'impostor'"),
        "Its reason is impostor, and nothing says more.",
    ),
    "qc0_accepted_facts": Broken(
        sql(f"update video set duration_s = 0 where item_id = {first('video')}"), "A size, duration or rate of it"
    ),
    "qc0_bitrate_outliers": Broken(bitrate(4.1), "bits per pixel and frame", bitrate(3.9)),
    "qc0_size_outliers": Broken(
        sizes(1000, 1000, 1000, 1000, 10010), "10010 bytes; half of the files", sizes(1000, 1000, 1000, 1000, 9990)
    ),
    "qc1_frames": Broken(
        sql(f"update item set newest = 0 where parent_id = {first('video')}"), "No frame of it is there."
    ),
    "qc1_measured": Broken(
        sql(f"update extract set luma_tenengrad = null where outcome_id = {outcome_of('frame', 'extract')}"),
        "A measurement or a fact of it is missing.",
    ),
    "qc1_rate": Broken(lasting(0.1), "in windows of 2.00 s", lasting(-0.1)),
    "qc1_duplicates": Broken(twins(20), "20 of 21 frames.", twins(19)),
    "qc2_crops": Broken(
        sql(f"update detect set people_seen = people_seen + 1 where outcome_id = {outcome_of('frame', 'detect')}"),
        "people found.",
    ),
    "qc2_sizes": Broken(
        sql(f"update person set crop_x_px = {EDGE} - {CROP} + 1, {BOX} where item_id = {first('person')}"),
        "in a frame of",
        sql(f"update person set crop_x_px = {EDGE} - {CROP}, {BOX} where item_id = {first('person')}"),
    ),
    "qc2_measured": Broken(
        sql(f"update detect set confidence = 1.01 where outcome_id = {outcome_of('person', 'detect')}"),
        "A measurement or a fact of it is missing.",
        sql(f"update detect set confidence = 1.0 where outcome_id = {outcome_of('person', 'detect')}"),
    ),
    "qc3_frames_open": Broken(cut("frame"), "It cannot be opened: "),
    "qc4_crops_open": Broken(cut("person"), "It cannot be opened: "),
    "qc4_rate": Broken(rates(14), "Somebody in 70 % of 20 frames", rates(15)),
    "qc5_one_per_crop": Broken(sql(f"update item set newest = 0 where id = {first('cutout')}"), "It has 0 cut-outs."),
    "qc5_sizes": Broken(sql(f"update item set width = width + 1 where id = {first('cutout')}"), "of a crop of"),
    "qc5_open": Broken(opaque, "Its alpha is 255 everywhere."),
    "qc5_shift": Broken(coverages(20, 20, 0.7), "they differ by 0.70.", coverages(20, 19, 0.7)),
    "qc6_one_per_cutout": Broken(
        sql(f"update item set newest = 0 where id = {first('composite')}"), "It has 0 composites in dataset default."
    ),
    "qc6_grounds": Broken(grounds(4), "4 of 6, where 5 % were to be expected.", grounds(3)),
    "qc6_pictures": Broken(on_one_picture(12), "of 12, with 2 pictures to draw from.", on_one_picture(11), 2),
    "qc6_open": Broken(smaller_mask, "Its mask is "),
    "qc6_halo": Broken(line(1.0), "A line runs along", line(0.3)),
    "qc7_present": Broken(
        sql("update caption set text = ' ' where item_id = (select min(item_id) from caption)"),
        "It has 0 captions in dataset default.",
    ),
    "qc7_one_line": Broken(captions("emx7, a\nb"), "It reads: 'emx7, a", captions("emx7, a b")),
    "qc7_trigger": Broken(captions("emx70, a coat"), "The trigger is emx7: emx70, a coat", captions("EMX7 in a coat")),
    "qc7_forbidden_words": Broken(
        captions("emx7, a Picture"), "It says picture: emx7, a Picture", captions("emx7, pictures")
    ),
    "qc7_repeats": Broken(captions("emx7", "emx7", "emx7"), "3 of 6 read: emx7", captions("emx7", "emx7")),
    "qc7_repeated_parts": Broken(
        captions("emx7, red coat, Red coat."), "It says twice: red coat", captions("emx7, red coat, coat")
    ),
    "qc7_contradictions": Broken(
        captions("emx7, headshot, from behind, frontal"),
        'It says both "from behind" and "frontal".',
        captions("emx7, a"),
    ),
    "qc7_pairs": Broken(
        sql("delete from package_item where item_id = (select min(item_id) from package_item)"),
        "It was accepted, but is in no current package.",
    ),
    "qc7_pairs_open": Broken(text_of(b"one\ntwo\n"), "The caption has several lines", text_of(b"one, two\n")),
    "qc8_alike": Broken(likenesses(0.019), "It differs by 0.019 from ", likenesses(0.021)),
    "qc8_moments": Broken(moments(3), "3 of 6 images show its moment.", moments(2)),
    "ledger_bytes": Broken(longer, "It has "),
    "ledger_failed": Broken(
        sql(
            f"update outcome set status = 'failed', reason = 'failed', detail = 'It broke.', passed = 0 "
            f"where id = {outcome_of('cutout', 'score')}"
        ),
        "score: It broke.",
    ),
    "ledger_files_without_rows": Broken(
        stray("02_person_crops"), "No row speaks of it.", stray("07_final_training/default")
    ),
    "ledger_identity": Broken(
        sql(f"update outcome set passed = 0 where id = {outcome_of('video', 'intake')}"), "-1 waiting.", n=2
    ),
    "ledger_last_runs": Broken(
        sql(
            "update run set status = 'killed' where id = (select max(id) from run)",
            "update outcome set stale = 1 where run_id = (select max(id) from run)",
        ),
        "was killed; 6 wait.",
        sql(
            "update outcome set stale = 1 where run_id = (select max(id) from run)",
            "update run set status = 'killed' where id = (select max(id) from run)",
            """insert into run
            select id + 1, 'more', step_id, recipe_id, limits_json, machine_json, host, pid, started_at, finished_at,
                'done', seconds, n_ok, n_rejected, n_failed
            from run order by id desc limit 1""",
        ),
    ),
    "ledger_parents": Broken(
        sql(f"update item set newest = 0 where id = {first('composite')}"),
        "A verdict on it is in force, itself it is not.",
        n=2,
    ),
    "ledger_make": Broken(
        stamped("[select]\nmoment_s = 3.0\n"),
        "Its sources, settings, decisions or program have changed",
        stamped(""),
        n=1,
    ),
    "ledger_references": Broken(unreferenced, "rows of recipe that are not there", n=3),
    "ledger_rows_without_files": Broken(
        lambda db, base: path_of(db, base, "cutout").unlink(), "Its file is not there."
    ),
    "ledger_runs": Broken(ended_by(gone_pid()), "and never ended", ended_by(os.getpid())),
    "ledger_tally": Broken(
        sql(
            "update tally set n = n + 1 "
            "where kind = 'video' and passed and step_id = (select id from step where tool = 'extract')"
        ),
        "2 are in force, 3 are tallied.",
    ),
    "ledger_waiting": Broken(
        sql(f"update outcome set stale = 1 where id = {outcome_of('cutout', 'score')}"), "1 of 6 wait."
    ),
}
"""By the name of the check."""
