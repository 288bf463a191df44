"""init: what is asked and what is written, by options and at a terminal; no file is written over."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
from workspaces import ROOT, environment, make, tool

from tools.begin.common import COMMON, warning
from tools.begin.writing import add_dataset, section
from tools.mill import settings
from tools.mill.settings import UsageError

GIVEN = ("--name", "emma", "--trigger", "emx7", "--class", "woman", "--target", "flux")
VALUES = {"subject": "", "trigger": "emx7", "class_word": "woman", "target": "flux", "count": 40}

WRITTEN = """\
# What differs here from Framemill's own config.toml, where every key stands with its unit and its reason.
# A limit is moved like this, and decides again without opening a file:
#
# [score]
# min_sharpness = 0.35    # old footage

[dataset.emma]
subject = ""            # the name of a folder in 00_reference_faces; empty takes everybody
trigger = "emx7"        # the word that calls what is trained, first in each caption
class_word = "woman"    # what it is in general
target = "flux"         # the model it is for: image sizes and caption lengths follow from it
count = 40              # images; people train on 20 to 60
"""


def init(base: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Without a terminal."""
    return tool("init", *words, base=base)


def config(base: Path) -> str:
    return (base / "config.toml").read_text(encoding="utf-8")


def test_by_options_alone(tmp_path: Path) -> None:
    base = tmp_path / "my $data's"
    done = init(base, *GIVEN)
    assert (done.returncode, done.stdout) == (0, "")
    quoted = f"'{tmp_path}/my $data'\"'\"'s'"
    assert done.stderr == (
        f"{base}/config.toml: written, [dataset.emma].\n"
        f"Next: put videos into {base}/00_raw_videos, photos into 00_raw_photos, a few pictures of whom you want into "
        f"00_reference_faces/NAME; then: make estimate BASE={quoted}\n"
    )
    assert config(base) == WRITTEN
    assert sorted(path.name for path in base.iterdir()) == [
        *("00_background_library", "00_raw_photos", "00_raw_videos", "00_reference_faces", "config.toml")
    ]
    loaded = settings.load(base, {})
    assert {key: loaded.datasets["emma"][key] for key in VALUES} == VALUES


def test_a_subject_gets_a_folder_for_its_pictures(tmp_path: Path) -> None:
    done = init(tmp_path, *GIVEN, "--subject", "Emma W", "--count", "25")
    assert "into 00_reference_faces/Emma W; then" in done.stderr
    assert (tmp_path / "00_reference_faces" / "Emma W").is_dir()
    written = tomllib.loads(config(tmp_path))["dataset"]["emma"]
    assert (written["subject"], written["count"]) == ("Emma W", 25)


def test_a_further_dataset_goes_behind_what_stands_there(tmp_path: Path) -> None:
    before = "# mine\n[score]\nmin_sharpness = 0.35 # old footage\n\n[dataset.tom]\ncount = 3"
    (tmp_path / "config.toml").write_text(before, encoding="utf-8")
    done = init(tmp_path, *GIVEN)
    assert done.stderr.startswith(f"{tmp_path}/config.toml: one section more, [dataset.emma].\n")
    assert config(tmp_path) == before + "\n\n" + WRITTEN[WRITTEN.index("[dataset") :]
    assert sorted(settings.load(tmp_path, {}).datasets) == ["emma", "tom"]


def test_files_and_folders_that_are_there_stay(tmp_path: Path) -> None:
    clip = tmp_path / "00_raw_videos" / "a.mp4"
    clip.parent.mkdir()
    clip.write_bytes(b"mine")
    assert init(tmp_path, *GIVEN).returncode == 0
    first = config(tmp_path)
    again = init(tmp_path, *GIVEN)
    assert (again.returncode, again.stderr) == (
        2,
        f"Error: {tmp_path}/config.toml has a [dataset.emma] already. Edit it there, or take another name.\n",
    )
    assert (config(tmp_path), clip.read_bytes()) == (first, b"mine")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[score]\nmin_sharpnes = 1\n", r"\[score\] min_sharpnes is not a setting"),
        ("[score\n", r"is not valid TOML"),
        ("dataset = {tom = {count = 3}}\n", r"writes its datasets so that no section can be added \("),
    ],
)
def test_a_configuration_that_cannot_take_it_stays_as_it_is(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    done = init(tmp_path, *GIVEN)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert re.search(said, done.stderr), done.stderr
    assert config(tmp_path) == text
    assert [path.name for path in tmp_path.iterdir()] == ["config.toml"]


# What is missing or wrong.

NO_TERMINAL = "There is no terminal to ask at."
TRIGGER = "Say also TRIGGER=… (--trigger)"
OR_YES = "; or YES=1 (--yes), which takes the default of what has one."


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            (),
            f"{NO_TERMINAL} Say also NAME=…, TRIGGER=…, CLASS=… and TARGET=… (--name, --trigger, --class, --target)"
            f"{OR_YES}",
        ),
        (("--name", "emma", "--class", "woman", "--target", "sdxl"), f"{NO_TERMINAL} {TRIGGER}{OR_YES}"),
        (("--yes",), f"{TRIGGER}: there is no default for that."),
        (
            ("--yes", "--count", "0"),
            f"count is 0; it must be at least 1, as in 40.\n{TRIGGER}: there is no default for that.",
        ),
        (
            ("--name", "../x", "--class", "woman", "--target", "sd15", "--count", "0"),
            "[dataset.../x] is no name for a dataset. Use 1 to 40 of a-z, 0-9 and -, not first -.\n"
            "target is 'sd15', which is none. There are: sdxl, flux, wan.\n"
            "count is 0; it must be at least 1, as in 40.\n"
            f"{NO_TERMINAL} {TRIGGER}{OR_YES}",
        ),
    ],
)
def test_without_a_terminal_it_says_what_is_wrong_and_what_is_missing(
    tmp_path: Path, given: tuple[str, ...], said: str
) -> None:
    done = init(tmp_path / "new", *given)
    assert (done.returncode, done.stderr) == (2, f"Error: {said}\n")
    assert not (tmp_path / "new").exists()


def test_yes_takes_the_defaults(tmp_path: Path) -> None:
    assert init(tmp_path, "--trigger", "emx7", "--yes").returncode == 0
    assert tomllib.loads(config(tmp_path)) == {
        "dataset": {"default": VALUES | {"class_word": "person", "target": "sdxl"}}
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--name", "Emma"), "[dataset.Emma] is no name for a dataset. Use 1 to 40 of a-z, 0-9 and -, not first -."),
        (("--name", "../x"), "[dataset.../x] is no name for a dataset."),
        (("--target", "sd15"), "target is 'sd15', which is none. There are: sdxl, flux, wan."),
        (("--count", "0"), "count is 0; it must be at least 1, as in 40."),
        (("--count", "many"), "count must be a whole number, as in 40, not 'many'."),
        (("--trigger", "a,b"), "trigger is 'a,b'; it must be one word or a few, with no comma,"),
        (("--trigger", " "), "trigger is empty. Type a word."),
        (("--subject", "a/b"), "subject is 'a/b'; it must be the name of one folder in 00_reference_faces."),
        (("--subject", ".."), "subject is '..'; it must be the name of one folder in 00_reference_faces."),
        (("--class", "a\x1b[31m"), "which holds what cannot be printed. Type plain text."),
        (("--class", os.fsdecode(b"\xff")), "which holds what cannot be printed. Type plain text."),
    ],
)
def test_a_wrong_answer_is_named_and_nothing_is_written(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    done = init(tmp_path / "new", *GIVEN, *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "new").exists()


def test_what_toml_would_misread_is_quoted(tmp_path: Path) -> None:
    odd = 'em"x\\7 #=[漢]'
    assert init(tmp_path, *GIVEN, "--trigger", odd).returncode == 0
    assert settings.load(tmp_path, {}).datasets["emma"]["trigger"] == odd


def test_a_full_and_a_read_only_place(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    done = init(tmp_path / "file" / "new", *GIVEN)
    assert done.returncode == 1
    place = f"{tmp_path}/file/new/config.toml"
    assert done.stderr == f"Stopped: Not a directory: {place}. Mend it; the next run goes on from here.\n"
    line = f"ulimit -f 0; exec {sys.executable} -m tools.init --base {tmp_path}/new {' '.join(GIVEN)}"
    env = environment(PYTHONPATH=str(ROOT))
    full = subprocess.run(["bash", "-c", line], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert full.returncode == 1
    assert full.stderr == (
        f"Stopped: File too large: {tmp_path}/new/config.toml. Mend it; the next run goes on from here.\n"
    )
    assert list((tmp_path / "new").iterdir()) == []


# The trigger.


@pytest.mark.parametrize(
    "trigger",
    [
        "woman",
        "Emma",
        "DOG",
        "dogs",
        "dancing",
        "running",
        "bigger",
        "photo",
        "sks",
        "red coat",
        "emma stone",
        "king's",
    ],
)
def test_a_common_word_is_warned_of(trigger: str) -> None:
    said = warning(trigger)
    assert said is not None
    assert said.startswith(f'"{trigger}" is ')
    assert said.endswith(" Better is one like emx7, which means nothing yet.")


@pytest.mark.parametrize("trigger", ["emx7", "ohwx", "zqv woman", "emma qx", "tqx", "3mm4", "漢字漢"])
def test_a_rare_one_is_not(trigger: str) -> None:
    assert warning(trigger) is None


@pytest.mark.parametrize(
    ("trigger", "said"),
    [
        ("qx", '"qx" is shorter than 3 letters, and a part of thousands of words. Take a longer one.'),
        ("1234", '"1234" is a number, and captions may hold numbers. Add letters to it.'),
        ("!?", "There is no word in it."),
    ],
)
def test_others_that_will_not_do(trigger: str, said: str) -> None:
    assert warning(trigger) == said


def test_the_list_is_of_words() -> None:
    assert len(COMMON) > 1000
    assert all(word.isalpha() and word.islower() for word in COMMON)


def test_without_a_terminal_the_warning_is_told_and_it_goes_on(tmp_path: Path) -> None:
    done = init(tmp_path, *GIVEN, "--trigger", "woman")
    assert done.returncode == 0
    assert done.stderr.startswith('Warning: "woman" is a common word or name: ')
    assert 'trigger = "woman"' in config(tmp_path)


# At a terminal.

END = "\x04"
"""Ctrl-D."""
BREAK = "\x03"
"""Ctrl-C."""


def talk(base: Path, *answers: str, words: tuple[str, ...] = ()) -> tuple[int, str]:
    """Exit code and all that a terminal shows when a person answers each question in turn."""
    own, its = pty.openpty()
    line = [sys.executable, "-m", "tools.init", "--base", str(base), *words]
    env = environment(PYTHONPATH=str(ROOT), NO_COLOR="1")
    # setsid --ctty: Ctrl-C interrupts only whom the terminal controls.
    line = ["setsid", "--ctty", *line]
    program = subprocess.Popen(line, cwd=ROOT, env=env, stdin=its, stdout=its, stderr=its)
    os.close(its)
    shown, waiting, deadline = b"", list(answers), time.monotonic() + 30
    while time.monotonic() < deadline:
        if not select.select([own], [], [], 0.05)[0]:
            if program.poll() is not None:
                break
            continue
        try:
            shown += os.read(own, 65536)
        except OSError:
            break
        if waiting and shown.rstrip(b" ").endswith(b":") and shown.endswith(b": "):
            answer = waiting.pop(0)
            if answer == BREAK:
                time.sleep(0.5)  # Python misses a signal between its writing of the question and its reading
            os.write(own, answer.encode() + (b"" if answer in (END, BREAK) else b"\n"))
    os.close(own)
    assert not waiting, (waiting, shown)
    return program.wait(10), shown.decode().replace("\r\n", "\n")


def test_it_asks_for_what_was_not_said(tmp_path: Path) -> None:
    code, shown = talk(tmp_path, "emma", "emx7", "woman", "", "", "")
    assert code == 0, shown
    assert shown.splitlines()[:6] == [
        "Name of the dataset (a-z, 0-9, -) [default]: emma",
        "Trigger, a word that means nothing yet, like emx7: emx7",
        "What it is in general: person, woman, man [person]: woman",
        "The model it is for: sdxl, flux, wan [sdxl]: ",
        "How many images, 20 to 60 [40]: ",
        "Whose folder in 00_reference_faces; empty for everybody: ",
    ]
    assert tomllib.loads(config(tmp_path)) == {"dataset": {"emma": VALUES | {"target": "sdxl"}}}


def test_it_asks_again_where_an_answer_will_not_do(tmp_path: Path) -> None:
    answers = ("Emma W", "emma", "woman", "n", "woman", "y", "sd", "flux", "none", "25")
    code, shown = talk(tmp_path, *answers, words=("--class", "woman", "--subject", ""))
    assert code == 0, shown
    assert shown.count("is no name for a dataset") == 1
    assert shown.count("nothing yet. Take it all the same? y, n or another word [n]: ") == 2
    assert shown.count("Error: Then another one.") == 1
    assert shown.count("Error: target is 'sd', which is none. There are: sdxl, flux, wan.\n") == 1
    assert "Warning" not in shown, "it was asked already"
    written = tomllib.loads(config(tmp_path))["dataset"]["emma"]
    assert written == VALUES | {"trigger": "woman", "count": 25}


def test_another_word_typed_at_the_warning_is_the_trigger(tmp_path: Path) -> None:
    """Each is judged like the first: a common one, one with a comma, and one that means nothing yet."""
    words = ("--name", "emma", "--class", "woman", "--target", "flux", "--count", "40", "--subject", "")
    code, shown = talk(tmp_path, "woman", "nope", "a,b", "dog", "emx7", words=words)
    assert code == 0, shown
    asked = [line.rpartition(" y, n or another word [n]: ")[2] for line in shown.splitlines() if "Take it" in line]
    assert asked == ["nope", "a,b", "emx7"]
    assert "\nError: trigger is 'a,b'; it must be one word or a few, with no comma, " in shown
    assert shown.count('\nThe trigger is "emx7".\n') == 1
    assert config(tmp_path) == WRITTEN


def test_a_wrong_value_is_told_before_anything_is_asked(tmp_path: Path) -> None:
    code, shown = talk(tmp_path / "new", words=("--target", "sd15", "--count", "0"))
    assert (code, shown) == (
        2,
        "Error: target is 'sd15', which is none. There are: sdxl, flux, wan.\n"
        "count is 0; it must be at least 1, as in 40.\n",
    )


@pytest.mark.parametrize("key", [END, BREAK], ids=["end of input", "Ctrl-C"])
@pytest.mark.parametrize("before", [("emma",), ("emma", "woman")], ids=["at a question", "at the warning"])
def test_who_breaks_off_leaves_nothing(tmp_path: Path, before: tuple[str, ...], key: str) -> None:
    code, shown = talk(tmp_path / "new", *before, key)
    assert code == 130, shown
    assert shown.endswith("\nInterrupted. Nothing was written.\n")
    assert not (tmp_path / "new").exists()


# The writing, and make.


def test_a_section_is_refused_where_it_would_change_something_else(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[dataset.emma]\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"has a \[dataset\.emma\] already"):
        add_dataset(tmp_path, "emma", VALUES)
    path.unlink()
    assert add_dataset(tmp_path, "emma", VALUES)
    assert config(tmp_path) == WRITTEN
    assert section("emma", VALUES) == WRITTEN[WRITTEN.index("[dataset") :]


def test_make_takes_it_to_the_letter(tmp_path: Path) -> None:
    words = ("NAME=emma", "TRIGGER=em $(touch pwned) `x`", "CLASS=woman", "TARGET=sdxl", "SUBJECT=it's $me")
    done = make("init", *words, base=tmp_path)
    assert done.returncode == 0, done.stderr
    written = settings.load(tmp_path, {}).datasets["emma"]
    assert (written["trigger"], written["subject"]) == ("em $(touch pwned) `x`", "it's $me")
    assert not list(ROOT.glob("pwned*"))


def test_make_says_what_is_missing_in_its_own_words_and_takes_yes(tmp_path: Path) -> None:
    done = make("init", "NAME=a", "TARGET=sd15", base=tmp_path / "new")
    assert done.stderr.startswith(
        "Error: target is 'sd15', which is none. There are: sdxl, flux, wan.\n"
        f"{NO_TERMINAL} Say also TRIGGER=… and CLASS=… (--trigger, --class){OR_YES}\n"
    )
    assert not (tmp_path / "new").exists()
    assert make("init", "TRIGGER=emx7", "YES=0", base=tmp_path / "new").returncode == 2
    assert make("init", "TRIGGER=emx7", "YES=1", base=tmp_path / "new").returncode == 0
    assert settings.load(tmp_path / "new", {}).datasets["default"]["trigger"] == "emx7"
