"""The lock: one run of a tool per workspace and dataset; who holds it is said; it dies with its process."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tools.mill.lock import Held, hold

ROOT = Path(__file__).resolve().parent.parent

HOLD = """
import multiprocessing, sys, time
from pathlib import Path
from tools.mill.lock import hold

def child(folder):
    Path(folder, "child").touch()
    time.sleep(600)

if __name__ == "__main__":
    base, folder, with_child = sys.argv[1:]
    with hold(Path(base), "score"):
        if with_child == "1":
            multiprocessing.get_context("spawn").Process(target=child, args=(folder,)).start()
            while not Path(folder, "child").exists():
                time.sleep(0.01)
        print("held", flush=True)
        time.sleep(600)
"""


@contextmanager
def another_process(base: Path, folder: Path, with_child: bool = False) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock of score on base."""
    program = folder / "holder.py"
    program.write_text(HOLD)
    process = subprocess.Popen(
        [sys.executable, program, base, folder, str(int(with_child))],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def test_the_second_is_told_at_once_who_holds_it(workspace: Path, tmp_path: Path) -> None:
    with another_process(workspace, tmp_path) as holder:
        start = time.monotonic()
        with pytest.raises(Held) as caught, hold(workspace, "score"):
            pytest.fail("Two hold the lock.")
        assert time.monotonic() - start < 1
        since = re.fullmatch(
            re.escape(
                f"score is already running on {workspace}: held by process {holder.pid} on {socket.gethostname()}"
            )
            + r" since (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\. Wait until it has finished, or end it\.",
            str(caught.value),
        )
        assert since


def test_the_workspace_is_named_in_full(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make runs the stages inside the workspace, where it is called `.`."""
    monkeypatch.chdir(workspace)
    with (
        hold(Path(), "score"),
        pytest.raises(Held, match=f"^{re.escape(f'score is already running on {workspace}: ')}"),
        hold(Path(), "score"),
    ):
        pass


def test_others_go_on_beside_it(workspace: Path, tmp_path: Path) -> None:
    with hold(workspace, "select", "emma"):
        for tool, dataset in (("score", ""), ("select", "max"), ("select", "")):
            with hold(workspace, tool, dataset):
                pass
        with hold(tmp_path / "other", "select", "emma"):
            pass
        with pytest.raises(Held, match=r"^select\.emma is already running on "), hold(workspace, "select", "emma"):
            pass


def test_it_is_free_when_its_holder_is_done_or_fails(workspace: Path) -> None:
    with pytest.raises(KeyError), hold(workspace, "score"):
        raise KeyError
    for _ in range(2):
        with hold(workspace, "score"):
            pass


@pytest.mark.parametrize("with_child", [False, True], ids=["alone", "with a spawned child"])
def test_a_killed_holders_lock_is_free_at_once(workspace: Path, tmp_path: Path, with_child: bool) -> None:
    """A spawned child that lives on does not inherit the lock."""
    with another_process(workspace, tmp_path, with_child) as holder:
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
        with hold(workspace, "score"):
            pass


def test_a_holder_that_has_not_yet_said_who_it_is(workspace: Path) -> None:
    import fcntl

    with hold(workspace, "score"):
        pass
    with open(workspace / ".locks" / "score", "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(Held, match="held by another process that has just started"), hold(workspace, "score"):
            pass
