"""make name, merge, split: a person says who a group of faces is, and the next run obeys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from albums import persons, stocked
from asking import ask
from making import Mill

from tools.mill.settings import UsageError
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
    assert name(album.base, 1, " emma ") == ["Cluster 1 is emma. The next `make` obeys."]
    assert who(album, run_tool)[2:] == [(1, "emma"), (2, None), (2, None), (3, None)]
    name(album.base, 1, "lea")
    assert [found[1] for found in who(album, run_tool)] == ["lea", "lea", "lea", None, None, None]


def test_a_name_that_no_dataset_is_about_is_told(album: Mill) -> None:
    Path(album.base, "config.toml").write_text('[dataset.one]\nsubject = "emma"\n')
    assert name(album.base, 1, "lea")[1:] == [
        "No dataset is about lea: [dataset.one] subject = 'emma'. Nobody of that name is cut out until one is."
    ]
    assert len(name(album.base, 2, "emma")) == 1


def test_merged_clusters_are_one_person(album: Mill, run_tool: Run) -> None:
    assert merge(album.base, [3, 1], "") == ["Clusters 1 and 3 are person-1. The next `make` obeys."]
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
    assert merge(album.base, [1, 2], "")[0] == "Clusters 1 and 2 are kim. The next `make` obeys."


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
