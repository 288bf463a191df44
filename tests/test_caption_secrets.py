"""Secrets: wherever somebody puts a key by mistake, and whatever a server does with it, it is told to nobody."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from captioning import BOTH, captions, choose, needs, options
from conftest import RunTool
from making import Mill
from serving import API_KEY, FAULTS, GOOD, TOKEN, Handler, Service

from tools.engines import remote, vertex, wire
from tools.mill.conceal import HIDDEN, conceal
from tools.mill.ends import Stop
from tools.mill.settings import ROOT, UsageError
from tools.mill.tool import Dataset
from tools.paid.terms import Terms
from tools.paid.veil import Veil

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJjYXB0aW9ucyJ9.c2lnbmF0dXJlLW9mLXRoZS10ZXN0"
MINE = "geheim-und-lang"


def everything(base: Path) -> str:
    return b"".join(path.read_bytes() for path in sorted(base.rglob("*")) if path.is_file()).decode("latin-1")


# What has the shape of a secret.


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("https://me:geheim@host/v1", f"https://{HIDDEN}@host/v1"),
        ("http://me:geheim@host:99999", f"http://{HIDDEN}@host:99999"),
        ("https://host/v1?key=geheim&alt=json", f"https://host/v1?{HIDDEN}&alt=json"),
        ("https://host/v1?alt=json&access_token=geheim.", f"https://host/v1?alt=json&{HIDDEN}"),
        (f"Bearer {API_KEY}, wrong", f"Bearer {HIDDEN}, wrong"),
        (f"'AIza{'x' * 35}'", f"'{HIDDEN}'"),
        (f"token {TOKEN}!", f"token {HIDDEN}!"),
        (f"assertion={JWT}", f"assertion={HIDDEN}"),
        (r'"-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----"', rf'"{HIDDEN}-----END PRIVATE KEY-----"'),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\nx", HIDDEN),
    ],
)
def test_what_looks_like_a_secret_is_concealed(text: str, told: str) -> None:
    assert conceal(text) == told


@pytest.mark.parametrize(
    "text",
    [
        "sk-8 boots",
        "a key=value pair",
        "me@example.org",
        "https://host/v1/models?x=1",
        "the sign ? and &",
        "ya29",
        "eyJ.",
    ],
)
def test_ordinary_words_stay(text: str) -> None:
    assert conceal(text) == text


def test_escapes_do_not_carry_a_secret_past() -> None:
    veil = Veil()
    veil.add("pass/word+1=")
    for form in ("pass/word+1=", r"pass\/word+1=", quote("pass/word+1=", safe=""), r"p\u0061ss\\/word\\u002B1="):
        assert veil.hide(f"a {form} b") == f"a {HIDDEN} b"


# Where people put them by mistake.


@pytest.mark.parametrize("engine", BOTH)
@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        *(
            (
                *("base_url", url),
                "[caption] base_url holds a user, a password or a query. Put the key into a file: [caption] key_file.",
            )
            for url in (
                f"https://me:{MINE}@h/v1",
                f"http://me:{MINE}@h:99999/v1",
                f"https://h/v1?key={MINE}",
                f"{MINE}@",
            )
        ),
        *(
            (
                *("key_file", key),
                "[caption] key_file holds a key itself. Write that into a file, and the file's path here.",
            )
            for key in (f"sk-{MINE}-0123456789", f'{{"private_key": "{MINE}"}}', f"-----BEGIN PRIVATE KEY-----\n{MINE}")
        ),
    ],
)
def test_a_key_in_the_wrong_place_is_not_repeated(engine: str, key: str, value: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        remote.causes(Terms(model="m", **{key: value}), engine, Dataset())
    assert str(caught.value) == sentence


def test_an_address_that_is_none_is_told_without_what_looks_like_a_key() -> None:
    with pytest.raises(UsageError) as caught:
        wire.host_of(f"htp://host/{API_KEY}")
    assert str(caught.value) == (
        f"[caption] base_url is 'htp://host/{HIDDEN}', which is no address. Use one as in https://api.openai.com/v1."
    )


@needs("openai")
@pytest.mark.parametrize("engine", ["openai", "builtin"])
def test_neither_options_nor_the_environment_are_written_down_with_a_key(
    engine: str, mill: Mill, service: Service, tmp_path: Path
) -> None:
    """As a program, told everything (-v): what was wrong is not in its output, nor in a run's row."""
    choose(mill, 1)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPENAI_API_KEY": API_KEY, "OPENAI_LOG": "debug"}
    environment["MILL_CAPTION_KEY_FILE"] = f"sk-{MINE}-0123456789"
    url = f"https://me:{MINE}@127.0.0.1:9/v1?key={MINE}"
    words = ["-v", f"--engine={engine}", "--model=m", f"--base-url={url}", "--max-requests=1", "--forbidden-words="]
    done = subprocess.run(
        [sys.executable, "-m", "tools.caption", "--base", str(mill.base), *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == (2 if engine == "openai" else 0), done.stderr
    assert HIDDEN in done.stderr
    left = done.stdout + done.stderr + everything(mill.base)
    assert MINE not in left
    assert API_KEY not in left
    if engine == "builtin":
        (told,) = mill.all("select machine_json from run order by id desc limit 1")
        assert f"--base-url=https://{HIDDEN}@127.0.0.1:9/v1?{HIDDEN}" in json.loads(told)["arguments"]


@needs("vertex")
@pytest.mark.parametrize("cut", ["JSON", "key"])
def test_a_key_file_that_is_broken_in_the_middle(
    cut: str, mill: Mill, run_caption: RunTool, service: Service, tmp_path: Path, pem: str
) -> None:
    choose(mill, 1)
    whole = Path(options("vertex", service, tmp_path, pem)["key_file"]).read_text(encoding="utf-8")
    broken = tmp_path / "broken.json"
    middle = whole.index("PRIVATE KEY") + 900
    broken.write_text(whole[:middle] if cut == "JSON" else whole[:middle] + whole[middle + 30 :], encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        run_caption("vertex", key_file=str(broken))
    assert str(caught.value) == f"{broken} is not a key that Google's library can read. Fetch it again."
    assert (caught.value.__cause__, caught.value.__suppress_context__) == (None, True)
    assert not any(line in everything(mill.base) for line in pem.splitlines() if "KEY" not in line)


@needs("vertex")
def test_what_signed_somebody_in_is_known_to_the_veil(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"type": "authorized_user", "client_id": "i", "client_secret": f"c-{MINE}", "refresh_token": f"r-{MINE}"}
    (tmp_path / "application_default_credentials.json").write_text(json.dumps(told), encoding="utf-8")
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    veil = Veil()
    vertex.credentials("", veil)
    assert veil.hide(f"x c-{MINE} y r-{MINE} z") == f"x {HIDDEN} y {HIDDEN} z"


@needs("vertex")
def test_the_environment_names_nobody_else(
    mill: Mill, run_caption: RunTool, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDKs take other hosts from the environment; images go to whom the dry run names."""
    choose(mill, 1)
    monkeypatch.setenv("GOOGLE_VERTEX_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9")
    sender = remote.sender_of(Terms(project="p"), "vertex", Veil())
    assert sender.host == "aiplatform.googleapis.com"
    run_caption("vertex")
    assert service.sent == 1


@pytest.mark.parametrize("location", ["evil.example/", "a b", "", "../x"])
def test_a_location_that_is_none(location: str) -> None:
    with pytest.raises(UsageError) as caught:
        _ = remote.sender_of(Terms(location=location), "vertex", Veil()).host
    assert str(caught.value) == (
        f"[caption] location is {location!r}, which is none. Use one as in europe-west4, or global."
    )


# What servers do with them.


def _escaped(text: str) -> str:
    return "".join(f"\\u{ord(sign):04x}" for sign in text)


def _in_a_caption(handler: Handler, _number: int) -> None:
    """The key inside a caption, escaped so that it is plain only when the answer in the answer has been read."""
    said = handler.headers["Authorization"].removeprefix("Bearer ")
    tags = json.dumps({**GOOD, "tags": ["smiling", "KEY"]}).replace("KEY", _escaped(said))
    handler.reply(tags)


def _in_an_error(handler: Handler, _number: int) -> None:
    said = _escaped(handler.headers["Authorization"])
    handler.raw(400, f'{{"error": {{"code": 400, "message": "{said}", "status": "E"}}}}'.encode(), "application/json")


def _in_a_header(handler: Handler, _number: int) -> None:
    handler.raw(400, b"{}", "application/json", {"X-Echo": handler.headers["Authorization"]})


def _in_the_reason(handler: Handler, _number: int) -> None:
    handler.wfile.write(f"HTTP/1.1 400 {handler.headers['Authorization']}\r\nContent-Length: 0\r\n\r\n".encode())


ECHOES = {"caption": _in_a_caption, "error": _in_an_error, "header": _in_a_header, "reason": _in_the_reason}


@pytest.mark.parametrize("where", sorted(ECHOES))
@pytest.mark.parametrize("engine", BOTH)
def test_a_server_that_repeats_the_key_escaped_or_elsewhere(
    engine: str,
    where: str,
    mill: Mill,
    run_caption: RunTool,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    choose(mill, 1)
    monkeypatch.setitem(FAULTS, "echo", ECHOES[where])
    service.usual = "echo"
    with caplog.at_level("DEBUG"):
        report = run_caption(engine)
    if where == "caption":
        assert captions(mill) == [(f"person, smiling, {HIDDEN}", "ok", None)]
    seen = capfd.readouterr()
    left = everything(mill.base) + repr(report) + caplog.text + seen.out + seen.err
    assert service.sent == 1
    assert API_KEY not in left
    assert TOKEN not in left
    kept = mill.one("select coalesce(answer, fault) from request")
    plain = json.dumps(json.loads(json.loads(kept)["text"])) if where == "caption" else kept
    assert API_KEY not in plain
    assert TOKEN not in plain


@needs("vertex")
def test_a_token_endpoint_that_repeats_what_signed_us_in(mill: Mill, run_caption: RunTool, service: Service) -> None:
    choose(mill, 1)
    service.token_script.append("echo")
    with pytest.raises(Stop) as caught:
        run_caption("vertex")
    assert str(caught.value).startswith("Google did not take the key: ")
    assert HIDDEN in str(caught.value)
    head = base64.urlsafe_b64encode(b'{"typ').decode()[:6]
    assert head not in str(caught.value) + everything(mill.base)


def test_a_doctor_keeps_what_stands_in_the_configuration(tmp_path: Path) -> None:
    told = {"engine": "openai", "model": "m", "base_url": f"https://me:{MINE}@h", "key_file": f"sk-{MINE}-0123456789"}
    lines = ["[caption]", *(f'{name} = "{value}"' for name, value in told.items()), ""]
    (tmp_path / "config.toml").write_text("\n".join(lines), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "tools.doctor", "--base", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "OPENAI_API_KEY": API_KEY},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout
    assert MINE not in done.stdout + done.stderr
    assert API_KEY not in done.stdout + done.stderr
