"""Words: numbers, durations and commands as people read and type them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.mill.words import clean, command, duration, figure, listing, moment, percent, plural, toward


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        (7, "7"),
        (2.0, "2"),
        (0.31254, "0.3125"),
        (123456.7, "123457"),
        (0.000012345, "0.00001234"),
        (1e-20, "1.000e-20"),
        (-0.5, "-0.5"),
        (float("inf"), "inf"),
        (b"caf\xe9\n", r"caf\xe9\n"),
        ("\x1b[31mred", r"\x1b[31mred"),
    ],
)
def test_a_figure(value: object, expected: str) -> None:
    assert figure(value) == expected


@pytest.mark.parametrize(
    ("value", "op", "expected"),
    [
        (0.31254, "<", "0.3125"),
        (0.31254, ">", "0.3126"),
        (200.0, "<", "200"),
        (0.0, ">", "0"),
        (1234567.0, "<", "1234000"),
        (1234567.0, ">", "1235000"),
    ],
)
def test_a_bound_is_rounded_to_the_side_that_passes(value: float, op: str, expected: str) -> None:
    assert toward(value, op) == expected


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.0, "0 %"), (0.001, "under 1 %"), (0.125, "12 %"), (0.61, "61 %"), (0.995, "over 99 %"), (1.0, "100 %")],
)
def test_per_cent(share: float, expected: str) -> None:
    assert percent(share) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.0042, "0.0042 s"),
        (4.1, "4.1 s"),
        (59.4, "59 s"),
        (59.7, "1 min 0 s"),
        (192.0, "3 min 12 s"),
        (3840.0, "1 h 4 min"),
    ],
)
def test_a_duration(seconds: float, expected: str) -> None:
    assert duration(seconds) == expected


def test_words_in_rows() -> None:
    assert (plural(1, "frame"), plural(1200, "frame")) == ("1 frame", "1,200 frames")
    assert (listing([]), listing(["a"]), listing(["a", "b", "c"])) == ("", "a", "a, b and c")
    assert (moment("2024-05-01T10:00:00.123Z"), moment(None)) == ("2024-05-01 10:00:00 UTC", "an unknown time")
    assert clean("naïve 漢字\t\u202e") == r"naïve 漢字\t\u202e"


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("data", "make all"),
        ("./data", "make all"),
        ("data/emma", "make all BASE=data/emma"),
        ("/my data/it's", "make all BASE='/my data/it'\"'\"'s'"),
        ("data/data_TEST", "make all TEST=1"),
        ("data/emma/data_TEST", "make all BASE=data/emma TEST=1"),
    ],
)
def test_what_to_type_names_the_workspace(base: str, expected: str) -> None:
    assert command(Path(base), "all") == expected


def test_what_to_type_is_quoted_for_the_shell() -> None:
    typed = command(Path("data"), "reject", ITEM="a $b `c`.png", WHY="…")
    assert typed == "make reject ITEM='a $b `c`.png' WHY=…"


def test_inside_a_workspace_a_command_names_it_as_it_was_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tools that make starts stand in the workspace and know it as "."."""
    monkeypatch.chdir(tmp_path)
    for said, typed in (
        ("my clips", "make all BASE='my clips'"),
        ("data", "make all"),
        ("data/data_TEST", "make all TEST=1"),
    ):
        monkeypatch.setenv("MILL_BASE", said)
        assert command(Path(), "all") == typed
        assert command(tmp_path, "all") == typed
        assert command(tmp_path / "other", "all") == f"make all BASE={tmp_path / 'other'}"
    monkeypatch.delenv("MILL_BASE")
    assert command(tmp_path, "all") == f"make all BASE={tmp_path}"
