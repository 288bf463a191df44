"""slice: a fair sample, the same for a seed, linked so that nothing of the user's is touched; make with TEST=1."""

from __future__ import annotations

import errno
import os
import re
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from caring import said
from footage import Style, pictures, write
from hostile_names import forty
from killing import CHEAP, deed, run
from PIL import Image
from sound import faults
from workspaces import ROOT, ask, environment, make, tool

from tools.media.header import Header
from tools.mill.lock import Held, hold
from tools.mill.settings import UsageError
from tools.mill.walk import Found
from tools.sampling import linking
from tools.sampling.strata import sample, seats, stratum
from tools.sampling.survey import Source
from tools.slice import main, replace


def photo(
    base: Path, name: str, shade: int = 0, size: tuple[int, int] = (48, 48), folder: str = "00_raw_photos"
) -> Path:
    path = base / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (shade % 256, 90, 255 - shade % 256)).save(path, "PNG")
    return path


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """Twelve photos in two folders, a film, a reference and a background."""
    base = tmp_path / "my $data's"
    for number in range(8):
        photo(base, f"holiday/{number}.png", number)
    for number in range(4):
        photo(base, f"studio/{number}.png", 100 + number, (600, 500))
    (base / "00_raw_videos").mkdir()
    write(base / "00_raw_videos" / "film.mp4", pictures(8, 64, 64), Style(fps=10))
    photo(base, "emma/face.png", 7, folder="00_reference_faces")
    photo(base, "wall.png", 9, folder="00_background_library")
    (base / "config.toml").write_text(CHEAP.replace("min_side = 64", "min_side = 32"), encoding="utf-8")
    return base


def in_slice(base: Path) -> dict[str, bytes]:
    """What lies in the slice's raw folders, and what it holds."""
    root = base / "data_TEST"
    return {
        str(path.relative_to(root)): path.read_bytes() for path in sorted(root.glob("00_*/**/*")) if not path.is_dir()
    }


def own(base: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(base)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(base.glob("00_*/**/*"))
        if path.is_file()
    }


def test_a_part_of_each_sort_is_linked_and_all_references_and_backgrounds(base: Path) -> None:
    before = own(base)
    code, lines, told = said(main, base, "--count", "6")
    assert (code, told) == (
        0,
        "slice: 1 video, 5 photos, 1 background and 1 reference, drawn from 13 videos and photos (seed 1).\n",
    )
    found = in_slice(base)
    assert lines == sorted(found)
    assert Counter(name.rpartition("/")[0] for name in found) == {
        "00_raw_videos": 1,
        "00_raw_photos/holiday": 3,
        "00_raw_photos/studio": 2,
        "00_reference_faces/emma": 1,
        "00_background_library": 1,
    }
    assert all(content == before[name][0] for name, content in found.items())
    assert all((base / "data_TEST" / name).is_symlink() for name in found)
    assert own(base) == before


def test_the_same_seed_gives_the_same_and_another_one_another(base: Path) -> None:
    drawn = {}
    for seed in ("1", "2", "3", "1", "1"):
        said(main, base, "--count", "5", "--seed", seed)
        now = sorted(in_slice(base))
        assert drawn.setdefault(seed, now) == now
    assert len({tuple(names) for names in drawn.values()}) > 1
    assert said(main, base / "data_TEST", "--count", "5")[1] == said(main, base, "--count", "5")[1], (
        "either may be named"
    )


def test_links_stay_right_when_the_workspace_is_moved(base: Path, tmp_path: Path) -> None:
    said(main, base)
    before = in_slice(base)
    base.rename(tmp_path / "moved")
    assert in_slice(tmp_path / "moved") == before


def test_links_lead_through_folders_that_are_links(base: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk" / "deep"
    disk.parent.mkdir()
    (base / "00_raw_photos").rename(disk)
    (base / "00_raw_photos").symlink_to(disk)
    said(main, base, "--count", "4")
    first = in_slice(base)
    assert len(first) == 6
    said(main, base, "--count", "4", "--seed", "9")
    assert len(in_slice(base)) == 6


# A new slice.


def test_a_new_slice_replaces_links_and_nothing_else(base: Path) -> None:
    said(main, base, "--count", "13")
    mine = photo(base / "data_TEST", "mine.png", 55)
    linked = base / "data_TEST" / "00_raw_photos" / "holiday" / "0.png"
    linked.unlink()
    linked.write_bytes(b"mine too")
    foreign = base / "data_TEST" / "00_raw_videos" / "elsewhere.mp4"
    foreign.symlink_to("/nowhere/elsewhere.mp4")
    _, _, told = said(main, base, "--count", "1", "--seed", "4")
    assert mine.is_file()
    assert linked.read_bytes() == b"mine too"
    assert foreign.is_symlink()
    links = [path for path in (base / "data_TEST").glob("00_*/**/*") if path.is_symlink() and path != foreign]
    assert len(links) == 3
    assert told.endswith("2 files of your own in " + f"{base}/data_TEST stay beside the slice.\n")


def test_what_lies_in_the_place_is_told_and_stays(base: Path) -> None:
    for number in range(8):
        photo(base / "data_TEST", f"holiday/{number}.png", 200)
    before = in_slice(base)
    _, _, told = said(main, base, "--count", "13")
    assert "\n8 files of that name lay there already and stay.\n" in told
    assert {name: content for name, content in in_slice(base).items() if name in before} == before


def test_after_a_new_slice_no_source_counts_as_lost(base: Path) -> None:
    """Another sample is no vanished disk: intake goes on without being told, and takes back what returns."""
    test = base / "data_TEST"
    for seed in ("1", "2", "3"):
        said(main, base, "--count", "3", "--seed", seed)
        run(test, deed("intake"), deed("extract"))
        shown = {str(path) for (path,) in ask(test, "select folder || '/' || shown from file")}
        assert shown == set(in_slice(base))
        newest = ask(test, "select count(*) from item where newest and parent_id is null")
        assert newest == [(len(shown),)]
        assert faults(test) == []
    first = ask(test, "select max(id) from run")
    said(main, base, "--count", "3", "--seed", "1")
    run(test, deed("intake"), deed("extract"))
    ran = ask(
        test, "select count(*) from run join step on step.id = step_id where tool = 'extract' and run.id > ?", *first[0]
    )
    assert ran == [(0,)], "what was made for the first sample is there still"


def test_where_all_photos_are_others_intake_asks_nothing(base: Path) -> None:
    test = base / "data_TEST"
    for numbers in ("0123", "4567", "0123"):
        replace(base, test, [f"00_raw_photos/holiday/{number}.png".encode() for number in numbers])
        run(test, deed("intake"))
        assert ask(test, "select count(*) from item where newest and kind = 'photo'") == [(4,)]
    assert ask(test, "select action, count(*) from audit group by action order by 1") == [
        ("returned", 4),
        ("vanished", 8),
    ]


def test_killed_between_two_samples_it_goes_on(base: Path) -> None:
    """What was taken out of the slice is never missed by intake, wherever it was killed."""
    test = base / "data_TEST"
    kept, other = "00_raw_photos/holiday/0.png", "00_raw_photos/studio/0.png"
    replace(base, test, [f"00_raw_photos/holiday/{number}.png".encode() for number in range(8)])
    run(test, deed("intake"))
    for name, left in (("s.forget", 8), ("linking.take_out", 8), ("linking.link", 1)):
        code = (
            "import os, sys; from pathlib import Path\n"
            "from tools import slice as s; from tools.sampling import linking\n"
            f"def killed(*a):\n    os.kill(os.getpid(), 9)\n{name} = killed\n"
            f"base = Path(sys.argv[1]); s.replace(base, base / 'data_TEST', [b'{kept}', b'{other}'])"
        )
        done = subprocess.run([str(ROOT / ".venv/bin/python"), "-c", code, base], cwd=ROOT, check=False)
        assert done.returncode == -9
        assert len(in_slice(base)) == left
        run(test, deed("intake"))
        assert ask(test, "select count(*) from item where newest and kind = 'photo'") == [(left,)]
        assert faults(test) == []
    replace(base, test, [kept.encode(), other.encode()])
    run(test, deed("intake"))
    assert sorted(in_slice(base)) == [kept, other]
    assert ask(test, "select count(*) from item where newest and kind = 'photo'") == [(2,)]
    assert faults(test) == []


@pytest.mark.parametrize("way", ["hard links", "copies"])
def test_where_there_are_no_symbolic_links(base: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("tools.sampling.linking.os.symlink", refuse)
    if way == "copies":
        monkeypatch.setattr("tools.sampling.linking.os.link", refuse)
    mine = photo(base / "data_TEST", "mine.png", 55)
    before = own(base)
    said(main, base, "--count", "5")
    first = in_slice(base)
    assert len(first) == 8
    linked = [
        path.stat().st_nlink > 1 for path in (base / "data_TEST").glob("00_*/**/*") if path.is_file() and path != mine
    ]
    assert linked == [way == "hard links"] * 7
    said(main, base, "--count", "5")
    assert in_slice(base) == first
    said(main, base, "--count", "1", "--seed", "3")
    assert len(in_slice(base)) == 4
    assert mine.is_file()
    assert own(base) == before


def test_a_copy_that_somebody_changed_is_the_users(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("tools.sampling.linking.os.symlink", refuse)
    monkeypatch.setattr("tools.sampling.linking.os.link", refuse)
    said(main, base, "--count", "13")
    changed = sorted((base / "data_TEST" / "00_raw_photos" / "holiday").iterdir())
    for path in changed:
        path.write_bytes(b"edited")
    said(main, base, "--count", "1", "--seed", "3")
    assert [path.read_bytes() for path in changed] == [b"edited"] * 8


# The sample.


def source(path: str, seconds: float = 5.0, side: int = 720, kind: str = "video") -> Source:
    return Source(Found(kind, path.encode(), 1, 1, 1, 1), Header(side * 2, side, seconds, 25.0))


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (source("a.mp4", 9.9), source("b.mp4", 1.0), True),
        (source("a.mp4", 9.9), source("b.mp4", 10.0), False),
        (source("a.mp4", 59.9), source("b.mp4", 60.0), False),
        (source("a.mp4", 599.9), source("b.mp4", 600.0), False),
        (source("a.mp4", side=719), source("b.mp4", side=720), False),
        (source("a.mp4", side=720), source("b.mp4", side=1079), True),
        (source("a.mp4", side=1079), source("b.mp4", side=1080), False),
        (source("x/a.mp4"), source("y/a.mp4"), False),
        (source("a", kind="photo"), source("b", kind="video"), False),
        (source("a.mp4"), Source(source("b.mp4").file, None), False),
    ],
)
def test_what_is_alike(one: Source, other: Source, alike: bool) -> None:
    assert (stratum(one) == stratum(other)) == alike


@pytest.mark.parametrize(
    ("sizes", "count", "expected"),
    [
        ([80, 15, 5], 20, [16, 3, 1]),
        ([80, 15, 5], 3, [1, 1, 1]),
        ([80, 15, 5], 2, [1, 1, 0]),
        ([80, 15, 5], 1, [1, 0, 0]),
        ([2, 1, 1], 9, [2, 1, 1]),
        ([1], 1, [1]),
        ([], 5, []),
    ],
)
def test_seats_are_given_one_each_then_by_size(sizes: list[int], count: int, expected: list[int]) -> None:
    assert seats(sizes, count) == expected


def test_every_seat_is_given_and_nobody_gets_more_than_he_has() -> None:
    for count in range(1, 60):
        given = seats([23, 11, 7, 3, 1, 1], count)
        assert sum(given) == min(count, 46)
        assert all(seat <= size for seat, size in zip(given, [23, 11, 7, 3, 1, 1], strict=True))


def test_each_source_is_drawn_about_as_often_as_any_other() -> None:
    clips = [source(f"{number}.mp4") for number in range(20)]
    drawn = Counter(one.file.path for seed in range(400) for one in sample(clips, 5, seed))
    assert len(drawn) == 20
    # 400 draws of 5 of 20: 100 each, with a standard deviation of 8.7.
    assert all(abs(times - 100) < 40 for times in drawn.values())


def test_one_more_file_changes_little() -> None:
    clips = [source(f"{number}.mp4") for number in range(40)]
    before = {one.file.path for one in sample(clips, 10, 1)}
    after = {one.file.path for one in sample([*clips, source("new.mp4")], 10, 1)}
    assert len(before & after) >= 9


# What is the user's own stays.


def to(above: str) -> Callable[[Path], Path]:
    """A slice whose raw folder leads to a folder of the workspace above."""

    def link(base: Path) -> Path:
        (base / "data_TEST").mkdir()
        (base / "data_TEST" / "00_raw_photos").symlink_to(Path("..") / above)
        return base / "data_TEST" / "00_raw_photos"

    return link


def from_above(base: Path) -> Path:
    """The workspace's own raw folder leads into its slice, where the footage lies."""
    (base / "data_TEST").mkdir()
    (base / "00_raw_photos").rename(base / "data_TEST" / "00_raw_photos")
    (base / "00_raw_photos").symlink_to(base / "data_TEST" / "00_raw_photos")
    return base / "data_TEST" / "00_raw_photos"


def whole(base: Path) -> Path:
    (base / "data_TEST").symlink_to(base)
    return base / "data_TEST" / "00_raw_videos"


def elsewhere(base: Path) -> Path:
    """Both lead to the same folder on another disk."""
    (base / "00_raw_photos").rename(base.parent / "disk")
    for workspace in (base, base / "data_TEST"):
        workspace.mkdir(exist_ok=True)
        (workspace / "00_raw_photos").symlink_to(base.parent / "disk")
    return base / "data_TEST" / "00_raw_photos"


@pytest.mark.parametrize(
    "arrange",
    [to("00_raw_photos"), to("00_raw_photos/holiday"), to("00_raw_videos"), to("."), from_above, whole, elsewhere],
    ids=["same", "below", "of another kind", "around", "from above", "whole", "elsewhere"],
)
def test_a_slice_whose_folder_is_the_one_above_is_refused(base: Path, arrange: Callable[[Path], Path]) -> None:
    folder = arrange(base)
    before, entries = own(base), sorted(base.rglob("*"))
    for _ in range(2):
        with pytest.raises(UsageError) as refused:
            said(main, base, "--count", "1")
        assert re.fullmatch(
            rf"{re.escape(str(folder))} leads to your own files in {re.escape(str(base.parent))}/\S.*, which a slice "
            r"would change\. Take that link away and type the command again\.",
            str(refused.value),
        )
    assert (own(base), sorted(base.rglob("*"))) == (before, entries)


@pytest.mark.parametrize("turned", [False, True], ids=["down", "up"])
def test_a_folder_below_that_is_one_above_is_left_alone(base: Path, turned: bool) -> None:
    """A folder of the slice leads to one above, or one above leads into the slice: every file is there once only."""
    above, below = base / "00_raw_photos" / "holiday", base / "data_TEST" / "00_raw_photos" / "holiday"
    below.parent.mkdir(parents=True)
    if turned:
        above.rename(below)
        above.symlink_to(below)
    else:
        below.symlink_to(above)
    before = own(base)
    footage = {path.name: path.read_bytes() for path in above.iterdir()}
    for seed in ("1", "2"):
        said(main, base, "--count", "2", "--seed", seed)
    assert own(base) == before
    assert {path.name: path.read_bytes() for path in above.iterdir()} == footage


def test_a_file_above_that_is_a_link_into_the_slice_is_left_alone(base: Path) -> None:
    """The footage lies in the slice, and the workspace above has a link to it."""
    above, below = base / "00_raw_videos" / "film.mp4", base / "data_TEST" / "00_raw_videos" / "film.mp4"
    below.parent.mkdir(parents=True)
    above.rename(below)
    above.symlink_to(below)
    footage = below.read_bytes()
    for seed in ("1", "2"):
        said(main, base, "--count", "1", "--seed", seed)
        assert below.read_bytes() == footage
        assert list(linking.placed(base, base / "data_TEST")).count(b"00_raw_videos/film.mp4") == 0


def test_no_link_is_put_into_a_folder_above(base: Path) -> None:
    """The slice's folder of one name leads to the user's folder of another."""
    below = base / "data_TEST" / "00_raw_photos" / "holiday"
    below.parent.mkdir(parents=True)
    below.symlink_to(base / "00_raw_photos" / "studio")
    before = own(base)
    with pytest.raises(UsageError, match=r"/data_TEST/00_raw_photos/holiday leads into your own folder .*/studio, "):
        said(main, base, "--count", "13")
    assert own(base) == before


def test_files_that_lie_above_are_never_taken_out(base: Path) -> None:
    (base / "data_TEST").symlink_to(base)
    before = own(base)
    with pytest.raises(UsageError, match=r" leads into your own folder "):
        linking.take_out(base, base / "data_TEST", [b"00_raw_videos/film.mp4"])
    assert list(linking.placed(base, base / "data_TEST")) == []
    assert own(base) == before


def test_the_last_copy_is_no_link(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("tools.sampling.linking.os.symlink", refuse)
    monkeypatch.setattr("tools.sampling.linking.os.link", refuse)
    said(main, base, "--count", "13")
    (base / "00_raw_videos" / "film.mp4").unlink()
    said(main, base, "--count", "1")
    assert (base / "data_TEST" / "00_raw_videos" / "film.mp4").is_file()


# What goes wrong.


def test_no_footage_and_a_broken_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        said(main, tmp_path)
    assert str(refused.value) == (
        f"There is no footage in {tmp_path}/00_raw_videos or {tmp_path}/00_raw_photos. Put some there; then: "
        f"make slice BASE={tmp_path}"
    )
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "00_raw_videos").mkdir()
    (tmp_path / "00_raw_videos" / "broken.mp4").write_bytes(b"no video")
    assert said(main, tmp_path)[1] == ["00_raw_videos/broken.mp4"]


def test_names_that_hurt(tmp_path: Path) -> None:
    folder = tmp_path / "00_raw_photos"
    folder.mkdir()
    for number, name in enumerate(forty(b".png")):
        path = photo(tmp_path, "plain.png", number)
        os.rename(path, os.path.join(os.fsencode(folder), name))
    code, lines, _ = said(main, tmp_path, "--count", "40")
    assert (code, len(lines)) == (0, 40)
    assert all(line.isprintable() for line in lines)
    assert sorted(os.listdir(os.fsencode(tmp_path / "data_TEST" / "00_raw_photos"))) == sorted(forty(b".png"))
    said(main, tmp_path, "--count", "1")
    assert len(os.listdir(tmp_path / "data_TEST" / "00_raw_photos")) == 1


def test_while_intake_reads_the_slice_it_stays_as_it_is(base: Path) -> None:
    said(main, base, "--count", "3")
    before = in_slice(base)
    with hold(base / "data_TEST", "intake"), pytest.raises(Held, match=r"^intake is already running on "):
        said(main, base, "--count", "3", "--seed", "8")
    assert in_slice(base) == before


def test_a_folder_that_cannot_be_written(base: Path) -> None:
    (base / "data_TEST").write_bytes(b"in the way")
    stopped = tool("slice", base=base)
    assert stopped.returncode == 1
    assert stopped.stderr == f"Stopped: File exists: {base}/data_TEST. Mend it; the next run goes on from here.\n"


# make.


def dry(*words: str, base: Path) -> subprocess.CompletedProcess[str]:
    """Make's own stages only look at a slice whose plan is done: here it is the order that is asked about."""
    line = ["make", *words, f"BASE={base}", "JOBS=0"]
    return subprocess.run(line, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False, timeout=300)


def test_make_slice_and_a_stage_in_one(base: Path) -> None:
    done = dry("slice", "stage0", "TEST=1", "COUNT=4", "SEED=2", base=base)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^slice: .*\(seed 2\)\.\nintake: .*, in ", done.stderr, re.MULTILINE), done.stderr
    assert not (base / "manifest.db").exists()
    assert len(in_slice(base)) == 6


def test_with_footage_above_a_test_takes_a_slice_of_it_and_no_demo(base: Path) -> None:
    done = make("stage0", "TEST=1", base=base)
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("slice: ")
    assert not [name for name in in_slice(base) if "portrait" in name]
    again = make("slice", "COUNT=2", base=base)
    assert again.returncode == 0
    assert len(in_slice(base)) == 4


@pytest.mark.parametrize("words", [("COUNT=0",), ("COUNT=x",), ("SEED=$(touch pwned)",)])
def test_what_is_no_number_is_told(base: Path, words: tuple[str, ...]) -> None:
    done = make("slice", *words, base=base)
    assert done.returncode == 2
    assert "Invalid value for" in done.stderr
    assert not list(ROOT.glob("pwned*"))
