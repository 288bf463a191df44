"""The state of the captioners that other people run: what lies here for them, and, where asked, whether they answer.

Looking sends nothing. Asking signs in and lists models, which costs nothing; no image and no prompt leaves.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.engines import chat, vertex, wire
from tools.engines.remote import sender_of
from tools.mill.settings import UsageError
from tools.paid.faults import Fault
from tools.paid.prices import price_of, unpriced
from tools.paid.terms import Budget, Terms
from tools.paid.veil import Veil

ASK_S = 10.0
"""How long a captioner may take to list its models."""

MODULES = {"vertex": "google.genai", "openai": "openai"}


def installed(engine: str) -> bool:
    """Whether the package that a captioner needs is there; it is not imported."""
    try:
        return importlib.util.find_spec(MODULES[engine]) is not None
    except ModuleNotFoundError:
        return False


def parts(engine: str, terms: Terms) -> Iterator[tuple[bool, str]]:
    """What a captioner needs, each with whether it is there, in words. Nothing is sent, and no secret is said."""
    yield from _address(engine, terms)
    try:
        wire.check_path(terms.key_file)
    except UsageError as error:
        yield False, str(error)
    else:
        yield from _vertex(terms) if engine == "vertex" else _openai(terms)
    yield from _budget(engine, terms)


def _address(engine: str, terms: Terms) -> Iterator[tuple[bool, str]]:
    try:
        sender = sender_of(terms, engine, Veil())
        yield True, f"images would go to {sender.host}"
        yield True, f"model {sender.model}"
    except UsageError as error:
        yield False, str(error)


def _budget(engine: str, terms: Terms) -> Iterator[tuple[bool, str]]:
    try:
        model = sender_of(terms, engine, Veil()).model
    except UsageError:
        model = ""  # that there is none was told already
    try:
        price = price_of(model, terms.input_price, terms.output_price)
    except UsageError as error:
        yield False, str(error)
        return
    if price is not None and price.free:
        return
    if Budget.of(terms).unbounded:
        yield False, "no budget, so that nothing would be sent: set [caption] max_cost or max_requests"
    elif model and price is None and terms.max_cost:
        yield False, unpriced(model)


def _vertex(terms: Terms) -> Iterator[tuple[bool, str]]:
    path = vertex.key_path(terms.key_file)
    found = path or _signed_in()
    if path is None and not found.is_file():
        yield (
            False,
            "no credentials: set [caption] key_file or GOOGLE_APPLICATION_CREDENTIALS, or sign in with "
            "`gcloud auth application-default login` (on a machine of Google's its own account is taken)",
        )
        return
    try:
        key = json.loads(found.read_text(encoding="utf-8"))
        kind, known = str(key["type"]), key.get("project_id") or key.get("quota_project_id")
    except OSError as error:
        yield False, f"the key file {found} cannot be read ({error.strerror}): check [caption] key_file"
        return
    except (ValueError, KeyError, TypeError, AttributeError):
        yield False, f"{found} is no key of Google's: fetch it again"
        return
    what = "key file" if path else "application default credentials"
    yield True, f"{what} {found} ({kind.replace('_', ' ')})"
    project = terms.project or os.environ.get(vertex.PROJECT_VARIABLE) or known
    yield (True, f"project {project}") if project else (False, "no project: set [caption] project")


def _signed_in() -> Path:
    """Where gcloud leaves application default credentials."""
    home = os.environ.get("CLOUDSDK_CONFIG") or Path.home() / ".config" / "gcloud"
    return Path(home) / "application_default_credentials.json"


def _openai(terms: Terms) -> Iterator[tuple[bool, str]]:
    try:
        key = chat.read_key(terms.key_file)
        wire.check_clear(terms.base_url or chat.OPENAI_URL, key)
    except UsageError as error:
        yield False, str(error)
        return
    if key:
        yield True, f"a key in {terms.key_file or f'the environment ({chat.KEY_VARIABLE})'}"
    elif terms.base_url:
        yield True, "no key, which many servers of one's own do not want"
    else:
        yield False, f"no key: set {chat.KEY_VARIABLE} or [caption] key_file, or [caption] base_url to another server"


def ask(engine: str, terms: Any) -> tuple[bool, str]:
    """Whether a captioner answers, knows the key, and has the model: one listing of models, of which none is run."""
    hurried = dataclasses.replace(terms, timeout_s=min(ASK_S, terms.timeout_s))
    sender = sender_of(hurried, engine, Veil())
    try:
        sender.prepare()
        names = sender.models()
        model = sender.model
    except (UsageError, Fault) as error:
        return False, str(error).rstrip(".")
    finally:
        sender.close()
    has = "among them" if any(name.rpartition("/")[2] == model or name == model for name in names) else "without"
    return True, f"asked: {sender.host} answers and lists {len(names)} models, {has} {model}"
