"""The ways of servers that people run themselves: what they refuse, in whose form, and where they put an answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from serving import FAULTS, GOOD, Handler

ANSWER = json.dumps(GOOD)
ASIDE = "The grey is not part of it. The sign {sic} on the suit is a text."

BLIND: Mapping[str, tuple[int, Any]] = {
    "llama.cpp": (500, {"error": {"code": 500, "message": "image input is not supported - hint: …", "type": "e"}}),
    "lm studio": (400, {"error": "Model does not support images. Please use a model that does."}),
    "ollama": (400, {"error": {"message": "this model does not support image input", "type": "api_error"}}),
    "vllm": (400, {"object": "error", "message": "m is not a multimodal model", "code": 400}),
}
"""What each says whose model sees no pictures: status and body."""

PICKY: Mapping[str, tuple[Callable[[dict[str, Any]], bool], int, Any]] = {
    "no max_tokens": (
        lambda body: "max_tokens" in body,
        *(400, {"error": {"message": "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."}}),
    ),
    "no schema": (
        lambda body: "response_format" in body,
        *(400, {"error": "'response_format.type' must be 'text'"}),
    ),
    "no schema here": (
        lambda body: "response_format" in body,
        *(422, {"detail": "This response_format type is unavailable now"}),
    ),
    "no system": (
        lambda body: body["messages"][0]["role"] == "system",
        *(400, {"object": "error", "message": "System role not supported", "code": 400}),
    ),
}
"""What each does not take, and with which status and body it says so."""


def _picky(*names: str) -> Callable[[Handler, int], None]:
    def act(handler: Handler, number: int) -> None:
        body = handler.service.asked[number].body
        for name in names:
            found, status, said = PICKY[name]
            if found(body):
                handler.json(status, said)
                return
        handler.good(number)

    return act


def _blind(status: int, body: Any) -> Callable[[Handler, int], None]:
    return lambda handler, number: handler.json(status, body)


def _text(text: str | None, **more: Any) -> Callable[[Handler, int], None]:
    return lambda handler, number: handler.reply(text, **more)


ODD: dict[str, Callable[[Handler, int], None]] = {
    "thinks aside": _text(ANSWER, reasoning=ASIDE, reasoning_content=ASIDE),
    "thinks aloud": _text(f"<think>\n{ASIDE}\n</think>\n\n{ANSWER}"),
    "thinks half aloud": _text(f"{ASIDE}\n</think>{ANSWER}"),
    "thinks in a channel": _text(f"<|channel>thought\n{ASIDE}<channel|>{ANSWER}"),
    "answers in its thoughts": _text(None, reasoning=f"\n{ANSWER}\n"),
    "answers in its thoughts, named as before": _text("", reasoning_content=ANSWER),
    "fenced": _text(f"```json\n{json.dumps(GOOD, indent=2)}\n```"),
    "fenced, with words around": _text(f"Here is it:\n\n```\n{ANSWER}\n```\nAsk me if you want more."),
    "boxed": _text(f"<|begin_of_box|>{ANSWER}<|end_of_box|>"),
    "in parts": lambda handler, number: handler.reply([{"type": "text", "text": ANSWER}]),  # type: ignore[arg-type]
    "broken lines": _text(ANSWER.replace(". ", ".\n")),
    "uncounted": _text(ANSWER, usage=False),
}
"""Good answers, put as some server puts them."""

FAULTS.update(ODD)
FAULTS.update({name: _picky(name) for name in PICKY})
FAULTS["picky"] = _picky(*PICKY)
FAULTS.update({f"blind {name}": _blind(*told) for name, told in BLIND.items()})
