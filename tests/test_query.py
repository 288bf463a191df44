"""query: every file of sql/queries, the three formats, names and parameters."""

from __future__ import annotations

import csv
import io
import re
import sqlite3
from pathlib import Path

import pytest
from asking import answer, ask
from manifest_filled import filled

from tools.mill.manifest import connect
from tools.mill.settings import UsageError
from tools.query import as_csv, main
from tools.report import queries
from tools.report.reading import reading

HOSTILE = ('a "quoted", name', "two\nlines", "tab\there", "=1+1", "naïve, 漢字", "", None)
NAMES = queries.names()


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return filled(tmp_path / "work")


def asked(base: Path, *words: str) -> str:
    return ask(main, base, *words)[0]


@pytest.mark.parametrize("name", NAMES)
def test_every_query_says_what_it_answers_and_answers_an_empty_and_a_full_manifest(name: str, base: Path) -> None:
    query = queries.load(name)
    assert re.fullmatch(r"[A-Z].{10,}[^.]", query.title)
    assert query.description.endswith(".")
    assert re.fullmatch(r"[a-z][a-z_]*", name)
    new = connect(base.with_name("new"), create=True)
    assert isinstance(new.execute(query.sql, queries.bind(query, ())).fetchall(), list)
    new.close()
    answer(base, name)


@pytest.mark.parametrize("name", NAMES)
def test_every_query_is_written_in_the_style_of_the_house(name: str) -> None:
    text = (queries.FOLDER / f"{name}.sql").read_text(encoding="utf-8")
    code = re.sub(r"--[^\n]*|'[^']*'", "", text)
    assert text.endswith(";\n")
    assert not [line for line in text.splitlines() if len(line) > 120 or line != line.rstrip() or "\t" in line]
    assert not re.search(r"\b(SELECT|FROM|WHERE|JOIN|ORDER|GROUP)\b", code)


def test_a_filled_manifest_answers_all_but_what_has_not_happened(base: Path) -> None:
    silent = {name for name in NAMES if not answer(base, name)}
    assert silent == {
        *("captions_by_hand", "decisions", "decisions_adrift", "decisions_by_actor"),
        *("orphans", "requests", "waiting", "flips", "qc", "qc_violations"),
    }


def test_without_a_name_the_queries_are_listed(base: Path) -> None:
    listed = asked(base)
    assert "package dataset=\n  Package: the images of the current packages with their captions" in listed
    assert [line.split()[0] for line in listed.splitlines() if not line.startswith(" ")] == NAMES
    assert [row["query"] for row in answer(base)] == NAMES


def test_a_table_is_plain_text_where_no_terminal_is(base: Path) -> None:
    assert asked(base, "caption_lengths") == (
        "dataset  author    words  n  most_tokens  example\n"
        "default  template      6  2               emma, close-up, red coat, soft light\n"
    )


def test_csv_gives_back_what_went_in() -> None:
    text = as_csv(["name", "n"], [(value, 1) for value in HOSTILE])
    read = list(csv.reader(io.StringIO(text, newline="")))
    assert read == [["name", "n"], *([value or "", "1"] for value in HOSTILE)]


def test_csv_and_json_of_names_that_hurt(base: Path) -> None:
    shown = r'two\nlines "quoted", \xff.mp4'
    read = list(csv.DictReader(io.StringIO(asked(base, "sources", "--format", "csv"), newline="")))
    assert [row["shown"] for row in read] == ["portrait.jpg", "dance.mp4", "tiny.mp4", shown]
    assert [row["shown"] for row in answer(base, "sources")] == [row["shown"] for row in read]


def test_bytes_are_escaped_text() -> None:
    assert as_csv(["path"], [(b"caf\xe9.mp4",)]) == "path\r\ncaf\\xe9.mp4\r\n"


def test_a_parameter_narrows_the_answer(base: Path) -> None:
    assert {row["reason"] for row in answer(base, "rejected", "-p", "tool=score")} == {"blurry"}
    assert [row["item_id"] for row in answer(base, "rejected", "-p", "reason=impostor")] == [3]
    assert answer(base, "package", "-p", "dataset=nobody") == []
    assert {row["tool"] for row in answer(base, "failures_by_stage", "-p", "stage=2")} == {"detect"}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ("failurs",),
            "There is no query failurs. Did you mean failures, failures_by_run or failures_by_stage? "
            "`make query` lists them all.",
        ),
        (("runs", "-p", "tol=3"), "The query runs has no parameter tol. Did you mean tool?"),
        (("runs", "-p", "tool"), "-p tool is no key=value."),
        (("orphans", "-p", "kind=frame"), "The query orphans has no parameter kind. It takes none."),
    ],
)
def test_a_mistyped_word_is_answered_by_the_nearest(base: Path, words: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        asked(base, *words)
    assert str(caught.value) == sentence


def test_one_text_may_hold_several_parameters_and_a_value_blanks(base: Path) -> None:
    """As `make query P="…"` gives them."""
    query = queries.load("what_if")
    given = queries.bind(query, (" tool=mask  key=min coverage value=0.3",))
    assert given == {"tool": "mask", "key": "min coverage", "value": "0.3"}
    assert answer(base, "what_if", "-p", "tool=mask key=min_coverage value=0.005") == answer(
        base, "what_if", "-p", "tool=mask", "-p", "key=min_coverage", "-p", "value=0.005"
    )
    with pytest.raises(UsageError, match=r"^The query what_if has no parameter kee\. Did you mean key\?$"):
        asked(base, "what_if", "-p", "tool=mask kee=min_coverage")


def test_a_name_like_nothing_gets_the_whole_list(base: Path) -> None:
    with pytest.raises(UsageError, match=r"^There is no query zzz\. There are: blurriest_accepted, .*, what_if\. "):
        asked(base, "zzz")


def test_parameters_are_found_outside_of_texts_and_comments() -> None:
    text = "-- Title.\n-- :no it is\nselect ':no', \":no\", :yes, cast(x as text) /* :no */ where a = :two or b = :yes;"
    assert queries.parse("x", text).parameters == ("yes", "two")


def test_asking_writes_nothing(base: Path) -> None:
    before = (base / "manifest.db").read_bytes()
    for name in NAMES:
        asked(base, name)
    assert (base / "manifest.db").read_bytes() == before
    with reading(base) as db, pytest.raises(sqlite3.OperationalError, match="readonly"):
        db.execute("delete from item")
