"""Captioners elsewhere: each SDK against the played server, one request at a time, and every fault."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from captioning import BOTH, needs, terms
from cutouts import solid
from serving import API_KEY, GEMINI, GOOD, LOCATION, PROJECT, TOKEN, USED_IN, USED_OUT, Service

from tools.describe.prompts import REQUEST, prompt_for
from tools.describe.shown import shown
from tools.engines.remote import sender_of
from tools.mill import settings
from tools.mill.settings import ROOT, UsageError
from tools.paid.call import Question, Sender
from tools.paid.faults import Fault
from tools.paid.ledger import Reply
from tools.paid.terms import Terms
from tools.paid.veil import HIDDEN, Veil
from tools.training.targets import TARGETS

Make = Callable[..., Sender]


@pytest.fixture
def make(service: Service, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Make]:
    """make("openai", timeout_s=1): a sender, ready to send."""
    made = []

    def make(engine: str, **changes: object) -> Sender:
        pem = request.getfixturevalue("pem") if engine == "vertex" else ""
        sender = sender_of(terms(engine, service, tmp_path, pem, **changes), engine, Veil())
        sender.prepare()
        made.append(sender)
        return sender

    yield make
    for sender in made:
        sender.close()


@pytest.fixture(scope="module")
def question() -> Question:
    prompt = prompt_for(TARGETS["flux"], "woman")
    image = shown(solid(60, 90, (10, 5, 50, 90)), 768)
    return Question(prompt.instructions, REQUEST, image, "image/jpeg", prompt.schema)


def fault(sender: Sender, question: Question) -> Fault:
    with pytest.raises(Fault) as caught:
        sender.send(question)
    return caught.value


@pytest.mark.parametrize("engine", BOTH)
def test_an_answer_comes_back_with_its_tokens(engine: str, make: Make, service: Service, question: Question) -> None:
    reply = make(engine).send(question)
    assert reply == Reply(json.dumps(GOOD), "", "", USED_IN, USED_OUT)
    (asked,) = service.asked
    assert asked.size == (64, 91)  # 40 x 85 px are opaque; 3 px of margin, and no side below 64
    assert "{" not in question.instructions.replace("{}", "")


@needs("vertex")
def test_what_vertex_is_sent(make: Make, service: Service, question: Question) -> None:
    make("vertex", thinking="minimal", temperature=0.5, max_output_tokens=777).send(question)
    (asked,) = service.asked
    model = f"projects/{PROJECT}/locations/{LOCATION}/publishers/google/models/{GEMINI}"
    assert asked.path == f"/v1beta1/{model}:generateContent"
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    assert asked.body["systemInstruction"]["parts"] == [{"text": question.instructions}]
    assert asked.body["contents"][0]["parts"][1] == {"text": REQUEST}
    told = asked.body["generationConfig"]
    assert told["responseMimeType"] == "application/json"
    assert told["responseJsonSchema"] == question.schema
    assert (told["maxOutputTokens"], told["temperature"]) == (777, 0.5)
    assert told["thinkingConfig"] == {"thinking_level": "MINIMAL"}


@needs("vertex")
def test_what_is_left_to_the_model_is_not_sent(make: Make, service: Service, question: Question) -> None:
    make("vertex", thinking="").send(question)
    assert not {"temperature", "thinkingConfig"} & set(service.asked[0].body["generationConfig"])


@needs("openai")
def test_what_a_chat_server_is_sent(make: Make, service: Service, question: Question) -> None:
    make("openai", max_output_tokens=777).send(question)
    (asked,) = service.asked
    assert asked.path == "/v1/chat/completions"
    assert asked.headers["authorization"] == f"Bearer {API_KEY}"
    system, user = asked.body["messages"]
    assert system == {"role": "system", "content": question.instructions}
    assert user["content"][0] == {"type": "text", "text": REQUEST}
    assert asked.body["response_format"]["json_schema"]["schema"] == question.schema
    assert (asked.body["model"], asked.body["max_tokens"]) == ("a-model", 777)
    assert "temperature" not in asked.body


@needs("vertex")
def test_a_token_is_fetched_once(make: Make, service: Service, question: Question) -> None:
    sender = make("vertex")
    for _ in range(3):
        sender.send(question)
    assert (service.tokens, service.sent) == (1, 3)


ANSWERS = {
    "refused": ("refused", {"vertex": "The prompt was blocked (SAFETY).", "openai": "I cannot describe this person."}),
    "stopped": ("refused", {"vertex": "It ended with SAFETY.", "openai": "It ended with content_filter."}),
    "empty": ("empty", dict.fromkeys(("vertex", "openai"), "The answer holds no text.")),
    "nothing": ("empty", dict.fromkeys(("vertex", "openai"), "The answer holds no text.")),
    "cut off": (
        "truncated",
        {
            "vertex": "It ended with MAX_TOKENS. Raise [caption] max_output_tokens.",
            "openai": "It ended with length. Raise [caption] max_output_tokens.",
        },
    ),
    "lies": (
        "invalid",
        {
            "vertex": "The answer's candidates are not of the form that Gemini gives.",
            "openai": "The answer's choices are not of the form that chat completions have.",
        },
    ),
}


@pytest.mark.parametrize("act", sorted(ANSWERS))
@pytest.mark.parametrize("engine", BOTH)
def test_an_answer_that_is_none_has_its_reason(
    engine: str, act: str, make: Make, service: Service, question: Question
) -> None:
    service.script.append(act)
    reply = make(engine).send(question)
    problem, details = ANSWERS[act]
    assert (reply.problem, reply.detail) == (problem, details[engine])
    assert service.sent == 1


@pytest.mark.parametrize("engine", BOTH)
def test_an_answer_without_counts_says_so(engine: str, make: Make, service: Service, question: Question) -> None:
    service.script.append("uncounted")
    reply = make(engine).send(question)
    assert (reply.problem, reply.input_tokens, reply.output_tokens) == ("", None, None)


FAULTS = {
    # What happens, whether it is tried again, whether it ends the run, whether it may have cost, its sentence.
    "429": (True, True, False, "{host} answered 429 (Too Many Requests): Quota exceeded"),
    "500": (True, False, False, "{host} answered 500 (Internal Server Error): Internal"),
    "503": (True, False, False, "{host} answered 503 (Service Unavailable): Overloaded"),
    "400": (False, False, False, "{host} answered 400 (Bad Request): Image too small"),
    "401": (
        *(False, True, False),
        "{host} answered 401 (Unauthorized): Bad credentials. Check the key, and what it may do",
    ),
    "403": (
        *(False, True, False),
        "{host} answered 403 (Forbidden): Permission denied. Check the key, and what it may do",
    ),
    "404": (
        *(False, True, False),
        "{host} answered 404 (Not Found): No such model. Check [caption] model, location and base_url",
    ),
    "html": (
        *(False, False, True),
        "{host} answered something that is not of its protocol: <!doctype html><title>Sign in</title><p>Please sign "
        "in. Check [caption] base_url",
    ),
    "html as json": (
        *(False, False, True),
        "{host} answered something that is not of its protocol: <!doctype html><title>Sign in</title><p>Please sign "
        "in. Check [caption] base_url",
    ),
    "html 502": (
        *(True, False, False),
        "{host} answered 502 (Bad Gateway): <!doctype html><title>Sign in</title><p>Please sign in",
    ),
}


@pytest.mark.parametrize("act", sorted(FAULTS))
@pytest.mark.parametrize("engine", BOTH)
def test_a_fault_is_told_and_judged(engine: str, act: str, make: Make, service: Service, question: Question) -> None:
    service.script.append(act)
    sender = make(engine)
    found = fault(sender, question)
    retry, stop, paid, sentence = FAULTS[act]
    assert str(found) == sentence.format(host=sender.host)
    assert (found.retry, found.stop, found.paid) == (retry, stop, paid)
    assert service.sent == 1  # the SDKs try nothing by themselves
    assert sender.send(question).problem == ""


@pytest.mark.parametrize("act", ["reset", "cut short"])
@pytest.mark.parametrize("engine", BOTH)
def test_a_broken_connection_is_tried_again(
    engine: str, act: str, make: Make, service: Service, question: Question
) -> None:
    service.script.append(act)
    sender = make(engine)
    found = fault(sender, question)
    assert str(found).startswith(f"{sender.host} broke the connection off (")
    assert (found.retry, found.stop, found.paid) == (True, False, True)
    assert service.sent == 1


@pytest.mark.parametrize("engine", BOTH)
def test_a_server_that_hangs_is_left(engine: str, make: Make, service: Service, question: Question) -> None:
    service.script.append("hang")
    sender = make(engine, timeout_s=0.4)
    start = time.monotonic()
    found = fault(sender, question)
    assert time.monotonic() - start < 3
    assert str(found) == f"{sender.host} gave no answer in 0.4 s (timeout_s)"
    assert (found.retry, found.stop, found.paid) == (True, False, True)


@pytest.mark.parametrize("engine", BOTH)
def test_nobody_at_the_address_ends_the_run(engine: str, make: Make, service: Service, question: Question) -> None:
    if engine == "vertex":
        make(engine).send(question)
    url = "http://127.0.0.1:9"
    sender = make(engine, base_url=url)
    if engine == "vertex":
        sender._sign_in()
    found = fault(sender, question)
    assert str(found).startswith("127.0.0.1:9 cannot be reached (")
    assert (found.retry, found.stop, found.paid) == (True, True, False)


@needs("vertex")
def test_a_key_that_google_does_not_take(make: Make, service: Service, question: Question) -> None:
    service.token_script.append("refused")
    found = fault(make("vertex"), question)
    assert str(found).startswith("Google did not take the key: ")
    assert "Invalid JWT Signature." in str(found)
    assert str(found).endswith(". Check [caption] key_file")
    assert (found.retry, found.stop, found.paid) == (False, True, False)
    assert service.sent == 0


@pytest.mark.parametrize("act", ["echo", "echo 400", "echo answer"])
@pytest.mark.parametrize("engine", BOTH)
def test_a_server_that_repeats_the_key_is_not_quoted(
    engine: str, act: str, make: Make, service: Service, question: Question
) -> None:
    service.script.append(act)
    sender = make(engine)
    said = sender.send(question).text if act == "echo answer" else str(fault(sender, question))
    assert HIDDEN in said
    assert TOKEN not in said
    assert API_KEY not in said


@needs("vertex")
def test_no_continuation_is_sent_that_nobody_wrote_down(make: Make, service: Service, question: Question) -> None:
    service.script.append("to be continued")
    reply = make("vertex").send(question)
    assert (reply.problem, service.sent) == ("truncated", 1)


@pytest.mark.parametrize("engine", BOTH)
def test_a_body_that_is_not_packed_as_it_says(engine: str, make: Make, service: Service, question: Question) -> None:
    service.script.append("not gzip")
    sender = make(engine)
    found = fault(sender, question)
    assert str(found).startswith(f"{sender.host} gave an answer that cannot be read (")
    assert (found.retry, found.stop, found.paid) == (False, False, True)
    assert service.sent == 1


# Keys and addresses.


def problem(engine: str, terms: Terms) -> str:
    with pytest.raises(UsageError) as caught:
        sender_of(terms, engine, Veil()).prepare()
    return str(caught.value)


@needs("vertex")
def test_a_key_file_that_is_none(tmp_path: Path, pem: str, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = tmp_path / "missing.json"
    sentence = f"{missing} cannot be read (No such file or directory). Check [caption] key_file."
    assert problem("vertex", Terms(key_file=str(missing))) == sentence
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(missing))
    assert problem("vertex", Terms()) == sentence
    for content in ("{", "[]", '{"type": "service_account"}', json.dumps({"type": "?", "private_key": pem})):
        broken = tmp_path / "broken.json"
        broken.write_text(content, encoding="utf-8")
        told = problem("vertex", Terms(key_file=str(broken)))
        assert told == f"{broken} is not a key that Google's library can read. Fetch it again."
    half = {"type": "service_account", "client_email": "a", "token_uri": "b", "private_key": pem[:900]}
    broken.write_text(json.dumps(half), encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        sender_of(Terms(key_file=str(broken)), "vertex", Veil()).prepare()
    assert pem[30:80] not in str(caught.value)
    assert caught.value.__cause__ is None


@needs("vertex")
def test_no_key_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    assert problem("vertex", Terms()) == (
        '[caption] engine = "vertex" finds no credentials. Set [caption] key_file to a service account\'s key, or sign '
        "in with `gcloud auth application-default login`."
    )


@needs("openai")
def test_a_key_for_a_chat_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert problem("openai", Terms(model="m")) == (
        "OpenAI wants a key: set OPENAI_API_KEY, or [caption] key_file to a file that holds it, or [caption] base_url "
        "to another server."
    )
    monkeypatch.setenv("OPENAI_API_KEY", "sk-half\nsk-other-half")
    told = problem("openai", Terms(model="m"))
    assert told == "OPENAI_API_KEY holds signs that no key has. Write the key alone into its first line."
    monkeypatch.setenv("OPENAI_API_KEY", API_KEY)
    told = problem("openai", Terms(model="m", base_url="http://example.org/v1"))
    assert told == (
        "[caption] base_url is http://example.org/v1: the key would travel to example.org open to everybody. Use https."
    )
    sender_of(Terms(model="m", base_url="http://localhost:1/v1"), "openai", Veil()).prepare()
    monkeypatch.delenv("OPENAI_API_KEY")
    sender_of(Terms(model="m", base_url="http://example.org/v1"), "openai", Veil()).prepare()


@pytest.mark.parametrize(
    "url", ["example.org/v1", "ftp://example.org", "https://", "http://a:99999/v1", "http://a b/v1"]
)
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(UsageError, match=r"\[caption\] base_url is .* which is no address\."):
        _ = sender_of(Terms(model="m", base_url=url), "openai", Veil()).host


def test_an_address_with_a_password_is_not_repeated() -> None:
    with pytest.raises(UsageError) as caught:
        _ = sender_of(Terms(model="m", base_url="https://me:geheim@example.org"), "openai", Veil()).host
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("global", "aiplatform.googleapis.com"),
        ("europe-west4", "europe-west4-aiplatform.googleapis.com"),
        ("eu", "aiplatform.eu.rep.googleapis.com"),
    ],
)
def test_whom_vertex_asks(location: str, host: str) -> None:
    assert sender_of(Terms(location=location), "vertex", Veil()).host == host


@needs("vertex")
@pytest.mark.parametrize("location", ["global", "europe-west4", "eu"])
def test_the_sdk_asks_whom_we_say(location: str, tmp_path: Path, pem: str, service: Service) -> None:
    chosen = terms("vertex", service, tmp_path, pem, base_url="", location=location)
    sender = sender_of(chosen, "vertex", Veil())
    sender.prepare()
    assert sender._client._api_client._http_options.base_url == f"https://{sender.host}/"


@pytest.mark.parametrize("page", ["captions", "vertex", "openai"])
def test_every_setting_in_the_documentation_exists(page: str) -> None:
    text = (ROOT / "docs" / "engines" / f"{page}.md").read_text(encoding="utf-8")
    cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    named = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    named |= {match[1] for match in re.finditer(r"^(\w+) = ", text, re.MULTILINE)}
    assert len(named) > 4
    assert named <= {"engine"} | set(settings.load(Path("nowhere"), {}).sections["caption"])


@needs("openai")
def test_a_server_that_wants_a_key_says_that_none_was_set(
    make: Make, service: Service, question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    told = fault(make("openai", key_file=""), question)
    assert str(told) == (
        f"{service.url.removeprefix('http://')} wants a key, and none was set: it answered 401 (Unauthorized): Bad "
        "credentials: Bearer none. Set OPENAI_API_KEY, or [caption] key_file to a file that holds it"
    )
    assert told.stop
