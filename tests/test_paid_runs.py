"""Whole runs of caption with a captioner elsewhere: paid once, within the budget, nothing secret left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from asking import answer
from captioning import BOTH, choose, needs, options
from click.testing import CliRunner
from conftest import RunTool
from making import Mill
from serving import API_KEY, GOOD, TOKEN, USED_IN, USED_OUT, Service, private_key, serving

from tools import caption
from tools.mill import command, settings, steps
from tools.mill.pool import Stop
from tools.mill.runs import Report
from tools.mill.settings import ROOT, UsageError
from tools.paid import faults

Run = Callable[..., Report]
TEXT = "person, medium shot, facing the camera, smiling, orange space suit, soft light"


@pytest.fixture(scope="module")
def pem() -> str:
    pytest.importorskip("cryptography", reason="cryptography is not installed (LIGHT=1)")
    return private_key()


@pytest.fixture
def service() -> Iterator[Service]:
    with serving() as service:
        yield service


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "BACKOFF_S", 0.01)


@pytest.fixture
def chosen(mill: Mill) -> list[Path]:
    """Four cut-outs that a workspace has chosen."""
    return choose(mill, 4)


@pytest.fixture
def run(mill: Mill, run_tool: RunTool, service: Service, tmp_path: Path, request: pytest.FixtureRequest) -> Run:
    """run("openai", max_requests=3): caption on the workspace; options as in [caption], or dry_run and retry_failed."""

    def run(engine: str, **changes: Any) -> Report:
        asked = {name: changes.pop(name) for name in ("dry_run", "retry_failed", "limit") if name in changes}
        pem = request.getfixturevalue("pem") if engine == "vertex" else ""
        chosen = options(engine, service, tmp_path, pem, **changes)
        return run_tool(mill.base, "caption", dataset="default", options=chosen, **asked)

    return run


def captions(mill: Mill) -> list[tuple[str, str, str | None]]:
    """Text, status and reason of every caption, by address."""
    return mill.all(
        """select caption.text, outcome.status, outcome.reason from item
        join caption on caption.item_id = item.id
        join outcome on outcome.item_id = item.id and outcome.latest
        where item.kind = 'caption' and item.newest order by item.address"""
    )


def verdicts(mill: Mill) -> list[tuple[str, str | None, str | None]]:
    """What caption says of the cut-outs that it has judged."""
    return mill.all(
        """select outcome.status, outcome.reason, outcome.detail from outcome join step on step.id = outcome.step_id
        where step.tool = 'caption' and outcome.kind = 'cutout' and outcome.latest order by outcome.item_id"""
    )


# What is written down.


@pytest.mark.parametrize("engine", BOTH)
def test_every_image_is_asked_about_once(
    engine: str, mill: Mill, chosen: list[Path], run: Run, service: Service
) -> None:
    report = run(engine)
    assert (report.counts, report.left) == ({"ok": 8, "rejected": 0, "failed": 0}, 0)
    assert captions(mill) == [(TEXT, "ok", None)] * len(chosen)
    assert service.sent == len(chosen)
    assert len({asked.image for asked in service.asked}) == len(chosen)
    row = mill.one("select * from caption limit 1")
    told = {name: row[name] for name in ("author", "engine", "shot", "view", "light", "clothing", "tags")}
    model = (
        service.asked[0].path.rpartition("/")[2].removesuffix(":generateContent") if engine == "vertex" else "a-model"
    )
    assert told == {
        "author": model,
        "engine": engine,
        "shot": "mid",
        "view": "front",
        "light": "soft",
        "clothing": "orange space suit",
        "tags": ", ".join(GOOD["tags"]),
    }
    assert row["prose"] == GOOD["prose"]
    assert json.loads(row["seen"]) == GOOD["seen"]
    assert json.loads(row["left_out"]) == [["brown hair", "permanent"], ["NASA patch", "text"]]
    assert json.loads(row["doubts"]) == []
    assert not [note for note in report.notes if "doubtful" in note]
    assert row["prompt_version"].startswith("sdxl-")


@pytest.mark.parametrize("engine", BOTH)
def test_a_request_is_written_down_with_what_it_cost(
    engine: str, mill: Mill, chosen: list[Path], run: Run, service: Service
) -> None:
    run(engine, input_price=2.0, output_price=10.0)
    rows = mill.db.execute("select * from request").fetchall()
    assert len(rows) == len(chosen)
    images = set(mill.all("select sha256 from item where kind = 'cutout'"))
    assert {row["image_sha256"] for row in rows} == images
    for row in rows:
        assert (row["tool"], row["engine"], row["host"]) == ("caption", engine, service.url.removeprefix("http://"))
        assert (row["attempts"], row["input_tokens"], row["output_tokens"]) == (1, USED_IN, USED_OUT)
        assert row["tokens"] == USED_IN + USED_OUT
        assert row["cost"] == pytest.approx((2 * USED_IN + 10 * USED_OUT) / 1e6)
        assert row["bound"] > row["cost"]
        assert row["sent_at"] <= row["answered_at"]
        assert json.loads(row["answer"]) == {"text": json.dumps(GOOD), "problem": "", "detail": ""}
    assert set(mill.all("select request from caption")) == {row["digest"] for row in rows}


def test_nothing_is_asked_twice(mill: Mill, chosen: list[Path], run: Run, service: Service) -> None:
    pytest.importorskip("openai", reason="openai is not installed (LIGHT=1)")
    run("openai")
    assert run("openai").counts == {}
    mill.db.execute("delete from outcome where step_id = (select id from step where tool = 'caption')")
    report = run("openai")
    assert report.counts["ok"] == 2 * len(chosen)
    assert report.notes[-1] == "caption default: 4 images, all paid for already; nothing is sent."
    assert service.sent == len(chosen)


@needs("openai")
def test_forbidden_words_are_looked_at_again_and_never_asked_about(
    mill: Mill, chosen: list[Path], run: Run, service: Service
) -> None:
    run("openai")
    report = run("openai", forbidden_words="orange")
    assert report.counts == {"ok": 4, "rejected": 4, "failed": 0}
    assert captions(mill) == [(TEXT, "rejected", "caption_forbidden_word")] * 4
    run("openai")
    assert captions(mill) == [(TEXT, "ok", None)] * 4
    assert service.sent == len(chosen)


@needs("openai")
def test_another_trigger_costs_nothing_another_model_does(
    mill: Mill, chosen: list[Path], run: Run, service: Service
) -> None:
    run("openai")
    (mill.base / "config.toml").write_text('[dataset.default]\ntrigger = "ohwx"\n', encoding="utf-8")
    run("openai")
    assert captions(mill) == [(f"ohwx, {TEXT}", "ok", None)] * 4
    assert service.sent == 4
    run("openai", model="another-model")
    assert service.sent == 8
    run("openai", max_output_tokens=1000)
    assert service.sent == 12
    run("openai", base_url=f"{service.url}/v1/", timeout_s=4.0)
    assert service.sent == 12


@needs("openai")
def test_the_style_follows_the_target(mill: Mill, chosen: list[Path], run: Run, service: Service) -> None:
    chosen_target = '[dataset.default]\ntrigger = "ohwx"\ntarget = "flux"\n'
    (mill.base / "config.toml").write_text(chosen_target, encoding="utf-8")
    run("openai")
    text = "ohwx, a woman in a medium shot, seen from the front, smiles. She wears an orange suit. The light is soft."
    assert captions(mill) == [(text, "ok", None)] * 4
    assert mill.one("select prompt_version from caption limit 1").startswith("flux-")


# Answers that are no captions.


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        ("refused", "caption_refused"),
        ("stopped", "caption_refused"),
        ("empty", "caption_empty"),
        ("nothing", "caption_empty"),
        ("cut off", "caption_truncated"),
        ("broken json", "caption_invalid"),
        ("wrong schema", "caption_invalid"),
        ("lies", "caption_invalid"),
    ],
)
@pytest.mark.parametrize("engine", BOTH)
def test_an_answer_that_is_no_caption_is_rejected_and_kept(
    engine: str, act: str, reason: str, mill: Mill, run: Run, service: Service
) -> None:
    choose(mill, 2)
    service.script.append(act)
    run(engine, concurrency=1)
    assert [(status, why) for status, why, _ in verdicts(mill)] == [("rejected", reason), ("ok", None)]
    assert len(captions(mill)) == 1
    run(engine, concurrency=1, forbidden_words="nothing")
    assert [why for _, why, _ in verdicts(mill)] == [reason, None]
    assert service.sent == 2


@needs("openai")
def test_a_fence_around_an_answer_is_no_fault(mill: Mill, run: Run, service: Service) -> None:
    choose(mill, 1)
    service.usual = "fenced"
    run("openai")
    assert captions(mill) == [(TEXT, "ok", None)]


# Faults.


@pytest.mark.parametrize("act", ["429", "500", "503", "html 502", "reset", "cut short", "hang", "drip"])
@pytest.mark.parametrize("engine", BOTH)
def test_what_may_pass_is_tried_again(engine: str, act: str, mill: Mill, run: Run, service: Service) -> None:
    choose(mill, 1)
    service.script.extend([act, act])
    run(engine, timeout_s=0.3 if act in ("hang", "drip") else 5.0)
    assert captions(mill) == [(TEXT, "ok", None)]
    assert service.sent == 3
    assert mill.one("select attempts from request") == 3
    assert mill.one("select fault from request") is None


@pytest.mark.parametrize(
    ("act", "sends", "detail"),
    [
        ("500", 3, "{host} answered 500 (Internal Server Error): Internal (3 times). RETRY_FAILED=1 asks again."),
        ("400", 1, "{host} answered 400 (Bad Request): Image too small. RETRY_FAILED=1 asks again."),
        (
            *("html", 1),
            "{host} answered something that is not of its protocol: <!doctype html><title>Sign in</title><p>Please "
            "sign in. Check [caption] base_url. RETRY_FAILED=1 asks again.",
        ),
    ],
)
@pytest.mark.parametrize("engine", BOTH)
def test_what_stays_is_that_image_s_failure(
    engine: str, act: str, sends: int, detail: str, mill: Mill, run: Run, service: Service
) -> None:
    choose(mill, 2)
    service.script.extend([act] * sends)
    report = run(engine, concurrency=1)
    host = service.url.removeprefix("http://")
    assert verdicts(mill) == [("failed", "failed", detail.format(host=host)), ("ok", None, None)]
    assert report.failed == 1
    assert service.sent == sends + 1
    assert run(engine, concurrency=1).counts == {}
    assert run(engine, concurrency=1, retry_failed=True).counts["ok"] == 2
    assert captions(mill) == [(TEXT, "ok", None)] * 2
    assert service.sent == sends + 2


@pytest.mark.parametrize(("act", "sends"), [("401", 1), ("403", 1), ("404", 1), ("429", 3)])
@pytest.mark.parametrize("engine", BOTH)
def test_what_would_happen_to_every_image_ends_the_run(
    engine: str, act: str, sends: int, mill: Mill, run: Run, service: Service
) -> None:
    choose(mill, 4)
    service.usual = act
    with pytest.raises(Stop, match=f"answered {act}"):
        run(engine, concurrency=1)
    assert service.sent == sends
    assert verdicts(mill) == []
    assert mill.one("select status from run order by id desc limit 1") == "broken"
    service.usual = "good"
    assert run(engine).counts["ok"] == 8


@pytest.mark.parametrize("engine", BOTH)
def test_a_server_that_is_not_there_ends_the_run(engine: str, mill: Mill, run: Run, service: Service) -> None:
    choose(mill, 2)
    with pytest.raises(Stop, match=r"127\.0\.0\.1:9 cannot be reached"):
        run(engine, base_url="http://127.0.0.1:9", attempts=2)
    assert verdicts(mill) == []
    attempts, cost = mill.one("select sum(attempts), sum(cost) from request")
    assert attempts >= 2
    assert cost == pytest.approx(0)


@needs("openai")
def test_what_may_have_cost_is_counted_as_if_it_had(mill: Mill, run: Run, service: Service) -> None:
    choose(mill, 1)
    service.script.extend(["reset", "500"])
    run("openai", attempts=2)
    bound, cost, attempts = mill.one("select bound, cost, attempts from request")
    assert cost == pytest.approx(bound)
    assert attempts == 2


# The budget.


@pytest.mark.parametrize("engine", BOTH)
def test_a_budget_of_three_sends_three(engine: str, mill: Mill, run: Run, service: Service) -> None:
    choose(mill, 7)
    report = run(engine, max_requests=3)
    assert service.sent == 3
    assert len(captions(mill)) == 3
    assert (report.left, report.counts["ok"]) == (4, 6)
    assert report.notes[-1] == (
        "caption default: max_requests = 3 is used up; 4 images keep waiting. Raise it in [caption], then make."
    )
    funnel = mill.funnel()["caption", "default", "cutout"]
    assert (funnel["inputs"], funnel["ok"], funnel["waiting"]) == (7, 3, 4)
    assert run(engine, max_requests=3).left == 4
    assert service.sent == 3
    assert run(engine, max_requests=5).left == 2
    assert service.sent == 5
    assert run(engine, max_requests=7).left == 0
    assert service.sent == 7
    mill.check()


@needs("openai")
def test_tries_count_as_requests(mill: Mill, run: Run, service: Service) -> None:
    choose(mill, 4)
    service.script.extend(["500", "good", "429"])
    report = run("openai", max_requests=4, concurrency=1)
    assert service.sent == 4
    assert (len(captions(mill)), report.left) == (2, 2)


@needs("openai")
@pytest.mark.parametrize(("bounds", "sends"), [(3.0, 3), (2.99, 2)])
def test_max_cost_is_never_exceeded(bounds: float, sends: int, mill: Mill, run: Run, service: Service) -> None:
    """With every answer as dear as it can be, so many fit as bounds fit."""
    choose(mill, 5)
    service.usual = "uncounted"
    run("openai", max_requests=1)
    bound = mill.one("select bound from request")
    report = run("openai", max_requests=0, max_cost=bounds * bound + 1e-9)
    assert service.sent == sends
    assert report.left == 5 - sends
    assert mill.one("select sum(cost) from request") <= bounds * bound + 1e-9
    assert report.notes[-1].startswith(f"caption default: max_cost = {bounds * bound:g} USD does not bear another")


@needs("openai")
def test_real_costs_make_room_again(mill: Mill, run: Run, service: Service) -> None:
    choose(mill, 5)
    run("openai", max_requests=1)
    bound, cost = mill.one("select bound, cost from request")
    report = run("openai", max_requests=0, max_cost=bound + 3 * cost, concurrency=1)
    assert service.sent == 4
    assert report.left == 1


@pytest.mark.parametrize("engine", BOTH)
def test_without_a_budget_nothing_is_sent(engine: str, mill: Mill, run: Run, service: Service) -> None:
    choose(mill, 4)
    with pytest.raises(UsageError) as caught:
        run(engine, max_requests=0)
    host = service.url.removeprefix("http://")
    assert str(caught.value).startswith(f"caption default: 4 images would go to {host} (")
    assert str(caught.value).endswith(
        'Nothing was sent: set [caption] max_cost (USD in all) or max_requests, or engine = "builtin".'
    )
    assert (service.sent, service.tokens, verdicts(mill)) == (0, 0, [])


@needs("openai")
def test_a_server_of_one_s_own_needs_no_budget(mill: Mill, run: Run, service: Service) -> None:
    choose(mill, 2)
    assert run("openai", max_requests=0, input_price=0.0, output_price=0.0).counts["ok"] == 4
    assert mill.one("select sum(cost) from request") == 0


@needs("openai")
def test_a_budget_in_money_needs_a_price(mill: Mill, run: Run, service: Service) -> None:
    choose(mill, 1)
    with pytest.raises(UsageError) as caught:
        run("openai", max_requests=0, max_cost=1.0, input_price=-1.0, output_price=-1.0)
    assert str(caught.value) == (
        "[caption] max_cost cannot be kept: nobody says what a-model costs. Set [caption] input_price and output_price "
        "in USD for a million tokens (0 and 0 for a server of your own)."
    )
    assert service.sent == 0


@pytest.mark.parametrize("engine", BOTH)
def test_a_dry_run_says_which_images_go_to_whom(
    engine: str, mill: Mill, chosen: list[Path], run: Run, service: Service
) -> None:
    run(engine, limit=1)
    mill.db.execute("delete from outcome where step_id = (select id from step where tool = 'caption')")
    before = service.sent, service.tokens
    notes = run(engine, dry_run=True, max_requests=0, key_file="/nowhere").notes[-4:]
    assert (service.sent, service.tokens) == before
    host = service.url.removeprefix("http://")
    model = "gemini-3.5-flash-lite" if engine == "vertex" else "a-model"
    assert notes[0].startswith(
        f"caption default: 3 images would go to {host} ({model}), 1 are paid for already: 3 requests, about "
    )
    assert "USD, at most" in notes[0]
    paths = [path.relative_to(mill.base) for path in chosen]
    assert notes[1:] == tuple(f"{path} -> {host} ({model})" for path in paths[1:])


# What is asked of it afterwards.


@needs("openai")
def test_doubts_and_requests_can_be_looked_at(mill: Mill, run: Run, service: Service) -> None:
    choose(mill, 3)
    doubtful = {**GOOD, "tags": ["full body", "long hair"]}
    service.answer = lambda number: doubtful if number == 1 else GOOD
    report = run("openai", concurrency=1, input_price=1.0, output_price=10.0)
    assert report.notes[-1] == "caption default: the words of 1 captions are doubtful: `make query Q=caption_doubts`."
    ids = mill.all("select id from item where kind = 'caption' order by address")
    found = [(row["item_id"], row["doubt"]) for row in answer(mill.base, "caption_doubts")]
    assert found == [
        (ids[0], "It is the text of 2 images."),
        (ids[1], 'It names something permanent (hair): "long hair".'),
        (ids[1], 'It says "full body", measured is a mid shot.'),
        (ids[2], "It is the text of 2 images."),
    ]
    (row,) = answer(mill.base, "requests")
    told = {name: row[name] for name in ("engine", "model", "images", "requests", "answered", "tokens", "cost_usd")}
    cost = 3 * (USED_IN * 1.0 + USED_OUT * 10.0) / 1e6
    assert told == {
        "engine": "openai",
        "model": "a-model",
        "images": 3,
        "requests": 3,
        "answered": 3,
        "tokens": 3 * (USED_IN + USED_OUT),
        "cost_usd": pytest.approx(cost),
    }


@needs("openai")
def test_only_what_is_known_can_be_shown(mill: Mill, run: Run, service: Service) -> None:
    choose(mill, 1)
    with pytest.raises(UsageError, match=r"\[caption\] show is 'frame', which is none\. There are: cutout, crop\."):
        run("openai", show="frame")
    assert service.sent == 0


# Rates.


@needs("openai")
def test_no_more_requests_are_under_way_than_allowed(mill: Mill, run: Run, service: Service) -> None:
    choose(mill, 6)
    service.pause_s = 0.15
    run("openai", concurrency=3)
    assert service.busiest == 3


# Whatever happens.


@pytest.mark.parametrize("engine", BOTH)
def test_a_kill_between_an_answer_and_its_record_costs_what_was_under_way(
    engine: str, mill: Mill, run: Run, service: Service, tmp_path: Path, pem: str
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
    run(engine)
    assert len(captions(mill)) == 6
    assert service.sent == 6 + before - recorded
    # Written down before it is sent: it may have been killed in between.
    assert mill.one("select sum(attempts) from request") - service.sent in (0, 1)
    assert mill.all("select status from run order by id")[-2:] == ["killed", "done"]


@needs("openai")
def test_two_datasets_pay_once_for_the_same_image(mill: Mill, service: Service, tmp_path: Path) -> None:
    (mill.base / "config.toml").write_text('[dataset.a]\n[dataset.b]\ntrigger = "ohwx"\n', encoding="utf-8")
    mill.settings = settings.load(mill.base, {})
    steps.ensure(mill.db, mill.settings, "intake", "")
    choose(mill, 3, ("a", "b"))
    service.pause_s = 0.3
    told = json.dumps(options("openai", service, tmp_path, ""))
    program = """
import json, sys
from pathlib import Path
from tools.mill import loop, settings
from tools.mill.tool import Asked
from tools import caption
loaded = settings.load(Path(sys.argv[1]), {})
values = {**loaded.sections["caption"], **json.loads(sys.argv[2])}
report = loop.run(caption.TOOL, loaded, values, Asked(dataset=sys.argv[3]))
assert report.counts["ok"] == 6, report
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(mill.base), told, name], env=environment)
        for name in ("a", "b")
    ]
    assert [process.wait(60) for process in running] == [0, 0]
    assert service.sent == 3
    assert mill.one("select count(*) from caption") == 6


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
    assert "max_requests = 2 is used up; 1 images keep waiting." in told
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
    run: Run,
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
            told = repr(run(engine))
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


def test_git_knows_not_to_take_the_key() -> None:
    done = subprocess.run(
        ["git", "check-ignore", "docker/service-account-key.json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "docker/service-account-key.json"
