"""One run of a tool per workspace and dataset: a file lock that dies with its process."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.mill.manifest import utc_now

FOLDER = ".locks"


class Held(Exception):
    """Another run holds the lock; the message says who, where and since when."""


@contextmanager
def hold(base: Path, tool: str, dataset: str = "") -> Iterator[None]:
    """Hold the lock of a tool (and dataset) while inside. Raises Held at once where another run has it."""
    name = f"{tool}.{dataset}" if dataset else tool
    path = base / FOLDER / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise Held(_sentence(base, name, file.read())) from error
        file.truncate(0)
        json.dump({"pid": os.getpid(), "host": socket.gethostname(), "since": utc_now()}, file)
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def _sentence(base: Path, name: str, text: str) -> str:
    try:
        holder = json.loads(text)
        who = f"process {holder['pid']} on {holder['host']} since {holder['since']}"
    except (ValueError, KeyError):
        who = "another process that has just started"
    return f"{name} is already running on {base.absolute()}: held by {who}. Wait until it has finished, or end it."
