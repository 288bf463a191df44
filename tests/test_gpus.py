"""GPUs: which a setting means, and the lease by which stages take turns."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tools.mill.gpus import Gpu, found, leased, wanted
from tools.mill.staff import NICENESS, on_gpus, on_processor

TWO = (Gpu("first", "0"), Gpu("second", "1"))

HOLDER = """
import sys, time
from tools.mill.gpus import Gpu, leased
with leased([Gpu(uid, "0") for uid in sys.argv[1].split(",")], "mask of /elsewhere", print) as mine:
    print(",".join(gpu.uid for gpu in mine), flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def own_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)


@contextmanager
def holder(uids: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds these GPUs until it is killed."""
    command = [sys.executable, "-c", HOLDER, uids]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == f"{uids}\n"
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("device", "gpus"),
    [("auto", TWO), ("cuda", TWO), ("tensorrt", TWO), ("cuda:1", TWO[1:]), ("cuda:2", ()), ("cpu", ()), ("mps", ())],
)
def test_which_gpus_a_setting_means(device: str, gpus: tuple[Gpu, ...]) -> None:
    assert wanted(device, TWO) == gpus


def test_a_stage_takes_the_gpus_that_nobody_holds_and_a_killed_process_holds_none() -> None:
    with holder("first"), leased(TWO, "detect of /here", pytest.fail) as mine:
        assert [gpu.uid for gpu in mine] == ["second"]
    with leased(TWO, "detect of /here", pytest.fail) as mine:
        assert [gpu.uid for gpu in mine] == ["first", "second"]


def test_without_gpus_nobody_waits() -> None:
    with leased((), "detect of /here", pytest.fail) as mine:
        assert mine == ()


def test_where_all_are_held_it_waits_and_says_for_whom() -> None:
    told: list[str] = []
    with holder("first,second") as other:

        def say(sentence: str) -> None:
            told.append(sentence)
            other.kill()

        start = time.monotonic()
        with leased(TWO, "detect of /here", say) as mine:
            assert mine
        assert time.monotonic() - start < 10
    by = f"is used by mask of /elsewhere (process {other.pid})"
    assert told == [f"Waiting for a GPU: GPU 0 {by}; GPU 1 {by}. Ctrl-C gives up."]


def test_on_the_processor_each_core_gets_a_worker_that_lets_others_go_first() -> None:
    plain = on_processor(4, 8, 100, asks=False)
    assert (plain.workers, plain.threads, plain.ahead, plain.batch, plain.niceness) == (4, 2, 1, 1, NICENESS)
    asking = on_processor(4, 4, 100, asks=True)
    assert (asking.workers, asking.threads, asking.ahead, asking.batch) == (4, 1, 3, 1)
    assert on_processor(4, 8, 1, asks=False).workers == 1
    assert on_processor(4, 8, 1, asks=False).threads == 8


def test_each_gpu_gets_one_worker_that_sees_it_alone() -> None:
    staff = on_gpus(TWO, 8, 16)
    assert (staff.workers, staff.threads, staff.hands, staff.batch, staff.niceness) == (2, 4, 4, 16, 0)
    assert staff.surroundings == [{"CUDA_VISIBLE_DEVICES": "0"}, {"CUDA_VISIBLE_DEVICES": "1"}]
    # One batch on the GPU, one being loaded, and what the hands store.
    assert staff.ahead == 40
    assert on_gpus(TWO[:1], 1, 1).hands == 2


@pytest.mark.skipif(not found(), reason="no NVIDIA GPU here")
def test_the_gpus_of_this_machine_have_names_of_their_own() -> None:
    assert len({gpu.uid for gpu in found()}) == len(found())
