"""A captioner elsewhere: the same protocol as the template, behind it one SDK, a ledger, a pace and a budget."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from tools.describe.prompts import REQUEST, Prompt, prompt_for
from tools.mill.settings import UsageError
from tools.mill.tool import Bench, Dataset, Row, Waits
from tools.paid.call import Desk, Question, Sender
from tools.paid.ledger import Ledger
from tools.paid.pace import Pace, Quota
from tools.paid.prices import Price, price_of
from tools.paid.terms import Budget, Terms
from tools.paid.veil import Veil
from tools.training.targets import target_of

if TYPE_CHECKING:
    from tools.describe.job import CaptionJob, Draft

SHOWN = ("cutout", "crop")
"""What of an image may be shown."""

IMAGE_TOKENS = 1700
"""What one image counts as at most: Gemini 3 has 1120 by default, OpenAI's tiles of 768 px stay below 1536."""

BYTES_PER_TOKEN = 3
"""Of English text, fewer than there are: so that a bound is one."""

USUAL_OUTPUT = 400
"""Tokens of an answer as it usually is; only estimates use it."""


def sender_of(terms: Terms, engine: str, veil: Veil) -> Sender:
    from tools.engines.chat import Chat
    from tools.engines.vertex import Vertex

    return Vertex(terms, veil) if engine == Vertex.name else Chat(terms, veil)


def settings_of(terms: Terms) -> dict[str, Any]:
    """Those of the terms that decide what is answered."""
    return {name: getattr(terms, name) for name in ("show", "side_px", "max_output_tokens", "thinking", "temperature")}


def causes(terms: Terms, engine: str, dataset: Dataset) -> Mapping[str, str]:
    """What decides a captioner's answers, by name: part of the recipe."""
    from tools.describe.shown import VERSION

    prompt = prompt_for(target_of(dataset.target), dataset.class_word)
    model = sender_of(terms, engine, Veil()).model
    return {"model": model, "prompt": prompt.version, "settings": json.dumps([VERSION, settings_of(terms)])}


class RemoteCaptioner:
    """One dataset's captioner. Opened without a key: a dry run needs none."""

    def __init__(self, bench: Bench[Any], engine: str) -> None:
        self.name = engine
        self._terms: Terms = bench.params
        if self._terms.show not in SHOWN:
            raise UsageError(f"[caption] show is {self._terms.show!r}, which is none. There are: {', '.join(SHOWN)}.")
        self._name = f"caption {bench.dataset.name}"
        self._veil = Veil()
        self._sender = sender_of(self._terms, engine, self._veil)
        self._prompt = prompt_for(target_of(bench.dataset.target), bench.dataset.class_word)
        self._settings = json.dumps(settings_of(self._terms), sort_keys=True)
        rates = self._terms.requests_per_minute, self._terms.tokens_per_minute
        quota = Quota(self._sender.host, self._sender.model, *rates)
        self._ledger = Ledger(bench.base)
        self._pace = Pace(quota, self._ledger)
        self._lock = threading.Lock()
        self._left: list[str] = []
        self._doubted = 0
        self._desk: Desk | None = None

    @property
    def digest(self) -> str:
        return f"{self._sender.model} {self._prompt.version}"

    @property
    def workers(self) -> int:
        return self._terms.concurrency

    @property
    def left(self) -> int:
        return len(self._left)

    def permit(self, rows: Iterable[Row], dry_run: bool) -> tuple[str, ...]:
        # What a person has written is asked of nobody.
        open_rows = (row for row in rows if row.get("said") is None)
        asked = {str(row["path"]): self._request_digest(str(row["sha256"])) for row in open_rows}
        open_digests = set(self._ledger.unanswered(dict.fromkeys(asked.values())))
        price = self._price()
        notes = self._estimate(len(asked), len(open_digests), price)
        if dry_run:
            where = f"{self._sender.host} ({self._sender.model})"
            return *notes, *(f"{path} -> {where}" for path, digest in asked.items() if digest in open_digests)
        if open_digests:
            self._check(notes, price)
            self._sender.prepare()
        self._desk = Desk(
            *(self._sender, self._ledger, self._pace, Budget.of(self._terms), price or Price(0, 0, "no price known")),
            *(self._tokens(), self._terms.concurrency, self._terms.attempts, self._terms.timeout_s, self._veil),
        )
        return notes

    def _price(self) -> Price | None:
        return price_of(self._sender.model, self._terms.input_price, self._terms.output_price)

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
            raise UsageError(
                f"[caption] max_cost cannot be kept: nobody says what {self._sender.model} costs. Set [caption] "
                "input_price and output_price in USD for a million tokens (0 and 0 for a server of your own)."
            )

    def _tokens(self) -> tuple[int, int]:
        """How many tokens a request has at most: in, out; never fewer than this model has counted already."""
        text = f"{self._prompt.instructions}{REQUEST}{json.dumps(self._prompt.schema)}"
        seen_in, seen_out = self._ledger.most_tokens(self._sender.model)
        most_in = IMAGE_TOKENS + len(text.encode()) // BYTES_PER_TOKEN
        return max(most_in, seen_in), max(self._terms.max_output_tokens, seen_out)

    def _estimate(self, images: int, requests: int, price: Price | None) -> tuple[str, ...]:
        """What the open requests would come to. In: images that wait, those of them that are not paid for yet."""
        if not images:
            return ()
        if not requests:
            return (f"{self._name}: {images} images, all paid for already; nothing is sent.",)
        sent, most = self._tokens()
        about, at_most = (
            price and price.cost(requests * sent, requests * out) for out in (min(USUAL_OUTPUT, most), most)
        )
        cost = f"about {about:.2f} USD, at most {at_most:.2f} ({price.source})" if price else "at a price nobody says"
        known = f", {images - requests} are paid for already" if images > requests else ""
        return (
            f"{self._name}: {requests} images would go to {self._sender.host} ({self._sender.model}){known}: "
            f"{requests} requests, about {requests * (sent + min(USUAL_OUTPUT, most))} tokens, {cost}.",
        )

    def farewell(self) -> tuple[str, ...]:
        said = []
        if self._doubted:
            said += [
                f"{self._name}: the words of {self._doubted} captions are doubtful: `make query Q=caption_doubts`."
            ]
        if self._left:
            left = len(self._left)
            said += [f"{self._name}: {self._left[0]}; {left} images keep waiting. Raise it in [caption], then make."]
        return tuple(said)

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
        from tools.engines.drafts import draft_of

        if self._desk is None:
            raise AssertionError("run before permit")
        digest = self._request_digest(job.sha256)
        pixels = job.around if self._terms.show == "crop" and job.around is not None else job.image
        image = shown.shown(pixels, self._terms.side_px)
        question = Question(self._prompt.instructions, REQUEST, image, shown.MIME_TYPE, self._prompt.schema)
        try:
            reply = self._desk.ask(digest, question, self._about(job.sha256))
        except Waits as error:
            with self._lock:
                self._left += [str(error)] if str(error) else []
            raise
        draft = draft_of(reply, job, self._sender.model, self._prompt.version, digest)
        with self._lock:
            self._doubted += draft.more.get("doubts", "[]") != "[]"
        return draft

    def _about(self, image_sha256: str) -> dict[str, str]:
        return {
            "tool": "caption",
            "engine": self.name,
            "host": self._sender.host,
            "model": self._sender.model,
            "prompt_version": self._prompt.version,
            "image_sha256": image_sha256,
        }

    def _request_digest(self, image_sha256: str) -> str:
        return request_digest(image_sha256, self._prompt, self.name, self._sender.model, self._settings)


def request_digest(image_sha256: str, prompt: Prompt, engine: str, model: str, settings: str) -> str:
    """What makes a request the same as one that was asked before; not whom it is asked on whose account."""
    from tools.describe.shown import VERSION

    parts = (VERSION, image_sha256, prompt.instructions, REQUEST, prompt.schema, engine, model, settings)
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
