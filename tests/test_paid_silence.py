"""caption: a service that answers nobody is not asked about every image; one picture too much for it ends nothing."""

from __future__ import annotations

import time

import pytest
from captioning import BOTH, TEXT, captions, choose, needs, verdicts
from conftest import RunTool
from making import Mill
from serving import Service

from tools.mill.ends import Stop

ENDS = (
    "5 questions in a row got no answer, so that nothing more is asked: what was not asked keeps waiting, and "
    "RETRY_FAILED=1 asks again about what has failed"
)


@pytest.mark.parametrize("engine", BOTH)
@pytest.mark.parametrize(
    ("act", "sends", "told"),
    [
        # The first has its three tries, the next four one each.
        ("500", 7, "answered 500 (Internal Server Error): Internal. "),
        ("html", 5, "answered something that is not of its protocol: "),
        ("reset", 7, "broke the connection off ("),
    ],
)
def test_a_row_without_an_answer_ends_the_run(
    engine: str, act: str, sends: int, told: str, mill: Mill, run_caption: RunTool, service: Service
) -> None:
    choose(mill, 8)
    service.usual = act
    with pytest.raises(Stop) as stopped:
        run_caption(engine, concurrency=1)
    assert told in str(stopped.value)
    assert str(stopped.value).endswith(ENDS)
    assert service.sent == sends
    assert [status for status, _, _ in verdicts(mill)] == ["failed"] * 4
    assert len(mill.queue("caption")) == 4
    service.usual = "good"
    assert run_caption(engine).counts == {"ok": 8, "rejected": 0, "failed": 0}
    assert run_caption(engine, retry_failed=True).counts == {"ok": 8, "rejected": 0, "failed": 0}
    assert captions(mill) == [(TEXT, "ok", None)] * 8


@needs("openai")
def test_four_in_a_row_end_nothing(mill: Mill, run_caption: RunTool, service: Service) -> None:
    choose(mill, 8)
    service.script.extend(["html"] * 4 + ["good"] + ["html"] * 3)
    report = run_caption("openai", concurrency=1)
    assert [status for status, _, _ in verdicts(mill)] == ["failed"] * 4 + ["ok"] + ["failed"] * 3
    assert (report.failed, service.sent) == (7, 8)


@needs("openai")
def test_a_picture_that_a_server_cannot_bear_costs_itself(mill: Mill, run_caption: RunTool, service: Service) -> None:
    """Its own tries; the next is answered, and the one after that has all of its tries again."""
    choose(mill, 4)
    service.script.extend(["500"] * 3 + ["good"] + ["500"] * 2 + ["good"])
    run_caption("openai", concurrency=1)
    assert [status for status, _, _ in verdicts(mill)] == ["failed", "ok", "ok", "ok"]
    assert service.sent == 8


@needs("openai")
def test_refusing_a_picture_is_an_answer_of_the_service(mill: Mill, run_caption: RunTool, service: Service) -> None:
    choose(mill, 8)
    service.script.extend(["html"] * 3 + ["400"] + ["html"] * 3)
    report = run_caption("openai", concurrency=1)
    assert (report.failed, report.counts["ok"]) == (7, 2)
    service.usual = "400"
    choose_again = run_caption("openai", concurrency=1, retry_failed=True)
    assert choose_again.failed == 7


@needs("openai")
def test_a_server_that_hangs_is_left_soon(mill: Mill, run_caption: RunTool, service: Service) -> None:
    choose(mill, 20)
    service.usual = "hang"
    start = time.monotonic()
    with pytest.raises(Stop, match=r"\(timeout_s\).* 5 questions in a row got no answer"):
        run_caption("openai", timeout_s=0.4, attempts=3)
    # Four at once with three tries each, then one try: not three for each of twenty.
    assert service.sent <= 4 * 3 + 4
    assert time.monotonic() - start < 20
    assert len(verdicts(mill)) <= 8
    assert len(mill.queue("caption")) >= 12
