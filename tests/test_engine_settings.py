"""A setting that an engine cannot take is an error at once: before a worker is started or a network is loaded."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from workspaces import ROOT, environment

from tools import engines
from tools.detect import Params as Detect
from tools.engines import checks, runtimes
from tools.mask import Params as Mask
from tools.mill import gpus
from tools.mill.settings import UsageError

HEAVY = importlib.util.find_spec("ultralytics") is not None and importlib.util.find_spec("rembg") is not None
heavy = pytest.mark.skipif(not HEAVY, reason="ultralytics and rembg are not installed (LIGHT=1)")


@pytest.mark.parametrize(
    ("params", "said"),
    [
        (Detect(imgsz=450), "[detect] imgsz is 450; it must be a multiple of 32, such as 448."),
        (Detect(imgsz=33), "[detect] imgsz is 33; it must be a multiple of 32, such as 32."),
        (Detect(device="gpu"), "[detect] device is 'gpu', which is none. There are: auto, cpu, mps, cuda, cuda:0."),
        (Detect(device="tensorrt"), "[detect] device is 'tensorrt', which is none. There are: auto, cpu, mps, "),
        (Detect(device="cuda:"), "[detect] device is 'cuda:', which is none. "),
        (Detect(weights="net.zip"), "[detect] weights is 'net.zip'; the engine yolo reads .pt, .onnx, .engine, "),
        (Mask(device="mps"), "[mask] device is 'mps', which is none. There are: auto, cpu, cuda, cuda:0, tensorrt."),
        (Mask(model="u2"), "[mask] model is 'u2', which is none. There are: u2net, "),
        (
            Mask(alpha_matting=True, matting_background=240),
            "[mask] matting_background is 240; it must be less than matting_foreground, which is 240, so that "
            "something is left to solve for between them.",
        ),
    ],
)
def test_a_setting_that_is_none_is_a_sentence(params: Any, said: str) -> None:
    check = checks.yolo if isinstance(params, Detect) else checks.rembg
    with pytest.raises(UsageError) as raised:
        check(params)
    assert str(raised.value).startswith(said)


@pytest.mark.parametrize("imgsz", [32, 448, 640, 4096])
def test_multiples_of_the_stride_are_taken(imgsz: int) -> None:
    checks.yolo(Detect(imgsz=imgsz))


def test_bounds_of_matting_that_touch_nobody_are_let_be() -> None:
    checks.rembg(Mask(matting_background=240))
    checks.rembg(Mask(alpha_matting=True, matting_background=239))


@pytest.mark.parametrize("library", ["torch", "onnxruntime"])
def test_a_gpu_that_is_not_there_is_told_before_anything_is_loaded(
    library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    beyond = f"cuda:{len(gpus.found())}"
    key = "detect" if library == "torch" else "mask"

    def refusal() -> str:
        with pytest.raises(UsageError) as raised:
            checks.yolo(Detect(device=beyond)) if key == "detect" else checks.rembg(Mask(device=beyond))
        return str(raised.value)

    monkeypatch.setattr(runtimes, "_CUDA_PARTS", {library: "__init__.py"})
    if importlib.util.find_spec(library) is not None:
        assert refusal() == (
            f"[{key}] device is '{beyond}', but no such NVIDIA GPU is seen here. Set it to auto or cpu, or mend the "
            "driver: `nvidia-smi` and `make doctor` say more."
        )
    monkeypatch.setattr(runtimes, "_CUDA_PARTS", {library: "nowhere.so"})
    assert refusal() == (
        f"[{key}] device is '{beyond}', but the {library} that is installed here was built without CUDA. Remove .venv "
        "and `make all GPU=1`, or set it to auto or cpu."
    )


def test_auto_passes_no_engine_over_because_of_a_slip_of_the_pen(workspace: Path) -> None:
    assert engines.resolve("mask", "builtin", Mask(model="birefnet-potrait"), workspace) == "builtin"
    with pytest.raises(UsageError, match=r"^\[mask\] model is 'birefnet-potrait', which is none\. "):
        engines.resolve("mask", "auto", Mask(model="birefnet-potrait"), workspace)


@heavy
def test_the_command_says_error_and_imports_no_network(workspace: Path) -> None:
    (workspace / "config.toml").write_text('[detect]\nengine = "yolo"\nimgsz = 450\n', encoding="utf-8")

    def run(tool: str) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-X", "importtime", "-m", f"tools.{tool}", "--base", str(workspace)]
        return subprocess.run(words, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)

    assert run("intake").returncode == 0
    done = run("detect")
    assert done.returncode == 2
    said = [line for line in done.stderr.splitlines() if not line.startswith("import time:")]
    assert said == ["Error: [detect] imgsz is 450; it must be a multiple of 32, such as 448."]
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "tools.mill.loop" in imported
    assert imported.isdisjoint({"torch", "ultralytics", "numpy", "onnxruntime"})
