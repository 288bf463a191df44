"""Quotas: how many images of each shot a set wants, and what a finished set lacks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tools.mill.settings import UsageError
from tools.mill.tool import Dataset

VIEWS = ("front", "three-quarter", "side", "back")
POSTURES = {"standing": "stands", "sitting": "sits", "lying": "lies"}
"""Postures that a set should have, if there are any, and how their lack is told."""


def quotas(count: int, shares: Mapping[str, float]) -> dict[str, int]:
    """Whole numbers that add up to count, by largest remainder; of equal remainders the first listed is served first.

    Raises UsageError for shares that are negative or all 0.
    """
    total = sum(shares.values())
    if total <= 0 or min(shares.values()) < 0:
        raise UsageError(
            f"[dataset.NAME] quota = {dict(shares)} cannot be shared out. "
            "Give shares of 0 or more, one of them above 0."
        )
    exact = {shot: count * share / total for shot, share in shares.items()}
    whole = {shot: int(number) for shot, number in exact.items()}
    by_remainder = sorted(exact, key=lambda shot: whole[shot] - exact[shot])
    for shot in by_remainder[: count - sum(whole.values())]:
        whole[shot] += 1
    return whole


def gaps(chosen: Sequence[Mapping[str, Any]], dataset: Dataset) -> list[str]:
    """What a chosen set lacks, in words: "far 2 of 10", "no back view", "nobody sits or lies", "no arms up",
    "one source gives 30 of 40", "3 people in it".

    chosen: rows with shot, view, posture, arms, address and who. Of views, postures and arms only is spoken where they
    have been measured.
    """
    shots = Counter(row["shot"] for row in chosen)
    found = [
        f"{shot} {shots[shot]} of {wanted}"
        for shot, wanted in quotas(dataset.count, dataset.quota).items()
        if shots[shot] < wanted
    ]
    if found and shots["unknown"]:
        found.append(f"{shots['unknown']} of an unknown shot")
    views = {row["view"] for row in chosen} - {None}
    found += [f"no {view} view" for view in VIEWS if views and view not in views]
    found += _poses(chosen)
    sources = Counter(row["address"].split("/")[0] for row in chosen)
    most = max(sources.values(), default=0)
    if most > max(1, round(dataset.count * dataset.max_per_source)):
        found.append(f"one source gives {most} of {len(chosen)}")
    people = {row["who"] for row in chosen} - {None, ""}
    if len(people) > 1 and not dataset.subject:
        found.append(f"{len(people)} people in it: name one as [dataset.{dataset.name}] subject")
    return found


def _poses(chosen: Sequence[Mapping[str, Any]]) -> list[str]:
    """Which postures and arms nobody shows, in words."""
    seen = {row["posture"] for row in chosen} - {None}
    arms = {row["arms"] for row in chosen} - {None}
    lacking = [word for posture, word in POSTURES.items() if posture not in seen] if seen else []
    said = f"nobody {' or '.join(filter(None, [', '.join(lacking[:-1]), lacking[-1]]))}" if lacking else ""
    return [each for each in (said, "no arms up" if arms and "up" not in arms else "") if each]
