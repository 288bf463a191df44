"""caption: the first request of a run goes alone, so that what is wrong for all costs one request."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from captioning import choose, needs
from conftest import RunTool
from making import Mill
from serving import Service

from tools.mill.tool import Unserved
from tools.paid.first import First
from tools.paid.ledger import Ledger
from tools.paid.pace import Halted, Pace, Quota


@pytest.fixture
def ledger(mill: Mill) -> Iterator[Ledger]:
    opened = Ledger(mill.base)
    yield opened
    opened.close()


@needs("openai")
@pytest.mark.parametrize("act", ["good", "400"])
def test_the_first_request_of_a_run_goes_alone_and_the_others_side_by_side(
    act: str, mill: Mill, run_caption: RunTool, service: Service
) -> None:
    choose(mill, 5)
    service.pause_s = 0.4
    service.script.append(act)
    run_caption("openai", concurrency=4)
    first, *others = (each.at for each in service.asked)
    assert len(others) == 4
    assert min(others) - first >= service.pause_s
    assert max(others) - min(others) < service.pause_s


@needs("openai")
def test_while_the_first_is_tried_again_nothing_else_is_asked(
    mill: Mill, run_caption: RunTool, service: Service
) -> None:
    choose(mill, 5)
    service.script.extend(["500", "500"])
    run_caption("openai", concurrency=4)
    assert service.sent == 7
    first = service.asked[0].image
    assert [each.image == first for each in service.asked] == [True] * 3 + [False] * 4


def test_whoever_waits_behind_the_first_question_hears_of_the_end(ledger: Ledger) -> None:
    pace, first = Pace(Quota("h", "m", 60, 1000), ledger), First()
    heard: list[str] = []

    def second() -> None:
        try:
            with first.turn(pace):
                heard.append("asked")
        except Halted:
            heard.append("halted")

    with first.turn(pace):
        waiting = threading.Thread(target=second)
        waiting.start()
        waiting.join(0.2)
        assert heard == []
        pace.halt()
        waiting.join(5)
        assert heard == ["halted"]


def test_a_first_question_that_is_given_up_lets_the_others_through(ledger: Ledger) -> None:
    pace, first = Pace(Quota("h", "m", 60, 1000), ledger), First()
    with pytest.raises(Unserved), first.turn(pace):
        raise Unserved("It got no answer.")
    with first.turn(pace), first.turn(pace):
        pass
