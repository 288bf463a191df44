"""Stand-ins: what select would choose as things are decided now, and who would come in for an image. Nothing is run."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools import select
from tools.decide import Subject, say
from tools.lighttable.writes import Written, last_decision, since
from tools.media.errors import MediaError
from tools.mill import recipe, steps
from tools.mill.manifest import connect, sql, transaction
from tools.mill.settings import Settings, UsageError, dataset_names, load
from tools.mill.tool import Bench, Dataset, Result, Row

if TYPE_CHECKING:
    from tools.choose.looks import Floats

NATURAL, OF_MOMENT, SHOWN = 4, 4, 10
"""Stand-ins that come in by themselves, of the same moment, and of all, that are shown at most."""

LOOKED_AT = 60_000
"""Cutouts that are chosen among, over and over, to find the next best: each time takes about 50 µs of each."""

REMEMBERED = 100_000
"""Verdicts on cutouts that are remembered, of all forecasts together: about 1 kB each."""


@dataclass(frozen=True)
class Looks:
    """What cutouts look like, remembered: nothing is embedded twice."""

    known: dict[tuple[int, int], Floats] = field(default_factory=dict)

    def of(self, rows: Sequence[Row], bench: Bench[Any]) -> dict[int, Floats]:
        keys = {row["item_id"]: (row["item_id"], _seen(row)) for row in rows}
        fresh = [row for row in rows if keys[row["item_id"]] not in self.known]
        found = select.looks_of(fresh, bench)
        self.known.update({keys[item_id]: looks for item_id, looks in found.items()})
        return {item_id: self.known[key] for item_id, key in keys.items()}


def _seen(row: Row) -> int:
    names = ("sha256", "likeness", "landmarks_json", "keypoints_json", "eye_aspect", "turn")
    return hash(tuple(row[name] for name in names))


@dataclass(frozen=True)
class Field:
    """All that select would look at now, with what people decided. due: it is not what was looked at last time.

    known: what was worked out from it.
    """

    rows: Sequence[Row]
    bench: Bench[select.Params]
    looks: Looks
    due: bool
    known: dict[tuple[frozenset[int], frozenset[int]], Forecast] = field(default_factory=dict)


def read_field(db: sqlite3.Connection, base: Path, name: str, looks: Looks) -> Field:
    """Everything that a choice for the dataset depends on. Raises UsageError where there is no such dataset."""
    settings = load(base)
    dataset = dataset_of(settings, name)
    params = select.Params(**settings.sections["select"])
    rows = steps.input_rows(db, "select", name)
    keys = {key: getattr(dataset, key) for key in select.TOOL.dataset_keys}
    values = recipe.parameters(params)
    now = recipe.build("select", select.VERSION, values, dataset=keys, inputs=recipe.digest_rows(rows))
    last = db.execute(sql("pages/final.recipe"), {"dataset": name}).fetchone()
    due = last is None or json.loads(last["recipe"]) != json.loads(json.dumps(now))
    return Field(rows, Bench(base, params, dataset), looks, due)


def dataset_of(settings: Settings, name: str) -> Dataset:
    """A configured dataset. Raises UsageError that names those there are."""
    if name not in settings.datasets:
        raise UsageError(f"There is no dataset {name}. There are: {', '.join(dataset_names(settings))}.")
    return Dataset(name=name, **settings.datasets[name])


def forecast(there: Field, out: Iterable[int] = (), pinned: Iterable[int] = ()) -> Forecast:
    """What select would choose now. out, pinned: cutouts taken as rejected and as pinned beside what is decided."""
    key = (frozenset(out), frozenset(pinned) - frozenset(out))
    found = there.known.get(key)
    if found is None:
        if len(there.known) * len(there.rows) > REMEMBERED:
            there.known.clear()
        there.known[key] = found = _forecast(there, *key)
    return found


def _forecast(there: Field, out: frozenset[int], pinned: frozenset[int]) -> Forecast:
    rows: list[dict[str, Any]] = []
    for row in there.rows:
        gone = row["item_id"] in out
        fixed = (row["pinned"] or row["item_id"] in pinned) and not gone
        rows.append({**row, "excluded": row["excluded"] or gone, "pinned": fixed})
    try:
        looks = there.looks.of([row for row in rows if select.eligible(row, there.bench.dataset.subject)], there.bench)
    except (MediaError, OSError) as error:
        raise UsageError(f"A cutout cannot be read ({error}). `make verify REPAIR=1` has it made again.") from error
    return Forecast(select.choice(rows, there.bench, looks))


@dataclass(frozen=True)
class Forecast:
    """What select would say of each cutout, by item id."""

    results: Mapping[int, Result]

    @property
    def chosen(self) -> dict[int, int]:
        """The rank of each chosen cutout, in the order of choice."""
        ranks = {item_id: result.measures.get("rank") for item_id, result in self.results.items()}
        return dict(sorted(((one, int(rank)) for one, rank in ranks.items() if rank), key=lambda pair: pair[1]))


def members(there: Field, ids: Collection[int]) -> list[dict[str, Any]]:
    """The rows of some cutouts as `tools.choose.quotas.gaps` counts them."""
    from tools.choose.candidates import who

    return [{**row, "who": who(row)} for row in there.rows if row["item_id"] in ids]


@dataclass(frozen=True)
class Option:
    """One that could stand in. by_itself: rejecting the image is enough. of_moment: it shows the same moment."""

    item_id: int
    by_itself: bool = False
    of_moment: bool = False


def options(there: Field, item_id: int) -> list[Option]:
    """Who could stand in for a cutout: who comes in by itself, the best of the same moment, then the next best.

    The next best is who comes in where those before it are rejected too. Among very many cutouts few are looked for.
    """
    now = forecast(there)
    before, out = now.chosen, {item_id}
    comes = [one for one in forecast(there, out).chosen if one not in before][:NATURAL]
    moment = now.results[item_id].measures.get("moment") if item_id in now.results else None
    same = [
        one
        for one, result in now.results.items()
        if moment is not None and result.measures.get("moment") == moment and one not in (*before, *comes, item_id)
    ]
    same = sorted(same, key=lambda one: (-float(now.results[one].measures["score"] or 0.0), one))[:OF_MOMENT]
    found = [*(Option(one, by_itself=True) for one in comes), *(Option(one, of_moment=True) for one in same)]
    out |= {*comes, *same}
    for _ in range(min(SHOWN, LOOKED_AT // max(1, len(there.rows)))):
        later = [one for one in forecast(there, out).chosen if one not in before]
        if not later or len(found) >= SHOWN:
            break
        out |= set(later)
        found += [Option(one) for one in later]
    return found[:SHOWN]


@dataclass(frozen=True)
class Effect:
    """What a swap changes beside the two. by_itself: the other comes in without being pinned."""

    by_itself: bool
    comes: Sequence[int]
    goes: Sequence[int]


def effect(there: Field, item_id: int, into: int) -> Effect:
    """What happens where one cutout is rejected and another comes in, by itself or because it is pinned."""
    before, after = forecast(there).chosen, forecast(there, {item_id}).chosen
    by_itself = into in after
    if not by_itself:
        after = forecast(there, {item_id}, {into}).chosen
    comes = [one for one in after if one not in before and one not in (into, item_id)]
    goes = [one for one in before if one not in after and one not in (into, item_id)]
    return Effect(by_itself, comes, goes)


def swap(base: Path, dataset: str, out: int, into: int, why: str, *, pin: bool) -> Written:
    """Reject one cutout for a dataset and, where it would not come in by itself, pin another: both or nothing.

    Raises UsageError as `tools.decide`.
    """
    with closing(connect(base)) as db, transaction(db):
        dataset_of(load(base), dataset)
        before = last_decision(db)
        found = db.execute(sql("pages/decide.subjects"), {"ids": json.dumps([out, into])}).fetchall()
        if len(found) != 2 or out == into or any(item["kind"] != "cutout" for item in found):
            raise UsageError("Name two cut-outs that are there. Load the page again; nothing was written.")
        say(db, "reject", [Subject(found[0], dataset)], why)
        if pin:
            say(db, "pin", [Subject(found[1], dataset)], f"instead of cutout {out}")
        return Written(since(db, before), [out, into] if pin else [out])
