"""Captions: image beside text, edited in place; filters, checks, words, find and replace, every version."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from datasette.utils import MultiParams
from datasette.utils.asgi import Request, Response

from tools.describe import hand
from tools.describe.tokens import WHOLE
from tools.describe.wording import words
from tools.lighttable import caption_asked, caption_replace, caption_rows, caption_writes, captioned, writes
from tools.lighttable.caption_asked import Wanted
from tools.lighttable.captioned import Line, Rules
from tools.lighttable.desk import Desk, Page
from tools.lighttable.pages.gallery import sources
from tools.mill import settings
from tools.mill.settings import UsageError
from tools.training.edits import one_line

SHOWN, MOST_TOGETHER = 500, 2000
"""Changes that a preview shows; texts that are written at once."""


async def show(desk: Desk, request: Request) -> Response:
    wanted = caption_asked.parse(request.args)
    rules = captioned.rules_of(desk.base)
    everything, found, names, package = await desk.read(
        lambda db: (
            lines := caption_rows.all_lines(desk, db, rules),
            caption_rows.found(desk, db, rules, wanted),
            _sources(db, lines),
            caption_rows.in_package(db, desk.base, rules),
        )
    )
    n, start = len(found.lines), (wanted.page - 1) * wanted.per
    missing = next((place for place, line in enumerate(found.lines) if line.reason), None)
    return await desk.page(
        "captions",
        title="Captions",
        wanted=wanted,
        n_all=len(everything),
        n=n,
        lines=found.lines[start : start + wanted.per],
        start=start,
        pages=max(1, -(-n // wanted.per)),
        facets=list(caption_asked.options(wanted, found, names)),
        sorts=caption_asked.SORTS,
        terms=_cloud(found, wanted, n),
        lengths=_bars(found, wanted),
        bounds=sorted({(one.target.name, one.target.min_words, one.target.max_words) for one in rules}),
        first_missing=missing,
        n_missing=sum(1 for line in found.lines if line.reason),
        n_yours=sum(1 for line in found.lines if line.author == "person"),
        names=names,
        known=_known(rules),
        **_for_lines(rules, package),
    )


def _for_lines(rules: Sequence[Rules], package: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    """What the rows of the list need."""
    by_name = {one.dataset: one for one in rules}
    return {
        "rules": by_name,
        "called": captioned.CHECKS,
        "offered": lambda line: captioned.offered(
            line, by_name[line.dataset], package.get((line.dataset, line.address), "")
        ),
        "quoted": captioned.quoted,
    }


def _known(rules: Sequence[Rules]) -> dict[str, Any]:
    """What a page needs to count and to mark a text while it is typed."""
    return {
        "whole": sorted(WHOLE),
        "datasets": {
            one.dataset: {
                "trigger": one.trigger,
                "forbidden": one.forbidden,
                "target": one.target.name,
                "min_words": one.target.min_words,
                "max_words": one.target.max_words,
                "max_tokens": one.target.max_tokens,
            }
            for one in rules
        },
    }


def _sources(db: sqlite3.Connection, lines: Sequence[Line]) -> Mapping[str, str]:
    """What the sources of some lines are called."""
    return sources(db, sorted({line.source for line in lines}))


def _cloud(found: caption_asked.Found, wanted: Wanted, n: int) -> list[dict[str, Any]]:
    """The words of what matches, the most frequent first; how large each is written, by its share."""
    return [
        {
            "word": word,
            "n": count,
            "share": count / max(1, n),
            "on": word in wanted.words,
            "address": wanted.with_word(word),
            "without": wanted.address(words=(*wanted.words, f"-{word}")),
        }
        for word, count in found.terms[: caption_asked.MOST_WORDS]
    ]


def _bars(found: caption_asked.Found, wanted: Wanted) -> list[dict[str, Any]]:
    """How many texts have how many words, one bar for each number from the least to the most."""
    if not found.lengths:
        return []
    least, most, top = min(found.lengths), max(found.lengths), max(found.lengths.values())
    step = max(1, -(-(most - least + 1) // 48))
    bars: list[dict[str, Any]] = []
    for start in range(least, most + 1, step):
        end = start + step - 1
        n = sum(found.lengths.get(length, 0) for length in range(start, end + 1))
        on = (wanted.least or 0) <= start and end <= (9999 if wanted.most is None else wanted.most)
        bars.append({"from": start, "to": end, "n": n, "share": min(100.0, n / top * 100), "on": on})
        bars[-1]["address"] = wanted.address(least=start, most=end)
    return bars


async def rows(desk: Desk, request: Request) -> Response:
    """Some rows as they stand now: `?key=DATASET-ID` for each."""
    keys = frozenset(request.args.getlist("key")[:400])
    rules = captioned.rules_of(desk.base)
    lines, names, package = await desk.read(
        lambda db: (
            lines := caption_rows.all_lines(desk, db, rules),
            _sources(db, lines),
            caption_rows.in_package(db, desk.base, rules),
        )
    )
    those = [line for line in lines if line.key in keys]
    return await desk.page("captions-rows", lines=those, names=names, **_for_lines(rules, package))


async def keys(desk: Desk, request: Request) -> Response:
    """All that match the address, as what is needed to write on them."""
    found = await _matching(desk, request.args)
    return desk.json([{"dataset": line.dataset, "id": line.id, "before": line.text} for line in found])


async def history(desk: Desk, request: Request) -> Response:
    """Every text that a cut-out had in a dataset."""
    item, dataset = int(request.url_vars["item"]), request.args.get("dataset") or ""
    found = await desk.ask("pages/captions.history", item=item, dataset=dataset)
    versions = [{**dict(row), "words": words(row["text"])} for row in found]
    return await desk.page("captions-history", versions=versions, item=item, dataset=dataset)


async def preview(desk: Desk, request: Request) -> Response:
    """What find and replace would do to all that match the address."""
    change = caption_replace.Change(
        request.args.get("find") or "",
        request.args.get("into") or "",
        whole=request.args.get("whole") == "1",
        case=request.args.get("case") == "1",
    )
    lines = await _matching(desk, request.args)
    found = list(caption_replace.changed(lines, change)) if change.find else []
    shown = [(line, after, caption_replace.pieces(line.text, after, change)) for line, after in found[:SHOWN]]
    return await desk.page("captions-preview", changes=shown, n=len(found), n_lines=len(lines), find=change.find)


async def _matching(desk: Desk, args: MultiParams) -> Sequence[Line]:
    wanted, rules = caption_asked.parse(args), captioned.rules_of(desk.base)
    found = await desk.read(lambda db: caption_rows.found(desk, db, rules, wanted))
    return found.lines


async def save(desk: Desk, said: Mapping[str, Any]) -> Mapping[str, Any]:
    """`{texts: [{dataset, id, before, text}], why, expected}`: all or none. expected: the number that was confirmed."""
    given = said.get("texts")
    if not isinstance(given, list) or not 0 < len(given) <= MOST_TOGETHER:
        raise UsageError(f"Choose between 1 and {MOST_TOGETHER:,} texts. Nothing was written.")
    if said.get("expected", 1) != len(given):
        raise UsageError(f"{len(given)} texts were sent, not the number you confirmed. Nothing was written.")
    texts = [_text(desk, one) for one in given]
    written, told = await desk.write(caption_writes.save, desk.base, texts, writes.text_of(said, "why", 400))
    return {"words": written.span, "ids": list(written.ids), "told": list(told)}


def _text(desk: Desk, one: object) -> caption_writes.Text:
    if not isinstance(one, dict):
        raise UsageError("A text is to be an object. Nothing was written.")
    (item,) = writes.ids_of({"ids": [one.get("id")]})
    dataset, before, text = (writes.text_of(one, name, 20_000) for name in ("dataset", "before", "text"))
    _dataset(desk, dataset)
    line = one_line(text)
    if fault := hand.unusable(line):
        raise UsageError(f"The text {fault}. Nothing was written.")
    return caption_writes.Text(dataset, item, before, line)


def _dataset(desk: Desk, name: str) -> str:
    if name not in settings.load(desk.base).datasets:
        raise UsageError(f"There is no dataset {name}.")
    return name


async def clear(desk: Desk, said: Mapping[str, Any]) -> Mapping[str, Any]:
    """`{dataset, ids}`: the reviewer's own texts are taken back."""
    dataset = _dataset(desk, writes.text_of(said, "dataset"))
    written = await desk.write(caption_writes.clear, desk.base, dataset, writes.ids_of(said))
    return {"ids": list(written.ids)}


PAGE = Page(
    "captions",
    "Captions",
    50,
    {"": show, "/rows": rows, "/keys": keys, "/preview": preview, r"/history/(?P<item>[1-9][0-9]{0,17})": history},
    {"save": save, "clear": clear},
)
