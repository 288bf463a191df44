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
from networks import POSE_FACTS, constant, person
from PIL import Image

from tools import detect, engines
from tools.engines import weights
from tools.framing import pose
from tools.framing.view import view_of
from tools.media.geometry import Box, Keypoint
from tools.mill.line import asked_alone
from tools.mill.plan import PLAN
from tools.mill.settings import UsageError
from tools.mill.tool import Bench, Dataset

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


def box_of(facts: dict[str, Any]) -> Box:
    return Box(*(facts[f"box_{side}_px"] for side in ("x0", "y0", "x1", "y1")))


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


def worked(base: Path, landmarks: bool) -> list[dict[str, Any]]:
    """What detect says of the skiers between black bars 80 and 100 px high, with one of 40 px at the left."""
    photo = np.asarray(Image.open(SHARED / "coco" / "000000197388.jpg").convert("RGB"))
    Image.fromarray(np.pad(photo, ((80, 100), (40, 0), (0, 0)))).save(base / "frame.png")
    row = {"path": "frame.png", "address": "source/t0", "picture_x0_px": 40, "picture_y0_px": 80}
    row |= {"picture_x1_px": 40 + photo.shape[1], "picture_y1_px": 80 + photo.shape[0]}
    params = detect.Params("yolo", OVERFIT, 448, "cpu", landmarks=landmarks)
    return [dict(made.facts) for made in asked_alone(detect.TOOL, row, Bench(base, params, Dataset())).made]


def test_between_black_bars_people_stand_where_they_were_drawn(base: Path) -> None:
    people = worked(base, landmarks=True)
    drawn = json.loads((SHARED / "coco" / "annotations.json").read_text(encoding="utf-8"))["annotations"]
    drawn = [each for each in drawn if each["image_id"] == 197388 and each["num_keypoints"]]
    assert len(people) == len(drawn) == 5
    for each in drawn:
        x, y, width, height = each["bbox"]
        box = Box(x, y, x + width, y + height).moved(40, 80)
        found = max(people, key=lambda one: box_of(one).iou(box))
        assert box_of(found).iou(box) > 0.8
        where = np.asarray(each["keypoints"], float).reshape(17, 3)
        points = np.asarray(json.loads(found["keypoints_json"]))[:, :2] + (found["crop_x_px"], found["crop_y_px"])
        apart = np.hypot(*(points - where[:, :2] - (40, 80)).T)[where[:, 2] > 0]
        assert np.median(apart) < 0.1 * height
        # Cut by the picture's edge, of which the frame's begins 100 px further down.
        assert found["cut_bottom"] == (y + height > 380)


def test_the_landmarks_of_a_face_tell_the_view_and_else_the_keypoints(base: Path) -> None:
    with_landmarks, without = worked(base, landmarks=True), worked(base, landmarks=False)
    for one, other in zip(with_landmarks, without, strict=True):
        assert (other["landmarks_json"], other["turn"]) == (None, None)
        assert other["view"] == pose.view([Keypoint(*each) for each in json.loads(other["keypoints_json"])])
        assert one["view"] == (other["view"] if one["turn"] is None else view_of(one["turn"]))
        same = one.keys() - {"landmarks_json", "turn", "view"}
        assert {key: one[key] for key in same} == {key: other[key] for key in same}
    turned = [one for one in with_landmarks if one["turn"] is not None]
    assert [len(json.loads(one["landmarks_json"])) for one in turned] == [68] * len(turned)
    views = [(one["view"], other["view"]) for one, other in zip(with_landmarks, without, strict=True)]
    assert any(one != other for one, other in views), "one of the skiers is seen otherwise by either"


def test_the_landmarks_count_to_the_detector_while_they_are_found(base: Path, run_tool: Run) -> None:
    made(base, run_tool, "detect")
    plain, more = (
        engines.identify("detect", "yolo", detect.Params("yolo", OVERFIT, landmarks=wanted), base).digest
        for wanted in (False, True)
    )
    recipes = [json.loads(text) for (text,) in asked(base, "select json from recipe")]
    assert plain != more
    assert [recipe["engine"] for recipe in recipes if recipe["tool"] == "detect"] == [["yolo", more]]
    assert run_tool(base, "detect", options={"landmarks": False}).waiting == 1


def test_whoever_has_a_head_box_by_keypoints_has_an_embedding(base: Path, run_tool: Run) -> None:
    changed(base, "min_height_px = 60", "min_height_px = 60\nmin_relative_sharpness = 0")
    made(base, run_tool, "embed")
    rows = asked(
        base,
        """select face_x0_px is not null, embedding is not null from person
        join outcome on outcome.item_id = person.item_id join embed on embed.outcome_id = outcome.id""",
    )
    assert len(rows) == 5
    assert all(face == embedded for face, embedded in rows)
    assert 1 <= sum(face for face, _ in rows) < 5, "some of the skiers look away"


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
    path = constant(base / "models" / "one.onnx", person((160.0, 160.0, 40.0, 60.0), 0.75), facts=POSE_FACTS)
    changed(base, OVERFIT, path.name)
    with pytest.raises(UsageError) as raised:
        run_tool(base, "detect", workers=workers)
    assert str(raised.value) == (
        f"The weights {path} were exported for pictures of 320 px and take no others. Set [detect] imgsz = 320."
    )
    assert asked(base, "select count(*) from outcome join step on step.id = step_id where tool = 'detect'") == [(0,)]
    assert asked(base, "select status from run order by id desc limit 1") == [("broken",)]


def test_a_setting_that_no_network_takes_is_an_error_before_a_run_begins(base: Path, run_tool: Run) -> None:
    made(base, run_tool, "extract")
    changed(base, "imgsz = 448", "imgsz = 450")
    with pytest.raises(UsageError, match=r"^\[detect\] imgsz is 450; it must be a multiple of 32, such as 448\.$"):
        run_tool(base, "detect")
    assert asked(base, "select count(*) from run join step on step.id = step_id where tool = 'detect'") == [(0,)]


def test_weights_that_change_while_a_run_is_under_way_stop_it(base: Path) -> None:
    bench = Bench(base, detect.Params("yolo", OVERFIT, 448, "cpu"), Dataset(), digest="of other weights")
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
