"""make name, merge, split: a person says who a group of faces is, and the next run obeys."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from albums import persons, recognised, stocked
from asking import ask
from click.testing import CliRunner
from making import Mill

from tools import people
from tools.decide import decide
from tools.decide import main as decide_main
from tools.identify import identify
from tools.identity import album as album_of
from tools.mill.manifest import transaction
from tools.mill.settings import UsageError
from tools.mill.words import command
from tools.name import main, merge, name, numbers, only, split

Run = Callable[..., Any]


@pytest.fixture
def album(mill: Mill, run_tool: Run) -> Mill:
    stocked(mill)
    run_tool(mill.base, "match")
    return mill


def who(album: Mill, run_tool: Run) -> list[tuple[int, str | None]]:
    """Cluster and name of each photograph's person, after match has run again."""
    run_tool(album.base, "match")
    rows = album.db.execute(
        """select item_id, cluster, identity from "match" join outcome on id = outcome_id where latest and live"""
    ).fetchall()
    found = {row["item_id"]: (row["cluster"], row["identity"]) for row in rows}
    return [found[person] for person in persons(album).values()]


def test_photographs_of_one_person_are_one_cluster(album: Mill, run_tool: Run) -> None:
    assert who(album, run_tool) == [(1, None), (1, None), (1, None), (2, None), (2, None), (3, None)]


def test_a_name_goes_to_all_of_a_cluster_and_may_be_changed(album: Mill, run_tool: Run) -> None:
    first = persons(album)[1]  # the middle one of the three faces
    undo = command(album.base, "undo", ITEM=str(first))
    assert name(album.base, 1, " emma ") == [
        f"Cluster 1 is emma: 3 images from 0.jpg, 1.jpg and 2.jpg. The next `make` obeys; `{undo}` takes it back."
    ]
    assert name(album.base, 1, "emma") == [
        "Cluster 1 is emma: 3 images from 0.jpg, 1.jpg and 2.jpg. All of it has been said before."
    ]
    assert who(album, run_tool)[2:] == [(1, "emma"), (2, None), (2, None), (3, None)]
    assert name(album.base, 1, "lea")[0].startswith("Cluster 1, emma until now, is lea: 3 images")
    assert [found[1] for found in who(album, run_tool)] == ["lea", "lea", "lea", None, None, None]


def test_a_name_that_no_dataset_is_about_is_told(album: Mill) -> None:
    Path(album.base, "config.toml").write_text('[dataset.one]\nsubject = "emma"\n')
    assert name(album.base, 1, "lea")[1:] == [
        "No dataset is about lea: [dataset.one] subject = 'emma'. Nobody of that name is cut out until one is."
    ]
    assert len(name(album.base, 2, "emma")) == 1


def test_merged_clusters_are_one_person(album: Mill, run_tool: Run) -> None:
    (told,) = merge(album.base, [3, 1], "")
    assert told.startswith("Clusters 1 and 3 are person-1: 4 images from 0.jpg, 1.jpg, 2.jpg and 1 more. The next")
    assert who(album, run_tool) == [(1, "person-1")] * 3 + [(2, None)] * 2 + [(1, "person-1")]
    name(album.base, 2, "lea")
    run_tool(album.base, "match")
    with pytest.raises(UsageError) as caught:
        merge(album.base, [1, 2], "")
    assert str(caught.value) == "They have 2 names: lea, person-1. Say which one holds: AS=lea."
    merge(album.base, [1, 2], "lea")
    assert who(album, run_tool) == [(1, "lea")] * 6


def test_a_merge_takes_the_one_name_there_is(album: Mill, run_tool: Run) -> None:
    name(album.base, 2, "kim")
    run_tool(album.base, "match")
    assert merge(album.base, [1, 2], "")[0].startswith("Clusters 1 and 2 are kim: 5 images from ")


def test_a_cluster_is_split_in_two_and_stays_so(album: Mill, run_tool: Run) -> None:
    (told,) = split(album.base, 2)
    assert told.startswith("Cluster 2 is now person-1 (1) and person-2 (1).")
    found = who(album, run_tool)
    assert {found[3][1], found[4][1]} == {"person-1", "person-2"}
    assert found[3][0] != found[4][0]
    assert who(album, run_tool) == found


def test_the_larger_part_keeps_the_name(album: Mill, run_tool: Run) -> None:
    name(album.base, 1, "emma")
    run_tool(album.base, "match")
    split(album.base, 1)
    found = [identity for _, identity in who(album, run_tool)][:3]
    assert sorted(map(str, found)) == ["emma", "emma", "person-1"]


def test_whom_reference_photos_name_keeps_that_name(mill: Mill) -> None:
    recognised(mill, "obama")
    Path(mill.base, "config.toml").write_text('[dataset.one]\nsubject = "obama"\n')
    assert merge(mill.base, [1, 2], "")[0].startswith("Clusters 1 and 2 are obama: 5 images from ")
    assert {row[0] for row in mill.db.execute("select value from decision")} == {"obama"}


def test_a_split_of_whom_reference_photos_name_leaves_a_dataset_its_subject(mill: Mill) -> None:
    recognised(mill, "obama")
    Path(mill.base, "config.toml").write_text('[dataset.one]\nsubject = "obama"\n')
    told = split(mill.base, 1)
    assert told[0].startswith("Cluster 1 is now obama (2) and person-1 (1).")
    assert told[1:] == [
        "No dataset is about person-1: [dataset.one] subject = 'obama'. Nobody of that name is cut out until one is."
    ]


def test_clusters_of_two_names_are_not_merged_by_chance(mill: Mill) -> None:
    recognised(mill, "obama")
    name(mill.base, 2, "kim")
    with pytest.raises(UsageError, match=r"^They have 2 names: kim, obama\. Say which one holds: AS=kim\.$"):
        merge(mill.base, [1, 2], "")


def test_a_cluster_that_was_just_renamed_is_not_split_before_that_is_obeyed(mill: Mill) -> None:
    recognised(mill, "obama")
    name(mill.base, 1, "lea")
    with pytest.raises(UsageError) as caught:
        split(mill.base, 1)
    assert str(caught.value) == (
        "Cluster 1 has 2 names by now: obama, lea. `make stage2 people` obeys and shows who has which; split it then."
    )


def test_new_names_are_those_that_nobody_has(album: Mill) -> None:
    identify(album.base, [str(persons(album)[5])], "person-2")
    assert merge(album.base, [1, 2], "")[0].startswith("Clusters 1 and 2 are person-1: ")
    split(album.base, 1)
    assert {row[0] for row in album.db.execute("select value from decision")} == {"person-1", "person-2", "person-3"}


def test_a_name_goes_to_all_kinds_of_faces_in_a_cluster(album: Mill) -> None:
    name(album.base, 1, "emma")
    said = [row[0] for row in album.db.execute("select item_id from decision order by item_id")]
    assert said == sorted(list(persons(album).values())[:3])


def test_whoever_of_a_cluster_had_another_name_gets_the_new_one(album: Mill) -> None:
    """Of faces that are all alike one stands for them; the others are not asked, but for the one that is called kim."""
    one, two, three = (dict(row) for row in album_of.faces(album.db)[1])
    two["embedding"] = three["embedding"] = one["embedding"]
    three["said"] = "kim"
    with transaction(album.db):
        written = album_of.name(album.db, cast("list[sqlite3.Row]", [one, two, three]), "emma", "", "together")
    assert written == [one["id"], three["id"]]


def test_numbers_that_mean_others_since_they_were_shown_are_refused(album: Mill, run_tool: Run) -> None:
    ask(people.main, album.base)
    name(album.base, 2, "lea")
    run_tool(album.base, "match")
    name(album.base, 1, "emma")  # who the numbers stand for is as it was
    merge(album.base, [2, 3], "lea")
    run_tool(album.base, "match")
    for wrong in (lambda: name(album.base, 1, "kim"), lambda: merge(album.base, [1, 2], "kim")):
        with pytest.raises(UsageError) as caught:
            wrong()
        assert str(caught.value) == (
            "The people have changed since `make people` showed them, and the numbers may mean others now. "
            "`make people` shows them anew."
        )
    with pytest.raises(UsageError, match=r"^The people have changed since"):
        split(album.base, 1)
    ask(people.main, album.base)
    assert name(album.base, 1, "kim")[0].startswith("Cluster 1, emma until now, is kim: 3 images")


def test_one_undo_takes_back_what_one_command_said(album: Mill, run_tool: Run) -> None:
    before = who(album, run_tool)
    name(album.base, 1, "emma")
    named = who(album, run_tool)
    merge(album.base, [1, 2], "lea")
    assert [identity for _, identity in who(album, run_tool)[:5]] == ["lea"] * 5
    some = [str(person) for person in persons(album).values()]
    (subject,) = decide(album.base, "undo", some[1:2], "", "")
    assert subject.others == 4
    assert who(album, run_tool) == named
    assert [subject.others for subject in decide(album.base, "undo", some[:3], "", "")] == [2, 0, 0]
    assert who(album, run_tool) == before
    with pytest.raises(UsageError, match="has no decision to undo"):
        decide(album.base, "undo", some[3:4], "", "")


def test_undo_says_how_many_others_it_took_back(album: Mill) -> None:
    name(album.base, 1, "emma")
    one = str(persons(album)[0])
    done = CliRunner().invoke(decide_main, ["undo", "--base", str(album.base), one])
    assert done.stderr == (
        f"person {one} is free again. The next `make` obeys.\nWith it 2 other images that the same word had named.\n"
    )


def test_what_cannot_be_split_or_is_not_there_is_a_sentence(album: Mill) -> None:
    with pytest.raises(UsageError, match=r"^It is one person followed through one shot, which cannot be split\."):
        split(album.base, 3)
    for wrong in (lambda: name(album.base, 4, "emma"), lambda: merge(album.base, [1, 9], "emma")):
        with pytest.raises(UsageError, match=r"^There is no cluster [49]\. There are 1 to 3\. `make people` shows"):
            wrong()
    assert album.db.execute("select count(*) from decision").fetchone()[0] == 0


def test_numbers_of_clusters_are_taken_from_a_text() -> None:
    assert numbers(" 3 5,7 ") == [3, 5, 7]
    assert only("12") == 12
    for text, sentence in (
        ("", "CLUSTER='' names no clusters. Give their numbers, as `make people` shows them."),
        ("0", "CLUSTER='0' names no clusters. Give their numbers, as `make people` shows them."),
        ("3 5", "CLUSTER='3 5' names several clusters. Give one."),
    ):
        with pytest.raises(UsageError) as caught:
            only(text)
        assert str(caught.value) == sentence
    with pytest.raises(UsageError) as caught:
        merge(Path("nowhere"), [3, 3], "")
    assert str(caught.value) == 'Say which clusters are one person: CLUSTER="3 5".'


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (" ", "'' cannot be a name."),
        ("a/b", "'a/b' cannot be a name."),
        ("x" * 81, "cannot be a name. Say AS=… with a word of at most 80 letters, without a slash."),
        ("other", "other is nobody's name. `make identify ITEM=… AS=other` says it of single images."),
    ],
)
def test_what_cannot_be_a_name_is_refused(album: Mill, value: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        name(album.base, 1, value)
    assert sentence in str(caught.value)


def test_the_command_takes_what_make_gives_it(album: Mill) -> None:
    ask(main, album.base, "name", "--as", "emma", "--cluster", "1")
    with pytest.raises(UsageError, match=r"^A split makes two people: it takes no AS=\."):
        ask(main, album.base, "split", "--as", "emma", "--cluster", "2")
    said = album.db.execute("select distinct value, note from decision").fetchall()
    assert [tuple(row) for row in said] == [("emma", "cluster 1")]
