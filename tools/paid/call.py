"""A paid call: looked up, claimed, paced, written down, sent, tried again, written down."""

from __future__ import annotations

import queue
import random
import sqlite3
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn, Protocol

from tools.mill.ends import Stop
from tools.mill.tool import Unserved, Waits
from tools.paid.faults import Fault, pause_s
from tools.paid.first import First
from tools.paid.ledger import Ledger, Reply, Spent
from tools.paid.pace import Halted, Pace
from tools.paid.prices import Price
from tools.paid.silence import ROW, Silence
from tools.paid.terms import Budget
from tools.paid.veil import Veil

GRACE_S = 1.0
"""How much longer than an SDK's own timeout a try may take: those hold for each read, not for the whole."""


@dataclass(frozen=True)
class Question:
    """What is asked about one image. image: an encoded file; schema: JSON schema of the answer."""

    instructions: str
    request: str
    image: bytes
    mime_type: str
    schema: Mapping[str, Any]


class Sender(Protocol):
    """One SDK, set up: a single try, with a timeout and no tries of its own. Used by several threads."""

    @property
    def name(self) -> str: ...

    @property
    def host(self) -> str: ...

    @property
    def model(self) -> str: ...

    def prepare(self) -> None:
        """Load the SDK and the key. Raises UsageError that says what is missing."""

    def send(self, question: Question) -> Reply:
        """The answer. Raises Fault, whose sentence holds no secret."""

    def models(self) -> list[str]:
        """The names of the models that the service lists, for nothing. Raises Fault as `send` does."""

    def close(self) -> None: ...


@dataclass(frozen=True)
class Desk:
    """Where paid questions are asked, by all threads of a run.

    tokens: how many one request has at most, in and out. places: how many may be under way at once. timeout_s: for one
    try, in all. veil: over its secrets.
    """

    sender: Sender
    ledger: Ledger
    pace: Pace
    budget: Budget
    price: Price
    tokens: tuple[int, int]
    places: int
    attempts: int
    timeout_s: float
    veil: Veil
    silence: Silence = field(default_factory=Silence)
    first: First = field(default_factory=First)

    @property
    def bound(self) -> float:
        """USD that one request costs at most."""
        return self.price.cost(*self.tokens)

    def ask(
        self,
        digest: str,
        question: Question,
        about: Mapping[str, str],
        renews: Callable[[Reply], bool] = lambda reply: False,
    ) -> Reply:
        """The answer to a question, from the ledger where it was asked before. about: columns of its row. renews: says
        of an answer that is there whether it is set aside and asked for again.

        Raises Waits where the budget is used up or the run is broken off, Unserved where this question got no answer,
        Stop where no other would get one.
        """
        try:
            with self.ledger.claim(digest, self.pace):
                reply = self.ledger.find(digest)
                if reply and renews(reply):
                    # What the budget does not bear keeps the answer that it has.
                    self.ledger.check(self.bound, self.budget)
                    self.ledger.set_aside(digest)
                    reply = None
                if reply:
                    return reply
                with self.first.turn(self.pace):
                    return self._asked(digest, question, about)
        except (Halted, Spent) as error:
            raise Waits(str(error)) from error
        except sqlite3.Error as error:
            raise Stop(f"The manifest could not be written ({error}), so that nothing more is asked") from error

    def _asked(self, digest: str, question: Question, about: Mapping[str, str]) -> Reply:
        # Chance spreads the tries of several threads; it decides nothing that is kept.
        chance, tries = random.Random(), 0
        while True:
            tries += 1
            try:
                with self.ledger.place(self.sender.host, self.places, self.pace):
                    return self._tried(digest, question, about)
            except Fault as fault:
                if not fault.retry or tries >= self.attempts or self.silence.begun:
                    self._give_up(fault, tries)
                self.pace.sleep(pause_s(tries, fault, chance))

    def _tried(self, digest: str, question: Question, about: Mapping[str, str]) -> Reply:
        """One try, written down before it goes and when it ends. Raises Fault, or Unserved for a mistake."""
        # Before it waits for its turn, which may take a minute.
        self.ledger.check(self.bound, self.budget)
        departure = self.pace.enter(sum(self.tokens))
        self.ledger.send(digest, self.bound, self.budget, about)
        try:
            reply = self._counted(_within(self.timeout_s + GRACE_S, self.sender, question))
        except Fault as fault:
            sentence = self.veil.hide(str(fault))
            self.ledger.failed(digest, sentence, fault.paid)
            raise fault.told(sentence) from None
        except Exception as error:  # noqa: BLE001 (a mistake of ours or of the SDK's, which may quote a key)
            sentence = self.veil.hide(f"{type(error).__name__}: {error}")
            self.ledger.failed(digest, sentence, paid=True)
            raise Unserved(sentence) from None
        # What was escaped on the way is plain now, or escaped once less.
        reply = replace(reply, text=self.veil.hide(reply.text), detail=self.veil.hide(reply.detail))
        self.silence.end()
        self.ledger.answered(digest, reply, self.price.cost(reply.input_tokens or 0, reply.output_tokens or 0))
        self.pace.weigh(departure, reply.tokens)
        return reply

    def _give_up(self, fault: Fault, tries: int) -> NoReturn:
        sentence = f"{fault}{f' ({tries} times)' if tries > 1 else ''}"
        if fault.stop:
            # At once: until the run has heard of it, other threads would send more.
            self.pace.halt()
            raise Stop(sentence) from fault
        if fault.of_image:
            self.silence.end()
        elif self.silence.lasts():
            self.pace.halt()
            raise Stop(
                f"{sentence}. {ROW} questions in a row got no answer, so that nothing more is asked: what was not "
                "asked keeps waiting, and RETRY_FAILED=1 asks again about what has failed"
            ) from fault
        raise Unserved(f"{sentence}. RETRY_FAILED=1 asks again.") from fault

    def _counted(self, reply: Reply) -> Reply:
        """A server that does not say how many tokens there were is taken to have used all."""
        if reply.input_tokens is None or reply.output_tokens is None:
            return replace(reply, input_tokens=self.tokens[0], output_tokens=self.tokens[1])
        return reply


def _within(seconds: float, sender: Sender, question: Question) -> Reply:
    """One try that ends in time, whatever a server does: one that sends a byte now and then holds an SDK for ever."""
    answers: queue.SimpleQueue[Reply | BaseException] = queue.SimpleQueue()

    def attempt() -> None:
        try:
            answers.put(sender.send(question))
        except BaseException as error:  # noqa: BLE001 (raised again in the thread that waits)
            answers.put(error)

    threading.Thread(target=attempt, name="paid request", daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except queue.Empty:
        raise Fault(f"{sender.host} gave no whole answer in {seconds:g} s (timeout_s)", retry=True, paid=True) from None
    if isinstance(answer, BaseException):
        raise answer
    return answer
