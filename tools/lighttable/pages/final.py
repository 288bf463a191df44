"""Final set: a dataset's chosen images as trainers will see them, what is lacking, and who could stand in for whom."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from datasette.app import Datasette
from datasette.utils.asgi import Request, Response

from tools.choose.quotas import gaps
from tools.lighttable import counted, final_tiles, finalset, standins, waiting, writes
from tools.lighttable.desk import Desk, Page, values_of
from tools.mill.manifest import sql
from tools.mill.settings import UsageError, dataset_names, load
from tools.mill.tool import Dataset
from tools.mill.words import command
from tools.training.report import Contents

ORDERS = {"bucket": "bucket", "shot": "shot", "source": "source", "rank": "order of choice"}
FILTERS = ("shot", "view", "source")


@dataclass(frozen=True)
class Shelf:
    """What one table remembers. fields: by dataset, of one moment each, with that moment."""

    looks: standins.Looks = field(default_factory=standins.Looks)
    fields: dict[str, tuple[tuple[Any, ...], standins.Field]] = field(default_factory=dict)


_SHELVES: WeakKeyDictionary[Datasette, Shelf] = WeakKeyDictionary()


async def show(desk: Desk, request: Request) -> Response:
    settings = load(desk.base)
    names = dataset_names(settings)
    asked = values_of(request, ("by", "trainer", *FILTERS))
    dataset = standins.dataset_of(settings, request.args.get("dataset") or names[0])

    def found(db: sqlite3.Connection) -> dict[str, Any]:
        rows = finalset.images(db, dataset.name)
        last = db.execute(sql("pages/final.recipe"), {"dataset": dataset.name}).fetchone()
        beyond = db.execute(sql("people/beyond")).fetchone()
        return {
            "rows": rows,
            "beyond": beyond["n"] if beyond else None,
            "ran": last is not None,
            "same": last is None or finalset.same_settings(last["recipe"], dataset),
            "decided": waiting.decided(db, desk.base, dataset.name),
        }

    told = await desk.read(found)
    told |= {target: command(desk.base, target, DATASET=dataset.name) for target in ("all", "stage4")}
    there, packaged, fault = await desk.paint(finalset.package_of, desk.base, settings, dataset, told["rows"])
    trainers = finalset.training(there, dataset.target)
    context = _context(told, dataset, there, trainers, asked)
    return await desk.page("final", names=names, dataset=dataset, packaged=packaged, fault=fault, **context)


def _context(
    told: Mapping[str, Any],
    dataset: Dataset,
    there: Contents,
    trainers: Sequence[finalset.Training],
    asked: Mapping[str, str],
) -> dict[str, Any]:
    rows, chosen = told["rows"], finalset.chosen_of(told["rows"])
    viewed = next((one for one in trainers if one.fate and one.trainer.name == asked["trainer"]), trainers[0])
    by = asked["by"] if asked["by"] in ORDERS else "bucket"
    wanted = {name: asked[name] for name in FILTERS if asked[name]}
    shown = [final_tiles.tile(row, viewed, there) for row in rows if final_tiles.matches(row, wanted)]
    return {
        **told,
        "chosen": chosen,
        "leaving": len({row["id"] for row in rows if not row["chosen"]}),
        "gaps": gaps(chosen, dataset) if told["ran"] else [],
        "matrix": finalset.matrix(chosen, dataset),
        "there": there,
        "trainers": trainers,
        "viewed": viewed,
        "by": by,
        "orders": ORDERS,
        "wanted": wanted,
        "groups": final_tiles.groups(shown, by, viewed),
        "shown": len(shown),
        "reviewed": len({tile["id"] for tile in shown if tile["verdict"]}),
        "reviewable": len({tile["id"] for tile in shown}),
        "state": {"dataset": dataset.name, "by": by, "trainer": viewed.trainer.name, **wanted},
    }


async def forecast(desk: Desk, request: Request) -> Response:
    """What the next make would change in the set, as a part of the page: nothing where it has nothing to choose."""
    name = request.args.get("dataset") or ""
    there = await _field(desk, name)
    waits = await desk.read(waiting.before_select)
    if not there.due:
        return await desk.page("final-forecast", waits=waits, comes=(), goes=(), still=True)
    found = await desk.paint(standins.forecast, there)
    ranks = found.chosen

    def asked(db: sqlite3.Connection) -> tuple[list[finalset.Image], list[dict[str, Any]]]:
        rows = finalset.images(db, name)
        now = {row["id"] for row in rows if row["chosen"]}
        return rows, cutouts(db, [one for one in ranks if one not in now])

    rows, comes = await desk.read(asked)
    return await desk.page(
        "final-forecast",
        comes=[{**row, "rank": ranks[row["id"]], "why": _why(found, row["id"], there)} for row in comes],
        goes=[row for row in {row["id"]: row for row in rows}.values() if row["id"] not in ranks],
        waits=waits,
        n=len(ranks),
        dataset=there.bench.dataset,
        gaps=gaps(standins.members(there, ranks), there.bench.dataset),
    )


def _why(found: standins.Forecast, item_id: int, there: standins.Field) -> str:
    if any(row["pinned"] for row in there.rows if row["item_id"] == item_id):
        return "pinned by hand"
    difference = found.results[item_id].measures.get("difference")
    return f"the next best, differs by {difference:.2f}" if difference else "the next best"


async def unused(desk: Desk, request: Request) -> Response:
    """The sources that gave nothing to the set, and what stopped most of each, as a part of the page."""
    name = standins.dataset_of(load(desk.base), request.args.get("dataset") or "").name

    def found(db: sqlite3.Connection) -> list[dict[str, Any]]:
        question, asked = sql("sheets/unused"), {"dataset": name}
        return counted.counted(desk, db, ("unused", name), lambda: [dict(row) for row in db.execute(question, asked)])

    return await desk.page("final-unused", sources=await desk.read(found))


async def stand_ins(desk: Desk, request: Request) -> Response:
    """Who could stand in for a cutout, side by side with it, as a part of the page."""
    from tools.choose.candidates import better_by, candidate

    name, item_id = request.args.get("dataset") or "", int(request.url_vars["item"])
    there = await _field(desk, name)
    found = await desk.paint(standins.options, there, item_id)
    rows = await _cutouts(desk, [item_id, *(one.item_id for one in found)])
    if item_id not in rows:
        raise UsageError(f"There is no cutout {item_id} in this workspace.")
    known = {row["item_id"]: candidate(row) for row in there.rows if row["item_id"] in rows}
    own = known.get(item_id)
    shown = [
        {
            "one": one,
            "row": rows[one.item_id],
            "score": known[one.item_id].score,
            "better": better_by(known[one.item_id], own) if own else "",
            "worse": better_by(own, known[one.item_id]) if own else "",
        }
        for one in found
    ]
    return await desk.page("final-swap", dataset=name, row=rows[item_id], score=own.score if own else None, shown=shown)


async def effect(desk: Desk, request: Request) -> Response:
    """What a swap would write and change, as a part of the page."""
    name, item_id, into = request.args.get("dataset") or "", *map(int, request.url_vars.values())
    there = await _field(desk, name)
    if into not in {row["item_id"] for row in there.rows if not row["excluded"]}:
        raise UsageError(f"Cutout {into} cannot be chosen any more. Load the page again.")
    found = await desk.paint(standins.effect, there, item_id, into)
    rows = await _cutouts(desk, [*found.comes, *found.goes])
    told: dict[str, Any] = {word: [rows[one] for one in getattr(found, word)] for word in ("comes", "goes")}
    return await desk.page("final-effect", dataset=name, out=item_id, into=into, by_itself=found.by_itself, **told)


async def _cutouts(desk: Desk, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    return {row["id"]: row for row in await desk.read(lambda db: cutouts(db, ids))}


def cutouts(db: sqlite3.Connection, ids: Sequence[int]) -> list[dict[str, Any]]:
    import json

    return [dict(row) for row in db.execute(sql("pages/final.cutouts"), {"ids": json.dumps(list(ids))})]


async def _field(desk: Desk, name: str) -> standins.Field:
    """What select would look at, read anew after a decision, a run and an edit of the settings."""
    shelf = _SHELVES.setdefault(desk.datasette, Shelf())

    def found(db: sqlite3.Connection) -> standins.Field:
        at = (*(db.execute(sql("pages/final.moment")).fetchone() or ()), str(load(desk.base)))
        if name not in shelf.fields or shelf.fields[name][0] != at:
            shelf.fields[name] = (at, standins.read_field(db, desk.base, name, shelf.looks))
        return shelf.fields[name][1]

    return await desk.read(found)


async def swap(desk: Desk, said: Mapping[str, Any]) -> Mapping[str, Any]:
    """`{dataset, out, into, pin, why}`: reject one, pin the other where that is needed."""
    out, into = (writes.ids_of({"ids": [said.get(word)]})[0] for word in ("out", "into"))
    name, why = writes.text_of(said, "dataset", 100), writes.text_of(said, "why")
    written = await desk.write(standins.swap, desk.base, name, out, into, why, pin=said.get("pin") is True)
    return {"words": written.span, "ids": list(written.ids)}


async def clear(desk: Desk, said: Mapping[str, Any]) -> Mapping[str, Any]:
    """`{dataset, ids}`: free again, as far as this dataset is concerned."""
    name = writes.text_of(said, "dataset", 100)
    if name not in load(desk.base).datasets:
        raise UsageError(f"There is no dataset {name}. Nothing was written.")
    written = await desk.write(writes.clear, desk.base, writes.ids_of(said), name)
    return {"words": written.span, "ids": list(written.ids)}


ITEM, INTO = (rf"(?P<{word}>[1-9][0-9]{{0,17}})" for word in ("item", "into"))
PAGE = Page(
    "final",
    "Final set",
    15,
    {
        "": show,
        "/forecast": forecast,
        "/unused": unused,
        rf"/stand-ins/{ITEM}": stand_ins,
        rf"/effect/{ITEM}/{INTO}": effect,
    },
    {"swap": swap, "clear": clear},
)
