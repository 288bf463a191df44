"""A captioner elsewhere: the same protocol as the template, behind it one SDK, a ledger, a pace and a budget."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tools.describe import second
from tools.describe.prompts import REQUEST
from tools.engines import questions, wire
from tools.engines.bill import Bill
from tools.mill.settings import UsageError
from tools.mill.tool import Asked, Bench, Dataset, Row, Waits
from tools.mill.words import plural
from tools.paid.call import Desk, Question, Sender
from tools.paid.ledger import Ledger, Reply
from tools.paid.pace import Pace, Quota
from tools.paid.prices import Price, price_of, unpriced
from tools.paid.terms import Budget, Terms
from tools.paid.veil import Veil

if TYPE_CHECKING:
    from tools.describe.job import CaptionJob, Draft


def sender_of(terms: Terms, engine: str, veil: Veil) -> Sender:
    from tools.engines.chat import Chat
    from tools.engines.vertex import Vertex

    return Vertex(terms, veil) if engine == Vertex.name else Chat(terms, veil)


def causes(terms: Terms, engine: str, dataset: Dataset) -> Mapping[str, str]:
    """What decides a captioner's answers, by name: part of the recipe. Raises UsageError where a setting is none."""
    sender = sender_of(terms, engine, Veil())
    # What holds a secret must not even reach a run's row.
    wire.check_path(terms.key_file)
    _ = sender.host
    return questions.causes(terms, questions.questions_of(terms, engine, sender.model, dataset))


def bill_of(terms: Terms, engine: str, dataset: Dataset, images: int) -> Bill:
    """What so many images would come to, none of which was asked about before. Raises UsageError as `causes` does."""
    sender = sender_of(terms, engine, Veil())
    asked = questions.questions_of(terms, engine, sender.model, dataset)
    price = price_of(sender.model, terms.input_price, terms.output_price)
    tokens = asked.input_tokens, terms.max_output_tokens
    return Bill(
        f"caption {dataset.name}", sender.host, sender.model, images, images, images * asked.each, tokens, price
    )


class RemoteCaptioner:
    """One dataset's captioner. Opened without a key: a dry run needs none."""

    def __init__(self, bench: Bench[Any], engine: str) -> None:
        self.name = engine
        self._terms: Terms = bench.params
        self._name = f"caption {bench.dataset.name}"
        self._veil = Veil()
        self._sender = sender_of(self._terms, engine, self._veil)
        self._questions = questions.questions_of(self._terms, engine, self._sender.model, bench.dataset)
        rates = self._terms.requests_per_minute, self._terms.tokens_per_minute
        quota = Quota(self._sender.host, self._sender.model, *rates)
        self._ledger = Ledger(bench.base)
        self._pace = Pace(quota, self._ledger)
        self._lock = threading.Lock()
        self._left: list[str] = []
        self._desk: Desk | None = None
        self._dataset: Dataset = bench.dataset
        self._again = False

    @property
    def digest(self) -> str:
        return f"{self._sender.model} {self._questions.prompt.version}"

    @property
    def workers(self) -> int:
        return self._terms.concurrency

    @property
    def left(self) -> int:
        return len(self._left)

    def permit(self, rows: Iterable[Row], asked: Asked) -> tuple[str, ...]:
        self._again = asked.retry_failed
        # What a person has written is asked of nobody.
        images = {str(row["path"]): str(row["sha256"]) for row in rows if row.get("said") is None}
        due = {sha256: self._due(sha256) for sha256 in dict.fromkeys(images.values())}
        requests, open_paths = sum(due.values()), [path for path, sha256 in images.items() if due[sha256]]
        price = price_of(self._sender.model, self._terms.input_price, self._terms.output_price)
        whom = self._sender.host, self._sender.model
        tokens = self._tokens()
        notes = Bill(self._name, *whom, len(images), len(open_paths), requests, tokens, price).sentences()
        if asked.dry_run:
            return *notes, *(f"{path} -> {whom[0]} ({whom[1]})" for path in open_paths)
        if requests:
            self._check(notes, price)
            self._sender.prepare()
        self._desk = Desk(
            *(self._sender, self._ledger, self._pace, Budget.of(self._terms), price or Price(0, 0, "no price known")),
            *(tokens, self._terms.concurrency, self._terms.attempts, self._terms.timeout_s, self._veil),
        )
        return notes

    def _due(self, image_sha256: str) -> int:
        """How many requests about an image are not answered yet."""
        from tools.engines.drafts import words_of

        reply = self._ledger.find(self._questions.digest(image_sha256))
        if reply is None or self._renews(reply):
            return self._questions.each
        words = words_of(reply) if self._questions.second else None
        if words is None:
            return 0
        return int(self._ledger.find(self._questions.second_digest(image_sha256, *words)) is None)

    def _renews(self, reply: Reply) -> bool:
        """Whether an answer is set aside and asked for again: it could not be used, and that was asked for."""
        from tools.engines.drafts import unusable

        return self._again and unusable(reply, self._dataset)

    def _check(self, notes: tuple[str, ...], price: Price | None) -> None:
        """Raise UsageError where money would be spent that nobody allowed, or nobody could count."""
        if price is not None and price.free:
            return
        if Budget.of(self._terms).unbounded:
            raise UsageError(
                f"{' '.join(notes)} Nothing was sent: set [caption] max_cost (USD in all) or max_requests, or "
                'engine = "builtin".'
            )
        if price is None and self._terms.max_cost:
            raise UsageError(unpriced(self._sender.model))

    def _tokens(self) -> tuple[int, int]:
        """How many tokens a request has at most: in, out; never fewer than this model has counted already."""
        seen_in, seen_out = self._ledger.most_tokens(self._sender.model)
        return max(self._questions.input_tokens, seen_in), max(self._terms.max_output_tokens, seen_out)

    def farewell(self) -> tuple[str, ...]:
        if not self._left:
            return ()
        left = f"{plural(len(self._left), 'image')} {'keeps' if len(self._left) == 1 else 'keep'} waiting"
        return (f"{self._name}: {self._left[0]}; {left}. Raise it in [caption], then make.",)

    def halt(self) -> None:
        self._pace.halt()

    def close(self) -> None:
        self._sender.close()
        self._ledger.close()

    def run(self, jobs: list[CaptionJob]) -> list[Draft]:
        """One draft for each job, in the same order. Raises Waits, Unserved and Stop as `Desk.ask` does."""
        return [self._one(job) for job in jobs]

    def _one(self, job: CaptionJob) -> Draft:
        from tools.describe import shown
        from tools.engines.drafts import doubted, draft_of

        pixels = job.around if self._terms.show == "crop" and job.around is not None else job.image
        image = shown.shown(pixels, self._terms.side_px)
        asked = self._questions
        digest = asked.digest(job.sha256)
        prompt = asked.prompt
        question = Question(prompt.instructions, REQUEST, image, shown.MIME_TYPE, prompt.schema)
        reply = self._ask(digest, question, prompt.version, job.sha256, self._renews)
        draft = draft_of(reply, job, asked.model, prompt.version, digest)
        if asked.second and draft.text:
            words = draft.more["prose"], draft.more["tags"]
            digest = asked.second_digest(job.sha256, *words)
            question = replace(
                question,
                instructions=asked.second.instructions,
                request=second.request(*words),
                schema=asked.second.schema,
            )
            draft = doubted(draft, self._ask(digest, question, asked.second.version, job.sha256), digest)
        return draft

    def _ask(
        self,
        digest: str,
        question: Question,
        version: str,
        image_sha256: str,
        renews: Callable[[Reply], bool] = lambda reply: False,
    ) -> Reply:
        if self._desk is None:
            raise AssertionError("run before permit")
        about = {"tool": "caption", "engine": self.name, "host": self._sender.host, "model": self._sender.model}
        about |= {"prompt_version": version, "image_sha256": image_sha256}
        try:
            return self._desk.ask(digest, question, about, renews)
        except Waits as error:
            with self._lock:
                self._left += [str(error)] if str(error) else []
            raise
