"""Changes: which stamps still agree with sources, configuration, code and decisions. Standard library only, and fast.

    python -m tools.mill.changes check BASE [DATASET]   drop the stamps that no longer agree; print the datasets
    python -m tools.mill.changes stamp BASE STEP        a step is done: stamp it with what was true before it began
    python -m tools.mill.changes sources BASE           exit 4 where no raw folder holds a file

Make then looks only at which stamps exist. Deleting stamps is harmless: tools ask the manifest what waits.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tools.mill.files import told
from tools.mill.plan import BY_TOOL, FOLDERS, PLAN, Step
from tools.mill.present import trace
from tools.mill.settings import ROOT, Settings, UsageError, load
from tools.mill.walk import walk
from tools.training.edits import Touched, touched
from tools.training.names import PACKAGES

STAMPS = "stamps"
NO_SOURCES = 4
EXPECTED = "MILL_EXPECTED"
"""The environment's variable that carries a make's own digests to its stamps: two makes may run at once."""
Files = tuple[tuple[str, str], ...]
_CODE: Files = (("tools", "*.py"), ("sql", "*.sql"))
_OWN: Mapping[str, Files] = {"caption": (("prompts", "*.md"), ("prompts", "*.json"))}
"""Files of the project that one tool alone reads: a change of them starts it and what comes after it."""


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
    with _Manifest(base) as manifest:
        packages = {name: _found(base / PACKAGES / name, manifest, name) for name in sorted(settings.datasets)}
        for name, found in packages.items():
            # Before the digests: what is taken up here is a decision, of which this make's stamps speak too.
            if found is not None and found.texts:
                _read_back(base, name)
        expected = digests(settings, manifest)
        retry = os.environ.get("MILL_RETRY_FAILED") not in (None, "", "0")
        dropped: set[str] = set()
        for step, dataset in _steps(settings):
            name = _name(step.tool, dataset)
            path = base / STAMPS / name
            agrees = _read(path) == [expected[name], *manifest.state(name)]
            # What comes after goes too: make does not ask for a missing stamp where the last one is there.
            handled = _handled(step, packages.get(dataset))
            retried = retry and (manifest.failed(name) or manifest.unusable(name, step.again))
            if not agrees or handled or retried or dropped.intersection(_before(step, dataset)):
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
        from tools.report.words import command

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
    with _Manifest(base) as manifest:
        expected = digests(settings, manifest)
        for step, dataset in _steps(settings):
            name = _name(step.tool, dataset)
            if _read(folder / name) != [expected[name], *manifest.state(name)]:
                # What comes after it is looked at because of it.
                found += [] if unlike.intersection(_before(step, dataset)) else [name]
                unlike.add(name)
    return [*found, *sorted(stamps - set(expected))]


def _found(folder: Path, manifest: _Manifest, dataset: str) -> Touched | None:
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
    with _Manifest(base) as manifest:
        _write(base / STAMPS / step, json.dumps([expected[step], *manifest.state(step)]))
    return 0


def digests(settings: Settings, manifest: _Manifest) -> dict[str, str]:
    """The chained digest of every step, named as its stamp: its own causes and all before it."""
    common = _content(_CODE)
    own = {tool: _content(files) for tool, files in _OWN.items()}
    found: dict[str, str] = {}
    for step, dataset in _steps(settings):
        section = settings.sections[step.tool]
        parts: list[Any] = [common, own.get(step.tool), section, manifest.decisions(step, dataset)]
        parts.append(manifest.lost(_name(step.tool, dataset)))
        parts.append(trace(step.tool, section, manifest.pinned(step.tool), settings.base.absolute()))
        if step.gate is None:
            parts.append(_sources(settings.base))
        if step.subjects:
            parts.append(sorted({told["subject"] for told in settings.datasets.values()}))
        parts += [found[name] for name in _before(step, dataset)]
        if dataset:
            parts.append(settings.datasets[dataset])
        found[_name(step.tool, dataset)] = _digest(parts)
    return found


def _steps(settings: Settings) -> Iterator[tuple[Step, str]]:
    """Every step with its dataset ('' for shared ones), in the order of the plan."""
    for step in PLAN:
        for dataset in sorted(settings.datasets) if step.per_dataset else [""]:
            yield step, dataset


def _before(step: Step, dataset: str) -> list[str]:
    return [_name(tool, dataset) for tool in (step.gate, step.beside) if tool]


def _name(tool: str, dataset: str) -> str:
    return f"{tool}.{dataset}" if BY_TOOL[tool].per_dataset else tool


def _digest(parts: list[Any]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _content(files: Files) -> str:
    """The digest of some files of the project."""
    digest = hashlib.sha256()
    for folder, pattern in files:
        for path in sorted((ROOT / folder).rglob(pattern)):
            digest.update(f"{path.relative_to(ROOT)}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _sources(base: Path) -> str:
    digest = hashlib.sha256()
    lines = [
        b"%s\0%s\0%d %d %d %d\n" % (f.kind.encode(), f.path, f.size, f.mtime_ns, f.ctime_ns, f.inode)
        for f in walk(base)
    ]
    for line in sorted(lines):
        digest.update(line)
    return digest.hexdigest()


class _Manifest:
    """The few questions that stamps ask of the manifest; a workspace without one answers that nothing was done."""

    def __init__(self, base: Path) -> None:
        path = base.absolute() / "manifest.db"
        self.db: sqlite3.Connection | None = None
        if path.exists():
            self.db = sqlite3.connect(path, timeout=60)

    def __enter__(self) -> _Manifest:
        return self

    def __exit__(self, *_: object) -> None:
        if self.db is not None:
            self.db.close()

    def _ask(self, question: str, *values: object) -> list[Any]:
        """The first row, or an empty one where the manifest is not there or not yet made."""
        if self.db is None:
            return []
        try:
            return list(self.db.execute(question, values).fetchone() or [])
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return []
            raise

    def state(self, name: str) -> list[Any]:
        """Which manifest this is, and the step's last run in it: a stamp speaks of no other."""
        return [self._ask("select value from meta where key = 'uid'"), self.last_run(name)]

    def last_run(self, name: str) -> list[Any]:
        tool, _, dataset = name.partition(".")
        return self._ask(
            """select max(run.id) from run join step on step.id = run.step_id
            where step.tool = ? and step.dataset = ?""",
            *(tool, dataset),
        )

    def lost(self, name: str) -> list[Any]:
        """When `verify` last had something of a step made again."""
        return self._ask("select value from meta where key = 'lost.' || ?", name)

    def pinned(self, kind: str) -> str | None:
        """What `engine = "auto"` means in this workspace; None as long as nothing was done."""
        row = self._ask("select value from meta where key = 'engine.' || ?", kind)
        return str(row[0]) if row else None

    def packaged(self, dataset: str) -> bool:
        """Whether a dataset has a package with images in it."""
        question = """select 1 from package join step on step.id = package.step_id
            join package_item on package_item.package_id = package.id
            where package.state = 'current' and step.dataset = ? limit 1"""
        return bool(self._ask(question, dataset))

    def failed(self, name: str) -> int:
        tool, _, dataset = name.partition(".")
        row = self._ask(
            # In the order of the index outcome_funnel, so that only the failed are read.
            """select count(*) from step
            cross join step_kind on step_kind.step_id = step.id
            cross join outcome
                on outcome.step_id = step.id and outcome.kind = step_kind.kind
                and outcome.recipe_id = step.recipe_id and outcome.status = 'failed'
            where step.tool = ? and step.dataset = ? and outcome.latest and outcome.live""",
            *(tool, dataset),
        )
        return int(row[0]) if row else 0

    def unusable(self, name: str, reasons: tuple[str, ...]) -> int:
        """How many items stand rejected at a step for one of some reasons."""
        tool, _, dataset = name.partition(".")
        marks = ", ".join("?" * len(reasons))
        row = reasons and self._ask(
            f"""select count(*) from step join outcome on outcome.step_id = step.id
            where step.tool = ? and step.dataset = ? and latest and live and not passed and reason in ({marks})""",
            *(tool, dataset, *reasons),
        )
        return int(row[0]) if row else 0

    def decisions(self, step: Step, dataset: str) -> list[Any]:
        kinds = (*step.takes, *step.makes)
        marks = ", ".join("?" * len(kinds))
        found = self._ask(
            f"select count(*), max(id) from decision where dataset in ('', ?) and kind in ({marks})", dataset, *kinds
        )
        return found or [0, None]


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
