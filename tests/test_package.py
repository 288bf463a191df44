"""package: the checks of every pair, the folder that trainers read, the swap, caches, the report, the rows."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import sqlite3
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cutouts import SOURCE, Pixels, bench, input_columns
from skimage import data

from tools import package
from tools.media.image import encode_png, read_rgb
from tools.mill import files
from tools.mill.settings import ROOT, UsageError
from tools.mill.tool import Dataset, Result
from tools.training import swap
from tools.training.names import stem
from tools.training.report import see, training_report
from tools.training.targets import TARGETS

FOLDER = "07_final_training/emma"


def picture(number: int, width: int = 320, height: int = 320) -> Pixels:
    """A part of a photograph, another one for each number."""
    coffee = np.tile(data.coffee(), (1 + height // 200, 1 + width // 300, 1))
    return np.ascontiguousarray(coffee[number : number + height, 2 * number : 2 * number + width])


def row(base: Path, number: int, pixels: Pixels | None = None, text: str | None = "", **columns: Any) -> dict[str, Any]:
    """Write a composite with its mask; returns a row as `sql/inputs/package.sql` gives it."""
    pixels = picture(number) if pixels is None else pixels
    mask = np.zeros(pixels.shape[:2], np.uint8)
    mask[40:, 40:-40] = 255
    image = files.store(base, f"05_augmented/emma/{number}.png", encode_png(pixels))
    cover = files.store(base, f"05_augmented/emma/masks/{number}.png", encode_png(mask))
    text = f"ohwx, woman, picture of number {number}" if text == "" else text
    values = {"item_id": number, "kind": "composite", "address": f"{SOURCE}/t{number:013.6f}/p0500-0500/emma/v0"}
    values |= {"path": image.path, "sha256": image.sha256, "mask_path": cover.path, "mask_sha256": cover.sha256}
    values |= {"width": pixels.shape[1], "height": pixels.shape[0], "mode": "flat", "rank": number}
    caption = (100 + number, "c0ffee") if text is not None else (None, None)
    return values | {"text": text, "caption_id": caption[0], "caption_version": caption[1]} | columns


def make(
    base: Path, rows: list[dict[str, Any]], params: package.Params | None = None, **dataset: Any
) -> dict[int, Result]:
    settings = {"trigger": "ohwx", "class_word": "woman", **dataset}
    return dict(package.work_set(rows, bench(base, params or package.Params(), **settings)))


def name_of(one: dict[str, Any]) -> str:
    return stem(one["address"], one["sha256"])


def listing(folder: Path) -> dict[str, str]:
    """Every file below a folder with its digest."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


# What is in it.


def test_the_input_has_the_columns_of_these_rows(tmp_path: Path) -> None:
    assert input_columns(tmp_path, "package") == set(row(tmp_path, 1))


def test_the_package_has_everything_and_nothing_else(tmp_path: Path) -> None:
    rows = [row(tmp_path, 1), row(tmp_path, 2)]
    results = make(tmp_path, rows)
    assert [result.verdict.status for result in results.values()] == ["ok", "ok"]
    stems = [name_of(one) for one in rows]
    expected = {f"{name}{end}" for name in stems for end in (".png", ".txt")} | {f"masks/{name}.png" for name in stems}
    assert set(listing(tmp_path / FOLDER)) == expected | {"dataset.toml", "metadata.jsonl", "manifest.json"}
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


@pytest.mark.parametrize(("width", "reason"), [(250, None), (249, "too_small_for_training")])
def test_too_few_pixels(tmp_path: Path, width: int, reason: str | None) -> None:
    (result,) = make(tmp_path, [row(tmp_path, 1, picture(1, width, 240))]).values()
    assert result.verdict.reason == reason
    if reason:
        assert result.verdict.detail == ("249×240 px are 0.060 megapixels, below package.min_canvas_mp = 0.06.")


def test_an_empty_package_says_so(tmp_path: Path) -> None:
    make(tmp_path, [row(tmp_path, 1, text=None)])
    assert set(listing(tmp_path / FOLDER)) == {"EMPTY.txt", "dataset.toml", "metadata.jsonl", "manifest.json"}
    told = (tmp_path / FOLDER / "EMPTY.txt").read_text(encoding="utf-8")
    assert told == "This package is empty: no image passed every step. `make failures` says why.\n"
    assert training_report(tmp_path / FOLDER, "sdxl") == "emma: the package is empty. `make failures` says why."
    assert make(tmp_path, []) == {}


# What happens to the one before.


def test_an_unchanged_package_is_not_touched(tmp_path: Path) -> None:
    rows = [row(tmp_path, 1), row(tmp_path, 2)]
    first = make(tmp_path, rows)
    before = (tmp_path / FOLDER).stat()
    assert make(tmp_path, rows[::-1]) == first
    after = (tmp_path / FOLDER).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert not swap.previous_of(tmp_path / FOLDER).exists()


def test_a_persons_edit_of_a_text_is_no_reason_to_write_again(tmp_path: Path) -> None:
    one = row(tmp_path, 1)
    make(tmp_path, [one])
    text = tmp_path / FOLDER / f"{name_of(one)}.txt"
    text.write_text("ohwx, my own words\n", encoding="utf-8")
    make(tmp_path, [one])
    assert text.read_text(encoding="utf-8") == "ohwx, my own words\n"
    make(tmp_path, [one, row(tmp_path, 2)])
    kept = swap.previous_of(tmp_path / FOLDER) / text.name
    assert kept.read_text(encoding="utf-8") == "ohwx, my own words\n"


@pytest.mark.parametrize("harm", ["image", "mask", "text", "folder"])
def test_a_damaged_package_is_made_again(tmp_path: Path, harm: str) -> None:
    rows = [row(tmp_path, 1), row(tmp_path, 2)]
    make(tmp_path, rows)
    whole = listing(tmp_path / FOLDER)
    folder, name = tmp_path / FOLDER, name_of(rows[0])
    if harm == "folder":
        shutil.rmtree(folder)
    elif harm == "text":
        (folder / f"{name}.txt").write_text("\n", encoding="utf-8")
    else:
        path = folder / (f"{name}.png" if harm == "image" else f"masks/{name}.png")
        path.write_bytes(path.read_bytes()[:-30])
    make(tmp_path, rows)
    assert listing(folder) == whole


def test_the_package_before_is_kept_beside(tmp_path: Path) -> None:
    make(tmp_path, [row(tmp_path, 1)])
    first = listing(tmp_path / FOLDER)
    make(tmp_path, [row(tmp_path, 2)])
    second = listing(tmp_path / FOLDER)
    make(tmp_path, [row(tmp_path, 3)])
    assert listing(tmp_path / "07_final_training/.previous-emma") == second != first
    assert sorted(path.name for path in (tmp_path / "07_final_training").iterdir()) == [".previous-emma", "emma"]


def test_work_on_a_package_harms_no_composite(tmp_path: Path) -> None:
    one = row(tmp_path, 1)
    make(tmp_path, [one])
    image = tmp_path / FOLDER / f"{name_of(one)}.png"
    image.write_bytes(b"painted over")
    assert hashlib.sha256((tmp_path / one["path"]).read_bytes()).hexdigest() == one["sha256"]


def test_a_trainers_caches_go_with_their_images(tmp_path: Path) -> None:
    rows = [row(tmp_path, number) for number in (1, 2, 3)]
    make(tmp_path, rows)
    folder = tmp_path / FOLDER
    same, gone, retold = (name_of(one) for one in rows)
    theirs = [f"{name}{end}" for name in (same, gone, retold) for end in ("_0320x0320_sdxl.npz", "_te_outputs.npz")]
    theirs += [f"cache/{name}_0320x0320_wan.safetensors" for name in (same, gone)] + ["notes.md", "metadata_cache.json"]
    for name in theirs:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(name, encoding="utf-8")
    make(tmp_path, [rows[0], rows[2] | {"text": "ohwx, told anew"}])
    kept = {name for name in theirs if (folder / name).exists()}
    assert kept == {
        f"{same}_0320x0320_sdxl.npz",
        f"{same}_te_outputs.npz",
        f"{retold}_0320x0320_sdxl.npz",
        f"cache/{same}_0320x0320_wan.safetensors",
        "notes.md",
    }
    assert not (folder / f"{gone}.png").exists()
    assert (folder / f"{same}_te_outputs.npz").read_text(encoding="utf-8") == f"{same}_te_outputs.npz"


def test_a_folder_that_holds_somebody_elses_files_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / FOLDER
    folder.mkdir(parents=True)
    (folder / "holiday.png").write_bytes(b"mine")
    with pytest.raises(UsageError) as refused:
        make(tmp_path, [row(tmp_path, 1)])
    assert str(refused.value) == (
        f"{folder} holds files, but no manifest.json that says they are a package. Move them to another place: the "
        "package will stand there."
    )
    assert [path.name for path in folder.iterdir()] == ["holiday.png"]


def test_a_full_disk_leaves_the_old_package_in_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, [row(tmp_path, 1)])
    before = listing(tmp_path / FOLDER)

    def full(source: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(OSError, match="No space left on device") as caught:
        make(tmp_path, [row(tmp_path, 2)])
    assert caught.value.filename is not None
    monkeypatch.undo()
    assert listing(tmp_path / FOLDER) == before
    assert [path.name for path in (tmp_path / "07_final_training").iterdir()] == ["emma"]


# The swap.


@pytest.mark.parametrize("can_exchange", [True, False])
def test_the_swap_keeps_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, can_exchange: bool) -> None:
    if not can_exchange:
        monkeypatch.setattr(swap, "exchange", lambda first, second: False)
    folder = tmp_path / "emma"
    for content in ("one", "two", "three"):
        swap.part_of(folder).mkdir()
        (swap.part_of(folder) / "content").write_text(content, encoding="utf-8")
        swap.swap_in(folder)
        assert (folder / "content").read_text(encoding="utf-8") == content
    assert (swap.previous_of(folder) / "content").read_text(encoding="utf-8") == "two"
    assert not swap.part_of(folder).exists()


def test_linux_exchanges_in_one_step(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    if not swap.exchange(tmp_path / "a", tmp_path / "b"):
        pytest.skip("this file system knows no exchange of names")
    assert (tmp_path / "a/b").exists()
    assert (tmp_path / "b/a").exists()
    with pytest.raises(FileNotFoundError):
        swap.exchange(tmp_path / "a", tmp_path / "none")


def test_after_a_crash_between_two_renames_the_old_one_comes_back(tmp_path: Path) -> None:
    folder = tmp_path / "emma"
    swap.previous_of(folder).mkdir()
    (swap.previous_of(folder) / "content").touch()
    swap.part_of(folder).mkdir()
    swap.recover(folder)
    assert (folder / "content").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["emma"]


# What the trainer sees.


@pytest.mark.parametrize(
    ("size", "bucket", "shrunk", "cropped"),
    [
        ((832, 1216), (832, 1216), False, False),
        ((448, 576), (448, 576), False, False),
        ((500, 600), (448, 576), False, True),
        ((1024, 1024), (1024, 1024), False, False),
        ((2048, 2048), (1024, 1024), True, False),
    ],
)
def test_buckets_as_the_trainers_choose_them(
    size: tuple[int, int], bucket: tuple[int, int], shrunk: bool, cropped: bool
) -> None:
    seen = see(*size, TARGETS["sdxl"])
    assert (seen.bucket, seen.shrunk, seen.cropped) == (bucket, shrunk, cropped)


def test_the_report_counts_buckets_and_steps(tmp_path: Path) -> None:
    rows = [row(tmp_path, 1), row(tmp_path, 2), row(tmp_path, 3, picture(3, 1024, 1024))]
    make(tmp_path, rows, package.Params(num_repeats=5, batch_size=4))
    assert training_report(tmp_path / FOLDER, "sdxl") == (
        "emma: what sd-scripts sees for sdxl, in steps of 64 px\n"
        "    320×320    2 images     3 steps\n"
        "  1024×1024    1 image     2 steps\n"
        "  3 images × 5 repeats, batch size 4: 5 steps an epoch\n"
        "  nothing dropped, shrunk or cropped; nothing enlarged\n"
        "  2 below 50% of 1.05 megapixels: trained at their own size"
    )
    (tmp_path / FOLDER / f"{name_of(rows[0])}.txt").unlink()
    files.store(tmp_path, f"{FOLDER}/large.png", encode_png(picture(5, 1100, 1000)))
    files.store(tmp_path, f"{FOLDER}/large.txt", b"ohwx\n")
    told = training_report(tmp_path / FOLDER, "sdxl")
    assert "  1 dropped for want of a caption, 1 shrunk, 1 cropped; nothing enlarged\n" in told


# The manifest's rows.


@pytest.fixture
def db() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    for name in ("0001_core", "0005_datasets"):
        connection.executescript((ROOT / f"sql/migrations/{name}.sql").read_text(encoding="utf-8"))
    return connection


def _conclude(db: sqlite3.Connection, results: dict[int, Result]) -> list[tuple[Any, ...]]:
    package.conclude(db, 3, Dataset(name="emma"), results)
    return db.execute("select id, step_id, state from package order by id").fetchall()


def test_packages_are_recorded_once_each(tmp_path: Path, db: sqlite3.Connection) -> None:
    rows = [row(tmp_path, 1), row(tmp_path, 2), row(tmp_path, 3, text=None)]
    results = make(tmp_path, rows)
    assert _conclude(db, results) == [(1, 3, "current")]
    found = db.execute("select item_id, caption_id, path from package_item order by item_id").fetchall()
    assert found == [(number, 100 + number, f"{FOLDER}/{name_of(rows[number - 1])}.png") for number in (1, 2)]
    assert all((tmp_path / path).exists() for _, _, path in found)
    digest = json.loads((tmp_path / FOLDER / "manifest.json").read_text(encoding="utf-8"))["digest"]
    assert db.execute("select digest from package").fetchone() == (digest,)
    assert _conclude(db, make(tmp_path, rows)) == [(1, 3, "current")]
    assert _conclude(db, make(tmp_path, rows[:1])) == [(1, 3, "superseded"), (2, 3, "current")]
    assert _conclude(db, make(tmp_path, [])) == [(1, 3, "superseded"), (2, 3, "superseded"), (3, 3, "current")]
    assert db.execute("select count(*) from package_item where package_id = 3").fetchone() == (0,)
