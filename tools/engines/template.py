"""The builtin captioner: a template over what was measured. It needs no model and sees only colours and light."""

from __future__ import annotations

from tools.describe.colours import clothing
from tools.describe.job import CaptionJob, Draft
from tools.describe.light import light
from tools.describe.wording import prose, shot_tag, tags

PROMPT_VERSION = "template-1"


class TemplateCaptioner:
    name = "builtin"
    digest = PROMPT_VERSION

    def run(self, jobs: list[CaptionJob]) -> list[Draft]:
        """One draft for each job, in the same order."""
        return [_draft(job) for job in jobs]


def _draft(job: CaptionJob) -> Draft:
    found, colours = light(job.image, job.face), clothing(job.image, job.face)
    framing = shot_tag(job.shot, job.whole)
    if job.target.style == "tags":
        text = tags(job.trigger, job.class_word, framing, found, colours)
    else:
        text = prose(job.trigger, job.class_word, job.shot, job.whole, found, colours, job.target.min_words)
    worn = " and ".join(colours) or None
    return Draft(text, "template", PROMPT_VERSION, shot=framing, light=found, clothing=worn)
