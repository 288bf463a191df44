"""Choose the few cutouts that a dataset is trained on: the best of each moment, then the most different, within quotas.

Reads: cutouts that passed score.  Writes: nothing.  Rejects: other_subject, same_moment, similar_to_better, over_quota.
Example: python -m tools.select --base data --dataset emma

A moment is one person within moment_s of one camera shot. Its best is the image with the highest score: sharpness 40 %,
face size 20 %, open eyes 15 %, crop size 15 %, cleanness 10 %. Of the best, the one that differs most from those that
are chosen comes next, in appearance, pose, view and expression, while its quota (close, mid, far; its source) is open.
Who is seen from a side, in a posture or with arms that no chosen image shows counts a quarter more for each of these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.mill.tool import OK, Bench, Reason, Result, Row, Tool, Verdict, rejected

if TYPE_CHECKING:
    from tools.choose.candidates import Candidate
    from tools.choose.difference import Place
    from tools.choose.looks import Floats

VERSION = 4

UNNAMED = "Nobody has said who it is: `make identify ITEM=… AS=NAME` does, or the People page of `make review`."

REASONS = (
    Reason(
        "other_subject",
        "choice",
        "It does not show the person that the dataset is about.",
        "Set [dataset.NAME] subject, or pin the image.",
    ),
    Reason(
        "same_moment",
        "choice",
        "Another image of the same person and moment is better.",
        "Pin it to have it beside or instead, or lower select.moment_s.",
    ),
    Reason(
        "similar_to_better",
        "choice",
        "It looks much like an image that was chosen before it.",
        "Pin it, or lower select.min_difference.",
    ),
    Reason(
        "over_quota",
        "choice",
        "The set is full with images that differ more.",
        "Pin it, reject one that it should replace, or raise [dataset.NAME] count.",
    ),
)


@dataclass(frozen=True)
class Params:
    """moment_s: seconds within which images of one person are one moment. min_difference: 0 to 1, of how they look.

    second_difference: where the set is not full, a moment gives another image that differs by this from all chosen.
    Pictures of one moment re-encoded or scaled lie about 0.01 apart, half a second of a talking person 0.07 to 0.15,
    different people above 0.3.
    """

    moment_s: float = 2.0
    min_difference: float = 0.06
    second_difference: float = 0.12


def work_set(rows: Sequence[Row], bench: Bench[Params]) -> Mapping[int, Result]:
    """Choose. Every row gets its result: chosen ones are ok, with their rank."""
    return choice(rows, bench, looks_of([row for row in rows if eligible(row, bench.dataset.subject)], bench))


def choice(rows: Sequence[Row], bench: Bench[Params], looks: Mapping[int, Floats]) -> Mapping[int, Result]:
    """What `work_set` says of the rows. looks: by item id what each looks like, as `looks_of` finds it."""
    import numpy as np

    from tools.choose.candidates import candidate
    from tools.choose.difference import choose
    from tools.choose.looks import SIZE
    from tools.choose.moments import moments

    dataset, params = bench.dataset, bench.params
    results = {row["item_id"]: Result(_left_out(row, dataset.subject)) for row in rows}
    may = [row for row in rows if eligible(row, dataset.subject)]
    candidates = [candidate(row) for row in sorted(may, key=lambda row: str(row["address"]))]
    moment = moments(candidates, params.moment_s)
    best = _best_of(candidates, moment)
    seen = np.array([looks[one.item_id] for one in candidates], np.float32).reshape(len(candidates), SIZE)
    second = [one not in best[moment[one.item_id]] for one in candidates]
    places = choose(candidates, seen, dataset, params.min_difference, second, params.second_difference)
    for one, place, late in zip(candidates, places, second, strict=True):
        near = candidates[place.nearest] if place.nearest is not None else None
        kept = best[moment[one.item_id]][0]
        if late and place.rank is None:
            measures = _measures(one, moment, place, kept) | {"nearly": min(1.0, one.score / (kept.score or 1.0))}
            results[one.item_id] = Result(rejected("same_moment", _kept(kept, one)), measures=measures)
        else:
            results[one.item_id] = Result(_verdict(place, near, bench), measures=_measures(one, moment, place, near))
    return results


def eligible(row: Row, subject: str) -> bool:
    """Whether a row can be chosen at all: nobody rejected it, and it shows the subject, or is pinned."""
    if row.get("excluded"):
        return False
    return bool(row.get("pinned")) or not subject or row["identity"] == subject


def _left_out(row: Row, subject: str) -> Verdict:
    """Of a row that is no candidate. Where a person rejected it, that decision stands above this verdict."""
    from tools.choose.candidates import who

    if row.get("excluded"):
        return Verdict("ok", None, "A person rejected it.")
    shows = f"It shows {who(row) or 'nobody known'}, the dataset is about {subject}."
    return rejected("other_subject", f"{shows} {UNNAMED}" if row["unnamed"] else shows)


def _best_of(candidates: Sequence[Candidate], moment: Mapping[int, int]) -> dict[int, list[Candidate]]:
    """By moment what stays of it: all that is pinned, else the best score; of equal scores the first address."""
    found: dict[int, list[Candidate]] = {}
    for one in sorted(candidates, key=lambda one: (not one.pinned, -one.score, one.address)):
        kept = found.setdefault(moment[one.item_id], [])
        if one.pinned or not kept:
            kept.append(one)
    return found


def looks_of(rows: Sequence[Row], bench: Bench[Params]) -> dict[int, Floats]:
    """The embeddings by item id: of what score measured, or of the cutouts where it did not."""
    from tools.choose.looks import looks
    from tools.media.image import read_rgba
    from tools.media.likeness import embed, vector

    return {
        row["item_id"]: looks(vector(row.get("likeness") or embed(read_rgba(bench.file(row)))), row) for row in rows
    }


def _kept(kept: Candidate, one: Candidate) -> str:
    """What is in instead of an image of the same moment, and why."""
    from tools.choose.candidates import better_by

    why = "it is pinned" if kept.pinned else f"score {kept.score:.2f} against {one.score:.2f}"
    ahead = "" if kept.pinned else better_by(kept, one)
    return f"Kept instead: {kept.path} ({why}{f'; better: {ahead}' if ahead else ''})"


def _verdict(place: Place, near: Candidate | None, bench: Bench[Params]) -> Verdict:
    """What to say of a finalist. near: the image of the set that looks most like it."""
    if place.rank is not None:
        return OK
    if near is None or place.difference is None:
        return rejected("over_quota", f"[dataset.{bench.dataset.name}] count = {bench.dataset.count}.")
    if place.difference < bench.params.min_difference:
        wanted = f"differs by {place.difference:.3f}, wanted are {bench.params.min_difference:g}"
        return rejected("similar_to_better", f"Kept instead: {near.path} ({wanted})")
    full = f"the set has its {bench.dataset.count} images"
    return rejected("over_quota", f"Kept instead: {near.path} (the nearest to it; {full})")


def _measures(
    one: Candidate, moment: Mapping[int, int], place: Place | None, kept: Candidate | None
) -> dict[str, float | int | str | None]:
    """The row of table "select". Of a chosen image, kept is only what looks most like it, and no replacement."""
    from tools.choose.candidates import told

    chosen = place is not None and place.rank is not None
    return {
        "score": one.score,
        "score_parts": told(one),
        "moment": moment[one.item_id],
        "rank": place.rank if place else None,
        "difference": place.difference if place else None,
        "nearly": place.nearly if place else None,
        "kept_address": kept.address if kept and not chosen else None,
    }


TOOL = Tool(
    name="select",
    version=VERSION,
    params=Params,
    reasons=REASONS,
    work_set=work_set,
    dataset_keys=("subject", "count", "quota", "max_per_source"),
)

if __name__ == "__main__":
    from tools.mill.command import main

    main("select")
