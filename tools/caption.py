"""Describe each chosen cut-out in one line that trains well: trigger, framing, what can be taken off, light.

Reads: chosen cutouts.  Writes: caption (text, no file).
Rejects: caption_refused, caption_empty, caption_truncated, caption_invalid, caption_forbidden_word.
Example: python -m tools.caption --base data --dataset emma --limit 10
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.mill.tool import OK, Bench, Dataset, Made, Reason, Result, Row, Tool, operational, rejected
from tools.paid.terms import Terms

if TYPE_CHECKING:
    from tools.describe.job import CaptionJob
    from tools.engines.remote import RemoteCaptioner

VERSION = 1

REASONS = (
    Reason(
        "caption_refused",
        "defect",
        "The captioner refused to describe the image.",
        "Look at the image; write a caption yourself or reject it.",
    ),
    Reason("caption_empty", "defect", "The captioner gave no text.", "Take another model or write a caption yourself."),
    Reason(
        "caption_truncated",
        "defect",
        "The captioner's answer breaks off.",
        "Raise caption.max_output_tokens, or take another model.",
    ),
    Reason(
        "caption_invalid",
        "defect",
        "The captioner's answer has not the form or the length that was asked for.",
        "Take another engine, or write a caption yourself.",
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
    tie it to the subject; words about the picture as a picture, guesses and praise teach nothing.
    """

    engine: str = "auto"
    forbidden_words: str = (
        "background, backdrop, image, picture, photo, photograph, appears, seems, beautiful, stunning"
    )
    deadline_s: float = operational(30.0)


def work(row: Row, bench: Bench[Params]) -> Result:
    from tools import engines
    from tools.describe.checks import fault, finished
    from tools.describe.wording import words
    from tools.training.targets import target_of

    dataset, params = bench.dataset, bench.params
    engine = bench.service or engines.load("caption", params.engine)
    (draft,) = engine.run([_job(row, bench)])
    text = finished(draft.text, dataset.trigger)
    found = fault(text, draft, dataset.trigger, target_of(dataset.target), params.forbidden_words)
    verdict = rejected(*found) if found else OK
    if not text:
        return Result(verdict)
    facts = {
        "dataset": dataset.name,
        "text": text,
        "author": draft.author,
        "engine": engine.name,
        "prompt_version": draft.prompt_version,
        "words": words(text),
        "shot": draft.shot,
        "light": draft.light,
        "clothing": draft.clothing,
        "view": draft.view,
        "eyes": draft.eyes,
        **draft.more,
    }
    return Result(made=(Made("caption", f"{row['address']}/{dataset.name}", facts=facts, verdict=verdict),))


def _job(row: Row, bench: Bench[Params]) -> CaptionJob:
    from tools.describe.figure import whole
    from tools.describe.job import CaptionJob
    from tools.engines.protocols import Box
    from tools.media.image import read_rgba
    from tools.training.targets import target_of

    image = read_rgba(bench.file(row))
    face = None
    if row["face_x0_px"] is not None:
        face = Box(row["face_x0_px"], row["face_y0_px"], row["face_x1_px"], row["face_y1_px"])
    shot, figure = row["shot"], whole(image[..., 3], face, bool(row["cut_bottom"]))
    if shot == "unknown" and figure and row["box_whole"]:
        shot = "far"  # no face to measure by, but somebody from head to toe
    return CaptionJob(
        image,
        face,
        shot,
        figure,
        bench.dataset.trigger,
        bench.dataset.class_word,
        target_of(bench.dataset.target),
        sha256=row["sha256"],
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


TOOL = Tool(
    name="caption",
    version=VERSION,
    params=Params,
    reasons=REASONS,
    work=work,
    engine="caption",
    remarks=remarks,
    dataset_keys=("name", "trigger", "class_word", "target"),
    causes=causes,
    service=service,
)

if __name__ == "__main__":
    from tools.mill.command import main

    main("caption")
