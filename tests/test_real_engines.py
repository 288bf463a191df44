"""The chain with networks: what they find is in the manifest, and what is amiss stops it with a sentence."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import constant

from tools import engines
from tools.engines import weights
from tools.mill.plan import PLAN
from tools.mill.pool import Stop
from tools.mill.settings import UsageError

if importlib.util.find_spec("ultralytics") is None or importlib.util.find_spec("rembg") is None:
    pytest.skip("ultralytics and rembg are not installed (LIGHT=1)", allow_module_level=True)

pytestmark = [
    pytest.mark.filterwarnings("default"),
    pytest.mark.skipif(
        not (Path(__file__).resolve().parents[2] / "shared" / "models").exists(), reason="../shared is not there"
    ),
]

SHARED = Path(__file__).resolve().parents[2] / "shared"
OVERFIT, PORTRAIT = "yolo11n-pose-overfit.pt", "portrait-u2net-320.onnx"
Run = Callable[..., Any]

CONFIG = f"""
[intake]
min_side = 240
[detect]
engine = "yolo"
weights = "{OVERFIT}"
imgsz = 448
device = "cpu"
min_height_px = 60
[mask]
engine = "rembg"
model = "u2net_custom"
weights = "{PORTRAIT}"
device = "cpu"
"""


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def base(workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with one photograph of five skiers, and networks of its own."""
    for module in (weights, engines):
        monkeypatch.setattr(module, "MODELS", tmp_path / "project")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (workspace / "models").mkdir()
    for name in (OVERFIT, PORTRAIT):
        shutil.copyfile(SHARED / "models" / name, workspace / "models" / name)
    shutil.copyfile(SHARED / "coco" / "000000197388.jpg", workspace / "00_raw_photos" / "ski.jpg")
    (workspace / "config.toml").write_text(CONFIG, encoding="utf-8")
    return workspace


def asked(base: Path, question: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(base / "manifest.db") as db:
        return db.execute(question).fetchall()


def made(base: Path, run_tool: Run, last: str) -> None:
    """All tools of the plan up to one."""
    tools = [step.tool for step in PLAN]
    for tool in tools[: tools.index(last) + 1]:
        run_tool(base, tool)


def changed(base: Path, old: str, new: str) -> None:
    path = base / "config.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_people_with_keypoints_and_their_cutouts(base: Path, run_tool: Run) -> None:
    made(base, run_tool, "mask")
    people = asked(base, "select source, keypoints_json, view, posture, arms, extent, parts_json, shot from person")
    assert len(people) == 5
    for source, keypoints, view, posture, _arms, extent, parts, shot in people:
        assert source == "yolo"
        assert len(json.loads(keypoints)) == 17
        assert view in ("front", "three-quarter", "side")
        assert (posture, extent) == ("standing", "full")
        assert "feet" in json.loads(parts)
        assert shot in ("mid", "far")
    standing = sorted((base / "people" / "posture" / "standing").iterdir())
    assert [path.resolve().parents[1].name for path in standing] == ["02_person_crops"] * 5
    assert {path.name for path in (base / "people").iterdir()} == {"shot", "view", "posture", "arms", "extent"}
    assert len(asked(base, "select item_id from item join cutout on item_id = item.id")) == 5
    devices = asked(base, "select tool, machine_json ->> '$.devices[0]' from run join step on step.id = step_id")
    assert dict(devices) | {"detect": "cpu, full precision", "mask": "CPU"} == dict(devices)
    recipes = [json.loads(text) for (text,) in asked(base, "select json from recipe")]
    assert all("device" not in recipe["params"] and "batch" not in recipe["params"] for recipe in recipes)


def test_a_rerun_does_nothing_and_another_device_changes_nothing(base: Path, run_tool: Run) -> None:
    made(base, run_tool, "detect")
    changed(base, 'device = "cpu"\nmin_height_px', 'device = "auto"\nbatch = 1\nmin_height_px')
    assert run_tool(base, "detect").waiting == 0


def test_another_size_looks_again(base: Path, run_tool: Run) -> None:
    made(base, run_tool, "detect")
    changed(base, "imgsz = 448", "imgsz = 320")
    assert run_tool(base, "detect").waiting == 1


def test_weights_of_another_digest_are_refused_until_they_are_accepted(base: Path, run_tool: Run) -> None:
    made(base, run_tool, "detect")
    path = base / "models" / OVERFIT
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(UsageError) as raised:
        run_tool(base, "detect")
    assert str(raised.value).startswith(f"The weights {path} are not those that this workspace began with: ")
    assert len(asked(base, "select id from item where kind = 'person' and newest")) == 5
    with sqlite3.connect(base / "manifest.db", isolation_level=None) as db:
        weights.accept(db, "detect", [path])
    assert run_tool(base, "detect").waiting == 1


@pytest.mark.parametrize(
    ("answer", "reason"), [(0.0, "empty_mask"), (1.0, "full_mask")], ids=["an empty mask", "a full mask"]
)
def test_a_network_that_sees_nobody_or_all(base: Path, run_tool: Run, answer: float, reason: str) -> None:
    constant(base / "models" / PORTRAIT, np.full((1, 1, 320, 320), answer))
    made(base, run_tool, "mask")
    outcomes = asked(
        base, "select status, reason, defect from outcome join step on step.id = step_id where tool = 'mask'"
    )
    assert outcomes == [("rejected", reason, 1)] * 5


def test_a_network_that_gives_no_numbers_stops_nothing_else(base: Path, run_tool: Run) -> None:
    constant(base / "models" / PORTRAIT, np.full((1, 1, 320, 320), np.nan))
    made(base, run_tool, "mask")
    outcomes = asked(base, "select status, detail from outcome join step on step.id = step_id where tool = 'mask'")
    assert outcomes == [("failed", "ArithmeticError: The mask network gave values that are no numbers.")] * 5


@pytest.mark.parametrize("workers", [0, 1])
def test_an_engine_that_cannot_run_stops_the_run_and_fails_no_image(base: Path, run_tool: Run, workers: int) -> None:
    made(base, run_tool, "extract")
    changed(base, "imgsz = 448", "imgsz = 450")
    with pytest.raises(Stop) as raised:
        run_tool(base, "detect", workers=workers)
    assert str(raised.value) == f"[detect] imgsz is 450; {OVERFIT} needs a multiple of 32, such as 448"
    assert asked(base, "select count(*) from outcome join step on step.id = step_id where tool = 'detect'") == [(0,)]


def test_weights_that_change_while_a_run_is_under_way_stop_it(base: Path) -> None:
    from tools.detect import Params
    from tools.mill.tool import Bench, Dataset

    bench = Bench(base, Params("yolo", OVERFIT, 448, "cpu"), Dataset(), digest="of other weights")
    with pytest.raises(UsageError) as raised:
        engines.of("detect", bench)
    assert str(raised.value) == "The weights of yolo changed while detect was running. Start it again."


def test_auto_is_pinned_when_weights_come_later(base: Path, run_tool: Run) -> None:
    changed(base, 'engine = "yolo"', 'engine = "auto"')
    kept = base / "models" / OVERFIT
    kept.rename(base / OVERFIT)
    made(base, run_tool, "extract")
    notes = run_tool(base, "detect").notes
    assert notes == ("detect: engine auto is builtin here, and stays so in this workspace.",)
    (base / OVERFIT).rename(kept)
    assert run_tool(base, "detect").waiting == 0
    assert asked(base, "select value from meta where key = 'engine.detect'") == [("builtin",)]
