"""composite: the tool itself on real cut-outs, its settings, its limit, and that its bytes are always the same."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from cutouts import SOURCE, astronaut, bench, input_columns, solid, store_background, store_cutout
from making import Mill
from skimage import data

from tools import composite
from tools.media.image import read_rgb
from tools.mill.manifest import connect, sql
from tools.mill.settings import UsageError
from tools.mill.tool import Result, Row

ROOT = Path(__file__).resolve().parents[1]
ADDRESS = f"{SOURCE}/t000012.345678/p0512-0347"


@pytest.mark.parametrize("side", ["left", "top", "right", "bottom"])
def test_no_background_shows_along_a_cut_side(tmp_path: Path, side: str) -> None:
    """Though the mask is soft there and ends some pixels before the border of the crop."""
    frame = np.full((400, 400, 3), (200, 40, 40), np.uint8)
    edges = {"left": 6, "top": 6, "right": 394, "bottom": 394}
    box = {"left": 100, "top": 100, "right": 300, "bottom": 300, side: edges[side]}
    alpha = solid(400, 400, (box["left"], box["top"], box["right"], box["bottom"]))[..., 3]
    rgba = np.dstack([frame, cv2.GaussianBlur(alpha, (0, 0), 2.0)])
    ends = {"box_whole": 1, "box_y0_px": float(box["top"]), "box_y1_px": float(box["bottom"])}
    row = store_cutout(tmp_path, frame, rgba, ADDRESS, shot="far", **ends, **{f"cut_{side}": 1})
    (made,) = composite.work(row, bench(tmp_path, _only("flat"))).made
    assert made.facts["flush"] == side
    mask = read_rgb(tmp_path / made.facts["mask_path"])[..., 0]
    last = {"left": mask[:, 0], "top": mask[0], "right": mask[:, -1], "bottom": mask[-1]}[side]
    assert (last >= 250).sum() > 150


def test_everybody_seen_in_the_frame_is_taken_out_of_the_own_ground(tmp_path: Path) -> None:
    """Boxes too: what the mask missed of the subject (here its lower half), and other people."""
    frame = np.full((400, 400, 3), (40, 60, 160), np.uint8)
    frame[100:300, 150:250] = (250, 30, 30)
    frame[100:300, 310:380] = (30, 250, 30)
    rgba = np.dstack([frame, solid(400, 400, (150, 100, 250, 200))[..., 3]])
    box = {"box_x0_px": 150.0, "box_y0_px": 100.0, "box_x1_px": 250.0, "box_y1_px": 300.0}
    others = json.dumps([[310, 100, 380, 300]])
    row = store_cutout(tmp_path, frame, rgba, ADDRESS, shot="far", others_json=others, **box)
    (made,) = composite.work(row, bench(tmp_path, _only("own"))).made
    assert made.file is not None
    image, mask = read_rgb(tmp_path / made.file.path), read_rgb(tmp_path / made.facts["mask_path"])[..., 0]
    assert np.abs(image[mask == 0].astype(int) - (40, 60, 160)).max() <= 4


def test_the_input_has_the_columns_of_these_rows(tmp_path: Path) -> None:
    frame, rgba = astronaut()
    row = store_cutout(tmp_path, frame, rgba, ADDRESS)
    assert input_columns(tmp_path, "composite") <= set(row)


def test_the_library_is_a_side_input(tmp_path: Path) -> None:
    db = connect(tmp_path, create=True)
    columns = {column[0] for column in db.execute(sql("sides/composite.library")).description}
    facts = {found[1] for found in db.execute("pragma table_info(composite)")}
    db.close()
    assert columns == set(store_background(tmp_path, data.coffee(), "a.png", 7))
    frame, rgba = astronaut()
    (made,) = composite.work(store_cutout(tmp_path, frame, rgba, ADDRESS), bench(tmp_path, _only("flat"))).made
    assert facts == {"item_id", *made.facts}


def _only(mode: str) -> composite.Params:
    return composite.Params(modes={mode: 1.0})


@pytest.mark.parametrize("mode", ["library", "own", "gradient", "flat", "noise", "original"])
def test_a_composite_and_its_mask(tmp_path: Path, mode: str) -> None:
    frame, rgba = astronaut()
    row = store_cutout(tmp_path, frame, rgba, ADDRESS, cut_bottom=1)
    library = [store_background(tmp_path, data.coffee(), "coffee.png", 7)]
    (made,) = composite.work(row, bench(tmp_path, _only(mode), library)).made
    assert made.kind == "composite"
    assert made.address == f"{ADDRESS}/emma/v0"
    assert made.file is not None
    assert made.file.path.startswith(f"05_augmented/emma/{SOURCE[:12]}-000012346-p0512-0347-{made.file.sha256[:12]}")
    assert made.facts["mode"] == mode
    assert made.sides == (((7, "background"),) if mode == "library" else ())
    assert made.facts["background_address"] == (f"{7:032x}" if mode == "library" else None)
    image, mask = read_rgb(tmp_path / made.file.path), read_rgb(tmp_path / made.facts["mask_path"])
    assert Path(made.file.path).name == Path(made.facts["mask_path"]).name
    assert image.shape == mask.shape == (made.height, made.width, 3)
    assert made.width % 64 == made.height % 64 == 0
    digest = hashlib.sha256((tmp_path / made.facts["mask_path"]).read_bytes()).hexdigest()
    assert digest == made.facts["mask_sha256"]
    if mode != "original":
        assert made.facts["flush"] == "bottom"
        assert (mask[-1, :, 0] == 255).sum() > 100
    assert 0.1 < (mask[..., 0] > 127).mean() < 0.9


MADE = """
import sys
from pathlib import Path
import cv2
from skimage import data
from cutouts import bench, store_background
from test_composite import standing
from tools import composite
cv2.setNumThreads(int(sys.argv[2]))
base = Path(sys.argv[1])
row = standing(base, shot="far")
library = [store_background(base, data.rocket(), "rocket.png", 7)]
for mode in ("library", "own", "gradient", "flat", "noise", "original"):
    (made,) = composite.work(row, bench(base, composite.Params(modes={mode: 1.0}), library)).made
    print(mode, made.file.sha256, made.facts["mask_sha256"], made.facts["standing"], made.measures["halo"])
"""


def test_two_processes_with_other_thread_counts_make_the_same_bytes(tmp_path: Path) -> None:
    told = []
    for threads in ("1", "4"):
        numbers = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), threads)
        environment = os.environ | numbers | {"PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests")))}
        command = [sys.executable, "-c", MADE, str(tmp_path / threads), threads]
        told.append(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)
    assert told[0] == told[1]
    assert [line.split()[3] for line in told[0].splitlines()] == [*"11111", "0"]


def test_another_address_gets_another_ground(tmp_path: Path) -> None:
    row, params = standing(tmp_path), bench(tmp_path, _only("noise"))
    digests = []
    for address in (ADDRESS, ADDRESS, ADDRESS + "b"):
        (made,) = composite.work(row | {"address": address}, params).made
        assert made.file is not None
        digests.append(made.file.sha256)
    assert digests[0] == digests[1] != digests[2]


def standing(base: Path, **columns: Any) -> dict[str, Any]:
    """The row of a whole figure of 110 x 400 px, on two legs, in a frame of 640 x 500 px."""
    frame = np.full((500, 640, 3), (60, 70, 80), np.uint8)
    frame[400:] = (120, 110, 100)
    alpha = np.zeros((500, 640), np.uint8)
    for x0, y0, x1, y1 in ((260, 60, 370, 300), (260, 300, 300, 460), (330, 300, 370, 460)):
        alpha[y0:y1, x0:x1] = 255
    frame[alpha > 0] = (190, 150, 130)
    rgba = np.dstack([frame, cv2.GaussianBlur(alpha, (0, 0), 0.8)])
    box = {"box_whole": 1, "box_x0_px": 255.0, "box_y0_px": 60.0, "box_x1_px": 375.0, "box_y1_px": 465.0}
    return store_cutout(base, frame, rgba, ADDRESS, **({"shot": "unknown"} | box | columns))


@pytest.mark.parametrize("mode", ["library", "own", "gradient", "flat", "noise"])
def test_a_standing_figure_stands_low_on_the_canvas_and_throws_a_shadow(tmp_path: Path, mode: str) -> None:
    row = standing(tmp_path)
    library = [store_background(tmp_path, np.full((400, 400, 3), 170, np.uint8), "wall.png", 7)]
    pictures = {}
    for name, found in (("stands", row), ("is cut", row | {"box_whole": 0})):
        (made,) = composite.work(found, bench(tmp_path, _only(mode), library)).made
        assert made.file is not None
        pictures[name] = made, read_rgb(tmp_path / made.file.path), read_rgb(tmp_path / made.facts["mask_path"])[..., 0]
    made, image, mask = pictures["stands"]
    assert (made.facts["standing"], made.facts["flush"]) == (1, "")
    rows, columns = np.flatnonzero((mask > 127).any(axis=1)), np.flatnonzero((mask > 127).any(axis=0))
    below, above = len(mask) - 1 - rows[-1], rows[0]
    assert 0.02 * len(mask) < below < 0.07 * len(mask) < above
    luma = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(int)
    left_foot = luma[rows[-1] + 2, columns[0] + 5 : columns[0] + 30].mean()
    assert left_foot < 0.8 * luma[rows[-1] + 2, :20].mean()
    cut, _, lower = pictures["is cut"]
    assert (cut.facts["standing"], cut.facts["flush"]) == (0, "bottom")
    assert (lower[-1] > 127).any()


def test_no_shadow_falls_where_no_feet_stand(tmp_path: Path) -> None:
    """The same figure, cut by the frame at the knees: the flat ground stays flat."""
    for columns, colours in (({}, 2), ({"box_y1_px": 600.0}, 1)):
        (made,) = composite.work(standing(tmp_path, **columns), bench(tmp_path, _only("flat"))).made
        assert made.file is not None
        image, mask = read_rgb(tmp_path / made.file.path), read_rgb(tmp_path / made.facts["mask_path"])[..., 0]
        behind = np.unique(image[mask == 0].reshape(-1, 3), axis=0)
        assert len(behind) == 1 if colours == 1 else len(behind) > 5


def test_the_subject_is_brightened_for_a_light_ground_and_darkened_for_a_dark_one(tmp_path: Path) -> None:
    row = standing(tmp_path)
    told = []
    for level in (10, 250):
        library = [store_background(tmp_path, np.full((400, 400, 3), level, np.uint8), f"{level}.png", level)]
        (made,) = composite.work(row, bench(tmp_path, _only("library"), library)).made
        told.append(made.facts["exposure_ev"])
    assert told[0] == -0.3
    assert 0 < told[1] <= 0.3


def test_in_its_own_place_the_subject_stays_as_it_was_filmed(tmp_path: Path) -> None:
    for mode, changes in (("own", False), ("flat", True)):
        (made,) = composite.work(standing(tmp_path), bench(tmp_path, _only(mode))).made
        assert (made.facts["exposure_ev"] != 0) == changes


def test_the_halo_is_kept_by_outcome_and_its_limit_decides_on_both_sides(mill: Mill) -> None:
    mill.run_all(upto="select")
    (limit,) = composite.LIMITS
    halos = {cutout: limit.default + step / 1000 for step, cutout in enumerate(mill.ids("cutout"), -1)}

    def answer(row: Row) -> Result:
        return Result(made=(mill.composite(row, "default", measures={"halo": halos[row["item_id"]]}),))

    mill.run("composite", answer)
    told = {**dict.fromkeys(halos, ("rejected", "halo"))}
    told |= {cutout: ("ok", None) for cutout, halo in halos.items() if halo <= limit.default}
    question = "select cutout_id, status, reason, halo from composites"
    assert len(halos) == 4
    assert {row[0]: row[1:] for row in mill.all(question)} == {c: (*told[c], halos[c]) for c in halos}
    mill.bound("composite", max_halo=1.0)
    assert {row[1:3] for row in mill.all(question)} == {("ok", None)}
    mill.check()


def test_inside_the_subject_the_pixels_are_the_films_own(tmp_path: Path) -> None:
    """Where nothing is scaled a composite is a copy, but for the rim of one pixel that is given up."""
    frame = np.random.default_rng(1).integers(0, 256, (300, 300, 3), np.uint8)
    rgba = np.dstack([frame, solid(300, 300, (50, 40, 250, 260))[..., 3]])
    row = store_cutout(tmp_path, frame, rgba, ADDRESS, shot="far", box_whole=1, box_y0_px=40.0, box_y1_px=260.0)
    params = composite.Params(modes={"flat": 1.0}, max_exposure=0.0)
    (made,) = composite.work(row, bench(tmp_path, params)).made
    assert made.file is not None
    assert (made.facts["scale"], made.facts["standing"], made.facts["exposure_ev"]) == (1, 0, 0)
    mask = read_rgb(tmp_path / made.facts["mask_path"])[..., 0]
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    image = read_rgb(tmp_path / made.file.path)[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    assert (image == frame[41:259, 51:249]).all()


def test_a_cutout_with_nothing_opaque_says_so(tmp_path: Path) -> None:
    rgba = solid(64, 64, (0, 0, 0, 0))
    row = store_cutout(tmp_path, rgba[..., :3], rgba, ADDRESS)
    with pytest.raises(ValueError, match=r"^Nothing of the cut-out is opaque, .* Look at its mask\.$"):
        composite.work(row, bench(tmp_path, composite.Params()))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"modes": {"libary": 1.0}},
            "[composite] modes has 'libary', which is none. There are: library, own, gradient, flat, noise, original.",
        ),
        (
            {"modes": {"own": 0.0}},
            "[composite] modes leaves nothing to draw from: give at least one a weight above 0.",
        ),
        (
            {"min_cover": {"close": 0.5}},
            "[composite] min_cover needs a value for unknown, for persons whose shot is not known.",
        ),
    ],
)
def test_wrong_settings_are_named(values: dict[str, dict[str, float]], sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        composite.Params(**values)
    assert str(caught.value) == sentence
