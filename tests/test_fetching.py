"""Fetching: ultralytics' and rembg's own downloads from a played GitHub, what comes of them and what goes wrong."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from networks import whole
from releases import ASSETS, HOST, Releases, released

from tools.engines import fetching, weights
from tools.mill.manifest import connect
from tools.mill.settings import UsageError

pytest.importorskip("cryptography", reason="cryptography is not installed (LIGHT=1)")
if importlib.util.find_spec("ultralytics") is None or importlib.util.find_spec("rembg") is None:
    pytest.skip("ultralytics and rembg are not installed (LIGHT=1)", allow_module_level=True)

ROOT = Path(__file__).resolve().parents[1]
POSE, MASK = "yolo26n-pose.pt", "u2netp"
BOTH = f'[detect]\nengine = "yolo"\nweights = "{POSE}"\n[mask]\nengine = "rembg"\nmodel = "{MASK}"\n'
SECONDS = 30.0
"""What one failure may take on a busy machine: importing torch is most of it."""


@pytest.fixture
def releases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Releases]:
    """GitHub with both models, for this process and its children; rembg keeps its own below tmp_path."""
    with released(tmp_path) as played:
        played.files = {
            POSE: whole(".pt", bytes(range(256)) * 800),
            f"{MASK}.onnx": whole(".onnx", bytes(range(256)) * 1000),
        }
        for name, value in {**played.environment, "U2NET_HOME": str(tmp_path / "rembg")}.items():
            monkeypatch.setenv(name, value)
        yield played


def models(base: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """The command itself, with a cache of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(base / "cache")}
    command = [sys.executable, "-c", _PRIVATE, "--base", str(base), *options]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=90, check=False)


_PRIVATE = """
from pathlib import Path
import os, sys
from tools import engines, models
from tools.engines import weights
engines.MODELS = weights.MODELS = Path(os.environ["XDG_CACHE_HOME"]) / "project"
weights.MODELS.mkdir(parents=True, exist_ok=True)
from tools.mill.command import guard
guard(lambda: models.main(standalone_mode=False))
"""
"""`python -m tools.models` with another folder models/: the tests must not write into the project's."""


def test_make_models_fetches_what_is_named_and_writes_its_digests_down(
    workspace: Path, releases: Releases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # rembg knows the MD5 of its real files; this is its own word for files that are others.
    monkeypatch.setenv("MODEL_CHECKSUM_DISABLED", "1")
    (workspace / "config.toml").write_text(BOTH, encoding="utf-8")
    connect(workspace, create=True).close()
    pose, mask = workspace / "cache" / "project" / POSE, tmp_path / "rembg" / "models" / MASK / f"{MASK}.onnx"
    digests = [hashlib.sha256(releases.files[name]).hexdigest() for name in (POSE, f"{MASK}.onnx")]

    done = models(workspace)
    assert done.returncode == 0, done.stderr
    assert (pose.read_bytes(), mask.read_bytes()) == tuple(releases.files.values())
    assert sorted(path.name for path in pose.parent.iterdir()) == [POSE]
    first, second = done.stdout.splitlines()
    assert first.startswith(f"detect  yolo   {pose}, 0.2 MB, SHA-256 {digests[0]} (AGPL-3.0")
    assert second == f"mask    rembg  {mask}, 0.3 MB, SHA-256 {digests[1]} (Apache-2.0)"
    assert done.stderr.splitlines() == [
        f"detect: the weights {pose} are used for the first time here (SHA-256 {digests[0][:16]}…).",
        f"mask: the weights {mask} are used for the first time here (SHA-256 {digests[1][:16]}…).",
    ]
    assert [url for url in releases.asked if HOST in url and url.endswith((POSE, ".onnx"))] == [
        f"https://github.com/ultralytics/assets/releases/download/v8.4.0/{POSE}",
        f"https://github.com/danielgatis/rembg/releases/download/v0.0.0/{MASK}.onnx",
    ]
    with closing(connect(workspace)) as db:
        known = dict(db.execute("select key, value from meta where key like 'weights.%'").fetchall())
    assert known == {f"weights.detect.{POSE}": digests[0], f"weights.mask.{MASK}.onnx": digests[1]}

    asked = len(releases.asked)
    assert models(workspace).returncode == 0
    assert len(releases.asked) == asked, "what is there is not fetched again"

    # The same name, another file: it was lost, and is another one when it comes again.
    pose.unlink()
    releases.files[POSE] = whole(".pt", bytes(range(256)) * 1200)
    other = hashlib.sha256(releases.files[POSE]).hexdigest()
    refused = models(workspace)
    assert refused.returncode == 2
    assert refused.stderr == (
        f"Error: The weights {pose} are not those that this workspace began with: their SHA-256 was "
        f"{digests[0][:16]}…, now it is {other[:16]}…. Put the old file back, or accept the new one with `make models "
        "ACCEPT=1`: what they made is made again.\n"
    )
    accepted = models(workspace, "--accept")
    assert accepted.returncode == 0
    assert accepted.stderr == (
        f"detect: {pose} is accepted with SHA-256 {other[:16]}… instead of {digests[0][:16]}….\n"
    )


@pytest.mark.parametrize(
    ("library", "act", "reason"),
    [
        ("ultralytics", "404", "github.com answered 404 Not Found"),
        ("ultralytics", "cut", "the download broke off"),
        ("ultralytics", "stall", "nothing more came for 1 s"),
        ("ultralytics", "page", "what came is no file of PyTorch's, a page to sign in perhaps"),
        ("rembg", "404", "github.com answered 404 Not Found"),
        ("rembg", "cut", "the download broke off"),
        ("rembg", "stall", "nothing more came for 1 s"),
    ],
)
def test_a_download_that_fails_is_one_sentence_within_seconds_and_leaves_nothing(
    library: str, act: str, reason: str, releases: Releases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "STALL_S", 1.0)
    releases.act = act
    name = POSE if library == "ultralytics" else MASK
    start = time.monotonic()
    with pytest.raises(UsageError) as raised:
        fetching.fetch(library, name, tmp_path / "models")
    assert time.monotonic() - start < SECONDS
    assert str(raised.value) == f"{name} could not be fetched: {reason}"
    kept = [path for folder in ("models", "rembg") for path in (tmp_path / folder).rglob("*") if path.is_file()]
    assert kept == []


@pytest.mark.parametrize("act", ["good", "page"])
def test_a_file_that_is_not_what_rembg_knows_is_refused(releases: Releases, tmp_path: Path, act: str) -> None:
    releases.act = act
    with pytest.raises(UsageError) as raised:
        fetching.fetch("rembg", MASK, tmp_path)
    assert str(raised.value).startswith(
        f"{MASK} could not be fetched: MD5 hash of downloaded file ({MASK}.onnx) does not match the known hash: "
    )
    assert str(raised.value).count(". ") == 0
    assert releases.asked[-1] == f"https://{ASSETS}/{MASK}.onnx"
    assert weights.find(f"{MASK}.onnx", None, (tmp_path / "rembg" / "models" / MASK,)) is None


def test_a_library_that_breaks_down_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho reached\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    with pytest.raises(UsageError) as raised:
        fetching.fetch("rembg", "u2net", tmp_path)
    assert str(raised.value) == "u2net could not be fetched: rembg broke down over it"
