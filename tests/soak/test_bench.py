"""The bench of detect and mask from end to end, at its smallest: two programs that load torch, several times over."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from tools.bench import detect, mask, people, stages
from tools.bench.sizes import SMALL

shared = pytest.mark.skipif(not people.SHARED.exists(), reason="../shared is not there")
networks = pytest.mark.skipif(
    importlib.util.find_spec("ultralytics") is None or importlib.util.find_spec("rembg") is None,
    reason="ultralytics and rembg are not installed (LIGHT=1)",
)


@shared
@networks
def test_detect_is_measured(tmp_path: Path) -> None:
    lines = list(detect.measure(tmp_path, SMALL))
    assert all(line.value is not None for line in lines)
    assert [line.bound for line in lines if line.bound is not None] == [stages.TIMES_FLOOR, 1.0]
    assert all(line.value and line.value > 0 for line in lines if line.unit in ("s", "MB"))
    assert {line.name for line in lines if line.unit == "MB"} == {
        "peak memory of detect",
        "peak memory of yolo predict",
    }
    assert [path.name for path in (tmp_path / "detect").iterdir() if path.name.startswith("tmp")] == []


@shared
@networks
def test_mask_is_measured(tmp_path: Path) -> None:
    lines = list(mask.measure(tmp_path, SMALL))
    assert all(line.value is not None for line in lines)
    assert [line.bound for line in lines if line.bound is not None] == [stages.TIMES_FLOOR, mask.TIMES_REMBG]
    assert [line.name for line in lines if line.name.startswith("floor")][::2] == [
        "floor: onnxruntime",
        "floor: decoding the crops",
        "floor: encoding the cut-outs",
    ]
