"""Compare: what stands beside an image, the groups that look alike, and what may be asked of them."""

from __future__ import annotations

import io
import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lighting import Visitor, rows
from manifest_filled import filled
from PIL import Image

from tools.lighttable import groups, sets
from tools.lighttable.comparing import BONES, JOINTS, SEEN, Box, beside, iou, on_crop, on_frame, others
from tools.lighttable.placing import placed
from tools.mill.manifest import connect, sql

PERSON, CUTOUT, TWIN, COMPOSITE = 14, 21, 23, 26
"""A person of the first frame, its cut-out, one left out for it, and its composite."""


def points(seen: float = 0.9, faint: float = 0.1) -> list[list[float]]:
    """17 keypoints in a crop of 220 x 620 px: those below the hips are hardly seen, an ear not at all."""
    found = [[100.0 + at, 20.0 + 30 * at, seen if at < 13 else faint] for at in range(len(JOINTS))]
    found[3][2] = 0.0
    return found


@pytest.fixture
def base(tmp_path: Path) -> Path:
    base = filled(tmp_path)
    with sqlite3.connect(base / "manifest.db") as db:
        db.execute(
            """update person set keypoints_json = ?, others_json = '[[400, 10, 500, 300]]', face_x0_px = 80,
            face_y0_px = 20, face_x1_px = 140, face_y1_px = 90 where item_id = ?""",
            (json.dumps(points()), PERSON),
        )
    return base


@pytest.fixture
def table(base: Path) -> Iterator[Visitor]:
    visitor = Visitor(base)
    yield visitor
    visitor.close()


@pytest.fixture
def db(base: Path) -> Iterator[sqlite3.Connection]:
    connection = connect(base)
    yield connection
    connection.close()


def stage(table: Visitor, query: str) -> str:
    answer = table.ask(f"/-/compare/stage?set=score:cutout&{query}")
    assert answer.status_code == 200, answer.text
    return answer.text


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
    subject = {"subject_x0_px": 10, "subject_x1_px": 110, "subject_y0_px": 20, "subject_y1_px": 220}
    return subject | {"scale": 1.0, "width": 400, "height": 500, "mask_sha256": "a"} | changes


def mask(path: Path, box: tuple[int, int, int, int], size: tuple[int, int] = (400, 500)) -> bytes:
    image = Image.new("L", size, 0)
    image.paste(255, box)
    image.save(path)
    return bytes(path)


def test_a_cut_out_is_placed_by_its_mask(tmp_path: Path) -> None:
    found = placed(mask(tmp_path / "whole.png", (150, 100, 250, 300)), composite())
    assert found
    assert (found.left, found.top) == (140, 80)
    half = placed(mask(tmp_path / "half.png", (150, 100, 200, 200)), composite(scale=0.5, mask_sha256="b"))
    assert half
    assert (half.left, half.top) == (145, 90)


def test_a_subject_that_the_canvas_cuts_is_held_by_its_other_side(tmp_path: Path) -> None:
    """Of 200 px in height, 150 show above the lower edge; of 100 px in width, 60 beyond the left one."""
    found = placed(mask(tmp_path / "cut.png", (0, 350, 60, 500)), composite(mask_sha256="c"))
    assert found
    assert (found.left, found.top) == (-50, 330)


def test_an_empty_or_broken_mask_places_nothing(tmp_path: Path) -> None:
    assert placed(mask(tmp_path / "empty.png", (0, 0, 0, 0)), composite(mask_sha256="d")) is None
    (tmp_path / "broken.png").write_bytes(b"no picture")
    assert placed(bytes(tmp_path / "broken.png"), composite(mask_sha256="e")) is None
    assert placed(bytes(tmp_path / "gone.png"), composite(mask_sha256="f")) is None


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


# --- pages ---


def test_by_itself_it_begins_with_the_cut_outs_that_were_judged(table: Visitor) -> None:
    html = table.ask("/-/compare").text
    assert 'data-set="score:cutout"' in html
    assert re.findall(r'id="f(\d+)"', html) == ["21", "23", "24", "25"]
    assert f'data-mode="mask" data-item="{CUTOUT}"' in html
    assert f"/-/picture/{PERSON}/full" in html
    assert f"/-/picture/{CUTOUT}/full" in html


def test_it_goes_through_the_set_that_the_gallery_showed(table: Visitor) -> None:
    html = table.ask("/-/compare?set=score:cutout&sort=-sharpness&per=2&page=2&item=25").text
    shown = re.findall(r'id="i(\d+)"', table.ask("/-/gallery?set=score:cutout&sort=-sharpness&per=2&page=2").text)
    assert re.findall(r'id="f(\d+)"', html) == shown
    assert 'href="/-/gallery?set=score%3Acutout&amp;sort=-sharpness&amp;per=2&amp;page=2"' in html
    last = table.ask("/-/compare?set=score:cutout&per=2&page=1&last=1").text
    assert 'data-item="23"' in last


def test_an_item_alone_finds_its_set_and_its_page_there(table: Visitor) -> None:
    html = table.ask("/-/compare?item=25&per=2").text
    assert 'data-set="score:cutout"' in html
    assert 'data-page="2"' in html
    assert re.findall(r'id="f(\d+)"', html) == ["24", "25"]
    assert 'data-set="detect:person"' in table.ask(f"/-/compare?item={PERSON}").text


@pytest.mark.parametrize(
    ("query", "mode"),
    [
        ("set=score:cutout&item=21", "mask"),
        ("set=detect:person&item=14", "frame"),
        ("set=extract:frame&item=5", "frame"),
        ("set=extract:frame&item=6", "groups"),
        ("set=select.default:cutout&item=23", "groups"),
        ("set=select.default:cutout&item=21", "mask"),
        ("set=package.default:composite&item=26", "composite"),
        ("set=select.default:cutout&item=23&mode=frame", "frame"),
    ],
)
def test_each_kind_is_looked_at_in_its_own_way_first(table: Visitor, query: str, mode: str) -> None:
    assert f'class="compare" id="compare" data-mode="{mode}"' in table.ask(f"/-/compare?{query}").text


def test_every_item_can_be_compared_in_every_way(table: Visitor) -> None:
    for (item,) in rows(table.base, "select id from item"):
        for mode in ("mask", "frame", "composite", "groups"):
            answer = table.ask(f"/-/compare?item={item}&mode={mode}")
            assert answer.status_code == 200, (item, mode, answer.text)


def test_the_frame_shows_boxes_and_all_keypoints(table: Visitor) -> None:
    html = stage(table, f"item={CUTOUT}&mode=frame")
    frame, crop = html.split('data-part="b"')
    for part in (frame, crop):
        assert len(re.findall(r'class="joint ', part)) == 16
        assert len(re.findall(r'class="bone ', part)) == len(BONES) - 2
        assert len(re.findall(r'<rect class="own"', part)) == 1
    assert 'viewBox="0 0 1280 720"' in frame
    assert 'viewBox="0 0 220 620"' in crop
    assert 'data-left="90" data-top="90"' in crop
    assert "<dt>keypoints</dt><dd>12 of 17</dd>" in crop
    assert "This detector gives no keypoints." in stage(table, "item=23&mode=frame")


def test_what_is_not_there_is_said(table: Visitor) -> None:
    assert "No cut-out was made of it." in stage(table, "item=16&mode=mask")
    assert "Nobody was found in this frame." in stage(table, "item=7&mode=frame")
    assert "No composite was made of it" in stage(table, "item=24&mode=composite")
    assert "No file was made of this frame." in stage(table, "item=6&mode=frame")
    nothing = table.ask("/-/compare?set=score:cutout&reason=nonsense")
    assert "Nothing matches these filters." in nothing.text


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("item=999", "There is no item 999 in this workspace."),
        ("mode=upside-down", "upside-down is no way to compare. There are: mask, frame, composite, groups."),
        ("set=score:video", "There is no set score:video."),
        ("mode=%3Cscript%3E", "&lt;script&gt; is no way to compare."),
    ],
)
def test_a_strange_address_is_a_sentence(table: Visitor, query: str, sentence: str) -> None:
    answer = table.ask(f"/-/compare?{query}")
    assert answer.status_code == 404
    assert sentence in answer.text
    assert table.ask("/-/compare?item=%00&group=-1&page=99999999999999999999").status_code == 200
    assert table.ask("/-/compare/stage?set=score:cutout").status_code == 404


def test_an_empty_workspace_says_so(tmp_path: Path) -> None:
    connect(tmp_path, create=True).close()
    visitor = Visitor(tmp_path)
    assert "There is nothing to compare yet." in visitor.ask("/-/compare").text
    assert visitor.ask("/-/compare/stage?mode=groups").status_code == 404
    visitor.close()


# --- the mask of a composite ---


def with_mask(base: Path, path: str = "05_augmented/default/masks/3937.png") -> Path:
    file = base / path
    file.parent.mkdir(parents=True, exist_ok=True)
    mask(file, (300, 400, 500, 1024), (1024, 1024))
    return file


def test_a_mask_is_served_by_the_rules_of_pictures(table: Visitor) -> None:
    with_mask(table.base)
    answer = table.ask(f"/-/compare/mask/{COMPOSITE}/256?v={'0' * 16}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert "immutable" in answer.headers["cache-control"]
    assert Image.open(io.BytesIO(answer.content)).size == (256, 256)
    again = table.ask(f"/-/compare/mask/{COMPOSITE}/256", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304
    assert table.ask(f"/-/compare/mask/{CUTOUT}/256").status_code == 404
    assert table.ask(f"/-/compare/mask/{COMPOSITE}/257").status_code == 404
    assert 'data-part="c"' in stage(table, f"item={CUTOUT}&mode=composite")


@pytest.mark.parametrize("path", ["../secret.png", "/etc/passwd", "manifest.db", "05_augmented/../../secret.png"])
def test_a_mask_outside_the_workspace_is_not_served(table: Visitor, path: str) -> None:
    mask(table.base.parent / "secret.png", (0, 0, 9, 9))
    with sqlite3.connect(table.base / "manifest.db") as db:
        db.execute("update composite set mask_path = ?", (path,))
    assert table.ask(f"/-/compare/mask/{COMPOSITE}/256").status_code == 404
    assert 'data-part="b"' in stage(table, f"item={CUTOUT}&mode=composite")


def test_a_cut_out_lies_where_it_lies_in_its_composite(table: Visitor) -> None:
    """The mask's left side is at 300 of 1024, the subject's at 10 of the cut-out, and 190 px wide."""
    file = with_mask(table.base)
    mask(file, (300, 400, 490, 990), (1024, 1024))
    html = stage(table, f"item={COMPOSITE}&mode=composite")
    assert 'data-left="290.0" data-top="390.0" data-scale="1.0"' in html


# --- swapping ---


def decided(base: Path) -> list[tuple[str, int, str]]:
    return rows(
        base,
        """select verdict, item_id, dataset from decision as said where verdict <> 'undo'
        and not exists (select 1 from decision as undo where undo.undoes = said.uid) order by id""",
    )


def test_who_is_kept_can_be_swapped_and_that_taken_back(table: Visitor) -> None:
    said = {"wanted": TWIN, "kept": CUTOUT, "set": "select.default:cutout"}
    answer = table.post("/-/compare/swap", said).json()
    assert decided(table.base) == [("pin", TWIN, "default")]
    assert answer["fates"][str(TWIN)]["verdict"] == "pin"
    shown = table.ask(f"/-/compare/stage?set=select.default:cutout&item={TWIN}&mode=groups").text
    assert re.findall(
        r'id="m(\d+)" data-id="\d+" data-kind="cutout" data-state="(\w+)" data-verdict="(\w*)"', shown
    ) == [
        (str(CUTOUT), "in", ""),
        (str(TWIN), "out", "pin"),
    ]
    back = table.post("/-/decide/undo", {"words": answer["words"], "set": said["set"]})
    assert back.status_code == 200
    assert decided(table.base) == []


def test_a_pinned_one_gives_way_to_another(table: Visitor) -> None:
    word = "select.default:cutout"
    table.post("/-/decide/write", {"verdict": "pin", "ids": [CUTOUT], "dataset": "default", "set": word})
    answer = table.post("/-/compare/swap", {"wanted": TWIN, "kept": CUTOUT, "set": word}).json()
    assert decided(table.base)[1:] == [("pin", TWIN, "default"), ("reject", CUTOUT, "default")]
    assert answer["fates"][str(CUTOUT)]["state"] == "out"
    table.post("/-/decide/undo", {"words": answer["words"], "set": word})
    assert decided(table.base) == [("pin", CUTOUT, "default")]


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"wanted": 6, "kept": 5, "set": "extract:frame"}, "frame 6 cannot be pinned: near_duplicate"),
        ({"wanted": TWIN, "kept": TWIN, "set": "select.default:cutout"}, "Choose an image other than the kept one."),
        ({"wanted": TWIN, "kept": 10**6, "set": "select.default:cutout"}, "These images are no longer there."),
        ({"wanted": TWIN, "kept": CUTOUT, "set": "nonsense"}, "There is no set nonsense."),
        ({"wanted": "x", "kept": CUTOUT, "set": ""}, "The images are not named as a list of ids."),
    ],
)
def test_what_cannot_be_swapped_is_said_and_nothing_written(
    table: Visitor, said: dict[str, Any], sentence: str
) -> None:
    answer = table.post("/-/compare/swap", said)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(sentence)
    assert decided(table.base) == []


def test_a_rejected_one_stays_in_sight(table: Visitor) -> None:
    """It no longer reaches select nor score; what was said of it still stands beside it."""
    table.post("/-/decide/write", {"verdict": "reject", "ids": [CUTOUT], "set": "select.default:cutout"})
    shown = table.ask(f"/-/compare/stage?set=select.default:cutout&item={CUTOUT}&mode=groups").text
    members = re.findall(r'id="m(\d+)" data-id="\d+" data-kind="cutout" data-state="(\w+)" data-verdict="(\w*)"', shown)
    assert members == [(str(CUTOUT), "out", "reject"), (str(TWIN), "out", "")]
    alone = stage(table, f"item={CUTOUT}")
    assert 'data-badge="reject"' in alone
    assert re.search(r'<p class="standing" data-state="out">.*rejected by hand</p>', alone)


def test_what_is_out_for_what_is_above_says_so(table: Visitor) -> None:
    with sqlite3.connect(table.base / "manifest.db") as db:
        db.execute("update outcome set live = 0, passed = 0 where item_id = ?", (CUTOUT,))
    assert re.search(r'<p class="standing" data-state="out">.*ancestor out</p>', stage(table, f"item={CUTOUT}"))
