"""Say who each person is: by reference photos, by names that people gave, by tracks through a shot, by clusters.

Reads: persons that passed embed, reference photos.  Writes: nothing.
Rejects: other_person, identity_unsure, still_picture, unwanted_person.
Example: python -m tools.match --base data
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.identity.names import OTHER
from tools.mill.links import PEOPLE
from tools.mill.tool import Bench, Limit, Result, Row, Tool, Verdict

if TYPE_CHECKING:
    from tools.identity.references import Reference
    from tools.identity.telling import Told

VERSION = 4

NAMED = 10
"""Ignored photos that are told by name; the others are counted."""

UNSURE = "The face is somewhat like a reference, or no face shows, or the images beside it show somebody else."

LIMITS = (
    Limit(
        "other_person",
        "distance",
        ">",
        "unsure_distance",
        0.60,
        "The face is unlike every reference.",
        "Add reference photos of whoever it is, say it with `make identify`, or raise match.unsure_distance.",
    ),
    Limit(
        "identity_unsure",
        "distance",
        ">",
        "max_distance",
        0.50,
        UNSURE,
        "Say who it is: `make identify ITEM=… AS=NAME` or AS=other; more reference photos help.",
    ),
    Limit(
        "identity_unsure",
        "flips",
        ">",
        "max_flips",
        0.0,
        UNSURE,
        "Say who it is: `make identify ITEM=… AS=NAME` or AS=other, or set match.max_flips = 1 to trust the track.",
    ),
    Limit(
        "identity_unsure",
        "faceless",
        ">",
        "max_faceless",
        0.0,
        UNSURE,
        "Say who it is: `make identify ITEM=… AS=NAME`, or set match.max_faceless = 1 to let the faceless pass.",
    ),
    Limit(
        "still_picture",
        "stir",
        "<",
        "min_stir",
        0.08,
        "The face does not change over its shot: a poster, a photograph, a statue.",
        "Lower match.min_stir, or keep it.",
    ),
    Limit(
        "unwanted_person",
        "unwanted",
        ">",
        "max_unwanted",
        0.0,
        "Every dataset is about somebody else.",
        "Set [dataset.NAME] subject, pin the image, or set match.max_unwanted = 1 to have everybody cut out.",
    ),
)


@dataclass(frozen=True)
class Params:
    """min_face_px: a smaller face says nothing of who it is, and goes with its track. cluster_distance: clusters whose
    faces are on the average nearer become one.
    """

    min_face_px: float = 32.0
    cluster_distance: float = 0.55


def work_set(rows: Sequence[Row], bench: Bench[Params]) -> Mapping[int, Result]:
    """Who everybody is. No person's picture is opened."""
    from tools.identity.people import people
    from tools.identity.telling import tell, unwanted
    from tools.identity.who import Named

    references = _references(bench) if rows else []
    faces = [Named(each.person, each.embedding) for each in references if each.embedding is not None]
    everybody = people(rows, bench.params.min_face_px)
    told = tell(everybody, faces, bench.params.cluster_distance)
    wanted = subjects(bench)
    return {
        row["item_id"]: Result(
            Verdict(detail=detail(one, wanted)),
            measures=one.measures() | {"unwanted": unwanted(one, wanted)},
        )
        for row, one in zip(everybody.rows, told, strict=True)
    }


def _references(bench: Bench[Params]) -> list[Reference]:
    """The reference photos, embedded by the engine that embeds persons."""
    from tools.identity.references import Reference, only_face

    engines = [str(side["address"]) for side in bench.sides.get("embedder", ())]
    return [
        Reference(str(side["person"]), str(side["shown"]), only_face(engine, bench.source(side), str(side["sha256"])))
        for side in bench.sides.get("references", ())
        for engine in engines
    ]


def subjects(bench: Bench[Params]) -> frozenset[str] | None:
    """Whom the datasets are about; None where one of them takes everybody."""
    named = [str(side["version"]) for side in bench.sides.get("wanted", ())]
    return frozenset(named) if named and all(named) else None


def detail(told: Told, wanted: Collection[str] | None) -> str | None:
    """What should be known of one person beside the numbers."""
    if told.flips:
        return f"By itself it looks like {told.own}, unlike the images before and after it." if told.own else None
    if wanted is None or told.identity in wanted:
        return None
    about = f"the datasets are about {', '.join(sorted(wanted))}"
    if told.identity:
        return f"It shows {told.identity}; {about}."
    shows = f"Nobody has said who cluster {told.cluster} is" if told.cluster else "It shows nobody known"
    return f"{shows}; {about}."


def remarks(bench: Bench[Params]) -> tuple[str, ...]:
    """Whether everybody whom a dataset is about is known.

    Raises UsageError where there are reference photos, and none of a dataset's subject.
    """
    from tools.mill.settings import UsageError

    pictured = {str(side["person"]) for side in bench.sides.get("references", ())}
    named = {str(side["address"]) for side in bench.sides.get("names", ())} - {OTHER}
    known = sorted(pictured | named)
    told = []
    for side in bench.sides.get("wanted", ()):
        subject = str(side["version"])
        if not subject or subject in known:
            continue
        where = f"[dataset.{side['address']}] subject is {subject!r}"
        if pictured:
            near = difflib.get_close_matches(subject, known, n=1)
            advice = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(known)}."
            raise UsageError(f"{where}, and neither a folder of 00_reference_faces nor a named cluster is. {advice}")
        told.append(
            f"{where}, and nobody has that name yet. `make people` shows who there is, "
            f"`make name CLUSTER=… AS={subject}` says who it is."
        )
    return tuple(told)


def review(bench: Bench[Params]) -> tuple[str, ...]:
    """Which reference photos nobody is compared with. Their faces are known by now: no photo is opened again."""
    from tools.identity.references import ignored
    from tools.mill.words import listing, plural

    out = ignored(_references(bench))
    if not out:
        return ()
    more = [f"{len(out) - NAMED} more"] if len(out) > NAMED else []
    why = "is not compared with, as it shows" if len(out) == 1 else "are not compared with, as they show"
    return (f"{plural(len(out), 'reference photo')} {why} no face, or several: {listing([*out[:NAMED], *more])}.",)


TOOL = Tool(
    name="match",
    version=VERSION,
    params=Params,
    limits=LIMITS,
    work_set=work_set,
    sides=("references", "embedder", "names", "wanted"),
    says="identity",
    remarks=remarks,
    review=review,
    shows={PEOPLE: "mill/sorted_people"},
)

if __name__ == "__main__":
    from tools.mill.command import main

    main("match")
