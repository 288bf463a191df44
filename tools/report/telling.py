"""Telling: the story of an item in sentences. Pure functions; each returns lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tools.mill.plan import FOLDERS
from tools.report.fate import Fate, changes, decision_of, fates, near
from tools.report.story import Check, Judgement, Link, Said, Story
from tools.report.words import clean, duration, figure, listing, moment, plural

_KINDS = ("frame", "person", "cutout", "composite", "caption")
_SHOWN = 12
_DONE = {"keep": "kept", "reject": "rejected", "pin": "pinned", "shot": "corrected the shot of", "identity": "named"}


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
        lines += [f"  {line}" for line in _link(link)]
    lines += ["", *_below(story), "", "Settings that stand behind it:", *_settings(story)]
    return lines


def name(link: Link) -> str:
    """An item as people know it: kind, id, where it lies."""
    where = link.path or f"at {link.address} (no file)"
    time_s = link.facts.get("time_s")
    at = f", at {time_s:.3f} s" if isinstance(time_s, float) and link.kind == "frame" else ""
    return f"{link.kind} {link.item_id}{at}: {clean(where)}"


def _sentences(story: Story, fate: Fate) -> Iterator[str]:
    for_whom = f"For dataset {fate.dataset}: it" if fate.dataset else "It"
    if fate.state == "gone":
        yield f"{for_whom} is no longer in force{_whose(story, fate.link)}: {_why_gone(fate.link)}"
    elif fate.state == "waits":
        tools = [tool for tool, dataset, _ in story.waits if dataset == fate.dataset]
        yield f"{for_whom} waits for {listing(tools)}. The next `make all` takes it up."
    elif fate.state == "out":
        yield from _out(story, fate, for_whom)
    else:
        yield from _in(story, fate, for_whom)


def _whose(story: Story, link: Link) -> str:
    return "" if link is story.item else f", because {link.kind} {link.item_id}, from which it was made, is not"


def _why_gone(link: Link) -> str:
    if link.kind in FOLDERS:
        return f"its file is no longer in {FOLDERS[link.kind]}. Put it back and type `make all`: nothing is lost."
    return "what it was made from was done again and no longer gives it."


def _out(story: Story, fate: Fate, for_whom: str) -> Iterator[str]:
    said, link = fate.judgement, fate.link
    assert said is not None
    what = "failed on it" if said.status == "failed" else f"rejected it ({said.reason})"
    by_hand = decision_of(fate)
    hand = by_hand is not None and by_hand.verdict == "reject"
    whose = "" if link is story.item else f", as {link.kind} {link.item_id}, from which it was made, is out"
    if hand and by_hand is not None:
        yield f"{for_whom} is out{whose}: {_said(by_hand, link)}"
    if said.status != "ok":
        yield f"{'Besides, ' if hand else f'{for_whom} is out{whose}: '}{said.tool} {what}. {_because(said)}".rstrip()
    for check in said.checks:
        if check.violated:
            yield f"  {_broken(check)}"


def _because(said: Judgement) -> str:
    """The tool's own sentence; for a limit also what it means, as its measurement follows."""
    told = [said.detail] if said.detail and said.nature != "limit" else [said.description, said.detail]
    return " ".join(clean(part) for part in told if part)


def _in(story: Story, fate: Fate, for_whom: str) -> Iterator[str]:
    packaged = [row for row in story.packaged if row["dataset"] == fate.dataset]
    for row in packaged:
        yield f"{for_whom} is in the package: {clean(row['path'])}"
        yield f"  with the caption: {clean(row['caption'])}"
    judged = [said for said in story.item.judgements if said.live and said.dataset in ("", fate.dataset)]
    if packaged:
        return
    if fate.dataset and story.item.kind == "cutout" and any(said.tool == "select" for said in judged):
        yield f"{for_whom} is chosen, and not yet in a package."
    elif judged:
        yield f"{for_whom} is in: it passed {listing(list(dict.fromkeys(said.tool for said in judged)))}."
    else:
        yield f"{for_whom} has not been looked at yet."
    kept = [said for said in judged if said.status != "ok"]
    for said in kept:
        yield f"  {said.tool} would have rejected it ({said.reason}); a person's decision stands above that."


def _link(link: Link) -> Iterator[str]:
    yield name(link)
    for said in link.decisions:
        if said.kind == link.kind:
            yield f"  {_said(said, link)}"
    for judged in link.judgements:
        yield from (f"  {line}" for line in _judgement(judged))


def _said(said: Said, link: Link) -> str:
    why = f": “{clean(said.why)}”" if said.why else ""
    scope = f" for dataset {said.dataset}" if said.dataset else ""
    what = "it" if said.kind == link.kind else f"the {said.kind} it stems from"
    text = f"{clean(said.actor)} {_DONE.get(said.verdict, said.verdict)} {what} on {moment(said.at)}{scope}{why}."
    if said.reattached:
        text += f" (Said of {said.address}; it came here by overlap.)"
    return text + (" It was taken back." if said.undone else "")


def _judgement(said: Judgement) -> Iterator[str]:
    tool = f"{said.tool} ({said.dataset})" if said.dataset else said.tool
    verdict = {"ok": "passed", "failed": "failed", "rejected": f"rejected, {said.reason}"}[said.status]
    if said.passed and said.status != "ok":
        verdict += ", but kept by hand"
    elif not said.passed and said.status == "ok":
        verdict = "rejected by hand"
    notes = ["; not in force, as something above it is out"] if not said.live else []
    if said.stale and said.live:
        notes.append("; its settings have changed since, it waits to be done again")
    detail = f" {clean(said.detail)}" if said.detail else ""
    yield f"{tool}: {verdict}{''.join(notes)}.{detail}"
    for check in said.checks:
        yield f"  {'✗' if check.violated else '✓'} {_broken(check) if check.violated else _met(check)}"
    rest = [f"{key} {figure(value)}" for key, value in said.measures.items() if value is not None]
    if rest:
        yield f"  also: {', '.join(rest)}"


def _broken(check: Check) -> str:
    value, bound = near(check.value, check.bound)
    word = "below" if check.op == "<" else "above"
    return f"{check.metric} is {value}, {word} {check.key} = {bound} ({check.reason})"


def _met(check: Check) -> str:
    word = "at least" if check.op == "<" else "at most"
    return f"{check.metric} is {figure(check.value)}; {check.key} asks for {word} {figure(check.bound)}"


def _below(story: Story) -> Iterator[str]:
    if not story.below:
        yield "Nothing was made from it."
        return
    made, passed = Counter(row["kind"] for row in story.below), Counter(r["kind"] for r in story.below if r["passed"])
    counts = [f"{plural(made[kind], kind)} ({passed[kind]} in)" for kind in _KINDS if made[kind]]
    packaged = [row for row in story.below if row["packaged"]]
    yield f"What was made from it: {listing(counts)}; {len(packaged)} in a package."
    for row in story.below[:_SHOWN] if len(story.below) <= _SHOWN else packaged[:_SHOWN]:
        state = "in a package" if row["packaged"] else "in" if row["passed"] else "out"
        where = row["packaged"] or row["path"] or row["address"]
        yield f"  {row['kind']} {row['item_id']}, {state}: {clean(where)}"


def _settings(story: Story) -> Iterator[str]:
    for link in story.line:
        for said in link.judgements:
            yield f"  {setting(said)}"


def setting(said: Judgement) -> str:
    """Which run gave a judgement, when, and with which version, engine and parameters."""
    recipe = said.recipe
    parts = [f"version {recipe.get('version')}"]
    if recipe.get("engine"):
        parts.append(f"engine {recipe['engine'][0]} ({str(recipe['engine'][1])[:12]})")
    parts += [f"{key} = {figure(value)}" for key, value in {**recipe.get("params", {})}.items()]
    parts += [f"{key} = {figure(value)}" for key, value in {**recipe.get("dataset", {})}.items()]
    tool = f"{said.tool} {said.dataset}".strip()
    took = f", {duration(said.seconds)}" if said.seconds else ""
    return f"{tool}, run {said.run_id} of {moment(said.run_at)}{took}: {', '.join(parts)}"
