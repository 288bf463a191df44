"""The ledger: every paid request, written before it is sent; the only writer of `request` and `departure`.

A connection of its own, for all threads of a run: what was sent and what came back must stand there whatever becomes of
the run.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from tools.mill.lock import FOLDER
from tools.mill.manifest import BUSY_MS, NAME, transaction, utc_now
from tools.paid import pace
from tools.paid.pace import Pace, Quota
from tools.paid.terms import Budget

Problem = Literal["", "refused", "truncated", "empty", "invalid"]
POLL_S = 0.1


class Spent(Exception):
    """The budget does not bear another request; the message says which part of it."""


@dataclass(frozen=True)
class Reply:
    """What a service answered: the model's text, or why there is none, and what was counted.

    problem, detail: why the text is no caption, and in whose words. Tokens: None where the service does not say.
    """

    text: str
    problem: Problem = ""
    detail: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None

    @property
    def tokens(self) -> int:
        return (self.input_tokens or 0) + (self.output_tokens or 0)


class Ledger:
    """The requests of one workspace. Usable from several threads; other processes may use the same one."""

    def __init__(self, base: Path) -> None:
        # Whoever asks has opened the manifest before: it exists, and its tables are those of this program.
        self._db = sqlite3.connect(base / NAME, isolation_level=None, timeout=BUSY_MS / 1000, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.execute("pragma synchronous = full")
        self._lock = threading.Lock()
        self._settled = threading.Condition(self._lock)
        self._under_way = 0
        self._held: set[int] = set()
        path = base / FOLDER / "requests"
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def close(self) -> None:
        self._db.close()
        os.close(self._file)

    def find(self, digest: str) -> Reply | None:
        """The answer to a request that was asked before."""
        with self._lock:
            return _reply(self._db.execute("select * from request where digest = ?", (digest,)).fetchone())

    def unanswered(self, digests: Iterable[str]) -> list[str]:
        """Those of several requests to which there is no answer yet."""
        return [digest for digest in digests if self.find(digest) is None]

    def spent(self) -> tuple[int, float]:
        """How many requests went out in all, and what they cost at most, in USD."""
        with self._lock:
            return _spent(self._db)

    def most_tokens(self, model: str) -> tuple[int, int]:
        """The most tokens that a request of a model ever had: in, out."""
        question = """select coalesce(max(input_tokens), 0), coalesce(max(output_tokens), 0)
            from request where model = ?"""
        with self._lock:
            row = self._db.execute(question, (model,)).fetchone()
        return int(row[0]), int(row[1])

    @contextmanager
    def claim(self, digest: str, pace: Pace) -> Iterator[None]:
        """Nobody else, in this process or another, sends this request while inside. Raises Halted while it waits."""
        with self._one_of([digest], pace):
            yield

    @contextmanager
    def place(self, host: str, places: int, pace: Pace) -> Iterator[None]:
        """One of so many places for requests under way to a host, of this process or another. Raises Halted."""
        with self._one_of([f"{host} {number}" for number in range(places)], pace):
            yield

    @contextmanager
    def _one_of(self, names: Sequence[str], pace: Pace) -> Iterator[None]:
        """Hold the first name that nobody holds. The system frees what a process held that dies."""
        while (held := next((byte for byte in map(_byte, names) if self._hold(byte)), None)) is None:
            pace.sleep(POLL_S)
        try:
            yield
        finally:
            with self._lock:
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, held)
                self._held.discard(held)

    def _hold(self, byte: int) -> bool:
        with self._lock:
            if byte in self._held:
                return False
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
            except (BlockingIOError, PermissionError):
                return False
            self._held.add(byte)
            return True

    def depart(self, quota: Quota, tokens: int, now_s: float | None = None) -> int | float:
        """As `pace.depart`, for all processes that use this ledger. now_s: None is the system's clock."""
        with self._lock, transaction(self._db):
            # Not before: whoever wrote while this one waited for the lock would seem to be of the future.
            return pace.depart(self._db, quota, tokens, time.time() if now_s is None else now_s)

    def weigh(self, departure: int, tokens: int) -> None:
        """Write down how many tokens a request had that was let go."""
        with self._lock, transaction(self._db):
            self._db.execute("update departure set tokens = ? where id = ?", (tokens, departure))

    def send(self, digest: str, bound: float, budget: Budget, about: Mapping[str, str]) -> None:
        """Write down that a request goes out now, at the price of its bound. Raises Spent where it may not.

        Requests that are under way hold their bounds back: while they may still turn out cheaper, this one waits.
        """
        with self._settled:
            while not self._sent(digest, bound, budget, about):
                self._settled.wait(POLL_S)
            self._under_way += 1

    def check(self, bound: float, budget: Budget) -> None:
        """Raise Spent where a request could not be sent now, and nothing is under way that may make room for it."""
        with self._lock:
            self._fits(bound, budget)

    def _fits(self, bound: float, budget: Budget) -> bool:
        """False where another request does not fit now and may fit later. Raises Spent where it will not."""
        attempts, cost = _spent(self._db)
        if attempts + 1 > budget.max_requests:
            raise Spent(f"max_requests = {budget.max_requests:g} is used up")
        if cost + bound > budget.max_cost and not self._under_way:
            raise Spent(
                f"max_cost = {budget.max_cost:g} USD does not bear another request: {cost:.4f} USD are spent, "
                f"and one costs up to {bound:.4f} USD"
            )
        return cost + bound <= budget.max_cost

    def _sent(self, digest: str, bound: float, budget: Budget, about: Mapping[str, str]) -> bool:
        """False where it does not fit now and may fit later."""
        with transaction(self._db):
            if not self._fits(bound, budget):
                return False
            names = ("digest", "sent_at", "bound", *about)
            self._db.execute(
                f"""insert into request ({", ".join(names)}, attempts, cost)
                values ({", ".join(f":{name}" for name in names)}, 1, :bound)
                on conflict (digest) do update set sent_at = :sent_at, bound = :bound, attempts = attempts + 1,
                cost = coalesce(cost, 0) + :bound""",
                {"digest": digest, "sent_at": utc_now(), "bound": bound, **about},
            )
        return True

    def set_aside(self, digest: str) -> None:
        """Take an answer out of use; that it was asked for, and what it cost, stays and counts."""
        with self._lock, transaction(self._db):
            n = self._db.execute("select count(*) from request where digest glob ? || '*'", (digest,)).fetchone()[0]
            moved = {"digest": digest, "aside": f"{digest}-{n}", "now": utc_now()}
            self._db.execute("update request set digest = :aside, set_aside_at = :now where digest = :digest", moved)
            self._db.execute("update caption set request = :aside where request = :digest", moved)

    def answered(self, digest: str, reply: Reply, cost: float) -> None:
        """Write an answer down. cost: USD of this one attempt."""
        self._write(
            """answered_at = :now, answer = :answer, tokens = :input + :output, input_tokens = :input,
            output_tokens = :output, fault = null, cost = cost - bound + :cost""",
            digest,
            {
                "answer": json.dumps({name: asdict(reply)[name] for name in ("text", "problem", "detail")}),
                "input": reply.input_tokens,
                "output": reply.output_tokens,
                "cost": cost,
            },
        )

    def failed(self, digest: str, sentence: str, paid: bool) -> None:
        """Write down why there is no answer. paid: the attempt may have cost what it can cost."""
        self._write("fault = :fault, cost = cost - :back * bound", digest, {"fault": sentence, "back": int(not paid)})

    def _write(self, assignments: str, digest: str, values: Mapping[str, Any]) -> None:
        with self._settled:
            self._under_way -= 1
            self._settled.notify_all()
            with transaction(self._db):
                question = f"update request set {assignments} where digest = :digest"
                self._db.execute(question, {"digest": digest, "now": utc_now(), **values})


def _reply(row: sqlite3.Row | None) -> Reply | None:
    if row is None or row["answered_at"] is None:
        return None
    said = json.loads(row["answer"])
    return Reply(said["text"], said["problem"], said["detail"], row["input_tokens"], row["output_tokens"])


def _spent(db: sqlite3.Connection) -> tuple[int, float]:
    row = db.execute("select coalesce(sum(attempts), 0), coalesce(sum(cost), 0.0) from request").fetchone()
    return int(row[0]), float(row[1])


def _byte(name: str) -> int:
    """The byte of the lock file that stands for a name."""
    return int(hashlib.sha256(name.encode()).hexdigest()[:15], 16)
