"""package: what people and other programs do in its folder meanwhile: edits, pipes, links, a list that was changed."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from packing import FOLDER, TEXTS, bench, listing, make, name_of, row

from tools import package
from tools.mill.settings import UsageError
from tools.training import swap
from tools.training.edits import Touched, read_manifest, touched
from tools.training.names import files_of

# What people do while it is built.


@pytest.mark.parametrize("name", ["text", "dataset.toml"])
@pytest.mark.parametrize("when", ["build", "exchange", "renames"])
def test_what_is_saved_while_the_package_is_made_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str, name: str
) -> None:
    """A person's editor saves in the midst of it: while images are copied, or while the folders change places."""
    rows = [row(tmp_path, 1), row(tmp_path, 2)]
    make(tmp_path, rows)
    folder = tmp_path / FOLDER
    path = folder / (f"{name_of(rows[1])}.txt" if name == "text" else name)
    (folder / f"{name_of(rows[0])}.txt").write_text("ohwx, read back before\n", encoding="utf-8")
    before = listing(folder)
    copy, rename = shutil.copyfile, os.rename

    def copying(source: Path, target: Path) -> None:
        path.write_text("# mine\n", encoding="utf-8")
        copy(source, target)

    def renaming(source: Path, target: Path) -> None:
        path.write_text("# mine\n", encoding="utf-8")
        monkeypatch.setattr(os, "rename", rename)
        rename(source, target)

    if when == "build":
        monkeypatch.setattr(shutil, "copyfile", copying)
    else:
        monkeypatch.setattr(os, "rename", renaming)
    if when == "renames":
        monkeypatch.setattr(swap, "exchange", lambda first, second: False)
    with pytest.raises(UsageError) as refused:
        make(tmp_path, [rows[0] | {"text": "ohwx, read back before"}, rows[1]])
    assert str(refused.value) == (
        f"{path}: edited while the package was made anew. It is kept, and nothing else has changed: type make again."
    )
    assert path.read_text(encoding="utf-8") == "# mine\n"
    assert swap.previous_of(folder).exists() == (when != "build"), "told before anything is moved, where it can be"
    assert {file: sha256 for file, sha256 in listing(folder).items() if folder / file != path} == {
        file: sha256 for file, sha256 in before.items() if folder / file != path
    }
    monkeypatch.undo()
    make(tmp_path, [rows[0] | {"text": "ohwx, read back before"}, rows[1] | {"text": "# mine"}])
    assert path.read_text(encoding="utf-8") == "# mine\n"
    assert not swap.part_of(folder).exists()


@pytest.mark.parametrize("content", ["# caf\xe9\n".encode("latin-1"), b"[general\n"])
def test_an_edited_toml_stays_to_the_byte_whatever_it_holds(tmp_path: Path, content: bytes) -> None:
    make(tmp_path, [row(tmp_path, 1)])
    toml = tmp_path / FOLDER / "dataset.toml"
    toml.write_bytes(content)
    make(tmp_path, [row(tmp_path, 2)])
    assert toml.read_bytes() == content
    told = package.review(bench(tmp_path, package.Params(), name="emma"))[0]
    assert told.startswith(f"package: {toml} cannot be read (")
    assert told.endswith("). Mend it, or delete it to have ours put there.")


def test_a_pipe_among_a_trainers_files_holds_nobody_up(tmp_path: Path) -> None:
    rows = [row(tmp_path, 1), row(tmp_path, 2)]
    make(tmp_path, rows)
    folder = tmp_path / FOLDER
    for name in ("trainer.sock", f"{name_of(rows[0])}.npz"):
        os.mkfifo(folder / name)
    (folder / "notes.md").write_text("mine", encoding="utf-8")
    (folder / f"{name_of(rows[0])}.txt").unlink()
    os.mkfifo(folder / f"{name_of(rows[0])}.txt")
    make(tmp_path, rows)
    assert set(listing(folder)) == {
        *TEXTS,
        "notes.md",
        *(file for one in rows for file in files_of(name_of(one))),
    }
    assert not list(folder.glob("*.sock"))


# A folder that is a link.


def test_a_package_on_another_disk_stays_there(tmp_path: Path) -> None:
    there, folder = tmp_path / "disk/set", tmp_path / FOLDER
    there.mkdir(parents=True)
    folder.parent.mkdir()
    folder.symlink_to(there)
    for number in (1, 2, 3):
        one = row(tmp_path, number)
        make(tmp_path, [one])
        assert folder.is_symlink()
        assert (there / f"{name_of(one)}.png").is_file()
    assert sorted(path.name for path in there.parent.iterdir()) == [".previous-set", "set"]
    assert [path.name for path in folder.parent.iterdir()] == ["emma"]
    shutil.rmtree(there)
    with pytest.raises(UsageError) as refused:
        make(tmp_path, [row(tmp_path, 1)])
    assert str(refused.value) == (
        f"{folder} is a link to {there}, where nothing is. Mount that disk, make that folder, or remove the link."
    )


def test_a_link_in_the_place_of_the_one_before_is_removed_and_nothing_behind_it(tmp_path: Path) -> None:
    make(tmp_path, [row(tmp_path, 1)])
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs/file").touch()
    for target in (tmp_path / "theirs", tmp_path / "nowhere"):
        previous = swap.previous_of(tmp_path / FOLDER)
        if previous.exists():
            shutil.rmtree(previous)
        previous.symlink_to(target)
        make(tmp_path, [row(tmp_path, 2 if target.name == "theirs" else 3)])
        assert previous.is_dir()
        assert not previous.is_symlink()
    assert (tmp_path / "theirs/file").exists()


# A list that somebody edited.


def spoilt(change: dict[str, Any], image: dict[str, Any]) -> Any:
    """Of a package's manifest.json: with other values at the top, and in its first image."""

    def spoil(content: dict[str, Any]) -> dict[str, Any]:
        first = {key: value for key, value in {**content["images"][0], **image}.items() if value is not None}
        return content | {"images": [first, *content["images"][1:]]} | change

    return spoil


@pytest.mark.parametrize(
    "spoil",
    [
        spoilt({}, {"stem": "../../../secret"}),
        spoilt({}, {"stem": "a/b"}),
        spoilt({}, {"stem": ""}),
        spoilt({}, {"stem": 3}),
        *(spoilt({}, {key: None}) for key in ("stem", "sha256", "mask_sha256", "caption_sha256", "cutout", "width_px")),
        spoilt({}, {"caption_sha256": []}),
        spoilt({}, {"height_px": "320"}),
        spoilt({"images": [{}]}, {}),
        spoilt({"images": ["one"]}, {}),
        spoilt({"images": {}}, {}),
        spoilt({"files": [1]}, {}),
        spoilt({"files": {"../../secret.txt": "0" * 64}}, {}),
        spoilt({"files": {"masks/a.png": "0" * 64}}, {}),
        spoilt({"files": {"..": "0" * 64}}, {}),
        spoilt({"files": {"shots.json": 1}}, {}),
        spoilt({"digest": None}, {}),
        lambda content: [content],
    ],
)
def test_a_list_that_could_not_be_ours_is_none(tmp_path: Path, spoil: Any) -> None:
    rows = [row(tmp_path, 1), row(tmp_path, 2)]
    make(tmp_path, rows)
    folder = tmp_path / FOLDER
    assert read_manifest(folder) is not None
    content = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    (folder / "manifest.json").write_text(json.dumps(spoil(content)), encoding="utf-8")
    (tmp_path / "secret.txt").write_text("ohwx, secret", encoding="utf-8")
    assert read_manifest(folder) is None
    assert touched(folder) == Touched({})
    with pytest.raises(UsageError, match=r"holds files, but no manifest\.json that says they are a package"):
        make(tmp_path, rows)


@pytest.mark.parametrize("harm", ["folder", "pipe", "deep", "bytes"])
def test_what_is_no_list_at_all_is_none(tmp_path: Path, harm: str) -> None:
    path = tmp_path / "manifest.json"
    if harm == "folder":
        path.mkdir()
    elif harm == "pipe":
        os.mkfifo(path)
    else:
        path.write_bytes(b"[" * 200_000 if harm == "deep" else b"\xff")
    assert read_manifest(tmp_path) is None
