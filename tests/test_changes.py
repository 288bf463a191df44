"""Changes: each cause drops the stamps from its own step on, and nothing else does."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from making import Mill
from stamping import ALL, Check, since, stamp

from tools.mill import settings
from tools.mill.plan import PLAN
from tools.stamps import causes, changes

ROOT = Path(__file__).resolve().parent.parent


def test_nothing_is_done_in_a_new_workspace(mill: Mill, check: Check) -> None:
    assert check() == ALL


def test_what_is_stamped_stays_while_nothing_changes(mill: Mill, check: Check) -> None:
    stamp(mill.base, check)
    stamps = {path: path.stat().st_mtime_ns for path in (mill.base / "stamps").iterdir() if path.name[0] != "."}
    assert check() == []
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps
    (mill.base / "config.toml").write_text("# only words\n[score]\n")
    (mill.base / "notes.txt").touch()
    (mill.base / "00_raw_videos" / ".DS_Store").touch()
    assert check() == []


@pytest.mark.parametrize("name", ALL)
def test_a_stamp_that_is_gone_is_missing_with_all_after_it(mill: Mill, check: Check, name: str) -> None:
    stamp(mill.base, check)
    (mill.base / "stamps" / name).unlink()
    assert check() == since(name)


def test_without_stamps_all_are_missing(mill: Mill, check: Check) -> None:
    stamp(mill.base, check)
    for path in (mill.base / "stamps").iterdir():
        path.unlink()
    assert check() == ALL


# --- sources ---


def add(base: Path) -> None:
    (base / "00_raw_photos" / "deep" / "er").mkdir(parents=True)
    (base / "00_raw_photos" / "deep" / "er" / "new.jpg").write_bytes(b"new")


def rename(base: Path) -> None:
    (base / "00_raw_videos" / "a.mp4").rename(base / "00_raw_videos" / "z.mp4")


def move(base: Path) -> None:
    (base / "00_raw_videos" / "deep").mkdir()
    (base / "00_raw_videos" / "a.mp4").rename(base / "00_raw_videos" / "deep" / "a.mp4")


def replace(base: Path) -> None:
    path = base / "00_raw_videos" / "a.mp4"
    stat = path.stat()
    path.write_bytes(path.read_bytes()[::-1])
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def vanish(base: Path) -> None:
    (base / "00_raw_videos" / "a.mp4").unlink()


def background(base: Path) -> None:
    (base / "00_background_library" / "wall.jpg").write_bytes(b"wall")


def hostile(base: Path) -> None:
    with open(os.fsencode(base / "00_raw_videos") + b"/\xff\n$(x).mp4", "wb") as file:
        file.write(b"hostile")


@pytest.mark.parametrize("change", [add, rename, move, replace, vanish, background, hostile])
def test_any_change_of_the_sources_is_noticed_from_the_first_step_on(
    mill: Mill, check: Check, change: Callable[[Path], None]
) -> None:
    stamp(mill.base, check)
    change(mill.base)
    assert check() == ALL


# --- configuration ---


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("[intake]\nmin_side = 479", "intake"),
        ("[detect]\nmax_people = 3", "detect"),
        ("[score]\nmin_sharpness = 0.41", "score"),
        ("[select]\nmoment_s = 3", "select.default"),
        ("[composite]\nmax_upscale = 1.5", "composite.default"),
        ("[caption]\nforbidden_words = 'x'", "caption.default"),
        ("[package]\nbatch_size = 2", "package.default"),
        ("[dataset.default]\ncount = 41", "select.default"),
    ],
)
def test_a_key_is_noticed_from_its_tool_on(mill: Mill, check: Check, text: str, name: str) -> None:
    stamp(mill.base, check)
    (mill.base / "config.toml").write_text(text)
    assert check() == (since(name) if "dataset" not in text else ALL[ALL.index("select.default") :])
    (mill.base / "config.toml").unlink()
    stamp(mill.base, check)


def test_the_environment_is_noticed_from_its_tool_on(mill: Mill, check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    stamp(mill.base, check)
    monkeypatch.setenv("MILL_SCORE_MIN_SHARPNESS", "0.41")
    assert check() == since("score")
    monkeypatch.delenv("MILL_SCORE_MIN_SHARPNESS")
    for name, value in (("MILL_JOBS", "3"), ("MILL_ACTOR", "Zoë")):
        monkeypatch.setenv(name, value)
    assert check() == since("score"), "stamps that were dropped are not guessed back"
    stamp(mill.base, check)


def test_a_dataset_is_noticed_alone(mill: Mill, check: Check) -> None:
    config = mill.base / "config.toml"
    config.write_text("[dataset.emma]\n[dataset.max]\n")
    mill.settings = settings.load(mill.base, {})
    stamp(mill.base, check)
    config.write_text("[dataset.emma]\ncount = 41\n[dataset.max]\n")
    assert check() == [f"{tool}.emma" for tool in ("select", "composite", "caption", "package")]
    stamp(mill.base, check)
    config.write_text("[dataset.max]\n")
    assert check() == [], "stamps of a dataset that is gone go with it"
    assert not (mill.base / "stamps" / "package.emma").exists()
    config.write_text("[dataset.emma]\ncount = 41\n[dataset.max]\n")
    assert check() == [f"{tool}.emma" for tool in ("select", "composite", "caption", "package")]


def test_another_subject_is_noticed_where_people_are_told_apart(mill: Mill, check: Check) -> None:
    config = mill.base / "config.toml"
    config.write_text('[dataset.emma]\nsubject = "emma"\n[dataset.max]\n')
    mill.settings = settings.load(mill.base, {})
    stamp(mill.base, check)
    config.write_text('[dataset.emma]\nsubject = "ada"\n[dataset.max]\n')
    shared = [step.tool for step in PLAN if not step.per_dataset]
    each = [f"{step.tool}.{name}" for name in ("emma", "max") for step in PLAN if step.per_dataset]
    assert sorted(check()) == sorted(shared[shared.index("match") :] + each)


# --- the project ---


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("prompts/sdxl.md", "caption.default"),
        ("prompts/second_look.schema.json", "caption.default"),
        ("sql/inputs/caption.sql", "intake"),
        ("tools/caption.py", "intake"),
    ],
)
def test_a_prompt_is_noticed_where_it_is_asked_and_code_everywhere(
    mill: Mill, check: Check, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, path: str, name: str
) -> None:
    copy = tmp_path / "project"
    (copy / path).parent.mkdir(parents=True)
    (copy / path).write_bytes((ROOT / path).read_bytes())
    monkeypatch.setattr(causes, "ROOT", copy)
    stamp(mill.base, check)
    (copy / path).write_text("Something else.")
    assert check() == since(name)
    stamp(mill.base, check)
    (copy / path).unlink()
    assert check() == since(name)


# --- what changes meanwhile, and what goes wrong ---


def test_what_changes_while_a_step_runs_is_noticed_next_time(mill: Mill, check: Check) -> None:
    assert check() == ALL
    add(mill.base)
    for name in ALL:
        changes.main(["stamp", str(mill.base), name])
    assert check() == ALL


def test_whether_there_are_sources(workspace: Path) -> None:
    assert changes.main(["sources", str(workspace)]) == 4
    assert changes.main(["sources", str(workspace / "nowhere")]) == 4
    (workspace / "00_raw_photos" / ".hidden").touch()
    assert changes.main(["sources", str(workspace)]) == 4
    (workspace / "00_raw_photos" / "a.jpg").touch()
    assert changes.main(["sources", str(workspace)]) == 0


def test_errors_are_sentences(mill: Mill, check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    (mill.base / "config.toml").write_text("[scor]\n")
    assert changes.main(["check", str(mill.base)]) == 2
    assert capsys.readouterr().err.startswith(f"Error: {mill.base}/config.toml: [scor] is not a section.")
    (mill.base / "config.toml").unlink()
    assert changes.main(["stamp", str(mill.base), "intake"]) == 2
    assert capsys.readouterr().err == (
        "Error: MILL_EXPECTED is not set. Stamps are made by make alone: type `make all`.\n"
    )
    mill.db.close()
    for path in mill.base.glob("manifest.db*"):
        path.unlink()
    (mill.base / "manifest.db").write_bytes(b"this is no database" * 100)
    assert changes.main(["check", str(mill.base)]) == 1
    assert capsys.readouterr().err == (
        "Stopped: the manifest could not be used (file is not a database). Mend it and type make again.\n"
    )
    assert changes.main(["nonsense"]) == 2
    assert "check BASE" in capsys.readouterr().err


def test_it_needs_the_standard_library_alone_and_changes_nothing_in_the_manifest(mill: Mill, check: Check) -> None:
    def dump() -> list[str]:
        with sqlite3.connect(mill.base / "manifest.db") as db:
            return list(db.iterdump())

    before = dump()
    done = subprocess.run(
        [
            sys.executable,
            "-S",
            "-I",
            "-c",
            f"import sys; sys.path.insert(0, {str(ROOT)!r}); "
            "from tools.stamps.changes import main; sys.exit(main(sys.argv[1:]))",
            "check",
            mill.base,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.splitlines()[0], done.stderr) == (0, "default", "")
    assert dump() == before
