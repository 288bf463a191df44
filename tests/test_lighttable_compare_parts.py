"""What Compare knows: what stands beside an image, where a cut-out lies in its composite, what looks alike."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from compared import COMPOSITE, CUTOUT, PERSON, TWIN, compared, mask, points
from PIL import Image, ImageDraw

from tools.lighttable import groups, sets
from tools.lighttable.comparing import BONES, SEEN, Box, beside, iou, on_crop, on_frame, others
from tools.lighttable.placing import placed
from tools.mill.manifest import connect, sql


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = connect(compared(tmp_path))
    yield connection
    connection.close()


# --- what stands beside an image ---


@pytest.mark.parametrize("item", [1, 5, PERSON, CUTOUT, COMPOSITE, 28])
def test_from_any_item_of_a_line_the_whole_line_is_found(db: sqlite3.Connection, item: int) -> None:
    found = beside(db, item)
    assert found
    assert found.frame
    assert found.person
    assert found.cutout
    assert found.composite
    line = [found.frame["id"], found.person["id"], found.cutout["id"], found.composite["id"]]
    assert line == [5, PERSON, CUTOUT, COMPOSITE]
    assert found.source
    assert found.source["id"] == 1


def test_what_there_is_not_is_none(db: sqlite3.Connection) -> None:
    empty = beside(db, 7)
    assert empty
    assert (empty.person, empty.cutout, empty.composite) == (None, None, None)
    assert beside(db, 10**6) is None
    uncut = beside(db, 16)
    assert uncut
    assert uncut.person
    assert uncut.cutout is None


def test_whoever_was_cut_out_stands_for_a_frame(db: sqlite3.Connection) -> None:
    """A second person of the frame, first by address, without a cut-out: the one with a cut-out is looked at."""
    db.execute(
        """insert into item (id, kind, address, version, parent_id, step_id, made, newest, created_at)
        select 100, kind, replace(address, '/p0156', '/p0100'), 'x', parent_id, step_id, 1, 1, ''
        from item where id = ?""",
        (PERSON,),
    )
    columns = ", ".join(row[1] for row in db.execute("pragma table_info(person)") if row[1] != "item_id")
    db.execute(f"insert into person (item_id, {columns}) select 100, {columns} from person where item_id = 14")
    db.commit()
    found = beside(db, 5)
    assert found
    assert [row["id"] for row in found.people] == [100, PERSON]
    assert found.person
    assert found.person["id"] == PERSON
    own = beside(db, 100)
    assert own
    assert own.person
    assert own.person["id"] == 100


def test_all_is_drawn_in_pixels_of_its_picture(db: sqlite3.Connection) -> None:
    """The crop begins at (90, 90) of the frame, the box at (100, 100)."""
    found = beside(db, PERSON)
    assert found
    crop, frame = on_crop(found), on_frame(found)
    assert crop.box == Box(10, 10, 200, 600)
    assert frame.box == Box(100, 100, 200, 600)
    assert frame.crop == Box(90, 90, 220, 620)
    assert crop.face == Box(80, 20, 60, 70)
    assert frame.face == Box(170, 110, 60, 70)
    assert crop.others == [Box(400, 10, 100, 290)]
    assert frame.others == [Box(490, 100, 100, 290)]
    assert [(one.name, one.x, one.y) for one in crop.joints[:2]] == [("nose", 100, 20), ("left eye", 101, 50)]
    assert [(one.x, one.y) for one in frame.joints[:2]] == [(190, 110), (191, 140)]
    assert len(crop.joints) == 17


def test_a_bone_is_drawn_between_keypoints_that_are_there(db: sqlite3.Connection) -> None:
    found = beside(db, PERSON)
    assert found
    drawing = on_crop(found)
    unseen = {13, 14, 15, 16}
    without_ear = [pair for pair in BONES if 3 not in pair]
    assert len(drawing.bones) == len(without_ear) == len(BONES) - 2
    faint = [pair for pair in without_ear if unseen & set(pair)]
    assert [bone.seen for bone in drawing.bones].count(False) == len(faint) == 4
    sides = {(bone.x0, bone.x1): bone.side for bone in drawing.bones}
    assert sides[105, 106] == sides[111, 112] == "trunk"  # shoulders, hips
    assert (sides[105, 107], sides[106, 108], sides[101, 102]) == ("left", "right", "face")


@pytest.mark.parametrize(("confidence", "seen"), [(SEEN, True), (SEEN - 0.001, False)])
def test_a_keypoint_is_faint_below_a_confidence(db: sqlite3.Connection, confidence: float, seen: bool) -> None:
    db.execute("update person set keypoints_json = ? where item_id = 14", (json.dumps(points(confidence)),))
    found = beside(db, PERSON)
    assert found
    assert on_crop(found).joints[0].seen is seen


@pytest.mark.parametrize(("shift", "n"), [(10, 1), (30, 2)])
def test_somebody_who_is_an_item_is_not_drawn_twice(shift: float, n: int) -> None:
    """Boxes of 100 px, moved by 10: they share 90 of 110; by 30: 70 of 130."""
    empty: dict[str, Any] = {"crop_x_px": 0, "crop_y_px": 0, "passed": 1, "others_json": None}
    corners = ("box_x0_px", "box_y0_px", "box_x1_px", "box_y1_px")
    other = empty | {"id": 2} | dict(zip(corners, (200, 0, 300, 100), strict=True))
    own = empty | {"id": 1, "others_json": json.dumps([[200 + shift, 0, 300 + shift, 100]])}
    own |= dict(zip(corners, (0, 0, 100, 100), strict=True))
    assert [box.item_id for box in others(own, [own, other])] == [2, None][:n]


def test_the_shared_part_of_two_boxes() -> None:
    assert iou(Box(0, 0, 10, 10), Box(5, 0, 10, 10)) == pytest.approx(50 / 150)
    assert iou(Box(0, 0, 10, 10), Box(10, 0, 10, 10)) == 0
    assert iou(Box(0, 0, 0, 0), Box(0, 0, 0, 0)) == 0


# --- where a cut-out lies in its composite ---


def composite(**changes: Any) -> dict[str, Any]:
    return {"scale": 1.0, "mask_sha256": "a"} | changes


def cutout(path: Path) -> bytes:
    """A cut-out of 130 x 240 px whose subject fills 10 to 110 across and 20 to 220 down."""
    image = Image.new("RGBA", (130, 240), (0, 0, 0, 0))
    image.paste((200, 100, 50, 255), (10, 20, 110, 220))
    image.save(path)
    return bytes(path)


def test_a_cut_out_is_placed_by_its_mask(tmp_path: Path) -> None:
    own = cutout(tmp_path / "own.png")
    found = placed(mask(tmp_path / "whole.png", (150, 100, 250, 300)), own, composite())
    assert found
    assert (found.left, found.top) == (140, 80)
    half = placed(mask(tmp_path / "half.png", (150, 100, 200, 200)), own, composite(scale=0.5))
    assert half
    assert (half.left, half.top) == pytest.approx((145, 90), abs=0.5)


def test_a_subject_that_the_canvas_cuts_is_held_by_its_other_side(tmp_path: Path) -> None:
    """Of 200 px in height, 150 show above the lower edge; of 100 px in width, 60 beyond the left one."""
    found = placed(mask(tmp_path / "cut.png", (0, 350, 60, 500)), cutout(tmp_path / "own.png"), composite())
    assert found
    assert (found.left, found.top) == (-50, 330)


def test_a_side_that_was_trimmed_does_not_move_it(tmp_path: Path) -> None:
    """A round subject of which the composite left off 4 px on the left: the rest lies where it lies."""
    image = Image.new("RGBA", (130, 240), (0, 0, 0, 0))
    ImageDraw.Draw(image).ellipse((10, 20, 110, 220), fill=(200, 100, 50, 255))
    image.save(tmp_path / "own.png")
    trimmed = Image.new("L", (400, 500), 0)
    trimmed.paste(image.getchannel("A").crop((14, 0, 130, 240)), (154, 80))
    trimmed.save(tmp_path / "mask.png")
    found = placed(bytes(tmp_path / "mask.png"), bytes(tmp_path / "own.png"), composite())
    assert found
    assert (found.left, found.top) == (140, 80)


def test_an_empty_or_broken_mask_places_nothing(tmp_path: Path) -> None:
    own = cutout(tmp_path / "own.png")
    assert placed(mask(tmp_path / "empty.png", (0, 0, 0, 0)), own, composite()) is None
    (tmp_path / "broken.png").write_bytes(b"no picture")
    assert placed(bytes(tmp_path / "broken.png"), own, composite()) is None
    assert placed(bytes(tmp_path / "gone.png"), own, composite()) is None


# --- groups ---


def the_set(db: sqlite3.Connection, word: str) -> sets.Set:
    return next(one for one in sets.all_sets(db) if one.word == word)


def test_who_was_left_out_stands_behind_who_was_kept(db: sqlite3.Connection) -> None:
    one = the_set(db, "select.default:cutout")
    found = [tuple(row) for row in db.execute(sql("pages/compare.alike"), {"step": one.step_id})]
    assert found == [(CUTOUT, 1)]
    for item in (CUTOUT, TWIN):
        assert groups.kept_for(db, one, item) == CUTOUT
    members = groups.members(db, one, CUTOUT)
    assert [(row["id"], row["is_kept"], row["state"], row["score"]) for row in members] == [
        (CUTOUT, 1, "in", 0.8),
        (TWIN, 0, "out", 0.5),
    ]


def test_a_frame_that_looks_the_same_stands_behind_the_one_before_it(db: sqlite3.Connection) -> None:
    one = the_set(db, "extract:frame")
    assert [tuple(row) for row in db.execute(sql("pages/compare.twins"), {"step": one.step_id})] == [(5, 1)]
    assert (groups.kept_for(db, one, 6), groups.kept_for(db, one, 8)) == (5, 8)
    members = groups.members(db, one, 5)
    assert [(row["id"], row["is_kept"], row["luma_difference"]) for row in members] == [(5, 1, 9.0), (6, 0, 0.5)]


def test_the_last_frame_of_a_source_has_only_its_own(db: sqlite3.Connection) -> None:
    """The video's last frame is made a near duplicate; the photo's frame, next by address, is none of its group."""
    one = the_set(db, "extract:frame")
    db.execute("update outcome set status = 'rejected', reason = 'near_duplicate' where item_id = 12 and step_id = 2")
    db.execute("update item set path = null where id = 12")
    assert [row["id"] for row in groups.members(db, one, 11)] == [11, 12]
    assert groups.kept_for(db, one, 12) == 11


@pytest.mark.parametrize(
    ("detail", "told"),
    [
        ("Kept instead: a/b.webp (score 0.8 against 0.5; better: face)", "score 0.8 against 0.5; better: face"),
        ("Kept instead: a/b.webp (it is pinned)", "it is pinned"),
        ("It differs by 0.42 levels.", "It differs by 0.42 levels."),
        (None, ""),
    ],
)
def test_the_path_of_the_kept_one_is_left_out(detail: str | None, told: str) -> None:
    assert groups.why(detail) == told


def test_people_and_their_group_are_read_by_their_parents(db: sqlite3.Connection) -> None:
    plans = {
        "people": ("item_parent (parent_id=? AND kind=?", {"frame": 5, "limit": 9}),
        "alike_members": ("select_kept (kept_address=?)", {"address": "a", "step": 1, "limit": 9}),
    }
    for name, (index, values) in plans.items():
        plan = [str(row[3]) for row in db.execute(f"explain query plan {sql(f'pages/compare.{name}')}", values)]
        assert any(index in line for line in plan), plan
