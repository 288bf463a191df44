"""The People page: what it shows, faces by id and size, and every word that is said there and taken back."""

from __future__ import annotations

import html
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from crowds import crowded, match
from lighting import Visitor, rows
from making import Mill
from PIL import Image

from tools.identity import album
from tools.lighttable import heads
from tools.lighttable.heads import Body, Square, square
from tools.media.geometry import Box
from tools.mill.manifest import connect
from tools.name import name as name_cluster

CHANGED = (
    "The people have changed since `make people` showed them, and the numbers may mean others now. "
    "`make people` shows them anew."
)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return tmp_path / "crowd"


@pytest.fixture
def people(base: Path) -> dict[int, int]:
    return crowded(base)


@pytest.fixture
def visitor(base: Path, people: dict[int, int]) -> Iterator[Visitor]:
    visitor = Visitor(base)
    yield visitor
    visitor.close()


def page(visitor: Visitor, path: str = "/-/people") -> str:
    answer = visitor.ask(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def seen(text: str) -> str:
    found = re.search(r'data-seen="(\w*)"', text)
    assert found
    return found[1]


def asked(text: str) -> list[int]:
    """The persons who are asked about, in that order."""
    return [int(one) for one in re.findall(r'class="ask" id="q(\d+)"', text)]


def named(text: str) -> list[tuple[int, str]]:
    """(cluster, name) of each row."""
    return [
        (int(n), html.unescape(value))
        for n, value in re.findall(r'id="c(\d+)" data-cluster="\d+" data-name="([^"]*)"', text)
    ]


def standing(base: Path) -> list[tuple[int, str]]:
    """(item, value) of what stands said."""
    return rows(
        base,
        """select item_id, value from decision as said where verdict = 'identity'
        and not exists (select 1 from decision as undo where undo.undoes = said.uid) order by item_id""",
    )


def say(visitor: Visitor, act: str, **said: Any) -> dict[str, Any]:
    answer = visitor.post(f"/-/people/{act}", said)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


# --- what it shows ---


def test_the_unsure_come_first_the_likeliest_of_each_cluster_with_both_people(
    visitor: Visitor, people: dict[int, int]
) -> None:
    text = page(visitor)
    # One of emma's, the likeliest of lea's two, then the other one.
    assert asked(text) == [people[2], people[3], people[4]]
    assert "<b>3</b> wait for your word" in text
    card = text[text.index(f'id="card{people[2]}"') : text.index(f'id="card{people[3]}"')]
    found = re.findall(r'data-name="(\w+)" data-key="(\d)".*?<span class="num" title="distance">([\d.]+)<', card)
    assert found == [("emma", "1", "0.55"), ("lea", "2", "0.58")]
    assert text.index('id="unsure"') < text.index('class="rows"')
    assert text.count("all 2 like it") == 2  # on both cards of lea's cluster


def test_each_cluster_is_a_row_with_its_name_numbers_and_faces(visitor: Visitor, people: dict[int, int]) -> None:
    text = page(visitor)
    assert named(text) == [(1, "emma"), (2, ""), (3, "")]
    row = text[text.index('id="c1"') : text.index('id="c2"')]
    assert '<span class="num">3</span> images in 3 sources, 2 in' in row
    assert "1 unsure" in row
    faces = [int(one) for one in re.findall(r'id="f(\d+)"', row)]
    assert faces[0] == people[2]  # the unsure first
    assert sorted(faces) == sorted(people[number] for number in (0, 1, 2))


def test_each_dataset_tells_its_subject_and_how_many_are_wanted(base: Path, people: dict[int, int]) -> None:
    with_subject = "insert into dataset values ('own', 'emma', 'character', '', 'person', 'sdxl', 25, '{}', 0.25, 1)"
    db = connect(base)
    db.execute(with_subject)
    db.close()
    visitor = Visitor(base)
    text = page(visitor)
    visitor.close()
    part = text[text.index('class="panel subjects"') : text.index('class="rows"')]
    assert re.findall(r"<h3>(.+?) <span", part) == ["Everybody", "emma"]
    assert '<b class="num">0</b> chosen of <b class="num">25</b> wanted' in part
    assert "2 images show emma, 2 passed" in part
    row = text[text.index('id="c1"') : text.index('id="c2"')]
    assert re.findall(r'class="pill about"[^>]*>([^<]*)<', row) == ["own 0 of 25"]


def test_one_cluster_shows_all_its_faces_and_the_others_beside(visitor: Visitor, people: dict[int, int]) -> None:
    text = page(visitor, "/-/people/2")
    assert [int(one) for one in re.findall(r'id="f(\d+)"', text)] == [people[4], people[3]]  # the least like first
    assert re.findall(r'class="person" data-cluster="(\d)"', text) == ["1", "3"]
    gone = visitor.ask("/-/people/9")
    assert gone.status_code == 404
    assert "There is no cluster 9. The people may have changed; the People page shows them." in gone.text


@pytest.mark.parametrize("wrong", ["0", "-1", "x", "1234567", "²"])
def test_a_page_that_there_is_not_is_said(visitor: Visitor, wrong: str) -> None:
    answer = visitor.ask("/-/people", params={"page": wrong})
    assert answer.status_code == 404
    assert f"There is no page {wrong}." in answer.text


def test_without_anybody_it_says_what_to_do(tmp_path: Path) -> None:
    connect(tmp_path / "new", create=True).close()
    visitor = Visitor(tmp_path / "new")
    text = page(visitor)
    visitor.close()
    assert "Nobody whose face shows was found yet." in text
    assert asked(text) == named(text) == []


# --- faces ---


def test_a_face_is_a_square_around_it_by_id_and_fixed_size(visitor: Visitor, people: dict[int, int]) -> None:
    for size in (128, 256):
        answer = visitor.ask(f"/-/people/face/{people[0]}/{size}")
        assert answer.headers["content-type"] == "image/jpeg"
        image = Image.open(io.BytesIO(answer.content)).convert("RGB")
        side = min(200, size)  # twice the face's 100 px, never made larger
        assert image.size == (side, side)
        red, _, blue = image.getpixel((side // 2, side // 2))  # type: ignore[misc]
        assert red > 200 > blue
        red, _, blue = image.getpixel((side // 20, side // 2))  # type: ignore[misc]
        assert blue > 120 > red
    for path in (f"/-/people/face/{people[0]}/999", "/-/people/face/0/128", "/-/people/face/../128"):
        assert visitor.ask(path).status_code == 404
    source = rows(visitor.base, "select id from item where kind = 'photo' limit 1")[0][0]
    assert visitor.ask(f"/-/people/face/{source}/128").status_code == 404
    assert Visitor(visitor.base, signed_in=False).ask(f"/-/people/face/{people[0]}/128").status_code == 403


def test_a_face_is_kept_and_asked_for_anew_by_its_version(visitor: Visitor, people: dict[int, int]) -> None:
    path = f"/-/people/face/{people[0]}/128"
    version = rows(visitor.base, "select version from item where id = ?", people[0])[0][0]
    first = visitor.ask(f"{path}?v={version}")
    assert first.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert len(list((visitor.base / "cache/thumbs/face-128").rglob("*"))) == 2
    again = visitor.ask(path, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("face", "wanted"),
    [
        (Box(60, 50, 140, 150), Square(0, 0, 200)),  # twice 100 px is as wide as the crop; moved to lie inside
        (Box(80, 300, 120, 340), Square(60, 280, 80)),
        (Box(0, 590, 20, 600), Square(0, 560, 40)),
        (Box(10, 10, 10, 10), Square(10, 10, 1)),
        (None, Square(70, 100, 100)),  # the upper part of the box, as wide as that
    ],
)
def test_the_square_lies_inside_the_crop(face: Box | None, wanted: Square) -> None:
    assert square(200, 600, Body(face, Box(70, 100, 170, 500))) == wanted


def test_without_a_face_a_wide_box_gives_its_upper_middle() -> None:
    side = round(heads.BARE * 200)
    assert square(640, 360, Body(None, Box(20, 100, 620, 300))) == Square((640 - side) // 2, 100, side)


# --- what is said ---


def test_the_unsure_are_settled_by_one_word_and_wait_no_longer(
    visitor: Visitor, base: Path, people: dict[int, int]
) -> None:
    told = say(visitor, "move", ids=[people[2]], name="lea")
    assert told["sentences"] == ["1 image: lea. The next `make` obeys."]
    assert standing(base) == [(people[2], "lea")]
    text = page(visitor)
    assert asked(text) == [people[3], people[4]]
    part = text[text.index('aria-label="What stands said"') :]
    assert "<b>lea</b>" in part
    assert 'data-said="lea"' in text[text.index(f'id="f{people[2]}"') :][:80]
    say(visitor, "move", ids=[people[3]], name="other")
    assert asked(page(visitor)) == [people[4]]
    for words in (told["words"],):
        assert visitor.post("/-/decide/undo", {"words": words, "set": ""}).status_code == 200
    assert asked(page(visitor)) == [people[2], people[4]]


def test_all_that_are_alike_are_one_word(visitor: Visitor, base: Path, people: dict[int, int]) -> None:
    wrong = visitor.post("/-/people/move", {"like": people[3], "expected": 3, "name": "lea"})
    assert wrong.json()["error"] == (
        "2 images are like it now, not the number you confirmed. Look again; nothing was written."
    )
    assert standing(base) == []
    told = say(visitor, "move", like=people[3], expected=2, name="lea")
    assert dict(standing(base)) == {people[3]: "lea", people[4]: "lea"}
    visitor.post("/-/decide/undo", {"words": [told["words"][0]] * 2, "set": ""})
    assert standing(base) == []  # one word, taken back as one


def test_a_name_a_merge_a_split_and_a_move_are_each_one_word(
    visitor: Visitor, base: Path, people: dict[int, int]
) -> None:
    now = seen(page(visitor))
    for act, said, values in (
        ("name", {"cluster": 3, "name": "kim"}, {people[5]: "kim"}),
        ("merge", {"clusters": [2, 3], "name": ""}, dict.fromkeys((people[3], people[4], people[5]), "person-1")),
        ("split", {"cluster": 2, "name": "lea"}, {people[3]: "person-1", people[4]: "lea"}),
        ("move", {"ids": [people[0]], "cluster": 3}, {people[0]: "person-1", people[5]: "person-1"}),
    ):
        told = say(visitor, act, seen=now, **said)
        found = dict(standing(base))
        # Of two parts that are as large, either is the first.
        assert (set(found), sorted(found.values())) == (set(values), sorted(values.values())), act
        assert sorted(told["ids"]) == sorted(values)
        assert visitor.post("/-/decide/undo", {"words": [told["words"][1]] * 2, "set": ""}).status_code == 200
        assert standing(base) == [], act


def test_after_it_the_row_shows_what_stands(visitor: Visitor, people: dict[int, int]) -> None:
    text = page(visitor)
    say(visitor, "name", cluster=1, name="ann", seen=seen(text))
    say(visitor, "name", cluster=3, name="ann", seen=seen(text))
    text = page(visitor)
    assert named(text) == [(1, "ann"), (3, "ann"), (2, "")]  # those of one name stand together
    assert "said, was emma" in text


def test_one_face_that_is_somebody_else_does_not_rename_its_row(visitor: Visitor, people: dict[int, int]) -> None:
    say(visitor, "move", ids=[people[0]], name="kim")
    text = page(visitor)
    assert named(text)[0] == (1, "emma")
    row = text[text.index('id="c1"') : text.index('id="c2"')]
    assert re.findall(r'class="pill said"[^>]*>([^<]*)<', row) == ["1 kim"]
    assert f'class="face away" id="f{people[0]}"' in row
    say(visitor, "move", ids=[people[1], people[2]], name="kim")
    assert named(page(visitor))[0] == (1, "kim")  # by now all of them are


def test_the_next_make_obeys_and_nothing_waits_to_be_heard(
    visitor: Visitor, base: Path, people: dict[int, int], run_tool: Callable[..., Any]
) -> None:
    run_tool(base, "match")
    text = page(visitor)
    assert named(text) == [(1, ""), (2, ""), (3, "")]
    told = say(visitor, "name", cluster=1, name="kim", seen=seen(text))
    assert 'aria-label="What stands said"' in page(visitor)
    run_tool(base, "match")
    text = page(visitor)
    assert named(text) == [(1, "kim"), (2, ""), (3, "")]
    assert 'aria-label="What stands said"' not in text
    assert "said, was" not in text
    visitor.post("/-/decide/undo", {"words": told["words"], "set": ""})
    assert "<b>taken back</b>" in page(visitor)
    run_tool(base, "match")
    assert named(page(visitor)) == [(1, ""), (2, ""), (3, "")]


def test_what_was_said_of_a_face_is_taken_back(visitor: Visitor, base: Path, people: dict[int, int]) -> None:
    say(visitor, "move", ids=[people[0], people[1]], name="lea")
    assert say(visitor, "forget", ids=[people[0]]) == {"together": 2}
    assert say(visitor, "forget", ids=[people[0]], expected=3) == {"together": 2}
    assert len(standing(base)) == 2
    told = say(visitor, "forget", ids=[people[0]], expected=2)
    assert told["sentences"] == ["2 images: what was said is taken back. The next `make` obeys."]
    assert standing(base) == []
    assert visitor.post("/-/decide/undo", {"words": told["words"], "set": ""}).status_code == 200
    assert dict(standing(base)) == {people[0]: "lea", people[1]: "lea"}  # Z says it again
    say(visitor, "forget", ids=[people[0], people[1]])  # all of it is marked: nothing is asked
    assert standing(base) == []
    answer = visitor.post("/-/people/forget", {"ids": [people[0]]})
    assert answer.json()["error"] == "Nobody has said who this is."


def test_what_was_said_of_a_cluster_is_taken_back_from_any_of_its_faces(
    visitor: Visitor, base: Path, people: dict[int, int]
) -> None:
    say(visitor, "name", cluster=2, name="kim", seen=seen(page(visitor)))
    with connect(base) as db:  # as of a cluster of more faces than carry its name
        db.execute("delete from decision where item_id = ?", (people[3],))
    assert standing(base) == [(people[4], "kim")]
    assert say(visitor, "forget", ids=[people[3]]) == {"together": 2}
    assert say(visitor, "forget", ids=[people[4]]) == {"together": 2}
    say(visitor, "forget", ids=[people[3]], expected=2)
    assert standing(base) == []


def test_a_face_moved_to_a_cluster_without_a_name_tells_what_becomes_of_both(
    visitor: Visitor, base: Path, people: dict[int, int]
) -> None:
    told = say(visitor, "move", ids=[people[5]], cluster=2, seen=seen(page(visitor)))
    assert told["sentences"] == [
        "Cluster 2, which had no name, is person-1 now with its 2 images from 3.jpg and 4.jpg; "
        "1 image moved to person-1. The next `make` obeys."
    ]
    text = page(visitor)
    part = text[text.index('aria-label="What stands said"') :]
    assert '<b>person-1</b> <span class="num soft">3 images</span>' in part
    row = text[text.index('id="c2"') : text.index('id="c3"')]
    assert row.count('<span class="chip said">person-1</span>') == 2  # all of it, not only those that carry the word
    say(visitor, "move", ids=[people[3]], name="lea")
    assert '<b>person-1</b> <span class="num soft">2 images</span>' in page(visitor)


def test_nobody_of_these_is_called_so_everywhere(visitor: Visitor, people: dict[int, int]) -> None:
    told = say(visitor, "move", ids=[people[5]], name="other")
    assert told["sentences"] == ["1 image: nobody of these. The next `make` obeys."]
    text = page(visitor)
    assert "<b>nobody of these</b>" in text
    assert '<span class="chip said">nobody of these</span>' in text
    assert "</kbd> Nobody of these</button>" in text


def test_numbers_that_mean_others_by_now_are_refused(base: Path, visitor: Visitor, people: dict[int, int]) -> None:
    old = seen(page(visitor))
    mill = Mill(base)
    mill.db.execute('update "match" set cluster = 4 - cluster')
    mill.db.execute("update outcome set run_id = run_id + 0")
    mill.db.close()
    for act, said in (
        ("name", {"cluster": 1, "name": "kim"}),
        ("merge", {"clusters": [1, 2], "name": "kim"}),
        ("split", {"cluster": 2, "name": ""}),
        ("move", {"ids": [people[0]], "cluster": 3}),
    ):
        answer = visitor.post(f"/-/people/{act}", {"seen": old, **said})
        assert (answer.status_code, answer.json()["error"]) == (400, CHANGED), act
    assert standing(base) == []


def test_the_digest_of_the_page_is_that_of_the_command(visitor: Visitor, base: Path, people: dict[int, int]) -> None:
    db = connect(base)
    db.execute("begin")
    assert seen(page(visitor)) == album.meaning(album.faces(db))
    db.close()


def test_after_match_ran_again_the_page_shows_the_new_people(base: Path, visitor: Visitor) -> None:
    old = seen(page(visitor))
    mill = Mill(base)
    match(mill, cluster=1)
    mill.db.close()
    text = page(visitor)
    assert named(text) == [(1, "emma")]
    assert seen(text) != old


@pytest.mark.parametrize(
    ("act", "said", "sentence"),
    [
        ("name", {"cluster": 9, "name": "kim"}, "There is no cluster 9. There are 1 to 3."),
        ("name", {"cluster": "1", "name": "kim"}, "The cluster is not named by its number. Nothing was written."),
        ("name", {"cluster": 1, "name": "a/b"}, "'a/b' cannot be a name."),
        ("name", {"cluster": 1, "name": "other"}, "other is nobody's name."),
        ("name", {"cluster": 1, "name": 7}, "name is to be a text of at most 200 characters."),
        ("merge", {"clusters": [1], "name": ""}, "Say which clusters are one person"),
        ("merge", {"clusters": "1 2", "name": ""}, "The images are not named as a list of ids."),
        ("split", {"cluster": 3, "name": ""}, "It is one person followed through one shot, which cannot be split."),
        ("split", {"cluster": 2, "name": "person-1"}, "Both parts cannot be person-1."),
        ("move", {"ids": [], "name": "kim"}, "Choose between 1 and 100,000 images."),
        ("move", {"ids": [10**9], "name": "kim"}, "Some of these images are no longer there."),
        ("move", {"ids": [1], "name": "kim"}, "photo 1 shows nobody."),
        ("move", {"like": 1, "expected": 1, "name": "kim"}, "Nobody waits who is like it."),
        ("forget", {"ids": [1]}, "Nobody has said who this is."),
    ],
)
def test_what_cannot_be_said_is_a_sentence_and_nothing_is_written(
    visitor: Visitor, base: Path, act: str, said: dict[str, Any], sentence: str
) -> None:
    answer = visitor.post(f"/-/people/{act}", said)
    assert answer.status_code == 400
    assert sentence in answer.json()["error"]
    assert rows(base, "select count(*) from decision") == [(0,)]


def test_both_parts_of_a_split_are_shown_before_it_is_said(visitor: Visitor, people: dict[int, int]) -> None:
    told = visitor.ask("/-/people/2/parts").json()
    assert [part["name"] for part in told["parts"]] == ["person-1", "person-2"]
    assert {one for part in told["parts"] for one in part["ids"]} == {people[3], people[4]}
    answer = visitor.ask("/-/people/3/parts")
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("It is one person followed through one shot, which cannot be split.")


def test_hostile_names_are_text(visitor: Visitor, base: Path, people: dict[int, int]) -> None:
    evil = '"><img src=x onerror=alert(1)><'
    say(visitor, "name", cluster=3, name=evil, seen=seen(page(visitor)))
    for path in ("/-/people", "/-/people/3", "/-/people/1"):
        text = page(visitor, path)
        assert "<img src=x" not in text
    assert (3, evil) in named(page(visitor))
    assert json.dumps(standing(base)[0][1]) == json.dumps(evil)


def test_a_name_said_at_the_terminal_shows_at_once(visitor: Visitor, base: Path) -> None:
    page(visitor)
    name_cluster(base, 3, "kim")
    assert (3, "kim") in named(page(visitor))
