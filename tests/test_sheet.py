"""sheet: what stands on the sheets of a real selection, how they are drawn, and what is said where there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from cutouts import solid
from manifest_filled import filled, play
from PIL import Image

from tools import sheet
from tools.media.image import encode_png, encode_webp_lossless
from tools.mill import files
from tools.mill.manifest import connect, sql, transaction
from tools.mill.settings import UsageError
from tools.mill.tool import OK, Dataset, Result, Verdict
from tools.sheets.contact import GAP_PX, GROUND, LINE_PX, TITLE_PX, Tile, contact_sheet, fitted, on_grey

RED, BLUE = (200, 30, 30), (30, 30, 200)


def plain(width: int, height: int, colour: tuple[int, int, int]) -> Any:
    return np.full((height, width, 3), colour, np.uint8)


# Drawing.


def test_tiles_stand_in_rows_below_their_titles() -> None:
    tiles = [Tile(plain(50, 50, RED), ("one",), "first")] * 3 + [Tile(plain(50, 50, BLUE), ("a", "b"), "second")]
    drawn = contact_sheet(tiles, "all", columns=2, side_px=50)
    title, head = TITLE_PX + GAP_PX, TITLE_PX + 2 * GAP_PX
    row, last = 50 + LINE_PX + 2 * GAP_PX, 50 + 2 * LINE_PX + 2 * GAP_PX
    assert drawn.shape == (head + 2 * title + 2 * row + last + GAP_PX, 2 * (50 + GAP_PX) + GAP_PX, 3)
    first = head + title
    assert tuple(drawn[first + 25, GAP_PX + 25]) == tuple(drawn[first + 25, 2 * GAP_PX + 75]) == RED
    assert tuple(drawn[first + row + 25, GAP_PX + 25]) == RED
    assert tuple(drawn[first + row + 25, 2 * GAP_PX + 75]) == GROUND
    assert tuple(drawn[first + 2 * row + title + 25, GAP_PX + 25]) == BLUE
    words = drawn[first + 50 : first + 50 + LINE_PX + 4, GAP_PX : GAP_PX + 50]
    assert words.max() > 180


def test_without_titles_there_is_no_room_for_them() -> None:
    assert contact_sheet([Tile(plain(9, 9, RED))], columns=1, side_px=30).shape == (30 + 4 * GAP_PX, 30 + 2 * GAP_PX, 3)
    assert contact_sheet([], "nobody", columns=1, side_px=100).shape[0] == TITLE_PX + 3 * GAP_PX


def test_a_line_never_leaves_its_tile() -> None:
    drawn = contact_sheet([Tile(plain(60, 60, RED), ("a very long line that goes on and on",))], columns=2, side_px=60)
    assert (drawn[:, GAP_PX + 62 :] == GROUND).all()


def test_pictures_keep_their_shape_and_cut_outs_stand_on_grey() -> None:
    assert fitted(plain(400, 100, RED), 200).shape == (50, 200, 3)
    assert fitted(plain(10, 40, RED), 200).shape == (200, 50, 3)
    cutout = solid(20, 20, (5, 5, 15, 15), RED)
    assert on_grey(cutout)[0, 0].tolist() == [127, 127, 127]
    assert tuple(on_grey(cutout)[10, 10]) == RED
    assert on_grey(plain(3, 3, BLUE)) is not None


def test_the_same_tiles_give_the_same_bytes() -> None:
    tiles = [Tile(plain(60, 30, RED), ("words", "more"), "group")]
    assert encode_png(contact_sheet(tiles, "title")) == encode_png(contact_sheet(tiles, "title"))


# Words.


def row(**columns: Any) -> dict[str, Any]:
    values = {"rank": 3, "shot": "mid", "view": "front", "who": "emma", "score": 0.61234, "difference": 0.126}
    values |= {"source_path": "00_raw_videos/a.mp4", "time_s": 2.5, "metric": None, "kept_rank": None, "detail": None}
    return values | columns


def test_what_stands_below_a_chosen_image() -> None:
    assert sheet.chosen_lines(row()) == ("3  mid front emma", "score 0.6123, differs by 0.13", "a.mp4  2.5 s")
    photo = row(rank=None, view=None, who=None, difference=None, source_path="00_raw_photos/b.jpg")
    assert sheet.chosen_lines(photo) == ("kept  mid", "score 0.6123", "b.jpg")


def test_what_stands_below_an_image_that_nearly_made_it() -> None:
    assert sheet.near_lines(row(kept_rank=7))[:2] == ("mid front  score 0.6123", "kept instead: no. 7")
    limited = row(metric="sharpness", value=0.391, bound=0.4, score=None)
    assert sheet.near_lines(limited)[:2] == ("mid front", "sharpness 0.391, limit 0.4")
    assert sheet.near_lines(row(detail="[dataset.a] count = 2."))[1] == "[dataset.a] count = 2."
    assert sheet.near_title("over_quota", [{}, {}]) == "over_quota: the set is full (2 nearest)"
    assert sheet.near_title("blurry", [{}]) == "blurry: stopped by this limit alone (1 nearest)"


def test_groups_are_by_shot_with_what_is_wanted() -> None:
    rows = [row(shot="far"), row(shot="unknown"), row(shot="far")]
    found = sheet.groups(rows, Dataset(count=10))
    assert [(title, len(members)) for title, members in found] == [
        *(("close: 0 of 4", 0), ("mid: 0 of 4", 0), ("far: 2 of 2", 2), ("unknown: 1", 1))
    ]


# The command.


def with_files(base: Path) -> Path:
    """The filled manifest with pictures where it says that there are some, selected once more by the tool itself."""
    filled(base)
    db = connect(base)
    answers = {}
    for (address,) in db.execute("select address from selection").fetchall():
        last = "t000003.000000" in address
        measures = {"score": 0.6, "rank": None if last else 1, "nearly": 0.9 if last else None, "moment": 1}
        answers[address] = Result(Verdict("rejected", "same_moment", "It is.") if last else OK, measures=measures)
    play(db, base, "select", answers, pace=3.0)
    play(db, base, "composite", pace=3.0)
    rows = db.execute("select kind, path from item where newest and kind in ('cutout', 'composite')").fetchall()
    db.close()
    for kind, path in rows:
        cutout = solid(220, 620, (10, 10, 200, 600), RED)
        data = encode_webp_lossless(cutout) if kind == "cutout" else encode_png(plain(256, 256, BLUE))
        (base / path).unlink(missing_ok=True)
        files.store(base, path, data)
    return base


def test_the_sheets_of_a_dataset(tmp_path: Path) -> None:
    base = with_files(tmp_path)
    done = CliRunner().invoke(sheet.main, ["--base", str(base)])
    assert done.exception is None
    lines = done.output.splitlines()
    assert lines[0] == f"{base}/sheets/default.jpg"
    assert lines[1:3] == ["  close: 2 of 2", "  far: 0 of 2"]
    assert lines[3] == f"{base}/sheets/default-near.jpg"
    assert lines[4:] == ["  same_moment: another image of the same moment is better (1 nearest)"]
    with Image.open(base / "sheets/default.jpg") as image:
        assert (image.format, image.width) == ("JPEG", 6 * 250 + 10)
        colours = np.asarray(image)
    assert (np.abs(colours.astype(int) - BLUE).max(axis=2) < 12).sum() > 2 * 200 * 200
    first = (base / "sheets/default.jpg").read_bytes()
    assert CliRunner().invoke(sheet.main, ["--base", str(base), "--dataset", "default"]).exception is None
    assert (base / "sheets/default.jpg").read_bytes() == first


@pytest.mark.parametrize("harm", [lambda path: path.unlink(), lambda path: path.write_bytes(b"RIFF")])
def test_a_lost_picture_is_a_grey_tile_that_says_what_to_do(tmp_path: Path, harm: Any) -> None:
    path = tmp_path / "a.webp"
    path.write_bytes(encode_webp_lossless(solid(60, 40, (10, 10, 40, 30))))
    whole = sheet._tile(tmp_path, "a.webp", ("mid front", "score 0.5"), "mid")
    assert whole.lines == ("mid front", "score 0.5")
    harm(path)
    lost = sheet._tile(tmp_path, "a.webp", ("mid front", "score 0.5"), "mid")
    assert lost.lines == ("mid front", "its file is lost: make verify REPAIR=1")
    assert len(np.unique(lost.image)) == 1


def test_it_says_where_nothing_was_selected(tmp_path: Path) -> None:
    connect(tmp_path, create=True).close()
    for words, which in (([], ""), (["--dataset", "emma"], " for dataset emma")):
        done = CliRunner().invoke(sheet.main, ["--base", str(tmp_path), *words])
        assert isinstance(done.exception, UsageError)
        assert str(done.exception) == f"Nothing was selected{which} yet. Type: make stage4 BASE={tmp_path}"


def test_sources_that_gave_nothing_are_named_with_the_reason(tmp_path: Path) -> None:
    db = connect(filled(tmp_path))
    with transaction(db):
        db.execute(
            """update outcome set passed = 0, status = 'rejected', reason = 'over_quota'
            where reason is null and step_id = (select id from step where tool = 'select')"""
        )
    rows = [dict(found) for found in db.execute(sql("sheets/unused"), {"dataset": "default"})]
    db.close()
    assert [tuple(found.values()) for found in rows] == [
        ("00_raw_photos/portrait.jpg", "over_quota", 1),
        ("00_raw_videos/dance.mp4", "over_quota", 1),
    ]
    assert list(sheet.unused(rows)) == [
        *("  2 sources unused:", "    00_raw_photos/portrait.jpg: over_quota 1"),
        "    00_raw_videos/dance.mp4: over_quota 1",
    ]
    assert list(sheet.unused([])) == []
    many = [{"source_path": str(number), "reason": None, "n": None} for number in range(22)]
    lines = list(sheet.unused(many))
    assert (lines[1], lines[-1], len(lines)) == ("    0: nothing of it was looked at yet", "    and 2 more", 22)


@pytest.mark.parametrize("name", ["chosen", "near", "unused"])
def test_its_questions_run_on_a_new_manifest(tmp_path: Path, name: str) -> None:
    db = connect(tmp_path, create=True)
    assert db.execute(sql(f"sheets/{name}"), {"dataset": "default", "most": 5}).fetchall() == []
    db.close()
