"""Captioners elsewhere: the budget holds exactly, the rates too, and a dry run says what would be."""

from __future__ import annotations

from pathlib import Path

import pytest
from captioning import BOTH, captions, choose, needs, verdicts
from conftest import RunTool
from making import Mill
from serving import Service

from tools.mill.settings import UsageError


@pytest.fixture
def chosen(mill: Mill) -> list[Path]:
    """Four cut-outs that a workspace has chosen."""
    return choose(mill, 4)


# The budget.


@pytest.mark.parametrize("engine", BOTH)
def test_a_budget_of_three_sends_three(engine: str, mill: Mill, run_caption: RunTool, service: Service) -> None:
    choose(mill, 7)
    report = run_caption(engine, max_requests=3)
    assert service.sent == 3
    assert len(captions(mill)) == 3
    assert (report.left, report.counts["ok"]) == (4, 6)
    assert report.notes[-1] == (
        "caption default: max_requests = 3 is used up; 4 images keep waiting. Raise it in [caption], then make."
    )
    funnel = mill.funnel()["caption", "default", "cutout"]
    assert (funnel["inputs"], funnel["ok"], funnel["waiting"]) == (7, 3, 4)
    assert run_caption(engine, max_requests=3).left == 4
    assert service.sent == 3
    assert run_caption(engine, max_requests=5).left == 2
    assert service.sent == 5
    assert run_caption(engine, max_requests=7).left == 0
    assert service.sent == 7
    mill.check()


@needs("openai")
def test_tries_count_as_requests(mill: Mill, run_caption: RunTool, service: Service) -> None:
    choose(mill, 4)
    service.script.extend(["500", "good", "429"])
    report = run_caption("openai", max_requests=4, concurrency=1)
    assert service.sent == 4
    assert (len(captions(mill)), report.left) == (2, 2)


@needs("openai")
@pytest.mark.parametrize(("bounds", "sends"), [(3.0, 3), (2.99, 2)])
def test_max_cost_is_never_exceeded(
    bounds: float, sends: int, mill: Mill, run_caption: RunTool, service: Service
) -> None:
    """With every answer as dear as it can be, so many fit as bounds fit."""
    choose(mill, 5)
    service.usual = "uncounted"
    run_caption("openai", max_requests=1)
    bound = mill.one("select bound from request")
    report = run_caption("openai", max_requests=0, max_cost=bounds * bound + 1e-9)
    assert service.sent == sends
    assert report.left == 5 - sends
    assert mill.one("select sum(cost) from request") <= bounds * bound + 1e-9
    assert report.notes[-1].startswith(f"caption default: max_cost = {bounds * bound:g} USD does not bear another")


@needs("openai")
@pytest.mark.parametrize("concurrency", [1, 4])
def test_real_costs_make_room_again(concurrency: int, mill: Mill, run_caption: RunTool, service: Service) -> None:
    choose(mill, 5)
    run_caption("openai", max_requests=1)
    bound, cost = mill.one("select bound, cost from request")
    report = run_caption("openai", max_requests=0, max_cost=bound + 3 * cost + 1e-9, concurrency=concurrency)
    assert service.sent == 4
    assert report.left == 1


@needs("openai")
def test_a_model_that_counts_more_is_reckoned_with_more(mill: Mill, run_caption: RunTool, service: Service) -> None:
    choose(mill, 3)
    service.used = 90_000, 300
    run_caption("openai", max_requests=1, input_price=1.0, output_price=1.0)
    cost = mill.one("select cost from request")
    assert cost == pytest.approx(0.0903)
    report = run_caption("openai", max_requests=0, max_cost=2 * cost, input_price=1.0, output_price=1.0)
    assert (service.sent, report.left) == (1, 2)


@pytest.mark.parametrize("engine", BOTH)
def test_without_a_budget_nothing_is_sent(engine: str, mill: Mill, run_caption: RunTool, service: Service) -> None:
    choose(mill, 4)
    with pytest.raises(UsageError) as caught:
        run_caption(engine, max_requests=0)
    host = service.url.removeprefix("http://")
    assert str(caught.value).startswith(f"caption default: 4 images would go to {host} (")
    assert str(caught.value).endswith(
        'Nothing was sent: set [caption] max_cost (USD in all) or max_requests, or engine = "builtin".'
    )
    assert (service.sent, service.tokens, verdicts(mill)) == (0, 0, [])


@needs("openai")
def test_a_server_of_one_s_own_needs_no_budget(mill: Mill, run_caption: RunTool, service: Service) -> None:
    choose(mill, 2)
    assert run_caption("openai", max_requests=0, input_price=0.0, output_price=0.0).counts["ok"] == 4
    assert mill.one("select sum(cost) from request") == 0


@needs("openai")
def test_a_budget_in_money_needs_a_price(mill: Mill, run_caption: RunTool, service: Service) -> None:
    choose(mill, 1)
    with pytest.raises(UsageError) as caught:
        run_caption("openai", max_requests=0, max_cost=1.0, input_price=-1.0, output_price=-1.0)
    assert str(caught.value) == (
        "[caption] max_cost cannot be kept: nobody says what a-model costs. Set [caption] input_price and output_price "
        "in USD for a million tokens (0 and 0 for a server of your own)."
    )
    assert service.sent == 0


@pytest.mark.parametrize("engine", BOTH)
def test_a_dry_run_says_which_images_go_to_whom(
    engine: str, mill: Mill, chosen: list[Path], run_caption: RunTool, service: Service
) -> None:
    run_caption(engine, limit=1)
    mill.db.execute("delete from outcome where step_id = (select id from step where tool = 'caption')")
    before = service.sent, service.tokens
    notes = run_caption(engine, dry_run=True, max_requests=0, key_file="/nowhere").notes[-4:]
    assert (service.sent, service.tokens) == before
    host = service.url.removeprefix("http://")
    model = "gemini-3.5-flash-lite" if engine == "vertex" else "a-model"
    assert notes[0].startswith(
        f"caption default: 3 images would go to {host} ({model}), 1 of 4 paid for already: 3 requests, about "
    )
    assert "USD, at most" in notes[0]
    paths = [path.relative_to(mill.base) for path in chosen]
    assert notes[1:] == tuple(f"{path} -> {host} ({model})" for path in paths[1:])


# Rates.


@needs("openai")
def test_no_more_requests_are_under_way_than_allowed(mill: Mill, run_caption: RunTool, service: Service) -> None:
    choose(mill, 6)
    service.pause_s = 0.15
    run_caption("openai", concurrency=3)
    assert service.busiest == 3
