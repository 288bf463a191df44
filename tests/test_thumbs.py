"""thumbs: the oldest thumbnails go beyond a bound, and nothing that is none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from caring import said
from manifest_filled import filled

from tools.care import thumbs
from tools.gc import main
from tools.mill.settings import UsageError


def thumb(base: Path, number: int, size: int = 100) -> str:
    """One of so many bytes; the higher its number, the newer it is."""
    name = f"{thumbs.FOLDER}/256/{number:02x}/{number:032x}"
    path = base / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    os.utime(path, (number, number))
    return name


@pytest.mark.parametrize(("most", "gone"), [(300, 0), (299, 1), (200, 1), (199, 2), (0, 3)])
def test_the_oldest_go_beyond_the_bound(tmp_path: Path, most: int, gone: int) -> None:
    names = [thumb(tmp_path, number) for number in (1, 2, 3)]
    assert sorted(thumbs.surplus(tmp_path, most)) == [(name, 100) for name in names[:gone]]


def test_what_has_another_name_is_none_of_ours(tmp_path: Path) -> None:
    for name in ("holiday.jpg", "256/00/holiday.jpg", f"256/{0:032x}"):
        path = tmp_path / thumbs.FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    assert thumbs.surplus(tmp_path, 0) == []


def test_a_link_into_a_users_folder_is_refused(tmp_path: Path) -> None:
    mine = tmp_path / "00_raw_photos"
    mine.mkdir()
    (tmp_path / "cache").mkdir()
    (tmp_path / thumbs.FOLDER).symlink_to(mine)
    thumb(tmp_path, 1)
    with pytest.raises(UsageError, match="leads into your own folder"):
        thumbs.surplus(tmp_path, 0)


def test_gc_removes_them_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = filled(tmp_path)
    names = [thumb(base, number) for number in (1, 2)]
    monkeypatch.setattr(thumbs, "MOST_BYTES", 100)
    assert "gc: the oldest 1 thumbnail (100 bytes) would be removed" in said(main, base, "--dry-run")[2]
    assert (base / names[0]).exists()
    assert "gc: the oldest 1 thumbnail (100 bytes) removed; what is seen again is made again." in said(main, base)[2]
    assert [(base / name).exists() for name in names] == [False, True]
