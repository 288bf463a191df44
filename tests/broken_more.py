"""Further ways to break a workspace, for checks that look at more than one thing."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from broken import (
    Broken,
    Deed,
    add,
    bitrate,
    captions,
    coverages,
    first,
    many_captions,
    mask_of,
    on_one_picture,
    one,
    outcome_of,
    rates,
    sizes,
    sql,
    stamped,
    stray,
    tiny,
    too_many,
    twins,
)

PACKAGE = "07_final_training/default"

REFUSED = """update outcome set passed = 0 where item_id =
    (select id from item where kind = 'background' order by id desc limit 1)"""


def empty(kind: str, reason: str) -> Deed:
    """A file of what was rejected for a reason has lost its bytes."""

    def act(db: sqlite3.Connection, base: Path) -> None:
        path = one(
            db,
            f"""select path from outcome join item on item.id = item_id
            where outcome.kind = '{kind}' and latest and live and reason = '{reason}' order by item.id limit 1""",
        )
        (base / path).write_bytes(b"")

    return act


MORE: tuple[tuple[str, Broken], ...] = (
    ("ledger_make", Broken(stamped("[select\n"), "config.toml")),
    (
        "qc0_rejected_explained",
        Broken(
            sql("update outcome set reason = 'whatever' where reason = 'impostor'"),
            "Nobody knows its reason, whatever.",
        ),
    ),
    (
        "qc0_accepted_facts",
        Broken(sql(f"delete from video where item_id = {first('video')}"), "No facts are known of it."),
    ),
    ("qc0_size_outliers", Broken(sizes(0), "0 bytes; half of the files in its folder have 0 or less.", sizes(1))),
    (
        "qc1_measured",
        Broken(sql(f"delete from extract where outcome_id = {outcome_of('video', 'extract')}"), "is missing."),
    ),
    ("qc1_rate", Broken(lambda db, _: add(db, "frame", 20, "extract", first("video")) and None, "frames of ")),
    ("qc2_crops", Broken(sql(f"update item set newest = 0 where id = {first('person')}"), " crops of ")),
    (
        "qc2_sizes",
        Broken(sql(f"update person set box_x1_px = box_x0_px where item_id = {first('person')}"), "with a box of 0×"),
    ),
    (
        "qc5_one_per_crop",
        Broken(
            lambda db, _: (
                add(db, "cutout", 1, "mask", first("person"))
                and db.execute("update item set path = 'x' where id = (select max(id) from item)")
                and None
            ),
            "It has 2 cut-outs.",
        ),
    ),
    (
        "qc5_sizes",
        Broken(
            sql(f"update mask set coverage = 1.01 where outcome_id = {outcome_of('cutout', 'mask')}"),
            "and a coverage of 1.01",
            sql(f"update mask set coverage = 1.0 where outcome_id = {outcome_of('cutout', 'mask')}"),
        ),
    ),
    (
        "qc6_grounds",
        Broken(
            sql("update composite set mode = 'original' where item_id = (select min(item_id) from composite)"),
            "1 of 6, where 0 % were to be expected.",
        ),
    ),
    ("qc6_open", Broken(lambda db, base: mask_of(db, base).unlink(), "Its mask: It is not there.")),
    (
        "qc7_contradictions",
        Broken(
            lambda db, base: captions("emx7, headshot")(db, base) or sql("update person set shot = 'far'")(db, base),
            'It says "headshot", measured is a far shot.',
            lambda db, base: captions("emx7, headshot")(db, base) or sql("update person set shot = 'close'")(db, base),
        ),
    ),
    (
        "qc7_pairs",
        Broken(
            sql("update package_item set text = ' ' where item_id = (select min(item_id) from package_item)"),
            "Its caption is missing, empty, or of another cut-out.",
        ),
    ),
    (
        "qc7_present",
        Broken(
            sql(f"update item set newest = 0 where id = {first('caption')}"), "It has 0 captions in dataset default."
        ),
    ),
    ("ledger_bytes", Broken(lambda db, base: mask_of(db, base).write_bytes(b"") and None, "It has 0 bytes.")),
    ("ledger_files_without_rows", Broken(stray("05_augmented/default/masks"), "No row speaks of it.")),
    (
        "ledger_parents",
        Broken(
            sql(f"update item set newest = 0 where id = (select parent_id from item where id = {first('cutout')})"),
            "Its parent is not in force.",
            n=5,
        ),
    ),
    (
        "ledger_rows_without_files",
        Broken(
            lambda _, base: min((base / "07_final_training" / "default").glob("*.png")).unlink(),
            "Its file is not there.",
        ),
    ),
    (
        "ledger_waiting",
        Broken(
            sql("update step set recipe_id = (select min(id) from recipe) where tool = 'caption'"), "6 of 6 wait.", n=2
        ),
    ),
    ("qc0_bitrate_outliers", Broken(bitrate(1 / 4.1), "bits per pixel and frame", bitrate(1 / 3.9))),
    (
        "qc0_bitrate_outliers",
        Broken(bitrate(4.1), "", bitrate(4.1, "update outcome set passed = 0 where kind = 'video' and item_id = ?")),
    ),
    (
        "qc0_size_outliers",
        Broken(tiny("update outcome set passed = 1"), "7 bytes; half of the files", tiny("select 1")),
    ),
    ("qc1_duplicates", Broken(twins(20, 0), "20 of 20 frames.", twins(19, 0))),
    ("qc1_rate", Broken(too_many(1), "frames of ", too_many(0))),
    ("qc4_rate", Broken(rates(0, 10), "Somebody in 0 % of 10 frames", rates(0, 9))),
    ("qc4_rate", Broken(rates(14), "Somebody in 70 % of 20 frames", rates(14, 20, 6))),
    ("qc5_shift", Broken(coverages(400, 400, 0.25), "they differ by 0.25.", coverages(400, 400, 0.15))),
    ("qc5_shift", Broken(coverages(20, 20, 0.65), "they differ by 0.70.", coverages(20, 20, 0.6))),
    (
        "qc6_pictures",
        Broken(
            on_one_picture(12),
            "12 of 12, with 2 pictures to draw from.",
            on_one_picture(12, REFUSED),
            n=2,
        ),
    ),
    ("qc7_repeats", Broken(many_captions(12), "3 of 12 read: emx7", many_captions(13))),
    (
        "ledger_bytes",
        Broken(
            lambda _, base: min((base / PACKAGE).glob("*.png")).write_bytes(b"") and None,
            "It has 0 bytes.",
            lambda _, base: (base / PACKAGE / "notes.txt").write_bytes(b"") and None,
        ),
    ),
    ("ledger_bytes", Broken(empty("person", "low_confidence"), "It has 0 bytes.")),
    ("qc4_crops_open", Broken(empty("person", "low_confidence"), "It has no bytes.")),
    ("qc5_open", Broken(empty("cutout", "head_missing"), "It has no bytes.")),
    (
        "ledger_identity",
        Broken(
            sql(f"update outcome set live = 0 where id = {outcome_of('composite', 'package')}"),
            "package default has a verdict on it that is not in force, but composite lets it through.",
        ),
    ),
    (
        "ledger_identity",
        Broken(
            sql(
                f"update outcome set passed = 0 where id = {outcome_of('composite', 'composite')}",
            ),
            "package default has a verdict on it in force, but composite does not let it through.",
            n=2,
        ),
    ),
    (
        "qc0_bitrate_outliers",
        Broken(bitrate(4.1), "", bitrate(4.1, "update outcome set live = 0 where kind = 'video' and item_id = ?")),
    ),
    ("qc0_size_outliers", Broken(tiny("update outcome set live = 0"), "7 bytes; half of the files", tiny("select 1"))),
    (
        "qc1_duplicates",
        Broken(twins(20), "", twins(20, 1, "update outcome set live = 0 where reason = 'near_duplicate'")),
    ),
    ("qc5_shift", Broken(coverages(20, 20, 0.7, "largest_share"), "differ by 0.70.", coverages(19, 20, 0.7))),
    ("qc5_shift", Broken(coverages(20, 20, 0.7, "soft_share"), "differ by 0.70.")),
    ("qc5_shift", Broken(coverages(20, 20, 0.7, "coverage", 19), "against the 20 before it: they differ by 0.70.")),
    (
        "qc6_pictures",
        Broken(on_one_picture(12), "12 of 12", on_one_picture(12, REFUSED.replace("passed = 0", "live = 0")), n=2),
    ),
    (
        "qc6_pictures",
        Broken(
            on_one_picture(12),
            "12 of 12",
            on_one_picture(12, "update outcome set live = 0 where kind = 'composite'"),
            n=2,
        ),
    ),
    (
        "ledger_bytes",
        Broken(
            lambda _, base: min((base / PACKAGE).glob("*.png")).write_bytes(b"") and None,
            "It has 0 bytes.",
            lambda db, base: (
                db.execute("update package set state = 'superseded'")
                and min((base / PACKAGE).glob("*.png")).write_bytes(b"")
                and None
            ),
        ),
    ),
)
"""Other ways to break some of them."""
