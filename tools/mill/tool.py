"""What a tool is: the plain data that passes between a tool, the loop and the workers."""

from __future__ import annotations

import inspect
import sqlite3
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Literal, Protocol, TypeVar

from tools.mill import files

Row = Mapping[str, Any]
"""One row of `sql/inputs/TOOL.sql`: at least item_id, kind and address, beside what the tool asks for."""

T = TypeVar("T")


def operational(default: T) -> T:
    """A parameter that changes how a step runs, never what comes out (deadline, memory): kept out of the recipe."""
    return field(default=default, metadata={"recipe": False})


Where = tuple[str, tuple[Any, ...]]
"""Another parameter, and its values with which one is read."""


def of_engine(name: str, default: T, *, where: Where | None = None, file: bool = False) -> T:
    """A parameter that one engine reads: in the recipe only where that engine runs, and as `read_where` says.

    file: it names a file whose digest is part of the engine's, so that the name decides nothing; it is written into the
    run instead.
    """
    return field(default=default, metadata={"engine": name, "where": where, "file": file})


def read_where(where: Where, default: T) -> T:
    """A parameter that nobody reads unless another one has one of some values: in the recipe only then."""
    return field(default=default, metadata={"where": where})


@dataclass(frozen=True)
class Limit:
    """A threshold in the configuration that decides from a stored measurement, and nothing else.

    An item is rejected for `reason` where its `metric` (a column of the tool's table) is `op` than `[TOOL] key`.
    """

    reason: str
    metric: str
    op: Literal["<", ">"]
    key: str
    default: float
    description: str
    remedy: str


@dataclass(frozen=True)
class Reason:
    """A reason the tool's own code gives: a 'defect' (nothing usable exists) or a 'choice' (others were better)."""

    code: str
    nature: Literal["defect", "choice"]
    description: str
    remedy: str


@dataclass(frozen=True)
class Verdict:
    """What a tool says of one item before limits and decisions."""

    status: Literal["ok", "rejected", "failed"] = "ok"
    reason: str | None = None
    detail: str | None = None


OK = Verdict()


def rejected(reason: str, detail: str | None = None) -> Verdict:
    return Verdict("rejected", reason, detail)


def failed(detail: str) -> Verdict:
    return Verdict("failed", "failed", detail)


@dataclass(frozen=True)
class Made:
    """One output item, judged by the tool that made it.

    kind, address: as in DESIGN "address". file: None for what a parameter dropped (a row without a file).
    facts: columns of the table named like the kind. measures: columns of the table named like the tool.
    sides: (item_id, role) of side inputs. known: the item that it is already, where the manifest has it as it was.
    """

    kind: str
    address: str
    file: files.Stored | None = None
    width: int | None = None
    height: int | None = None
    facts: Row = field(default_factory=dict)
    measures: Row = field(default_factory=dict)
    verdict: Verdict = OK
    sides: tuple[tuple[int, str], ...] = ()
    known: int | None = None


@dataclass(frozen=True)
class Result:
    """What came of one input: the verdict on it, its facts and measurements, and what was made from it.

    device: where the engine computed; the line fills it in.
    """

    verdict: Verdict = OK
    facts: Row = field(default_factory=dict)
    measures: Row = field(default_factory=dict)
    made: tuple[Made, ...] = ()
    device: str | None = None


Asking = Generator[Any, Any, Result]
"""Work that asks its engine: it yields a question, is sent the answer, and returns the result."""


@dataclass(frozen=True)
class Dataset:
    """One training set made from the workspace: `[dataset.NAME]`."""

    name: str = "default"
    subject: str = ""
    kind: str = "character"
    trigger: str = ""
    class_word: str = "person"
    target: str = "sdxl"
    count: int = 40
    quota: Mapping[str, float] = field(default_factory=lambda: {"close": 0.35, "mid": 0.40, "far": 0.25})
    max_per_source: float = 0.25


class Waits(Exception):
    """Raised by work: nothing is to be recorded of this item, it keeps waiting (a budget is used up)."""


class Unserved(Exception):
    """Raised by work where a service gave no answer for this item: it fails with this sentence."""


class Service(Protocol):
    """An engine that other people run, for money perhaps. With it in the bench, work runs in threads of this process.

    workers: how many items it takes at a time. left: how many it has left waiting.
    """

    @property
    def workers(self) -> int: ...

    @property
    def left(self) -> int: ...

    def permit(self, rows: Iterable[Row], asked: Asked) -> tuple[str, ...]:
        """What it would be asked, and at what price, as sentences. Raises UsageError where it may not be asked so."""

    def farewell(self) -> tuple[str, ...]:
        """What is to be said after a run."""

    def halt(self) -> None:
        """Ask nothing more, wait for nothing but answers that are under way."""

    def close(self) -> None: ...


P = TypeVar("P")


@dataclass(frozen=True)
class Bench(Generic[P]):
    """Where a worker works: the workspace, the parameters, and what stands beside them. Plain data, sent by pickle.

    digest: of the engine's model, as the recipe names it; empty for a tool without engine. service: the tool's
    engine where other people run it; None in worker processes.
    """

    base: Path
    params: P
    dataset: Dataset
    sides: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    threads: int = 1
    digest: str = ""
    service: Any = None

    def store(self, path: str, data: bytes) -> files.Stored:
        """Write data to a path below the workspace, whole or not at all."""
        return files.store(self.base, path, data)

    def file(self, row: Row) -> Path:
        """The file of an item that a tool made."""
        return self.base / str(row["path"])

    def source(self, row: Row) -> bytes:
        """The absolute path of a source's file, as bytes. The row needs the columns folder and raw_path."""
        return files.source_path(self.base, row["folder"], row["raw_path"])


class Work(Protocol):
    def __call__(self, row: Row, bench: Bench[Any], /) -> Result | Asking: ...


class WorkSet(Protocol):
    def __call__(self, rows: Sequence[Row], bench: Bench[Any], /) -> Mapping[int, Result]: ...


@dataclass(frozen=True)
class Tool:
    """One verb, declared. Exactly one of work (item by item, in workers) and work_set (the whole set, here).

    engine: the kind of engine it runs, whose name stands in `params.engine`; where work is a generator, the engine gets
    the questions of several rows at a time (`mill.line`). sides: names of `sql/sides/TOOL.NAME.sql`.
    says: the verdict with a value that it obeys ("identity"): its rows carry `said`, what stands of it or None, and
    `said_by`, whose word it is; an item waits again when another word stands.
    dataset_keys: the settings of the dataset that decide what comes out. causes: what else does, by name (a prompt, the
    settings of a model elsewhere); it is part of the recipe. service: opens an engine that other people run, None where
    the engine is here. prepare: what must be known before it is
    asked what waits; returns sentences for the user. conclude: rows of its own, in the set's transaction.
    recalls: an earlier result by the same recipe is taken again: its work has no facts on its input, and what it makes
    is one file each. stands: whether what a set made is still there; where it is not, the set is made again.
    remarks: sentences about its settings that the user should read each time. review: what to say of what it has made,
    after a run that did something. shows: folders of links for a file browser, with the SQL of each.
    """

    name: str
    version: int
    params: type[Any]
    limits: Sequence[Limit] = ()
    reasons: Sequence[Reason] = ()
    work: Work | None = None
    work_set: WorkSet | None = None
    engine: str | None = None
    sides: Sequence[str] = ()
    says: str | None = None
    dataset_keys: Sequence[str] = ()
    causes: Callable[[Any, Dataset], Mapping[str, str]] | None = None
    service: Callable[[Bench[Any]], Service | None] | None = None
    prepare: Callable[[sqlite3.Connection, Path, Asked], tuple[str, ...]] | None = None
    conclude: Callable[[sqlite3.Connection, int, Dataset, Mapping[int, Result]], None] | None = None
    recalls: bool = False
    stands: Callable[[Bench[Any]], bool] | None = None
    remarks: Callable[[Bench[Any]], tuple[str, ...]] | None = None
    review: Callable[[Bench[Any]], tuple[str, ...]] | None = None
    shows: Mapping[str, str] = field(default_factory=dict)

    @property
    def asks(self) -> bool:
        """Whether its work asks an engine in the middle, as a generator does."""
        return inspect.isgeneratorfunction(self.work)


@dataclass(frozen=True)
class Asked:
    """What the caller asked of one run. workers: 0 works in this process; limit: None takes all that waits."""

    dataset: str = ""
    workers: int = 1
    limit: int | None = None
    dry_run: bool = False
    retry_failed: bool = False
    accept_vanished: bool = False
