"""Fate: whether an item is in, out or waits, and what would have to change. Pure functions over a story."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tools.mill.words import command, figure, toward
from tools.report.story import Check, Judgement, Link, Said, Story

PINNABLE = ("frame", "person", "cutout")


@dataclass(frozen=True)
class Fate:
    """What became of an item: 'in', 'out' (by a judgement), 'gone' (no longer in force) or 'waits'.

    dataset: '' where it holds for all. link: the item of the line that decides it. judgement: what said so, None where
    nothing did.
    """

    state: Literal["in", "out", "gone", "waits"]
    dataset: str
    link: Link
    judgement: Judgement | None = None


def fates(story: Story) -> list[Fate]:
    """One fate for all datasets, or one for each dataset that has looked at the item."""
    for link in story.line:
        if not link.newest:
            return [Fate("gone", "", link)]
        out = next((said for said in link.judgements if said.live and not said.passed and not said.dataset), None)
        if out:
            return [Fate("out", "", link, out)]
    waits = [Fate("waits", dataset, story.item) for _, dataset, again in story.waits if not again]
    if waits and not waits[0].dataset:
        return waits[:1]
    datasets = dict.fromkeys(said.dataset for said in story.item.judgements if said.dataset)
    found = [_of_dataset(story, dataset) for dataset in datasets]
    found += [wait for wait in waits if wait.dataset not in datasets]
    return found or [Fate("in", "", story.item)]


def _of_dataset(story: Story, dataset: str) -> Fate:
    for link in story.line:
        for said in link.judgements:
            if said.dataset == dataset and said.live and not said.passed:
                return Fate("out", dataset, link, said)
    if any(wait == dataset and not again for _, wait, again in story.waits):
        return Fate("waits", dataset, story.item)
    return Fate("in", dataset, story.item)


def changes(base: Path, fate: Fate) -> list[str]:
    """What a person could do so that the item comes in, as sentences; the surest first."""
    said, link = fate.judgement, fate.link
    if said is None:
        return []
    if said.status == "failed":
        return [f"Read the error above, mend it, and type: {command(base, 'all', RETRY_FAILED='1')}"]
    found = _free(base, fate)
    if said.defect or (said.nature == "defect" and said.status != "ok"):
        return [*found, said.remedy or "", "No decision can keep it: there is nothing usable."]
    broken = [check for check in said.checks if check.violated]
    if broken:
        found += [_limit(base, check) for check in broken]
        also = " (all of these)" if len(broken) > 1 else ""
        found.append(f"Or keep it whatever the limits say{also}: {_decide(base, 'keep', link)}")
    if said.nature == "choice" and link.kind in PINNABLE:
        dataset = {"DATASET": said.dataset} if said.dataset else {}
        found.append(f"Have it chosen: {_decide(base, 'pin', link, **dataset)}")
    if said.remedy and said.status != "ok":
        found.append(said.remedy)
    return found


def _free(base: Path, fate: Fate) -> list[str]:
    """How to take back the rejection by hand that is in force, if one is."""
    by_hand = decision_of(fate)
    if by_hand is None or by_hand.verdict != "reject":
        return []
    dataset = {"DATASET": by_hand.dataset} if by_hand.dataset else {}
    own = (by_hand.kind, by_hand.address) == (fate.link.kind, fate.link.address)
    item = str(fate.link.item_id if own else by_hand.item_id or by_hand.address)
    whose = "" if own or by_hand.reattached else f" on the {by_hand.kind}"
    found = [f"Take the decision{whose} back: {command(base, 'undo', ITEM=item, **dataset)}"]
    if whose:
        found.append(f"Or decide on this one alone: {_decide(base, 'keep', fate.link)}")
    return found


def decision_of(fate: Fate) -> Said | None:
    """The decision that a judgement obeyed, where the line knows it."""
    wanted = fate.judgement.decision_id if fate.judgement else None
    return next((said for said in fate.link.decisions if said.id == wanted), None)


def _limit(base: Path, check: Check) -> str:
    section, key = check.key.split(".")
    bound = f"{toward(check.value, check.op)} or {'less' if check.op == '<' else 'more'}"
    return f"Set {key} under [{section}] in {base / 'config.toml'} to {bound} (it is {figure(check.bound)})."


def _decide(base: Path, verdict: str, link: Link, **dataset: str) -> str:
    return command(base, verdict, ITEM=str(link.item_id), **dataset, WHY="…")


def near(value: float, bound: float) -> tuple[str, str]:
    """A value and the bound that it violates, with as many digits as show that they differ."""
    if figure(value) != figure(bound) or math.isclose(value, bound, rel_tol=0, abs_tol=0):
        return figure(value), figure(bound)
    return repr(value), repr(bound)
