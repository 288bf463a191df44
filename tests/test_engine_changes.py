"""Another engine: it makes anew what depends on it and nothing else, and taken back all is as it was. Real pictures."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from asking import answer
from workspaces import ask, natural, portraits

from tools.mill.plan import PLAN

if importlib.util.find_spec("rembg") is None:
    pytest.skip("rembg is not installed (LIGHT=1)", allow_module_level=True)

NETWORK = Path(__file__).resolve().parents[2] / "shared" / "models" / "portrait-u2net-320.onnx"
pytestmark = [
    pytest.mark.filterwarnings("default"),
    pytest.mark.skipif(not NETWORK.exists(), reason="../shared is not there"),
]

LIMITS = "[intake]\nmin_side = 240\n[score]\nmin_crop_mp = 0.05\n"
BUILTIN = LIMITS + '[detect]\nengine = "builtin"\n[mask]\nengine = "builtin"\n'
REMBG = LIMITS + (
    '[detect]\nengine = "builtin"\n'
    '[mask]\nengine = "rembg"\nmodel = "u2net_custom"\nweights = "portrait-u2net-320.onnx"\ndevice = "cpu"\n'
)
TOOLS = [step.tool for step in PLAN]
BEFORE, SINCE = TOOLS[: TOOLS.index("mask")], TOOLS[TOOLS.index("mask") :]
Run = Callable[..., Any]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two portraits, taken to their package by the builtin engines."""
    base = portraits(tmp_path_factory.mktemp("engines") / "work", 2, BUILTIN)
    (base / "models").mkdir()
    shutil.copyfile(NETWORK, base / "models" / NETWORK.name)
    return base


def all_tools(base: Path, run_tool: Run) -> dict[str, int]:
    """Run the whole chain; by tool, how many items waited for it."""
    return {
        step.tool: run_tool(base, step.tool, dataset="default" if step.per_dataset else "").waiting for step in PLAN
    }


def configure(base: Path, text: str) -> None:
    (base / "config.toml").write_text(text, encoding="utf-8")


def outcomes(base: Path, tools: list[str], first: int = 0) -> list[tuple[object, ...]]:
    """The outcomes of some tools, from an id on: with the runs that gave them, and whether they are in force."""
    rows = ask(
        base,
        """select tool, outcome.id, run_id, item_id, outcome.status, passed, live, latest from outcome
        join step on step.id = outcome.step_id where outcome.id >= ? order by outcome.id""",
        first,
    )
    return [row for row in rows if row[0] in tools]


def written(base: Path, *folders: str) -> dict[str, int]:
    """When each file of some folders was written, in ns."""
    found = [path for folder in folders for path in (base / folder).rglob("*") if path.is_file()]
    return {str(path.relative_to(base)): path.stat().st_mtime_ns for path in found}


def test_another_masker_redoes_masks_and_what_follows_and_taken_back_all_is_as_it_was(
    finished: Path, run_tool: Run
) -> None:
    base = finished
    assert all_tools(base, run_tool)["mask"] == 2
    before, judged = natural(base), outcomes(base, BEFORE)
    shared = written(base, "01_extracted_frames", "02_person_crops")
    below = written(base, "05_augmented")
    assert len(before["final"]) == 2

    configure(base, REMBG)
    waited = all_tools(base, run_tool)
    assert {tool: waited[tool] for tool in BEFORE} == dict.fromkeys(BEFORE, 0)
    assert waited["mask"] == 2
    # Whatever the network's masks are worth: who passed goes through all that follows.
    (passed,) = ask(base, "select ok from funnel where tool = 'mask' and kind = 'cutout'")[0]
    assert waited["score"] == waited["select"] == passed > 0
    assert outcomes(base, BEFORE) == judged
    assert written(base, "01_extracted_frames", "02_person_crops") == shared
    others, masks = natural(base), written(base, "03_masked_subjects")
    assert not {row[3] for row in others["items"] if row[0] == "cutout"} & {
        row[3] for row in before["items"] if row[0] == "cutout"
    }
    last = int(str(ask(base, "select max(id) from outcome")[0][0]))

    # Neither the name of its file nor a number that nobody reads decides a mask.
    (base / "models" / NETWORK.name).rename(base / "models" / "renamed.onnx")
    configure(base, REMBG.replace(NETWORK.name, "renamed.onnx") + "matting_erode_px = 3\nworking_side_px = 100\n")
    assert set(all_tools(base, run_tool).values()) == {0}

    configure(base, BUILTIN)
    waited = all_tools(base, run_tool)
    # Only the masks, and those are known: no file is written, and all that was made from them is in force again.
    assert written(base, "03_masked_subjects") == masks
    assert {tool: n for tool, n in waited.items() if n} == {"mask": 2}
    assert natural(base) == before
    assert outcomes(base, BEFORE) == judged
    redone = {row[0] for row in outcomes(base, TOOLS, last + 1)}
    assert redone == {"mask", "select", "package"}, "sets are judged as a whole, and open no image"
    assert {path: at for path, at in written(base, "05_augmented").items() if path in below} == below

    assert set(all_tools(base, run_tool).values()) == {0}
    _told_by_the_query(base)


def _told_by_the_query(base: Path) -> None:
    """`query runs`: the three turns of mask, newest first, and detect's only one."""
    runs = answer(base, "runs", "-p", "tool=mask")
    network = json.loads(str(ask(base, "select json from recipe where json like '%u2net_custom%'")[0][0]))["engine"][1]
    opencv = f"opencv-python {version('opencv-python')}"
    onnx = f"rembg {version('rembg')}, onnxruntime {version('onnxruntime')}"
    assert [(row["engine"], row["model"], row["device"], row["libraries"]) for row in runs] == [
        ("builtin", "grabcut-4", None, opencv),
        ("rembg", f"{network[:12]} {NETWORK.name}", "CPU", onnx),
        ("builtin", "grabcut-4", "cpu", opencv),
    ]
    assert [(row["n_recalled"], row["n_ok"] + row["n_rejected"]) for row in runs] == [(2, 4), (None, 4), (None, 4)]
    assert {(row["tool"], row["dataset"], row["status"], row["n_failed"]) for row in runs} == {("mask", "", "done", 0)}
    assert all(row["started_at"].endswith("Z") and row["seconds"] >= 0 and row["n_ok"] > 0 for row in runs)
    assert "u2net_custom" in str(runs[1]["parameters"])
    assert len(answer(base, "runs", "-p", "tool=detect")) == 1
