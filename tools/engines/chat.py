"""The captioner openai: any server that speaks chat completions with images, through the openai SDK.

vLLM, Ollama, llama.cpp, LM Studio, OpenAI: how each wants to be asked is learnt from what it refuses. The SDK tries
once; its raw answer is read here, because servers differ in what they leave out and in what type they give it.
"""

from __future__ import annotations

import base64
import functools
import os
import time
from pathlib import Path
from typing import Any

from tools.engines import wire
from tools.engines.dialect import FEWEST, MOST, Dialect, blind, error_of
from tools.engines.vertex import wire_fault
from tools.mill.settings import UsageError
from tools.paid.call import Question
from tools.paid.faults import Fault, brief, of_status
from tools.paid.ledger import Problem, Reply
from tools.paid.terms import Terms
from tools.paid.veil import Veil

OPENAI_URL = "https://api.openai.com/v1"
KEY_VARIABLE = "OPENAI_API_KEY"
NO_KEY = "none"
"""What servers that want no key are sent instead of one: the SDK insists."""

REFUSED_CODES = ("content_filter", "content_policy_violation")
NO_MONEY = "insufficient_quota"


class Chat:
    name = "openai"

    def __init__(self, terms: Terms, veil: Veil) -> None:
        self._terms, self._veil = terms, veil
        self._url = terms.base_url or OPENAI_URL
        self._client: Any = None
        self._keyless = False
        self._dialect = Dialect(MOST if self._url == OPENAI_URL else FEWEST)

    @property
    def model(self) -> str:
        if not self._terms.model:
            raise UsageError(
                '[caption] engine = "openai" needs a model: set [caption] model to one that the server has.'
            )
        return self._terms.model

    @property
    def host(self) -> str:
        return wire.host_of(self._url)

    def prepare(self) -> None:
        try:
            import httpx2
            import openai
        except ImportError as error:
            raise UsageError(
                '[caption] engine = "openai" needs the package openai. Remove .venv and `make all` without LIGHT=1.'
            ) from error
        key = read_key(self._terms.key_file)
        self._veil.add(key)
        self._keyless = not key
        if not key and self._url == OPENAI_URL:
            raise UsageError(
                f"OpenAI wants a key: set {KEY_VARIABLE}, or [caption] key_file to a file that holds it, or "
                "[caption] base_url to another server."
            )
        wire.check_clear(self._url, key)
        wire.hush()
        self._client = openai.OpenAI(
            api_key=key or NO_KEY,
            base_url=self._url,
            timeout=self._terms.timeout_s,
            max_retries=0,
            # Who is sent on to another address was not asked whether images may go there.
            http_client=openai.DefaultHttpxClient(
                follow_redirects=False,
                event_hooks={"response": [functools.partial(wire.bounded, httpx2.DecodingError)]},
            ),
        )

    def close(self) -> None:
        if self._client is not None:
            self._client.close()

    def send(self, question: Question) -> Reply:
        import openai

        dialect = self._dialect
        try:
            raw = self._client.chat.completions.with_raw_response.create(**self._request(question, dialect))
        except openai.APIStatusError as error:
            return self._refused(error.status_code, error.response, dialect)
        except openai.OpenAIError as error:
            raise self._fault(error) from None
        return read(self.host, self._veil.hide(raw.http_response.text))

    def models(self) -> list[str]:
        """The models that the server has; this costs nothing. Raises Fault as `send` does."""
        import openai

        try:
            return [str(each.id) for each in self._client.models.list().data]
        except openai.APIStatusError as error:
            refusal = self._refused(error.status_code, error.response, self._dialect)
            raise Fault(f"{self.host} refused: {refusal.detail}") from None
        except openai.OpenAIError as error:
            raise self._fault(error) from None
        except (ValueError, TypeError, AttributeError):
            raise Fault(f"{self.host} answered something that is no list of models") from None

    def _fault(self, error: Exception) -> Fault:
        """The fault behind an error of the SDK that is no answer with a status."""
        import openai

        cause = error.__cause__ if isinstance(error, openai.APIConnectionError) else None
        cause = cause if isinstance(cause, Exception) else error
        return wire_fault(self.host, cause, self._veil, self._terms.timeout_s)

    def _request(self, question: Question, dialect: Dialect) -> dict[str, Any]:
        picture = f"data:{question.mime_type};base64,{base64.b64encode(question.image).decode()}"
        asked = dialect.request(question.instructions, question.request, picture, question.schema)
        asked |= {"model": self.model, dialect.most: self._terms.max_output_tokens}
        return asked | ({"temperature": self._terms.temperature} if self._terms.temperature >= 0 else {})

    def _refused(self, status: int, response: Any, asked: Dialect) -> Reply:
        """A refusal as a reply, where a status says that; else raises the fault behind it."""
        message, code = error_of(self._veil.hide(response.text))
        if status == 400 and code in REFUSED_CODES:
            return Reply("", "refused", message, 0, 0)
        fault = of_status(self.host, status, message, response.headers.get("retry-after"), time.time())
        if status == 401 and self._keyless:
            told = f": {brief(message)}" if message.strip() else ""
            raise Fault(
                f"{self.host} wants a key, and none was set: it answered 401 (Unauthorized){told}. Set {KEY_VARIABLE}, "
                "or [caption] key_file to a file that holds it",
                stop=True,
            )
        if code == NO_MONEY:
            raise Fault(str(fault), stop=True)
        if blind(message):
            raise Fault(f"{fault}. Set [caption] model to one that sees pictures", stop=True)
        better = asked.after(message) if status in (400, 422, 500) else None
        if better:
            self._dialect = better
            raise Fault(str(fault), retry=True, after_s=0.0)
        raise fault


def read(host: str, content: str) -> Reply:
    """The reply in a chat completion. Raises Fault where it is none."""
    body = wire.body_of(host, content, "choices", "error")
    if "choices" not in body:
        # Gateways answer 200 before they know what their server says.
        told, _ = error_of(content)
        status = wire.count(wire.table(body["error"]).get("code")) or 0
        raise Fault(
            f"{host} answered 200 (OK) with an error: {brief(told)}",
            retry=status in (408, 429) or status >= 500,
            paid=True,
        )
    usage = wire.table(body.get("usage"))
    choice = wire.first(body.get("choices"))
    message = wire.table(choice.get("message"))
    said = _content(message.get("content")) or _misfiled(message)
    problem, detail = judged(said, wire.text(choice.get("finish_reason")), wire.text(message.get("refusal")))
    known = isinstance(message.get("content"), str | list | None)
    if problem == "empty" and not (known and wire.formed(body["choices"], "message", dict)):
        problem, detail = "invalid", "The answer's choices are not of the form that chat completions have."
    return Reply(
        said, problem, detail, wire.count(usage.get("prompt_tokens")), wire.count(usage.get("completion_tokens"))
    )


def _content(content: Any) -> str:
    """The text of a message: a text, or an array of parts."""
    if isinstance(content, list):
        return "".join(wire.text(wire.table(part).get("text")) for part in content)
    return wire.text(content)


def _misfiled(message: dict[str, Any]) -> str:
    """The answer where a server takes all that its model wrote for thoughts: then these are the JSON object alone."""
    thoughts = (wire.text(message.get(name)).strip() for name in ("reasoning", "reasoning_content"))
    return next((text for text in thoughts if text.startswith("{") and text.endswith("}")), "")


def judged(said: str, finish: str, refusal: str) -> tuple[Problem, str]:
    if refusal:
        return "refused", refusal
    if finish == "content_filter":
        return "refused", "It ended with content_filter."
    if finish == "length":
        return "truncated", "It ended with length. Raise [caption] max_output_tokens."
    if not said.strip():
        return "empty", "The answer holds no text."
    return "", ""


def read_key(key_file: str) -> str:
    """The key: the configured file's first line, else the environment's; "" where there is none.

    Raises UsageError, without the key, where it cannot be one.
    """
    if key_file:
        try:
            lines = Path(key_file).expanduser().read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            # What is not UTF-8 would hang on to the error.
            raise UsageError(f"{key_file} cannot be read ({why}). Check [caption] key_file.") from None
        key, where = (lines[0].strip() if lines else ""), key_file
    else:
        key, where = os.environ.get(KEY_VARIABLE, "").strip(), KEY_VARIABLE
    if any(not "!" <= sign <= "~" for sign in key):
        raise UsageError(f"{where} holds signs that no key has. Write the key alone into its first line.")
    return key
