"""explain: the whole answer for a rejected image, and every fate that an item can have."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from asking import explained, verdict
from manifest_filled import filled, item, play, source, words

from tools.mill import settings, steps
from tools.mill.manifest import connect, transaction
from tools.mill.settings import UsageError
from tools.mill.settle import settle
from tools.mill.sources import refresh
from tools.mill.tool import Asked, Dataset, Made, Result, rejected

BOX = "p0156-0556"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return filled(tmp_path / "work")


@pytest.fixture
def db(base: Path) -> Iterator[sqlite3.Connection]:
    connection = connect(base)
    yield connection
    connection.close()


def test_a_rejected_cutout_from_the_source_down(base: Path, db: sqlite3.Connection) -> None:
    folder = f"{source(db, 'dance.mp4')[:4]}/t000003.500000"
    run = "of 2024-05-01 10:00:00 UTC: version 1, engine builtin (0123456789ab), pace = 2"
    description, remedy = words("score", "blurry")
    assert (
        explained(base, "24")
        == f"""\
cutout 24, 03_masked_subjects/{folder}_{BOX}.webp
It is out: score rejected it (blurry). {description}
  sharpness is 0.3125, below score.min_sharpness = 0.4 (blurry)
  dark_share is 0.5, above score.max_dark = 0.4 (under_exposed)

What would bring it in:
  Set min_sharpness under [score] in {base}/config.toml to 0.3125 or less (it is 0.4).
  Set max_dark under [score] in {base}/config.toml to 0.5 or more (it is 0.4).
  Or keep it whatever the limits say (all of these): make keep BASE={base} ITEM=24 WHY=…
  {remedy}

How it came about, from the source down:
  video 1, 00_raw_videos/dance.mp4
    h264 in mov, 1280 × 720 px, 25 frames a second, 4 s
    intake: passed.
      ✓ missing_share is 0; intake.max_missing asks for at most 0.1
      ✓ short_side_px is 720; intake.min_side asks for at least 480
    extract: passed.
  frame 12 at 3.500 s, 01_extracted_frames/{folder}.webp
    extract: passed.
      also measured: luma_difference 9
    detect: passed.
      ✓ people_count is 1; detect.max_people asks for at most 12
      also measured: people_seen 1
  person 19, 02_person_crops/{folder}_{BOX}.webp
    far shot, no face found, found by hog
    detect: passed.
      ✓ confidence is 0.9; detect.min_confidence asks for at least 0.5
      ✓ height_px is 600; detect.min_height_px asks for at least 128
    embed: passed.
    match: passed.
    mask: passed.
  cutout 24, 03_masked_subjects/{folder}_{BOX}.webp
    mask: passed.
      ✓ coverage is 0.4; mask.min_coverage asks for at least 0.05
      ✓ coverage is 0.4; mask.max_coverage asks for at most 0.92
      also measured: largest_share 1, soft_share 0.1
    score: rejected, blurry.
      ✓ crop_mp is 0.3; score.min_crop_mp asks for at least 0.25
      ✗ sharpness is 0.3125, below score.min_sharpness = 0.4 (blurry)
      ✗ dark_share is 0.5, above score.max_dark = 0.4 (under_exposed)
      ✓ bright_share is 0; score.max_bright asks for at most 0.1
      ✓ solidity is 0.7; score.min_solidity asks for at least 0.3
      ✓ contours is 1; score.max_contours asks for at most 20
      also measured: height_share 0.9

Nothing was made from it.

The runs and settings behind it:
  intake, run 1 {run}
  extract, run 2 {run}
  detect, run 3 {run}
  embed, run 4 {run}
  match, run 5 {run}
  mask, run 6 {run}
  score, run 7 {run}
"""
    )


def test_a_chosen_image_says_where_it_lies_and_under_which_caption(base: Path, db: sqlite3.Connection) -> None:
    cutout = item(db, "cutout", f"t000000.000000/{BOX}")
    text = explained(base, cutout)
    assert verdict(base, cutout)[1:] == [
        "For dataset default it is in the package: 07_final_training/default/1.png",
        "  with the caption: emma, close-up, red coat, soft light",
    ]
    assert "    select for default: chosen.\n      also measured: score 0.8, moment 1, rank 1, difference 0.4\n" in text
    assert "What was made from it: 1 composite (1 in) and 1 caption (1 in); 1 image in a package.\n" in text
    assert 'count = 4, max_per_source = 0.25, quota = {close = 0.5, far = 0.5}, subject = ""\n' in text


def test_a_video_tells_what_came_of_it(base: Path) -> None:
    text = explained(base, "00_raw_videos/dance.mp4")
    assert "\nIt is in: it passed intake and extract.\n" in text
    assert (
        "What was made from it: 8 frames (6 in), 6 persons (4 in), 4 cutouts (2 in), 1 composite (1 in) and "
        "1 caption (1 in); 1 image in a package.\n"
    ) in text


def test_below_a_frame_everything_is_named(base: Path, db: sqlite3.Connection) -> None:
    folder = f"{source(db, 'dance.mp4')[:4]}/t000003.000000_{BOX}.webp"
    text = explained(base, str(item(db, "frame", "t000003.000000")))
    assert (
        "What was made from it: 1 person (1 in) and 1 cutout (1 in); 0 images in a package.\n"
        f"  person 18, in: 02_person_crops/{folder}\n"
        f"  cutout 23, in (select default: same_moment): 03_masked_subjects/{folder}\n"
    ) in text


def test_a_users_file_that_was_refused(base: Path) -> None:
    assert verdict(base, 3) == [
        r'video 3, 00_raw_videos/two\nlines "quoted", \xff.mp4',
        "It is out: intake rejected it (impostor). Its name ends in .mp4, but it holds text.",
        "",
        "What would bring it in:",
        f"  {words('intake', 'impostor')[1]}",
        "  No decision can keep it: there is nothing usable.",
    ]


def test_an_item_is_found_by_path_link_image_and_address(base: Path, db: sqlite3.Connection) -> None:
    (link,) = (base / "rejected" / "score" / "blurry").iterdir()
    address = f"{source(db, 'dance.mp4')}/t000003.500000/{BOX}/default/v0"
    assert explained(base, str(link)) == explained(base, "24")
    assert explained(base, "07_final_training/default/1.png").startswith("composite 26, ")
    for beside in ("1.txt", "masks/1.png"):
        assert explained(base, f"07_final_training/default/{beside}").startswith("composite 26, ")
    assert explained(base, address.replace("3.5", "0.0")).startswith("composite 26, ")
    both = explained(base, "24 23")
    assert both == f"{explained(base, '24')}\n{explained(base, '23')}"
    with pytest.raises(UsageError, match=r"^999 is no item of .*\. Give an id, a path below the workspace, or an addr"):
        explained(base, "999")


def test_what_waits_names_the_tool(base: Path, db: sqlite3.Connection) -> None:
    (base / "00_raw_photos" / "new.jpg").write_bytes(b"new")
    refresh(db, base, Asked())
    assert verdict(base, "00_raw_photos/new.jpg")[1] == "It waits for intake. The next `make all` takes it up."


def test_what_waits_to_be_done_again_still_stands(base: Path, db: sqlite3.Connection) -> None:
    db.execute("insert into recipe (digest, json) values ('new', '{}')")
    db.execute("update step set recipe_id = (select max(id) from recipe) where tool = 'score'")
    text = explained(base, "21")
    assert "    score: passed. Its settings have changed since; it waits to be done again.\n" in text
    assert "\nFor dataset default it is in the package: " in text


def test_what_is_gone_says_why(base: Path, db: sqlite3.Connection) -> None:
    video = source(db, "dance.mp4")
    again = Made("frame", f"{video}/t000003.500000", facts={"time_s": 3.5, "frame_index": 1, "shot": 0})
    play(db, base, "extract", {video: Result(made=(again,))}, pace=3.0)
    assert verdict(base, 21)[1] == (
        "It is no longer in force, because frame 5 above it is not: what it was made from was done again and no longer "
        "gives it."
    )
    (base / "00_raw_videos" / "dance.mp4").unlink()
    refresh(db, base, Asked(accept_vanished=True))
    with transaction(db):
        settle(db)
    assert verdict(base, 21)[1] == (
        "It is no longer in force, because video 1 above it is not: its file is no longer in 00_raw_videos. "
        "Put it back and type `make all`: nothing is lost."
    )


def test_two_limits_of_one_reason_are_both_checked(base: Path, db: sqlite3.Connection) -> None:
    who = f"{source(db, 'dance.mp4')}/t000003.000000/{BOX}"
    play(db, base, "match", {who: Result(measures={"faceless": 1, "identity": "emma"})}, pace=3.0)
    text = explained(base, str(item(db, "person", who)))
    assert "      ✗ faceless is 1, above match.max_faceless = 0 (identity_unsure)\n" in text
    assert "distance" not in text


def test_a_hostile_detail_stays_on_its_line(base: Path, db: sqlite3.Connection) -> None:
    video = source(db, "dance.mp4")
    play(db, base, "extract", {video: Result(rejected("extractor_rejected", "a\x1b[31m\nb"))}, pace=3.0)
    assert r"extract rejected it (extractor_rejected). a\x1b[31m\nb" in explained(base, "1").splitlines()[1]


def test_json_holds_the_line_and_the_fate(base: Path) -> None:
    (found,) = json.loads(explained(base, "--json", "24"))
    assert [link["kind"] for link in found["line"]] == ["video", "frame", "person", "cutout"]
    assert found["waits"] == []
    (fate,) = found["fates"]
    assert (fate["state"], fate["tool"], fate["reason"], len(fate["changes"])) == ("out", "score", "blurry", 4)
    checks = found["line"][3]["judgements"][1]["checks"]
    assert [check["reason"] for check in checks if check["violated"]] == ["blurry", "under_exposed"]


def test_each_dataset_has_its_own_answer(base: Path, db: sqlite3.Connection) -> None:
    (base / "config.toml").write_text("[dataset.default]\n[dataset.bob]\n[dataset.carl]\n", encoding="utf-8")
    steps.ensure(db, settings.load(base, {}), "select", "bob")
    nobody = {
        row[0]: Result(rejected("other_subject", "It shows emma.")) for row in db.execute("select address from item")
    }
    play(db, base, "select", nobody, dataset=Dataset(name="bob", subject="bob"))
    assert verdict(base, 21)[1:] == [
        "For dataset bob it is out: select did not choose it (other_subject). It shows emma.",
        "For dataset default it is in the package: 07_final_training/default/1.png",
        "  with the caption: emma, close-up, red coat, soft light",
        "For dataset carl it waits for select. The next `make all` takes it up.",
        "",
        "What would bring it in:",
        f"  Have it chosen: make pin BASE={base} ITEM=21 DATASET=bob WHY=…",
        f"  {words('select', 'other_subject')[1]}",
    ]
    assert verdict(base, 26)[1:2] == ["For dataset default it is in the package: 07_final_training/default/1.png"]
