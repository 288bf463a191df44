"""Describe each chosen cut-out in one line that trains well: trigger, framing, what can be taken off, light.

Reads: chosen cutouts.  Writes: caption (text, no file).
Rejects: caption_refused, caption_empty, caption_truncated, caption_invalid, caption_forbidden_word.
Example: python -m tools.caption --base data --dataset emma --limit 10
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.mill.tool import OK, Bench, Dataset, Made, Reason, Result, Row, Tool, Verdict, operational, rejected
from tools.paid.terms import Terms

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from tools.describe.job import CaptionJob
    from tools.engines.remote import RemoteCaptioner
    from tools.mill.tool import Asked

VERSION = 3

AGAIN = "RETRY_FAILED=1 asks a captioner elsewhere again"

REASONS = (
    Reason(
        "caption_refused",
        "defect",
        "The captioner refused to describe the image.",
        "Look at the image; write a caption yourself or reject it.",
    ),
    Reason(
        "caption_empty",
        "defect",
        "The captioner gave no text.",
        f"{AGAIN}, take another model, or write a caption yourself.",
    ),
    Reason(
        "caption_truncated",
        "defect",
        "The captioner's answer breaks off.",
        f"Raise caption.max_output_tokens, or take another model. {AGAIN}.",
    ),
    Reason(
        "caption_invalid",
        "defect",
        "The captioner's answer has not the form or the length that was asked for.",
        f"{AGAIN}, take another model or engine, or write a caption yourself.",
    ),
    Reason(
        "caption_forbidden_word",
        "defect",
        "The caption has a word that it must not have.",
        "Change caption.forbidden_words, or write a caption yourself.",
    ),
)


@dataclass(frozen=True)
class Params(Terms):
    """forbidden_words: separated by commas; whole words, whatever their case. The ground is random, so no caption may
    tie it to the subject; words about the picture as a picture, guesses and praise teach nothing. ground: the package
    adds a clause about what stands behind each image; a text that a person wrote is left as it is.
    """

    engine: str = "auto"
    forbidden_words: str = (
        "background, backdrop, image, picture, photo, photograph, appears, seems, beautiful, stunning"
    )
    ground: bool = False
    deadline_s: float = operational(30.0)


def prepare(db: sqlite3.Connection, base: Path, asked: Asked) -> tuple[str, ...]:
    """Captions that a person edited in the package become that person's word, before it is asked what waits."""
    from tools.training.readback import read_back

    return read_back(db, base, asked)


def work(row: Row, bench: Bench[Params]) -> Result:
    from tools import engines
    from tools.describe.checks import fault, finished
    from tools.training.targets import target_of

    if row.get("said") is not None:
        return _by_person(row, bench)
    dataset, params = bench.dataset, bench.params
    engine = bench.service or engines.load("caption", params.engine)
    (draft,) = engine.run([_job(row, bench)])
    text = finished(draft.text, dataset.trigger)
    found = fault(text, draft, dataset.trigger, target_of(dataset.target), params.forbidden_words)
    verdict = rejected(*found) if found else OK
    if not text:
        return Result(verdict)
    facts = {"author": draft.author, "engine": engine.name, "prompt_version": draft.prompt_version}
    facts |= {name: getattr(draft, name) for name in ("shot", "light", "clothing", "view", "eyes", "expression")}
    return Result(made=(_made(row, bench, text, facts | {**draft.more, "ground": int(params.ground)}, verdict),))


def _by_person(row: Row, bench: Bench[Params]) -> Result:
    """A person's text: no engine is asked, no word forbidden, nothing added."""
    from tools.describe import hand

    text = str(row["said"])
    fault = hand.unusable(text)
    verdict = rejected("caption_invalid", f"The text that {row['said_by']} wrote {fault}.") if fault else OK
    facts = dict.fromkeys(("author", "engine", "prompt_version"), hand.AUTHOR) | {"ground": 0}
    return Result(made=(_made(row, bench, text, facts, verdict),))


def _made(row: Row, bench: Bench[Params], text: str, facts: Row, verdict: Verdict) -> Made:
    from tools.describe.tokens import tokens_at_most
    from tools.describe.wording import words

    name = bench.dataset.name
    counted = {"dataset": name, "text": text, "words": words(text), "tokens": tokens_at_most(text)}
    return Made("caption", f"{row['address']}/{name}", facts={**facts, **counted}, verdict=verdict)


def _job(row: Row, bench: Bench[Params]) -> CaptionJob:
    import json

    import numpy as np

    from tools.describe.figure import whole
    from tools.describe.job import CaptionJob
    from tools.media.geometry import Box
    from tools.media.image import read_rgb, read_rgba
    from tools.training.targets import target_of

    image = read_rgba(bench.file(row))
    face = None
    if row["face_x0_px"] is not None:
        face = Box(row["face_x0_px"], row["face_y0_px"], row["face_x1_px"], row["face_y1_px"])
    shot, figure = row["shot"], whole(image[..., 3], face, bool(row["cut_bottom"]))
    if shot == "unknown" and figure and row["box_whole"]:
        shot = "far"  # no face to measure by, but somebody from head to toe
    points = np.array(json.loads(row["landmarks_json"]), np.float64) if row["landmarks_json"] else None
    return CaptionJob(
        *(image, face, shot, figure),
        *(bench.dataset.trigger, bench.dataset.class_word, target_of(bench.dataset.target)),
        view=row["view"],
        landmarks=points,
        around=read_rgb(bench.base / str(row["crop_path"])) if face is not None else None,
        seed=str(row["address"]),
        sha256=row["sha256"],
        extent=row["extent"],
        posture=row["posture"],
        arms=row["arms"],
        cut_below=bool(row["cut_bottom"]),
    )


def causes(params: Params, dataset: Dataset) -> Mapping[str, str]:
    """What decides the answers of a captioner elsewhere: its model, the prompt, its settings."""
    from tools import engines

    if not engines.is_remote("caption", params.engine):
        return {}
    from tools.engines.remote import causes

    return causes(params, params.engine, dataset)


def service(bench: Bench[Params]) -> RemoteCaptioner | None:
    from tools import engines

    if not engines.is_remote("caption", bench.params.engine):
        return None
    from tools.engines.remote import RemoteCaptioner

    return RemoteCaptioner(bench, bench.params.engine)


def remarks(bench: Bench[Params]) -> tuple[str, ...]:
    """What is missing from the dataset's settings, if anything is."""
    name = bench.dataset.name
    if bench.dataset.trigger:
        return ()
    return (
        f"caption: dataset {name} has no trigger word. Set [dataset.{name}] trigger in the workspace's config.toml.",
    )


def review(bench: Bench[Params]) -> tuple[str, ...]:
    """How many captions of a captioner elsewhere somebody should read again."""
    if bench.service is None:
        return ()
    from contextlib import closing

    from tools.mill.manifest import connect, sql
    from tools.mill.words import command, plural

    name = bench.dataset.name
    with closing(connect(bench.base)) as db:
        doubted = {row["item_id"] for row in db.execute(sql("queries/caption_doubts"), {"dataset": name})}
        # Of those by an engine before it another run has told.
        written = {row[0] for row in db.execute("select item_id from caption where engine = ?", (bench.service.name,))}
    n = len(doubted & written)
    if not n:
        return ()
    see = command(bench.base, "query", Q="caption_doubts")
    return (f"caption {name}: {plural(n, 'caption')} should be read again: `{see}` says why.",)


TOOL = Tool(
    name="caption",
    version=VERSION,
    params=Params,
    reasons=REASONS,
    work=work,
    engine="caption",
    says="caption",
    prepare=prepare,
    remarks=remarks,
    dataset_keys=("name", "trigger", "class_word", "target"),
    causes=causes,
    service=service,
    review=review,
)

if __name__ == "__main__":
    from tools.mill.command import main

    main("caption")
