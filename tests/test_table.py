"""Tables: plain text for files and pipes; on a terminal folded to its width, and nothing lost."""

from __future__ import annotations

import re

import pytest

from tools.report.table import Table, render


@pytest.mark.parametrize("width", [None, 25, 40, 200])
def test_a_table_cuts_nothing_off_and_lets_nothing_through_to_the_terminal(width: int | None) -> None:
    table = Table(("id", "name"), [(12345678901234, "0123456789" * 9), (2, "\x1b[31mred [bold]x[/bold]\nline")])
    text = re.sub(r"\x1b\[\d*m", "", render(table, width))
    squeezed = re.sub(r"\s", "", text)
    assert "12345678901234" in text
    assert "0123456789" * 9 in squeezed
    assert r"\x1b[31mred[bold]x[/bold]\nline" in squeezed
    assert "…" not in text
    assert width is None or max(map(len, text.splitlines())) <= width


def test_a_row_too_wide_for_the_terminal_becomes_a_paragraph() -> None:
    table = Table(("run_id", "tool", "parameters"), [(7, "score", "one two three four five"), (8, None, "y")])
    assert re.sub(r"\x1b\[\d*m", "", render(table, 32)) == (
        "run_id      7\ntool        score\nparameters  one two three four\nfive\n\nrun_id      8\nparameters  y\n"
    )
    assert render(table, None) == (
        "run_id  tool   parameters\n     7  score  one two three four five\n     8         y\n"
    )


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    table = Table(("name",), [("x",)])
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[1m" in render(table, 80)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in render(table, 80)
