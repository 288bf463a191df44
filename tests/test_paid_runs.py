"""Whole runs of caption with a captioner elsewhere: what is asked, written down and made of each answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from asking import answer
from captioning import BOTH, TEXT, captions, choose, needs, verdicts
from conftest import RunTool
from making import Mill
from serving import GOOD, USED_IN, USED_OUT, Service

from tools.mill.ends import Stop
from tools.mill.settings import UsageError
from tools.mill.words import command


@pytest.fixture
def chosen(mill: Mill) -> list[Path]:
    """Four cut-outs that a workspace has chosen."""
    return choose(mill, 4)


# What is written down.


@pytest.mark.parametrize("engine", BOTH)
def test_every_image_is_asked_about_once(
    engine: str, mill: Mill, chosen: list[Path], run_caption: RunTool, service: Service
) -> None:
    report = run_caption(engine)
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
    see = command(mill.base, "query", Q="caption_doubts")
    assert report.notes[-1] == f"caption default: 4 captions should be read again: `{see}` says why."
    assert row["prompt_version"].startswith("sdxl-")


@pytest.mark.parametrize("engine", BOTH)
def test_a_request_is_written_down_with_what_it_cost(
    engine: str, mill: Mill, chosen: list[Path], run_caption: RunTool, service: Service
) -> None:
    run_caption(engine, input_price=2.0, output_price=10.0)
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


def test_nothing_is_asked_twice(mill: Mill, chosen: list[Path], run_caption: RunTool, service: Service) -> None:
    pytest.importorskip("openai", reason="openai is not installed (LIGHT=1)")
    run_caption("openai")
    assert run_caption("openai").counts == {}
    mill.db.execute("delete from outcome where step_id = (select id from step where tool = 'caption')")
    report = run_caption("openai")
    assert report.counts["ok"] == 2 * len(chosen)
    assert report.notes[-2] == "caption default: 4 images, all paid for already; nothing is sent."
    assert service.sent == len(chosen)


@needs("openai")
def test_forbidden_words_are_looked_at_again_and_never_asked_about(
    mill: Mill, chosen: list[Path], run_caption: RunTool, service: Service
) -> None:
    run_caption("openai")
    report = run_caption("openai", forbidden_words="orange")
    assert report.counts == {"ok": 4, "rejected": 4, "failed": 0}
    assert captions(mill) == [(TEXT, "rejected", "caption_forbidden_word")] * 4
    run_caption("openai")
    assert captions(mill) == [(TEXT, "ok", None)] * 4
    assert service.sent == len(chosen)


@needs("openai")
def test_another_trigger_costs_nothing_another_model_does(
    mill: Mill, chosen: list[Path], run_caption: RunTool, service: Service
) -> None:
    run_caption("openai")
    (mill.base / "config.toml").write_text('[dataset.default]\ntrigger = "ohwx"\n', encoding="utf-8")
    run_caption("openai")
    assert captions(mill) == [(f"ohwx, {TEXT}", "ok", None)] * 4
    assert service.sent == 4
    run_caption("openai", model="another-model")
    assert service.sent == 8
    run_caption("openai", max_output_tokens=1000)
    assert service.sent == 12
    run_caption("openai", base_url=f"{service.url}/v1/", timeout_s=4.0)
    assert service.sent == 12


@needs("openai")
def test_the_style_follows_the_target(mill: Mill, chosen: list[Path], run_caption: RunTool, service: Service) -> None:
    chosen_target = '[dataset.default]\ntrigger = "ohwx"\ntarget = "flux"\n'
    (mill.base / "config.toml").write_text(chosen_target, encoding="utf-8")
    run_caption("openai")
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
    engine: str, act: str, reason: str, mill: Mill, run_caption: RunTool, service: Service
) -> None:
    choose(mill, 2)
    service.script.append(act)
    run_caption(engine, concurrency=1)
    assert [(status, why) for status, why, _ in verdicts(mill)] == [("rejected", reason), ("ok", None)]
    assert len(captions(mill)) == 1
    run_caption(engine, concurrency=1, forbidden_words="nothing")
    assert [why for _, why, _ in verdicts(mill)] == [reason, None]
    assert service.sent == 2


@needs("openai")
def test_a_fence_around_an_answer_is_no_fault(mill: Mill, run_caption: RunTool, service: Service) -> None:
    choose(mill, 1)
    service.usual = "fenced"
    run_caption("openai")
    assert captions(mill) == [(TEXT, "ok", None)]


# Faults.


@pytest.mark.parametrize("act", ["429", "500", "503", "html 502", "reset", "cut short", "hang", "drip"])
@pytest.mark.parametrize("engine", BOTH)
def test_what_may_pass_is_tried_again(
    engine: str, act: str, mill: Mill, run_caption: RunTool, service: Service
) -> None:
    choose(mill, 1)
    service.script.extend([act, act])
    run_caption(engine, timeout_s=0.3 if act in ("hang", "drip") else 5.0)
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
    engine: str, act: str, sends: int, detail: str, mill: Mill, run_caption: RunTool, service: Service
) -> None:
    choose(mill, 2)
    service.script.extend([act] * sends)
    report = run_caption(engine, concurrency=1)
    host = service.url.removeprefix("http://")
    assert verdicts(mill) == [("failed", "failed", detail.format(host=host)), ("ok", None, None)]
    assert report.failed == 1
    assert service.sent == sends + 1
    assert run_caption(engine, concurrency=1).counts == {}
    assert run_caption(engine, concurrency=1, retry_failed=True).counts["ok"] == 2
    assert captions(mill) == [(TEXT, "ok", None)] * 2
    assert service.sent == sends + 2


@pytest.mark.parametrize(("act", "sends"), [("401", 1), ("403", 1), ("404", 1), ("429", 3)])
@pytest.mark.parametrize("engine", BOTH)
def test_what_would_happen_to_every_image_ends_the_run(
    engine: str, act: str, sends: int, mill: Mill, run_caption: RunTool, service: Service
) -> None:
    choose(mill, 4)
    service.usual = act
    with pytest.raises(Stop, match=f"answered {act}"):
        run_caption(engine, concurrency=4)
    assert service.sent == sends
    assert verdicts(mill) == []
    assert mill.one("select status from run order by id desc limit 1") == "broken"
    service.usual = "good"
    assert run_caption(engine).counts["ok"] == 8


@pytest.mark.parametrize("engine", BOTH)
def test_a_server_that_is_not_there_ends_the_run(
    engine: str, mill: Mill, run_caption: RunTool, service: Service
) -> None:
    choose(mill, 2)
    with pytest.raises(Stop, match=r"127\.0\.0\.1:9 cannot be reached"):
        run_caption(engine, base_url="http://127.0.0.1:9", attempts=2)
    assert verdicts(mill) == []
    attempts, cost = mill.one("select sum(attempts), sum(cost) from request")
    assert attempts == 2, "the first alone has tried"
    assert cost == pytest.approx(0)


@needs("openai")
def test_what_may_have_cost_is_counted_as_if_it_had(mill: Mill, run_caption: RunTool, service: Service) -> None:
    choose(mill, 1)
    service.script.extend(["reset", "500"])
    run_caption("openai", attempts=2)
    bound, cost, attempts = mill.one("select bound, cost, attempts from request")
    assert cost == pytest.approx(bound)
    assert attempts == 2


# What is asked of it afterwards.


@needs("openai")
def test_doubts_and_requests_can_be_looked_at(mill: Mill, run_caption: RunTool, service: Service) -> None:
    choose(mill, 3)
    doubtful = {**GOOD, "tags": ["full body", "long hair"]}
    service.answer = lambda number: doubtful if number == 1 else GOOD
    report = run_caption("openai", concurrency=1, input_price=1.0, output_price=10.0)
    see = command(mill.base, "query", Q="caption_doubts")
    assert report.notes[-1] == f"caption default: 3 captions should be read again: `{see}` says why."
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
def test_only_what_is_known_can_be_shown(mill: Mill, run_caption: RunTool, service: Service) -> None:
    choose(mill, 1)
    with pytest.raises(UsageError, match=r"\[caption\] show is 'frame', which is none\. There are: cutout, crop\."):
        run_caption("openai", show="frame")
    assert service.sent == 0


@needs("openai")
def test_a_run_that_did_nothing_has_nothing_to_say_of_captions(
    mill: Mill, run_caption: RunTool, service: Service
) -> None:
    choose(mill, 3)
    run_caption("openai")
    report = run_caption("openai", model="another", max_requests=3)
    assert (report.counts, report.left, service.sent) == ({"ok": 0, "rejected": 0, "failed": 0}, 3, 3)
    assert not [note for note in report.notes if "read again" in note]


@needs("openai")
@needs("vertex")
def test_what_another_captioner_wrote_was_told_before(mill: Mill, run_caption: RunTool, service: Service) -> None:
    choose(mill, 3)
    run_caption("openai")
    report = run_caption("vertex", limit=1)
    see = command(mill.base, "query", Q="caption_doubts")
    assert report.notes[-1] == f"caption default: 1 caption should be read again: `{see}` says why."
