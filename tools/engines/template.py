"""The builtin captioner: a template over what was measured. It needs no model and sees colours, light and points."""

from __future__ import annotations

from tools.describe.clothes import clothes
from tools.describe.expression import expression
from tools.describe.job import CaptionJob, Draft
from tools.describe.light import light
from tools.describe.wording import ARMS, POSTURE, VIEW, Told, prose, tags, worn

PROMPT_VERSION = "template-3"

MIN_FACE_PX = 36.0
"""Height of a face below which nobody can say where it looks."""


class TemplateCaptioner:
    name = "builtin"
    digest = PROMPT_VERSION

    def run(self, jobs: list[CaptionJob]) -> list[Draft]:
        """One draft for each job, in the same order."""
        return [_draft(job) for job in jobs]


def _draft(job: CaptionJob) -> Draft:
    told = Told(
        job.trigger,
        job.class_word,
        job.framing,
        _view(job),
        expression(job.landmarks),
        clothes(job.image, job.face, job.whole),
        light(job.image, job.face, job.landmarks, job.around),
        job.seed,
        job.posture if job.posture in POSTURE else None,
        job.arms if job.arms in ARMS else None,
    )
    text = tags(told) if job.target.style == "tags" else prose(told, job.target.min_words)
    shot = None if told.shot == "unknown" else told.shot
    return Draft(
        text,
        "template",
        PROMPT_VERSION,
        shot=shot,
        light=told.light,
        clothing=worn(told),
        view=told.view,
        expression=told.expression,
    )


def _view(job: CaptionJob) -> str | None:
    """Where the person looks. From behind nobody shows a face; whoever does must have one large enough."""
    if job.view == "back" or (job.face and job.face.height >= MIN_FACE_PX):
        return job.view if job.view in VIEW else None
    return None
