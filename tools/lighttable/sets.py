"""Sets: what one step says of one kind of item, and the questions that find what an address asks of it."""

from __future__ import annotations

import importlib
import json
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tools.lighttable.asked import FACETS, Query
from tools.mill.manifest import sql
from tools.mill.plan import BY_TOOL
from tools.mill.settings import UsageError

SAMPLE = 400
_OF_SOURCES = """and outcome.item_id in (
        select own.id from json_each(:sources) as source
        cross join item as own on own.kind = :kind and own.address >= source.value and own.address < source.value || '0'
    )"""
"""A source's address is digits alone; below it a slash follows."""

_HASH = "(outcome.item_id * 2654435761 + {seed}) % 4294967296"


@dataclass(frozen=True)
class Metric:
    """One measurement that a set can be sorted and narrowed by: a column of a tool's table, of the latest outcome."""

    name: str
    tool: str
    step_id: int
    table: str


@dataclass(frozen=True)
class Set:
    """One set: a row of sql/pages/gallery.sets.sql, and the measurements of its items by name."""

    step_id: int
    stage: int
    tool: str
    dataset: str
    kind: str
    n: int
    metrics: Mapping[str, Metric] = field(default_factory=dict)

    @property
    def word(self) -> str:
        return f"{self.tool}{f'.{self.dataset}' if self.dataset else ''}:{self.kind}"


def all_sets(db: sqlite3.Connection) -> list[Set]:
    return [Set(**dict(row)) for row in db.execute(sql("pages/gallery.sets"))]


def chosen_set(db: sqlite3.Connection, sets: Sequence[Set], word: str) -> Set | None:
    """The set of that word, with its measurements; without a word the cut-outs that score judged, or what there is.

    Raises UsageError for a word that is none. None where nothing was judged yet.
    """
    if word:
        found = next((one for one in sets if one.word == word), None)
        if found is None and sets:
            raise UsageError(f"There is no set {word}. There are: {', '.join(one.word for one in sets)}.")
    else:
        found = next((one for one in sets if one.word == "score:cutout"), sets[-1] if sets else None)
    return replace(found, metrics=dict(_metrics(db, found, sets))) if found else None


def _metrics(db: sqlite3.Connection, one: Set, sets: Sequence[Set]) -> Iterator[tuple[str, Metric]]:
    """What was measured of the items of a set, its own step first. A name that comes again has its tool before it."""
    seen: set[str] = set()
    same = [other for other in sets if other.kind == one.kind and other.dataset in ("", one.dataset)]
    for other in sorted(same, key=lambda other: other.step_id != one.step_id):
        table = BY_TOOL[other.tool].measured
        columns = [
            row["name"]
            for row in db.execute(f'pragma table_info("{table}")')
            if row["type"] in ("REAL", "INTEGER", "real", "integer") and row["name"] != "outcome_id"
        ]
        if not columns:
            continue
        filled = ", ".join(f'max("{name}" is not null)' for name in columns)
        sample = db.execute(
            f"""select {filled} from (select measured.* from outcome join "{table}" as measured
            on measured.outcome_id = outcome.id where outcome.step_id = ? and outcome.kind = ?
            and outcome.latest and outcome.live limit {SAMPLE})""",
            (other.step_id, one.kind),
        ).fetchone()
        for name, has in zip(columns, sample, strict=True):
            if has:
                key = f"{other.tool}.{name}" if name in seen else name
                seen.add(name)
                yield key, Metric(name, other.tool, other.step_id, table)


def _joins(one: Set, metrics: Sequence[Metric]) -> str:
    """The tables of some measurements, each once."""
    parts = []
    for metric in {metric.step_id: metric for metric in metrics}.values():
        outcome = "outcome"
        if metric.step_id != one.step_id:
            outcome = f"o{metric.step_id}"
            parts.append(
                f"left join outcome as {outcome} on {outcome}.step_id = {metric.step_id} "
                f"and {outcome}.item_id = outcome.item_id and {outcome}.latest"
            )
        parts.append(f'left join "{metric.table}" as {_alias(metric)} on {_alias(metric)}.outcome_id = {outcome}.id')
    return "\n".join(parts)


def _alias(metric: Metric) -> str:
    return f"m{metric.step_id}"


def _column(metric: Metric) -> str:
    return f'{_alias(metric)}."{metric.name}"'


def metric_of(one: Set, name: str) -> Metric:
    """Raises UsageError that names the measurements there are."""
    if name not in one.metrics:
        raise UsageError(f"{one.word} has no measurement {name}. It has: {', '.join(one.metrics) or 'none'}.")
    return one.metrics[name]


def _ranges(one: Set, query: Query, values: dict[str, object]) -> tuple[list[Metric], list[str]]:
    metrics, conditions = [], []
    for place, wanted in enumerate(query.ranges):
        metric = metric_of(one, wanted.metric)
        metrics.append(metric)
        conditions.append(f"and {_column(metric)} between :least{place} and :most{place}")
        values |= {f"least{place}": wanted.least, f"most{place}": wanted.most}
    return metrics, conditions


def cube_question(one: Set, query: Query, sources: Sequence[str] | None = None) -> tuple[str, dict[str, object]]:
    """The question after the cube of a set, with its values. Only the ranges of the query narrow it, and sources."""
    values: dict[str, object] = {"step": one.step_id, "kind": one.kind}
    metrics, conditions = _ranges(one, query, values)
    if sources is not None:
        conditions.append(_OF_SOURCES)
        values["sources"] = json.dumps(list(sources))
    text = sql("pages/gallery.cube").replace("/*tables*/", _joins(one, metrics))
    return text.replace("/*conditions*/", "\n".join(conditions)), values


def items_question(one: Set, query: Query, limits: Mapping[str, Bound]) -> tuple[str, dict[str, object]]:
    """The question after one page of a set, with its values. limits: those in force, by measurement."""
    values: dict[str, object] = {"step": one.step_id, "kind": one.kind}
    values |= {"limit": query.per, "offset": (query.page - 1) * query.per}
    metrics, conditions = _ranges(one, query, values)
    for facet, wanted in query.chosen.items():
        names = [f"{facet}{place}" for place in range(len(wanted))]
        if wanted:
            # The plus keeps a number a number: a run is compared as one.
            values |= {
                name: int(text) if facet == "run" and text.isdecimal() and len(text) < 19 else text
                for name, text in zip(names, wanted, strict=True)
            }
            conditions.append(f"and {FACETS[facet]} in ({', '.join(f':{name}' for name in names)})")
    value, order = "", ""
    if match := re.fullmatch(r"random(?:\.(\d{1,6}))?", query.sort):
        order = f"{_HASH.format(seed=int(match[1] or 1) * 40503)},"
    elif query.sort:
        metric, order, limited = _sorting(one, query.sort, limits)
        metrics.append(metric)
        value = f"{_column(metric)} as value,"
        values |= {"bound": limited} if limited is not None else {}
    text = sql("pages/gallery.items").replace("/*tables*/", _joins(one, metrics))
    text = text.replace("/*value*/ null as value", value.rstrip(",") or "null as value")
    return text.replace("/*conditions*/", "\n".join(conditions)).replace("/*order*/", order), values


def _sorting(one: Set, sort: str, limits: Mapping[str, Bound]) -> tuple[Metric, str, float | None]:
    """The measurement, its order and the bound that it is compared with. What was not measured comes last."""
    if sort.startswith("near-"):
        name = sort.removeprefix("near-")
        metric = metric_of(one, name)
        if name not in limits:
            raise UsageError(f"{name} has no limit that one could be near to.")
        return metric, f"{_column(metric)} is null, abs({_column(metric)} - :bound),", limits[name].value
    metric = metric_of(one, sort.removeprefix("-"))
    column, way = _column(metric), "desc" if sort.startswith("-") else "asc"
    return metric, f"{column} is null, {column} {way},", None


Cube = Sequence[tuple[tuple[str, ...], int]]
"""The values of all facets in the order of FACETS, and how many items share them."""


def cube(db: sqlite3.Connection, one: Set, query: Query, sources: Sequence[str] | None = None) -> Cube:
    """sources: the addresses of those whose items alone are counted; None counts all."""
    text, values = cube_question(one, query, sources)
    return [(tuple(str(row[name]) for name in FACETS), row["n"]) for row in db.execute(text, values)]


def counts(cells: Cube, query: Query) -> dict[str, dict[str, int]]:
    """The counts by facet and value. A facet is counted under all filters but its own: each number says what choosing
    it would give. All that match whatever was decided are the sum over the facet verdict.
    """
    found: dict[str, dict[str, int]] = {name: {} for name in FACETS}
    wanted = [frozenset(query.chosen.get(name, ())) for name in FACETS]
    for values, n in cells:
        misses = [place for place, one in enumerate(wanted) if one and values[place] not in one]
        if len(misses) > 1:
            continue
        for place, name in enumerate(FACETS):
            if not misses or misses == [place]:
                found[name][values[place]] = found[name].get(values[place], 0) + n
    return found


def matching(found: Mapping[str, Mapping[str, int]], query: Query) -> int:
    """How many items match all of a query, from its counts."""
    wanted = query.chosen.get("verdict", ())
    return sum(n for value, n in found["verdict"].items() if not wanted or value in wanted)


@dataclass(frozen=True)
class Bound:
    """The limit in force on a measurement: out where it is `op` than value."""

    value: float
    op: str
    key: str
    reason: str


def bounds(db: sqlite3.Connection, one: Set) -> dict[str, Bound]:
    """The limits in force on the measurements of a set, by the measurement's name there."""
    limits_of = {row["id"]: json.loads(row["limits_json"]) for row in db.execute("select id, limits_json from step")}
    found = {}
    for name, metric in one.metrics.items():
        for limit in importlib.import_module(f"tools.{metric.tool}").TOOL.limits:
            value = limits_of[metric.step_id].get(limit.key)
            if limit.metric == metric.name and value is not None and name not in found:
                found[name] = Bound(value, limit.op, f"{metric.tool}.{limit.key}", limit.reason)
    return found
