"""Telling: the story of an item in sentences. Pure functions; each gives lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tools.mill.plan import FOLDERS
from tools.mill.words import clean, listing, plural
from tools.report.fate import Fate, changes, decision_of, fates
from tools.report.links import broken, link_lines, name, said_line, setting
from tools.report.story import Judgement, Link, Story

_KINDS = ("frame", "person", "cutout", "composite", "caption")
_SHOWN = 12
_OUT = {"select": "did not choose it"}


def tell(story: Story, base: Path) -> list[str]:
    """The whole answer: what became of the item and why, what would change it, how it came about, what came of it."""
    lines = [name(story.item)]
    found = fates(story)
    for fate in found:
        lines += _sentences(story, fate)
    advice = [sentence for fate in found for sentence in changes(base, fate)]
    if advice:
        lines += ["", "What would bring it in:", *(f"  {sentence}" for sentence in dict.fromkeys(advice))]
    lines += ["", "How it came about, from the source down:"]
    for link in story.line:
        lines += [f"  {line}" for line in link_lines(link)]
    lines += ["", *_below(story), "", "The runs and settings behind it:"]
    settings = [setting(said) for link in story.line for said in link.judgements]
    return lines + [f"  {line}" for line in dict.fromkeys(settings)]


def _sentences(story: Story, fate: Fate) -> Iterator[str]:
    it = f"For dataset {fate.dataset} it" if fate.dataset else "It"
    if fate.state == "gone":
        whose = "" if fate.link is story.item else f", because {fate.link.kind} {fate.link.item_id} above it is not"
        yield f"{it} is no longer in force{whose}: {_why_gone(fate.link)}"
    elif fate.state == "waits":
        tools = [tool for tool, dataset, _ in story.waits if dataset == fate.dataset]
        yield f"{it} waits for {listing(tools)}. The next `make all` takes it up."
    elif fate.judgement is not None:
        yield from _out(story, fate, fate.judgement, it)
    else:
        yield from _in(story, fate, it)


def _why_gone(link: Link) -> str:
    if link.kind in FOLDERS:
        return f"its file is no longer in {FOLDERS[link.kind]}. Put it back and type `make all`: nothing is lost."
    return "what it was made from was done again and no longer gives it."


def _out(story: Story, fate: Fate, said: Judgement, it: str) -> Iterator[str]:
    link = fate.link
    whose = "" if link is story.item else f", because {link.kind} {link.item_id} above it is"
    by_hand = decision_of(fate)
    hand = by_hand is not None and by_hand.verdict == "reject"
    if hand and by_hand is not None:
        yield f"{it} is out{whose}: {said_line(by_hand, link)}"
    if said.status != "ok":
        what = "failed on it" if said.status == "failed" else f"{_OUT.get(said.tool, 'rejected it')} ({said.reason})"
        yield f"{'Besides, ' if hand else f'{it} is out{whose}: '}{said.tool} {what}. {_because(said)}".rstrip()
    for check in said.checks:
        if check.violated:
            yield f"  {broken(check)}"


def _because(said: Judgement) -> str:
    """The tool's own sentence; for a limit also what it means, as its measurement follows."""
    told = [said.detail] if said.detail and said.nature != "limit" else [said.description, said.detail]
    return " ".join(clean(part) for part in told if part)


def _in(story: Story, fate: Fate, it: str) -> Iterator[str]:
    judged = [said for said in story.item.judgements if said.live and said.dataset in ("", fate.dataset)]
    packaged = [row for row in story.packaged if row["dataset"] == fate.dataset]
    for row in packaged:
        yield f"{it} is in the package: {clean(row['path'])}"
        yield f"  with the caption: {clean(row['caption'])}"
    if not packaged and fate.dataset and any(said.tool == "select" for said in judged):
        yield f"{it} is chosen, and not yet in a package."
    elif not packaged and judged:
        yield f"{it} is in: it passed {listing(list(dict.fromkeys(said.tool for said in judged)))}."
    elif not packaged:
        yield f"{it} has not been looked at yet."
    for said in judged:
        if said.status != "ok":
            yield f"  {said.tool} would have rejected it ({said.reason}); a person's decision stands above that."


def _below(story: Story) -> Iterator[str]:
    if not story.below:
        yield "Nothing was made from it."
        return
    made, passed = Counter(row["kind"] for row in story.below), Counter(r["kind"] for r in story.below if r["passed"])
    counts = [f"{plural(made[kind], kind)} ({passed[kind]} in)" for kind in _KINDS if made[kind]]
    packaged = [row for row in story.below if row["packaged"]]
    yield f"What was made from it: {listing(counts)}; {plural(len(packaged), 'image')} in a package."
    for row in story.below if len(story.below) <= _SHOWN else packaged[:_SHOWN]:
        state = "in a package" if row["packaged"] else "in" if row["passed"] else "out"
        why = f" ({row['why']})" if row["why"] else ""
        where = clean(row["packaged"] or row["path"] or row["address"])
        yield f"  {row['kind']} {row['item_id']}, {state}{why}: {where}"
