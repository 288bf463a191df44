"""docker/Dockerfile, read: its instructions, and what they say of files, users and folders."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCKERFILE = ROOT / "docker" / "Dockerfile"


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions in their order: the word, and its arguments on one line."""
    lines = [line for line in DOCKERFILE.read_text().splitlines() if not line.lstrip().startswith("#")]
    whole = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [
        (word, rest.strip()) for word, _, rest in (line.partition(" ") for line in whole.splitlines() if line.strip())
    ]


def told(word: str) -> list[str]:
    return [rest for name, rest in instructions() if name == word]


def copied() -> set[str]:
    return {source for rest in told("COPY") for source in rest.split()[:-1]}


def defaults() -> dict[str, str]:
    return dict(rest.split("=", 1) for rest in told("ARG"))


def environment() -> dict[str, str]:
    return dict(word.split("=", 1) for rest in told("ENV") for word in shlex.split(rest))
