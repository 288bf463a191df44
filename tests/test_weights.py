"""Weights: found where they may lie, known by their SHA-256, refused when they change, fetched in seconds or not."""

from __future__ import annotations

import hashlib
import importlib.util
import pickle
import sqlite3
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from networks import block, number, varint, whole

from tools import engines
from tools.detect import Params as Detect
from tools.engines import catalogue, fetching, weights
from tools.engines import whole as form
from tools.engines.weights import Missing
from tools.mask import Params as Mask
from tools.mill import recipe
from tools.mill.settings import UsageError

HEAVY = importlib.util.find_spec("ultralytics") is not None and importlib.util.find_spec("rembg") is not None
heavy = pytest.mark.skipif(not HEAVY, reason="ultralytics and rembg are not installed (LIGHT=1)")


@pytest.fixture(autouse=True)
def _nobody_elses_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders of the machine that runs the tests must not decide what is found."""
    project = tmp_path / "project"
    project.mkdir()
    for module in (weights, engines):
        monkeypatch.setattr(module, "MODELS", project)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("U2NET_HOME", str(tmp_path / "rembg"))


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that answers to nobody: whatever is asked for goes to a port where nobody listens."""
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)


def put(path: Path, content: bytes = b"weights") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


# Where they lie


def test_weights_are_looked_for_in_the_project_the_workspace_and_the_users_cache(
    tmp_path: Path, workspace: Path
) -> None:
    assert weights.find("net.pt", workspace) is None
    cache = put(tmp_path / "cache" / "framemill" / "models" / "net.pt")
    assert weights.find("net.pt", workspace) == cache
    own = put(workspace / "models" / "net.pt")
    assert weights.find("net.pt", workspace) == own
    project = put(tmp_path / "project" / "net.pt")
    assert weights.find("net.pt", workspace) == project


def test_a_path_is_taken_as_it_stands(tmp_path: Path, workspace: Path) -> None:
    put(tmp_path / "project" / "net.pt")
    there = put(tmp_path / "elsewhere" / "net.pt")
    assert weights.find(str(there), workspace) == there
    assert weights.find("nets/net.pt", workspace) is None
    assert weights.find("nets/net.pt", workspace) == weights.find("nets/net.pt", None)
    inside = put(workspace / "nets" / "net.pt")
    assert weights.find("nets/net.pt", workspace) == inside


def test_missing_weights_are_a_sentence_that_says_where_they_were_looked_for(tmp_path: Path, workspace: Path) -> None:
    with pytest.raises(Missing) as raised:
        weights.required("net.onnx", workspace, "[detect] weights")
    assert str(raised.value) == (
        f"The weights net.onnx ([detect] weights) are not there; looked in {tmp_path / 'project'}, "
        f"{workspace / 'models'}, {tmp_path / 'cache' / 'framemill' / 'models'}. Put the file into "
        f"{tmp_path / 'project'}, or choose another engine."
    )


def test_rembgs_own_folders_are_looked_in_too(tmp_path: Path, workspace: Path) -> None:
    new = put(tmp_path / "rembg" / "models" / "silueta" / "silueta.onnx")
    assert catalogue.rembg_files(Mask(model="silueta"), workspace) == (new,)
    old = put(tmp_path / "rembg" / "u2net.onnx")
    assert catalogue.rembg_files(Mask(model="u2net"), workspace) == (old,)


def test_a_model_of_several_files_needs_them_all(workspace: Path) -> None:
    encoder = put(workspace / "models" / "sam_vit_b_01ec64.encoder.onnx")
    with pytest.raises(Missing):
        catalogue.rembg_files(Mask(model="sam"), workspace)
    decoder = put(workspace / "models" / "sam_vit_b_01ec64.decoder.onnx")
    assert catalogue.rembg_files(Mask(model="sam"), workspace) == (encoder, decoder)


# Settings that name no model


@pytest.mark.parametrize(
    ("params", "said"),
    [
        (
            Mask(model="rmbg"),
            f"[mask] model is 'rmbg', which is none. There are: {', '.join(catalogue.MASK_MODELS)}.",
        ),
        (
            Mask(model="withoutbg"),
            "[mask] model is 'withoutbg', which sends every picture to a paid service. Framemill cuts out on this "
            f"machine alone: choose one of {', '.join(catalogue.MASK_MODELS)}.",
        ),
        (Mask(model="dis_custom"), "[mask] model is 'dis_custom': say in [mask] weights which ONNX file it is."),
    ],
)
def test_a_mask_model_that_cannot_be_is_a_sentence(params: Mask, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        catalogue.rembg_files(params, None)
    assert str(raised.value) == said


@pytest.mark.parametrize("name", ["yolo11n-pose", "yolo11n-pose.torchscript", "https://example.org/net"])
def test_weights_of_a_kind_that_is_not_read_are_a_sentence(name: str) -> None:
    with pytest.raises(UsageError) as raised:
        catalogue.yolo_files(Detect(weights=name), None)
    assert str(raised.value) == (
        f"[detect] weights is {name!r}; the engine yolo reads .pt, .onnx, .engine, by the file's name."
    )


@heavy
def test_the_catalogue_has_the_models_of_the_installed_rembg() -> None:
    from rembg.sessions import sessions

    local = {name for name, session in sessions.items() if session.is_local()}
    assert set(catalogue.MASK_MODELS) == local
    assert set(catalogue.REMOTE) == set(sessions) - local


# Which engine "auto" is


@heavy
def test_auto_takes_the_real_engine_where_its_weights_are(workspace: Path) -> None:
    assert engines.resolve("detect", "auto", Detect(), workspace) == "builtin"
    assert engines.resolve("mask", "auto", Mask(), workspace) == "builtin"
    put(workspace / "models" / "yolo26m-pose.pt")
    put(workspace / "models" / "u2net_human_seg.onnx")
    assert engines.resolve("detect", "auto", Detect(), workspace) == "yolo"
    assert engines.resolve("mask", "auto", Mask(), workspace) == "rembg"


def test_without_the_packages_auto_is_builtin_and_a_named_engine_a_sentence(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(workspace / "models" / "yolo26m-pose.pt")
    whole = importlib.util.find_spec

    def light(name: str, package: str | None = None) -> object:
        return None if name in ("torch", "ultralytics") else whole(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", light)
    assert engines.resolve("detect", "auto", Detect(), workspace) == "builtin"
    with pytest.raises(UsageError) as raised:
        engines.identify("detect", "yolo", Detect(), workspace)
    assert str(raised.value) == (
        "The engine yolo needs torch and ultralytics, not installed here: remove .venv and `make all` without LIGHT=1, "
        'or set [detect] engine = "builtin".'
    )


# What they are


@heavy
def test_an_engines_digest_is_that_of_its_weights(workspace: Path) -> None:
    path = put(workspace / "models" / "yolo26m-pose.pt", b"one")
    parts = ["yolo-1", hashlib.sha256(b"one").hexdigest()]
    expected = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    blind = Detect(landmarks=False)
    assert engines.identify("detect", "yolo", blind, workspace) == engines.EngineIdentity("yolo", expected)
    landmarks = hashlib.sha256(engines.weights_path(engines.LANDMARKS_68).read_bytes()).hexdigest()
    both = hashlib.sha256(f"{expected}\n{landmarks}".encode()).hexdigest()
    assert engines.identify("detect", "yolo", Detect(), workspace).digest == both
    put(path, b"another")
    assert engines.identify("detect", "yolo", blind, workspace).digest != expected


def test_settings_of_one_engine_are_no_part_of_anothers_recipe() -> None:
    mine, other = (
        Detect(engine="builtin"),
        Detect(engine="builtin", weights="other.pt", imgsz=1280, device="cpu", batch=1),
    )
    assert recipe.parameters(mine, "builtin") == recipe.parameters(other, "builtin")
    assert recipe.parameters(mine, "yolo") != recipe.parameters(replace(mine, imgsz=1280), "yolo")
    assert recipe.parameters(mine, "yolo") == recipe.parameters(replace(mine, device="cpu", batch=1), "yolo")
    assert "working_side_px" in recipe.parameters(Mask(), "builtin")
    assert "working_side_px" not in recipe.parameters(Mask(), "rembg")


def test_changed_weights_are_refused_until_they_are_accepted(db: sqlite3.Connection, tmp_path: Path) -> None:
    first, second = whole(".pt", b"one"), whole(".pt", b"another")
    path = put(tmp_path / "net.pt", first)
    one, other = (hashlib.sha256(content).hexdigest()[:16] for content in (first, second))
    assert weights.check(db, "detect", [path]) == (
        f"detect: the weights {path} are used for the first time here (SHA-256 {one}…).",
    )
    assert weights.check(db, "detect", [path]) == ()
    put(path, second)
    with pytest.raises(UsageError) as raised:
        weights.check(db, "detect", [path])
    assert str(raised.value) == (
        f"The weights {path} are not those that this workspace began with: their SHA-256 was {one}…, now it is "
        f"{other}…. Put the old file back, or accept the new one with `make models ACCEPT=1`: what they made is made "
        "again."
    )
    assert weights.accept(db, "detect", [path]) == (
        f"detect: {path} is accepted with SHA-256 {other}… instead of {one}….",
    )
    assert weights.accept(db, "detect", [path]) == ()
    assert weights.check(db, "detect", [path]) == ()
    put(path, first)
    with pytest.raises(UsageError):
        weights.check(db, "detect", [path])


DAMAGED = "Remove the file, then copy it here again, or let `make models` fetch it."


@pytest.mark.parametrize("suffix", [".pt", ".onnx"])
def test_half_a_file_is_neither_written_down_nor_accepted(db: sqlite3.Connection, tmp_path: Path, suffix: str) -> None:
    full = whole(suffix, b"x" * 1000)
    path = put(tmp_path / f"net{suffix}", full[:500])
    said = f"The weights {path} are damaged, or none: it ends too early. {DAMAGED}"
    for write_down in (weights.check, weights.accept):
        with pytest.raises(UsageError) as raised:
            write_down(db, "detect", [path])
        assert str(raised.value) == said
    assert db.execute("select count(*) from meta where key like 'weights.%'").fetchone()[0] == 0
    weights.accept(db, "detect", [put(path, full)])
    # One that replaces what was known: that it is damaged comes before that it is another.
    put(path, full[:500])
    assert weights.replaced(db, "detect", [path]) == said
    for write_down in (weights.check, weights.accept):
        with pytest.raises(UsageError) as raised:
            write_down(db, "detect", [path])
        assert str(raised.value) == said
    known = db.execute("select value from meta where key like 'weights.%'").fetchall()
    assert [row[0] for row in known] == [hashlib.sha256(full).hexdigest()]


PAGE = b"<!DOCTYPE html><html><body>Please sign in.</body></html>"


@pytest.mark.parametrize(
    ("name", "content", "amiss"),
    [
        ("net.pt", b"", "it is empty"),
        ("net.pt", PAGE, "it is not of the form that torch writes"),
        ("net.pt", whole(".onnx"), "it is not of the form that torch writes"),
        ("net.pt", whole(".pt").replace(b"data.pkl", b"data.txt"), "it is an archive, but not torch's"),
        ("net.pt", whole(".pt"), None),
        ("net.pt", pickle.dumps(0x1950A86A20F9469CFC6C, 2), None),
        ("net.onnx", PAGE, "it is no ONNX network"),
        ("net.onnx", whole(".pt"), "it is no ONNX network"),
        ("net.onnx", number(1, 8), "it is no ONNX network"),
        ("net.onnx", number(1, 8) + block(7, b"graph"), "it ends too early"),
        ("net.onnx", number(1, 8) + varint(7 << 3 | 2) + b"\xff" * 11, "it is no ONNX network"),
        ("net.onnx", whole(".onnx"), None),
        ("net.engine", b"anything", None),
        ("net.engine", b"", "it is empty"),
    ],
)
def test_what_a_file_is_shows_in_its_form(tmp_path: Path, name: str, content: bytes, amiss: str | None) -> None:
    assert form.lack(put(tmp_path / name, content)) == amiss


@pytest.mark.parametrize("name", ["yolo11n-pose-overfit.pt", "portrait-u2net-320.onnx"])
def test_real_networks_are_whole_and_parts_of_them_are_not(tmp_path: Path, name: str) -> None:
    real = Path(__file__).resolve().parents[2] / "shared" / "models" / name
    if not real.exists():
        pytest.skip("../shared is not there")
    assert form.lack(real) is None
    content = real.read_bytes()
    for part in (5, 50, len(content) // 3, len(content) // 2, len(content) - 30):
        assert form.lack(put(tmp_path / name, content[:part])) is not None, part


def test_nothing_of_a_file_is_unpickled_to_see_whether_it_is_whole(tmp_path: Path) -> None:
    class Canary:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "ran",))

    path = put(tmp_path / "net.pt", whole(".pt", pickle.dumps(Canary())))
    assert form.lack(path) is None
    assert not (tmp_path / "ran").exists()
    with zipfile.ZipFile(path) as archive:
        pickle.loads(archive.read("net/data.pkl"))
    assert (tmp_path / "ran").exists(), "the canary sings when it is let"


def test_weights_that_cannot_be_read_are_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        weights.sha256_of(tmp_path / "net.pt")
    assert str(raised.value) == (
        f"The weights {tmp_path / 'net.pt'} cannot be read (No such file or directory). Mend their permissions."
    )


# Fetching


@heavy
@pytest.mark.parametrize(("kind", "name", "params"), [("detect", "yolo", Detect()), ("mask", "rembg", Mask())])
@pytest.mark.usefixtures("no_network")
def test_without_a_network_a_named_engine_says_so_within_seconds(
    kind: str, name: str, params: Detect | Mask, workspace: Path
) -> None:
    start = time.monotonic()
    with pytest.raises(UsageError) as raised:
        engines.identify(kind, name, params, workspace)
    assert time.monotonic() - start < fetching.FIRST_WORD_S
    model = "yolo26m-pose.pt" if kind == "detect" else "u2net_human_seg"
    assert str(raised.value).startswith(f"The weights {model}")
    assert str(raised.value).endswith(
        f"or choose another engine. ({model} could not be fetched: https://github.com is not reached (ProxyError).)"
    )


def test_a_fetch_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    silent = tmp_path / "python"
    silent.write_text("#!/bin/sh\nexec sleep 60\n")
    silent.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(silent))
    monkeypatch.setattr(fetching, "FIRST_WORD_S", 0.3)
    start = time.monotonic()
    with pytest.raises(UsageError) as raised:
        fetching.fetch("ultralytics", "yolo26m-pose.pt", tmp_path)
    assert time.monotonic() - start < 10.0
    assert str(raised.value) == "yolo26m-pose.pt could not be fetched: no answer from https://github.com in 0.3 s"


def test_what_goes_wrong_after_the_network_is_reached_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho reached\necho Disk full\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    with pytest.raises(UsageError) as raised:
        fetching.fetch("rembg", "u2net", tmp_path)
    assert str(raised.value) == "u2net could not be fetched: Disk full"


@heavy
@pytest.mark.usefixtures("no_network")
def test_weights_of_nobodys_are_not_asked_for(workspace: Path) -> None:
    with pytest.raises(Missing) as raised:
        engines.identify("detect", "yolo", Detect(weights="mine.onnx"), workspace)
    assert "could not be fetched" not in str(raised.value)
