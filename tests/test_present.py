"""Stamps and weights: what is replaced, added or removed is noticed from its tool on, and by nobody else."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from making import Mill
from stamping import Check, since, stamp

from tools import engines
from tools.engines import weights
from tools.mill.manifest import set_meta, transaction
from tools.mill.present import trace

YOLO = '[detect]\nengine = "yolo"\nweights = "net.pt"\n'
CUSTOM = '[mask]\nengine = "rembg"\nmodel = "u2net_custom"\nweights = "portrait.onnx"\n'
NAMED = '[mask]\nengine = "rembg"\nmodel = "isnet-general-use"\n'
AUTO = '[detect]\nweights = "net.pt"\n'


@pytest.fixture(autouse=True)
def _nobody_elses_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders of the machine that runs the tests must not decide what is found."""
    for module in (weights, engines):
        monkeypatch.setattr(module, "MODELS", tmp_path / "project")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("U2NET_HOME", str(tmp_path / "rembg"))


def put(path: Path, content: bytes = b"weights") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def replaced(path: Path) -> None:
    path.write_bytes(b"other weights")


def replaced_in_disguise(path: Path) -> None:
    """Another file of the same size, with the times of the old one, as `cp -p` and `mv` leave it."""
    at = path.stat()
    other = put(path.with_name("other"), b"Weights")
    os.utime(other, ns=(at.st_atime_ns, at.st_mtime_ns))
    other.replace(path)


def removed(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("change", [replaced, replaced_in_disguise, removed])
@pytest.mark.parametrize(
    ("text", "file", "tool"),
    [
        (YOLO, "project/net.pt", "detect"),
        (YOLO, "cache/framemill/models/net.pt", "detect"),
        (YOLO, "work/models/net.pt", "detect"),
        (CUSTOM, "project/portrait.onnx", "mask"),
        (NAMED, "rembg/isnet-general-use.onnx", "mask"),
    ],
)
def test_weights_that_change_are_noticed_from_their_tool_on(
    mill: Mill, check: Check, tmp_path: Path, change: Callable[[Path], None], text: str, file: str, tool: str
) -> None:
    path = put(mill.base / file.removeprefix("work/") if file.startswith("work/") else tmp_path / file)
    (mill.base / "config.toml").write_text(text, encoding="utf-8")
    stamp(mill.base, check)
    change(path)
    assert check() == since(tool)


def test_weights_that_come_are_noticed_and_those_nearer_by_too(mill: Mill, check: Check, tmp_path: Path) -> None:
    (mill.base / "config.toml").write_text(YOLO, encoding="utf-8")
    stamp(mill.base, check)
    put(tmp_path / "cache" / "framemill" / "models" / "net.pt")
    assert check() == since("detect")
    stamp(mill.base, check)
    put(tmp_path / "project" / "net.pt")
    assert check() == since("detect"), "the project's own come before the user's cache"
    stamp(mill.base, check)
    put(tmp_path / "project" / "another.pt")
    assert check() == []


def test_sam_has_two_files_and_both_count(mill: Mill, check: Check, tmp_path: Path) -> None:
    (mill.base / "config.toml").write_text('[mask]\nengine = "rembg"\nmodel = "sam"\n', encoding="utf-8")
    files = [put(tmp_path / "rembg" / f"sam_vit_b_01ec64.{part}.onnx") for part in ("encoder", "decoder")]
    for path in files:
        stamp(mill.base, check)
        replaced(path)
        assert check() == since("mask")


def test_where_auto_was_pinned_only_its_own_weights_count(mill: Mill, check: Check, tmp_path: Path) -> None:
    (mill.base / "config.toml").write_text(AUTO, encoding="utf-8")
    with transaction(mill.db):
        set_meta(mill.db, "engine.detect", "builtin")
    stamp(mill.base, check)
    path = put(tmp_path / "project" / "net.pt")
    assert check() == [], "builtin runs here, whatever lies there"
    with transaction(mill.db):
        set_meta(mill.db, "engine.detect", "yolo")
    stamp(mill.base, check)
    replaced(path)
    assert check() == since("detect")


def test_as_long_as_auto_is_open_all_count_that_it_may_become(mill: Mill, check: Check, tmp_path: Path) -> None:
    (mill.base / "config.toml").write_text(AUTO, encoding="utf-8")
    stamp(mill.base, check)
    put(tmp_path / "project" / "net.pt")
    assert check() == since("detect")


def test_copies_of_weights_elsewhere_and_their_reading_change_nothing(mill: Mill, check: Check, tmp_path: Path) -> None:
    (mill.base / "config.toml").write_text(YOLO + CUSTOM, encoding="utf-8")
    path = put(tmp_path / "project" / "net.pt")
    stamp(mill.base, check)
    shutil.copyfile(path, tmp_path / "elsewhere.pt")
    weights.sha256_of(path)
    assert check() == []


def test_a_trace_reads_no_file(tmp_path: Path, workspace: Path) -> None:
    path = put(tmp_path / "project" / "net.pt")
    with path.open("r+b") as file:
        file.truncate(2**40)  # a hole, that nobody could read through
    section = {"engine": "yolo", "weights": "net.pt"}
    at = path.stat()
    assert trace("detect", section, None, workspace) == {
        "yolo": [[str(path), 2**40, at.st_mtime_ns, at.st_ctime_ns, at.st_ino]]
    }
    assert trace("detect", section | {"engine": "builtin"}, None, workspace) == {}
    assert trace("detect", section | {"weights": "no.weights"}, None, workspace) == {}
    assert trace("extract", {"fps": 2.0}, None, workspace) == {}
