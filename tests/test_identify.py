"""make identify: a person says who somebody is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from albums import persons, stocked
from asking import ask
from making import Mill

from tools.identify import identify, main
from tools.mill.settings import UsageError

Run = Callable[..., Any]


def said(mill: Mill) -> list[tuple[str, int, str]]:
    rows = mill.db.execute("select kind, item_id, value from decision where verdict = 'identity' order by id")
    return [(row["kind"], row["item_id"], row["value"]) for row in rows]


def test_a_word_goes_to_the_person_whom_an_image_shows(mill: Mill) -> None:
    mill.run_all(upto="composite")
    person, other = mill.ids("person")[:2]
    composite = mill.ids("composite")[0]
    frame = mill.db.execute("select parent_id from item where id = ?", (other,)).fetchone()[0]
    assert identify(mill.base, [f"{person} {frame}", str(composite)], "emma") == [person, other]
    assert said(mill) == [("person", person, "emma"), ("person", other, "emma")]


def test_what_shows_nobody_or_several_is_a_sentence(mill: Mill) -> None:
    mill.run("intake")
    mill.run("extract", mill.frames(1))
    mill.run("detect", mill.persons((0, 0, 100, 200), (500, 0, 600, 200)))
    frame, one, two = mill.ids("frame")[0], *mill.ids("person")[:2]
    with pytest.raises(UsageError) as caught:
        identify(mill.base, [str(frame)], "emma")
    assert str(caught.value) == f"frame {frame} shows several people: {one}, {two}. Say which."
    video = mill.ids("video")[0]
    with pytest.raises(UsageError) as caught:
        identify(mill.base, [str(one), str(video)], "emma")
    assert str(caught.value) == f"video {video} shows nobody. Give a person, or an image that was made of one."
    assert said(mill) == []


def test_the_named_face_finds_the_others_and_another_word_takes_its_place(mill: Mill, run_tool: Run) -> None:
    stocked(mill)
    run_tool(mill.base, "match")
    identify(mill.base, [str(persons(mill)[3])], "emma")
    run_tool(mill.base, "match")
    question = """select identity, distance from "match" join outcome on id = outcome_id
    where latest and live and item_id = ?"""
    there = {number: tuple(mill.db.execute(question, (item,)).fetchone()) for number, item in persons(mill).items()}
    assert there[3] == ("emma", 0.0)
    assert there[4] == ("emma", pytest.approx(0.1))
    assert {there[number] for number in (0, 1, 2, 5)} == {(None, None)}
    identify(mill.base, [str(persons(mill)[3])], "lea")
    run_tool(mill.base, "match")
    assert mill.db.execute(question, (persons(mill)[4],)).fetchone()[0] == "lea"


def test_the_command_says_what_it_wrote(mill: Mill, capsys: pytest.CaptureFixture[str]) -> None:
    mill.run_all(upto="detect")
    person = mill.ids("person")[0]
    ask(main, mill.base, "--as", "other", "--", str(person))
    assert said(mill) == [("person", person, "other")]
