"""Walk: every file of the user's, once, whatever it is called and however folders are linked."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hostile_names import forty

from tools.mill.plan import FOLDERS
from tools.mill.walk import shown, walk


def write(base: Path, folder: str, *names: bytes) -> bytes:
    root = os.fsencode(base / folder)
    for name in names:
        path = os.path.join(root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(name)
    return root


def paths(base: Path) -> list[tuple[str, bytes]]:
    return [(found.kind, found.path) for found in walk(base)]


def test_every_folder_is_a_kind_and_every_depth_counts(workspace: Path) -> None:
    for kind, folder in FOLDERS.items():
        write(workspace, folder, b"top", b"a/b/c/deep", kind.encode())
    expected = [(kind, path) for kind in FOLDERS for path in (b"a/b/c/deep", kind.encode(), b"top")]
    assert sorted(paths(workspace)) == sorted(expected)


def test_it_tells_what_tells_a_change(workspace: Path) -> None:
    root = write(workspace, "00_raw_videos", b"clip.mp4")
    (found,) = walk(workspace)
    stat = os.stat(os.path.join(root, b"clip.mp4"))
    assert (found.size, found.mtime_ns, found.ctime_ns, found.inode) == (
        *(len(b"clip.mp4"), stat.st_mtime_ns),
        *(stat.st_ctime_ns, stat.st_ino),
    )


def test_zero_bytes_count_and_what_systems_leave_does_not(workspace: Path) -> None:
    root = write(
        workspace, "00_raw_photos", b".DS_Store", b"Thumbs.db", b"desktop.ini", b".hidden/photo.jpg", b"._photo.jpg"
    )
    with open(os.path.join(root, b"empty.jpg"), "wb"):
        pass
    os.mkfifo(os.path.join(root, b"pipe.jpg"))
    assert paths(workspace) == [("photo", b"empty.jpg")]


def test_names_that_hurt(workspace: Path) -> None:
    names = forty(b".mp4")
    write(workspace, "00_raw_videos", *names, b"folder\n\xff `$(x)`/inside.mp4")
    assert sorted(path for _, path in paths(workspace)) == sorted((*names, b"folder\n\xff `$(x)`/inside.mp4"))


def test_links_are_followed_and_no_folder_is_walked_twice(workspace: Path, tmp_path: Path) -> None:
    root = Path(os.fsdecode(write(workspace, "00_raw_videos", b"m/clip.mp4")))
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "far.mp4").touch()
    (root / "elsewhere").symlink_to(tmp_path / "disk")
    (root / "file.mp4").symlink_to(tmp_path / "disk" / "far.mp4")
    (root / "a").symlink_to(root / "m")  # its name comes first, but the real folder counts
    (root / "m" / "up").symlink_to(root)
    (root / "loop").symlink_to("loop")
    (root / "ping").symlink_to("pong")
    (root / "pong").symlink_to("ping")
    (root / "nowhere").symlink_to("missing")
    assert sorted(paths(workspace)) == [
        ("video", b"elsewhere/far.mp4"),
        ("video", b"file.mp4"),
        ("video", b"m/clip.mp4"),
    ]


def test_a_folder_that_is_a_link_and_one_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "clip.mp4").touch()
    (tmp_path / "00_raw_videos").symlink_to(tmp_path / "disk")
    (tmp_path / "00_raw_photos").write_text("no folder")
    assert paths(tmp_path) == [("video", b"clip.mp4")]


def test_a_folder_that_cannot_be_listed_is_no_empty_folder(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else what it holds would be taken for vanished. (Root may list everything, so the system is made to refuse.)"""
    write(workspace, "00_raw_videos", b"closed/clip.mp4")
    scandir = os.scandir

    def refuse(path: bytes) -> object:
        if path.endswith(b"closed"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(PermissionError):
        list(walk(workspace))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (b"plain.mp4", "plain.mp4"),
        ("Zoë.mp4".encode(), "Zoë.mp4"),
        (b"caf\xe9.mp4", r"caf\xe9.mp4"),
        (b"new\nline\t.mp4", r"new\nline\t.mp4"),
        (b"\x1b[31m.mp4", r"\x1b[31m.mp4"),
        ("right\u202eleft".encode(), r"right\u202eleft"),
    ],
)
def test_a_name_as_people_read_it(path: bytes, text: str) -> None:
    assert shown(path) == text
