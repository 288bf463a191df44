"""From a model's replies to a draft of a caption."""

from __future__ import annotations

import json
from dataclasses import replace

from tools.describe import second
from tools.describe.answer import Answer, caption_of, read
from tools.describe.checks import fault, finished
from tools.describe.job import CaptionJob, Draft
from tools.describe.verify import Seen, doubts
from tools.mill.tool import Dataset
from tools.paid.ledger import Reply
from tools.training.targets import target_of


def draft_of(reply: Reply, job: CaptionJob, model: str, prompt_version: str, request: str) -> Draft:
    """The draft that a reply comes to. Never asks again: what is wrong with it is its problem."""
    if reply.problem == "empty":
        return Draft("", model, prompt_version, more={"request": request})
    if reply.problem:
        return Draft("", model, prompt_version, reply.problem, reply.detail, more={"request": request})
    try:
        answer = read(reply.text)
    except ValueError as error:
        return Draft("", model, prompt_version, "invalid", str(error), more={"request": request})
    text = caption_of(answer, job.target, job.class_word, job.trigger)
    return Draft(
        text,
        model,
        prompt_version,
        shot=_known(answer.framing),
        light=answer.notes["light"],
        clothing=", ".join(answer.clothing) or None,
        view=_known(answer.view),
        expression=answer.notes["expression"],
        more={"request": request, **_kept(answer, text, job)},
    )


def _known(word: str) -> str | None:
    return None if word == "unknown" else word


def _kept(answer: Answer, text: str, job: CaptionJob) -> dict[str, str]:
    """What is kept of an answer beside the caption."""
    seen = Seen("whole" if job.shot == "far" and job.whole else job.shot, job.view, job.extent, job.posture)
    found = doubts(text, job.class_word, seen, answer.framing, answer.left_out)
    return {
        "prose": answer.prose,
        "tags": _tags(answer),
        "seen": json.dumps(answer.seen, ensure_ascii=False),
        "left_out": json.dumps([list(one) for one in answer.left_out], ensure_ascii=False),
        "doubts": json.dumps(found, ensure_ascii=False),
    }


def _tags(answer: Answer) -> str:
    return ", ".join(answer.tags)


def words_of(reply: Reply) -> tuple[str, str] | None:
    """Prose and tags of a reply, at which a model may look again; None where there is no caption in it."""
    try:
        answer = None if reply.problem else read(reply.text)
    except ValueError:
        return None
    return (answer.prose, _tags(answer)) if answer else None


def unusable(reply: Reply, dataset: Dataset) -> bool:
    """Whether a reply gives a dataset no caption, and another one might: a refusal would stay one."""
    if reply.problem:
        return reply.problem != "refused"
    try:
        answer = read(reply.text)
    except ValueError:
        return True
    target, trigger = target_of(dataset.target), dataset.trigger
    text = finished(caption_of(answer, target, dataset.class_word, trigger), trigger)
    return fault(text, Draft(text, "", ""), trigger, target, "") is not None


def doubted(draft: Draft, reply: Reply, request: str) -> Draft:
    """A draft with what a second look says against it, or why that says nothing."""
    try:
        found = [] if reply.problem else second.findings(reply.text, draft.text)
        lack = reply.detail
    except ValueError as error:
        found, lack = [], str(error)
    if lack:
        found = [f"The second look gave no answer that can be used: {lack}"]
    doubts = [*json.loads(draft.more["doubts"]), *found]
    return replace(
        draft, more={**draft.more, "doubts": json.dumps(doubts, ensure_ascii=False), "second_request": request}
    )
