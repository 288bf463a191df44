"""Changes: which stamps still agree with sources, configuration, code and decisions. Standard library only, and fast.

    python -m tools.stamps.changes check BASE [DATASET]   drop the stamps that no longer agree; print the datasets
    python -m tools.stamps.changes stamp BASE STEP        a step is done: stamp it with what was true before it began
    python -m tools.stamps.changes sources BASE           exit 4 where no raw folder holds a file

Make then looks only at which stamps exist. Deleting stamps is harmless: tools ask the manifest what waits.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from pathlib import Path
from typing import Any

from tools.mill.files import told
from tools.mill.plan import FOLDERS, Step
from tools.mill.settings import UsageError, load
from tools.mill.walk import walk
from tools.stamps import causes
from tools.stamps.causes import before, digests, steps
from tools.stamps.known import Manifest
from tools.training.edits import Touched, touched
from tools.training.names import PACKAGES

STAMPS = "stamps"
NO_SOURCES = 4
EXPECTED = "MILL_EXPECTED"
"""The environment's variable that carries a make's own digests to its stamps: two makes may run at once."""


def main(arguments: list[str]) -> int:
    """Run one of the three verbs; returns the exit code."""
    try:
        match arguments:
            case ["check", base, *wanted]:
                return check(Path(base), wanted[0] if wanted else "")
            case ["stamp", base, step]:
                return stamp(Path(base), step)
            case ["sources", base]:
                return 0 if any(True for _ in walk(Path(base))) else NO_SOURCES
    except UsageError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 2
    except (OSError, sqlite3.Error) as error:
        what = told(error) if isinstance(error, OSError) else f"the manifest could not be used ({error})"
        print(f"Stopped: {what}. Mend it and type make again.", file=sys.stderr)
        return 1
    print(__doc__, file=sys.stderr)
    return 2


def check(base: Path, wanted: str = "") -> int:
    """Drop what no longer agrees. Where something is left to do, print the datasets, then a line with the digests."""
    settings = load(base)
    if wanted and wanted not in settings.datasets:
        raise UsageError(f"There is no dataset {wanted}. There are: {', '.join(sorted(settings.datasets))}.")
    if not (base / "manifest.db").exists() and not any((base / folder).is_dir() for folder in FOLDERS.values()):
        raise UsageError(
            f"{base} holds no footage. Put videos into {base}/00_raw_videos or photos into {base}/00_raw_photos, "
            "or type `make demo` for demo footage."
        )
    (base / STAMPS).mkdir(parents=True, exist_ok=True)
    with Manifest(base) as manifest:
        packages = {name: _found(base / PACKAGES / name, manifest, name) for name in sorted(settings.datasets)}
        for name, found in packages.items():
            # Before the digests: what is taken up here is a decision, of which this make's stamps speak too.
            if found is not None and found.texts:
                _read_back(base, name)
        expected = digests(settings, manifest)
        retry = os.environ.get("MILL_RETRY_FAILED") not in (None, "", "0")
        dropped: set[str] = set()
        for step, dataset in steps(settings):
            name = causes.name(step.tool, dataset)
            path = base / STAMPS / name
            agrees = _read(path) == [expected[name], *manifest.state(name)]
            # What comes after goes too: make does not ask for a missing stamp where the last one is there.
            handled = _handled(step, packages.get(dataset))
            retried = retry and (manifest.failed(name) or manifest.unusable(name, step.again))
            if not agrees or handled or retried or dropped.intersection(before(step, dataset)):
                path.unlink(missing_ok=True)
                dropped.add(name)
        for path in (base / STAMPS).iterdir():
            if path.name not in expected and not path.name.startswith("."):
                path.unlink()
        failed = sum(manifest.failed(name) for name in expected)
    if dropped:
        print(wanted or " ".join(sorted(settings.datasets)))
        print(json.dumps(expected))
        return 0
    print("Everything is up to date; no tool was started.", file=sys.stderr)
    if failed:
        from tools.mill.words import command

        names = command(base, "failures")
        print(f"{failed} items failed earlier. `{names}` names them; RETRY_FAILED=1 tries again.", file=sys.stderr)
        return 3
    return 0


def outdated(base: Path) -> list[str]:
    """The first steps that the next make would look at again, as its stamps say; none where make never finished one.

    Changes nothing. Raises UsageError where the configuration cannot be read.
    """
    folder = base / STAMPS
    stamps = {path.name for path in folder.iterdir() if not path.name.startswith(".")} if folder.is_dir() else set()
    if not stamps:
        return []
    settings = load(base)
    unlike: set[str] = set()
    found = []
    with Manifest(base) as manifest:
        expected = digests(settings, manifest)
        for step, dataset in steps(settings):
            name = causes.name(step.tool, dataset)
            if _read(folder / name) != [expected[name], *manifest.state(name)]:
                # What comes after it is looked at because of it.
                found += [] if unlike.intersection(before(step, dataset)) else [name]
                unlike.add(name)
    return [*found, *sorted(stamps - set(expected))]


def _found(folder: Path, manifest: Manifest, dataset: str) -> Touched | None:
    """What people did in a dataset's package; None where there is none, or nothing is in it."""
    if not manifest.packaged(dataset):
        return None
    return touched(folder) if folder.is_dir() else Touched({}, gone=(folder.name,))


def _read_back(base: Path, dataset: str) -> None:
    """Take up captions that people edited in a package. What can be no caption is told by the tool that needs it."""
    from contextlib import closing

    from tools.mill.manifest import connect
    from tools.mill.tool import Asked
    from tools.training.readback import take_up

    with closing(connect(base)) as db:
        told, _ = take_up(db, base, Asked(dataset=dataset))
    for line in told:
        print(line, file=sys.stderr)


def _handled(step: Step, found: Touched | None) -> bool:
    """Whether a person did something in a package: edited a caption, which caption takes up, or took something away."""
    if found is None or step.tool not in ("caption", "package"):
        return False
    return bool(found.texts) or (step.tool == "package" and found.calls_for_work)


def stamp(base: Path, step: str) -> int:
    """Stamp a finished step with the digest of before it began: what changed meanwhile is noticed next time."""
    if EXPECTED not in os.environ:
        raise UsageError(f"{EXPECTED} is not set. Stamps are made by make alone: type `make all`.")
    expected = json.loads(os.environ[EXPECTED])
    with Manifest(base) as manifest:
        _write(base / STAMPS / step, json.dumps([expected[step], *manifest.state(step)]))
    return 0


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None


def _write(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}")
    try:
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
