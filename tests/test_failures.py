"""failures: the whole output by reason, the tables by stage, source and run, and JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from asking import ask
from manifest_filled import filled, item, play, source, words

from tools.decide import decide
from tools.failures import main
from tools.mill.manifest import connect
from tools.mill.tool import Result

BOX = "p0156-0556"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return filled(tmp_path / "work")


def failures(base: Path, *words: str) -> str:
    return ask(main, base, *words)[0]


def test_an_empty_workspace(tmp_path: Path) -> None:
    connect(tmp_path, create=True).close()
    assert failures(tmp_path) == "Nothing was rejected, nothing failed.\n"
    assert failures(tmp_path, "--by", "source").split() == [
        *("source_path", "tool", "dataset", "kind", "reason", "n", "share"),
    ]
    assert json.loads(failures(tmp_path, "--json")) == []


def told(tool: str, code: str) -> str:
    return " ".join(words(tool, code))


def test_by_reason(base: Path) -> None:
    db = connect(base)
    video = source(db, "dance.mp4")
    db.close()
    name, rejected = f"{video[:4]}/", f"{base}/rejected"
    assert failures(base) == (
        "intake: impostor, 1 video (33 %)\n"
        f"  {told('intake', 'impostor')}\n"
        '  video 3, 00_raw_videos/two\\nlines "quoted", \\xff.mp4: Its name ends in .mp4, but it holds text.\n'
        f"  all of them: {rejected}/intake/impostor/\n"
        "\n"
        "intake: low_resolution, 1 video (33 %)\n"
        f"  {told('intake', 'low_resolution')}\n"
        "  video 2, 00_raw_videos/tiny.mp4\n"
        f"  all of them: {rejected}/intake/low_resolution/\n"
        "\n"
        "extract: near_duplicate, 1 frame (11 %)\n"
        f"  {told('extract', 'near_duplicate')}\n"
        f"  frame 6, {video}/t000000.500000\n"
        "\n"
        "detect: no_person, 1 frame (12 %)\n"
        f"  {told('detect', 'no_person')}\n"
        f"  frame 7, 01_extracted_frames/{name}t000001.000000.webp: Nobody was found.\n"
        f"  all of them: {rejected}/detect/no_person/\n"
        "\n"
        "detect: low_confidence, 1 person (14 %)\n"
        f"  {told('detect', 'low_confidence')}\n"
        f"  person 15, 02_person_crops/{name}t000001.500000_{BOX}.webp\n"
        f"  all of them: {rejected}/detect/low_confidence/\n"
        "\n"
        "mask: empty_mask, 1 cutout (20 %)\n"
        f"  {told('mask', 'empty_mask')}\n"
        f"  cutout 22, 03_masked_subjects/{name}t000002.500000_{BOX}.webp\n"
        f"  all of them: {rejected}/mask/empty_mask/\n"
        "\n"
        "mask: failed, 1 person (17 %)\n"
        "  The tool broke on this item. Read the detail; RETRY_FAILED=1 tries again.\n"
        f"  person 16, 02_person_crops/{name}t000002.000000_{BOX}.webp: ValueError: the crop has no pixels\n"
        "\n"
        "score: blurry, 1 cutout (25 %)\n"
        f"  {told('score', 'blurry')}\n"
        f"  cutout 24, 03_masked_subjects/{name}t000003.500000_{BOX}.webp\n"
        f"  all of them: {rejected}/score/blurry/\n"
        "\n"
        "select (default): same_moment, 1 cutout (33 %)\n"
        f"  {told('select', 'same_moment')}\n"
        f"  cutout 23, 03_masked_subjects/{name}t000003.000000_{BOX}.webp: Kept instead: "
        f"03_masked_subjects/{name}t000000.000000_{BOX}.webp\n"
        f"  all of them: {rejected}/select/default/same_moment/\n"
        "\n"
        f"Why one of them is out: make explain BASE={base} ITEM=3\n"
    )


def test_the_folder_that_is_named_holds_all_of_them(base: Path) -> None:
    (line,) = [line for line in failures(base).splitlines() if line.endswith("/low_confidence/")]
    assert len(list(Path(line.removeprefix("  all of them: ")).iterdir())) == 1


def test_the_nearest_to_passing_are_shown_first(base: Path) -> None:
    db = connect(base)
    addresses = [row[0] for row in db.execute("select address from item where kind = 'cutout' order by id")]
    values = zip(addresses, (0.1, 0.0, 0.2, 0.3, 0.05), strict=True)
    play(db, base, "score", {who: Result(measures={"sharpness": value}) for who, value in values}, pace=3.0)
    db.close()
    (blurry,) = [one for one in json.loads(failures(base, "--json")) if one["reason"] == "blurry"]
    assert (blurry["n"], blurry["share"], blurry["folder"]) == (4, 1.0, "rejected/score/blurry")
    assert [example["item_id"] for example in blurry["examples"]] == [24, 23, 21]


def test_what_a_person_rejected_is_a_reason_too(base: Path) -> None:
    db = connect(base)
    decide(base, "reject", [str(item(db, "frame", "t000000.000000"))], "", "blinks")
    db.close()
    text = failures(base)
    assert "detect: rejected_by_hand" not in text
    assert (
        "extract: rejected_by_hand, 1 frame (11 %)\n"
        "  A person rejected it. `make undo ITEM=…` takes the decision back.\n"
    ) in text


@pytest.mark.parametrize(
    ("by", "first"),
    [
        ("stage", ["0", "intake", "video", "impostor", "1", "0.3333"]),
        ("source", ["00_raw_videos/dance.mp4", "extract", "frame", "near_duplicate", "1", "0.125"]),
        ("run", ["1", "intake", "2024-05-01T10:00:00.000Z", "impostor", "1"]),
    ],
)
def test_by_stage_source_and_run(base: Path, by: str, first: list[str]) -> None:
    assert failures(base, "--by", by).splitlines()[1].split() == first
    assert len(json.loads(failures(base, "--by", by, "--json"))) == 9
