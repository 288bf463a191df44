"""What trainers make of a package: buckets, steps, losses; for six trainers, and as the command tells it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from packing import FOLDER, make, name_of, picture, row

from tools import package
from tools.media.image import encode_png
from tools.mill import files
from tools.mill.settings import UsageError
from tools.trainers import told
from tools.training.report import contents, fate, trainers_report, training_report
from tools.training.targets import TARGETS
from tools.training.trainers import TRAINERS, Seen, ai_toolkit, diffusers, kohya, onetrainer, simpletuner

NAMED = {trainer.name: trainer for trainer in TRAINERS}


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
def test_kohyas_trainers_enlarge_nothing(
    size: tuple[int, int], bucket: tuple[int, int], shrunk: bool, cropped: bool
) -> None:
    assert kohya(size, 1024, 64) == Seen(bucket, False, shrunk, cropped)


def test_ai_toolkit_takes_sdxls_shapes_at_the_images_own_area() -> None:
    # The square of that area has a side of 1005 px: 832 x 1216 is 816 x 1193 there, and 768 x 1152 in steps of 64.
    assert ai_toolkit((832, 1216), 1024, 64) == Seen((768, 1152), False, True, True)
    assert ai_toolkit((2048, 2048), 1024, 64) == Seen((1024, 1024), False, True, False)
    assert ai_toolkit((512, 512), 1024, 64) == Seen((512, 512), False, False, False)
    small = ai_toolkit((416, 608), 1024, 64)
    assert (small.enlarged, small.cropped, small.bucket[0] % 64, small.bucket[1] % 64) == (False, True, 0, 0)


def test_onetrainer_and_simpletuner_enlarge_what_is_small() -> None:
    assert onetrainer((512, 512), 1024, 64) == Seen((1024, 1024), True, False, False)
    assert onetrainer((832, 1216), 1024, 64) == Seen((832, 1280), True, False, True)
    assert onetrainer((1024, 1024), 1024, 64) == Seen((1024, 1024), False, False, False)
    assert simpletuner((512, 512), 1024, 64) == Seen((1024, 1024), True, False, False)
    assert simpletuner((832, 1216), 1024, 64) == Seen((832, 1216), False, False, False)
    assert simpletuner((1664, 2432), 1024, 64) == Seen((832, 1216), False, True, False)


def test_diffusers_knows_one_square() -> None:
    assert diffusers((512, 768), 1024, 64) == Seen((1024, 1024), True, False, True)
    assert diffusers((1024, 1024), 1024, 64) == Seen((1024, 1024), False, False, False)


def test_the_report_counts_buckets_and_steps(tmp_path: Path) -> None:
    rows = [row(tmp_path, 1), row(tmp_path, 2), row(tmp_path, 3, picture(3, 1024, 1024))]
    make(tmp_path, rows, package.Params(num_repeats=5, batch_size=4))
    assert training_report(tmp_path / FOLDER, "sdxl") == (
        "emma: what sd-scripts sees for sdxl, in steps of 64 px\n"
        "    320×320    2 images     3 steps\n"
        "  1024×1024    1 image      2 steps\n"
        "  3 images × 5 repeats, batch size 4: 5 steps an epoch\n"
        "  nothing dropped, enlarged, shrunk or cropped\n"
        "  2 below 50% of 1.05 megapixels: trained at their own size"
    )
    (tmp_path / FOLDER / f"{name_of(rows[0])}.txt").unlink()
    files.store(tmp_path, f"{FOLDER}/large.png", encode_png(picture(5, 1100, 1000)))
    files.store(tmp_path, f"{FOLDER}/large.txt", b"ohwx\n")
    lines = training_report(tmp_path / FOLDER, "sdxl").splitlines()
    assert "  1 without a caption, 1 shrunk, 1 cropped" in lines


def test_many_buckets_are_counted_and_the_fullest_listed(tmp_path: Path) -> None:
    rows = [row(tmp_path, number, picture(number, 256 + 64 * number, 256)) for number in range(1, 12)]
    make(tmp_path, [*rows, row(tmp_path, 20, picture(20, 960, 256))])
    lines = training_report(tmp_path / FOLDER, "sdxl").splitlines()
    assert "    960×256    2 images    20 steps" in lines
    assert "  and 1 bucket more" in lines


def test_what_fills_no_batch_is_dropped_by_those_who_want_whole_ones(tmp_path: Path) -> None:
    rows = [*(row(tmp_path, number) for number in range(1, 6)), row(tmp_path, 6, picture(6, 320, 640))]
    make(tmp_path, rows, package.Params(num_repeats=1, batch_size=2))
    found = contents(tmp_path / FOLDER, TARGETS["sdxl"])
    made = fate(found, NAMED["OneTrainer"])
    assert (sum(made.steps.values()), made.left_out) == (2, 1)
    made = fate(found, NAMED["sd-scripts"])
    assert (sum(made.steps.values()), made.left_out) == (4, 0)


def test_every_trainer_has_its_lines(tmp_path: Path) -> None:
    make(tmp_path, [row(tmp_path, 1, picture(1, 1024, 1024))], package.Params(num_repeats=7))
    whole = "1024×1024 1; 7 steps an epoch; nothing dropped, enlarged, shrunk or cropped"
    assert trainers_report(tmp_path / FOLDER, "sdxl") == (
        "emma: 1 image for sdxl at 1024 px, 7 repeats, batch size 1\n"
        f"  sd-scripts: {whole}\n"
        "    --dataset_config dataset.toml\n"
        "  musubi-tuner: does not train sdxl\n"
        f"  ai-toolkit: {whole}\n"
        "    looks into folders too: give it a copy without masks/\n"
        f"  OneTrainer: {whole}\n"
        "    reads a mask as STEM-masklabel.png beside its image\n"
        f"  SimpleTuner: {whole}\n"
        "    caption_strategy textfile, repeats 6, a copy without masks/\n"
        f"  diffusers: {whole}\n"
        "    --caption_column text --repeats 7: it reads metadata.jsonl"
    )


def test_an_empty_package_says_so(tmp_path: Path) -> None:
    make(tmp_path, [row(tmp_path, 1, text=None)])
    for report in (training_report, trainers_report):
        assert report(tmp_path / FOLDER, "sdxl") == (
            f"emma: the package is empty. `make failures BASE={tmp_path}` says why."
        )


@pytest.mark.parametrize(
    ("target", "trainer"), [("sdxl", "sd-scripts"), ("flux", "sd-scripts"), ("wan", "musubi-tuner")]
)
def test_the_settings_are_those_of_the_folder(tmp_path: Path, target: str, trainer: str) -> None:
    make(tmp_path, [row(tmp_path, 1, picture(1, 704, 704))], target=target)
    assert (
        training_report(tmp_path / FOLDER, target).splitlines()[0].startswith(f"emma: what {trainer} sees for {target}")
    )
    toml = tmp_path / FOLDER / "dataset.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace("num_repeats = 10", "num_repeats = 3"), encoding="utf-8")
    found = contents(tmp_path / FOLDER, TARGETS[target])
    assert (found.side_px, found.repeats) == (TARGETS[target].side_px, 3)


def test_the_command_tells_of_every_dataset(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[dataset.emma]\ntarget = "flux"\n[dataset.eva]\n', encoding="utf-8")
    make(tmp_path, [row(tmp_path, 1)], target="flux")
    emma, eva = told(tmp_path)
    assert emma.startswith("emma: 1 image for flux at 1024 px, 10 repeats")
    assert eva == "eva: no package yet. `make all` makes it."
    assert told(tmp_path, "eva") == [eva]
    with pytest.raises(UsageError, match="There is no dataset kim"):
        told(tmp_path, "kim")
    (tmp_path / FOLDER / "dataset.toml").write_text("=", encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        told(tmp_path, "emma")
    assert str(refused.value).startswith(f"{tmp_path / FOLDER}/dataset.toml cannot be read (")
    (tmp_path / FOLDER / "dataset.toml").write_bytes("# café".encode("latin-1"))
    with pytest.raises(UsageError) as refused:
        told(tmp_path, "emma")
    assert str(refused.value) == (
        f"{tmp_path / FOLDER}/dataset.toml cannot be read (it is not UTF-8). "
        "Mend it, or delete it to have ours put there."
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("datasets = 3", "datasets is 3, and is to be tables"),
        ("general = 3", "general is [3], and is to be tables"),
        ("[[datasets]]\nsubsets = [1]", "subsets is [1], and is to be tables"),
        ("[[datasets]]\nbatch_size = 0", "batch_size is 0, which is no whole number above 0"),
        ('[general]\nnum_repeats = "two"', "num_repeats is 'two', which is no whole number above 0"),
        ("[general]\nresolution = [1024, -1]", "resolution is [1024, -1], which is no whole number above 0"),
    ],
)
def test_a_dataset_toml_of_another_shape_is_named_with_its_fault(tmp_path: Path, text: str, fault: str) -> None:
    make(tmp_path, [row(tmp_path, 1)])
    (tmp_path / FOLDER / "dataset.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        contents(tmp_path / FOLDER, TARGETS["sdxl"])
    told = f"{tmp_path / FOLDER}/dataset.toml cannot be read ({fault}). Mend it, or delete it to have ours put there."
    assert str(refused.value) == told


def test_a_picture_that_is_none_is_counted_and_the_rest_told(tmp_path: Path) -> None:
    pictures = [row(tmp_path, 1), row(tmp_path, 2)]
    make(tmp_path, pictures)
    (tmp_path / FOLDER / f"{name_of(pictures[0])}.png").write_bytes(b"no picture")
    found = contents(tmp_path / FOLDER, TARGETS["sdxl"])
    assert (len(found.sizes), found.unreadable) == (1, 1)
    assert "1 unreadable" in training_report(tmp_path / FOLDER, "sdxl")


def test_a_pipe_is_no_caption(tmp_path: Path) -> None:
    one = row(tmp_path, 1)
    make(tmp_path, [one])
    text = tmp_path / FOLDER / f"{name_of(one)}.txt"
    assert contents(tmp_path / FOLDER, TARGETS["sdxl"]).without_caption == 0
    text.unlink()
    os.mkfifo(text)
    assert contents(tmp_path / FOLDER, TARGETS["sdxl"]).without_caption == 1
