"""The captioner vertex: Gemini on Vertex AI, through google-genai.

The SDK tries once and never sends a continuation of its own; its raw answer is read here, because a blocked or an empty
one is no exception there, and one of the wrong type is one of many.
"""

from __future__ import annotations

import functools
import json
import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tools.engines import wire
from tools.mill.settings import ROOT, UsageError
from tools.paid.call import Question
from tools.paid.faults import Fault, brief, of_status
from tools.paid.ledger import Problem, Reply
from tools.paid.terms import Terms
from tools.paid.veil import Veil

DEFAULT_MODEL = "gemini-3.5-flash-lite"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
CONTAINER_KEY = ROOT / "docker" / "service-account-key.json"
KEY_VARIABLE = "GOOGLE_APPLICATION_CREDENTIALS"
PROJECT_VARIABLE = "GOOGLE_CLOUD_PROJECT"

FINISHED = ("STOP", "FINISH_REASON_UNSPECIFIED", "")
CUT_OFF = ("MAX_TOKENS", "CONTINUATION")


class Vertex:
    name = "vertex"

    def __init__(self, terms: Terms, veil: Veil) -> None:
        self._terms, self._veil = terms, veil
        self._lock = threading.Lock()
        self._client: Any = None
        self._credentials: Any = None

    @property
    def model(self) -> str:
        return self._terms.model or DEFAULT_MODEL

    @property
    def host(self) -> str:
        if self._terms.base_url:
            return wire.host_of(self._terms.base_url)
        location = self._terms.location
        if not re.fullmatch(r"[a-z0-9-]+", location):
            raise UsageError(
                f"[caption] location is {location!r}, which is none. Use one as in europe-west4, or global."
            )
        if location == "global":
            return "aiplatform.googleapis.com"
        regional = f"{location}-aiplatform.googleapis.com"
        return f"aiplatform.{location}.rep.googleapis.com" if location in ("us", "eu") else regional

    def prepare(self) -> None:
        try:
            import httpx
            from google import genai
            from google.genai import types
        except ImportError as error:
            raise UsageError(
                '[caption] engine = "vertex" needs google-genai. Remove .venv and `make all` without LIGHT=1.'
            ) from error
        terms = self._terms
        if terms.base_url:
            wire.check_clear(terms.base_url, "a token")
        self._credentials, found = credentials(terms.key_file, self._veil)
        project = terms.project or os.environ.get(PROJECT_VARIABLE) or found
        if not project:
            raise UsageError('[caption] engine = "vertex" needs a project: set [caption] project.')
        wire.hush()
        self._client = genai.Client(
            vertexai=True,
            project=project,
            location=terms.location,
            credentials=self._credentials,
            http_options=types.HttpOptions(
                # Said always: else the environment might name another than the one that is shown.
                base_url=terms.base_url or f"https://{self.host}/",
                timeout=round(terms.timeout_s * 1000),
                retry_options=types.HttpRetryOptions(attempts=1),
                # Who is sent on to another address was not asked whether images may go there.
                client_args={
                    "follow_redirects": False,
                    "event_hooks": {"response": [functools.partial(wire.bounded, httpx.DecodingError)]},
                },
            ),
        )

    def close(self) -> None:
        if self._client is not None:
            self._client.close()

    def send(self, question: Question) -> Reply:
        from google.genai import types

        self._sign_in()
        contents: list[Any] = [
            types.Part.from_bytes(data=question.image, mime_type=question.mime_type),
            types.Part.from_text(text=question.request),
        ]
        with self._faults():
            answer = self._client.models.generate_content(
                model=self.model, contents=contents, config=self._config(question)
            )
        return read(self.host, self._veil.hide(answer.sdk_http_response.body or ""))

    def models(self) -> list[str]:
        """The models that it offers, the first hundred; this costs nothing. Raises Fault as `send` does."""
        self._sign_in()
        with self._faults():
            try:
                return [str(each.name) for each in self._client.models.list(config={"page_size": 100}).page]
            except (ValueError, TypeError, AttributeError):
                raise Fault(f"{self.host} answered something that is no list of models") from None

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """What the SDK raises, as Fault."""
        import httpx
        from google.genai import errors

        try:
            yield
        except errors.APIError as error:
            after = error.response.headers.get("retry-after") if error.response is not None else None
            said = self._veil.hide(error.message if isinstance(error.message, str) else str(error.details))
            raise of_status(self.host, error.code, said, after, time.time()) from None
        except httpx.HTTPError as error:
            raise wire_fault(self.host, error, self._veil, self._terms.timeout_s) from None

    def _config(self, question: Question) -> Any:
        from google.genai import types

        terms = self._terms
        return types.GenerateContentConfig(
            system_instruction=question.instructions,
            response_mime_type="application/json",
            response_json_schema=dict(question.schema),
            max_output_tokens=terms.max_output_tokens,
            temperature=terms.temperature if terms.temperature >= 0 else None,
            thinking_config=types.ThinkingConfig(thinking_level=types.ThinkingLevel(terms.thinking.upper()))
            if terms.thinking
            else None,
            # Each of these would send requests that nobody wrote down.
            automatic_continuation=False,
            automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
            should_return_http_response=True,
        )

    def _sign_in(self) -> None:
        """A token that is valid, fetched with a timeout: the SDK would fetch it with none of ours."""
        from google.auth import exceptions
        from google.auth.transport.requests import Request

        with self._lock:
            if self._credentials.valid:
                return
            try:
                self._credentials.refresh(functools.partial(Request(), timeout=self._terms.timeout_s))
            except exceptions.TransportError as error:
                said = brief(self._veil.hide(str(error)))
                raise Fault(f"The token endpoint cannot be reached: {said}", retry=True, stop=True) from None
            except exceptions.GoogleAuthError as error:
                said = brief(self._veil.hide(str(error)))
                raise Fault(
                    f"Google did not take the key: {said}. Check [caption] key_file", retry=error.retryable, stop=True
                ) from None
            self._veil.add(self._credentials.token)


def wire_fault(host: str, error: Exception, veil: Veil, timeout_s: float) -> Fault:
    """The fault behind an error of httpx (or httpx2, whose names are the same)."""
    names = {kind.__name__ for kind in type(error).__mro__}
    said = brief(veil.hide(str(error))) or type(error).__name__
    if names & {"ConnectTimeout", "ConnectError", "PoolTimeout", "ProxyError", "UnsupportedProtocol"}:
        return Fault(f"{host} cannot be reached ({said})", retry=True, stop=True)
    if "TimeoutException" in names:
        return Fault(f"{host} gave no answer in {timeout_s:g} s (timeout_s)", retry=True, paid=True)
    if "TransportError" in names:
        return Fault(f"{host} broke the connection off ({said})", retry=True, paid=True)
    return Fault(f"{host} gave an answer that cannot be read ({said})", paid=True)


def read(host: str, content: str) -> Reply:
    """The reply in a response to generateContent. Raises Fault where it is no such response."""
    body = wire.body_of(host, content, "candidates", "promptFeedback", "usageMetadata")
    usage = wire.table(body.get("usageMetadata"))
    thought, written = (wire.count(usage.get(name, 0)) for name in ("thoughtsTokenCount", "candidatesTokenCount"))
    outgoing = None if thought is None or written is None or not usage else thought + written
    candidate = wire.first(body.get("candidates"))
    parts = wire.table(candidate.get("content")).get("parts")
    texts = [wire.table(part) for part in parts] if isinstance(parts, list) else []
    said = "".join(wire.text(part.get("text")) for part in texts if not part.get("thought"))
    feedback = wire.table(body.get("promptFeedback"))
    problem, detail = judged(said, wire.text(candidate.get("finishReason")), feedback)
    if problem == "empty" and not wire.formed(body.get("candidates"), "content", dict):
        problem, detail = "invalid", "The answer's candidates are not of the form that Gemini gives."
    return Reply(said, problem, detail, wire.count(usage.get("promptTokenCount")), outgoing)


def judged(said: str, finish: str, feedback: dict[str, Any]) -> tuple[Problem, str]:
    blocked = wire.text(feedback.get("blockReason"))
    if blocked:
        return "refused", f"The prompt was blocked ({blocked})."
    if finish in CUT_OFF:
        return "truncated", f"It ended with {finish}. Raise [caption] max_output_tokens."
    if finish not in FINISHED:
        return "refused", f"It ended with {finish}."
    if not said.strip():
        return "empty", "The answer holds no text."
    return "", ""


def credentials(key_file: str, veil: Veil) -> tuple[Any, str | None]:
    """Credentials and the project they belong to: from the key file, or those of the machine. Hides what is secret.

    Raises UsageError that names the file, and nothing of what is in it.
    """
    import google.auth
    from google.auth import exceptions
    from google.oauth2 import service_account

    path = key_path(key_file)
    try:
        if path is None:
            found, project = google.auth.default(scopes=[SCOPE])
            veil.add(*(getattr(found, name, None) for name in ("refresh_token", "client_secret", "token")))
            return found, project
        info = _key(path, veil)
        if info.get("type") == "service_account":
            return service_account.Credentials.from_service_account_info(info, scopes=[SCOPE]), info.get("project_id")
        found, project = google.auth.load_credentials_from_dict(info, scopes=[SCOPE])
    except (exceptions.GoogleAuthError, ValueError, TypeError) as error:
        if path is None:
            raise UsageError(
                '[caption] engine = "vertex" finds no credentials. Set [caption] key_file to a service account\'s key, '
                "or sign in with `gcloud auth application-default login`."
            ) from error
        # What is wrong may quote the key.
        raise UsageError(f"{path} is not a key that Google's library can read. Fetch it again.") from None
    return found, project


def key_path(key_file: str) -> Path | None:
    """Where the key lies: as configured, as the environment says, as a container has it; None for none of them."""
    said = key_file or os.environ.get(KEY_VARIABLE, "")
    if said:
        return Path(said).expanduser()
    return CONTAINER_KEY if CONTAINER_KEY.is_file() else None


def _key(path: Path, veil: Veil) -> dict[str, Any]:
    try:
        content = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}). Check [caption] key_file.") from error
    info = json.loads(content)
    if not isinstance(info, dict):
        raise ValueError("no object")
    veil.add(
        *(
            str(info[name])
            for name in ("private_key", "private_key_id", "client_secret", "refresh_token")
            if name in info
        )
    )
    return info
