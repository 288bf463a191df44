"""Servers that people run themselves: each in its own way, all of them right with the one captioner openai."""

from __future__ import annotations

import json
from pathlib import Path

import local_servers
import pytest
from captioning import TEXT, captions, choose, needs, verdicts
from conftest import RunTool
from making import Mill
from serving import GOOD, Service

from tools.describe.answer import read
from tools.describe.form import unwrap
from tools.engines.dialect import FEWEST, MOST, Dialect, blind, error_of
from tools.mill.ends import Stop

OWN = {"input_price": 0.0, "output_price": 0.0, "max_requests": 0}
"""A server of one's own: nothing costs anything, so that no budget is needed."""


@pytest.fixture
def chosen(mill: Mill) -> list[Path]:
    return choose(mill, 2)


@needs("openai")
@pytest.mark.parametrize("way", sorted(local_servers.ODD))
def test_an_answer_is_found_wherever_it_is_put(
    way: str, mill: Mill, chosen: list[Path], run_caption: RunTool, service: Service
) -> None:
    service.usual = way
    report = run_caption("openai", **OWN)
    assert captions(mill) == [(TEXT, "ok", None)] * 2
    assert (service.sent, report.failed) == (2, 0)
    assert mill.one("select sum(cost) from request") == 0


@needs("openai")
@pytest.mark.parametrize("way", sorted(local_servers.PICKY))
def test_what_a_server_does_not_take_is_asked_otherwise(
    way: str, mill: Mill, chosen: list[Path], run_caption: RunTool, service: Service
) -> None:
    service.usual = way
    run_caption("openai", concurrency=1, **OWN)
    assert captions(mill) == [(TEXT, "ok", None)] * 2
    first, again, other = [asked.body for asked in service.asked]
    assert (first["max_tokens"], "response_format" in first) == (2048, True)
    assert first["messages"][0]["role"] == "system"
    if way == "no max_tokens":
        assert ("max_tokens" in again, again["max_completion_tokens"]) == (False, 2048)
    elif way == "no system":
        (user,) = again["messages"]
        assert user["content"][0] == {"type": "text", "text": first["messages"][0]["content"]}
    else:
        assert "response_format" not in again
        schema = first["response_format"]["json_schema"]["schema"]
        assert again["messages"][1]["content"][0]["text"].endswith(f" Its JSON schema: {json.dumps(schema)}")
    # What was learnt holds for the next image.
    assert (set(other), len(other["messages"])) == (set(again), len(again["messages"]))


@needs("openai")
def test_a_server_may_be_picky_in_every_way(
    mill: Mill, chosen: list[Path], run_caption: RunTool, service: Service
) -> None:
    service.usual = "picky"
    run_caption("openai", concurrency=1, attempts=4, **OWN)
    assert captions(mill) == [(TEXT, "ok", None)] * 2
    assert service.sent == 5
    assert mill.all("select attempts from request order by attempts") == [1, 4]


@needs("openai")
@pytest.mark.parametrize("server", sorted(local_servers.BLIND))
def test_a_model_that_sees_nothing_ends_the_run(
    server: str, mill: Mill, chosen: list[Path], run_caption: RunTool, service: Service
) -> None:
    service.usual = f"blind {server}"
    with pytest.raises(Stop) as caught:
        run_caption("openai", concurrency=1, **OWN)
    status, _ = local_servers.BLIND[server]
    host = service.url.removeprefix("http://")
    assert str(caught.value).startswith(f"{host} answered {status} (")
    assert str(caught.value).endswith(". Set [caption] model to one that sees pictures")
    assert "{" not in str(caught.value)
    assert (service.sent, verdicts(mill)) == (1, [])


def test_only_what_is_about_the_request_is_asked_otherwise() -> None:
    plain = Dialect()
    for said in (
        "'max_tokens' or 'max_completion_tokens' is too large: 9000. This model's maximum context length is 8192.",
        "Image too small.",
        "Invalid value: 'temperature' is not supported with this model.",
    ):
        assert plain.after(said) is None
    other = plain.after("Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead.")
    assert other == Dialect(MOST)
    assert other.after("Unknown field: max_completion_tokens") == Dialect(FEWEST)
    assert plain.after("json_schema: Failed to parse grammar") == Dialect(schema=False)
    assert Dialect(schema=False).after("json_schema: Failed to parse grammar") is None
    assert not blind("The image input is too large.")


@pytest.mark.parametrize(
    ("content", "message", "code"),
    [
        ('{"error": {"message": "a", "code": "b"}}', "a", "b"),
        ('{"error": "a"}', "a", ""),
        ('{"object": "error", "message": "a", "code": 400}', "a", ""),
        ('{"detail": "a"}', "a", ""),
        ('{"detail": [{"loc": ["body"]}]}', '{"detail": [{"loc": ["body"]}]}', ""),
        ("<html>", "<html>", ""),
        ("[1]", "[1]", ""),
    ],
)
def test_every_form_of_an_error_is_read(content: str, message: str, code: str) -> None:
    assert error_of(content) == (message, code)


@pytest.mark.parametrize(
    "text",
    [
        "<think>I think",
        f"<think>{json.dumps(GOOD)}",
        f"<think>{json.dumps(GOOD)}</think>",
        f"{json.dumps(GOOD)} or {json.dumps(GOOD)}",
        "}{",
    ],
)
def test_thoughts_and_drafts_are_no_answer(text: str) -> None:
    with pytest.raises(ValueError, match="It is not JSON"):
        unwrap(text)


def test_thoughts_never_reach_a_caption() -> None:
    draft = json.dumps({**GOOD, "prose": "A draft."})
    assert read(f"<think>{draft}</think>{json.dumps(GOOD)}").prose == GOOD["prose"]
    assert read(f"[THINK]{draft}[/THINK]{json.dumps(GOOD)}").prose == GOOD["prose"]
