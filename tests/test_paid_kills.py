"""Captioners elsewhere: kills, interruptions and two at a time pay nothing twice; no secret is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from captioning import BOTH, captions, choose, needs, options
from click.testing import CliRunner
from conftest import RunTool
from making import Mill
from serving import API_KEY, TOKEN, Service

from tools import caption
from tools.mill import command, settings, steps
from tools.mill.ends import Stop
from tools.mill.settings import ROOT

# Whatever happens.


@pytest.mark.parametrize("engine", BOTH)
def test_a_kill_between_an_answer_and_its_record_costs_what_was_under_way(
    engine: str, mill: Mill, run_caption: RunTool, service: Service, tmp_path: Path, pem: str
) -> None:
    choose(mill, 6)
    told = json.dumps(options(engine, service, tmp_path, pem, concurrency=2))
    # Like `kill -9` in the moment when the third answer is there and not yet written down.
    program = """
import json, os, signal, sys
from pathlib import Path
answers = 0
def watch(frame, event, _):
    global answers
    code = frame.f_code
    if event == "call" and code.co_name == "answered" and code.co_filename.endswith("paid/ledger.py"):
        answers += 1
        if answers == 3:
            os.kill(os.getpid(), signal.SIGKILL)
import threading
threading.setprofile(watch)
from tools.mill import loop, settings
from tools.mill.tool import Asked
from tools import caption
loaded = settings.load(Path(sys.argv[1]), {})
values = {**loaded.sections["caption"], **json.loads(sys.argv[2])}
loop.run(caption.TOOL, loaded, values, Asked(dataset="default"))
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    done = subprocess.run(
        [sys.executable, "-c", program, str(mill.base), told], env=environment, timeout=60, check=False
    )
    assert done.returncode == -signal.SIGKILL
    before = service.sent
    recorded = mill.one("select count(*) from request where answered_at is not null")
    assert recorded >= 2
    assert before - recorded in (1, 2)  # at most those under way, of which there were two at a time
    run_caption(engine)
    assert len(captions(mill)) == 6
    assert service.sent == 6 + before - recorded
    # Written down before it is sent: it may have been killed in between.
    assert mill.one("select sum(attempts) from request") - service.sent in (0, 1)
    assert mill.all("select status from run order by id")[-2:] == ["killed", "done"]


def two_datasets(mill: Mill, told: str, rates: str = "") -> list[int]:
    """The datasets a and b captioned by two processes at once; returns exit codes. rates: code that runs first."""
    program = f"""
import json, sys
from pathlib import Path
from tools.mill import loop, settings
from tools.mill.tool import Asked
from tools import caption
{rates}
loaded = settings.load(Path(sys.argv[1]), {{}})
values = {{**loaded.sections["caption"], **json.loads(sys.argv[2])}}
report = loop.run(caption.TOOL, loaded, values, Asked(dataset=sys.argv[3]))
assert report.counts["ok"] == 2 * report.waiting > 0, report
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(mill.base), told, name], env=environment)
        for name in ("a", "b")
    ]
    return [process.wait(60) for process in running]


def configure(mill: Mill, text: str) -> None:
    (mill.base / "config.toml").write_text(text, encoding="utf-8")
    mill.settings = settings.load(mill.base, {})
    steps.ensure(mill.db, mill.settings, "intake", "")


@needs("openai")
def test_two_datasets_pay_once_for_the_same_image(mill: Mill, service: Service, tmp_path: Path) -> None:
    configure(mill, '[dataset.a]\n[dataset.b]\ntrigger = "ohwx"\n')
    choose(mill, 3, ("a", "b"))
    service.pause_s = 0.3
    assert two_datasets(mill, json.dumps(options("openai", service, tmp_path, ""))) == [0, 0]
    assert service.sent == 3
    assert mill.one("select count(*) from caption") == 6


@pytest.mark.parametrize("engine", BOTH)
def test_two_datasets_share_one_rate_and_its_places(
    engine: str, mill: Mill, service: Service, tmp_path: Path, pem: str
) -> None:
    """Two processes, other prompts, so that each asks about every image; a minute of two seconds."""
    configure(mill, '[dataset.a]\n[dataset.b]\nclass_word = "woman"\n')
    choose(mill, 5, ("a", "b"))
    service.pause_s = 0.1
    told = json.dumps(options(engine, service, tmp_path, pem, requests_per_minute=4, concurrency=2))
    assert two_datasets(mill, told, "from tools.paid import pace; pace.MINUTE_S = 2.0") == [0, 0]
    assert service.sent == 10
    # As they were written down: a loaded machine takes its time until the first arrives.
    times = sorted(datetime.fromisoformat(at).timestamp() for at in mill.all("select sent_at from request"))
    assert len(times) == 10
    # Between the first of any five and the last of them lies a minute, less what it takes to write one down.
    assert min(last - first for first, last in zip(times, times[4:], strict=False)) > 1.7
    assert service.busiest <= 2


@needs("openai")
def test_ctrl_c_waits_for_what_is_paid_for(mill: Mill, service: Service, tmp_path: Path) -> None:
    choose(mill, 8)
    service.pause_s = 0.5
    arguments = [
        f"--{key.replace('_', '-')}={value}" for key, value in options("openai", service, tmp_path, "").items()
    ]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    command = [sys.executable, "-m", "tools.caption", "--base", str(mill.base), "--concurrency=2", *arguments]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True)
    while service.sent < 3:
        assert process.poll() is None, process.communicate()
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 130, told
    assert service.sent <= 4
    assert mill.one("select count(*) from request where answered_at is null") == 0
    assert mill.one("select count(*) from request") == service.sent


@needs("openai")
def test_what_a_person_types(mill: Mill, service: Service, tmp_path: Path) -> None:
    """Exit codes and sentences: without a budget 2, with one that ends early 1, done 0."""
    choose(mill, 3)
    chosen = options("openai", service, tmp_path, "", max_requests=0)
    words = [f"--{key.replace('_', '-')}={value}" for key, value in chosen.items()]
    program = command.make(caption.TOOL, caption.__doc__ or "")

    def call(*more: str) -> tuple[int, str]:
        done = CliRunner().invoke(program, ["--base", str(mill.base), *words, *more], standalone_mode=False)
        return int(done.return_value or 0) if done.exception is None else -1, str(done.exception or done.stderr)

    code, told = call()
    assert (code, "Nothing was sent: set [caption] max_cost" in told) == (-1, True)
    code, told = call("--max-requests=2")
    assert code == command.BROKE
    assert "max_requests = 2 is used up; 1 image keeps waiting." in told
    code, told = call("--max-requests=3")
    assert code == 0
    assert service.sent == 3


# Secrets.


def everything(base: Path) -> bytes:
    """All bytes of a workspace: the manifest, its log, stamps, locks."""
    return b"".join(path.read_bytes() for path in sorted(base.rglob("*")) if path.is_file())


@pytest.mark.parametrize("act", ["good", "echo", "echo 400", "echo answer", "401", "500"])
@pytest.mark.parametrize("engine", BOTH)
def test_no_secret_is_left_anywhere(
    engine: str,
    act: str,
    mill: Mill,
    run_caption: RunTool,
    service: Service,
    pem: str,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    tmp_path_factory: pytest.TempPathFactory,
    tmp_path: Path,
) -> None:
    choose(mill, 2)
    service.usual = act
    told = ""
    with caplog.at_level("DEBUG"):
        try:
            told = repr(run_caption(engine))
        except Stop as error:
            told = f"{error!r} {error.__cause__!r}"
    mill.db.execute("pragma wal_checkpoint(truncate)")
    seen = capfd.readouterr()
    left = everything(mill.base).decode("latin-1") + told + seen.out + seen.err + caplog.text
    inside = [line for line in pem.splitlines() if "KEY" not in line]
    for secret in (API_KEY, TOKEN, *inside, "0123456789abcdef0123456789abcdef01234567"):
        assert secret not in left
    assert service.asked
    assert ("[hidden]" in left) == act.startswith("echo")


@needs("openai")
def test_doctor_says_nothing_of_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tools import doctor

    monkeypatch.setenv("OPENAI_API_KEY", API_KEY)
    CliRunner().invoke(doctor.main, ["--base", str(tmp_path)])
    found = list(doctor.examine(tmp_path))
    assert found
    assert API_KEY not in repr(found)
    assert API_KEY not in capsys.readouterr().out


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is no git repository")
def test_git_knows_not_to_take_the_key() -> None:
    done = subprocess.run(
        ["git", "check-ignore", "docker/service-account-key.json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "docker/service-account-key.json"
