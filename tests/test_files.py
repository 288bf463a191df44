"""Files: whole or not at all, and an error that names the path."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.mill import files

ROOT = Path(__file__).resolve().parent.parent


def test_what_is_stored_is_there_and_described(workspace: Path) -> None:
    stored = files.store(workspace, "01_extracted_frames/abc/frame.webp", b"pixels")
    assert stored == files.Stored("01_extracted_frames/abc/frame.webp", hashlib.sha256(b"pixels").hexdigest(), 6)
    assert (workspace / stored.path).read_bytes() == b"pixels"
    assert [path.name for path in (workspace / stored.path).parent.iterdir()] == ["frame.webp"]


def test_another_content_replaces_it_whole(workspace: Path) -> None:
    """Who opened the old file goes on reading the old file."""
    files.store(workspace, "a/b", b"old" * 1000)
    with open(workspace / "a/b", "rb") as reader:
        files.store(workspace, "a/b", b"new")
        assert reader.read() == b"old" * 1000
    assert (workspace / "a/b").read_bytes() == b"new"


def test_a_full_disk_leaves_the_old_file_and_no_part(workspace: Path) -> None:
    """A limit on the size of files stands for the disk: Python ignores its signal and gets EFBIG."""
    files.store(workspace, "a/b", b"old")
    script = f"""
import resource
from pathlib import Path
from tools.mill import files
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    files.store(Path({str(workspace)!r}), "a/b", bytes(100_000))
except OSError as error:
    print(error.errno in files.NO_ROOM, files.told(error))
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"True File too large: {workspace / 'a/b'}\n"
    assert [path.name for path in (workspace / "a").iterdir()] == ["b"]
    assert (workspace / "a/b").read_bytes() == b"old"


def test_an_error_names_the_file_not_its_part(workspace: Path) -> None:
    (workspace / "a").write_text("a file where a folder is wanted")
    with pytest.raises(OSError, match=r"Not a directory|File exists") as caught:
        files.store(workspace, "a/b", b"data")
    assert caught.value.errno in (errno.ENOTDIR, errno.EEXIST)
    (workspace / "taken").mkdir()
    with pytest.raises(IsADirectoryError) as directory:
        files.store(workspace, "taken", b"data")
    assert directory.value.filename == str(workspace / "taken")
    assert not list(workspace.glob(f"{files.TEMPORARY}*"))


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/a/b"), "No space left on device: /a/b"),
        (OSError(errno.ENOENT, "No such file", b"/caf\xe9\n"), r"No such file: /caf\xe9\n"),
        (OSError(errno.EIO, "Input/output error"), "Input/output error"),
        (OSError(errno.EIO, "Input/output error", 3), "Input/output error"),
        (OSError("Nothing but words"), "Nothing but words"),
    ],
)
def test_an_error_as_people_read_it(error: OSError, text: str) -> None:
    assert files.told(error) == text


def test_the_path_of_a_source_is_absolute_and_bytes(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workspace)
    raw = files.source_path(Path(), "00_raw_videos", b"deep/\xff.mp4")
    assert raw == os.fsencode(workspace) + b"/00_raw_videos/deep/\xff.mp4"
