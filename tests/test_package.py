"""package: the checks of every pair, the folder that trainers read, the swap, caches, the rows."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
from cutouts import SOURCE, input_columns
from packing import FOLDER, TEXTS, listing, make, name_of, picture, row
from PIL import Image

from tools import package
from tools.media.image import encode_png, read_rgb
from tools.mill import files
from tools.training.names import stem

# What is in it.


def test_the_input_has_the_columns_of_these_rows(tmp_path: Path) -> None:
    assert input_columns(tmp_path, "package") == set(row(tmp_path, 1))


def test_the_package_has_everything_and_nothing_else(tmp_path: Path) -> None:
    rows = [row(tmp_path, 1), row(tmp_path, 2)]
    results = make(tmp_path, rows)
    assert [result.verdict.status for result in results.values()] == ["ok", "ok"]
    stems = [name_of(one) for one in rows]
    expected = {f"{name}{end}" for name in stems for end in (".png", ".txt")} | {f"masks/{name}.png" for name in stems}
    assert set(listing(tmp_path / FOLDER)) == expected | TEXTS
    assert (tmp_path / FOLDER / f"{stems[0]}.txt").read_bytes() == b"ohwx, woman, picture of number 1\n"
    assert (read_rgb(tmp_path / FOLDER / f"{stems[1]}.png") == picture(2)).all()
    assert read_rgb(tmp_path / FOLDER / f"masks/{stems[1]}.png").shape == picture(2).shape
    assert not list((tmp_path / FOLDER).parent.glob(".part-*"))


def test_stems_are_plain_and_unique(tmp_path: Path) -> None:
    found = [name_of(row(tmp_path, number)) for number in range(1, 6)]
    assert len(set(found)) == 5
    assert all(re.fullmatch(r"[a-z0-9-]{1,80}", name) for name in found)
    address = f"{SOURCE}~0123456789ab/t000012.345678/p0512-0347b/emma/v0"
    assert stem(address, "f" * 64) == "0123456789ab-000012346-p0512-0347b-ffffffffffff"


@pytest.mark.parametrize(
    ("target", "side", "where"),
    [("sdxl", 1024, "image_dir"), ("flux", 1024, "image_dir"), ("wan", 704, "image_directory")],
)
def test_dataset_toml_says_what_the_trainer_needs(tmp_path: Path, target: str, side: int, where: str) -> None:
    make(tmp_path, [row(tmp_path, 1)], package.Params(num_repeats=7, batch_size=2), target=target)
    text = (tmp_path / FOLDER / "dataset.toml").read_text(encoding="utf-8")
    settings = tomllib.loads(text)
    general, dataset = settings["general"], settings["datasets"][0]
    subset = dataset.get("subsets", [dataset])[0]
    assert subset[where] == "."
    assert subset["num_repeats"] == 7
    assert general["caption_extension"] == ".txt"
    assert (general["enable_bucket"], general["bucket_no_upscale"]) == (True, True)
    assert (general | dataset)["resolution"] == [side, side]
    assert (general | dataset)["batch_size"] == 2
    assert general.get("flip_aug") is (None if target == "wan" else False)
    assert ("masked_loss" in text) == (target != "wan")
    assert "# Masked loss" in "\n".join(line.strip() for line in text.splitlines())


def test_metadata_pairs_files_with_texts(tmp_path: Path) -> None:
    rows = [row(tmp_path, 2, text="ohwx, « café », 猫"), row(tmp_path, 1)]
    make(tmp_path, rows)
    lines = (tmp_path / FOLDER / "metadata.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [
        {"file_name": f"{name_of(rows[1])}.png", "text": "ohwx, woman, picture of number 1"},
        {"file_name": f"{name_of(rows[0])}.png", "text": "ohwx, « café », 猫"},
    ]


def test_the_manifest_tells_where_from_by_digests_alone(tmp_path: Path) -> None:
    one = row(tmp_path, 1)
    make(tmp_path, [one])
    text = (tmp_path / FOLDER / "manifest.json").read_text(encoding="utf-8")
    told = json.loads(text)
    assert told["count"] == 1
    assert (told["target"], told["trigger"], told["class"]) == ("sdxl", "ohwx", "woman")
    (image,) = told["images"]
    assert image["cutout"] == f"{SOURCE}/t000001.000000/p0500-0500"
    assert image["sha256"] == one["sha256"]
    assert (image["width_px"], image["height_px"]) == (320, 320)
    assert "emma" not in text
    assert str(tmp_path) not in text


# What is checked.


def test_what_is_not_fit_is_left_out_with_its_reason(tmp_path: Path) -> None:
    rows = [row(tmp_path, number) for number in range(1, 9)]
    (tmp_path / rows[1]["path"]).unlink()
    half = (tmp_path / rows[2]["path"]).read_bytes()[:20_000]
    rows[2]["sha256"] = files.store(tmp_path, rows[2]["path"], half).sha256
    files.store(tmp_path, rows[3]["path"], encode_png(picture(30)))
    (tmp_path / rows[4]["mask_path"]).unlink()
    rows[5] |= {"caption_id": None, "text": None}
    rows[6] |= {"text": "  "}
    rows[7] = row(tmp_path, 8, picture(1))
    results = make(tmp_path, rows)
    assert {item_id: result.verdict.reason for item_id, result in results.items()} == {
        1: None,
        2: "unreadable",
        3: "unreadable",
        4: "unreadable",
        5: "unreadable",
        6: "missing_caption",
        7: "missing_caption",
        8: "duplicate_image",
    }
    details = {item_id: result.verdict.detail for item_id, result in results.items()}
    assert details[2] == "05_augmented/emma/2.png is gone. Run composite again."
    assert details[3] is not None
    assert details[3].startswith("05_augmented/emma/3.png cannot be opened: ")
    assert details[4] == (
        "05_augmented/emma/4.png does not hold what was written there. Delete it and run composite again."
    )
    assert details[5] == "05_augmented/emma/masks/5.png is gone. Run composite again."
    assert details[6] == "No caption passed for its cutout."
    assert details[8] == "Kept instead: 05_augmented/emma/1.png, which has the same pixels."
    assert json.loads((tmp_path / FOLDER / "manifest.json").read_text(encoding="utf-8"))["count"] == 1
    assert {result.verdict.reason for result in results.values()} - {None} <= {one.code for one in package.REASONS}


def test_a_mask_of_another_size_is_no_mask(tmp_path: Path) -> None:
    one = row(tmp_path, 1)
    mask = files.store(tmp_path, one["mask_path"], encode_png(np.zeros((64, 64), np.uint8)))
    (result,) = make(tmp_path, [one | {"mask_sha256": mask.sha256}]).values()
    assert result.verdict.reason == "unreadable"
    assert result.verdict.detail == "05_augmented/emma/masks/1.png has (64, 64) px, its image (320, 320)."


@pytest.mark.parametrize(("width", "packed"), [(250, True), (249, False)])
def test_too_few_pixels_are_measured_and_left_out(tmp_path: Path, width: int, packed: bool) -> None:
    """The limit rejects; here it only says who is not copied."""
    small = row(tmp_path, 1, picture(1, width, 240))
    (result,) = make(tmp_path, [small]).values()
    assert (result.verdict.status, result.measures) == ("ok", {"canvas_mp": width * 240 / 1e6})
    assert isinstance(result, package.Packed) == packed
    assert (tmp_path / FOLDER / f"{name_of(small)}.png").exists() == packed
    (limit,) = package.LIMITS
    assert (limit.metric, limit.op, limit.default) == ("canvas_mp", "<", package.Params().min_canvas_mp)


def test_what_a_person_keeps_is_packaged_however_small(tmp_path: Path) -> None:
    (result,) = make(tmp_path, [row(tmp_path, 1, picture(1, 100, 100), kept=True)]).values()
    assert isinstance(result, package.Packed)


def test_a_limit_that_moves_opens_no_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row(tmp_path, 1), row(tmp_path, 2, picture(2, 100, 100))]
    before = make(tmp_path, rows)

    def opened(path: Path, *_: object) -> None:
        raise AssertionError(f"{path} was opened")

    monkeypatch.setattr("tools.training.pairs.read_rgb", opened)
    monkeypatch.setattr("tools.training.folder.read_rgb", opened)
    after = make(tmp_path, rows, package.Params(min_canvas_mp=0.1))
    assert {item_id: isinstance(result, package.Packed) for item_id, result in after.items()} == {1: True, 2: False}
    assert after[1].measures == before[1].measures
    with pytest.raises(AssertionError, match="was opened"):
        make(tmp_path, rows, package.Params(min_canvas_mp=0.005))


def test_the_trainers_files_open_as_what_they_are(tmp_path: Path) -> None:
    """RGB and one grey channel of eight bits, of one size: what Pillow, which trainers read with, makes of them."""
    one = row(tmp_path, 1)
    make(tmp_path, [one])
    name = f"{name_of(one)}.png"
    with Image.open(tmp_path / FOLDER / name) as image, Image.open(tmp_path / FOLDER / "masks" / name) as mask:
        assert (image.format, image.mode, mask.format, mask.mode) == ("PNG", "RGB", "PNG", "L")
        assert image.size == mask.size
        assert (image.info, mask.info) == ({}, {})


def test_shots_and_counts_stand_in_files_of_their_own(tmp_path: Path) -> None:
    rows = [row(tmp_path, 1, shot="close"), row(tmp_path, 2, shot="far", view=None), row(tmp_path, 3, shot="far")]
    make(tmp_path, rows)
    names = [f"{name_of(one)}.png" for one in rows]
    shots = json.loads((tmp_path / FOLDER / "shots.json").read_text(encoding="utf-8"))
    assert shots == {"close": names[:1], "mid": [], "far": names[1:], "unknown": []}
    assert json.loads((tmp_path / FOLDER / "metadata.json").read_text(encoding="utf-8")) == {
        "trigger": "ohwx",
        "class": "woman",
        "kind": "character",
        "target": "sdxl",
        "images": 3,
        "shots": {"close": 1, "mid": 0, "far": 2, "unknown": 0},
        "views": {"front": 2, "unknown": 1},
        "grounds": {"flat": 3},
        "sizes": {"320x320": 3},
    }


def test_nothing_personal_is_in_any_byte_of_a_package(tmp_path: Path) -> None:
    """No path, no name but the trigger, no place, no embedding: neither in texts nor in chunks of the images."""
    rows = [row(tmp_path, number, background_address="b" * 32, subject="Emma Stone") for number in (1, 2)]
    make(tmp_path, rows, subject="Emma Stone")
    private = [
        str(tmp_path),
        "Emma",
        "Stone",
        "00_raw",
        "05_augmented",
        "GPSInfo",
        "Exif",
        "embedding",
        "b" * 32,
        "Adobe",
    ]
    for path in (tmp_path / FOLDER).rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert not [word for word in private if word.encode() in content], path
        if path.suffix == ".png":
            assert chunks(content) == {b"IHDR", b"IDAT", b"IEND"}


def chunks(png: bytes) -> set[bytes]:
    """The types of the chunks of a PNG."""
    found, at = set(), 8
    while at < len(png):
        found.add(png[at + 4 : at + 8])
        at += 12 + int.from_bytes(png[at : at + 4])
    return found


@pytest.mark.parametrize(
    ("text", "mode", "colour", "line"),
    [
        ("ohwx, woman", "flat", (122, 122, 124), "ohwx, woman, plain grey background"),
        ("ohwx, woman", "gradient", (42, 92, 188), "ohwx, woman, smooth blue gradient background"),
        ("ohwx, woman", "own", (42, 92, 188), "ohwx, woman, blurred background"),
        ("ohwx, woman", "library", (42, 92, 188), "ohwx, woman"),
        ("ohwx, woman", "original", (42, 92, 188), "ohwx, woman"),
        ("ohwx, a woman.", "noise", (48, 136, 62), "ohwx, a woman. Behind is a textured green background."),
    ],
)
def test_a_clause_about_the_ground_where_captions_want_one(
    tmp_path: Path, text: str, mode: str, colour: tuple[int, int, int], line: str
) -> None:
    pixels = np.full((320, 320, 3), colour, np.uint8)
    pixels[40:, 40:-40] = (190, 28, 38)
    without = row(tmp_path, 1, pixels, text, mode=mode)
    make(tmp_path, [without])
    path = tmp_path / FOLDER / f"{name_of(without)}.txt"
    assert path.read_text(encoding="utf-8") == f"{text}\n"
    (made,) = make(tmp_path, [without | {"ground": 1}]).values()
    assert path.read_text(encoding="utf-8") == f"{line}\n"
    assert isinstance(made, package.Packed)
    assert made.text == line


def test_an_empty_package_says_so(tmp_path: Path) -> None:
    make(tmp_path, [row(tmp_path, 1, text=None)])
    assert set(listing(tmp_path / FOLDER)) == {"EMPTY.txt", *TEXTS}
    told = (tmp_path / FOLDER / "EMPTY.txt").read_text(encoding="utf-8")
    assert told == "This package is empty: no image passed every step. `make failures` says why.\n"
    assert make(tmp_path, []) == {}
