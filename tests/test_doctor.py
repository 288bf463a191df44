"""doctor: each engine with package, version, weights, device and licence; what it lacks; what would be better."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
from collections.abc import Callable
from contextlib import closing
from importlib.metadata import metadata, version
from pathlib import Path
from typing import Any

import pytest
from captioning import BOTH, needs, options
from click.testing import CliRunner
from networks import whole
from serving import API_KEY, GEMINI, PROJECT, TOKEN, Service

from tools import doctor, engines
from tools.engines import catalogue, weights
from tools.mill import settings
from tools.mill.manifest import connect, set_meta, transaction
from tools.mill.settings import UsageError
from tools.models import licence
from tools.report.engines import State, better, states

ONE = whole(".onnx", b"one")
HEAVY = importlib.util.find_spec("ultralytics") is not None and importlib.util.find_spec("rembg") is not None
heavy = pytest.mark.skipif(not HEAVY, reason="ultralytics and rembg are not installed (LIGHT=1)")


@pytest.fixture(autouse=True)
def _nobody_elses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights and keys of the machine that runs the tests must not decide what is found."""
    for module in (weights, engines):
        monkeypatch.setattr(module, "MODELS", tmp_path / "project")
    for name in ("XDG_CACHE_HOME", "U2NET_HOME", "CLOUDSDK_CONFIG"):
        monkeypatch.setenv(name, str(tmp_path / name))
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CLOUD_PROJECT", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def configured(base: Path, text: str) -> settings.Settings:
    (base / "config.toml").write_text(text, encoding="utf-8")
    return settings.load(base, {})


def state(loaded: settings.Settings, kind: str, engine: str, *, ask: bool = False) -> State:
    return next(each for each in states(loaded, ask=ask) if (each.kind, each.engine) == (kind, engine))


def of(name: str) -> str:
    """A package as doctor names it beside an engine."""
    return f"{name} {version(name)} ({catalogue.PACKAGES[name].licence})"


def findings(shown: str) -> dict[str, tuple[str, str]]:
    """What doctor printed, its lines put together again: by name, the state and what is said."""
    head = re.compile(r"(ok|missing|optional) +(\S.*?)(?:  +|(?<=.{32}) )(.*)")
    found: dict[str, tuple[str, str]] = {}
    name = ""
    for line in shown.splitlines():
        if line.startswith(" " * 33):
            found[name] = found[name][0], f"{found[name][1]} {line.strip()}"
        elif match := head.fullmatch(line):
            name = match[2]
            found[name] = match[1], match[3]
    return found


# Engines of this machine


def test_every_engine_is_spoken_of_and_each_package_has_terms(workspace: Path) -> None:
    found = [(each.kind, each.engine) for each in states(configured(workspace, ""))]
    assert found == [(kind, name) for kind, known in engines.ENGINES.items() for name in known]
    for known in engines.ENGINES.values():
        for entry in known.values():
            assert set(entry.packages) <= set(catalogue.PACKAGES)


def test_builtin_engines_say_what_they_come_from(workspace: Path) -> None:
    loaded = configured(workspace, "[detect]\nlandmarks = false\n")
    face = f"{of('dlib-bin')}, {of('face_recognition_models')}, device cpu"
    assert state(loaded, "embed", "builtin") == State("embed", "builtin", True, False, face)
    assert state(loaded, "mask", "builtin").said == f"{of('opencv-python')}, device cpu"
    assert state(loaded, "caption", "builtin").said == "Framemill's own"
    assert catalogue.LANDMARKS not in state(loaded, "detect", "builtin").said
    found = state(configured(workspace, ""), "detect", "builtin").said
    assert f", {catalogue.LANDMARKS} (CC0-1.0), device cpu" in found


@heavy
def test_an_engine_with_weights_says_which_and_another_what_it_lacks(workspace: Path) -> None:
    (workspace / "models").mkdir()
    path = workspace / "models" / "net.onnx"
    path.write_bytes(ONE)
    digest = hashlib.sha256(ONE).hexdigest()[:16]
    text = '[detect]\nengine = "yolo"\nweights = "net.onnx"\nlandmarks = false\ndevice = "cpu"\n'
    loaded = configured(workspace, text + '[mask]\nmodel = "u2net_custom"\nweights = "gone.onnx"\n')
    packages = ", ".join(of(name) for name in ("ultralytics", "torch", "dlib-bin", "face_recognition_models"))
    assert state(loaded, "detect", "yolo") == State(
        "detect", "yolo", True, True, f"{path} (SHA-256 {digest}…), {packages}, device cpu"
    )
    lacking = state(loaded, "mask", "rembg")
    assert (lacking.ready, lacking.chosen) == (False, False)
    assert lacking.said.startswith("The weights gone.onnx ([mask] weights) are not there; looked in ")
    loaded = configured(workspace, text.replace('"cpu"', '"cuda:7"'))
    assert state(loaded, "detect", "yolo").said.startswith(
        "[detect] device is 'cuda:7', but no such NVIDIA GPU is seen here. "
    )


@heavy
def test_weights_that_the_run_would_refuse_are_not_ready(workspace: Path) -> None:
    (workspace / "models").mkdir()
    path = workspace / "models" / "net.onnx"
    path.write_bytes(ONE)
    loaded = configured(workspace, '[detect]\nengine = "yolo"\nweights = "net.onnx"\ndevice = "cpu"\n')
    connect(workspace, create=True).close()
    assert state(loaded, "detect", "yolo").ready, "never used here: nothing to hold it to"
    with closing(connect(workspace, create=False)) as db:
        weights.check(db, "detect", (path,))
        assert state(loaded, "detect", "yolo").ready
        path.write_bytes(whole(".onnx", b"another"))
        found = state(loaded, "detect", "yolo")
        with pytest.raises(UsageError) as refused:
            weights.check(db, "detect", (path,))
        assert (found.ready, found.said) == (False, str(refused.value))
        weights.accept(db, "detect", (path,))
    assert state(loaded, "detect", "yolo").ready


@heavy
def test_models_that_are_not_for_money_say_so(workspace: Path) -> None:
    (workspace / "models").mkdir()
    (workspace / "models" / "bria-rmbg.onnx").write_bytes(ONE)
    loaded = configured(workspace, '[mask]\nengine = "rembg"\nmodel = "bria-rmbg"\n')
    said = state(loaded, "mask", "rembg").said
    assert "CC BY-NC 4.0; for money only by agreement with Bria AI; read it before you earn money with it)" in said


@pytest.mark.parametrize(("engine", "word", "code"), [("yolo", "missing", 1), ("auto", "optional", 0)])
def test_a_named_engine_that_cannot_run_is_missing(workspace: Path, engine: str, word: str, code: int) -> None:
    configured(workspace, f'[detect]\nengine = "{engine}"\nweights = "gone.pt"\n')
    done = CliRunner().invoke(doctor.main, ["--base", str(workspace)], standalone_mode=False)
    assert findings(done.stdout)["detect: yolo"][0] == word
    assert done.return_value == code


@heavy
def test_no_line_is_long_and_each_package_has_its_terms_told_once(workspace: Path) -> None:
    (workspace / "models").mkdir()
    (workspace / "models" / "net.onnx").write_bytes(ONE)
    configured(workspace, '[detect]\nengine = "yolo"\nweights = "net.onnx"\n[mask]\nmodel = "bria-rmbg"\n')
    (workspace / "models" / "bria-rmbg.onnx").write_bytes(ONE)
    shown = CliRunner().invoke(doctor.main, ["--base", str(workspace)], standalone_mode=False).stdout
    # A path is never broken, so that it can be copied.
    assert [line for line in shown.splitlines() if len(line) > 100 and "/" not in line] == []
    told = findings(shown)
    assert len(told) > 20
    everything = " ".join(said for _, said in told.values())
    for phrase in ("learned from iBUG 300-W", "their enterprise licence", "by agreement with Bria AI", "holds x264"):
        assert everything.count(phrase) == (0 if phrase == "holds x264" else 1), phrase
    assert everything.count("read it before you earn money with it") == 3
    assert told["ultralytics"][1].endswith(
        "(AGPL-3.0; else by their enterprise licence; read it before you earn money with it)"
    )


@heavy
def test_what_the_libraries_say_of_themselves_is_what_doctor_says() -> None:
    """By their metadata, but for scikit-image's (the whole text), torch's (a list with all that is in the wheel) and
    face_recognition_models' (another than that of its file LICENSE)."""
    words = {
        "MIT License": "MIT",
        "Apache 2.0": "Apache-2.0",
        "Apache License, Version 2.0": "Apache-2.0",
        "Boost Software License": "BSL-1.0",
    }
    for need in (*doctor.NEEDED, *doctor.OPTIONAL):
        assert need.licence == licence(catalogue.PACKAGES[need.package])
    no_word = {"torch", "face_recognition_models", "scikit-image", catalogue.LANDMARKS}
    for name in set(catalogue.PACKAGES) - no_word:
        told = metadata(name)
        said = str(told.get("License-Expression") or told.get("License"))
        assert (name, words.get(said, said)) == (name, catalogue.PACKAGES[name].licence)


# What "auto" means


@heavy
def test_a_better_engine_than_the_pinned_one_is_told(workspace: Path) -> None:
    loaded = configured(workspace, '[detect]\nweights = "net.pt"\n')
    assert list(better(loaded)) == [], "nothing was begun"
    db = connect(workspace, create=True)
    with transaction(db):
        set_meta(db, "engine.detect", "builtin")
    assert list(better(loaded)) == [], "nothing better lies here"
    assert state(loaded, "detect", "builtin").chosen
    (workspace / "models").mkdir()
    (workspace / "models" / "net.pt").write_bytes(whole(".pt"))
    sentence = (
        "engine auto was pinned as builtin when this workspace was begun; yolo would run now. To take it, write "
        f'engine = "yolo" below [detect] in {workspace / "config.toml"}: what builtin made is then made anew.'
    )
    assert list(better(loaded)) == [("detect", sentence)]
    shown = CliRunner().invoke(doctor.main, ["--base", str(workspace)], standalone_mode=False).stdout
    assert findings(shown)["detect: better"] == ("optional", sentence)
    assert list(better(configured(workspace, '[detect]\nengine = "builtin"\nweights = "net.pt"\n'))) == []
    with transaction(db):
        set_meta(db, "engine.detect", "yolo")
    assert list(better(loaded)) == []
    assert state(loaded, "detect", "yolo").chosen
    (workspace / "models" / "net.pt").unlink()
    assert list(better(loaded)) == [], "builtin is no better one"
    assert not state(loaded, "detect", "yolo").ready
    db.close()


# Captioners elsewhere

Set = Callable[..., settings.Settings]


@pytest.fixture
def captioner(workspace: Path, service: Service, tmp_path: Path, request: pytest.FixtureRequest) -> Set:
    """captioner("vertex", model="x"): a workspace whose captioner is the played server."""

    def run(engine: str, **changes: Any) -> settings.Settings:
        pem = request.getfixturevalue("pem") if engine == "vertex" else ""
        chosen = options(engine, service, tmp_path, pem, **changes)
        lines = [f"{key} = {json.dumps(value)}" for key, value in chosen.items()]
        return configured(workspace, "\n".join(["[caption]", *lines, ""]))

    return run


@pytest.mark.parametrize("engine", BOTH)
def test_a_captioner_that_is_set_up_is_ready_and_nothing_is_sent(
    engine: str, captioner: Set, service: Service, tmp_path: Path
) -> None:
    found = state(captioner(engine), "caption", engine)
    host = service.url.removeprefix("http://")
    package = "google-genai" if engine == "vertex" else "openai"
    own = (
        f"model {GEMINI}; key file {tmp_path / 'service-account.json'} (service account); project {PROJECT}"
        if engine == "vertex"
        else f"model a-model; a key in {tmp_path / 'openai.key'}"
    )
    assert found == State("caption", engine, True, True, f"{of(package)}; images would go to {host}; {own}")
    assert (service.asked, service.listed, service.tokens) == ([], [], 0)


@pytest.mark.parametrize("engine", BOTH)
@pytest.mark.parametrize(
    ("model", "end"),
    [("", "answers and lists 2 models, among them {}"), ("gone", "answers and lists 2 models, without {}")],
)
def test_asked_it_lists_its_models_and_is_paid_for_nothing(
    engine: str, model: str, end: str, captioner: Set, service: Service
) -> None:
    usual = GEMINI if engine == "vertex" else "a-model"
    service.models = [usual, "another"]
    found = state(captioner(engine, model=model or usual), "caption", engine, ask=True)
    assert found.ready
    assert found.said.endswith(f"; asked: {service.url.removeprefix('http://')} {end.format(model or usual)}")
    assert service.asked == []
    (path,) = service.listed
    assert path.partition("?")[0] == ("/v1beta1/publishers/google/models" if engine == "vertex" else "/v1/models")


@pytest.mark.parametrize("engine", BOTH)
@pytest.mark.parametrize(
    ("act", "said"),
    [
        ("401", "{host} answered 401 (Unauthorized): Bad credentials. Check the key, and what it may do"),
        ("500", "{host} answered 500 (Internal Server Error): Internal"),
        ("echo", "{host} answered 403 (Forbidden): You sent Bearer [hidden]. Check the key, and what it may do"),
        ("html", "{host} answered something that is no list of models"),
        ("hang", "{host} gave no answer in 0.5 s (timeout_s)"),
    ],
)
def test_one_that_does_not_answer_says_why_and_never_the_key(
    engine: str, act: str, said: str, captioner: Set, service: Service
) -> None:
    service.usual = act
    found = state(captioner(engine, timeout_s=0.5), "caption", engine, ask=True)
    assert not found.ready
    assert found.said.rpartition("; ")[2] == said.format(host=service.url.removeprefix("http://"))
    assert not [secret for secret in (API_KEY, TOKEN, "PRIVATE KEY") if secret in found.said]


@needs("openai")
def test_doctor_asks_only_when_told_to(
    captioner: Set, service: Service, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    captioner("openai")
    monkeypatch.setenv("OPENAI_API_KEY", "")
    service.models = ["a-model"]
    for words, listed in (([], 0), (["--ask"], 1)):
        done = CliRunner().invoke(doctor.main, ["--base", str(workspace), *words], standalone_mode=False)
        assert len(service.listed) == listed
        assert ("asked: " in done.stdout) == bool(listed)
        assert API_KEY not in done.output


def lacks(loaded: settings.Settings, engine: str) -> str:
    found = state(loaded, "caption", engine)
    assert not found.ready
    return found.said


@needs("vertex")
def test_what_vertex_lacks(workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = configured(workspace, "")
    assert "; no credentials: set [caption] key_file or GOOGLE_APPLICATION_CREDENTIALS, or " in lacks(loaded, "vertex")
    assert lacks(loaded, "vertex").endswith(
        "; no budget, so that nothing would be sent: set [caption] max_cost or max_requests"
    )
    adc = tmp_path / "CLOUDSDK_CONFIG" / "application_default_credentials.json"
    adc.parent.mkdir()
    adc.write_text('{"type": "authorized_user", "refresh_token": "secret-of-mine"}', encoding="utf-8")
    said = lacks(loaded, "vertex")
    assert f"; application default credentials {adc} (authorized user); no project: set [caption] project" in said
    assert "secret-of-mine" not in said
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "mine")
    loaded = configured(workspace, "[caption]\nmax_cost = 1.0\n")
    assert state(loaded, "caption", "vertex").ready
    for text, words in (("no json", "is no key of Google's: fetch it again"), ("[]", "is no key of Google's")):
        adc.write_text(text, encoding="utf-8")
        assert f"{adc} {words}" in lacks(loaded, "vertex")
    loaded = configured(workspace, '[caption]\nmax_cost = 1.0\nkey_file = "/nowhere.json"\n')
    assert "; the key file /nowhere.json cannot be read (No such file or directory): " in lacks(loaded, "vertex")


@needs("openai")
def test_what_openai_lacks(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = lacks(configured(workspace, ""), "openai")
    assert "; images would go to api.openai.com; " in said
    assert '; [caption] engine = "openai" needs a model: set [caption] model to one that the server has; ' in said
    assert "; no key: set OPENAI_API_KEY or [caption] key_file, or [caption] base_url to another server; " in said
    own = '[caption]\nmodel = "m"\nbase_url = "http://localhost:11434/v1"\ninput_price = 0\noutput_price = 0\n'
    found = state(configured(workspace, own), "caption", "openai")
    assert found.ready
    assert "; images would go to localhost:11434; " in found.said
    assert found.said.endswith("; no key, which many servers of one's own do not want")
    monkeypatch.setenv("OPENAI_API_KEY", API_KEY)
    said = state(configured(workspace, own), "caption", "openai").said
    assert said.endswith("; a key in the environment (OPENAI_API_KEY)")
    assert API_KEY not in said
    said = lacks(configured(workspace, own.replace("localhost", "elsewhere.example")), "openai")
    assert "the key would travel to elsewhere.example open to everybody" in said


@pytest.mark.parametrize("engine", BOTH)
def test_a_price_that_nobody_knows_is_told_where_it_is_needed(engine: str, captioner: Set) -> None:
    nobody = {"model": "nobody-s-model", "input_price": -1.0, "output_price": -1.0}
    said = lacks(captioner(engine, max_cost=1.0, **nobody), engine)
    assert said.endswith(
        "; [caption] max_cost cannot be kept: nobody says what nobody-s-model costs. Set [caption] input_price and "
        "output_price in USD for a million tokens (0 and 0 for a server of your own)"
    )
    assert state(captioner(engine, max_cost=0.0, **nobody), "caption", engine).ready, "max_requests needs no price"
    assert state(
        captioner(engine, max_cost=1.0, **nobody | {"input_price": 1.0, "output_price": 2.0}), "caption", engine
    ).ready
    said = lacks(captioner(engine, **nobody | {"input_price": 1.0}), engine)
    assert "; [caption] input_price and output_price go together: " in said


@pytest.mark.parametrize("engine", BOTH)
def test_one_captioners_settings_are_no_faults_of_another(engine: str, captioner: Set, workspace: Path) -> None:
    other = next(name for name in ("vertex", "openai") if name != engine)
    loaded = captioner(engine)
    told = f"not configured: [caption] is set up for {engine}"
    assert state(loaded, "caption", other) == State("caption", other, False, False, told)
    (finding,) = [one for one in doctor.examine(workspace) if one.name == f"caption: {other}"]
    assert (finding.state, finding.said) == ("optional", told)
