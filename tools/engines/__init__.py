"""The engines: models behind one small protocol each, loaded by name in the worker that runs them.

Nothing heavy is imported here, so that a command that finds nothing to do costs nothing. What an engine takes and gives
stands in `tools.engines.protocols`.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import importlib.util
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.engines import catalogue, checks, runtimes
from tools.engines.weights import MODELS, Missing, sha256_of, user_cache
from tools.mill.machine import MB_PER_WORKER
from tools.mill.settings import UsageError
from tools.mill.tool import Bench

# onnxruntime sends reports of its use to its maker unless this stands when it is imported, here or in a child.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"


@dataclass(frozen=True)
class EngineIdentity:
    """Which engine makes a result, and what of it decides the result. Part of the recipe."""

    name: str
    digest: str


@dataclass(frozen=True)
class Entry:
    """An engine: the class, and its model.

    model: a name for what comes with the code and the libraries, raised by hand when its results change. weights: files
    of the installed package `face_recognition_models`, whose digests count as well. modules: what must be installed
    beside what always is. files: of an engine that runs a model of the user's choice, which files the tool's settings
    name, in the workspace of that path; it raises UsageError where they are not there. Such an engine is made from the
    settings and the files. check: raises UsageError for settings that the engine cannot take. remote: other people run
    it, and images leave this machine. runtime: the library that runs its network, on a GPU where it is built for that.
    memory_mb: what a worker takes with it, in MiB, and growth: how many more for each MiB of its files (docs/engines
    say how that was measured). packages: what it comes from, as `catalogue.PACKAGES` names it.
    """

    where: str
    model: str
    weights: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    files: Callable[[Any, Path | None], tuple[Path, ...]] | None = None
    check: Callable[[Any], None] | None = None
    remote: bool = False
    runtime: str | None = None
    memory_mb: int = MB_PER_WORKER
    growth: float = 0.0
    packages: tuple[str, ...] = ()


FACE_LANDMARKS = "shape_predictor_5_face_landmarks.dat"
LANDMARKS_68 = "shape_predictor_68_face_landmarks.dat"
FACE_EMBEDDING = "dlib_face_recognition_resnet_model_v1.dat"

ENGINES: dict[str, dict[str, Entry]] = {
    "detect": {
        "yolo": Entry(
            *("tools.engines.yolo:Yolo", "yolo-1"),
            modules=("torch", "ultralytics"),
            files=catalogue.yolo_files,
            check=checks.yolo,
            runtime="torch",
            memory_mb=820,
            growth=10.0,
            packages=("ultralytics", "torch", "dlib-bin", "face_recognition_models"),
        ),
        "builtin": Entry(
            "tools.engines.hog:Hog", "hog-1", packages=("dlib-bin", "opencv-python", "face_recognition_models")
        ),
    },
    "embed": {
        "builtin": Entry(
            *("tools.engines.faces:Faces", "faces-2", (FACE_LANDMARKS, FACE_EMBEDDING)),
            packages=("dlib-bin", "face_recognition_models"),
        )
    },
    "mask": {
        "rembg": Entry(
            *("tools.engines.rembg_masks:Rembg", "rembg-3"),
            modules=("onnxruntime", "rembg"),
            files=catalogue.rembg_files,
            check=checks.rembg,
            runtime="onnxruntime",
            memory_mb=340,
            growth=6.0,
            packages=("rembg", "onnxruntime"),
        ),
        "builtin": Entry("tools.engines.grabcut:GrabCut", "grabcut-4", packages=("opencv-python",)),
    },
    "caption": {
        "builtin": Entry("tools.engines.template:TemplateCaptioner", "template-3"),
        "vertex": Entry("tools.engines.remote:RemoteCaptioner", "vertex-1", remote=True, packages=("google-genai",)),
        "openai": Entry("tools.engines.remote:RemoteCaptioner", "openai-1", remote=True, packages=("openai",)),
    },
}
"""By kind and name. The best of a kind comes first; the builtin one needs nothing more than this installation."""


def resolve(kind: str, name: str, params: Any = None, base: Path | None = None) -> str:
    """The name of an engine that exists, for one that was asked for; "auto" takes the best that runs here.

    params: the tool's settings, base: its workspace; without them only engines that need neither are taken. Raises
    UsageError for a name that is none, and for settings that one of the engines cannot take: "auto" must not pass it
    over because of a slip of the pen.
    """
    known = ENGINES[kind]
    if name == "auto":
        for entry in known.values():
            if entry.check and params is not None:
                entry.check(params)
        return next(each for each in known if not known[each].remote and ready(kind, each, params, base) is None)
    if name not in known:
        raise UsageError(f"[{kind}] engine is {name!r}, which is none. There are: auto, {', '.join(known)}.")
    return name


def is_remote(kind: str, name: str) -> bool:
    """Whether an engine sends images to other people. Such a one is never what "auto" means."""
    return ENGINES[kind][resolve(kind, name)].remote


def on_cuda(kind: str, name: str) -> bool:
    """Whether an engine, as its libraries are installed, can compute on a CUDA GPU."""
    runtime = ENGINES[kind][name].runtime
    return runtime is not None and runtimes.on_cuda(runtime)


def ready(kind: str, name: str, params: Any = None, base: Path | None = None) -> str | None:
    """None where an engine can run here, else the sentence that says what it lacks and what to do."""
    try:
        files(kind, name, params, base)
    except UsageError as lack:
        return str(lack)
    return None


def files(kind: str, name: str, params: Any = None, base: Path | None = None) -> tuple[Path, ...]:
    """The files of the user's that an engine runs; none for an engine without any.

    Raises UsageError where one is missing, or a package that the engine needs.
    """
    entry = ENGINES[kind][name]
    missing = [module for module in entry.modules if importlib.util.find_spec(module) is None]
    if missing:
        raise UsageError(
            f"The engine {name} needs {' and '.join(missing)}, not installed here: remove .venv and `make all` without "
            f'LIGHT=1, or set [{kind}] engine = "builtin".'
        )
    if entry.files is None:
        return ()
    if params is None:
        raise UsageError(f"The engine {name} needs settings that name its model, and nobody gave any.")
    if entry.check:
        entry.check(params)
    return entry.files(params, base)


def memory_mb(kind: str, name: str, params: Any = None, base: Path | None = None) -> int:
    """What a worker with this engine takes, in MiB: more for larger files; those that are missing count nothing."""
    entry = ENGINES[kind][name]
    try:
        sizes = [path.stat().st_size for path in (entry.files(params, base) if entry.files and params else ())]
    except (UsageError, OSError):
        sizes = []
    return round(entry.memory_mb + entry.growth * sum(sizes) / 2**20)


def identify(kind: str, name: str, params: Any = None, base: Path | None = None) -> EngineIdentity:
    """An engine's name and digest, without loading it; weights that are missing are fetched.

    Raises UsageError where it does not exist or cannot run.
    """
    name = resolve(kind, name, params, base)
    digest = digest_of(ENGINES[kind][name], provided(kind, name, params, base))
    return EngineIdentity(name, _with_landmarks(digest, params))


def provided(kind: str, name: str, params: Any = None, base: Path | None = None) -> tuple[Path, ...]:
    """As `files`, and what is missing is fetched by the library that it comes from, where there is a network."""
    from tools.engines.fetching import fetch

    try:
        return files(kind, name, params, base)
    except Missing as missing:
        if missing.library is None:
            raise
        try:
            fetch(missing.library, missing.model, MODELS if os.access(MODELS, os.W_OK) else user_cache())
        except UsageError as failure:
            raise UsageError(f"{missing} ({failure}.)") from failure
    return files(kind, name, params, base)


def digest_of(entry: Entry, found: tuple[Path, ...] = ()) -> str:
    """What of an engine decides its results: its model's name and the digests of its files."""
    digests = [*(weights_digest(file) for file in entry.weights), *map(sha256_of, found)]
    return hashlib.sha256("\n".join([entry.model, *digests]).encode()).hexdigest() if digests else entry.model


def _with_landmarks(digest: str, params: Any) -> str:
    """An engine's digest, together with that of the 68 landmarks where the tool's settings have them found as well."""
    if not getattr(params, "landmarks", False):
        return digest
    return hashlib.sha256(f"{digest}\n{weights_digest(LANDMARKS_68)}".encode()).hexdigest()


def of(kind: str, bench: Bench[Any]) -> Any:
    """The engine that a tool's work runs, in the worker: once per process.

    Raises UsageError where it cannot run, or is no longer the one that the recipe names.
    """
    engine = load(kind, bench.params.engine, bench.params, bench.base, bench.digest)
    if bench.digest and _with_landmarks(engine.digest, bench.params) != bench.digest:
        raise UsageError(f"The weights of {engine.name} changed while {kind} was running. Start it again.")
    return engine


@functools.lru_cache(maxsize=8)
def load(kind: str, name: str, params: Any = None, base: Path | None = None, _digest: str = "") -> Any:
    """The engine, ready to run; once per process, and again where its digest is to be another.

    Raises UsageError where it does not exist or cannot run.
    """
    name = resolve(kind, name, params, base)
    entry = ENGINES[kind][name]
    found = files(kind, name, params, base)
    module, _, class_name = entry.where.partition(":")
    made = getattr(importlib.import_module(module), class_name)
    return made() if entry.files is None else made(params, found, digest_of(entry, found))


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
    return sha256_of(weights_path(file))
