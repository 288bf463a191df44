"""The container's image: what goes into it, who runs in it, and that make finds everything there.

No container engine runs in the tests. They hold the files together, and run what runs without one: the copied files are
enough, and make installs nothing again.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path

import cv2
import numpy as np
import pytest
from dockerfile import DOCKERFILE, ROOT, copied, defaults, environment, instructions, told

from tools.stamps.causes import CODE, OWN

NEVER = (
    ".git/config",
    ".venv/bin/python",
    ".env",
    "data/manifest.db",
    "data_TEST/manifest.db",
    "docker/.env",
    "docker/service-account-key.json",
    "models/yolo26m-pose.pt",
    "service-account-key.json",
    "tests/test_docker.py",
    "tools/__pycache__/score.cpython-311.pyc",
)
"""Secrets, footage, what others installed, and what no run needs."""


def place(word: str, part: str) -> int:
    """Where among the instructions the one with this word and this part stands."""
    (found,) = [i for i, (name, rest) in enumerate(instructions()) if name == word and part in rest]
    return found


def patterns() -> list[str]:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def sent(path: str) -> bool:
    """Whether the builder gets this file: the last pattern that matches it, or a folder above it, decides."""
    above = ["/".join(path.split("/")[:n]) for n in range(1, path.count("/") + 2)]
    verdict = True
    for pattern in patterns():
        bare = pattern.removeprefix("!")
        anywhere = bare.removeprefix("**/")
        hit = any(
            fnmatchcase(folder, bare) or (anywhere != bare and fnmatchcase(folder.split("/")[-1], anywhere))
            for folder in above
        )
        verdict = pattern.startswith("!") if hit else verdict
    return verdict


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as /framemill is in the image: what is sent and copied, and the installed libraries."""
    folder = tmp_path_factory.mktemp("framemill")
    for name in copied():
        for path in [ROOT / name] if (ROOT / name).is_file() else sorted((ROOT / name).rglob("*")):
            inside = path.relative_to(ROOT)
            if path.is_file() and sent(inside.as_posix()):
                (folder / inside).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, folder / inside)
    (folder / ".venv" / "bin").mkdir(parents=True)
    python = folder / ".venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    (folder / ".venv" / ".ready").touch()
    return folder


def make(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    clean = {name: text for name, text in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "MILL_"))}
    return subprocess.run(["make", *words], cwd=folder, env=clean, capture_output=True, text=True, check=False)


def test_the_base_has_a_version() -> None:
    (base,) = told("FROM")
    assert re.fullmatch(r"debian:\d+-slim", base)


def test_what_it_copies_is_there() -> None:
    assert copied()
    assert [name for name in sorted(copied()) if not (ROOT / name).exists()] == []


def test_the_builder_gets_what_is_copied_and_nothing_else() -> None:
    assert patterns()[0] == "*"
    assert {pattern[1:] for pattern in patterns() if pattern.startswith("!")} == copied()


@pytest.mark.parametrize("path", NEVER)
def test_no_secret_no_footage_no_history_reaches_the_builder(path: str) -> None:
    assert not sent(path)


@pytest.mark.parametrize(
    "path", ["Makefile", "tools/score.py", "tools/mill/loop.py", "sql/inputs/score.sql", "prompts/sdxl.md"]
)
def test_the_program_reaches_the_builder(path: str) -> None:
    assert (ROOT / path).is_file()
    assert sent(path)


def test_all_code_that_stamps_watch_is_in_the_image() -> None:
    assert {folder for files in (CODE, *OWN.values()) for folder, _ in files} <= copied()


def test_nobody_is_root() -> None:
    assert told("USER") == ["$MILL_UID:$MILL_GID"]
    assert int(defaults()["MILL_UID"]) > 0
    assert int(defaults()["MILL_GID"]) > 0
    assert [word for word, _ in instructions()][-2:] == ["USER", "CMD"]


@pytest.mark.parametrize(("number", "code", "said"), [("0", 1, "MILL_UID is 0, which is root"), ("1", 0, "")])
def test_a_build_for_root_is_refused(number: str, code: int, said: str) -> None:
    (step,) = [rest for rest in told("RUN") if "useradd" in rest]
    guard = step.split("&&")[0]
    done = subprocess.run(["sh", "-c", guard], env={"MILL_UID": number}, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert done.stdout.startswith(said)


def test_the_locks_are_installed_as_the_makefile_does_it() -> None:
    command = ["make", "-n", "-B", "GPU=1", "LIGHT=", ".venv/.ready"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    (step,) = [rest for rest in told("RUN") if "-m pip" in rest]
    theirs, ours = (re.findall(r"-m pip (.*?)(?= &&|;|\n|$)", text) for text in (shown, step))
    assert [shlex.split(each) for each in ours] == [
        ["$LOCK" if word == "requirements.txt" else word for word in shlex.split(each)] for each in theirs
    ]
    assert [each.split()[1] for each in ours] == ["install", "uninstall", "install"]
    assert all("--require-hashes" in each for each in ours if each.split()[1] == "install")
    assert defaults()["LOCK"] == "requirements.txt"


def test_an_edit_of_the_code_installs_nothing() -> None:
    installed = place("RUN", "-m pip")
    assert place("COPY", "requirements.txt requirements-light.txt") < installed
    assert all(place("COPY", name) > installed for name in copied() if not name.startswith("requirements"))


def test_apt_leaves_no_lists_behind() -> None:
    (step,) = [rest for rest in told("RUN") if "apt-get" in rest]
    assert "--no-install-recommends" in step
    assert step.endswith("&& rm -rf libgl*.deb /var/lib/apt/lists/*")


def test_what_is_written_outside_the_workspace_lies_in_the_volume_of_home() -> None:
    assert environment()["NUMBA_CACHE_DIR"].startswith(environment()["HOME"] + "/")


@pytest.mark.parametrize("light", ["", "LIGHT=1"])
def test_make_finds_everything_installed(image: Path, light: str) -> None:
    assert make(image, "-q", ".venv/.ready", *filter(None, [light])).returncode == 0


def test_make_would_install_if_the_lock_were_newer(image: Path) -> None:
    ready, lock = image / ".venv" / ".ready", image / "requirements.txt"
    newer = ready.stat().st_mtime + 10
    before = lock.stat()
    os.utime(lock, (newer, newer))
    try:
        assert make(image, "-q", ".venv/.ready").returncode == 1
    finally:
        os.utime(lock, (before.st_atime, before.st_mtime))


def test_what_is_copied_is_enough_to_run(image: Path) -> None:
    photos = image / "data" / "00_raw_photos"
    photos.mkdir(parents=True)
    grey = np.random.default_rng(7).integers(0, 255, (480, 640, 3), dtype=np.uint8)
    assert cv2.imwrite(str(photos / "nobody.png"), grey)
    done = make(image, "all", "LIGHT=1")
    assert (done.returncode, "no_person" in done.stdout) == (0, True), done.stderr


def test_hadolint_has_nothing_to_say() -> None:
    linter = shutil.which("hadolint", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    if linter is None:
        pytest.skip("hadolint is not installed")
    done = subprocess.run([linter, DOCKERFILE], capture_output=True, text=True, check=False)
    assert (done.stdout + done.stderr, done.returncode) == ("", 0)
