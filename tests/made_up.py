"""What each tool finds out in the story of tests/manifest_filled.py: made-up results, one of each fate.

Nine frames of a video and a photo run down to a package of two images. No picture is opened.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping

from tools.mill.files import Stored
from tools.mill.tool import Dataset, Made, Result, failed, rejected
from tools.package import Packed

DATASET = Dataset(name="default", count=4, quota={"close": 0.5, "far": 0.5})

Answers = Mapping[str, Result]


def source(db: sqlite3.Connection, path: str) -> str:
    """The address of a source whose path ends so."""
    return str(db.execute("select address from item where path like '%' || ? and newest", (path,)).fetchone()[0])


def _file(folder: str, address: str, extension: str = "webp") -> Stored:
    name = address.split("/", 1)[1].replace("/", "_")
    return Stored(f"{folder}/{address[:4]}/{name}.{extension}", "0" * 64, 1000)


def _intake(db: sqlite3.Connection) -> Answers:
    return {
        source(db, "dance.mp4"): Result(facts=VIDEO, measures={"short_side_px": 720, "missing_share": 0.0}),
        source(db, "tiny.mp4"): Result(facts=VIDEO, measures={"short_side_px": 200, "missing_share": 0.0}),
        source(db, "\\xff.mp4"): Result(rejected("impostor", "Its name ends in .mp4, but it holds text.")),
        source(db, "portrait.jpg"): Result(facts=PHOTO, measures={"short_side_px": 900}),
    }


VIDEO = {
    "container": "mov",
    "codec": "h264",
    "width_px": 1280,
    "height_px": 720,
    "frame_rate_hz": 25.0,
    "duration_s": 4.0,
    "bitrate_bps": 1000,
    "pixel_format": "yuv420p",
    "rotation_deg": 0,
    "interlaced": 0,
    "has_audio": 0,
    "declared_frames": 100,
}
PHOTO = {
    "format": "JPEG",
    "width_px": 900,
    "height_px": 1200,
    "mode": "RGB",
    "bits": 8,
    "orientation": 1,
    "animated": 0,
    "has_alpha": 0,
    "has_profile": 0,
}


def _extract(db: sqlite3.Connection) -> Answers:
    video, photo = source(db, "dance.mp4"), source(db, "portrait.jpg")
    return {
        video: Result(made=tuple(_frame(video, index) for index in range(8))),
        photo: Result(made=(_frame(photo, 0),)),
    }


def _frame(of: str, index: int) -> Made:
    """A frame every half second; the second one looks like the first."""
    address = f"{of}/t{index / 2:013.6f}"
    facts = {"time_s": index / 2, "frame_index": index * 12, "shot": 0}
    if index == 1:
        twin = rejected("near_duplicate")
        return Made("frame", address, facts=facts, measures={"luma_difference": 0.5}, verdict=twin)
    return Made("frame", address, _file("01_extracted_frames", address), 1280, 720, facts, {"luma_difference": 9.0})


def _frames(db: sqlite3.Connection) -> list[str]:
    return [row[0] for row in db.execute("select address from item where kind = 'frame' and newest order by id")]


def _detect(db: sqlite3.Connection) -> Answers:
    """Nobody in the third frame; somebody unlikely in the fourth."""
    answers = {}
    for address in _frames(db):
        empty = address.endswith("t000001.000000")
        made = () if empty else (person(address, 0.3 if address.endswith("t000001.500000") else 0.9),)
        verdict = rejected("no_person", "Nobody was found.") if empty else Result().verdict
        answers[address] = Result(verdict, measures={"people_seen": len(made), "people_count": len(made)}, made=made)
    return answers


def person(frame: str, confidence: float = 0.9, shift_px: float = 0.0) -> Made:
    """Somebody 200 px wide in a frame of 1280 x 720 px; the address follows from the middle of the box."""
    x0, y0, x1, y1 = 100 + shift_px, 100.0, 300 + shift_px, 700.0
    address = f"{frame}/p{round((x0 + x1) / 2.56):04d}-{round((y0 + y1) / 1.44):04d}"
    facts = {"box_x0_px": x0, "box_y0_px": y0, "box_x1_px": x1, "box_y1_px": y1}
    facts |= {"crop_x_px": 90, "crop_y_px": 90, "cut_left": 0, "cut_top": 0, "cut_right": 0, "cut_bottom": 1}
    facts |= {"others_json": "[]", "box_slack": 0.1, "box_whole": 1}
    words = {"shot": "close" if frame.endswith("t000000.000000") else "far", "source": "hog"}
    measures = {"confidence": confidence, "height_px": y1 - y0}
    return Made("person", address, _file("02_person_crops", address), 220, 620, facts | words, measures)


def _persons(db: sqlite3.Connection) -> list[str]:
    return [row[0] for row in db.execute("select address from item where kind = 'person' and newest order by id")]


def _embed(db: sqlite3.Connection) -> Answers:
    """Nobody shows a face."""
    return {address: Result(measures={"colours": bytes(64)}) for address in _persons(db)}


def _match(_: sqlite3.Connection) -> Answers:
    return {}


def _mask(db: sqlite3.Connection) -> Answers:
    """The tool breaks on one person, and finds nothing of another."""
    answers = {}
    for address in _persons(db):
        if "t000002.000000" in address:
            answers[address] = Result(failed("ValueError: the crop has no pixels"))
        else:
            answers[address] = Result(made=(_cutout(address, 0.01 if "t000002.500000" in address else 0.4),))
    return answers


def _cutout(address: str, coverage: float) -> Made:
    facts = {"subject_x0_px": 10, "subject_y0_px": 10, "subject_x1_px": 200, "subject_y1_px": 600}
    measures = {"coverage": coverage, "largest_share": 1.0, "soft_share": 0.1}
    return Made("cutout", address, _file("03_masked_subjects", address), 220, 620, facts, measures)


def _score(db: sqlite3.Connection) -> Answers:
    """Sharp ones, but for the last of the video, which is dark as well."""
    answers = {}
    for address in _persons(db):
        last = "t000003.500000" in address
        measures = {"sharpness": 0.3125 if last else 0.6, "dark_share": 0.5 if last else 0.01, "bright_share": 0.0}
        measures |= {"solidity": 0.7, "contours": 1, "crop_mp": 0.3, "height_share": 0.9, "face_covered_share": None}
        answers[address] = Result(measures=measures)
    return answers


def _select(db: sqlite3.Connection) -> Answers:
    """The first of the video and the photo are chosen, the rest shows the same moment."""
    answers = {}
    rows = db.execute("select address, path from item where kind = 'cutout' and newest order by id").fetchall()
    for rank, row in enumerate(rows, 1):
        if "t000000.000000" in row["address"]:
            answers[row["address"]] = Result(measures={"score": 0.8, "moment": rank, "rank": rank, "difference": 0.4})
        else:
            verdict = rejected("same_moment", f"Kept instead: {rows[0]['path']}")
            measures = {"score": 0.5, "moment": 1, "kept_address": rows[0]["address"]}
            answers[row["address"]] = Result(verdict, measures=measures)
    return answers


def _composite(db: sqlite3.Connection) -> Answers:
    return {address: Result(made=(_composed(address),)) for address in _persons(db)}


def _composed(cutout: str) -> Made:
    address = f"{cutout}/{DATASET.name}/v0"
    facts = {"mode": "flat", "scale": 1.0, "cover": 0.8, "flush": "bottom", "mask_sha256": "0" * 64}
    facts |= {"mask_path": f"05_augmented/default/masks/{address[:4]}.png"}
    return Made("composite", address, _file("05_augmented/default", address, "png"), 1024, 1024, facts)


def _caption(db: sqlite3.Connection) -> Answers:
    return {address: Result(made=(_captioned(address),)) for address in _persons(db)}


def _captioned(cutout: str) -> Made:
    facts = {"dataset": DATASET.name, "text": "emma, close-up, red coat, soft light", "author": "template"}
    facts |= {"engine": "template", "prompt_version": "1"}
    return Made("caption", f"{cutout}/{DATASET.name}", facts=facts | {"words": 6})


def _package(db: sqlite3.Connection) -> Answers:
    rows = db.execute(
        """select composite.address, caption.id
        from item as composite
        join item as caption on caption.parent_id = composite.parent_id and caption.kind = 'caption' and caption.newest
        where composite.kind = 'composite' and composite.newest order by composite.id"""
    )
    return {
        address: Packed(path=f"07_final_training/default/{number}.png", caption_id=caption_id, digest="d")
        for number, (address, caption_id) in enumerate(rows.fetchall(), 1)
    }


ANSWERS: Mapping[str, Callable[[sqlite3.Connection], Answers]] = {
    "intake": _intake,
    "extract": _extract,
    "detect": _detect,
    "embed": _embed,
    "match": _match,
    "mask": _mask,
    "score": _score,
    "select": _select,
    "composite": _composite,
    "caption": _caption,
    "package": _package,
}
"""What each tool finds out in this story."""
