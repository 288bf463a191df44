"""Forty names that hurt, as photos, videos, folders and broken files: taken or refused, asked about and decided on.

Whatever the names say, nothing is run, nothing is written outside, and every source stays as it was.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import struct
import subprocess
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from footage import Style, pictures, write
from hostile_names import forty
from killing import CHEAP, copy, deed, run
from PIL import Image
from sound import faults
from workspaces import ROOT, ask, environment, funnel_holds

from tools.mill.walk import shown

PHOTOS, VIDEOS, BACKGROUNDS = forty(b".png"), forty(b".mp4"), forty(b".jpg")
WORST = (
    b"new\nline",
    b"single'quote",
    b'double"quote',
    b"`touch",
    b"$(touch",
    b"$@ $<",
    b"\xff\xfe",
    b" leading",
    b"@l",
)


def put(base: Path, folder: str, name: bytes, data: bytes) -> None:
    path = os.path.join(os.fsencode(base), folder.encode(), name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def photo(number: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), (number, 255 - number, 90)).save(buffer, "PNG")
    return buffer.getvalue()


def sources(base: Path) -> dict[bytes, tuple[str, int, int]]:
    """Every user file by its raw path: digest, size, time."""
    found = {}
    for folder, _, names in os.walk(os.fsencode(base)):
        for name in names:
            path = os.path.join(folder, name)
            if b"/00_" in path and not os.path.islink(path):
                with open(path, "rb") as file:
                    digest = hashlib.sha256(file.read()).hexdigest()
                found[os.path.relpath(path, os.fsencode(base))] = (
                    digest,
                    os.stat(path).st_size,
                    os.stat(path).st_mtime_ns,
                )
    return found


def make(*words: str | bytes, base: Path) -> subprocess.CompletedProcess[bytes]:
    """Run make as a person would, with words that need be no text."""
    line = [b"make", *map(os.fsencode, words), b"BASE=" + os.fsencode(base)]
    return subprocess.run(line, cwd=ROOT, env=environment(), capture_output=True, timeout=120, check=False)


def is_plain(output: bytes) -> bool:
    """Whether a terminal would show this as it stands: text without anything that moves the cursor or the reader."""
    text = output.decode("utf-8")
    return not any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") and char != "\n" for char in text)


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A workspace after intake and extract: the names as photos, videos and folders, and as files that are broken."""
    outside = tmp_path_factory.mktemp("hostile")
    base = outside / "base"
    film = write(outside / "film.mp4", pictures(4, 64, 64), Style(fps=10)).read_bytes()
    for number, names in enumerate(zip(PHOTOS, VIDEOS, BACKGROUNDS, strict=True)):
        put(base, "00_raw_photos", names[0], photo(number))
        put(base, "00_raw_photos", b"deep/" + names[0] + b"/" + names[0], photo(100 + number))
        # A box that players skip makes each film another file.
        put(base, "00_raw_videos", names[1], film + struct.pack(">I4sI", 12, b"free", number))
        put(base, "00_background_library", names[2], b"no picture %d" % number)
    (base / "config.toml").write_text(CHEAP.replace("min_side = 64", "min_side = 32"), encoding="utf-8")
    before, around = sources(base), sorted(outside.rglob("*"))
    done = make("stage1", "JOBS=2", base=base)
    assert done.returncode == 0, done.stderr
    yield base
    assert sources(base) == before
    assert [path for path in sorted(outside.rglob("*")) if path not in around and base not in path.parents] == []
    assert not [path for folder in (ROOT, base, Path.home()) for path in folder.glob("*pwned*")]


@pytest.fixture
def base(taken: Path, tmp_path: Path) -> Path:
    """A copy that may be decided on."""
    return copy(taken, tmp_path / "base")


def test_every_source_is_taken_or_refused_with_a_reason(taken: Path) -> None:
    rows = ask(
        taken,
        """select folder || '/', file.path, outcome.status, outcome.reason
        from file join item on item.id = file.item_id join outcome on outcome.item_id = item.id and latest
        join step on step.id = outcome.step_id and tool = 'intake'""",
    )
    told = {str(folder).encode() + bytes(path): (status, reason) for folder, path, status, reason in rows}
    assert told.keys() == sources(taken).keys()
    refused = {path: verdict for path, verdict in told.items() if verdict != ("ok", None)}
    dot = next(name for name in VIDEOS if name.endswith(b"."))
    assert {path for path in refused if not path.startswith(b"00_background")} <= {b"00_raw_videos/" + dot}
    backgrounds = [refused[b"00_background_library/" + name] for name in BACKGROUNDS]
    assert {status for status, _ in backgrounds} == {"rejected"}
    assert {reason for _, reason in backgrounds} <= {"impostor", "unreadable"}
    assert funnel_holds(taken)
    assert faults(taken) == []


def test_every_photo_and_film_gives_its_frame(taken: Path) -> None:
    [(n_photos,)] = ask(taken, "select count(distinct source_path) from frames where source_path like '00_raw_photos%'")
    assert n_photos == 2 * len(PHOTOS)
    [(n_videos,)] = ask(taken, "select count(distinct source_path) from frames where source_path like '00_raw_videos%'")
    assert n_videos >= len(VIDEOS) - 1
    for (path,) in ask(taken, "select path from frames where path is not null"):
        assert str(path).isascii()
        assert (taken / str(path)).is_file()


def test_links_lead_to_what_was_refused(taken: Path) -> None:
    links = [
        os.path.join(folder, name)
        for folder, _, names in os.walk(os.fsencode(taken / "rejected" / "intake"))
        for name in names
    ]
    targets = {os.path.relpath(os.path.realpath(link), os.fsencode(taken)): link for link in links}
    assert {b"00_background_library/" + name for name in BACKGROUNDS} <= targets.keys()
    assert all(os.path.islink(link) and os.path.isfile(link) for link in links)
    assert all(os.path.basename(target) == os.path.basename(link) for target, link in targets.items())


@pytest.mark.parametrize("words", [["status"], ["failures"], ["query", "Q=sources"]], ids=" ".join)
def test_what_is_printed_moves_no_cursor(taken: Path, words: list[str]) -> None:
    told = make(*words, base=taken)
    assert told.returncode == 0, told.stderr
    assert is_plain(told.stdout)


def test_every_path_is_explained(taken: Path) -> None:
    paths = list(sources(taken))
    told = subprocess.run(
        [ROOT / ".venv/bin/python", "-m", "tools.explain", "--base", taken, "--json", "--", *paths],
        cwd=ROOT,
        env=environment(PYTHONPATH=str(ROOT)),
        capture_output=True,
        check=True,
    )
    stories = json.loads(told.stdout)
    assert [story["line"][0]["path"] for story in stories] == [shown(path) for path in paths]


@pytest.mark.parametrize("start", WORST, ids=repr)
def test_make_takes_a_name_to_the_letter(base: Path, start: bytes) -> None:
    name = next(name for name in PHOTOS if name.startswith(start))
    path = b"00_raw_photos/" + name
    [(item_id,)] = ask(base, "select item_id from file where folder = '00_raw_photos' and path = ?", name)
    explained = make("explain", b"ITEM=" + path, base=base)
    assert explained.returncode == 0, explained.stderr
    assert is_plain(explained.stdout)
    assert shown(path).encode() in explained.stdout
    whole = os.path.join(os.fsencode(base), path)
    rejected = make("reject", b"ITEM=" + whole, b"WHY=" + start, base=base)
    assert rejected.returncode == 0, rejected.stderr
    assert ask(base, "select item_id, verdict from decision") == [(item_id, "reject")]
    run(base, deed("intake"))
    link = os.path.join(os.fsencode(base / "rejected" / "intake" / "rejected_by_hand"), name)
    assert os.path.realpath(link) == os.path.realpath(whole)
    undone = make("undo", b"ITEM=" + link, base=base)
    assert undone.returncode == 0, undone.stderr
    assert ask(base, "select item_id, verdict from decision order by id desc limit 1") == [(item_id, "undo")]


def test_names_that_are_shown_alike_are_told_apart(base: Path) -> None:
    """A line break in one name is shown as what stands to the letter in the other."""
    alike = (b"same\nname.png", b"same\\nname.png")
    for number, name in enumerate(alike):
        put(base, "00_raw_photos", name, photo(200 + number))
    run(base, deed("intake"))
    for name in alike:
        rejected = make("reject", b"ITEM=00_raw_photos/" + name, base=base)
        assert rejected.returncode == 0, rejected.stderr
        [(item_id,)] = ask(base, "select item_id from decision order by id desc limit 1")
        assert ask(base, "select path from file where item_id = ?", item_id) == [(name,)]


def test_a_name_that_is_not_there_is_told_and_no_traceback(taken: Path) -> None:
    for name in (b"\xff nobody.png", b"no\nbody.png", b"$(touch pwned).png"):
        told = make("explain", b"ITEM=" + name, base=taken)
        assert told.returncode == 2
        assert told.stderr.startswith(b"Error: ")
        assert b"Traceback" not in told.stderr
