"""GPUs: which a setting means, and the lease by which stages take turns."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from making import Mill
from workspaces import ROOT

from tools import detect, engines
from tools.mill import gpus, machine, steps
from tools.mill.gpus import Gpu, found, leased, wanted
from tools.mill.mapping import results
from tools.mill.staff import NICENESS, on_gpus, on_processor
from tools.mill.tool import Asked, Bench, Dataset

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


def test_a_link_in_the_place_of_a_lock_is_not_followed(tmp_path: Path) -> None:
    thesis = tmp_path / "thesis.txt"
    thesis.write_text("years of work")
    (tmp_path / "framemill-gpu-first.lock").symlink_to(thesis)
    with pytest.raises(OSError, match=r"framemill-gpu-first\.lock"), leased(TWO[:1], "detect of /here", pytest.fail):
        pass
    assert thesis.read_text() == "years of work"


OTHER_USER = """
import fcntl, sys
from tools.mill.gpus import Gpu, leased
with leased([Gpu("first", "0")], "detect of /here", print), open(sys.argv[1], "rb") as again:
    try:
        fcntl.flock(again, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("held")
"""


def is_open_to_all(path: Path) -> bool:
    return all(folder.stat().st_mode & 0o5 == 0o5 for folder in (path, *path.parents))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can take another user's place")
def test_a_lock_that_another_user_may_only_read_is_held_all_the_same() -> None:
    if not (is_open_to_all(ROOT) and is_open_to_all(Path(sys.executable).resolve().parent)):
        pytest.skip("another user cannot read the program here")
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o1777)  # as /tmp is
        lock = Path(folder, "framemill-gpu-first.lock")
        lock.write_text("somebody's")
        lock.chmod(0o644)
        done = subprocess.run(
            [sys.executable, "-c", OTHER_USER, str(lock)],
            user=65534,
            env={"TMPDIR": folder, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stdout) == (0, "held\n"), done.stderr


@pytest.mark.parametrize(
    ("workers", "images", "held"), [(0, 2, ["first"]), (1, 2, ["first", "second"]), (1, 0, []), (0, 0, [])]
)
def test_no_more_gpus_are_held_than_are_computed_on(
    tmp_path: Path, mill: Mill, monkeypatch: pytest.MonkeyPatch, workers: int, images: int, held: list[str]
) -> None:
    mill.run("intake")
    mill.run("extract", mill.frames(images))
    step = mill.one("select id from step where tool = 'detect'")
    # What machine this is: it has two GPUs, and the detector can use them.
    monkeypatch.setattr(gpus, "found", lambda: TWO)
    monkeypatch.setattr(engines, "on_cuda", lambda *_: True)
    monkeypatch.setattr(machine, "free_mb", lambda: 8000)
    bench = Bench(mill.base, detect.Params("builtin"), Dataset())
    queue = steps.Queue(mill.db, "detect", "", step, None, False, None)
    # None of the frames has a file.
    said = [entry.result for entry in results(detect.TOOL, bench, queue, Asked(workers=workers), 1.0, lambda: None)]
    assert len(said) == len(queue)
    assert bool(said) == bool(images)
    assert sorted(path.stem.rpartition("-")[2] for path in tmp_path.glob("*.lock")) == held


@pytest.mark.parametrize(
    ("megapixels", "free_mb", "ahead", "hands", "batch"),
    [
        (0.5, 16_000, 40, 4, 16),
        (12.0, 16_000, 40, 4, 16),
        (100.0, 16_000, 6, 4, 6),
        (1000.0, 16_000, 1, 1, 1),
        (1000.0, None, 40, 4, 16),
    ],
)
def test_of_large_pictures_fewer_are_under_way(
    megapixels: float, free_mb: int | None, ahead: int, hands: int, batch: int
) -> None:
    staff = on_gpus(TWO, 8, 16, round(megapixels * 1e6), free_mb)
    assert (staff.ahead, staff.hands, staff.batch) == (ahead, hands, batch)


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
