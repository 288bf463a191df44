"""Who people are: tracks through a shot, the nearest name, what a track says of one image, clusters, exemplars."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from made_faces import BLUE, RED, Rows, face, person

from tools.identity.appearance import colours, likeness
from tools.identity.clustering import MOST, Groups, cluster, halves
from tools.identity.distances import BLOCK
from tools.identity.exemplars import exemplars
from tools.identity.people import people
from tools.identity.telling import Told, tell, unwanted
from tools.identity.tracking import tracks
from tools.identity.who import Named, nearest
from tools.media.geometry import Box

EMMA, LEA = face(0.0), face(0.9)
NAMES = [Named("emma", EMMA), Named("lea", LEA)]


def tracked(rows: Rows) -> list[set[str]]:
    """The addresses of each track, without their source."""
    everybody = people(rows)
    found: dict[int, set[str]] = {}
    for index, track in enumerate(tracks(everybody)):
        found.setdefault(int(track), set()).add(everybody.address(index).split("/", 1)[1])
    return list(found.values())


def told(rows: Rows, known: Sequence[Named] = (), within: float = 0.55) -> dict[str, Told]:
    """What is told of each, by second and place."""
    everybody = people(rows)
    places = [f"{row['time_s']:g}/{row['address'][-10:-5]}" for row in everybody.rows]
    return dict(zip(places, tell(everybody, known, within), strict=True))


# Tracks


def test_a_person_is_followed_by_overlap_and_faces_tell_who_crosses_whom() -> None:
    rows = [person(t, EMMA, x_px=20 * t) for t in (0, 1, 2)] + [person(t, LEA, x_px=100 - 20 * t) for t in (0, 1, 2)]
    assert sorted(map(len, tracked(rows))) == [3, 3]
    faces = [{row["embedding"] for row in rows if row["address"].split("/", 1)[1] in track} for track in tracked(rows)]
    assert [len(found) for found in faces] == [1, 1]


def test_a_track_ends_at_a_cut_after_a_gap_and_where_another_face_stands() -> None:
    assert len(tracked([person(0, EMMA), person(1, EMMA, shot=1)])) == 2
    assert len(tracked([person(0, EMMA), person(1, face(0.69))])) == 1
    assert len(tracked([person(0, EMMA), person(1, face(0.71))])) == 2
    away = [person(t, LEA, x_px=900) for t in range(1, 5)]
    assert len(tracked([person(0, EMMA), *away[:3], person(4, EMMA)])) == 2
    assert len(tracked([person(0, EMMA), *away, person(5, EMMA)])) == 3


def test_the_same_face_is_followed_wherever_it_goes_and_the_faceless_by_their_clothes() -> None:
    assert len(tracked([person(0, EMMA), person(1, face(0.44), x_px=900)])) == 1
    assert len(tracked([person(0, EMMA), person(1, face(0.46), x_px=900)])) == 2
    assert len(tracked([person(0), person(1, x_px=100)])) == 1  # IoU 1/3
    assert len(tracked([person(0), person(1, x_px=160)])) == 1  # IoU 1/9, the same clothes
    assert len(tracked([person(0), person(1, x_px=190)])) == 2
    assert len(tracked([person(0), person(1, worn=BLUE)])) == 2


def test_two_people_of_one_frame_never_share_a_track() -> None:
    assert len(tracked([person(0), person(1), person(1, x_px=20)])) == 2


def test_colours_are_those_of_the_middle_of_the_box() -> None:
    crop = np.zeros((100, 100, 3), np.uint8)
    crop[25:75, 25:75] = (255, 0, 0)
    found = colours(crop, Box(0, 0, 100, 100))
    assert (found[48], sum(found)) == (255, 255)
    outside = colours(crop, Box(-300, -300, -200, -200))
    assert (outside[0], sum(outside)) == (255, 255)
    red, blue = (np.frombuffer(each, np.uint8).astype(np.float32) / 255 for each in (RED, BLUE))
    assert likeness(red, np.stack([red, blue])).tolist() == [1.0, 0.0]


# Names


def test_the_nearest_reference_of_the_nearest_name_counts() -> None:
    known = [Named("emma", face(0.9)), Named("lea", face(0, 0.4)), Named("emma", face(0.3))]
    found = nearest(np.stack([face(0.0), face(0, 0.5)]), known)
    assert [found.of(0), found.of(1)] == ["emma", "lea"]
    assert found.distance.tolist() == pytest.approx([0.3, 0.1], abs=1e-4)
    assert found.following.tolist() == pytest.approx([0.4, 0.5831], abs=1e-4)
    assert [found.next_of(0), found.next_of(1)] == ["lea", "emma"]
    assert nearest(np.stack([face(0.0)]), known[:1]).following.tolist() == [np.inf]
    assert nearest(np.stack([face(0.0)]), known[:1]).next_of(0) is None
    assert nearest(np.stack([face(0.0)]), []).of(0) is None


def test_without_names_nobody_is_anybody() -> None:
    one = told([person(0, EMMA)])["0/p0000"]
    assert (one.identity, one.distance, one.faceless, one.inherited_from, one.cluster) == (None, None, None, None, 1)


def test_who_shows_no_face_is_whom_the_nearest_image_of_the_track_shows() -> None:
    rows = [person(0, face(0.1)), person(1), person(2), person(3, face(0.3)), person(0, x_px=900, worn=BLUE)]
    found = told(rows, NAMES)
    assert [(found[key].identity, found[key].distance) for key in ("1/p0000", "2/p0000")] == [
        ("emma", pytest.approx(0.1)),
        ("emma", pytest.approx(0.3)),
    ]
    assert str(found["1/p0000"].inherited_from).startswith("clip/t000000.000000/")
    assert (found["1/p0000"].faceless, found["1/p0000"].cluster) == (0, 1)
    alone = found["0/p0900"]
    assert (alone.identity, alone.distance, alone.faceless, alone.cluster) == (None, None, 1, None)


def test_a_face_that_is_turned_away_is_whom_its_track_shows() -> None:
    rows = [person(0, face(0.1)), person(1, face(0.58), view="side"), person(9, face(0.58), view="side", shot=1)]
    found = told(rows, NAMES)
    assert found["1/p0000"].distance == pytest.approx(0.1)
    assert (found["9/p0000"].inherited_from, found["9/p0000"].identity) == (None, "lea")


def test_a_small_face_says_nothing_but_has_a_track() -> None:
    rows = [person(0, EMMA, height_px=31.9), person(0, EMMA, x_px=900, height_px=32.0)]
    assert people(rows, 32.0).face.tolist() == [-1, 0]


@pytest.mark.parametrize(
    ("middle", "flips"), [(0.40, 0), (0.55, 1), (0.62, 1)]
)  # emma at 0, lea at 0.9: emma's; lea's; lea's as well
def test_one_image_that_is_unlike_both_neighbours_flips_and_is_whom_they_show(middle: float, flips: int) -> None:
    found = told([person(0, EMMA), person(1, face(middle)), person(2, EMMA)], NAMES)["1/p0000"]
    assert (found.flips, found.identity) == (flips, "emma")
    assert found.distance == pytest.approx(0.0 if flips else middle)
    assert found.own == ("lea" if flips else None)
    assert (found.next_identity, found.next_distance) == ("lea", pytest.approx(0.9 - middle, abs=1e-4))


def test_a_stranger_between_two_images_of_somebody_flips_and_strangers_among_themselves_do_not() -> None:
    known = [Named("emma", EMMA)]
    found = told([person(0, EMMA), person(1, face(0.61)), person(2, EMMA)], known)["1/p0000"]
    assert (found.flips, found.distance) == (1, 0.0)
    found = told([person(0, EMMA), person(1, face(0.60)), person(2, EMMA)], known)["1/p0000"]
    assert (found.flips, found.distance) == (0, pytest.approx(0.6))
    strangers = [person(t, face(0.45, 0.7 + 0.01 * (t % 2))) for t in range(4)]
    assert {one.flips for one in told(strangers, NAMES).values()} == {0}


def test_two_in_a_row_are_no_flip_and_nor_are_the_first_and_the_last() -> None:
    rows = [person(t, one) for t, one in enumerate([face(0.55), EMMA, EMMA, face(0.55), face(0.55), EMMA])]
    assert [one.flips for one in told(rows, NAMES).values()] == [0, 0, 0, 0, 0, 0]


# A person's word


def test_a_word_stands_above_every_face_and_a_named_face_is_a_reference() -> None:
    rows = [person(0, LEA, said="emma"), person(5, face(0.8), shot=1), person(9, said="kim", shot=2)]
    found = told(rows, [Named("emma", EMMA)])
    assert (found["0/p0000"].identity, found["0/p0000"].distance) == ("emma", 0.0)
    assert (found["5/p0000"].identity, found["5/p0000"].distance) == ("emma", pytest.approx(0.1))
    assert (found["9/p0000"].identity, found["9/p0000"].distance, found["9/p0000"].faceless) == ("kim", 0.0, 0)


def test_other_is_further_than_any_face_and_the_faceless_of_its_track_follow() -> None:
    found = told([person(0, EMMA, said="other"), person(1)], [Named("emma", EMMA)])
    assert [(one.identity, one.distance) for one in found.values()] == [(None, 2.0), (None, 2.0)]


def test_with_names_alone_only_those_of_a_named_cluster_are_compared() -> None:
    rows = [person(0, EMMA, said="emma", source="a"), person(0, face(0.3), source="b"), person(0, LEA, source="c")]
    rows.append(person(0, source="d"))
    found = list(tell(people(rows), [], 0.55))
    assert [one.identity for one in found] == ["emma", "emma", None, None]
    assert [one.distance for one in found] == [0.0, pytest.approx(0.3), None, None]
    assert [one.faceless for one in found] == [0, 0, None, None]


@pytest.mark.parametrize(
    ("wanted", "expected"), [(None, 0), (frozenset({"emma"}), 0), (frozenset({"lea"}), 1), (frozenset({""}), 1)]
)
def test_nobody_is_unwanted_where_a_dataset_takes_everybody(wanted: frozenset[str] | None, expected: int) -> None:
    assert unwanted(Told(identity="emma"), wanted) == expected


def test_printed_faces_hardly_stir_and_a_few_images_say_nothing() -> None:
    moving = [person(t, face(0.1 * (t % 2))) for t in range(4)]
    assert told(moving)["0/p0000"].stir == pytest.approx(0.1)
    assert told(moving[:3])["0/p0000"].stir is None


# Clusters


def grouped(labels: Any) -> list[list[int]]:
    return sorted([int(index) for index in np.flatnonzero(labels == one)] for one in set(labels.tolist()))


def alone(points: Sequence[Any]) -> Groups:
    count = len(points)
    return Groups(np.array(points, np.float32), np.zeros(count, np.float32), np.ones(count, np.float32))


def test_clusters_grow_while_their_faces_are_near_on_the_average() -> None:
    some = alone([face(0.0), face(0.3), face(1.0), face(1.3)])
    assert grouped(cluster(some, [None] * 4, 0.55)) == [[0, 1], [2, 3]]
    assert grouped(cluster(some, [None] * 4, 0.29)) == [[0], [1], [2], [3]]
    # The pairs between them lie 0.7, 1.0, 1.0 and 1.3 apart: the root of their mean square is 1.022.
    assert grouped(cluster(some, [None] * 4, 1.03)) == [[0, 1, 2, 3]]
    assert grouped(cluster(some, [None] * 4, 1.01)) == [[0, 1], [2, 3]]
    assert cluster(alone(np.zeros((0, 128))), [], 0.55).tolist() == []


def test_names_bind_and_part() -> None:
    some = alone([face(0.0), face(0.1), face(0.2), face(2.0)])
    assert grouped(cluster(some, ["a", None, "b", None], 0.55)) in ([[0, 1], [2], [3]], [[0], [1, 2], [3]])
    assert grouped(cluster(some, ["a", None, None, "a"], 0.55)) == [[0, 1, 2, 3]]


def test_people_side_by_side_are_two_however_alike() -> None:
    rows = [person(0, EMMA), person(0, face(0.1), x_px=600)]
    assert {one.cluster for one in told(rows).values()} == {1, 2}
    rows[1] = person(3, face(0.1), source="other")
    assert {one.cluster for one in tell(people(rows), [], 0.55)} == {1}


def test_clusters_are_numbered_by_their_images_and_the_same_in_any_order() -> None:
    rows = [person(0, LEA, source="a"), *(person(t, EMMA, source="b") for t in range(2)), person(2, source="b")]
    first = {
        one["address"]: told.cluster for one, told in zip(people(rows).rows, tell(people(rows), [], 0.55), strict=True)
    }
    assert first == {row["address"]: 2 if row["address"].startswith("a/") else 1 for row in rows}
    back = people(rows[::-1])
    assert {one["address"]: told.cluster for one, told in zip(back.rows, tell(back, [], 0.55), strict=True)} == first


def test_many_faces_are_clustered_like_few() -> None:
    rng = np.random.default_rng(3)
    people_count = 20
    centres = rng.normal(size=(people_count, 128))
    centres *= 0.6 / np.linalg.norm(centres, axis=1, keepdims=True)  # about 0.85 apart, as strangers are
    who = rng.integers(0, people_count, MOST + 500)
    points = centres[who] + rng.normal(size=(len(who), 128)) * (0.27 / np.sqrt(128))  # of one person: 0.38 apart
    labels = cluster(alone(points), [None] * len(who), 0.55)
    assert len(set(labels.tolist())) == people_count
    assert all(len(set(who[labels == one].tolist())) == 1 for one in set(labels.tolist()))
    named: list[str | None] = [None] * len(who)
    first, second = (int(np.flatnonzero(who == one)[0]) for one in (0, 1))
    named[first] = named[second] = "both"
    labels = cluster(alone(points), named, 0.55)
    assert len(set(labels.tolist())) == people_count - 1
    assert labels[first] == labels[second]


def test_names_part_among_many_faces_too() -> None:
    """More groups than are compared at once: whoever lies on one who has a name joins it, but for another name."""
    points = np.zeros((MOST + 10, 128), np.float32)
    points[:, 0] = 10.0 * np.arange(len(points))
    first, second, third = 3, BLOCK + 3, MOST + 3  # in different blocks
    points[[second, third]] = points[first]
    named: list[str | None] = [None] * len(points)
    named[first], named[second] = "emma", "lea"
    labels = cluster(alone(points), named, 0.55)
    assert labels[first] != labels[second]
    assert labels[third] in (labels[first], labels[second])
    assert len(set(labels.tolist())) == len(points) - 1
    named[third] = "kim"
    assert len(set(cluster(alone(points), named, 0.55).tolist())) == len(points)


def test_a_long_chain_of_faces_is_never_compared_all_at_once() -> None:
    """A lattice, each within reach of the next: one part of so many groups that all distances at once are 100 MB."""
    points = np.zeros((17 * 17 * 17, 128), np.float32)
    points[:, :3] = 0.5 * np.indices((17, 17, 17)).reshape(3, -1).T
    tracemalloc.start()
    labels = cluster(alone(points), [None] * len(points), 0.55)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * len(points) ** 2
    assert len(set(labels.tolist())) == len(points)  # looked at through a finer chain, none is near to another


def test_a_cluster_is_cut_where_its_tree_divides_last() -> None:
    assert halves(alone([face(0.0), face(0.4), face(0.1), face(0.5)])).tolist() == [0, 1, 0, 1]
    assert halves(alone([face(0.0)])).tolist() == [0]


def test_exemplars_are_the_middle_of_all_and_of_each_part() -> None:
    points = np.stack([face(x) for x in (0.0, 0.01, 0.02, 0.5, 0.51, 0.52, 0.26)])
    assert exemplars(points, 1) == [6]
    assert set(exemplars(points, 3)) == {1, 4, 6}
    assert exemplars(points[:1], 5) == [0]
    assert exemplars(points[:0], 5) == []
