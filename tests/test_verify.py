"""verify: every planted fault is found and named, what is lost is made again by exactly its steps, nothing else."""

from __future__ import annotations

import importlib
import json
import os
import random
import re
import shutil
import socket
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest
from caring import N_PHOTOS, change, fresh, many, ran_since, runs, said
from hostile_names import forty
from killing import Stations, chain, deed, run
from making import Mill
from sound import WRITTEN, all_of, differences, faults
from stamping import Check, since, stamp
from workspaces import ask, files, tool

from tools.care import checking, repair, verification
from tools.decide import decide
from tools.mill.lock import Held, hold
from tools.mill.manifest import SQL, connect, sql, transaction
from tools.mill.settings import UsageError
from tools.mill.walk import shown
from tools.verify import main

FRAMES = "01_extracted_frames"


@pytest.fixture(scope="module")
def hundreds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three hundred frames and more. Look, but do not touch."""
    return many(tmp_path_factory.mktemp("many") / "base")


@pytest.fixture(scope="module")
def stations(tmp_path_factory: pytest.TempPathFactory) -> Stations:
    return Stations(tmp_path_factory.mktemp("stations"))


@pytest.fixture
def base(hundreds: Path, tmp_path: Path) -> Path:
    return fresh(hundreds, tmp_path / "work")


def frames(base: Path) -> list[str]:
    return [str(path) for (path,) in ask(base, "select path from item where kind = 'frame' order by path")]


def plant(base: Path, seed: int = 7) -> dict[str, set[str]]:
    """A hundred faults of each sort; the paths by sort."""
    chance = random.Random(seed)
    paths = frames(base)
    chance.shuffle(paths)
    missing, changed, swapped = paths[:100], paths[100:200], paths[200:300]
    for path in missing:
        (base / path).unlink()
    for number, path in enumerate(changed):
        data = bytearray((base / path).read_bytes())
        if number % 3 == 0:
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        elif number % 3 == 1:
            del data[chance.randrange(len(data)) :]
        else:
            data += b"more"
        (base / path).write_bytes(data)
    for one, other in zip(swapped[::2], swapped[1::2], strict=True):
        aside = base / "aside"
        (base / one).rename(aside)
        (base / other).rename(base / one)
        aside.rename(base / other)
    strangers = [*forty(b".webp"), *(b"stray %d.webp" % number for number in range(60))]
    for name in strangers:
        with open(os.path.join(os.fsencode(base), FRAMES.encode(), name), "wb") as file:
            file.write(name)
    return {
        "missing": set(missing),
        "changed": set(changed),
        "swapped": set(swapped),
        "orphaned": {shown(FRAMES.encode() + b"/" + name) for name in strangers},
    }


def by_sort(lines: list[str]) -> dict[str, set[str]]:
    """What verify named: the paths by sort."""
    found: dict[str, set[str]] = {}
    for line in lines:
        match = re.match(r"(\w+) +(.+?)(?: \(item \d+\))?(?:: it (?:holds|is|cannot).*)?$", line)
        assert match, line
        found.setdefault(match[1], set()).add(match[2])
    return found


def test_nothing_is_wrong_with_a_workspace_that_nobody_touched(base: Path) -> None:
    code, lines, told = said(main, base)
    assert (code, lines) == (0, [])
    assert re.fullmatch(rf"verify: {2 * N_PHOTOS} files, \d+ kB, in [\d.]+ s: all are what they should be\.\n", told)


def test_links_to_look_at_are_nobodys_files_and_no_orphans(base: Path) -> None:
    for folder in ("people/view/back", "rejected/score/blurry"):
        (base / folder).mkdir(parents=True, exist_ok=True)
        (base / folder / "gone.webp").symlink_to("../../../02_person_crops/gone.webp")
        (base / folder / "of mine.txt").write_text("look at these", encoding="utf-8")
    assert said(main, base, "--repair")[:2] == (0, [])
    assert (base / "people/view/back/of mine.txt").exists()
    assert (base / "people/view/back/gone.webp").is_symlink()


def test_a_hundred_of_a_hundred_of_each_sort_are_found_named_and_mended(base: Path, hundreds: Path) -> None:
    planted = plant(base)
    assert {sort: len(paths) for sort, paths in planted.items()} == dict.fromkeys(planted, 100)
    code, lines, told = said(main, base)
    assert (code, by_sort(lines), len(lines)) == (3, planted, 400)
    assert ": 100 changed, 100 swapped, 100 missing and 100 orphaned." in ordered(told)
    assert told.endswith(f" or changed: make verify BASE={base} REPAIR=1\n")

    mended = said(main, base, "--repair")
    assert (mended[0], by_sort(mended[1])) == (0, planted)
    assert f"400 faults mended: make all BASE={base} makes again what is lost.\n" in mended[2]
    assert len([path for path in (base / "orphans").rglob("*") if path.is_file()]) == 300
    assert said(main, base)[:2] == (0, []), "what waits to be made again is no fault"
    assert ask(base, "select sum(waiting) from funnel where tool = 'extract'") == [(300,)]
    assert ask(base, "select action, count(*) from audit group by action order by 1") == [
        ("moved_away", 300),
        ("requeued", 300),
    ]

    last = runs(base)
    run(base, deed("intake"), deed("extract"))
    assert ran_since(base, last) == [("extract", 300)]
    assert faults(base) == []
    assert differences(base, all_of(hundreds)) == []
    assert files(base, FRAMES) == files(hundreds, FRAMES)
    assert said(main, base)[:2] == (0, [])


def ordered(told: str) -> str:
    """The sorts in one order, whatever came first."""
    match = re.search(r"(100 \w+, 100 \w+, 100 \w+ and 100 \w+)\.", told)
    assert match, told
    words = sorted(re.findall(r"100 (\w+)", match[1]), key=["changed", "swapped", "missing", "orphaned"].index)
    return told.replace(match[1], f"100 {words[0]}, 100 {words[1]}, 100 {words[2]} and 100 {words[3]}")


def lose(path: Path) -> None:
    path.unlink()


def spoil(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1] + b"!")


def garble(path: Path) -> None:
    path.write_text("[broken\n", encoding="utf-8")


def to_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def to_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


IMAGE = "select path from item where newest and kind = '{}' and path <> '' order by id limit 1"
PACKED = "select path from package_item order by path limit 1"
MASK = "select mask_path from composite order by item_id limit 1"


@pytest.mark.parametrize(
    ("question", "harm", "steps"),
    [
        (IMAGE.format("frame"), lose, ["extract"]),
        (IMAGE.format("person"), spoil, ["detect"]),
        (IMAGE.format("cutout"), to_folder, ["mask"]),
        (IMAGE.format("composite"), to_pipe, ["composite"]),
        (MASK, lose, ["composite"]),
        (PACKED, spoil, ["package"]),
    ],
    ids=["frame", "person", "cutout", "composite", "mask", "package"],
)
def test_exactly_the_step_that_made_it_runs_again(
    question: str, harm: Callable[[Path], None], steps: list[str], stations: Stations, tmp_path: Path
) -> None:
    before = stations.after("package")
    base = fresh(before, tmp_path / "base")
    [(path,)] = ask(base, question)
    harm(base / str(path))
    code, lines, _ = said(main, base, "--repair")
    sort = "missing" if harm is lose else "changed"
    assert (code, [line.split()[:2] for line in lines]) == (0, [[sort, str(path)]])
    assert said(main, base)[:2] == (0, [])
    stamps = [f"lost.{name}.default" if name in ("composite", "package") else f"lost.{name}" for name in steps]
    assert ask(base, "select key from meta where key like 'lost.%'") == [(name,) for name in stamps]
    last = runs(base)
    run(base, *chain())
    ran = ran_since(base, last)
    assert [name for name, _ in ran] == steps
    assert all(name == "package" or n == 1 for name, n in ran)
    shutil.rmtree(base / "orphans", ignore_errors=True)
    assert faults(base) == []
    assert differences(base, all_of(before)) == []


@pytest.mark.parametrize(
    ("name", "harm", "line"),
    [
        ("", shutil.rmtree, "missing    07_final_training/default: the whole package"),
        ("manifest.json", lose, "missing    07_final_training/default/manifest.json"),
        ("manifest.json", spoil, "changed    07_final_training/default/manifest.json: it is no list of images"),
        ("dataset.toml", lose, "missing    07_final_training/default/dataset.toml"),
        ("dataset.toml", garble, "changed    07_final_training/default/dataset.toml: it is no TOML any more"),
        ("metadata.jsonl", spoil, "changed    07_final_training/default/metadata.jsonl"),
        ("metadata.jsonl", lose, "missing    07_final_training/default/metadata.jsonl"),
    ],
)
def test_a_package_is_made_whole_again(
    name: str, harm: Callable[[Path], None], line: str, stations: Stations, tmp_path: Path
) -> None:
    before = stations.after("package")
    base = fresh(before, tmp_path / "base")
    harm(base / "07_final_training" / "default" / name)
    assert said(main, base, "--repair")[:2] == (0, [line])
    sort, path = line.split()[0], re.sub(r":.*", "", line.split()[1])
    assert ask(base, "select actor, path, why from audit where action = 'requeued'") == [
        ("verify", path, f"It was {sort}; the package is made again.")
    ]
    last = runs(base)
    run(base, *chain())
    assert [tool for tool, _ in ran_since(base, last)] == ["package"]
    assert files(base, "07_final_training/default") == files(before, "07_final_training/default")
    assert said(main, base)[:2] == (0, [])


def test_a_kept_frame_of_a_rejected_video_is_out_until_it_can_be_made_again(stations: Stations, tmp_path: Path) -> None:
    """Nothing makes it again while its video is out, and without a file it must not wait for what comes after."""
    base = fresh(stations.after("package"), tmp_path / "base")
    [(video,)] = ask(base, "select id from item where kind = 'video' and newest limit 1")
    [(frame, path)] = ask(
        base, "select id, path from item where kind = 'frame' and parent_id = ? and newest limit 1", video
    )
    decide(base, "reject", [str(video)], "", "")
    decide(base, "keep", [str(frame)], "", "")
    run(base, *chain())
    (base / str(path)).unlink()
    assert said(main, base, "--repair")[0] == 0
    run(base, *chain(), deed("detect", "--pad", "0.2"))
    assert ask(base, "select sum(failed) from funnel") == [(0,)]
    assert ask(base, "select count(*) from outcome where item_id = ? and latest and live", frame) == [(0,)]
    decide(base, "undo", [str(video)], "", "")
    run(base, *chain())
    assert (base / str(path)).is_file()
    assert faults(base) == []
    assert ask(base, "select count(*) from outcome where item_id = ? and latest and live", frame) != [(0,)]


def test_all_that_was_ever_made_is_made_again(stations: Stations, tmp_path: Path) -> None:
    """A disk was lost but for the sources and the manifest."""
    before = stations.after("package")
    base = fresh(before, tmp_path / "base")
    lost = files(base, *WRITTEN[:-1])
    for folder in WRITTEN:
        shutil.rmtree(base / folder)
    code, lines, _ = said(main, base, "--repair")
    assert (code, by_sort(lines)["missing"]) == (0, {*lost, "07_final_training/default: the whole package"})
    assert said(main, base)[:2] == (0, [])
    run(base, *chain())
    assert faults(base) == []
    assert differences(base, all_of(before)) == []
    assert files(base, *WRITTEN) == files(before, *WRITTEN)


def test_files_of_others_in_a_package_are_named_and_no_fault(stations: Stations, tmp_path: Path) -> None:
    base = fresh(stations.after("package"), tmp_path / "base")
    package = base / "07_final_training" / "default"
    assert said(main, base)[2].count("\n") == 1, "the summary alone"
    (package / "notes.md").write_text("mine")
    (package / ".DS_Store").write_bytes(b"x")
    (package / "Thumbs.db").write_bytes(b"x")
    line = "07_final_training/default: 1 file there is not of the package, which is no fault: notes.md."
    code, lines, told = said(main, base)
    assert (code, lines, told.splitlines()[0]) == (0, [], line)
    for number in range(6):
        (package / "masks" / f"cache-{number}.npz").write_bytes(b"x")
    first = ", ".join(["notes.md", *(f"masks/cache-{number}.npz" for number in range(4))])
    code, lines, told = said(main, base, "--repair")
    assert (code, lines, told.splitlines()[0]) == (
        *(0, []),
        f"07_final_training/default: 7 files there are not of the package, which is no fault: {first} and 2 more.",
    )
    assert (package / "notes.md").read_text() == "mine"


def test_captions_are_for_people_to_edit_but_must_be_there(stations: Stations, tmp_path: Path) -> None:
    base = fresh(stations.after("package"), tmp_path / "base")
    texts = sorted((base / "07_final_training" / "default").glob("*.txt"))
    texts[0].write_text("my own words\n", encoding="utf-8")
    assert said(main, base)[:2] == (0, [])
    texts[0].write_text("\n", encoding="utf-8")
    texts[1].unlink()
    assert sorted(said(main, base)[1]) == [
        f"changed    07_final_training/default/{texts[0].name}: it is empty: trainers stop at that",
        f"missing    07_final_training/default/{texts[1].name}",
    ]


def test_two_images_of_a_package_that_were_exchanged_are_swapped(stations: Stations, tmp_path: Path) -> None:
    before = stations.after("package")
    base = fresh(before, tmp_path / "base")
    one, other = sorted((base / "07_final_training" / "default").glob("*.png"))[:2]
    first = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(first)
    assert sorted(said(main, base, "--repair")[1]) == [
        f"swapped    07_final_training/default/{one.name}: it holds what belongs to {other.name}",
        f"swapped    07_final_training/default/{other.name}: it holds what belongs to {one.name}",
    ]
    run(base, *chain())
    assert files(base, "07_final_training/default") == files(before, "07_final_training/default")
    assert ask(base, "select count(*) from decision") == [(0,)], "nobody edited anything"


# The user's own files.


def test_the_users_own_files_are_told_and_never_touched(base: Path) -> None:
    folder = base / "00_raw_photos"
    (folder / "photo 000.png").unlink()
    spoil(folder / "photo 001.png")
    (folder / "photo 002.png").rename(folder / "aside")
    (folder / "photo 003.png").rename(folder / "photo 002.png")
    (folder / "aside").rename(folder / "photo 003.png")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    code, lines, told = said(main, base, "--repair")
    assert (code, sorted(lines)) == (
        3,
        [
            "changed    00_raw_photos/photo 001.png",
            "missing    00_raw_photos/photo 000.png",
            "swapped    00_raw_photos/photo 002.png: it holds what belongs to 00_raw_photos/photo 003.png",
            "swapped    00_raw_photos/photo 003.png: it holds what belongs to 00_raw_photos/photo 002.png",
        ],
    )
    assert told.endswith(
        "4 faults in your own files: put them back from your copy. "
        "What you changed on purpose is read anew by the next make.\n"
    )
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert not (base / "orphans").exists()


def test_names_that_hurt_are_named_on_one_line_each(tmp_path: Path) -> None:
    base = tmp_path / "base"
    folder = base / "00_raw_photos"
    folder.mkdir(parents=True)
    for name in forty(b".png"):
        with open(os.path.join(os.fsencode(folder), name), "wb") as file:
            file.write(name)
    run(base, deed("intake"))
    for name in forty(b".png"):
        with open(os.path.join(os.fsencode(folder), name), "wb") as file:
            file.write(b"another")
    _, lines, _ = said(main, base)
    assert set(lines) == {f"changed    {shown(b'00_raw_photos/' + name)}" for name in forty(b".png")}
    assert all(line.isprintable() for line in lines)


def everything(folder: Path) -> dict[str, bytes]:
    """All files below a folder, but for a manifest and what keeps it."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith("manifest.db")
    }


FOREIGN = [
    "07_final_training/default/../../00_raw_photos/photo 000.png",
    "07_final_training/default/../../../secret.txt",
    "07_final_training/default/./secret.txt",
    "07_final_training/default/masks/secret.txt",
    "07_final_training/../00_raw_photos",
    "07_final_training",
    "../secret.txt",
    "00_raw_photos/photo 000.png",
    "manifest.json",
]


@pytest.mark.parametrize("part", ["packages", "strays"])
@pytest.mark.parametrize("path", [*FOREIGN, "{}/secret.txt"])
def test_what_is_not_ours_is_never_moved(base: Path, tmp_path: Path, part: str, path: str) -> None:
    (tmp_path / "secret.txt").write_bytes(b"of somebody else")
    package = base / "07_final_training" / "default"
    package.mkdir(parents=True)
    (package / "masks").symlink_to(tmp_path)
    (package / "manifest.json").write_text('{"images": [], "files": {}}', encoding="utf-8")
    before = everything(tmp_path)
    foreign = path.format(tmp_path)
    [(step,)] = ask(base, "select min(id) from step")
    fault = verification.Fault(part, int(str(step)), foreign.encode(), "changed")
    with closing(connect(base)) as db, pytest.raises(UsageError) as refused:
        repair.repair(db, base, [fault])
    assert str(refused.value) == (
        f"{os.path.join(base, foreign)} lies outside of the folders that tools write to, so it is neither moved nor "
        "removed. Look at the file or the link that leads there, mend it and type the command again."
    )
    assert everything(tmp_path) == before
    assert ask(base, "select count(*) from audit") == [(0,)]


def test_a_package_that_names_files_elsewhere_moves_none(stations: Stations, tmp_path: Path) -> None:
    base = fresh(stations.after("package"), tmp_path / "base")
    secret, own = tmp_path / "secret.txt", base / "00_raw_photos" / "photo 0.png"
    secret.write_bytes(b"of somebody else")
    before = own.read_bytes()
    path = base / "07_final_training" / "default" / "manifest.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    for name in ("../../00_raw_photos/photo 0.png", "../../../secret.txt", str(secret)):
        content["files"][name] = "0" * 64
    path.write_text(json.dumps(content), encoding="utf-8")
    with suppress(UsageError):
        said(main, base, "--repair")
    assert secret.read_bytes() == b"of somebody else"
    assert own.read_bytes() == before


@pytest.mark.parametrize("folder", [FRAMES, "orphans"])
def test_a_slice_whose_folder_leads_to_the_users_above_stops_a_repair(
    hundreds: Path, tmp_path: Path, folder: str
) -> None:
    base, own = fresh(hundreds, tmp_path / "data_TEST"), tmp_path / "00_raw_photos"
    own.mkdir()
    (own / "mine.png").write_bytes(b"my own")
    (base / FRAMES / "stray").write_bytes(b"of nobody")
    if folder == FRAMES:
        shutil.rmtree(base / FRAMES)
    (base / folder).symlink_to(own)
    with pytest.raises(UsageError, match=r" leads into your own folder .*/00_raw_photos"):
        said(main, base, "--repair")
    assert everything(own) == {"mine.png": b"my own"}


@pytest.mark.parametrize("folder", [FRAMES, "orphans"])
def test_a_folder_that_leads_to_the_users_stops_a_repair(base: Path, folder: str) -> None:
    spoil(base / frames(base)[0])
    own = base / "00_raw_photos"
    if folder == FRAMES:
        shutil.rmtree(base / FRAMES)
    (base / folder).symlink_to(own)
    before = everything(own)
    with pytest.raises(UsageError, match=rf"/{folder}.* leads into your own folder .*/00_raw_photos"):
        said(main, base, "--repair")
    assert everything(own) == before
    assert ask(base, "select count(*) from audit") == [(0,)]


# Another disk.


def test_what_lies_on_another_disk_is_moved_too(base: Path, disk: Path) -> None:
    shutil.copytree(base / FRAMES, disk / "frames")
    shutil.rmtree(base / FRAMES)
    (base / FRAMES).symlink_to(disk / "frames")
    spoilt, folder, pipe = (base / path for path in frames(base)[:3])
    spoil(spoilt)
    spoilt.chmod(0o640)
    os.utime(spoilt, ns=(10**18, 10**18))
    to_folder(folder)
    (folder / "inside").mkdir()
    (folder / "inside" / "file").write_bytes(b"deep")
    to_pipe(pipe)
    (base / FRAMES / "link").symlink_to("/nowhere")
    content = spoilt.read_bytes()
    code, lines, _ = said(main, base, "--repair")
    assert (code, len(lines)) == (0, 5)
    away = base / "orphans"
    moved = away / spoilt.relative_to(base)
    assert moved.read_bytes() == content
    assert (moved.stat().st_mtime_ns, moved.stat().st_mode & 0o777) == (10**18, 0o640)
    assert (away / folder.relative_to(base) / "inside" / "file").read_bytes() == b"deep"
    assert (away / pipe.relative_to(base)).is_fifo()
    assert os.readlink(away / FRAMES / "link") == "/nowhere"
    assert not any(os.path.lexists(path) for path in (spoilt, folder, pipe, base / FRAMES / "link"))
    assert not list(away.rglob(".part-*"))
    assert ask(base, "select action, count(*) from audit group by action order by 1") == [
        ("moved_away", 4),
        ("requeued", 3),
    ], "the file inside of the folder went with it"
    assert said(main, base)[:2] == (0, [])


def test_a_full_disk_takes_no_half_file_and_no_row_says_so(base: Path, disk: Path) -> None:
    (base / "orphans").symlink_to(disk)
    stray = base / FRAMES / "stray"
    with open(stray, "wb") as file:
        os.posix_fallocate(file.fileno(), 0, 30 << 20)
    with pytest.raises(OSError, match="No space left on device"):
        said(main, base, "--repair")
    assert stray.stat().st_size == 30 << 20
    assert not [path for path in disk.rglob("*") if path.is_file()]
    assert ask(base, "select count(*) from audit") == [(0,)]


def test_no_row_tells_of_a_move_that_failed(base: Path) -> None:
    (base / "orphans").write_bytes(b"in the way")
    spoilt = base / frames(base)[0]
    spoil(spoilt)
    with pytest.raises(OSError, match=r"File exists|Not a directory"):
        said(main, base, "--repair")
    assert spoilt.is_file()
    assert ask(base, "select count(*) from audit") == [(0,)]


# Broken off, and others beside it.


def broken_off(base: Path, monkeypatch: pytest.MonkeyPatch, pages: int) -> list[str]:
    """Verify with small pages, and Ctrl-C after so many; the paths that were looked at."""
    seen: list[str] = []
    real_save, real_look, count = verification.save, checking.look, 0

    def save(db: sqlite3.Connection, mark: verification.Mark, found: list[verification.Fault]) -> None:
        nonlocal count
        real_save(db, mark, found)
        count += 1
        if count == pages:
            raise KeyboardInterrupt

    def look(claim: verification.Claim, shared: object) -> object:
        seen.append(os.fsdecode(claim.path))
        return real_look(claim, shared)  # type: ignore[arg-type]

    monkeypatch.setattr(verification, "PAGE_FILES", 20)
    monkeypatch.setattr(verification, "save", save)
    monkeypatch.setattr(checking, "look", look)
    with pytest.raises(click.Abort):
        said(main, base)
    return seen


def test_broken_off_it_goes_on_where_it_was(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = plant(base)
    seen = broken_off(base, monkeypatch, pages=5)
    assert len(seen) == 100
    again: list[str] = []
    real = importlib.import_module("tools.care.hashing").look

    def look(claim: verification.Claim, shared: object) -> object:
        again.append(os.fsdecode(claim.path))
        return real(claim, shared)  # type: ignore[arg-type]

    monkeypatch.undo()
    monkeypatch.setattr(checking, "look", look)
    code, lines, told = said(main, base)
    assert (code, by_sort(lines)) == (3, planted)
    assert re.match(r"verify: went on from 20[\d: -]+ UTC, when 100 files had been looked at\.\n", told)
    # What was found before is looked at once more, what was right is not.
    wrong = {path for sort in ("missing", "changed", "swapped") for path in planted[sort]}
    assert not set(again) & (set(seen) - wrong)
    assert set(again) | set(seen) >= {*frames(base)}
    said(main, base)
    assert len(again) > 2 * N_PHOTOS, "the next one begins anew"


def test_what_is_mended_before_it_goes_on_is_no_fault(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = base / str(ask(base, "select path from item where kind = 'frame' order by id limit 1")[0][0])
    whole = path.read_bytes()
    spoil(path)
    broken_off(base, monkeypatch, pages=5)
    monkeypatch.undo()
    assert ask(base, "select sort from fault") == [("changed",)]
    path.write_bytes(whole)
    assert said(main, base)[:2] == (0, [])


@pytest.mark.parametrize(("hours", "goes_on"), [(verification.RESUME_H - 0.1, True), (verification.RESUME_H, False)])
def test_one_that_was_broken_off_long_ago_begins_anew(
    base: Path, monkeypatch: pytest.MonkeyPatch, hours: float, goes_on: bool
) -> None:
    broken_off(base, monkeypatch, pages=2)
    monkeypatch.undo()
    then = (datetime.now(UTC) - timedelta(hours=hours)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    change(base, "update verification set moved_at = ?", then)
    assert ("went on from" in said(main, base)[2]) == goes_on


def test_a_killed_one_leaves_a_sound_manifest(base: Path) -> None:
    code = (
        "import os, sys; from tools.care import verification as v; real = v.save; v.PAGE_FILES = 50\n"
        "def save(*a):\n    real(*a); os.kill(os.getpid(), 9)\n"
        "v.save = save; from tools.verify import main; main(['--base', sys.argv[1]])"
    )
    killed = subprocess.run(["python", "-c", code, base], executable=str(_python()), check=False, cwd=SQL.parent)
    assert killed.returncode == -9
    assert ask(base, "select files, finished_at from verification") == [(50, None)]
    assert said(main, base)[:2] == (0, [])
    assert faults(base) == []


def _python() -> Path:
    return SQL.parent / ".venv" / "bin" / "python"


def test_while_a_tool_is_at_work_nobody_calls_its_files_orphans(base: Path) -> None:
    (base / FRAMES / "just written.webp").write_bytes(b"new")
    change(base, "update run set status = 'running', pid = ?, host = ?", os.getpid(), socket.gethostname())
    code, lines, told = said(main, base)
    assert (code, lines) == (0, [])
    assert f"{FRAMES}: its tool is at work, so nobody can say what is an orphan there.\n" in told
    # Of one that was killed they are.
    change(base, "update run set pid = ?", _dead_pid())
    assert said(main, base)[:2] == (3, [f"orphaned   {FRAMES}/just written.webp"])


def _dead_pid() -> int:
    ended = subprocess.Popen(["true"])
    ended.wait()
    return ended.pid


def test_a_repair_waits_for_a_tool_at_work(base: Path) -> None:
    path = base / frames(base)[0]
    spoil(path)
    before = path.read_bytes()
    with hold(base, "extract"), pytest.raises(Held, match=r"^extract is already running on "):
        said(main, base, "--repair")
    assert path.read_bytes() == before
    assert ask(base, "select count(*) from audit") == [(0,)]
    with hold(base, "extract"):
        assert said(main, base)[0] == 3, "only to look needs no tool to stop"
    with hold(base, "verify"), pytest.raises(Held, match=r"^verify is already running on "):
        said(main, base)


def test_a_workspace_without_a_manifest_and_the_exit_codes(base: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"manifest\.db does not exist\. Mend BASE, or put footage into "):
        said(main, tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()
    assert tool("verify", base=base).returncode == 0
    (base / frames(base)[0]).unlink()
    named = tool("verify", base=base)
    assert (named.returncode, named.stdout.split()[0]) == (3, "missing")
    with hold(base, "verify"):
        assert tool("verify", base=base).returncode == 75


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    line = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)]
    mounted = subprocess.run(line, capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"only root can mount a disk: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_read_only_and_a_full_disk_are_told(hundreds: Path, disk: Path) -> None:
    base = fresh(hundreds, disk / "base")
    (base / frames(base)[0]).unlink()
    filler = disk / "filler"
    with open(filler, "wb") as file:
        stat = os.statvfs(disk)
        os.posix_fallocate(file.fileno(), 0, stat.f_bavail * stat.f_frsize)
    full = tool("verify", "--repair", base=base)
    assert (full.returncode, full.stdout) == (1, "")
    assert re.match(r"Stopped: .*(No space left on device|database or disk is full|disk I/O error)", full.stderr)
    filler.unlink()
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    stopped = tool("verify", base=base)
    assert stopped.returncode == 1
    assert stopped.stderr.startswith("Stopped: ")
    assert stopped.stderr.count("\n") == 1
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    assert tool("verify", "--repair", base=base).returncode == 0


# Stamps, and the statements.


@pytest.mark.parametrize("name", ["extract", "mask", "composite.default", "package.default"])
def test_stamps_notice_what_waits_again(mill: Mill, check: Check, name: str) -> None:
    stamp(mill.base, check)
    with transaction(mill.db):
        repair.tell_stamps(mill.db, *(name.split(".") if "." in name else (name, "")))
    assert check() == since(name)


CARE = [f"{room}/{path.stem}" for room in ("care", "estimate") for path in sorted((SQL / room).glob("*.sql"))]


@pytest.mark.parametrize("name", CARE)
def test_every_statement_runs_on_an_empty_and_on_a_full_manifest(
    name: str, db: sqlite3.Connection, stations: Stations, tmp_path: Path
) -> None:
    values = {"after": 0, "limit": 9, "verification": 1, "ids": "[1, 2]"}
    with closing(connect(fresh(stations.after("package"), tmp_path / "base"))) as full:
        for one in (db, full):
            one.execute("create temp table reachable (id integer primary key)")
            one.execute(sql(name), values).fetchall()
