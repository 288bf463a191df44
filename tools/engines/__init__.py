"""The engines: models behind one small protocol each, loaded by name in the worker that runs them.

Nothing heavy is imported here, so that a command that finds nothing to do costs nothing. What an engine takes and gives
stands in `tools.engines.protocols`.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.mill.settings import UsageError


@dataclass(frozen=True)
class EngineIdentity:
    """Which engine makes a result, and what of it decides the result. Part of the recipe."""

    name: str
    digest: str


@dataclass(frozen=True)
class Entry:
    """An engine: the class, and its model.

    model: a name for what comes with the code and the libraries, raised by hand when its results change. weights: files
    of the installed package `face_recognition_models`, whose digests count as well. remote: other people run it, and
    images leave this machine.
    """

    where: str
    model: str
    weights: tuple[str, ...] = ()
    remote: bool = False


FACE_LANDMARKS = "shape_predictor_5_face_landmarks.dat"
FACE_EMBEDDING = "dlib_face_recognition_resnet_model_v1.dat"

ENGINES: dict[str, dict[str, Entry]] = {
    "detect": {"builtin": Entry("tools.engines.hog:Hog", "hog-1")},
    "match": {"builtin": Entry("tools.engines.faces:Faces", "faces-1", (FACE_LANDMARKS, FACE_EMBEDDING))},
    "mask": {"builtin": Entry("tools.engines.grabcut:GrabCut", "grabcut-1")},
    "caption": {
        "builtin": Entry("tools.engines.template:TemplateCaptioner", "template-1"),
        "vertex": Entry("tools.engines.remote:RemoteCaptioner", "vertex-1", remote=True),
        "openai": Entry("tools.engines.remote:RemoteCaptioner", "openai-1", remote=True),
    },
}
"""By kind and name. The first of a kind is the best that needs nothing more than this installation."""


def resolve(kind: str, name: str) -> str:
    """The name of an engine that exists, for one that was asked for; "auto" takes the best that runs here.

    Raises UsageError for a name that is none.
    """
    known = ENGINES[kind]
    if name == "auto":
        return next(iter(known))
    if name not in known:
        raise UsageError(f"[{kind}] engine is {name!r}, which is none. There are: auto, {', '.join(known)}.")
    return name


def is_remote(kind: str, name: str) -> bool:
    """Whether an engine sends images to other people. Such a one is never what "auto" means."""
    return ENGINES[kind][resolve(kind, name)].remote


def identify(kind: str, name: str) -> EngineIdentity:
    """An engine's name and digest, without loading it. Raises UsageError where it does not exist or cannot run."""
    name = resolve(kind, name)
    entry = ENGINES[kind][name]
    digests = [weights_digest(file) for file in entry.weights]
    digest = hashlib.sha256("\n".join([entry.model, *digests]).encode()).hexdigest() if digests else entry.model
    return EngineIdentity(name, digest)


@functools.cache
def load(kind: str, name: str) -> Any:
    """The engine, ready to run; once per process. Raises UsageError where it does not exist or cannot run."""
    module, _, class_name = ENGINES[kind][resolve(kind, name)].where.partition(":")
    return getattr(importlib.import_module(module), class_name)()


def weights_path(file: str) -> Path:
    """Where a file of face_recognition_models lies. The package itself is not imported: it needs pkg_resources.

    Raises UsageError where it is not there.
    """
    found = importlib.util.find_spec("face_recognition_models")
    for folder in (found.submodule_search_locations or ()) if found else ():
        path = Path(folder) / "models" / file
        if path.is_file():
            return path
    raise UsageError(
        f"The face weights {file} are missing. They come with face_recognition_models: remove .venv and `make all`."
    )


def weights_digest(file: str) -> str:
    """SHA-256 of a file of face_recognition_models; read once per process."""
    path = weights_path(file)
    stat = path.stat()
    return _digest(path, stat.st_size, stat.st_mtime_ns)


@functools.cache
def _digest(path: Path, _size: int, _mtime_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
