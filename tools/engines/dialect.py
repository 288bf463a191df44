"""What chat servers differ in: how they want to be asked, learnt from what they refuse, and what they call an error."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tools.engines import wire

FEWEST, MOST = "max_tokens", "max_completion_tokens"
"""Two names of one field: many servers know only the older one, OpenAI's newer models only the other."""

_UNKNOWN = r"unsupported|not supported|unknown|unrecogni[sz]ed|unexpected|not permitted|not allowed|instead"
_FIELD = re.compile(rf"(?=.*max_(?:completion_)?tokens)(?=.*(?:{_UNKNOWN}))", re.IGNORECASE | re.DOTALL)
_SCHEMA = re.compile(r"response_format|json_?\s?schema|structured output|guided_?\s?json|grammar", re.IGNORECASE)
_SYSTEM = re.compile(r"system (?:role|message|prompt|instruction)|roles must alternate", re.IGNORECASE)
_BLIND = re.compile(
    r"support (?:for )?images?\b|image input is not supported|required for image input|not a multimodal|"
    r"at most 0 image|unsupported content part|unknown variant .image_url",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Dialect:
    """How one server is asked. most: what it calls the bound of an answer. schema: it takes the form of the answer as a
    field, else it is told in words. system: it takes instructions apart from the question.
    """

    most: str = FEWEST
    schema: bool = True
    system: bool = True

    def request(self, instructions: str, question: str, picture: str, schema: Mapping[str, Any]) -> dict[str, Any]:
        """The messages, and the form of the answer. picture: a data URI."""
        if not self.schema:
            question = f"{question} Its JSON schema: {json.dumps(schema)}"
        parts = [{"type": "text", "text": question}, {"type": "image_url", "image_url": {"url": picture}}]
        system = [{"role": "system", "content": instructions}] if self.system else []
        own = [] if self.system else [{"type": "text", "text": instructions}]
        asked: dict[str, Any] = {"messages": [*system, {"role": "user", "content": [*own, *parts]}]}
        form = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": dict(schema)}}
        return asked | ({"response_format": form} if self.schema else {})

    def after(self, said: str) -> Dialect | None:
        """How to ask instead of a server that refused a request with these words; None where they are about others."""
        if self.schema and _SCHEMA.search(said):
            return replace(self, schema=False)
        if self.system and _SYSTEM.search(said):
            return replace(self, system=False)
        if _FIELD.search(said) and re.search(rf"\b{self.most}\b", said):
            return replace(self, most=MOST if self.most == FEWEST else FEWEST)
        return None


def blind(said: str) -> bool:
    """Whether a server says that its model sees no pictures."""
    return _BLIND.search(said) is not None


def error_of(content: str) -> tuple[str, str]:
    """What an error's body says, and its code: in the form of OpenAI, or of one of those that have their own."""
    try:
        body = wire.table(json.loads(content))
    except (ValueError, RecursionError):
        return content, ""
    error = body.get("error")
    inner = wire.table(error)
    said = (inner.get("message"), error, body.get("message"), body.get("detail"))
    message = next((text for text in said if isinstance(text, str) and text), content)
    return message, wire.text(inner.get("code"))
