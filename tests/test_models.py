"""make models: what the configuration names is fetched or told, and its digest is written down."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from networks import whole

from tools.engines import catalogue
from tools.mill import manifest, settings
from tools.models import Model, Wanted, licence, table, told, wanted

ROOT = Path(__file__).resolve().parents[1]
HEAVY = importlib.util.find_spec("ultralytics") is not None and importlib.util.find_spec("rembg") is not None
heavy = pytest.mark.skipif(not HEAVY, reason="ultralytics and rembg are not installed (LIGHT=1)")


def models(base: Path, home: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """The command itself, on a machine without a network, whose user has nothing yet."""
    dead = dict.fromkeys(("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"), "http://127.0.0.1:9")
    environment = {**os.environ, **dead, "PYTHONPATH": str(ROOT), "HOME": str(home), "NO_PROXY": "", "no_proxy": ""}
    command = [sys.executable, "-m", "tools.models", "--base", str(base), *options]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)


def configured(base: Path, text: str) -> None:
    (base / "config.toml").write_text(text, encoding="utf-8")


def test_the_models_are_those_that_auto_would_take(workspace: Path) -> None:
    assert [(each.kind, each.engine) for each in wanted(settings.load(workspace))] == [
        ("detect", "yolo"),
        ("mask", "rembg"),
    ]


def test_builtin_engines_need_no_models(workspace: Path) -> None:
    configured(workspace, '[detect]\nengine = "builtin"\n[mask]\nengine = "rembg"\nmodel = "silueta"\n')
    (only,) = wanted(settings.load(workspace))
    assert (only.kind, only.engine, only.params.model) == ("mask", "rembg", "silueta")


def test_terms_say_what_stands_in_the_way_of_earning_money() -> None:
    assert licence(catalogue.MASK_MODELS["birefnet-portrait"]) == "MIT"
    assert licence(catalogue.MASK_MODELS["bria-rmbg"]) == (
        "CC BY-NC 4.0; for money only by agreement with Bria AI; read it before you earn money with it"
    )
    assert licence(catalogue.PACKAGES["ultralytics"]) == (
        "AGPL-3.0; else by their enterprise licence; read it before you earn money with it"
    )


def test_a_model_is_told_with_its_digest_and_terms(tmp_path: Path, workspace: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(b"x" * 2_340_000)
    each = next(iter(wanted(settings.load(workspace))))
    model = Model(each, (path,), None, catalogue.MASK_MODELS["silueta"])
    digest = hashlib.sha256(b"x" * 2_340_000).hexdigest()
    assert list(told(model)) == [f"detect  yolo   {path}, 2.3 MB, SHA-256 {digest} (Apache-2.0)"]
    assert list(told(replace(model, files=(), lack="It is nowhere."))) == ["detect  yolo   missing: It is nowhere."]


@heavy
def test_without_a_network_a_named_model_is_told_and_the_exit_says_so(workspace: Path, tmp_path: Path) -> None:
    configured(workspace, '[detect]\nengine = "yolo"\n[mask]\nengine = "builtin"\n')
    done = models(workspace, tmp_path)
    assert done.returncode == 1
    assert done.stdout.startswith(
        "detect  yolo   missing: The weights yolo26m-pose.pt ([detect] weights) are not there; "
    )
    assert done.stdout.endswith(
        "(yolo26m-pose.pt could not be fetched: https://github.com is not reached (ProxyError).)\n"
    )
    configured(workspace, '[detect]\nengine = "auto"\n[mask]\nengine = "builtin"\n')
    assert models(workspace, tmp_path).returncode == 0, "auto makes do with builtin"


@heavy
def test_digests_are_written_down_and_changes_accepted_when_asked(workspace: Path, tmp_path: Path) -> None:
    configured(workspace, '[detect]\nengine = "yolo"\nweights = "net.pt"\n[mask]\nengine = "builtin"\n')
    manifest.connect(workspace, create=True).close()
    (workspace / "models").mkdir()
    path = workspace / "models" / "net.pt"
    before, after = whole(".pt", b"one"), whole(".pt", b"another")
    path.write_bytes(before)
    one, other = (hashlib.sha256(content).hexdigest() for content in (before, after))
    first = models(workspace, tmp_path)
    assert (first.returncode, one in first.stdout) == (0, True)
    assert first.stderr == f"detect: the weights {path} are used for the first time here (SHA-256 {one[:16]}…).\n"
    path.write_bytes(after)
    refused = models(workspace, tmp_path)
    assert refused.returncode == 2
    assert "accept the new one with `make models ACCEPT=1`" in refused.stderr
    accepted = models(workspace, tmp_path, "--accept")
    assert accepted.returncode == 0
    assert accepted.stderr == f"detect: {path} is accepted with SHA-256 {other[:16]}… instead of {one[:16]}….\n"
    with sqlite3.connect(workspace / "manifest.db") as db:
        assert db.execute("select value from meta where key = 'weights.detect.net.pt'").fetchall() == [(other,)]
    path.write_bytes(after[:20])
    for options in ((), ("--accept",)):
        cut = models(workspace, tmp_path, *options)
        assert (cut.returncode, cut.stderr) == (1, "")
        assert cut.stdout == (
            f"detect  yolo   damaged: The weights {path} are damaged, or none: it ends too early. Remove the file, "
            "then copy it here again, or let `make models` fetch it.\n"
        )
    with sqlite3.connect(workspace / "manifest.db") as db:
        assert db.execute("select value from meta where key = 'weights.detect.net.pt'").fetchall() == [(other,)]


def test_a_workspace_pinned_to_builtin_needs_no_models(workspace: Path, tmp_path: Path) -> None:
    with closing(manifest.connect(workspace, create=True)) as db:
        for kind in ("detect", "mask"):
            manifest.set_meta(db, f"engine.{kind}", "builtin")
    assert list(wanted(settings.load(workspace), {"detect": "builtin", "mask": "builtin"})) == []
    # By another way to the same folder: what is told has no detour in it.
    done = models(workspace / "models" / "..", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        f"{kind:7} builtin none needed: engine auto is builtin in this workspace, and stays so. For a model, "
        f'write engine = "{best}" below [{kind}] in {workspace / "config.toml"}; all is then made anew.'
        for kind, best in (("detect", "yolo"), ("mask", "rembg"))
    ]


def test_the_page_of_licences_has_them_all() -> None:
    page = (ROOT / "docs" / "engines" / "licences.md").read_text(encoding="utf-8")
    assert table() in page
    named = {**catalogue.PACKAGES, **catalogue.MASK_MODELS}
    without = {name for name, terms in named.items() if not terms.source.startswith("https://")}
    assert without == set(catalogue.CUSTOM), "each says where its terms were read, but for networks of one's own"
    assert page.count("| read the terms |") == 3


def test_every_wanted_model_has_terms(workspace: Path) -> None:
    from tools.models import terms_of

    each = next(one for one in wanted(settings.load(workspace)) if one.kind == "mask")
    for name, terms in catalogue.MASK_MODELS.items():
        assert terms_of(Wanted("mask", "rembg", replace(each.params, model=name))) == terms
