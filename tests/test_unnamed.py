"""Who is kept though nobody has said who they are: in no dataset about somebody, until a person says a name."""

from __future__ import annotations

import shlex
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lighting import Visitor
from making import Mill
from PIL import Image
from skimage import data

from tools import decide as deciding
from tools.decide import decide
from tools.identify import identify
from tools.identity import album
from tools.mill.manifest import connect
from tools.mill.tool import Result, Row
from tools.mill.words import command
from tools.report import advice, state

BEFORE = ("intake", "extract", "detect", "embed")
CONFIG = '[intake]\nmin_side = 240\n[dataset.her]\nsubject = "eileen"\n[dataset.any]\n'
SAYS = "Nobody has said who it is: `make identify ITEM=… AS=NAME` does, or the People page of `make review`."


def asked(base: Path, question: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(base / "manifest.db") as db:
        return db.execute(question).fetchall()


@pytest.fixture(scope="module")
def portrayed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("portrayed") / "her"
    for folder in ("00_raw_videos", "00_raw_photos", "00_background_library", "00_reference_faces/eileen"):
        (base / folder).mkdir(parents=True)
    (base / "config.toml").write_text(CONFIG)
    Image.fromarray(data.astronaut()).save(base / "00_raw_photos" / "astronaut.png")
    portrait = Image.fromarray(data.astronaut()[:300, 60:400]).resize((680, 600))
    portrait.save(base / "00_reference_faces" / "eileen" / "portrait.png")
    return base


def test_real_runs_on_both_sides_of_each_distance(portrayed: Path, run_tool: Callable[..., Any]) -> None:
    base = portrayed
    for name in (*BEFORE, "match", "mask", "score"):
        run_tool(base, name)
    ((person, distance),) = asked(base, "select item_id, distance from persons")
    decide(base, "keep", [str(person)], "", "")
    for bounds, identity in (
        ({"max_distance": distance + 0.001}, "eileen"),
        ({"max_distance": distance - 0.001}, None),
        ({"max_distance": 0.01, "unsure_distance": distance + 0.001}, None),
        ({"max_distance": 0.01, "unsure_distance": distance - 0.001}, None),
    ):
        run_tool(base, "match", options=bounds)
        for name in ("mask", "score"):
            run_tool(base, name)
        for dataset in ("her", "any"):
            run_tool(base, "select", dataset=dataset)
        found = {row[0]: row[1:] for row in asked(base, "select dataset, chosen, reason, detail, who from selection")}
        assert found["any"] == (1, None, None, identity or "person 1")
        if identity:
            assert found["her"] == (1, None, None, "eileen")
        else:
            detail = f"It shows person 1, the dataset is about eileen. {SAYS}"
            assert found["her"] == (0, "other_subject", detail, "person 1")
    # Match measures what it measured: the nearest name is still there to be seen.
    assert asked(base, "select identity, distance from persons") == [("eileen", distance)]
    identify(base, [str(person)], "eileen")
    run_tool(base, "match", options={"max_distance": 0.01, "unsure_distance": distance - 0.001})
    run_tool(base, "select", dataset="her")
    assert asked(base, "select chosen, who from selection where dataset = 'her'") == [(1, "eileen")]


# What one person is to match: measures, whether they are kept, and who they are then.
SEEN = [
    ({"distance": 0.50}, False, "emma", 0),
    ({"distance": 0.51}, True, None, 1),
    ({"distance": 0.60}, True, None, 1),
    ({"distance": 0.61}, True, None, 1),
    ({"distance": 0.3, "flips": 1}, True, None, 1),
    ({"distance": 0.3, "stir": 0.01}, True, "emma", 0),
    ({"distance": 0.3, "unwanted": 1}, True, "emma", 0),
]


@pytest.mark.parametrize(("measures", "kept", "identity", "unnamed"), SEEN)
def test_a_keep_names_nobody_whom_a_limit_of_who_it_is_holds_back(
    mill: Mill, measures: dict[str, float], kept: bool, identity: str | None, unnamed: int
) -> None:
    mill.run_all(upto="embed")
    mill.run(
        "match", lambda row: Result(measures={"identity": "emma", "cluster": 1, "track": row["address"], **measures})
    )
    persons = mill.ids("person")
    if kept:
        mill.decide("keep", *persons)
    rows = mill.all("select distinct identity, unnamed, passed from identities join outcome on outcome.id = outcome_id")
    assert rows == [(identity, unnamed, 1)]
    (row,) = album.listed(mill.db)
    assert (row["name"], row["passed"]) == (identity, len(persons))


@pytest.mark.parametrize(
    ("verdict", "then"),
    [
        ("keep", "Until then no dataset about somebody takes it."),
        ("pin", "Pinned, it is in every dataset all the same, also in one about somebody else."),
    ],
)
def test_the_terminal_says_that_nobody_has_said_who_it_is(
    mill: Mill, verdict: str, then: str, capsys: pytest.CaptureFixture[str]
) -> None:
    mill.run_all(upto="embed")
    mill.run("match", lambda row: Result(measures={"identity": "emma", "distance": 0.7, "track": row["address"]}))
    first, second = mill.ids("person")[:2]
    run = deciding.main.main
    run([verdict, "--base", str(mill.base), str(first)], standalone_mode=False)
    say = f"make identify BASE={shlex.quote(str(mill.base))} ITEM={first} AS=…"
    assert (
        f"Nobody has said who it is: People asks, or `{say}` with a name, or other. {then}\n" in capsys.readouterr().err
    )
    run([verdict, "--base", str(mill.base), str(first), str(second)], standalone_mode=False)
    assert "Nobody has said who is on 2 images of them:" in capsys.readouterr().err
    # Whoever was named, and what is rejected, needs no such word.
    run(["reject", "--base", str(mill.base), str(first)], standalone_mode=False)
    assert "Nobody has said" not in capsys.readouterr().err
    mill.run("match", lambda row: Result(measures={"identity": "emma", "distance": 0.3}), version=2)
    run([verdict, "--base", str(mill.base), str(second)], standalone_mode=False)
    assert "Nobody has said" not in capsys.readouterr().err


def test_where_there_are_references_everybody_is_whom_they_show(mill: Mill) -> None:
    def told() -> tuple[str, str, str]:
        visitor = Visitor(mill.base)
        pages = (visitor.ask("/-/people").text, visitor.ask("/-/final").text)
        visitor.close()
        with connect(mill.base) as db:
            return "\n".join(advice.people(state.read(db), mill.base)), *pages

    def answer(row: Row) -> Result:
        second = int(str(row["address"]).split("/")[1][1:7])
        far = {"cluster": 2, "distance": 0.7} if second else {"cluster": 1, "distance": 0.3}
        return Result(measures={"identity": "emma", "track": row["address"], **far})

    mill.run_all(upto="embed")
    mill.run("match", answer)
    status, people, final = told()
    assert "Dataset default takes everybody. To make it about one" in status
    assert "<h3>Everybody <span" in people
    assert "Everybody whom" not in final
    mill.put("1.jpg", folder="00_reference_faces/emma")
    mill.run("intake")
    status, people, final = told()
    out = len(mill.ids("person")) // 2
    say = f"say who they are ({command(mill.base, 'review')}, People), or keep them"
    assert (
        f"takes everybody whom a reference photo shows; {out} images of others are left out: {say}. To make it"
        in status
    )
    assert "<h3>Everybody whom a reference shows <span" in people
    assert f". {out} are left out, as no reference photo shows them for sure: say who they are, or keep them." in people
    assert f"Everybody whom a reference shows: {out} images are left out." in final
    mill.decide("keep", *mill.ids("person"))
    assert "takes everybody whom a reference photo shows. To make it" in told()[0]
