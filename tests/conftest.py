"""What the tests of the core share: a workspace, small pictures, and tools that run in this process."""

from __future__ import annotations

import importlib
import signal
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from making import Mill
from sourcing import REFUSE, Refresh
from stamping import Check, expected

from tools.mill import loop, manifest, settings, sources, steps
from tools.mill.plan import FOLDERS
from tools.mill.runs import Report
from tools.mill.tool import Asked
from tools.stamps import changes

if TYPE_CHECKING:
    from serving import Service

# A shell that starts the tests in the background has them ignore Ctrl-C, and so would every program they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

RunTool = Callable[..., Report]


@pytest.fixture(autouse=True)
def _no_settings_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's environment must not decide what the tests see."""
    import os

    for name in [name for name in os.environ if name.startswith("MILL_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """An empty workspace with the user's four folders; its name holds what breaks shells and make."""
    base = tmp_path / "my $data's"
    for folder in FOLDERS.values():
        (base / folder).mkdir(parents=True)
    return base


@pytest.fixture
def db(workspace: Path) -> Iterator[sqlite3.Connection]:
    """The workspace's manifest, new and empty."""
    connection = manifest.connect(workspace, create=True)
    yield connection
    connection.close()


@pytest.fixture
def run_tool() -> RunTool:
    """run_tool(base, "score", dataset="", options={"min_sharpness": 0.5}, limit=…): run a real tool in this process."""

    def run(base: Path, name: str, *, workers: int = 0, options: dict[str, Any] | None = None, **asked: Any) -> Report:
        loaded = settings.load(base, {})
        values = {**loaded.sections[name], **(options or {})}
        tool = importlib.import_module(f"tools.{name}").TOOL
        return loop.run(tool, loaded, values, Asked(workers=workers, **asked))

    return run


@pytest.fixture
def picture() -> Callable[..., Path]:
    return draw


def draw(path: Path, shade: int = 0, width: int = 640, height: int = 480) -> Path:
    """A small JPEG of blocks of colour that depend on `shade`: a photograph's size, a photograph's container."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("RGB", (width, height), (shade * 37 % 256, shade * 91 % 256, shade * 151 % 256))
    image.paste((shade * 53 % 256, 200, 90), (width // 4, height // 4, width // 2, height // 2))
    image.save(path, "JPEG", quality=90)
    return path


@pytest.fixture
def mill(workspace: Path) -> Iterator[Mill]:
    """The workspace's mill without machines; two videos lie in its folder and nothing is done yet."""
    made = Mill(workspace)
    made.put("a.mp4", "b.mp4")
    yield made
    made.db.close()


@pytest.fixture
def refresh(workspace: Path, db: sqlite3.Connection) -> Refresh:
    """refresh(asked): bring the manifest in line with the workspace's folders; returns what is told."""
    steps.ensure(db, settings.load(workspace, {}), "intake", "")

    def run(asked: Asked = REFUSE) -> tuple[str, ...]:
        return sources.refresh(db, workspace, asked)

    return run


@pytest.fixture
def check(mill: Mill, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Check:
    """check(): look at the workspace as make does; returns the stamps that are missing then, which must be told."""
    mill.run_all()

    def run() -> list[str]:
        code = changes.main(["check", str(mill.base)])
        told = capsys.readouterr()
        names = [path.name for path in (mill.base / "stamps").iterdir() if not path.name.startswith(".")]
        missing = [name for name in expected(mill.base) if name not in names]
        assert set(names) <= set(expected(mill.base))
        if missing:
            assert (code, told.err) == (0, "")
            datasets, seen = told.out.splitlines()
            assert datasets.split() == sorted(settings.load(mill.base, {}).datasets)
            monkeypatch.setenv("MILL_EXPECTED", seen)
        else:
            assert (code, told.out) in ((0, ""), (3, ""))
            assert told.err.startswith("Everything is up to date; no tool was started.\n")
        return missing

    return run


@pytest.fixture
def service() -> Iterator[Service]:
    """The played server of captioners elsewhere."""
    from serving import serving

    with serving() as played:
        yield played


@pytest.fixture(scope="session")
def pem() -> str:
    """A private key, as service accounts have one."""
    pytest.importorskip("cryptography", reason="cryptography is not installed (LIGHT=1)")
    from keys import private_key

    return private_key()


@pytest.fixture
def run_caption(
    mill: Mill,
    run_tool: RunTool,
    service: Service,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> RunTool:
    """run_caption("openai", max_requests=3): caption on the mill's workspace, with short pauses between its tries.

    Options as in [caption], or dry_run, retry_failed and limit.
    """
    from captioning import options

    from tools.paid import faults

    monkeypatch.setattr(faults, "BACKOFF_S", 0.01)

    def run(engine: str, **changes: Any) -> Report:
        asked = {name: changes.pop(name) for name in ("dry_run", "retry_failed", "limit") if name in changes}
        pem = request.getfixturevalue("pem") if engine == "vertex" else ""
        chosen = options(engine, service, tmp_path, pem, **changes)
        return run_tool(mill.base, "caption", dataset="default", options=chosen, **asked)

    return run
