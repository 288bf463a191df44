"""The second look: a model is shown picture and caption once more, pays once, and decides nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from captioning import BOTH, TEXT, captions, choose, needs, verdicts
from conftest import RunTool
from making import Mill
from serving import GOOD, Service

from tools.describe.prompts import second_prompt
from tools.describe.second import FAULTS, LONGEST, findings, request
from tools.mill.settings import UsageError
from tools.mill.words import command

FOUND = [
    {"words": "orange space suit", "fault": "contradicts", "why": "The suit is red."},
    {"words": "Soft light", "fault": "background", "why": "It is\nthe sky"},
    {"words": "blue eyes", "fault": "permanent", "why": "Eyes stay."},
]
SENTENCES = [
    'The second look says that "orange space suit" contradicts the picture: The suit is red.',
    'The second look says that "Soft light" is background: It is the sky.',
]
"""What FOUND comes to: the caption says nothing of blue eyes."""


def of(*found: dict[str, Any]) -> str:
    return json.dumps({"findings": found})


def doubts(mill: Mill) -> list[list[str]]:
    return [json.loads(text) for text in mill.all("select doubts from caption order by item_id")]


# Its answers.


def test_findings_are_sentences() -> None:
    assert findings(of(*FOUND), TEXT) == SENTENCES
    assert findings(of(FOUND[0], FOUND[0]), TEXT) == SENTENCES[:1]
    assert findings(of(), TEXT) == []
    assert findings(f"<think>hm</think>```json\n{of(FOUND[0])}\n```", TEXT) == SENTENCES[:1]


@pytest.mark.parametrize(("words", "n"), [("suit", 1), ("suits", 0), ("ace suit", 0), ("SUIT.", 1), ("", 0), (", ", 0)])
def test_only_words_of_the_caption_are_found(words: str, n: int) -> None:
    assert len(findings(of({**FOUND[0], "words": words}), TEXT)) == n


def test_a_long_reason_is_cut() -> None:
    (sentence,) = findings(of({**FOUND[0], "why": "x" * 5000}), TEXT)
    assert sentence.endswith(": " + "x" * 200 + ".")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "It is not JSON (Expecting value: line 1 column 1 (char 0))."),
        ("[]", "the answer is no object."),
        ("{}", "the answer lacks or has too much: findings."),
        ('{"findings": {}}', "findings is no array."),
        ('{"findings": ["x"]}', "a finding is no object."),
        (of({"words": "x"}), "a finding lacks or has too much: fault, why."),
        (of({**FOUND[0], "fault": "ugly"}), "fault is none of contradicts, background, permanent, text."),
        (of({**FOUND[0], "words": 3}), "words is no text."),
    ],
)
def test_a_bad_answer_has_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the whole sentence is compared)
        findings(text, TEXT)
    assert str(caught.value) == sentence


def test_the_schema_asks_for_what_is_read() -> None:
    prompt = second_prompt("woman")
    one = prompt.schema["properties"]["findings"]["items"]
    assert one["properties"]["fault"]["enum"] == list(FAULTS)
    assert sorted(one["required"]) == sorted(one["properties"]) == ["fault", "why", "words"]
    assert all(f"- {fault}: " in prompt.instructions for fault in FAULTS)
    assert 'called "woman"' in prompt.instructions
    assert "{" not in prompt.instructions


def test_a_question_has_an_end() -> None:
    assert len(request("x" * 10_000, "y" * 10_000)) < 2 * LONGEST + 150


# Whole runs.


@pytest.mark.parametrize("engine", BOTH)
def test_a_model_looks_again(engine: str, mill: Mill, run_caption: RunTool, service: Service) -> None:
    choose(mill, 2)
    service.second = FOUND
    report = run_caption(engine, second_look="model", concurrency=1)
    assert captions(mill) == [(TEXT, "ok", None)] * 2
    assert doubts(mill) == [SENTENCES] * 2
    first, second = service.asked[:2]
    assert second.image == first.image
    told = {"prose": GOOD["prose"], "tags": ", ".join(GOOD["tags"])}
    assert second.request == f"Check this caption: {json.dumps(told)} Answer with the JSON object alone."
    assert "You check a caption" in json.dumps(second.body)
    assert "findings" in json.dumps(second.body)
    rows = mill.db.execute("select * from request order by sent_at").fetchall()
    assert [row["prompt_version"].partition("-")[0] for row in rows] == ["sdxl", "second"] * 2
    assert mill.all("select request, second_request from caption order by item_id") == [
        (rows[0]["digest"], rows[1]["digest"]),
        (rows[2]["digest"], rows[3]["digest"]),
    ]
    assert report.notes[-1].endswith(
        "2 captions should be read again: `" + command(mill.base, "query", Q="caption_doubts") + "` says why."
    )


@needs("openai")
def test_it_is_paid_for_once_and_the_caption_is_not_paid_for_again(
    mill: Mill, run_caption: RunTool, service: Service
) -> None:
    choose(mill, 3)
    run_caption("openai")
    assert doubts(mill) == [[]] * 3
    service.second = FOUND[:1]
    run_caption("openai", second_look="model")
    assert [asked.is_second for asked in service.asked] == [False] * 3 + [True] * 3
    assert (
        mill.all("select doubts from caption join item on item.id = item_id and newest")
        == [json.dumps(SENTENCES[:1])] * 3
    )
    run_caption("openai", second_look="model", forbidden_words="nothing")
    (mill.base / "config.toml").write_text('[dataset.default]\ntrigger = "ohwx"\n', encoding="utf-8")
    run_caption("openai", second_look="model")
    assert [text for text, *_ in captions(mill)] == [f"ohwx, {TEXT}"] * 3
    assert service.sent == 6


@pytest.mark.parametrize("engine", BOTH)
def test_it_counts_in_the_estimate_and_in_the_budget(
    engine: str, mill: Mill, run_caption: RunTool, service: Service
) -> None:
    choose(mill, 3)
    (note,) = told(run_caption(engine, dry_run=True, second_look="model").notes, " images would go to ")
    assert ": 6 requests, about " in note
    run_caption(engine, max_requests=1, concurrency=1)
    (note,) = told(run_caption(engine, dry_run=True, second_look="model").notes, " images would go to ")
    assert ": 3 images would go to " in note  # the first image's caption waits for its second look
    assert ": 5 requests, about " in note
    report = run_caption(engine, max_requests=4, second_look="model", concurrency=1)
    assert (service.sent, report.left) == (4, 1)
    assert [asked.is_second for asked in service.asked] == [False, True, False, True]
    assert report.notes[-1].startswith("caption default: max_requests = 4 is used up; 1 image keeps waiting.")
    assert run_caption(engine, max_requests=6, second_look="model").left == 0
    assert (service.sent, len(captions(mill))) == (6, 3)


def told(notes: Sequence[str], part: str) -> list[str]:
    return [note for note in notes if part in note]


@needs("openai")
def test_a_budget_may_end_between_the_two(mill: Mill, run_caption: RunTool, service: Service) -> None:
    choose(mill, 1)
    assert run_caption("openai", max_requests=1, second_look="model").left == 1
    assert (verdicts(mill), service.sent) == ([], 1)
    assert run_caption("openai", max_requests=2, second_look="model").left == 0
    assert [asked.is_second for asked in service.asked] == [False, True]


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        ("refused", {"openai": "I cannot describe this person.", "vertex": "The prompt was blocked (SAFETY)."}),
        ("empty", dict.fromkeys(("openai", "vertex"), "The answer holds no text.")),
        ("wrong schema", dict.fromkeys(("openai", "vertex"), "the answer lacks or has too much: caption, findings.")),
    ],
)
@pytest.mark.parametrize("engine", BOTH)
def test_one_that_says_nothing_spoils_no_caption(
    engine: str, act: str, sentence: dict[str, str], mill: Mill, run_caption: RunTool, service: Service
) -> None:
    choose(mill, 1)
    service.script.extend(["good", act])
    run_caption(engine, second_look="model")
    assert captions(mill) == [(TEXT, "ok", None)]
    assert doubts(mill) == [[f"The second look gave no answer that can be used: {sentence[engine]}"]]
    run_caption(engine, second_look="model", forbidden_words="nothing")
    assert service.sent == 2


@needs("openai")
def test_one_that_fails_is_asked_again_alone(mill: Mill, run_caption: RunTool, service: Service) -> None:
    choose(mill, 1)
    service.script.extend(["good", "400"])
    assert run_caption("openai", second_look="model").failed == 1
    assert run_caption("openai", second_look="model", retry_failed=True).counts["ok"] == 2
    assert [asked.is_second for asked in service.asked] == [False, True, True]


@needs("openai")
def test_what_is_no_caption_is_not_looked_at(mill: Mill, run_caption: RunTool, service: Service) -> None:
    choose(mill, 1)
    service.usual = "refused"
    run_caption("openai", second_look="model")
    assert (service.sent, [why for _, why, _ in verdicts(mill)]) == (1, ["caption_refused"])


@needs("openai")
def test_only_two_can_look(mill: Mill, run_caption: RunTool, tmp_path: Path, service: Service) -> None:
    choose(mill, 1)
    with pytest.raises(UsageError) as caught:
        run_caption("openai", second_look="twice")
    assert str(caught.value) == "[caption] second_look is 'twice', which is none. There are: rules, model."
    assert service.sent == 0


@pytest.mark.parametrize("engine", BOTH)
def test_how_long_a_model_thinks_is_a_word_that_only_gemini_reads(
    engine: str, mill: Mill, run_caption: RunTool, service: Service
) -> None:
    choose(mill, 1)
    run_caption(engine)
    run_caption(engine, thinking="high")
    assert service.sent == (2 if engine == "vertex" else 1), "what decides nothing is not paid for again"
    if engine == "vertex":
        with pytest.raises(UsageError) as caught:
            run_caption(engine, thinking="turbo")
        there = 'minimal, low, medium, high, ""'
        assert str(caught.value) == f"[caption] thinking is 'turbo', which is none. There are: {there}."
        assert service.sent == 2
