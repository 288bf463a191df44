"""The prompts: what a model is told, from the files in `prompts/`; their content is their version."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tools.mill.settings import ROOT, UsageError
from tools.training.targets import Target

FOLDER = ROOT / "prompts"
RULES, SCHEMA = "caption.md", "caption.schema.json"
SECOND, SECOND_SCHEMA = "second_look.md", "second_look.schema.json"
REQUEST = "Describe this person as your instructions say. Answer with the JSON object alone."

HEADROOM_WORDS = 6
"""Words of the longest caption that are left for trigger and class word."""


@dataclass(frozen=True)
class Prompt:
    """version: the target, and a digest of the files behind it. schema: JSON schema of the answer."""

    version: str
    instructions: str
    schema: Mapping[str, Any]


@functools.cache
def prompt_for(target: Target, class_word: str) -> Prompt:
    """What a model is told for one target. Raises UsageError where a file is missing.

    Neither trigger nor address nor measurement is in it: a caption is asked for once, whatever the trigger becomes.
    """
    rules, ending, schema = (_read(name) for name in (RULES, f"{target.name}.md", SCHEMA))
    digest = hashlib.sha256("\0".join((rules, ending, schema, REQUEST)).encode()).hexdigest()
    most = max(target.min_words + 1, target.max_words - HEADROOM_WORDS)
    instructions = rules.replace("{target}", ending.strip())
    for name, value in (("min_words", target.min_words), ("max_words", most), ("class_word", class_word)):
        instructions = instructions.replace("{" + name + "}", str(value))
    return Prompt(f"{target.name}-{digest[:8]}", instructions.strip(), json.loads(schema))


@functools.cache
def second_prompt(class_word: str) -> Prompt:
    """What a model is told that looks at a caption again. Raises UsageError where a file is missing."""
    rules, schema = _read(SECOND), _read(SECOND_SCHEMA)
    digest = hashlib.sha256("\0".join((rules, schema)).encode()).hexdigest()
    instructions = rules.replace("{class_word}", class_word).strip()
    return Prompt(f"second-{digest[:8]}", instructions, json.loads(schema))


def _read(name: str) -> str:
    try:
        return (FOLDER / name).read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{FOLDER / name} cannot be read ({error.strerror}). Put the file back.") from error
