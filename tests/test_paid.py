"""paid: rates, faults, prices, secrets and the ledger on their own."""

from __future__ import annotations

import json
import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from captioning import terms
from serving import GOOD, Service

from tools.engines.chat import Chat
from tools.mill import manifest
from tools.mill.ends import Stop
from tools.mill.settings import UsageError
from tools.mill.tool import Unserved, Waits
from tools.paid import faults, pace
from tools.paid.call import Desk, Question
from tools.paid.faults import Fault, of_status, pause_s, seconds_of
from tools.paid.ledger import Ledger, Reply, Spent
from tools.paid.pace import MINUTE_S, Halted, Pace, Quota
from tools.paid.prices import Price, price_of, table
from tools.paid.terms import Budget, Terms
from tools.paid.veil import HIDDEN, Veil

A, B = "a" * 64, "b" * 64
ABOUT = {"tool": "caption", "engine": "openai", "host": "h", "model": "m", "prompt_version": "p", "image_sha256": "i"}


@pytest.fixture
def base(tmp_path: Path) -> Path:
    manifest.connect(tmp_path, create=True).close()
    return tmp_path


def row(base: Path, digest: str = A) -> sqlite3.Row:
    db = manifest.connect(base)
    found: sqlite3.Row = db.execute("select * from request where digest = ?", (digest,)).fetchone()
    db.close()
    return found


# The pace.

QUOTA = Quota("h", "m", 10, 1000)


@pytest.fixture
def ledger(base: Path) -> Iterator[Ledger]:
    opened = Ledger(base)
    yield opened
    opened.close()


def test_so_many_requests_a_minute(ledger: Ledger) -> None:
    quota = Quota("h", "m", 2, 1000)
    assert isinstance(ledger.depart(quota, 1, 100.0), int)
    assert isinstance(ledger.depart(quota, 1, 110.0), int)
    assert ledger.depart(quota, 1, 120.0) == pytest.approx(40)  # until the first is a minute old
    assert ledger.depart(quota, 1, 159.9) == pytest.approx(0.1)
    assert isinstance(ledger.depart(quota, 1, 160.0), int)


def test_so_many_tokens_a_minute(ledger: Ledger) -> None:
    first = ledger.depart(quota := Quota("h", "m", 100, 1000), 600, 0.0)
    assert isinstance(first, int)
    assert ledger.depart(quota, 401, 1.0) == pytest.approx(59)
    assert isinstance(ledger.depart(quota, 400, 1.0), int)
    assert isinstance(ledger.depart(quota, 1, 2.0), float)
    ledger.weigh(first, 500)  # it had fewer than was thought
    assert isinstance(ledger.depart(quota, 100, 2.0), int)


def test_a_request_larger_than_a_minute_goes_alone(ledger: Ledger) -> None:
    assert isinstance(ledger.depart(QUOTA, 5000, 0.0), int)
    assert isinstance(ledger.depart(QUOTA, 1, 59.9), float)
    assert isinstance(ledger.depart(QUOTA, 5000, MINUTE_S), int)


def test_each_model_and_host_has_its_own_minute(ledger: Ledger) -> None:
    for host, model in (("h", "m"), ("h", "n"), ("i", "m")):
        assert isinstance(ledger.depart(Quota(host, model, 1, 1000), 1, 5.0), int)
        assert ledger.depart(Quota(host, model, 1, 1000), 1, 6.0) == pytest.approx(59)


def test_a_departure_while_another_waits_for_the_manifest_counts(ledger: Ledger, base: Path) -> None:
    quota = Quota("h", "m", 1, 1000)
    paced, db = Pace(quota, ledger), manifest.connect(base)
    with ThreadPoolExecutor(1) as threads:
        db.execute("begin immediate")
        entered = threads.submit(paced.enter, 1)
        time.sleep(1.3)
        db.execute("insert into departure (host, model, at_s, tokens) values ('h', 'm', ?, 1)", (time.time(),))
        db.commit()
        time.sleep(0.3)
        paced.halt()
        with pytest.raises(Halted):
            entered.result()
    assert db.execute("select count(*) from departure").fetchone()[0] == 1
    db.close()


def test_a_clock_that_is_set_back_holds_nothing_up(ledger: Ledger, base: Path) -> None:
    quota = Quota("h", "m", 1, 1000)
    assert isinstance(ledger.depart(quota, 1, 10_000.0), int)
    assert isinstance(ledger.depart(quota, 1, 9_999.5), float)  # another process's clock was read a little later
    assert isinstance(ledger.depart(quota, 1, 5_000.0), int)
    db = manifest.connect(base)
    assert [row[0] for row in db.execute("select at_s from departure")] == [5_000.0]
    db.close()


def test_a_halt_ends_every_wait(ledger: Ledger) -> None:
    paced = Pace(Quota("h", "m", 1, 1000), ledger)
    paced.enter(1)
    ended = []

    def wait() -> None:
        with pytest.raises(Halted):
            paced.enter(1)
        ended.append(True)

    thread = threading.Thread(target=wait)
    thread.start()
    paced.halt()
    thread.join(5)
    assert ended == [True]
    with pytest.raises(Halted):
        paced.enter(1)


# Faults.


@pytest.mark.parametrize(
    ("status", "retry", "stop", "paid"),
    [
        (400, False, False, False),
        (401, False, True, False),
        (402, False, True, False),
        (404, False, True, False),
        (408, True, False, False),
        (409, False, False, False),
        (413, False, False, False),
        (422, False, False, False),
        (429, True, True, False),
        (499, False, False, False),
        (500, True, False, False),
        (504, True, False, True),
        (529, True, False, False),
        (599, True, False, False),
    ],
)
def test_which_status_is_tried_again(status: int, retry: bool, stop: bool, paid: bool) -> None:
    found = of_status("host", status, "", None, 0.0)
    assert (found.retry, found.stop, found.paid) == (retry, stop, paid)
    assert str(found).startswith(f"host answered {status} (")


def test_a_long_answer_is_told_in_brief() -> None:
    assert str(of_status("host", 500, "x\n y" + "z" * 500, None, 0.0)) == (
        f"host answered 500 (Internal Server Error): x y{'z' * 297} …"
    )


@pytest.mark.parametrize(
    ("after", "seconds"),
    [
        *((None, None), ("", None), ("7", 7.0), ("0.5", 0.5), ("-3", 0.0), ("soon", None), ("nan", None)),
        ("Thu, 01 Jan 1970 00:01:30 GMT", 30.0),
        ("Thu, 01 Jan 1970 00:00:30 GMT", 0.0),
    ],
)
def test_retry_after_is_read(after: str | None, seconds: float | None) -> None:
    assert seconds_of(after, 60.0) == seconds


def test_pauses_double_and_are_spread() -> None:
    chance = random.Random(1)
    fault = Fault("x", retry=True)
    for tries, longest in ((1, 1.0), (2, 2.0), (3, 4.0), (7, 60.0), (20, 60.0)):
        pauses = [pause_s(tries, fault, chance) for _ in range(200)]
        assert min(pauses) >= longest / 2
        assert max(pauses) <= longest
        assert max(pauses) - min(pauses) > longest / 4


def test_a_pause_is_as_long_as_asked_for() -> None:
    chance = random.Random(1)
    assert pause_s(1, Fault("x", after_s=20.0), chance) == 20.0
    assert pause_s(1, Fault("x", after_s=1e9), chance) == 600.0


# Prices and budgets.


def test_a_price_is_for_a_million_tokens() -> None:
    price = Price(0.30, 2.50, "here")
    assert price.cost(1_000_000, 0) == pytest.approx(0.30)
    assert price.cost(2000, 400) == pytest.approx(0.0006 + 0.001)
    assert (price.free, Price(0, 0, "").free, Price(0, 1, "").free) == (False, True, False)


def test_every_price_has_a_source_and_a_date() -> None:
    for name, price in table().items():
        source, on = price.source.split(", ")
        assert "." in source, name
        assert time.strptime(on, "%Y-%m-%d").tm_year >= 2026
        assert 0 < price.input < price.output


def test_whose_price_counts() -> None:
    assert price_of("gemini-3.5-flash-lite", -1, -1) == table()["gemini-3.5-flash-lite"]
    assert price_of("publishers/google/models/gemini-3.5-flash-lite", -1, -1) == table()["gemini-3.5-flash-lite"]
    assert price_of("llava", -1, -1) is None
    assert price_of("llava", 0, 0) == Price(0, 0, "[caption] input_price and output_price")
    with pytest.raises(UsageError, match="go together"):
        price_of("llava", 1, -1)


def test_nothing_said_is_no_budget() -> None:
    assert Budget.of(Terms()).unbounded
    assert not Budget.of(Terms(max_cost=1)).unbounded
    assert not Budget.of(Terms(max_requests=1)).unbounded


# Secrets.


def test_secrets_are_hidden_whole_and_by_line() -> None:
    veil = Veil()
    veil.add("sk-secret", None, "", "short", "-----BEGIN\nMIIEvQIB\nrest-of-it")
    assert veil.hide("a sk-secret b") == f"a {HIDDEN} b"
    assert veil.hide("short words stay") == "short words stay"
    assert veil.hide("x MIIEvQIB y rest-of-it") == f"x {HIDDEN} y {HIDDEN}"
    assert "MIIEvQIB" not in veil.hide(r"-----BEGIN\nMIIEvQIB\nrest-of-it")


def test_the_longer_secret_goes_first() -> None:
    veil = Veil()
    veil.add("sk-secret", "sk-secret-and-more")
    assert veil.hide("sk-secret-and-more") == HIDDEN


# The ledger.


def test_an_answer_is_found_again(base: Path) -> None:
    ledger = Ledger(base)
    assert ledger.find(A) is None
    ledger.send(A, 0.5, Budget(), ABOUT)
    assert ledger.find(A) is None
    assert ledger.unanswered([A, B]) == [A, B]
    reply = Reply("text", "", "", 10, 20)
    ledger.answered(A, reply, 0.25)
    assert ledger.find(A) == reply
    assert ledger.unanswered([A, B]) == [B]
    assert ledger.spent() == (1, 0.25)
    ledger.close()


def test_a_request_stands_there_before_it_is_answered(base: Path) -> None:
    ledger = Ledger(base)
    ledger.send(A, 0.5, Budget(), ABOUT)
    written = row(base)
    assert {name: written[name] for name in ABOUT} == ABOUT
    assert (written["attempts"], written["cost"], written["bound"], written["answered_at"]) == (1, 0.5, 0.5, None)
    ledger.failed(A, "It failed.", paid=False)
    ledger.send(A, 0.75, Budget(), ABOUT)
    written = row(base)
    assert (written["attempts"], written["cost"], written["bound"]) == (2, 0.75, 0.75)
    ledger.failed(A, "It hung.", paid=True)
    assert (row(base)["cost"], row(base)["fault"]) == (0.75, "It hung.")
    ledger.send(A, 0.5, Budget(), ABOUT)
    ledger.answered(A, Reply("x", input_tokens=1, output_tokens=2), 0.125)
    assert (row(base)["cost"], row(base)["tokens"], row(base)["fault"]) == (0.875, 3, None)
    ledger.close()


def test_what_a_model_counted_is_known(base: Path) -> None:
    ledger = Ledger(base)
    assert ledger.most_tokens("m") == (0, 0)
    for digest, reply in ((A, Reply("x", "", "", 10, 200)), (B, Reply("x", "", "", 30, 5))):
        ledger.send(digest, 0.5, Budget(), ABOUT)
        ledger.answered(digest, reply, 0.25)
    assert ledger.most_tokens("m") == (30, 200)
    assert ledger.most_tokens("another") == (0, 0)
    ledger.close()


def test_a_budget_holds_to_the_last_cent(base: Path) -> None:
    ledger = Ledger(base)
    ledger.send(A, 0.5, Budget(max_cost=0.5), ABOUT)
    ledger.failed(A, "It hung.", paid=True)
    with pytest.raises(Spent) as caught:
        ledger.send(B, 0.5, Budget(max_cost=0.99), ABOUT)
    assert str(caught.value) == (
        "max_cost = 0.99 USD does not bear another request: 0.5000 USD are spent, and one costs up to 0.5000 USD"
    )
    ledger.send(B, 0.5, Budget(max_cost=1.0), ABOUT)
    with pytest.raises(Spent, match="max_requests = 2 is used up"):
        ledger.send(A, 0.0, Budget(max_requests=2), ABOUT)
    assert ledger.spent() == (2, 1.0)
    assert row(base)["attempts"] == 1
    ledger.close()


def test_what_is_under_way_may_yet_make_room(base: Path) -> None:
    """A request that does not fit beside the bound of another waits until that one is settled."""
    ledger, budget = Ledger(base), Budget(max_cost=0.75)
    ledger.send(A, 0.5, budget, ABOUT)
    with ThreadPoolExecutor(1) as threads:
        second = threads.submit(ledger.send, B, 0.5, budget, ABOUT)
        time.sleep(0.1)
        assert not second.done()
        ledger.answered(A, Reply("x", input_tokens=1, output_tokens=1), 0.25)
        assert second.result(5) is None
    assert ledger.spent() == (2, 0.75)
    ledger.close()


def test_many_threads_share_one_budget(base: Path) -> None:
    ledger = Ledger(base)

    def send(number: int) -> bool:
        try:
            ledger.send(f"{number:064x}", 0.1, Budget(max_requests=10), ABOUT)
        except Spent:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        sent = list(threads.map(send, range(40)))
    assert sum(sent) == 10
    assert ledger.spent()[0] == 10
    ledger.close()


def test_a_claim_holds_others_off(ledger: Ledger) -> None:
    paced = Pace(QUOTA, ledger)
    with ledger.claim(A, paced):
        with ledger.claim(B, paced):
            pass
        waiting = Pace(QUOTA, ledger)
        waiting.halt()
        with pytest.raises(Halted), ledger.claim(A, waiting):
            raise AssertionError
    with ledger.claim(A, paced):
        pass


def test_so_many_places_for_requests_under_way(ledger: Ledger) -> None:
    paced, waiting = Pace(QUOTA, ledger), Pace(QUOTA, ledger)
    waiting.halt()
    with ledger.place("h", 2, paced):
        with ledger.place("h", 2, paced):
            with pytest.raises(Halted), ledger.place("h", 2, waiting):
                raise AssertionError
            with ledger.place("another", 1, waiting):
                pass
        with ledger.place("h", 2, waiting):
            pass


# The desk.

QUESTION = Question("Instructions.", "Request.", b"image", "image/jpeg", {"type": "object"})


@pytest.fixture
def desk(base: Path, service: Service) -> Iterator[Desk]:
    pytest.importorskip("openai", reason="openai is not installed (LIGHT=1)")
    veil = Veil()
    sender = Chat(terms("openai", service, base, ""), veil)
    sender.prepare()
    ledger = Ledger(base)
    paced = Pace(Quota("h", "m", 100, 1_000_000), ledger)
    yield Desk(sender, ledger, paced, Budget(), Price(1, 2, "x"), (1000, 500), 8, 3, 5.0, veil)
    ledger.close()
    sender.close()


def test_the_same_question_from_many_threads_is_sent_once(desk: Desk, service: Service) -> None:
    service.pause_s = 0.2
    with ThreadPoolExecutor(8) as threads:
        replies = list(threads.map(lambda _: desk.ask(A, QUESTION, ABOUT), range(8)))
    assert {reply.text for reply in replies} == {json.dumps(GOOD)}
    assert service.sent == 1


def test_uncounted_tokens_count_as_all(desk: Desk, service: Service, base: Path) -> None:
    service.usual = "uncounted"
    assert desk.ask(A, QUESTION, ABOUT).tokens == 1500
    assert row(base)["cost"] == pytest.approx(desk.bound)
    assert desk.bound == pytest.approx((1000 * 1 + 500 * 2) / 1e6)


def test_pauses_between_tries_can_be_halted(desk: Desk, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "BACKOFF_S", 60.0)
    service.usual = "503"
    threading.Timer(0.3, desk.pace.halt).start()
    start = time.monotonic()
    with pytest.raises(Waits):
        desk.ask(A, QUESTION, ABOUT)
    assert time.monotonic() - start < 5
    assert service.sent == 1


def test_no_more_requests_in_a_minute_than_allowed(
    desk: Desk, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A minute of one second."""
    monkeypatch.setattr(pace, "MINUTE_S", 1.0)
    paced = replace(desk, pace=Pace(Quota("h", "m", 3, 1_000_000), desk.ledger))
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda number: paced.ask(f"{number:064x}", QUESTION, ABOUT), range(7)))
    assert service.sent == 7
    written = desk.ledger._db.execute("select sent_at from request").fetchall()
    times = sorted(datetime.fromisoformat(row[0]).timestamp() for row in written)
    # Between the first of any four and the last of them lies a minute, less what it takes to write one down.
    assert min(last - first for first, last in zip(times, times[3:], strict=False)) > 0.85


def test_a_mistake_of_the_sdk_is_that_question_s_failure(desk: Desk, base: Path) -> None:
    desk.sender.close()
    with pytest.raises(Unserved, match="RuntimeError: Cannot send a request, as the client has been closed") as caught:
        desk.ask(A, QUESTION, ABOUT)
    assert row(base)["fault"] == str(caught.value)
    assert desk.ledger.spent() == (1, desk.bound)


def test_a_manifest_that_cannot_be_written_ends_the_run(desk: Desk, service: Service) -> None:
    desk.ledger._db.execute("pragma query_only = on")
    with pytest.raises(Stop, match="The manifest could not be written"):
        desk.ask(A, QUESTION, ABOUT)
    assert service.sent == 0
