"""The pool: crashes, hangs and greed stay with their job; a bounded window; no worker outlives its parent."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import jobs
import pytest

from tools.mill.ends import Stop
from tools.mill.pool import WINDOW_PER_WORKER, Answer, run_all
from tools.mill.way import Way

EVERYWHERE = [Way("serial", 1), Way("threads", 2), Way("processes", 2)]


def answers(words: list[str], way: Way) -> dict[str, Answer[str, str]]:
    return {answer.job: answer for answer in run_all(jobs.job, words, "shared", way)}


@pytest.mark.parametrize("way", EVERYWHERE, ids=lambda way: way.where)
def test_every_job_is_answered_and_gets_what_is_shared(way: Way) -> None:
    words = [f"job {number}" for number in range(20)]
    found = answers(words, way)
    assert {word: answer.value for word, answer in found.items()} == {word: f"{word} shared" for word in words}
    assert all(answer.error is None and answer.seconds >= 0 for answer in found.values())


@pytest.mark.parametrize("way", EVERYWHERE, ids=lambda way: way.where)
def test_an_exception_is_the_answer_of_its_job_alone(way: Way) -> None:
    found = answers(["before", "raise", "after"], way)
    assert found["raise"].value is None
    assert found["raise"].error == "ValueError: not a number"
    assert found["before"].value == "before shared"
    assert found["after"].value == "after shared"


def test_an_error_of_the_system_names_the_file_readably() -> None:
    (answer,) = answers(["missing"], Way("serial", 1)).values()
    assert answer.error == "No such file or directory: /nowhere/caf\\xe9"


@pytest.mark.parametrize(
    ("way", "number"),
    [*((way, errno.ENOSPC) for way in EVERYWHERE), (EVERYWHERE[0], errno.EFBIG), (EVERYWHERE[0], errno.EDQUOT)],
    ids=lambda value: getattr(value, "where", value),
)
def test_a_full_disk_stops_everything(way: Way, number: int) -> None:
    with pytest.raises(Stop, match=f"^{os.strerror(number)}: /full/disk$"):
        answers(["first", f"errno:{number}", "last"], way)


def test_any_other_error_of_the_system_stops_nothing() -> None:
    found = answers([f"errno:{errno.EACCES}", "last"], Way("serial", 1))
    assert found[f"errno:{errno.EACCES}"].error == "Permission denied: /full/disk"
    assert found["last"].value == "last shared"


def test_crash_hang_and_greed_are_contained() -> None:
    """One pool, two workers, everything at once: whatever a job does to its process, the others are answered."""
    words = ["a", "segfault", "b", "sleep:60", "exit:7", "allocate:100", "allocate:2000", "c"]
    start = time.monotonic()
    found = answers(words, Way("processes", 2, deadline_s=1.0, memory_mb=700))
    assert time.monotonic() - start < 15
    assert found["segfault"].error == "The worker died (SIGSEGV)."
    assert found["exit:7"].error == "The worker died (exit 7)."
    assert found["sleep:60"].error == "It was not done after 1 s and was stopped (deadline_s)."
    assert found["sleep:60"].seconds == 1.0
    assert found["allocate:2000"].error == "It needs more memory than a worker may take (memory_mb)."
    assert found["allocate:100"].value == str(100 << 20)
    assert [found[word].value for word in "abc"] == ["a shared", "b shared", "c shared"]


def test_of_several_jobs_in_hand_only_the_one_to_blame_fails() -> None:
    """A worker that dies over several jobs takes none of the others with it: each is tried alone."""
    words = ["a", "segfault", "b", "sleep:60", "c", "exit:7", *"defg"]
    way = Way("processes", 2, deadline_s=1.0, ahead=4)
    found = {answer.job: answer for answer in run_all(jobs.job, words, "shared", way)}
    assert {word: found[word].error for word in words if len(word) > 1} == {
        "segfault": "The worker died (SIGSEGV).",
        "sleep:60": "It was not done after 1 s and was stopped (deadline_s).",
        "exit:7": "The worker died (exit 7).",
    }
    assert [found[word].value for word in "abcdefg"] == [f"{word} shared" for word in "abcdefg"]


def test_workers_get_their_surroundings_and_let_others_go_first() -> None:
    surroundings = [{"CUDA_VISIBLE_DEVICES": "first"}, {"CUDA_VISIBLE_DEVICES": "second"}]
    way = Way("processes", 2, ahead=2, surroundings=surroundings, niceness=3)
    words = [f"where:{number}" for number in range(8)]
    found = {answer.value for answer in run_all(jobs.job, words, "", way)}
    assert found == {f"{os.nice(0) + 3} first", f"{os.nice(0) + 3} second"}


def test_a_job_just_within_its_deadline_is_done() -> None:
    found = answers(["sleep:0.1", "sleep:5"], Way("processes", 2, deadline_s=1.0))
    assert found["sleep:0.1"].error is None
    assert found["sleep:5"].error is not None


def test_workers_that_crash_again_and_again_lose_no_job() -> None:
    words = [f"segfault:{number}" if number % 2 else f"job {number}" for number in range(8)]
    found = {answer.job: answer.error for answer in run_all(crash_or_answer, words, "", Way("processes", 1, 20.0))}
    assert found == {word: "The worker died (SIGSEGV)." if word[0] == "s" else None for word in words}


def crash_or_answer(word: str, shared: str) -> str:
    return jobs.job(word.split(":")[0], shared)


@pytest.mark.parametrize("way", [Way("threads", 2), Way("processes", 2)], ids=lambda way: way.where)
def test_only_a_window_of_jobs_is_taken_ahead(way: Way) -> None:
    taken, answered, ahead = 0, 0, 0

    def many() -> Iterator[str]:
        nonlocal taken
        for number in range(100):
            taken += 1
            yield str(number)

    for _ in run_all(jobs.job, many(), "", way):
        ahead = max(ahead, taken - answered)
        answered += 1
    assert answered == 100
    assert ahead <= way.workers * WINDOW_PER_WORKER


def test_idle_is_called_while_a_long_job_runs() -> None:
    """What was finished must not wait for its rows until the longest job is done."""
    calls: list[list[str]] = []
    done: list[str] = []
    way = Way("threads", 2, idle_s=0.05, idle=lambda: calls.append(list(done)))
    done.extend(answer.job for answer in run_all(jobs.job, ["sleep:0.5", "quick"], "", way))
    assert ["quick"] in calls
    assert done == ["quick", "sleep:0.5"]


def test_giving_up_in_the_middle_ends_the_workers() -> None:
    found = run_all(jobs.job, ["pid", *["sleep:60"] * 3], "", Way("processes", 2))
    pid = int(next(iter(found)).value or 0)
    found.close()
    assert is_gone(pid)


@pytest.mark.parametrize(
    ("end", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130), (signal.SIGTERM, 130)]
)
def test_no_worker_outlives_its_parent(tmp_path: Path, end: signal.Signals, code: int) -> None:
    """Killed, interrupted as a terminal does it (the whole group), or asked to end."""
    parent = subprocess.Popen(
        [sys.executable, jobs.__file__, tmp_path],
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        until(lambda: len(list(tmp_path.iterdir())) == 2)
        start = time.monotonic()
        if end is signal.SIGINT:
            os.killpg(parent.pid, end)
        else:
            parent.send_signal(end)
        _, errors = parent.communicate(timeout=10)
        assert time.monotonic() - start < 5
        assert parent.returncode == code
        if code == 130:
            assert errors == "Interrupted. What was finished is recorded; the next run goes on from there.\n"
        for path in tmp_path.iterdir():
            until(partial(is_gone, int(path.name)))
    finally:
        if parent.poll() is None:
            os.killpg(parent.pid, signal.SIGKILL)


def environment() -> dict[str, str]:
    here = Path(__file__).resolve().parent
    return os.environ | {"PYTHONPATH": f"{here.parent}{os.pathsep}{here}"}


def until(holds: Callable[[], Any], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "It did not come to pass."
        time.sleep(0.02)


def is_gone(pid: int) -> bool:
    """Whether no process of this number runs; what nobody has waited for yet counts as gone."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"
