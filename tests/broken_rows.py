"""Rows of a sound workspace edited by hand: what the checks must find, and what lies just before it."""

from __future__ import annotations

from broken import BOX, CROP, EDGE, first, outcome_of

LOWER = f"(select height from item where id = (select parent_id from item where id = {first('person')}))"
ACROSS, DOWN = (f"(select {side} from item where id = {first('cutout')})" for side in ("width", "height"))
COMPOSING = "(select recipe_id from step where tool = 'composite')"
PACKED = outcome_of("composite", "package")
KEPT = f"""update recipe set json = json_set(json, '$.params.keep_at_most', (select count(*) from item
    where kind = 'person' and newest and parent_id = {first("frame")}))
    where id = (select recipe_id from step where tool = 'detect')"""
DUE = "update meta set value = '1' where key = 'dirty'"
TALL = f"(select height from item where id = {first('person')})"


def fact(table: str, change: str, kind: str) -> str:
    return f"update {table} set {change} where item_id = {first(kind)}"


def item(change: str, kind: str) -> str:
    return f"update item set {change} where id = {first(kind)}"


def measured(table: str, change: str, kind: str, tool: str) -> str:
    return f"update {table} set {change} where outcome_id = {outcome_of(kind, tool)}"


def crop(change: str) -> str:
    """A person in the upper left corner of the frame; the crop reaches a pixel further, but for a change."""
    return f"""update person set crop_x_px = 0, crop_y_px = 0, box_x0_px = 1, box_y0_px = 1, box_x1_px = {CROP} - 1,
        box_y1_px = {TALL} - 1, {change} where item_id = {first("person")}"""


def subject(change: str) -> str:
    return f"""update cutout set subject_x0_px = 0, subject_y0_px = 0, subject_x1_px = {ACROSS}, subject_y1_px = {DOWN},
        {change} where item_id = {first("cutout")}"""


def failed(kind: str, tool: str) -> str:
    return f"""update outcome set status = 'failed', reason = 'failed', passed = 0, detail = null
        where id = {outcome_of(kind, tool)}"""


def failed_on_parent(kind: str, tool: str) -> str:
    """A tool failed on what the first of a kind was made from; to be said before that one is gone."""
    return f"""update outcome set status = 'failed', reason = 'failed', passed = 0
        where item_id = (select parent_id from item where id = {first(kind)}) and latest
        and step_id = (select id from step where tool = '{tool}')"""


OLD_PACKAGE = """insert into package select 99, step_id, 'x', 'superseded', '' from package;
    insert into package_item select 99, item_id, caption_id, 'none/' || path, ' ' from package_item"""
SAME = "update score set likeness = (select likeness from score where likeness is not null limit 1)"
SAID = """insert into decision (uid, kind, address, verdict, actor, created_at)
    values ('x', 'cutout', 'x', 'pin', '', '');
    update outcome set decision_id = (select max(id) from decision)
    where step_id = (select id from step where tool = 'select')"""
NO_VIDEO = "update outcome set live = 0 where kind = 'video'"
OUT_VIDEO = "update outcome set passed = 0 where kind = 'video'"
NO_CAPTION = "update outcome set live = 0 where kind = 'caption'"
UNMASKED = "mask_path = 'none'"
OUT = "update outcome set passed = 0 where kind = 'caption'"
KILLED = """update run set status = 'killed' where id = (select max(run.id) from run join step on step.id = step_id
    where tool = 'score')"""
STALE = "update outcome set stale = 1 where step_id = (select id from step where tool = '{}')"

FOUND = (
    ("qc0_accepted_facts", fact("video", "width_px = 0", "video")),
    ("qc0_accepted_facts", fact("video", "height_px = 0", "video")),
    ("qc0_accepted_facts", fact("video", "frame_rate_hz = 0", "video")),
    ("qc0_accepted_facts", fact("video", "bitrate_bps = 0", "video")),
    ("qc0_rejected_explained", "update outcome set detail = null where reason = 'impostor'"),
    ("qc0_rejected_explained", failed("video", "intake")),
    ("qc1_frames", f"update item set kind = 'x' where parent_id = {first('video')}"),
    ("qc1_measured", fact("frame", "time_s = -0.01", "frame")),
    ("qc1_measured", measured("extract", "candidates = 0", "frame", "extract")),
    ("qc1_measured", measured("extract", "luma_tenengrad = -0.1", "frame", "extract")),
    ("qc1_measured", measured("extract", "window_s = null", "video", "extract")),
    ("qc1_measured", measured("extract", "decoded_frames = null", "video", "extract")),
    ("qc1_measured", item("width = 0", "frame")),
    ("qc1_measured", item("height = 0", "frame")),
    ("qc1_measured", item("path = ''", "frame")),
    ("qc1_measured", item("path = null", "frame")),
    ("qc1_measured", f"delete from frame where item_id = {first('frame')}"),
    ("qc2_crops", item("path = null", "person")),
    ("qc2_crops", item("kind = 'x'", "person")),
    ("qc2_crops", f"delete from detect where outcome_id = {outcome_of('frame', 'detect')}"),
    ("qc2_measured", measured("detect", "confidence = -0.01", "person", "detect")),
    ("qc2_measured", measured("detect", "confidence = null", "person", "detect")),
    ("qc2_measured", measured("detect", "height_px = 0", "person", "detect")),
    ("qc2_measured", f"delete from detect where outcome_id = {outcome_of('person', 'detect')}"),
    ("qc2_measured", f"delete from person where item_id = {first('person')}"),
    ("qc2_sizes", f"delete from person where item_id = {first('person')}"),
    ("qc2_sizes", item("width = 0", "person")),
    ("qc2_sizes", item("height = 0", "person")),
    ("qc2_sizes", crop("crop_x_px = -1")),
    ("qc2_sizes", crop("crop_y_px = -1")),
    ("qc2_sizes", crop(f"crop_x_px = {EDGE} - {CROP} + 1, {BOX}")),
    ("qc2_sizes", crop(f"crop_y_px = {LOWER} - {TALL} + 1, box_y0_px = {LOWER} - 9, box_y1_px = {LOWER}")),
    ("qc2_sizes", crop("box_x1_px = 1")),
    ("qc2_sizes", crop("box_y1_px = 1")),
    ("qc2_sizes", crop("box_x0_px = -1.1")),
    ("qc2_sizes", crop("box_y0_px = -1.1")),
    ("qc2_sizes", crop(f"box_x1_px = {CROP} + 1.1")),
    ("qc2_sizes", crop(f"box_y1_px = {TALL} + 1.1")),
    ("qc5_one_per_crop", item("kind = 'x'", "cutout")),
    ("qc5_one_per_crop", item("path = null", "cutout")),
    ("qc5_sizes", item("height = height + 1", "cutout")),
    ("qc5_sizes", subject("subject_x0_px = -1")),
    ("qc5_sizes", subject("subject_y0_px = -1")),
    ("qc5_sizes", subject(f"subject_x1_px = {ACROSS} + 1")),
    ("qc5_sizes", subject(f"subject_y1_px = {DOWN} + 1")),
    ("qc5_sizes", subject("subject_x1_px = 0")),
    ("qc5_sizes", subject("subject_y1_px = 0")),
    ("qc5_sizes", measured("mask", "coverage = -0.01", "cutout", "mask")),
    ("qc5_sizes", f"delete from mask where outcome_id = {outcome_of('cutout', 'mask')}"),
    ("qc5_sizes", f"delete from cutout where item_id = {first('cutout')}"),
    ("qc6_grounds", "update recipe set json = json_set(json, '$.params.modes', json('{}')) where id = " + COMPOSING),
    (
        "qc6_grounds",
        "update recipe set json = json_set(json, '$.params.modes', json('{\"flat\": 0}')) where id = " + COMPOSING,
    ),
    ("qc6_one_per_cutout", item("kind = 'x'", "composite")),
    ("qc7_present", item("kind = 'x'", "caption")),
    ("qc7_present", "update caption set text = '' where item_id = " + first("caption")),
    ("qc7_one_line", "update caption set text = '' where item_id = " + first("caption")),
    ("qc7_one_line", "update caption set text = ' ' || text where item_id = " + first("caption")),
    ("qc7_one_line", "update caption set text = text || ' ' where item_id = " + first("caption")),
    ("qc7_one_line", "update caption set text = text || char(9) || text where item_id = " + first("caption")),
    ("qc7_pairs", "update package_item set text = '' where item_id = (select min(item_id) from package_item)"),
    ("qc7_pairs", f"update outcome set status = 'failed', reason = 'failed', passed = 0 where id = {PACKED}"),
    ("qc7_pairs", "update item set parent_id = 1 where id = (select caption_id from package_item limit 1)"),
    ("ledger_identity", f"update outcome set live = 0 where id = {outcome_of('cutout', 'score')}"),
    ("ledger_identity", f"update outcome set passed = 0 where id = {outcome_of('frame', 'extract')}"),
    ("qc0_raw_judged", "update outcome set live = 0 where kind = 'video'"),
    ("qc1_rate", "update video set duration_s = 1000"),
    ("qc8_alike", SAME),
    ("ledger_last_runs", f"{KILLED}; {STALE.format('score')}"),
    ("ledger_parents", f"update item set parent_id = 999999 where id = {first('cutout')}"),
)
"""Each is found at least once."""

LET_PASS = (
    ("qc0_accepted_facts", fact("video", "duration_s = 0.01, frame_rate_hz = 0.01, bitrate_bps = 1", "video")),
    ("qc0_rejected_explained", "update outcome set status = 'failed', reason = 'failed' where reason = 'impostor'"),
    ("qc1_measured", fact("frame", "time_s = 0", "frame")),
    ("qc1_measured", measured("extract", "candidates = 1, luma_tenengrad = 0", "frame", "extract")),
    ("qc1_measured", item("width = 1, height = 1", "frame")),
    ("qc1_measured", f"{failed('frame', 'extract')}; " + item("path = null", "frame")),
    (
        "qc2_crops",
        f"{failed('frame', 'detect')}; delete from detect where outcome_id = {outcome_of('frame', 'detect')}",
    ),
    ("qc2_crops", measured("detect", "people_seen = 1000", "frame", "detect") + "; " + KEPT),
    ("qc2_measured", measured("detect", "confidence = 0, height_px = 0.1", "person", "detect")),
    ("qc2_sizes", crop("box_x0_px = -1, box_y0_px = -1")),
    ("qc2_sizes", crop(f"box_x1_px = {CROP} + 1, box_y1_px = {TALL} + 1")),
    ("qc5_one_per_crop", f"{failed_on_parent('cutout', 'mask')}; {item('newest = 0', 'cutout')}"),
    ("qc5_sizes", subject("subject_x1_px = 1, subject_y1_px = 1")),
    ("qc5_sizes", subject("subject_x0_px = 0")),
    ("qc5_sizes", measured("mask", "coverage = 0", "cutout", "mask")),
    ("qc6_grounds", "update composite set mode = 'original'; update outcome set stale = 1 where kind = 'composite'"),
    (
        "qc6_grounds",
        "update composite set mode = 'original'; update outcome set recipe_id = 1 where kind = 'composite'",
    ),
    ("qc6_one_per_cutout", f"{failed_on_parent('composite', 'composite')}; {item('newest = 0', 'composite')}"),
    ("qc7_present", f"{failed_on_parent('caption', 'caption')}; {item('newest = 0', 'caption')}"),
    ("qc7_trigger", "update caption set text = 'a coat', author = 'person'"),
    ("qc7_forbidden_words", "update caption set text = 'a picture', author = 'person'"),
    ("qc7_pairs", "update package_item set text = null"),
    (
        "ledger_failed",
        "update outcome set status = 'failed', reason = 'failed', passed = 0, recipe_id = 1 where kind = 'caption'",
    ),
    ("ledger_identity", f"update outcome set live = 0 where id = {PACKED}; {DUE}"),
    ("qc7_one_line", f"{OUT}; update caption set text = ''"),
    ("qc7_trigger", f"{OUT}; update caption set text = 'a coat'"),
    ("qc7_forbidden_words", f"{OUT}; update caption set text = 'emx7, a picture'"),
    (
        "qc7_forbidden_words",
        """insert into recipe (digest, json) values ('x', '{"tool": "caption", "params": {"forbidden_words": "hat"}}');
        update caption set text = 'emx7, a hat'""",
    ),
    ("qc7_repeated_parts", f"{OUT}; update caption set text = 'emx7, a hat, a hat'"),
    ("qc7_repeated_parts", "update caption set text = 'emx7, a hat, , '"),
    ("qc7_repeats", f"{OUT}; update caption set text = 'emx7'"),
    ("qc7_contradictions", f"{OUT}; update caption set text = 'emx7, from behind, frontal'"),
    ("qc7_pairs", OLD_PACKAGE),
    ("qc0_accepted_facts", f"{NO_VIDEO}; update video set duration_s = 0"),
    ("qc0_rejected_explained", "update outcome set detail = null, live = 0 where reason = 'impostor'"),
    (
        "qc0_rejected_explained",
        """update outcome set detail = null where reason = 'impostor';
        insert into finding select id, reason, 1, 2 from outcome where reason = 'impostor'""",
    ),
    ("qc1_frames", f"{NO_VIDEO}; update item set newest = 0 where kind = 'frame'"),
    ("qc1_frames", f"{OUT_VIDEO}; update item set newest = 0 where kind = 'frame'"),
    ("qc1_rate", f"{NO_VIDEO}; update video set duration_s = 1000"),
    ("qc1_rate", f"{OUT_VIDEO}; update video set duration_s = 1000"),
    ("qc1_rate", "update extract set window_s = 0"),
    ("qc6_grounds", "update composite set mode = 'original'; update outcome set live = 0 where kind = 'composite'"),
    ("qc7_contradictions", f"{NO_CAPTION}; update caption set text = 'emx7, from behind, frontal'"),
    ("qc7_repeats", f"{NO_CAPTION}; update caption set text = 'emx7'"),
    ("qc8_alike", f"{SAME}; update package set state = 'superseded'"),
    ("qc8_moments", """update "select" set moment = 7; update package set state = 'superseded'"""),
    ("ledger_identity", f"update outcome set live = 0 where id = {PACKED}; insert into temp.busy values ('x')"),
    ("ledger_rows_without_files", f"{item('made = 0', 'composite')}; {fact('composite', UNMASKED, 'composite')}"),
    ("qc8_alike", f"{SAME}; {SAID}"),
    ("qc8_alike", "update score set likeness = null"),
    ("qc8_moments", 'update "select" set moment = null'),
    ("ledger_rows_without_files", OLD_PACKAGE),
    ("ledger_rows_without_files", "update composite set mask_path = ''"),
    ("ledger_rows_without_files", item("made = 0, path = 'none'", "cutout")),
    ("ledger_last_runs", f"{KILLED}; {STALE.format('package')}"),
    ("ledger_last_runs", "update run set status = 'killed'"),
)
"""None of it is found."""

NOT_OPENED = (
    ("qc3_frames_open", item("path = null", "frame")),
    ("qc4_crops_open", item("path = null", "person")),
    ("qc5_open", item("path = null", "cutout")),
    ("qc5_open", f"update outcome set defect = 1 where id = {outcome_of('cutout', 'mask')}"),
    ("qc6_open", item("path = null", "composite")),
    ("qc6_open", f"update outcome set live = 0 where id = {outcome_of('composite', 'composite')}"),
    ("qc6_halo", item("path = null", "composite")),
    ("qc6_halo", f"update outcome set live = 0 where id = {outcome_of('composite', 'composite')}"),
    ("qc6_halo", f"update outcome set passed = 0 where id = {outcome_of('composite', 'composite')}"),
    ("qc6_halo", f"update composite set mode = 'original' where item_id = {first('composite')}"),
    ("qc6_halo", "update step set active = 0 where tool = 'composite'"),
    ("qc6_halo", "insert into temp.busy values ('composite')"),
    ("qc7_pairs_open", "update package set state = 'superseded'"),
)
"""Of these, fewer are opened than before."""
