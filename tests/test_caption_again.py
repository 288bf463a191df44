"""caption: an answer that could not be used is asked for again where somebody says so, and its cost counts on."""

from __future__ import annotations

import pytest
from asking import answer
from captioning import BOTH, TEXT, captions, choose, needs, verdicts
from conftest import RunTool
from making import Mill
from serving import GOOD, Service
from stamping import Check, stamp

from tools.mill.settings import UsageError

ACTS = [("nothing", "caption_empty"), ("cut off", "caption_truncated"), ("broken json", "caption_invalid")]


@pytest.mark.parametrize(("act", "reason"), ACTS)
@pytest.mark.parametrize("engine", BOTH)
def test_an_unusable_answer_is_asked_for_again(
    engine: str, act: str, reason: str, mill: Mill, run_caption: RunTool, service: Service
) -> None:
    choose(mill, 3)
    service.script.append(act)
    run_caption(engine, concurrency=1)
    assert [why for _, why, _ in verdicts(mill)] == [reason, None, None]
    attempts, cost = mill.one("select sum(attempts), sum(cost) from request")
    assert run_caption(engine).counts == {}, "not by itself"
    report = run_caption(engine, retry_failed=True)
    assert report.counts == {"ok": 2, "rejected": 0, "failed": 0}
    assert captions(mill) == [(TEXT, "ok", None)] * 3
    assert service.sent == 4
    assert service.asked[3].image == service.asked[0].image
    assert mill.one("select count(*) from request where set_aside_at is not null") == 1
    after, dearer = mill.one("select sum(attempts), sum(cost) from request")
    assert (after, dearer > cost) == (attempts + 1, True)
    assert run_caption(engine, retry_failed=True).counts == {}, "what could be used is not asked for again"
    assert service.sent == 4


@needs("openai")
def test_a_caption_of_the_wrong_length_is_asked_for_again(mill: Mill, run_caption: RunTool, service: Service) -> None:
    choose(mill, 2)
    (mill.base / "config.toml").write_text('[dataset.default]\ntarget = "flux"\n', encoding="utf-8")
    service.answer = lambda number: GOOD if number else GOOD | {"prose": "Soft."}
    run_caption("openai", concurrency=1)
    assert [reason for _, _, reason in captions(mill)] == ["caption_invalid", None]
    service.answer = lambda number: GOOD
    run_caption("openai", retry_failed=True)
    assert [text for text, _, _ in captions(mill)] == [GOOD["prose"]] * 2
    assert service.sent == 3
    (row,) = answer(mill.base, "requests")
    assert (row["images"], row["requests"], row["set_aside"]) == (2, 3, 1)
    known = set(mill.all("select digest from request"))
    assert set(mill.all("select request from caption")) <= known


@needs("openai")
def test_it_may_be_asked_for_again_and_again(mill: Mill, run_caption: RunTool, service: Service) -> None:
    choose(mill, 1)
    service.usual = "broken json"
    for _ in range(3):
        run_caption("openai", retry_failed=True)
    assert service.sent == 3
    assert mill.all("select set_aside_at is not null from request order by sent_at, 1 desc") == [1, 1, 0]


@needs("openai")
def test_a_refusal_stays_one(mill: Mill, run_caption: RunTool, service: Service) -> None:
    choose(mill, 1)
    service.script.append("refused")
    run_caption("openai")
    assert run_caption("openai", retry_failed=True).counts == {}
    assert service.sent == 1


@needs("openai")
def test_asking_again_is_within_the_budget(mill: Mill, run_caption: RunTool, service: Service) -> None:
    choose(mill, 2)
    service.usual = "broken json"
    run_caption("openai", max_requests=3, concurrency=1)
    said = verdicts(mill)
    report = run_caption("openai", max_requests=3, concurrency=1, retry_failed=True)
    assert (service.sent, report.left) == (3, 1)
    assert "2 images would go to" in " ".join(report.notes)
    assert verdicts(mill) == said, "what the budget does not bear stands as it was"
    assert mill.one("select count(*) from request where set_aside_at is not null") == 1
    with pytest.raises(UsageError, match="Nothing was sent"):
        run_caption("openai", max_requests=0, retry_failed=True)
    run_caption("openai", max_requests=3, retry_failed=True, dry_run=True)
    assert mill.one("select count(*) from request where set_aside_at is not null") == 1


def test_make_starts_caption_again_for_an_unusable_answer(
    mill: Mill, check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamp(mill.base, check)
    monkeypatch.setenv("MILL_RETRY_FAILED", "1")
    assert check() == []
    mill.db.execute(
        """update outcome set status = 'rejected', reason = 'caption_refused', passed = 0
        where kind = 'caption' and id = (select max(id) from outcome where kind = 'caption')"""
    )
    assert check() == []
    mill.db.execute("update outcome set reason = 'caption_invalid' where reason = 'caption_refused'")
    monkeypatch.delenv("MILL_RETRY_FAILED")
    assert check() == []
    monkeypatch.setenv("MILL_RETRY_FAILED", "1")
    assert check() == ["caption.default", "package.default"]
