"""The form of what a model wrote: the JSON in it, and each field of the type it should have."""

from __future__ import annotations

import json
import re
from typing import Any

_END_OF_THOUGHTS = re.compile(
    r"</think(?:ing)?>|\[/THINK\]|◁/think▷|<channel\|>|<\|channel\|>final<\|message\|>", re.IGNORECASE
)
"""Servers that do not know how their model marks its thoughts leave them in the text, some without the opening mark."""


def unwrap(text: str) -> Any:
    """What the JSON says, without thoughts before it, a fence around it, or words beside it.

    Small models break lines inside of texts, which strict JSON forbids. Raises ValueError with a sentence.
    """
    answer = _END_OF_THOUGHTS.split(text)[-1].strip()
    try:
        try:
            return json.loads(answer, strict=False)
        except ValueError:
            inside = answer[answer.find("{") : answer.rfind("}") + 1]
            if not inside or answer.startswith("<think"):
                raise
            return json.loads(inside, strict=False)
    except RecursionError as error:
        raise ValueError("It is nested too deep.") from error
    except ValueError as error:
        raise ValueError(f"It is not JSON ({error}).") from error


def table(value: Any, name: str, keys: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{name} is no object.")
    if set(value) != set(keys):
        wrong = sorted(set(value) ^ set(keys))
        raise ValueError(f"{name} lacks or has too much: {', '.join(wrong)[:200]}.")
    return value


def array(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{name} is no array.")
    return value


def line(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{name} is no text.")
    told = " ".join(value.split())
    if not told.isprintable():
        raise ValueError(f"{name} holds the sign {next(sign for sign in told if not sign.isprintable())!a}.")
    return told


def lines(value: Any, name: str) -> tuple[str, ...]:
    texts = (line(one, name).strip(" ,") for one in array(value, name))
    return tuple(dict.fromkeys(text for text in texts if text))


def one_of(value: Any, name: str, known: tuple[str, ...]) -> str:
    if value not in known or not isinstance(value, str):
        raise ValueError(f"{name} is none of {', '.join(known)}.")
    return value
